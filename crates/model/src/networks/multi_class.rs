//! A head of several classes over the first layer of the paper's network.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use implicit_bias_settings::{Invalid, Key, Settings};
use ndarray::Array2;

use crate::activations::{ACTIVATION, SharedActivation, activation, describe_activation};
use crate::descent::{DescentProblem, Output};
use crate::first_layer::FirstLayer;
use crate::{
    Activation, Architecture, Block, Descent, HostScores, ModelError, Network, TargetKind, WIDTH,
    Weights,
};

/// A two-layer network with one block of neurons and one score a class, its second layer fixed.
///
/// `s_c(W; x) = (1/m) Σ_r φ(⟨w_{c,r}, x⟩)`, `c = 0..C`, no biases; `W_c` is `[m, d]`, one row
/// a neuron. Positively homogeneous of degree 1 in the weights. With two classes and cross-entropy
/// it *is* the [`TwoLayer`](crate::TwoLayer) network with the logistic loss, `f = s_0 − s_1`: a
/// second head over the same first layer. Several classes are this project's question; the paper
/// has two.
#[derive(Module, Debug)]
pub struct MultiClass {
    first: FirstLayer,
}

/// Sizes and activation of a [`MultiClass`] network.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_model::{Activation, MultiClassConfig, Network};
/// # #[allow(deprecated)]
/// let device = Device::ndarray();
/// let config = MultiClassConfig::new(10, 50, 784, Activation::RELU);
/// let network = config.init(&device)?; // all weights zero
/// let scores = network.scores(Tensor::ones([20, 784], &device));
/// assert_eq!(scores.dims(), [20, 10]);
/// # Ok::<(), implicit_bias_model::ModelError>(())
/// ```
#[derive(Config, Debug)]
pub struct MultiClassConfig {
    /// Number of classes `C`.
    pub classes: usize,
    /// Width `m`: neurons in each block.
    pub width: usize,
    /// Dimension `d` of a sample.
    pub dim: usize,
    /// The activation `φ`.
    pub activation: Activation,
}

impl MultiClassConfig {
    /// The names of the blocks, in order: the numbers of the classes.
    pub fn block_names(&self) -> Vec<String> {
        block_names(self.classes)
    }

    /// A network of zero weights on a device.
    ///
    /// # Errors
    ///
    /// [`ModelError::Zero`] if the width or the dimension is 0, [`ModelError::Classes`] for fewer
    /// than two classes.
    pub fn init(&self, device: &Device) -> Result<MultiClass, ModelError> {
        self.network(None, device)
    }

    /// A network with the given weights, one block a class in the order of the classes, each
    /// `[m, d]`.
    ///
    /// # Errors
    ///
    /// [`ModelError::Shape`] if a block has another shape than the configuration, and the errors of
    /// [`init`](Self::init).
    pub fn init_with(&self, weights: &Weights, device: &Device) -> Result<MultiClass, ModelError> {
        self.network(Some(weights), device)
    }

    fn network(
        &self,
        weights: Option<&Weights>,
        device: &Device,
    ) -> Result<MultiClass, ModelError> {
        let size = [self.width, self.dim];
        MultiClass::new(self.classes, size, self.activation.into(), weights, device)
    }
}

fn block_names(classes: usize) -> Vec<String> {
    (0..classes).map(|class| class.to_string()).collect()
}

impl MultiClass {
    /// A network of so many classes, blocks of `size` `[m, d]`, with any activation; of zero weights
    /// where there are none.
    ///
    /// # Errors
    ///
    /// Those of [`MultiClassConfig::init_with`].
    pub fn new(
        classes: usize,
        size: [usize; 2],
        activation: SharedActivation,
        weights: Option<&Weights>,
        device: &Device,
    ) -> Result<Self, ModelError> {
        if classes < 2 {
            return Err(ModelError::Classes { found: classes });
        }
        let first = FirstLayer::new(&block_names(classes), size, activation, weights, device)?;
        Ok(Self { first })
    }

    /// The activation `φ`.
    pub fn activation(&self) -> &SharedActivation {
        self.first.activation()
    }
}

impl Network for MultiClass {
    fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        Tensor::cat(self.first.block_sums(x).collect(), 0).transpose()
    }

    fn blocks(&self) -> Vec<Block> {
        let weights = self.first.weights().enumerate();
        weights
            .map(|(class, weight)| Block {
                name: class.to_string(),
                weight,
                // A block raises the score of its own class alone.
                sign: None,
            })
            .collect()
    }

    fn with_blocks(self, weights: Vec<Tensor<2>>) -> Self {
        let first = self.first.with_weights(weights);
        Self { first }
    }

    fn homogeneity(&self) -> Option<f64> {
        self.first.activation().degree()
    }

    fn pre_activations(&self, x: Tensor<2>) -> Option<Tensor<2>> {
        Some(self.first.pre_activations(x))
    }

    fn host_scores(&self, x: &Array2<f64>, threads: usize) -> Option<Box<dyn HostScores>> {
        let classes = self.first.weights().count();
        let head = (0..classes).map(|index| Output { index, sign: 1.0 });
        Some(self.first.host_scores(x, head.collect(), classes, threads))
    }

    fn descent(&self, problem: &DescentProblem<'_>) -> Option<Box<dyn Descent>> {
        let classes = self.first.weights().count();
        let head = (0..classes).map(|index| Output { index, sign: 1.0 });
        (problem.objective.outputs() == classes)
            .then(|| self.first.cheapest_descent(problem, head.collect()))
            .flatten()
    }
}

/// The labels of the classes, of a network with a score each.
pub const CLASSES: Key = Key::label(
    "classes",
    "LABELS",
    "Labels of two or more classes of the data file, such as 0,1,2, for a network with a score a \
     class",
)
.excluding(&["labels", "positive", "negative"]);

/// Most classes of a network.
const MOST_CLASSES: usize = 1000;

/// The labels that [`CLASSES`] names; `None` where it was not given.
///
/// # Errors
///
/// [`Invalid`] for fewer than two labels or too many, for an empty one and for one that is there
/// twice.
pub fn class_labels(settings: &Settings) -> Result<Option<Vec<String>>, Invalid> {
    let Some(text) = CLASSES.text_in(settings)? else {
        return Ok(None);
    };
    let labels: Vec<String> = text
        .split(',')
        .map(|label| label.trim().to_owned())
        .collect();
    let twice = |index: usize| labels[..index].contains(&labels[index]);
    let sound = (2..=MOST_CLASSES).contains(&labels.len())
        && labels.iter().all(|label| !label.is_empty())
        && !(1..labels.len()).any(twice);
    if sound {
        return Ok(Some(labels));
    }
    let expected = "two or more different labels with commas between them, such as 0,1,2";
    Err(Invalid::new(CLASSES.name, expected, format!("`{text}`")))
}

/// [`MultiClass`] as users choose it.
///
/// Without [`CLASSES`] it has two classes, of the labels +1 and −1, and is the two-layer network.
#[derive(Clone, Copy, Debug)]
pub struct MultiClassArchitecture;

impl MultiClassArchitecture {
    /// Its name.
    pub const NAME: &'static str = "multi-class";
}

/// The number of classes that settings name, 2 where they name none.
fn class_count(settings: &Settings) -> usize {
    let labels = class_labels(settings).ok().flatten();
    labels.map_or(2, |labels| labels.len())
}

impl Architecture for MultiClassArchitecture {
    type Network = MultiClass;

    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn about(&self) -> &'static str {
        "`s_c = (1/m) Σ φ(⟨w_c, x⟩)`, a block and a score a class, the second layer fixed"
    }

    fn keys(&self) -> &'static [Key] {
        &[WIDTH, ACTIVATION, CLASSES]
    }

    fn blocks(
        &self,
        settings: &Settings,
        dim: usize,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        let width = WIDTH.size_in(settings)?;
        activation(settings)?;
        let classes = class_labels(settings)?.map_or(2, |labels| labels.len());
        let names = block_names(classes).into_iter();
        Ok(names.map(|name| (name, [width, dim])).collect())
    }

    fn targets(&self, settings: &Settings) -> TargetKind {
        TargetKind::Classes(class_count(settings))
    }

    fn network(
        &self,
        settings: &Settings,
        weights: &Weights,
        dim: usize,
        device: &Device,
    ) -> Result<MultiClass, ModelError> {
        let blocks = weights.blocks();
        let width = blocks.first().map_or(0, |(_, block)| block.nrows());
        let classes = class_count(settings);
        MultiClass::new(
            classes,
            [width, dim],
            activation(settings)?,
            Some(weights),
            device,
        )
    }

    fn describe(&self, settings: &Settings) -> String {
        let activation = describe_activation(settings);
        let classes = class_count(settings);
        format!("{classes} classes, {activation}")
    }
}

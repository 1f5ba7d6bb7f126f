//! What is run: settings and samples.

use std::path::PathBuf;

use implicit_bias_data::{ClassDataset, DataFile, Dataset, Geometry, Preparation, Split};
use implicit_bias_lab::LabError;
use implicit_bias_lab::study::Effort;
use implicit_bias_model::Activation;
use ndarray::{Array1, Array2};

use crate::kou::common::{SLOPE, leaky_panel};

/// The largest value of a pixel.
const WHITE: f64 = 255.0;

/// What is run.
#[derive(Clone, Debug, PartialEq)]
pub struct TenClasses {
    /// Folder of the MNIST files; `None` for the user's data directory.
    pub data_dir: Option<PathBuf>,
    /// Training samples of each class, drawn with the seed.
    pub per_class: usize,
    /// Width `m`: neurons in each block.
    pub width: usize,
    /// Standard deviation `σ₀` of the initial weights.
    pub init_scale: f64,
    /// Step size `η`.
    pub step_size: f64,
    /// Number of steps `T`.
    pub steps: f64,
    /// The seed of the samples and the initial weights.
    pub seed: u64,
}

impl TenClasses {
    /// This project's settings.
    pub fn new(effort: Effort) -> Self {
        let width = effort.pick(10, 50);
        Self {
            data_dir: None,
            per_class: 10,
            width,
            init_scale: 1e-4,
            step_size: Self::step_size(width),
            steps: effort.pick(1e3, 1e5),
            seed: 0,
        }
    }

    /// A step size at which the loss falls from the first step on, for these samples. A step
    /// changes scores, which are means over `m` neurons, by an amount proportional to `η/m`.
    pub(super) fn step_size(width: usize) -> f64 {
        0.4 * width as f64
    }

    /// The networks, each with its name in the figures.
    pub fn networks() -> [(String, Activation); 2] {
        let leaky = Activation::leaky_relu(SLOPE).expect("the slope of the studies is one");
        [
            (leaky_panel(SLOPE), leaky),
            ("ReLU".to_owned(), Activation::RELU),
        ]
    }

    pub(super) fn validate(&self) -> Result<(), LabError> {
        // Counts first: the step size follows from the width.
        for (key, value) in [("per-class", self.per_class), ("width", self.width)] {
            if value == 0 {
                return Err(LabError::Config {
                    key: key.into(),
                    expected: "at least 1".into(),
                    found: "0".into(),
                });
            }
        }
        for (key, value) in [
            ("step-size", self.step_size),
            ("init-scale", self.init_scale),
        ] {
            if !(value.is_finite() && value > 0.0) {
                return Err(LabError::Config {
                    key: key.into(),
                    expected: "a positive finite number".into(),
                    found: value.to_string(),
                });
            }
        }
        Ok(())
    }
}

/// The samples of an experiment, pixels scaled to `[0, 1]`.
#[derive(Clone, Debug)]
pub struct Samples {
    /// What the networks are trained on.
    pub train: ClassDataset,
    /// Held-out samples, `[n', d]`.
    pub held_out: Array2<f64>,
    /// Their classes, `[n']`.
    pub held_out_class: Vec<usize>,
    /// How nearly orthogonal the training samples are.
    pub geometry: Geometry,
}

impl Samples {
    /// Reads training and held-out samples.
    ///
    /// # Errors
    ///
    /// Those of the files, which say how to get them; [`LabError::Config`] if the two have not the
    /// same classes and dimension.
    pub fn read(settings: &TenClasses) -> Result<Self, LabError> {
        let file = |split| DataFile::Mnist {
            dir: settings.data_dir.clone(),
            split,
        };
        let raw = file(Split::Train).read_classes(Some(settings.per_class), settings.seed)?;
        let test = file(Split::Test).read_classes(None, settings.seed)?;
        if raw.names() != test.names() || raw.dim() != test.dim() {
            let describe = |data: &ClassDataset| {
                format!(
                    "classes {} in {} dimensions",
                    data.names().join(" "),
                    data.dim()
                )
            };
            return Err(LabError::Config {
                key: "data-dir".into(),
                expected: format!("{} in both sets", describe(&raw)),
                found: format!("{} in the test set", describe(&test)),
            });
        }
        let preparation = Preparation {
            scale: 1.0 / WHITE,
            ..Preparation::default()
        };
        let held_out = preparation.apply_to_held_out(test.x().clone(), raw.x())?;
        let train = preparation.apply_to_classes(&raw, settings.seed)?;
        // The geometry is that of the samples: which of them are called positive does not matter.
        let first: Array1<f64> = train
            .class()
            .iter()
            .map(|&class| if class == 0 { 1.0 } else { -1.0 })
            .collect();
        Ok(Self {
            geometry: Geometry::without_rank(&Dataset::new(train.x().clone(), first)?),
            train,
            held_out,
            held_out_class: test.class().to_vec(),
        })
    }
}

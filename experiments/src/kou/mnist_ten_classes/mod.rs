//! Ten digits by cross-entropy: stable rank by block, margins by class, accuracy on held-out digits.
//!
//! A question of this project, not a claim of the paper, which has two classes. It stands beside the
//! other studies because a [`Study`](implicit_bias_lab::study::Study) is made of runs of two classes, with a limit and
//! claims to judge; here nothing is judged, and what is measured is reported.

mod command;
mod figures;
mod measures;
mod report;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Mutex;

use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_data::{ClassDataset, DataFile, Dataset, Geometry, Preparation, Split};
use implicit_bias_metrics::{accuracy, class_margins};
use implicit_bias_model::{Activation, Loss, MultiClassConfig, Network, Weights, to_tensor};
use ndarray::{Array1, Array2, Axis};

use crate::kou::common::{SLOPE, leaky_panel};
use implicit_bias_engine::{Gradient, TensorEngine, TensorEngineOptions, select_device};
use implicit_bias_engine::{Trajectory, Watcher, drive};
use implicit_bias_lab::study::Effort;
use implicit_bias_lab::{LabError, Progress};
use implicit_bias_record::schedule;

pub use command::main;
pub use report::write;

/// Recorded steps a decade.
const RECORD: u32 = 20;

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

    /// A step size at which the loss falls from the first step on, for these samples. A step changes
    /// scores, which are means over `m` neurons, by an amount proportional to `η/m`.
    fn step_size(width: usize) -> f64 {
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

    fn validate(&self) -> Result<(), LabError> {
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
    /// Those of the files, which say how to get them; [`LabError::Config`] if the two have not the same
    /// classes and dimension.
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

/// A network that was trained.
#[derive(Clone, Debug)]
pub struct ClassRun {
    /// The network, in a few words.
    pub name: String,
    /// The tables and why the run ended.
    pub trajectory: Trajectory,
    /// The last weights.
    pub weights: Weights,
    /// Fraction of the held-out samples classified correctly at the end.
    pub held_out_accuracy: f64,
    /// How many different activation patterns on the training samples the neurons of each block have at
    /// the end. A block whose neurons share one has rank one in the limit (theory.md §6, derived).
    pub patterns: Vec<usize>,
    /// How the gradient was computed.
    pub gradient: &'static str,
}

/// Initial weights: one stream, one block of rows after another, so that a class more changes none.
fn initial_weights(settings: &TenClasses, classes: usize, dim: usize) -> Result<Weights, LabError> {
    let too_many = || LabError::Config {
        key: "width".into(),
        expected: "fewer neurons than memory has addresses".into(),
        found: settings.width.to_string(),
    };
    let rows = settings.width.checked_mul(classes).ok_or_else(too_many)?;
    let all = gaussian_matrix(
        rows,
        dim,
        settings.init_scale,
        settings.seed,
        Stream::WeightsOfClasses,
    )?;
    let blocks = all.axis_chunks_iter(Axis(0), settings.width);
    let blocks = blocks
        .enumerate()
        .map(|(class, block)| (class.to_string(), block.to_owned()));
    Ok(Weights::new(blocks.collect())?)
}

/// Trains all networks on the same samples from the same weights, side by side.
///
/// # Errors
///
/// Those of the device, the weights and the engine; a diverging run is none.
pub fn train(
    settings: &TenClasses,
    samples: &Samples,
    progress: &Progress,
) -> Result<Vec<ClassRun>, LabError> {
    settings.validate()?;
    let networks = TenClasses::networks();
    let done = Mutex::new(vec![0.0; networks.len()]);
    let report = |index: usize, fraction: f64| {
        let mut done = done.lock().expect("no watcher panics");
        done[index] = fraction;
        progress.set(done.iter().sum::<f64>() / done.len() as f64);
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = (cores / networks.len()).max(1);
    std::thread::scope(|scope| {
        let report = &report;
        let workers: Vec<_> = networks
            .into_iter()
            .enumerate()
            .map(|(index, (name, activation))| {
                let mut report = move |fraction| report(index, fraction);
                scope.spawn(move || {
                    train_one(settings, samples, name, activation, threads, &mut report)
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("a run ends in a value or an error"))
            .collect()
    })
}

/// Reports how far a run is.
struct ReportingWatcher<'a> {
    horizon: f64,
    report: &'a mut dyn FnMut(f64),
}

impl Watcher for ReportingWatcher<'_> {
    type Error = LabError;

    fn advanced(&mut self, step: f64) -> bool {
        (self.report)(step / self.horizon);
        true
    }
}

fn train_one(
    settings: &TenClasses,
    samples: &Samples,
    name: String,
    activation: Activation,
    threads: usize,
    report: &mut dyn FnMut(f64),
) -> Result<ClassRun, LabError> {
    let (classes, dim) = (samples.train.names().len(), samples.train.dim());
    let weights = initial_weights(settings, classes, dim)?;
    let network = MultiClassConfig::new(classes, settings.width, dim, activation);
    let device = select_device(None, None)?;
    let options = TensorEngineOptions {
        loss: Loss::Logistic,
        step_size: settings.step_size,
        gradient: Gradient::Auto,
        threads,
        compensated: false,
    };
    let mut engine = TensorEngine::with_classes(&samples.train, &device, options, |device| {
        Ok(network.init_with(&weights, device)?)
    })?;
    let horizon = settings.steps;
    let mut watcher = ReportingWatcher { horizon, report };
    let trajectory = drive(&mut engine, &schedule(horizon, RECORD), &mut watcher)?;
    let weights = implicit_bias_engine::Engine::weights(&mut engine);
    let trained = network.init_with(&weights, &device.device)?;
    let scores = trained.scores(to_tensor(&samples.held_out, &device.device));
    Ok(ClassRun {
        name,
        trajectory,
        patterns: patterns(&weights, &samples.train),
        weights,
        held_out_accuracy: accuracy(&class_margins(&scores, &samples.held_out_class)?)?,
        gradient: engine.gradient(),
    })
}

/// The number of different activation patterns among the rows of each block.
fn patterns(weights: &Weights, data: &ClassDataset) -> Vec<usize> {
    let count = |(_, block): &(String, Array2<f64>)| {
        let pre_activations = block.dot(&data.x().t());
        let rows = pre_activations.outer_iter();
        let patterns: HashSet<Vec<bool>> = rows
            .map(|row| row.iter().map(|&h| h > 0.0).collect())
            .collect();
        patterns.len()
    };
    weights.blocks().iter().map(count).collect()
}

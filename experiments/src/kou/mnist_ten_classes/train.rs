//! The training of a network for each activation.

use std::collections::HashSet;
use std::sync::Mutex;

use implicit_bias_data::ClassDataset;
use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_engine::{
    Gradient, TensorEngine, TensorEngineOptions, Trajectory, Watcher, drive, select_device,
};
use implicit_bias_lab::{LabError, Progress};
use implicit_bias_metrics::{accuracy, class_margins};
use implicit_bias_model::{Activation, Loss, MultiClassConfig, Network, Weights, to_tensor};
use implicit_bias_record::schedule;
use ndarray::{Array2, Axis};

use super::settings::{Samples, TenClasses};

/// Recorded steps a decade.
const RECORD: u32 = 20;

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
    /// How many different activation patterns on the training samples the neurons of each block
    /// have at the end. A block whose neurons share one has rank one in the limit (docs/theory.md
    /// §6, derived).
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
pub(super) fn patterns(weights: &Weights, data: &ClassDataset) -> Vec<usize> {
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

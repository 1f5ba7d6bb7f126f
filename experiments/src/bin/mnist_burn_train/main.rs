//! Burn's own learner with the metrics of this project: mini-batches beside full-batch gradient
//! descent.
//!
//! Question of this project: does gradient descent on mini-batches end where full-batch descent
//! does? And an example: `learner.rs` holds all that a learner of yours needs to show stable rank,
//! normalized margins and alignment on Burn's dashboard, in its logs and to its checkpoint
//! strategies.
//!
//! Setting: MNIST digits 0 (+1) against 1 (−1), 100 training samples of each, pixels in [0, 1], the
//! paper's network with leaky ReLU, γ = 0.1, m = 50, σ₀ = 10⁻⁴, η = 0.1, batches of 20, 500 epochs;
//! full-batch descent from the same weights takes as many steps (ours). The validation split is the
//! training set in one batch, since the claims are about its margins. Needs the MNIST files
//! (`implicit-bias fetch mnist`, or `--data-dir`) and a build with `--features train`.
//! Expected: the same curves but for the first steps: stable ranks within 2 × 10⁻⁵ of 1 by both
//! descents after 5,000 steps, a smallest margin that is still negative, -0.082 and -0.083 of the
//! norm. Runtime: 11 s on two cores; 1 s with `--quick`.
//!
//! Cut off, the same command goes on after the last epoch that has a checkpoint, with the same
//! batches: numbers, logs of the epochs, table and figure are those of a training that was not cut
//! off. Burn's log of events, `experiment.log`, has times and goes on at its end; a checkpoint of
//! Burn has the names that its parameters got at random.

mod going_on;
mod learner;
mod lines;

use std::error::Error;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use burn::data::dataloader::{DataLoader, DataLoaderBuilder};
use burn::train::metric::LossMetric;
use burn::train::{Interrupter, Learner, LearnerSummary, SupervisedTraining};
use clap::Parser;
use implicit_bias_engine::{drive, select_device};
use implicit_bias_lab::config::{RunConfig, Settings};
use implicit_bias_lab::study::{StudyCommand, StudyFolder};
use implicit_bias_lab::{Interrupt, LabError, Prepared, RunDirectory, print_to_stderr};
use implicit_bias_metrics::class_direction;
use implicit_bias_metrics::train::{AlignmentMetric, NormalizedMarginMetric, StableRankMetric};
use implicit_bias_model::{GradientDescent, TwoLayerConfig, to_tensor};
use implicit_bias_output::{sha256, shell_word};
use implicit_bias_plot::{Axis, Figure, Layer, Panel, Style};
use implicit_bias_record::Series;
use ndarray::Axis as Along;

use going_on::{After, LastOnes, PARTS, WholeFiles, last_epoch};
use learner::{Batch, Batches, ObservedNetwork, samples};
use lines::Lines;

/// Burn's learner on mini-batches, with this project's metrics, beside full-batch gradient descent
///
/// Ctrl-C, SIGTERM, a terminal that goes away and a stop on Burn's dashboard end the training in the
/// middle of an epoch. The same command goes on in the same folder after the last epoch that has a
/// checkpoint, also after a kill, and ends with the numbers, logs of the epochs, table and figure of
/// a training that was not cut off. What is lost is the epoch that was going on.
#[derive(Parser, Debug)]
#[command(version, max_term_width = 100)]
struct Arguments {
    /// Narrow network, few epochs
    #[arg(long)]
    quick: bool,
    /// Folder for checkpoints, logs, table and figure; new, empty, or left by the same command, which
    /// then goes on [default: runs/mnist_burn_train, numbered if in use]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Seed of the choice of samples, of the initial weights and of the order of the batches
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,
    /// Folder of the MNIST files [default: where `implicit-bias fetch mnist` leaves them]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Training samples of each digit
    #[arg(long, value_name = "N", default_value_t = 100)]
    per_class: usize,
    /// Samples in a mini-batch
    #[arg(long, value_name = "N", default_value_t = 20)]
    batch: usize,
    /// Epochs [default: 500]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Device, as listed by `implicit-bias devices`
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
}

/// What is compared, by the names of burn-train's logs and of the columns of a series.
const SHOWN: [(&str, &str); 4] = [
    ("Stable Rank pos", "stable_rank_pos"),
    ("Stable Rank neg", "stable_rank_neg"),
    ("Normalized Margin Min", "margin_min"),
    ("Loss", "loss"),
];

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let interrupt = match Interrupt::watch() {
        Ok(interrupt) => interrupt,
        Err(error) => {
            print_to_stderr(&format!("error: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match run(&arguments, &interrupt) {
        Ok(()) if interrupt.came() => interrupt.exit_code(),
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_to_stderr(&format!("error: {error}"));
            let input = error
                .downcast_ref::<LabError>()
                .is_some_and(LabError::is_input);
            ExitCode::from(if input { 2 } else { 1 })
        }
    }
}

fn run(arguments: &Arguments, interrupt: &Interrupt) -> Result<(), Box<dyn Error>> {
    for (key, value) in [
        ("batch", arguments.batch),
        ("epochs", arguments.epochs.unwrap_or(1)),
    ] {
        if value == 0 {
            return Err(Box::new(LabError::Config {
                key: key.into(),
                expected: "at least 1".into(),
                found: "0".into(),
            }));
        }
    }
    let epochs = arguments
        .epochs
        .unwrap_or(if arguments.quick { 5 } else { 500 });
    let config = RunConfig::resolve(
        &Settings::default()
            .with("data", "mnist")
            .with("data-dir", arguments.data_dir.clone())
            .with("positive", "0")
            .with("negative", "1")
            .with("per-class", arguments.per_class)
            .with("width", if arguments.quick { 10 } else { 50 })
            .with("init-scale", 1e-4)
            .with("step-size", 0.1)
            .with("seed", arguments.seed)
            .with("device", arguments.device.clone())
            .with("engine", "tensor"),
    )?;
    let prepared = Prepared::new(&config)?;
    let words: Vec<String> = std::env::args().map(|word| shell_word(&word)).collect();
    let facts = [
        env!("CARGO_PKG_VERSION"),
        &config.to_toml(),
        &prepared.data.sha256(),
        &format!("{} {epochs}", arguments.batch),
    ];
    let folder = StudyFolder::open(
        arguments.out.as_deref(),
        (Path::new("runs"), "mnist_burn_train"),
        StudyCommand {
            words: &words.join(" "),
            identity: &sha256(facts.join("\n")),
        },
        &mut |text| print_to_stderr(text),
    )?;
    let directory = folder.directory();
    let done = train_on_batches(
        arguments,
        epochs,
        &config,
        &prepared,
        directory.path(),
        &|| interrupt.came(),
    )?;
    if done < epochs {
        print_to_stderr(&format!(
            "stopped after {done} of {epochs} epochs; the same command goes on in {}",
            directory.path().display()
        ));
    }
    // A signal asks for an end, a stop on the dashboard for what there is.
    if done == 0 || interrupt.came() {
        return Ok(());
    }
    let descents = Descents::of(arguments, done, &config, &prepared, directory.path())?;
    descents.compare(&directory)?;
    if done == epochs {
        folder.finish()?;
    }
    Ok(())
}

/// The same network trained twice from the same weights.
struct Descents {
    /// What the loggers of burn-train wrote of the mini-batches.
    batches: LearnerSummary,
    /// Full-batch descent, recorded after as many steps as each epoch has.
    full: Series,
    /// Steps in an epoch.
    epoch_steps: usize,
}

impl Descents {
    /// After the epochs that are done on mini-batches.
    fn of(
        arguments: &Arguments,
        epochs: usize,
        config: &RunConfig,
        prepared: &Prepared,
        directory: &Path,
    ) -> Result<Self, Box<dyn Error>> {
        let epoch_steps = prepared.data.samples().div_ceil(arguments.batch);
        let schedule: Vec<f64> = (0..=epochs)
            .map(|epoch| (epoch * epoch_steps) as f64)
            .collect();
        let mut engine = prepared.engine(config, 1)?.engine;
        let full = drive(engine.as_mut(), &schedule, &mut ())?.series;
        Ok(Self {
            batches: LearnerSummary::new(directory, &SHOWN.map(|(metric, _)| metric))?,
            full,
            epoch_steps,
        })
    }

    /// A metric against the step: of mini-batches, of the full batch.
    fn curves(&self, metric: &str, column: &str) -> [Vec<[f64; 2]>; 2] {
        let valid = &self.batches.metrics.valid;
        let entries = valid.iter().filter(|known| known.name == metric);
        let batches = entries
            .flat_map(|known| &known.entries)
            .map(|entry| [(entry.step * self.epoch_steps) as f64, entry.value])
            .collect();
        let values = self.full.column(column).unwrap_or_default();
        let full = self.full.steps().into_iter().zip(values);
        let full = full.filter(|(step, _)| *step > 0.0);
        [batches, full.map(|(step, value)| [step, value]).collect()]
    }

    /// Writes and prints both side by side.
    fn compare(&self, directory: &RunDirectory) -> Result<(), Box<dyn Error>> {
        let mut panels = Vec::new();
        println!(
            "{:<22} {:>14} {:>14}",
            "after the last epoch", "mini-batches", "full batch"
        );
        for (metric, column) in SHOWN {
            let [batches, full] = self.curves(metric, column);
            let last = |points: &[[f64; 2]]| points.last().map_or(f64::NAN, |point| point[1]);
            println!(
                "{metric:<22} {:>14.6} {:>14.6}",
                last(&batches),
                last(&full)
            );
            let y = if column == "loss" {
                Axis::log(metric)
            } else {
                Axis::linear(metric)
            };
            let layers = vec![
                Layer::curve("mini-batches", batches, Style::of(0)),
                Layer::curve("full batch", full, Style::of(1)),
            ];
            panels.push(Panel::new(Axis::log("step t"), y, layers));
        }
        let figure = Figure::new("descents", "Mini-batches and the full batch", panels);
        directory.write("descents.svg", figure.render()?.as_bytes())?;
        directory.write("full_batch.csv", self.full.to_csv().as_bytes())?;
        println!(
            "figure: {}",
            directory.path().join("descents.svg").display()
        );
        Ok(())
    }
}

/// Trains with Burn's learner, from the last checkpoint that there is; how many epochs are done when
/// it has ended or was stopped.
fn train_on_batches(
    arguments: &Arguments,
    epochs: usize,
    config: &RunConfig,
    prepared: &Prepared,
    directory: &Path,
    is_interrupted: &(dyn Fn() -> bool + Sync),
) -> Result<usize, Box<dyn Error>> {
    let done = last_epoch(directory)?;
    if done >= epochs {
        return Ok(done);
    }
    let device = select_device(arguments.device.as_deref(), None)?.device;
    let data = prepared.signs()?;
    let loader = |size: usize, seed: Option<u64>| -> Arc<dyn DataLoader<Batch>> {
        let mut builder = DataLoaderBuilder::new(Batches)
            .batch_size(size)
            .set_device(device.clone());
        if let Some(seed) = seed {
            builder = builder.shuffle(seed);
        }
        builder.build(samples(data))
    };
    let network = TwoLayerConfig::new(
        prepared.width,
        data.dim(),
        config.activation().expect("two layers"),
    )
    .init_with(&prepared.weights, &device.clone().autodiff())?;
    let labels = to_tensor(&data.y().clone().insert_axis(Along(1)), &device).squeeze_dim(1);
    let direction = class_direction(&to_tensor(data.x(), &device), &labels)?;

    let all = data.samples();
    let [model, optimizer, schedule] = PARTS.map(|part| WholeFiles::new(directory, part));
    let mut training = SupervisedTraining::new(
        directory,
        Arc::new(After {
            epochs: done,
            loader: loader(arguments.batch, Some(arguments.seed)),
        }),
        loader(all, None),
    )
    .metrics((
        LossMetric::new(),
        StableRankMetric::of_block(0, "pos"),
        StableRankMetric::of_block(1, "neg"),
        NormalizedMarginMetric::min(1.0),
        NormalizedMarginMetric::gap(),
        AlignmentMetric::of_block(0, "pos", direction),
    ))
    .num_epochs(epochs)
    .with_checkpointing_strategy(LastOnes)
    .with_custom_checkpointers(model, optimizer, schedule);
    if done > 0 {
        training = training.checkpoint(done);
    }
    if !std::io::stdout().is_terminal() {
        // On a terminal it is Burn's dashboard.
        training = training.renderer(Box::new(Lines::default()));
    }
    let learner = Learner::new(
        ObservedNetwork::new(network, config.loss),
        GradientDescent.init(),
        config.step_size.first,
    );
    let (interrupter, ended) = (training.interrupter(), AtomicBool::new(false));
    if is_interrupted() {
        interrupter.stop(Some("a signal"));
    }
    let result = std::thread::scope(|scope| {
        scope.spawn(|| hand_on(is_interrupted, &interrupter, &ended));
        // Also where the learner panics.
        let _end = End(&ended);
        training.launch(learner)
    });
    if let Some(error) = result.error {
        return Err(error.to_string().into());
    }
    Ok(last_epoch(directory)?)
}

/// Notes an end when it is dropped.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Hands an interruption on to Burn's learner until the training has ended.
fn hand_on(is_interrupted: &dyn Fn() -> bool, interrupter: &Interrupter, ended: &AtomicBool) {
    while !ended.load(Ordering::Relaxed) && !is_interrupted() {
        std::thread::sleep(Duration::from_millis(20));
    }
    if is_interrupted() {
        interrupter.stop(Some("a signal"));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    fn setting() -> (RunConfig, Prepared) {
        let settings = Settings::default()
            .with("samples", 6)
            .with("dim", 40)
            .with("width", 5)
            .with("engine", "tensor");
        let config = RunConfig::resolve(&settings).expect("valid");
        let prepared = Prepared::new(&config).expect("valid");
        (config, prepared)
    }

    /// Trains on batches of so many samples, to `epochs`, as far as the first interruption.
    fn train(batch: &str, epochs: usize, folder: &Path, stop: &(dyn Fn() -> bool + Sync)) -> usize {
        let (config, prepared) = setting();
        let arguments = Arguments::parse_from(["mnist_burn_train", "--batch", batch]);
        let done = train_on_batches(&arguments, epochs, &config, &prepared, folder, stop);
        done.expect("a folder that can be written")
    }

    #[test]
    fn one_batch_of_all_samples_is_full_batch_descent() {
        let (config, prepared) = setting();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let arguments = Arguments::parse_from(["mnist_burn_train", "--batch", "6"]);
        assert_eq!(train("6", 12, folder.path(), &|| false), 12);
        let descents = Descents::of(&arguments, 12, &config, &prepared, folder.path());
        let descents = descents.expect("both train to the end");
        for (metric, column) in SHOWN {
            let [batches, full] = descents.curves(metric, column);
            assert_eq!(batches.len(), 12, "{metric}");
            assert_eq!(full.len(), 12, "{metric}");
            for ([step, found], [at, expected]) in batches.into_iter().zip(full) {
                assert_eq!(step, at);
                let error = ((found - expected) / expected).abs();
                assert!(
                    error < 1e-12,
                    "{metric} at step {step}: {found}, not {expected}"
                );
            }
        }
    }

    /// Every file below a folder with its content, but for checkpoints, which have random names of
    /// parameters inside, and the log of events, which has times.
    fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut left = vec![folder.to_owned()];
        while let Some(path) = left.pop() {
            for entry in path.read_dir().expect("a folder").flatten() {
                let own = entry.path();
                let name = own.strip_prefix(folder).expect("below it").to_owned();
                if own.is_dir() {
                    left.push(own);
                } else if name.starts_with("checkpoint") {
                    found.insert(name, Vec::new());
                } else if !name.ends_with("experiment.log") {
                    found.insert(name, fs::read(own).expect("a file"));
                }
            }
        }
        found
    }

    #[test]
    fn a_training_that_was_cut_off_goes_on_as_if_it_had_not_been() {
        let [whole, cut] = [(); 2].map(|()| tempfile::tempdir().expect("a temporary folder"));
        assert_eq!(train("4", 9, whole.path(), &|| false), 9);
        let path = |name: &str| cut.path().join(name);
        // Killed after epoch 4, in the middle of the next one and of its checkpoint.
        assert_eq!(train("4", 4, cut.path(), &|| false), 4);
        for folder in ["train/epoch-5", "valid/epoch-5"] {
            fs::create_dir_all(path(folder)).expect("writable");
            fs::write(path(folder).join("Loss.log"), "0.5,1\n0.4").expect("writable");
        }
        fs::write(path("checkpoint/model-5.bpk"), "whole").expect("writable");
        fs::write(path("checkpoint/.writing-abc"), "half").expect("writable");
        // As a kill between a new checkpoint and the removal of an old one leaves it.
        fs::copy(
            path("checkpoint/optim-3.bpk"),
            path("checkpoint/optim-2.bpk"),
        )
        .expect("there");
        assert_eq!(last_epoch(cut.path()).expect("readable"), 4);
        assert_eq!(train("4", 7, cut.path(), &|| false), 7);
        // Interrupted before an epoch ended, and where there is nothing left to do.
        assert_eq!(train("4", 9, cut.path(), &|| true), 7);
        assert_eq!(train("4", 9, cut.path(), &|| false), 9);
        assert_eq!(train("4", 9, cut.path(), &|| false), 9);
        let [whole, cut] = [&whole, &cut].map(|folder| files(folder.path()));
        let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&cut), names(&whole));
        for (name, content) in &whole {
            assert!(cut[name] == *content, "{}", name.display());
        }
    }
}

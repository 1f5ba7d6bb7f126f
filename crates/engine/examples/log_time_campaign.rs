//! Random small problems of every network: log time against every exact step.
//!
//! `cargo run --release -p implicit-bias-engine --example log_time_campaign -- CASES SEED [FIRST]`
//!
//! Each case draws a network, samples, labels, initial weights and settings. Exact steps go to 10⁵;
//! log time takes over at 10³ and at 10⁴ and is compared with them at 10⁴ and 10⁵. A comparison is
//! the largest distance of two margins relative to `max(1, min_i q_i)`, over the row's
//! `error_estimate`. The table has a line a network; every comparison beyond ten times its estimate
//! is printed with its case, and the exit code is 1 if there is one.

use std::collections::BTreeMap;
use std::process::ExitCode;

use implicit_bias_data::random::{Dice, Stream, gaussian_matrix};
use implicit_bias_data::{ClassDataset, Dataset, TrainingSet};
use implicit_bias_engine::{
    Clock, Engine, Gradient, LogTimeOptions, NETWORKS, Observation, OptimizerRun, Pace, StepSize,
    TensorEngineOptions, optimizers, select_device,
};
use implicit_bias_model::{Loss, Weights};
use implicit_bias_settings::Settings;
use ndarray::Array1;

const NAMES: [&str; 7] = [
    "two-layer",
    "two-layer-both",
    "deep, 2 hidden",
    "deep, 3 hidden",
    "linear",
    "multi-class",
    "quadratic activation",
];

struct Case {
    name: &'static str,
    words: String,
    network: &'static str,
    settings: Settings,
    data: TrainingSet,
    weights: Weights,
    loss: Loss,
    sizes: StepSize,
    sum: bool,
    degree: f64,
}

impl Case {
    fn draw(seed: u64, index: u64) -> Self {
        let mut dice = Dice::new(seed.wrapping_mul(1_000_003).wrapping_add(index));
        let kind = dice.below(NAMES.len());
        let (network, depth) = match kind {
            0 => ("two-layer", 0),
            1 => ("two-layer-both", 1),
            2 => ("deep", 2),
            3 => ("deep", 3),
            4 => ("linear", 0),
            5 => ("multi-class", 0),
            _ => ("two-layer-both", 1),
        };
        let (n, width) = (2 + dice.below(11), 2 + dice.below(10));
        let d = n + dice.below(50);
        let slope = [0.0, 0.1, 0.5][dice.below(3)];
        let mut settings = Settings::default();
        if network != "linear" {
            settings = settings.with("width", width);
            settings = match (kind, slope) {
                (6, _) => settings.with("activation", "quadratic"),
                (_, 0.0) => settings.with("activation", "relu"),
                _ => settings
                    .with("activation", "leaky-relu")
                    .with("slope", slope),
            };
        }
        if network == "deep" {
            settings = settings.with("depth", depth);
        }
        let classes = if network == "multi-class" { 3 } else { 2 };
        let spread = dice.between(0.3, 3.0);
        let norm = dice.between(0.3, 3.0) / (d as f64).sqrt();
        let data_seed = dice.bits();
        let mut x = gaussian_matrix(n, d, norm, data_seed, Stream::Noise).expect("a matrix");
        for mut row in x.rows_mut() {
            row *= dice.between(1.0, spread.max(1.0));
        }
        let data = if classes == 3 {
            settings = settings.with("classes", "a,b,c");
            let names = ["a", "b", "c"].map(str::to_owned).to_vec();
            let class = (0..n).map(|i| if i < 3 { i } else { dice.below(3) });
            let class = class.collect();
            match ClassDataset::new(x, class, names) {
                Ok(data) => data.into(),
                // Two samples have not three classes.
                Err(_) => return Self::draw(seed, index + (1 << 40)),
            }
        } else {
            let y = Array1::from_shape_fn(n, |i| {
                let side = if i < 2 { i } else { dice.below(2) };
                if side == 0 { 1.0 } else { -1.0 }
            });
            Dataset::new(x, y).expect("finite samples").into()
        };
        let scale = dice.between(0.05, 2.0);
        let found = NETWORKS.iter().find(|kind| kind.name() == network);
        let blocks = found
            .expect("of the list")
            .blocks(&settings, d)
            .expect("blocks");
        let block = |(index, (name, [rows, columns])): (usize, (String, [usize; 2]))| {
            let size = scale / (columns as f64).sqrt();
            let seed = data_seed.wrapping_add(1 + index as u64);
            let matrix = gaussian_matrix(rows, columns, size, seed, Stream::WeightsPos);
            (name, matrix.expect("a matrix"))
        };
        let weights = Weights::new(blocks.into_iter().enumerate().map(block).collect());
        let sizes = {
            let first = dice.between(0.02, 1.0);
            StepSize::decaying(first, [0.0, 0.0, 0.0, 0.3][dice.below(4)], 1.0)
        };
        let loss = [Loss::Logistic, Loss::Logistic, Loss::Exponential][dice.below(3)];
        let sum = dice.below(4) == 0;
        Self {
            name: NAMES[kind],
            words: format!(
                "case {index}: {} {settings:?}, n {n}, d {d}, scale {scale:.2}, η {:.3}, decay {}, \
                 {}, {}",
                NAMES[kind],
                sizes.first,
                sizes.decay().map_or(0.0, |decay| decay.exponent),
                loss.name(),
                if sum { "sum" } else { "mean" }
            ),
            network,
            settings,
            data,
            weights: weights.expect("finite weights"),
            loss,
            sizes,
            sum,
            degree: match kind {
                6 => 3.0,
                0 | 4 | 5 => 1.0,
                _ => 1.0 + depth as f64,
            },
        }
    }

    fn engine(&self, exact_steps: Option<f64>) -> Box<dyn Engine> {
        let count = self.weights.blocks().iter().map(|(_, block)| block.len());
        let run = OptimizerRun {
            optimizer: (optimizers::GD.make)(&Settings::default(), count.sum()).expect("gd"),
            step_size: self.sizes.clone(),
            sum: self.sum,
            batches: None,
            twin: None,
            first_stage: None,
            stop: None,
        };
        let options = TensorEngineOptions {
            loss: self.loss,
            step_size: self.sizes.first,
            gradient: Gradient::Auto,
            threads: 1,
            compensated: false,
            log_time: exact_steps.map(|exact_steps| LogTimeOptions {
                exact_steps,
                clock: Clock::new(Pace::Gradient, &self.sizes).expect("no table"),
                required: true,
            }),
            kkt: false,
        };
        let device = select_device(None, None).expect("a device");
        let found = NETWORKS.iter().find(|kind| kind.name() == self.network);
        let kind = found.expect("of the list");
        let (data, weights) = (&self.data, &self.weights);
        let engine = kind.engine(&self.settings, data, weights, &device, options, Some(run));
        engine.expect("an engine").0
    }

    fn margins(&self, observation: &Observation) -> Vec<f64> {
        let scale = observation.weight_norm.powf(self.degree);
        let margins = observation.normalized_margins.iter();
        margins.map(|q| q * scale).collect()
    }
}

/// What was seen of one network.
#[derive(Default)]
struct Counts {
    cases: usize,
    /// Log time did not take over: samples that are not fitted, or steps that are too large.
    not_taken_over: usize,
    /// Errors over their estimates.
    ratios: Vec<f64>,
    errors: Vec<f64>,
}

fn check(case: &Case, counts: &mut Counts) -> bool {
    counts.cases += 1;
    let mut exact = case.engine(None);
    let mut far = [1e3, 1e4].map(|steps| case.engine(Some(steps)));
    let mut sound = true;
    for step in [1e4, 1e5] {
        if exact.advance(step).expect("exact steps").is_some() {
            counts.not_taken_over += 1;
            return sound;
        }
        let Ok(expected) = exact.observe() else {
            counts.not_taken_over += 1;
            return sound;
        };
        let expected_margins = case.margins(&expected);
        let least = expected_margins
            .iter()
            .copied()
            .fold(f64::INFINITY, f64::min);
        for engine in &mut far {
            let stop = engine.advance(step).expect("log time");
            let in_log_time = engine.operations_per_step() == 0.0;
            if stop.is_some() || !in_log_time {
                counts.not_taken_over += usize::from(step == 1e5 && !in_log_time);
                continue;
            }
            let found = engine.observe().expect("an observation");
            let pairs = case.margins(&found).into_iter().zip(&expected_margins);
            let apart = pairs.fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()));
            let error = apart / least.max(1.0);
            let ratio = error / found.error_estimate;
            counts.ratios.push(ratio);
            counts.errors.push(error);
            if ratio.is_nan() || ratio > 10.0 {
                println!("{}", case.words);
                println!(
                    "  at {step:e}: error {error:.1e}, estimate {:.1e}",
                    found.error_estimate
                );
                sound = false;
            }
        }
    }
    sound
}

fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (part * (values.len().max(1) - 1) as f64).round() as usize;
    values.get(place).copied().unwrap_or(f64::NAN)
}

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|text| {
        text.parse::<u64>()
            .unwrap_or_else(|_| panic!("expected a whole number, found {text}"))
    });
    let cases = numbers.next().unwrap_or(50);
    let seed = numbers.next().unwrap_or(1);
    let first = numbers.next().unwrap_or(0);
    let mut all: BTreeMap<&str, Counts> = BTreeMap::new();
    let mut sound = true;
    for index in first..first + cases {
        let case = Case::draw(seed, index);
        sound &= check(&case, all.entry(case.name).or_default());
    }
    println!(
        "network               cases  not taken over  comparisons  error median  largest  \
         beyond the estimate  beyond ten times"
    );
    for (name, counts) in &mut all {
        let beyond = |limit: f64| counts.ratios.iter().filter(|ratio| **ratio > limit).count();
        println!(
            "{name:<21} {:>5}  {:>14}  {:>11}  {:>12.1e}  {:>7.1e}  {:>19}  {:>16}",
            counts.cases,
            counts.not_taken_over,
            counts.ratios.len(),
            quantile(&mut counts.errors.clone(), 0.5),
            quantile(&mut counts.errors.clone(), 1.0),
            beyond(1.0),
            beyond(10.0),
        );
    }
    if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

//! Losses with a tail `e^{−q/T}` against the exponential loss on samples that are divided by `T`.

mod support;

use implicit_bias_engine::{FollowEngine, FollowOptions, Trajectory, drive};
use implicit_bias_model::{Loss, MarginLoss, Objective};
use implicit_bias_settings::{Key, Settings};
use ndarray::{Array2, array};
use support::linear;

const TEMPERATURE: Key = Key::number("temperature", "T", "Temperature")
    .by_default(1.0)
    .positive();

const FACTOR: Key = Key::number("factor", "C", "Factor of the loss")
    .by_default(1.0)
    .positive();

/// `c e^{−q/T}`.
const WARM: MarginLoss = MarginLoss {
    name: "warm",
    about: "`c e^(−q/T)`",
    keys: &[TEMPERATURE, FACTOR],
    value: |q, [t, c, ..]| c * (-q / t).exp(),
    slope: |q, [t, c, ..]| c * (-q / t).exp() / t,
    log_value: |q, [t, c, ..]| c.ln() - q / t,
    log_slope: |q, [t, c, ..]| (c / t).ln() - q / t,
    is_exponentially_tailed: true,
};

fn warm(temperature: f64, factor: f64) -> Loss {
    let settings = Settings::default()
        .with(TEMPERATURE.name, temperature)
        .with(FACTOR.name, factor);
    Loss::of(&WARM).with_settings(&settings).unwrap()
}

/// Slopes keep their digits where they underflow, and are those of the loss.
#[test]
fn slopes_far_out_are_those_of_the_loss() {
    for (temperature, factor) in [
        (1.0, 1.0),
        (2.0, 1.0),
        (1.0, 3.0),
        (0.01, 0.2),
        (500.0, 7.0),
    ] {
        let loss = warm(temperature, factor);
        let objective = Objective::binary(loss, vec![1.0, -1.0, 1.0]).unwrap();
        for least in [10.0, 290.0, 310.0, 1e4, 1e8].map(|q| q * temperature) {
            let margins = [least, least + temperature, least + 3.0 * temperature];
            let mut scores = [margins[0], -margins[1], margins[2]];
            let exponent = objective.descend_scaled(&mut scores, None).unwrap();
            let slopes = [scores[0], -scores[1], scores[2]];
            for (slope, q) in slopes.into_iter().zip(margins) {
                let found = slope.ln() + exponent as f64 * std::f64::consts::LN_2;
                let error = (found - loss.log_slope(q)).abs();
                assert!(
                    error < 1e-13 * (1.0 + found.abs()),
                    "T = {temperature}, c = {factor}, q = {q}: {found}"
                );
            }
        }
    }
}

fn follow(
    (loss, step_size): (Loss, f64),
    z: Array2<f64>,
    exact_steps: f64,
    rows: &[f64],
) -> (Trajectory, Vec<f64>) {
    let options = FollowOptions {
        loss,
        step_size,
        sum: false,
        exact_steps,
        degree: None,
        kkt_steps: Vec::new(),
        blocks: vec![("w".into(), [1, 3])],
    };
    let start = vec![1e-3, -2e-3, 1e-3];
    let mut engine = FollowEngine::new(Box::new(linear(z)), start, options).unwrap();
    let run = drive(&mut engine, rows, &mut ()).unwrap();
    (run, engine.host_weights())
}

fn samples() -> Array2<f64> {
    array![
        [1.0, 0.3, -0.2],
        [0.8, -0.5, 0.4],
        [1.1, 0.2, 0.9],
        [0.6, 0.9, 0.1]
    ]
}

/// `∇_w c ℓ(⟨w, z⟩/T)` is that of the exponential loss of samples `z/T` and a step size `c η`: the
/// descents take the same steps, and log time leads to the same weights.
#[test]
fn a_temperature_is_a_scale_of_the_samples_to_any_step() {
    let z = samples();
    for (temperature, factor) in [(1.0, 3.0), (0.01, 1.0), (0.3, 0.5), (20.0, 1.0)] {
        let size = 0.3 * temperature * temperature;
        let rows = [0.0, 1e2, 1e3, 1e4, 1e6, 1e15, 1e300];
        let (run, weights) = follow((warm(temperature, factor), size), z.clone(), 1e3, &rows);
        let scaled = &z / temperature;
        let (other, expected) = follow((Loss::Exponential, factor * size), scaled, 1e3, &rows);
        let columns = ["step", "weight_norm", "margin_min", "log_loss"];
        let at = |run: &Trajectory, column: &str| run.series.column(column).unwrap().to_vec();
        assert_eq!(at(&run, "step"), at(&other, "step"), "T = {temperature}");
        let near = |a: f64, b: f64, exact: bool| {
            let tolerance = if exact { 1e-11 } else { 1e-4 };
            (a - b).abs() <= tolerance * (1.0 + b.abs())
        };
        for column in columns {
            let [found, expected] = [at(&run, column), at(&other, column)];
            for (place, (found, expected)) in found.into_iter().zip(expected).enumerate() {
                let found = match column {
                    // Those of the same weights on other samples, and c times the loss.
                    "margin_min" => found / temperature,
                    "log_loss" => found - factor.ln(),
                    _ => found,
                };
                assert!(
                    near(found, expected, place < 3),
                    "T = {temperature}, {column}, row {place}: {found} {expected}"
                );
            }
        }
        let apart = weights.iter().zip(&expected).map(|(a, b)| (a - b).abs());
        let norm = expected.iter().map(|w| w * w).sum::<f64>().sqrt();
        assert!(apart.fold(0.0, f64::max) < 1e-4 * norm, "T = {temperature}");
        let estimates = at(&run, "error_estimate");
        assert!(estimates.iter().all(|estimate| *estimate < 1e-2));
    }
}

/// What is a small change of margins, and what errors are relative to, scale as the samples do: log
/// time takes over at the same step, with the same estimates.
#[test]
fn log_time_takes_over_where_it_does_on_scaled_samples() {
    let rows: Vec<f64> = (0..=20).map(f64::from).chain([1e2, 1e4]).collect();
    let estimates = |run: &Trajectory| run.series.column("error_estimate").unwrap().to_vec();
    for temperature in [0.01, 0.3] {
        let size = 0.3 * temperature * temperature;
        let (run, _) = follow((warm(temperature, 1.0), size), samples(), 2.0, &rows);
        let scaled = &samples() / temperature;
        let (other, _) = follow((Loss::Exponential, size), scaled, 2.0, &rows);
        let [found, expected] = [estimates(&run), estimates(&other)];
        let begins = expected.iter().position(|estimate| *estimate > 0.0);
        assert!(begins.is_some_and(|row| rows[row] > 3.0), "{expected:?}");
        for ((found, expected), row) in found.iter().zip(&expected).zip(&rows) {
            let near = (found - expected).abs() <= 1e-3 * expected;
            assert!(near, "T = {temperature}, step {row}: {found} {expected}");
        }
    }
}

//! The runs on generated data, and what is read off them.

use implicit_bias_lab::config::{Settings, Steps};
use implicit_bias_lab::study::{Effort, StudyResult, StudyRun};

/// Equiangular samples at several angles.
pub(super) const ANGLE: &str = "angle";
/// At several initial scales.
pub(super) const SCALE: &str = "initial scale";
/// At several numbers of samples.
pub(super) const SAMPLES: &str = "samples";
/// Data and weights that the theorem is not about.
pub(super) const ELSEWHERE: &str = "elsewhere";

/// The width of all networks.
pub(super) const WIDTH: usize = 50;

/// The horizon: in log time past the exact steps.
const HORIZON: f64 = 1e15;

/// The cosines of the angles.
const COSINES: [f64; 4] = [0.5, 0.1, 0.01, 0.001];

fn steps(number: f64) -> Steps {
    Steps::try_from(number).expect("studies ask for whole numbers of steps")
}

/// The initial scale where it is not what varies.
pub(super) fn scale(effort: Effort) -> f64 {
    effort.pick(1e-20, 1e-60)
}

fn base(effort: Effort) -> Settings {
    Settings::default()
        .with("network", "two-layer-both")
        .with("activation", "relu")
        .with("width", WIDTH)
        .with("neurons", true)
        .with("synthetic", "equiangular")
        .with("samples", 4)
        .with("dim", 8)
        .with("init-law", "balanced")
        .with("init-scale", scale(effort))
        .with("loss", "exponential")
        .with("reduction", "sum")
        .with("step-size", 2e-3)
        .with("steps", steps(HORIZON))
        .with("exact-steps", steps(effort.pick(5e4, 2e5)))
        .with("record", 40)
        .with("seed", 0)
}

fn run(panel: &str, label: String, parameter: f64, settings: Settings) -> StudyRun {
    StudyRun {
        panel: panel.to_owned(),
        label,
        parameter,
        settings,
        judged: true,
    }
}

/// A power of ten for a label.
pub(super) fn power(number: f64) -> String {
    let exponent = number.log10().round() as i32;
    let digit = |digit: char| match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        other => char::from_u32(0x2070 + other.to_digit(10).unwrap_or(0)).unwrap_or(other),
    };
    let digits: String = exponent.to_string().chars().map(digit).collect();
    format!("10{digits}")
}

/// All runs.
pub(super) fn runs(effort: Effort) -> Vec<StudyRun> {
    let mut runs = Vec::new();
    for cosine in COSINES {
        let settings = base(effort).with("cosine", cosine);
        runs.push(run(ANGLE, format!("μ = {cosine}"), cosine, settings));
    }
    let scales: &[f64] = effort.pick(
        &[1e-2, 1e-6, 1e-10, 1e-15, 1e-20],
        &[1e-2, 1e-6, 1e-12, 1e-20, 1e-40, 1e-60],
    );
    for &scale in scales {
        let settings = base(effort)
            .with("cosine", 0.1)
            .with("init-scale", scale)
            .with("record", effort.pick(100, 200));
        runs.push(run(
            SCALE,
            format!("σ₀ = {}", power(scale)),
            scale,
            settings,
        ));
    }
    let counts: &[usize] = effort.pick(&[4, 16], &[4, 16, 64]);
    for &count in counts {
        // Rates grow with n: so do the steps of the flow.
        let settings = base(effort)
            .with("cosine", 0.1)
            .with("samples", count)
            .with("dim", count + 4)
            .with("init-scale", 1e-20)
            .with("step-size", 5e-4)
            .with("exact-steps", steps(effort.pick(8e4, 2e5)));
        runs.push(run(SAMPLES, format!("n = {count}"), count as f64, settings));
    }
    runs.extend(elsewhere(effort));
    runs
}

/// Runs on which the claim on alignment must be refuted.
fn elsewhere(effort: Effort) -> Vec<StudyRun> {
    let tiny = base(effort).with("init-scale", 1e-6);
    let orthogonal = tiny.clone().with("cosine", 0.0);
    let spread = orthogonal
        .clone()
        .with("samples", 8)
        .with("dim", 20)
        .with("norm-spread", 3.0);
    let gaussian = tiny
        .with("synthetic", "gaussian")
        .with("samples", 12)
        .with("dim", 40)
        .with("unit-norm", true);
    let mut all = vec![
        ("orthogonal, n = 4".to_owned(), orthogonal),
        ("orthogonal, n = 8, R_max/R_min = 3".to_owned(), spread),
        ("Gaussian, n = 12, d = 40".to_owned(), gaussian),
    ];
    // The root mean square norm of a neuron is σ₀ √d.
    for (norm, step_size) in [(0.5, 5e-4), (1.0, 2e-4), (2.0, 1e-4)] {
        let settings = base(effort)
            .with("cosine", 0.1)
            .with("init-scale", norm / 8_f64.sqrt())
            .with("step-size", step_size);
        all.push((format!("μ = 0.1, ε = {norm}"), settings));
    }
    let all = all.into_iter();
    all.map(|(label, settings)| run(ELSEWHERE, label, 0.0, settings))
        .collect()
}

/// The times of a run, in time `t = η · steps` of the flow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Times {
    /// The first recorded time from which on every neuron is dead or in the set of its sign.
    pub aligned: Option<f64>,
    /// The time at which the loss is half of its initial value, interpolated.
    pub fallen: Option<f64>,
}

impl Times {
    /// Those of a run.
    pub fn of(result: &StudyResult<'_>) -> Self {
        let series = &result.record.series;
        let column = |name: &str| series.column(name).unwrap_or_default();
        let (steps, step_size) = (series.steps(), result.record.config.step_size.first);
        let misplaced = column("neurons_misplaced");
        let last = misplaced.iter().rposition(|count| *count > 0.0);
        let aligned = last.map_or(0, |row| row + 1);
        let log_loss = column("log_loss");
        let half = log_loss
            .first()
            .map_or(f64::NAN, |first| first - 2_f64.ln());
        let fallen = log_loss.iter().position(|log_loss| *log_loss <= half);
        // While weights grow like an exponential, so does what the loss has fallen by.
        let fallen = fallen.filter(|row| *row > 0).map(|row| {
            let fall = |log_loss: f64| (half + 2_f64.ln() - log_loss).max(1e-16).ln();
            let [before, after] = [row - 1, row].map(|row| fall(log_loss[row]));
            let share = (2_f64.ln().ln() - before) / (after - before);
            step_size * (steps[row - 1] + share * (steps[row] - steps[row - 1]))
        });
        Self {
            aligned: steps.get(aligned).map(|step| step_size * step),
            fallen,
        }
    }
}

/// A number among the settings of a run.
pub(super) fn setting(result: &StudyResult<'_>, key: &str) -> f64 {
    result.run.settings.number(key).unwrap_or(f64::NAN)
}

/// The rate at which aligned neurons grow, `‖Σ x_i‖` over the samples of one class, of equiangular
/// samples of norm 1: `√(k + k (k − 1) μ)` for `k = n/2`.
pub(super) fn growth_rate(samples: f64, cosine: f64) -> f64 {
    let of_class = samples / 2.0;
    (of_class * (1.0 + (of_class - 1.0) * cosine)).sqrt()
}

/// The stable rank of rows along the two class sums, of equal mass, of equiangular samples:
/// `2/(1 + kμ/(1 + (k − 1)μ))` for `k = n/2`.
pub(super) fn limiting_rank(samples: f64, cosine: f64) -> f64 {
    let of_class = samples / 2.0;
    2.0 / (1.0 + of_class * cosine / (1.0 + (of_class - 1.0) * cosine))
}

//! The settings that the studies start from.

use implicit_bias_lab::config::{Settings, Steps};
use implicit_bias_lab::study::{Effort, StudyRun};

/// Who makes the claims.
pub(super) const PAPER: &str = "Kou, Chen & Gu, NeurIPS 2023, arXiv:2310.18935";

/// The slope of leaky ReLU where it is not what varies.
pub(super) const SLOPE: f64 = 0.1;

/// The horizon of the studies. Everything here moves with `log t`: at 10⁵ steps verdicts mean
/// little.
pub(super) const HORIZON: f64 = 1e15;

/// The settings that all studies start from: one nearly orthogonal mixture, one initialization.
pub(super) fn base(effort: Effort) -> Settings {
    Settings::default()
        .with("synthetic", "mixture")
        .with("samples", 10)
        .with("dim", 2000)
        .with("signal", 1.0)
        .with("noise", 1.0)
        .with("init-scale", 1e-4)
        .with("width", effort.pick(20, 50))
        .with("step-size", 0.1)
        .with("steps", steps(HORIZON))
        .with("exact-steps", steps(effort.pick(1e5, 1e7)))
        .with("seed", 0)
}

/// The base settings in words.
pub(super) fn base_words(effort: Effort) -> String {
    let (width, exact) = effort.pick((20, "10⁵"), (50, "10⁷"));
    format!(
        "Gaussian mixture, n = 10, d = 2000, ‖μ‖ = 1, σ = 1; m = {width}, σ₀ = 10⁻⁴, η = 0.1, \
         T = 10¹⁵ in Gram coordinates, exact to {exact}, then in log time (this project's settings)"
    )
}

/// The settings of a sweep: the base ones, with fewer exact steps.
pub(super) fn sweep_base(effort: Effort) -> Settings {
    base(effort)
        .with("width", effort.pick(10, 50))
        .with("exact-steps", steps(effort.pick(1e4, 1e6)))
        .with("record", 10)
}

/// The sweep's settings in words, without what varies.
pub(super) fn sweep_words(effort: Effort, rest: &str, horizon: &str) -> String {
    let (width, exact) = effort.pick((10, "10⁴"), (50, "10⁶"));
    format!(
        "Gaussian mixture, n = 10, {rest}; m = {width}, η = 0.1, T = {horizon} in Gram \
         coordinates, exact to {exact}, then in log time (this project's settings)"
    )
}

pub(super) fn steps(number: f64) -> Steps {
    Steps::try_from(number).expect("studies ask for whole numbers of steps")
}

pub(super) fn relu(settings: Settings) -> Settings {
    settings.with("activation", "relu").without("slope")
}

pub(super) fn leaky_relu(settings: Settings, slope: f64) -> Settings {
    settings
        .with("activation", "leaky-relu")
        .with("slope", slope)
}

/// A run with ReLU or, given a slope, with leaky ReLU, in the panel of its activation.
pub(super) fn run_with(
    slope: Option<f64>,
    label: String,
    parameter: f64,
    settings: Settings,
) -> StudyRun {
    let (panel, settings) = match slope {
        Some(slope) => (leaky_panel(slope), leaky_relu(settings, slope)),
        None => ("ReLU".to_owned(), relu(settings)),
    };
    StudyRun {
        judged: true,
        panel,
        label,
        parameter,
        settings,
    }
}

/// The panel of a leaky ReLU run.
pub(super) fn leaky_panel(slope: f64) -> String {
    format!("leaky ReLU, γ = {slope}")
}

/// The two runs at the base settings, which several studies share.
pub(super) fn base_runs(effort: Effort) -> Vec<StudyRun> {
    let run = |panel: String, settings| StudyRun {
        judged: true,
        label: panel.clone(),
        panel,
        parameter: 0.0,
        settings,
    };
    vec![
        run(leaky_panel(SLOPE), leaky_relu(base(effort), SLOPE)),
        run("ReLU".to_owned(), relu(base(effort))),
    ]
}

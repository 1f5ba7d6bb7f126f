//! The settings that the studies share.

use implicit_bias_lab::config::{Settings, Steps};
use implicit_bias_lab::study::StudyRun;

/// Who makes the claims.
pub(super) const PAPER: &str = "Frei, Vardi, Bartlett, Srebro & Hu 2022, arXiv:2210.07082";

/// Neurons in all in the paper's figure (recalled).
pub(super) const NEURONS: usize = 512;

/// Samples in the paper's figure.
pub(super) const SAMPLES: usize = 100;

/// The slope `γ` (recalled).
pub(super) const SLOPE: f64 = 0.1;

/// The usual standard deviation `ω_TF = √(2/(m + d))` of `m` neurons in all (recalled).
pub(super) fn usual_deviation(neurons: usize, dim: usize) -> f64 {
    (2.0 / (neurons + dim) as f64).sqrt()
}

/// A network of so many neurons in all with output weights `±1/√m`.
pub(super) fn network(neurons: usize) -> Settings {
    Settings::default()
        .with("width", neurons / 2)
        .with("output-weight", 1.0 / (neurons as f64).sqrt())
        .with("slope", SLOPE)
}

/// The paper's clusters: `n` samples, means of length `d^0.26`, 15 % of the labels flipped.
pub(super) fn clusters(settings: Settings, samples: usize, dim: usize) -> Settings {
    settings
        .with("synthetic", "noisy-clusters")
        .with("samples", samples)
        .with("dim", dim)
}

pub(super) fn steps(number: f64) -> Steps {
    Steps::try_from(number).expect("studies ask for whole numbers of steps")
}

pub(super) fn run(
    panel: &str,
    label: impl Into<String>,
    parameter: f64,
    settings: Settings,
) -> StudyRun {
    StudyRun {
        judged: true,
        panel: panel.to_owned(),
        label: label.into(),
        parameter,
        settings,
    }
}

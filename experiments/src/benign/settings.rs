//! The settings that the studies share: those of the authors' code.

use implicit_bias_lab::config::Settings;
use implicit_bias_lab::study::StudyRun;

/// Who makes the claims.
pub(super) const PAPER: &str =
    "Karhadkar, George, Murray, Montúfar & Needell 2024, arXiv:2403.06903";

/// Neurons in all.
pub(super) const NEURONS: usize = 64;

/// The slope `α` of leaky ReLU where it is not what varies.
pub(super) const SLOPE: f64 = 0.1;

/// Fresh samples of a trial.
pub(super) const FRESH: u64 = 1000;

/// Steps after which a trial is given up.
const HORIZON: u64 = 100_000;

/// Output weights ±1, stop at zero errors.
pub(super) const ERRORS: &str = "outputs ±1, zero errors";

/// Output weights ±1, stop at zero hinge loss.
pub(super) const LOSS: &str = "outputs ±1, zero hinge loss";

/// All output weights −1, stop at zero errors.
pub(super) const NEGATIVE: &str = "all outputs −1, zero errors";

/// Output weights ±1.
pub(super) const BOTH_SIGNS: &str = "outputs ±1";

/// All output weights −1.
pub(super) const ALL_NEGATIVE: &str = "all outputs −1";

/// Where a trial stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// At zero training errors, as the authors' code does.
    ZeroErrors,
    /// At zero hinge loss, as the captions say.
    ZeroLoss,
}

impl Stop {
    fn name(self) -> &'static str {
        match self {
            Self::ZeroErrors => "zero-errors",
            Self::ZeroLoss => "zero-loss",
        }
    }
}

/// A trial of the authors' code: `n` samples in `d` dimensions, 64 neurons of outputs ±1, initial
/// weights `N(0, 1/(64² d))`, `η = 1/(64 n)`, labels flipped with probability 0.1.
pub(super) fn trial(samples: usize, dim: usize, stop: Stop, seed: u64) -> Settings {
    Settings::default()
        .with("synthetic", "signal-and-noise")
        .with("samples", samples)
        .with("dim", dim)
        .with("held-out", FRESH)
        .with("width", NEURONS / 2)
        .with("output-weight", 1.0)
        .with("slope", SLOPE)
        .with("loss", "hinge")
        .with("reduction", "sum")
        .with("init-scale", 1.0 / (NEURONS as f64 * (dim as f64).sqrt()))
        .with("step-size", 1.0 / (NEURONS * samples) as f64)
        .with("steps", HORIZON)
        .with("stop", stop.name())
        .with("record", 0)
        .with("seed", seed)
}

/// The same trial with all output weights −1.
pub(super) fn all_negative(trial: Settings) -> Settings {
    trial
        .with("network", "two-layer-negative")
        .with("width", NEURONS)
}

pub(super) fn run(panel: &str, label: String, parameter: f64, settings: Settings) -> StudyRun {
    StudyRun {
        judged: false,
        panel: panel.to_owned(),
        label,
        parameter,
        settings,
    }
}

/// A verdict for a cell of a table.
pub(super) fn word(verdict: implicit_bias_claims::Verdict) -> &'static str {
    use implicit_bias_claims::Verdict;
    match verdict {
        Verdict::Supported => "✓",
        Verdict::Refuted => "✗",
        Verdict::Inconclusive => "?",
    }
}

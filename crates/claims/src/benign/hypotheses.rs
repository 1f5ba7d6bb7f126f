//! The hypotheses of the theorems, measured on a run.

use implicit_bias_output::format_number;

use crate::hypotheses::{Hypotheses, Hypothesis, HypothesisStatus};
use crate::run::RunView;

/// Those of zero hinge loss and small weights.
pub(super) fn of_fit(slope: f64, run: &RunView<'_>) -> Hypotheses {
    Hypotheses::new(vec![
        separable(run),
        step_size(run),
        initialization(slope, run),
    ])
}

/// Those of benign overfitting: a strong signal and few flips, up to constants.
pub(super) fn of_benign(slope: f64, run: &RunView<'_>) -> Hypotheses {
    let (n, numbers) = (run.facts.samples.samples as f64, &run.facts.law.numbers);
    let flips = flips(run);
    let signal = numbers.get("signal-share").zip(flips);
    let signal = signal.map(|(signal, flips)| signal * flips);
    Hypotheses::new(vec![
        step_size(run),
        initialization(slope, run),
        up_to_a_constant(
            "signal",
            signal,
            "γ k, which the theorem wants above a constant",
        ),
        up_to_a_constant(
            "flips",
            flips.map(|flips| flips / (slope * slope * n)),
            "k/(α² n), which the theorem wants below a constant",
        ),
    ])
}

/// Those of harmful overfitting: a weak signal, up to a constant.
pub(super) fn of_harmful(slope: f64, run: &RunView<'_>) -> Hypotheses {
    let signal = run.facts.law.numbers.get("signal-share");
    let dim = run.facts.samples.dim as f64;
    Hypotheses::new(vec![
        step_size(run),
        initialization(slope, run),
        up_to_a_constant(
            "signal",
            signal.map(|signal| signal * dim / slope.powi(3)),
            "γ d/α³, which the theorem wants below a constant",
        ),
    ])
}

/// The number of flipped labels, or what it is on average.
fn flips(run: &RunView<'_>) -> Option<f64> {
    let numbers = &run.facts.law.numbers;
    let on_average = numbers.get("flip-rate");
    let on_average = on_average.map(|rate| rate * run.facts.samples.samples as f64);
    let exactly = numbers.get("flips").copied().filter(|flips| *flips > 0.0);
    exactly.or(on_average)
}

fn up_to_a_constant(name: &str, measured: Option<f64>, what: &str) -> Hypothesis {
    let sentence = match measured {
        Some(measured) => format!(
            "{} is {}; it names no constant.",
            what,
            format_number(measured)
        ),
        None => format!("{what}, is not known."),
    };
    Hypothesis {
        what: what.to_owned(),
        brief: format!("{name} (constant not named)"),
        phrase: format!("{name}, up to a constant that is not named"),
        ..Hypothesis::new(name, HypothesisStatus::Unknown, measured, sentence)
    }
}

fn separable(run: &RunView<'_>) -> Hypothesis {
    let margin = run.numbers.ok().and_then(|numbers| numbers.get("gamma_l2"));
    let known = run
        .numbers
        .ok()
        .and_then(|numbers| numbers.get("separable"));
    let (status, sentence) = match (margin, known) {
        (Some(margin), _) => (
            HypothesisStatus::Met,
            format!(
                "A linear classifier separates the samples: ‖w*‖ = {}.",
                format_number(1.0 / margin)
            ),
        ),
        (None, Some(&0.0)) => (
            HypothesisStatus::NotMet,
            "No linear classifier separates the samples.".to_owned(),
        ),
        _ => (
            HypothesisStatus::Unknown,
            "Whether a linear classifier separates the samples is not known.".to_owned(),
        ),
    };
    Hypothesis {
        what: "the largest margin of a linear classifier".to_owned(),
        ..Hypothesis::new("separable samples", status, margin.copied(), sentence)
    }
}

/// `η m n max‖x‖² ≤ 1`, with `n` samples and `2m` neurons.
fn step_size(run: &RunView<'_>) -> Hypothesis {
    let (samples, network) = (&run.facts.samples, &run.facts.network);
    let count = network.width as f64 * samples.samples as f64;
    let share = run.facts.descent.step_size * count * samples.r_max * samples.r_max;
    let status = if share <= 1.0 {
        HypothesisStatus::Met
    } else {
        HypothesisStatus::NotMet
    };
    let sentence = format!(
        "η is {} times 1/(m n max‖x‖²), of which the theorem asks at most 1.",
        format_number(share)
    );
    Hypothesis {
        what: "η m n max‖x‖²".to_owned(),
        brief: format!("step size {}", format_number(share)),
        phrase: format!("step size {} times the bound", format_number(share)),
        ..Hypothesis::new("step size", status, Some(share), sentence)
    }
}

/// `‖w_j(0)‖ ≤ √α/(m min‖x‖)`, by the typical norm `σ₀ √d`.
fn initialization(slope: f64, run: &RunView<'_>) -> Hypothesis {
    let (samples, network) = (&run.facts.samples, &run.facts.network);
    let bound = slope.sqrt() / (network.width as f64 * samples.r_min);
    let share = network
        .init_scale
        .map(|scale| scale * (samples.dim as f64).sqrt() / bound);
    let status = match share {
        Some(share) if share <= 1.0 => HypothesisStatus::Met,
        Some(_) => HypothesisStatus::NotMet,
        None => HypothesisStatus::Unknown,
    };
    let found = share.map_or("not known".to_owned(), format_number);
    let sentence = format!(
        "The typical norm σ₀ √d of a neuron's initial weights over √α/(m min‖x‖), of which the \
         theorem asks at most 1, is {found}."
    );
    Hypothesis {
        what: "σ₀ √d m min‖x‖/√α".to_owned(),
        brief: format!("initialization {found}"),
        phrase: format!("initialization {found} times the bound"),
        ..Hypothesis::new("initialization", status, share, sentence)
    }
}

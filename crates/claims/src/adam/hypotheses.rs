//! The hypotheses of the theorems on maximum margins, measured on a run.

use implicit_bias_output::format_number;
use implicit_bias_record::StepNorm;
use implicit_bias_scalar::Loss;

use crate::hypotheses::{Hypotheses, Hypothesis, HypothesisStatus};
use crate::run::{DescentFacts, RunView};

/// Those of the maximum margin over `‖w‖_∞`: Adam without `ε`, or sign descent, on all samples of
/// separable data, under step sizes that fall and have no finite sum.
pub(super) fn of_linf(run: &RunView<'_>) -> Hypotheses {
    let descent = &run.facts.descent;
    let is_one = descent.step_norm == StepNorm::Linf && descent.is_full_batch;
    let found = words(descent);
    let what = "Adam without ε or sign descent, on all samples";
    Hypotheses::new(vec![
        separable(run),
        named(is_one, "descent", &format!("{what}; here {found}."), &found),
        falling_steps(descent),
    ])
}

/// Those of the maximum margin over `‖w‖₂`: gradient descent, with momentum or normalized, on all
/// samples of separable data, at a step size that is small enough.
pub(super) fn of_l2(run: &RunView<'_>) -> Hypotheses {
    let descent = &run.facts.descent;
    let is_adam = descent.optimizer == "adam";
    let is_one = descent.step_norm == StepNorm::L2 && descent.is_full_batch && !is_adam;
    let found = words(descent);
    let what = "Gradient descent, with momentum or normalized, on all samples";
    Hypotheses::new(vec![
        separable(run),
        named(is_one, "descent", &format!("{what}; here {found}."), &found),
        small_steps(run),
    ])
}

fn words(descent: &DescentFacts) -> String {
    let epsilon = match descent.step_norm {
        StepNorm::L2 if descent.optimizer == "adam" => " with ε",
        _ => "",
    };
    let batch = if descent.is_full_batch {
        ""
    } else {
        " on batches"
    };
    format!("{}{epsilon}{batch}", descent.optimizer)
}

fn named(is_met: bool, name: &str, sentence: &str, phrase: &str) -> Hypothesis {
    let status = if is_met {
        HypothesisStatus::Met
    } else {
        HypothesisStatus::NotMet
    };
    Hypothesis {
        what: phrase.to_owned(),
        brief: phrase.to_owned(),
        phrase: phrase.to_owned(),
        ..Hypothesis::new(name, status, None, sentence)
    }
}

fn separable(run: &RunView<'_>) -> Hypothesis {
    let margin = run
        .numbers
        .ok()
        .and_then(|numbers| numbers.get("gamma_l2").copied());
    let (status, sentence) = match margin {
        Some(margin) => (
            HypothesisStatus::Met,
            format!(
                "Some weights separate the samples: the maximum margin over ‖w‖₂ is {}.",
                format_number(margin)
            ),
        ),
        None => (
            HypothesisStatus::Unknown,
            "Whether weights separate the samples is not known.".to_owned(),
        ),
    };
    Hypothesis {
        what: "the maximum margin over ‖w‖₂".to_owned(),
        ..Hypothesis::new("separable samples", status, margin, sentence)
    }
}

fn falling_steps(descent: &DescentFacts) -> Hypothesis {
    let (status, sentence, phrase) = match descent.step_decay {
        Some(decay) if decay > 1.0 => (
            HypothesisStatus::NotMet,
            "The step sizes have a finite sum.",
            "step sizes of a finite sum",
        ),
        Some(decay) if decay > 0.0 => (
            HypothesisStatus::Met,
            "The step sizes fall like a power of t and have no finite sum.",
            "step sizes",
        ),
        Some(_) => (
            HypothesisStatus::NotMet,
            "The step size is constant; the theorem asks for step sizes that fall.",
            "constant step size",
        ),
        None => (
            HypothesisStatus::Unknown,
            "The step sizes follow a rule of their own.",
            "step sizes",
        ),
    };
    Hypothesis {
        what: "the exponent a of η (t + t₀)^(−a)".to_owned(),
        brief: phrase.to_owned(),
        phrase: phrase.to_owned(),
        ..Hypothesis::new("step sizes", status, descent.step_decay, sentence)
    }
}

/// `η` over `8/R_max²`, twice the inverse of a bound of the Hessian of the mean logistic loss
/// (derived).
fn small_steps(run: &RunView<'_>) -> Hypothesis {
    let (descent, samples) = (&run.facts.descent, &run.facts.samples);
    let known = descent.is_plain
        && descent.loss == Loss::Logistic
        && !descent.is_sum
        && descent.step_decay == Some(0.0);
    let share = known.then(|| descent.step_size * samples.r_max * samples.r_max / 8.0);
    let status = match share {
        Some(share) if share <= 1.0 => HypothesisStatus::Met,
        Some(_) => HypothesisStatus::NotMet,
        None => HypothesisStatus::Unknown,
    };
    let sentence = match share {
        Some(share) => format!(
            "η is {} times 8/R_max², up to which no step raises the mean logistic loss (derived).",
            format_number(share)
        ),
        None => "No bound on the step sizes of this descent is known here.".to_owned(),
    };
    let phrase = match share {
        Some(share) => format!("step size {} times the bound", format_number(share)),
        None => "step size".to_owned(),
    };
    Hypothesis {
        is_of_paper: false,
        what: "η over 8/R_max², up to which descent is sure (derived)".to_owned(),
        phrase,
        ..Hypothesis::new("step size", status, share, sentence)
    }
}

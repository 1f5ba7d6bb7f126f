//! The hypotheses of the theorem on early alignment, measured on a run.

use super::early_run::EarlyRun;
use crate::hypotheses::{Hypotheses, Hypothesis, HypothesisStatus};
use crate::settings::{BALANCED, STAYS_BALANCED};
use crate::words::number;

/// Acute signed samples, balanced layers, small initial weights, and steps small enough for the
/// flow.
pub(super) fn hypotheses(run: &EarlyRun<'_>) -> Hypotheses {
    let first = |name: &str| run.column(name).and_then(|column| column.first().copied());
    let mu = first("signed_cosine_min").filter(|mu| mu.is_finite());
    Hypotheses::new(vec![
        acute(mu),
        balanced(first("imbalance"), first("norm_hidden")),
        small(run, mu, first("norm_hidden")),
        flow(run),
    ])
}

fn status(is_met: bool) -> HypothesisStatus {
    if is_met {
        HypothesisStatus::Met
    } else {
        HypothesisStatus::NotMet
    }
}

fn acute(mu: Option<f64>) -> Hypothesis {
    let (status, sentence) = match mu {
        Some(mu) => (
            status(mu > 0.0),
            format!(
                "The smallest cosine of two signed samples y_i x_i is μ = {}; the theorem asks for \
                 μ > 0.",
                number(mu)
            ),
        ),
        None => (
            HypothesisStatus::Unknown,
            "The smallest cosine of two signed samples is not known.".to_owned(),
        ),
    };
    let brief = mu.map_or("μ".to_owned(), |mu| format!("μ = {}", number(mu)));
    Hypothesis {
        what: "μ, the smallest cosine of two signed samples".to_owned(),
        phrase: brief.clone(),
        brief,
        ..Hypothesis::new("acute samples", status, mu, sentence)
    }
}

fn balanced(imbalance: Option<f64>, norm: Option<f64>) -> Hypothesis {
    let share = imbalance
        .zip(norm)
        .map(|(imbalance, norm)| imbalance / (norm * norm));
    let share = share.filter(|share| share.is_finite());
    let (status, sentence) = match share {
        Some(share) => (
            status(share <= BALANCED),
            format!(
                "Initially the largest |‖w_j‖² − v_j²| is {} of ‖W‖_F²; the theorem asks for 0.",
                number(share)
            ),
        ),
        None => (
            HypothesisStatus::Unknown,
            "Whether the initial layers are balanced is not known.".to_owned(),
        ),
    };
    Hypothesis {
        what: "the largest |‖w_j‖² − v_j²| over ‖W‖_F², initially".to_owned(),
        brief: "balance".to_owned(),
        phrase: "layers that are not balanced".to_owned(),
        ..Hypothesis::new("balanced layers", status, share, sentence)
    }
}

/// `log ε` against `−(n/√μ) log n − ½ log h`, with constants of 1 in the place of those that are
/// not stated: `ε` is the root mean square norm of the initial neurons.
fn small(run: &EarlyRun<'_>, mu: Option<f64>, norm: Option<f64>) -> Hypothesis {
    let facts = run.view.facts;
    let (samples, width) = (facts.samples.samples as f64, facts.network.width as f64);
    let known = mu
        .filter(|mu| *mu > 0.0)
        .zip(norm.filter(|norm| *norm > 0.0));
    let Some((mu, norm)) = known else {
        let sentence =
            "How small the initial weights must be is not known where μ is not positive.";
        let status = HypothesisStatus::Unknown;
        return Hypothesis {
            brief: "initial scale".to_owned(),
            phrase: "the initial scale".to_owned(),
            ..Hypothesis::new("small initial weights", status, None, sentence)
        };
    };
    let scale = (norm / width.sqrt()).log10();
    let bound =
        (-(samples / mu.sqrt()) * samples.ln() - 0.5 * width.ln()) / std::f64::consts::LN_10;
    let sentence = format!(
        "The initial neurons have a root mean square norm ε of 10^{}; the theorem asks for \
         ε = O(exp(−(n/√μ) log n)/√h), which is 10^{} with constants of 1 (the constants are not \
         known here).",
        number(scale),
        number(bound)
    );
    let words = format!("ε = 10^{:.1}, asked for 10^{:.1}", scale, bound).replace('-', "−");
    Hypothesis {
        what: "log₁₀ ε".to_owned(),
        brief: words.clone(),
        phrase: words,
        ..Hypothesis::new(
            "small initial weights",
            status(scale <= bound),
            Some(scale),
            sentence,
        )
    }
}

/// Gradient flow keeps the balance of the layers; steps do up to their size.
fn flow(run: &EarlyRun<'_>) -> Hypothesis {
    let imbalance = run.column("imbalance").unwrap_or_default();
    let norms = run.column("norm_hidden").unwrap_or_default();
    let first = imbalance.first().copied().unwrap_or(f64::NAN);
    let shares = imbalance.iter().zip(&norms);
    let shares = shares.map(|(imbalance, norm)| (imbalance - first).abs() / (norm * norm));
    let most = shares.fold(0.0, f64::max);
    Hypothesis {
        is_of_paper: false,
        what: "the largest change of max_j |‖w_j‖² − v_j²| over ‖W‖_F² (measure of ours)"
            .to_owned(),
        brief: "gradient flow".to_owned(),
        phrase: "steps that are no flow".to_owned(),
        ..Hypothesis::new(
            "gradient flow",
            status(most <= STAYS_BALANCED),
            Some(most),
            format!(
                "Gradient flow keeps ‖w_j‖² − v_j² of every neuron; on this run the largest of \
                 them changes by at most {} of ‖W‖_F² (this measure of small steps is derived \
                 here).",
                number(most)
            ),
        )
    }
}

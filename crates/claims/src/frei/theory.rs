//! Which runs the claims are about.

use implicit_bias_output::format_number;
use implicit_bias_record::Family;

use crate::frei::{ids, limit, rank};
use crate::hypotheses::{Hypotheses, Hypothesis, HypothesisStatus};
use crate::run::{RunFacts, RunView};
use crate::theory::{Judgement, Theory, withhold_unsound, write_hypotheses};

/// The claims of Frei, Vardi, Bartlett, Srebro & Hu.
pub const THEORY: Theory = Theory {
    name: "frei",
    source: "Frei, Vardi, Bartlett, Srebro & Hu (2022, arXiv:2210.07082)",
    claims: &[
        (
            ids::FIRST_STEP,
            "from a small initialization the first step lowers the stable rank",
        ),
        (
            ids::LASTING_RANK,
            "the stable rank is at most a constant from the first step on",
        ),
        (
            ids::TWO_DIRECTIONS,
            "leaky ReLU: in the limit one direction an output sign, so rank 2 at most",
        ),
        (
            ids::EQUAL_MARGINS,
            "leaky ReLU: in the limit all margins are equal",
        ),
    ],
    at_start: |_| Vec::new(),
    judge,
};

/// `a √(2m)` is 1 up to this: output weights `±1/√(2m)`.
const OUTPUT_WEIGHT: f64 = 1e-6;

/// The two-layer network with output weights `±1/√(2m)` and leaky ReLU, smoothed or not, under plain
/// gradient descent on the mean of the logistic or the exponential loss, with a constant step size.
fn judge(run: &RunView<'_>) -> Option<Judgement> {
    let (network, descent) = (&run.facts.network, &run.facts.descent);
    let slope = *network.numbers.get("slope").filter(|slope| **slope > 0.0)?;
    let output = network.numbers.get("output-weight")? * (2.0 * network.width as f64).sqrt();
    let applies = network.family == Family::TwoLayer
        && (output - 1.0).abs() <= OUTPUT_WEIGHT
        && descent.is_plain
        && !descent.is_sum
        && descent.step_decay == Some(0.0)
        && descent.loss.is_logistic_or_exponential();
    if !applies {
        return None;
    }
    let mut claims = rank::judge(run);
    if network.activation.is_some() {
        claims.extend(limit::judge(run));
    }
    withhold_unsound(run.end, &mut claims);
    // Of gradient descent on the smoothed activation the condition has another constant.
    let constant = if network.activation.is_some() {
        3.0 / slope.powi(3)
    } else {
        5.0 / slope.powi(2)
    };
    write_hypotheses(&near_orthogonality(constant, run.facts), &mut claims);
    Some(Judgement {
        claims,
        ..Judgement::default()
    })
}

/// `R_min² ≥ c (R_max/R_min)² n p`, as recalled: the paper's text was not at hand.
fn near_orthogonality(constant: f64, facts: &RunFacts) -> Hypotheses {
    let samples = &facts.samples;
    let ratio = samples.r_min * samples.r_min / (samples.samples as f64 * samples.p);
    let wanted = constant * (samples.r_max / samples.r_min).powi(2);
    let status = if ratio >= wanted {
        HypothesisStatus::Met
    } else {
        HypothesisStatus::NotMet
    };
    let found = if ratio.is_finite() {
        format_number(ratio)
    } else {
        "∞".to_owned()
    };
    let sentence = format!(
        "R_min²/(n p) is {found}; the theorem wants at least {} (a condition recalled, not verified \
         in the paper's text).",
        format_number(wanted)
    );
    Hypotheses::new(vec![Hypothesis {
        what: "R_min²/(n p) (condition recalled, unverified)".to_owned(),
        brief: format!("ratio {found}"),
        phrase: format!(
            "ratio {found} of {}, a condition recalled and not verified",
            format_number(wanted)
        ),
        ..Hypothesis::new("near-orthogonality", status, Some(ratio), sentence)
    }])
}

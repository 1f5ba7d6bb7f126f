//! Which runs the claims are about.

use implicit_bias_record::Family;

use crate::benign::hypotheses::{of_benign, of_fit, of_harmful};
use crate::benign::{error, fit, ids};
use crate::run::RunView;
use crate::theory::{Judgement, Theory, withhold_unsound, write_hypotheses};

/// The data law of the paper.
pub(super) const LAW: &str = "signal-and-noise";

/// The claims of Karhadkar, George, Murray, Montúfar & Needell.
pub const THEORY: Theory = Theory {
    name: "benign",
    source: "Karhadkar, George, Murray, Montúfar & Needell (2024, arXiv:2403.06903)",
    claims: &[
        (
            ids::ZERO_HINGE,
            "the hinge loss is zero after at most C‖w*‖²/(η α² m) steps",
        ),
        (ids::SMALL_WEIGHTS, "then ‖W‖_F is at most C‖w*‖/(α √m)"),
        (
            ids::BENIGN,
            "benign: noisy labels are fitted and few fresh samples misclassified",
        ),
        (
            ids::HARMFUL,
            "harmful: noisy labels are fitted and an eighth of fresh samples misclassified",
        ),
    ],
    at_start: |_| Vec::new(),
    judge,
};

/// The two-layer network with outputs `±1` and leaky ReLU, under plain gradient descent on the sum of
/// hinge losses with a constant step size.
fn judge(run: &RunView<'_>) -> Option<Judgement> {
    let (network, descent) = (&run.facts.network, &run.facts.descent);
    let slope = network.activation?.slope();
    let applies = network.family == Family::TwoLayer
        && network.numbers.get("output-weight") == Some(&1.0)
        && slope > 0.0
        && descent.is_plain
        && descent.is_sum
        && descent.step_decay == Some(0.0)
        && descent.loss.name() == "hinge";
    if !applies {
        return None;
    }
    let mut claims = Vec::new();
    // Of a run that stops at zero errors the hinge loss is not meant to be zero.
    if !run.facts.stops_at_zero_errors {
        let mut of_fit_claims = fit::judge(slope, run);
        withhold_unsound(run.end, &mut of_fit_claims);
        write_hypotheses(&of_fit(slope, run), &mut of_fit_claims);
        claims.extend(of_fit_claims);
    }
    if run.facts.law.name.as_deref() == Some(LAW) {
        let [mut benign, mut harmful] = error::judge(run).map(|claim| claim.map(|c| vec![c]));
        for (claims, hypotheses) in [
            (&mut benign, of_benign(slope, run)),
            (&mut harmful, of_harmful(slope, run)),
        ] {
            if let Some(claims) = claims {
                withhold_unsound(run.end, claims);
                write_hypotheses(&hypotheses, claims);
            }
        }
        claims.extend(benign.into_iter().chain(harmful).flatten());
    }
    (!claims.is_empty()).then(|| Judgement {
        claims,
        ..Judgement::default()
    })
}

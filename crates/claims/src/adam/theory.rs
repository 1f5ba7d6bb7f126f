//! The claims as a theory: which runs they are about.

use implicit_bias_record::{Family, StepNorm};

use crate::adam::hypotheses::{of_l2, of_linf};
use crate::adam::ids::{L2_MARGIN, LINF_MARGIN, LINF_RATE};
use crate::adam::linear_run::{LinearRun, Norm};
use crate::adam::{direction, rate};
use crate::run::RunView;
use crate::theory::{Judgement, Theory, withhold_unsound, write_hypotheses};

/// The claims on maximum margins of a linear network.
pub const THEORY: Theory = Theory {
    name: "adam",
    source: "Zhang, Zou & Cao (NeurIPS 2024, arXiv:2406.10650)",
    claims: &[
        (
            LINF_MARGIN,
            "Adam: the margin over ‖w‖_∞ tends to its maximum",
        ),
        (
            LINF_RATE,
            "Adam: its gap falls like a power of t for step sizes t^(−a), a < 1",
        ),
        (
            L2_MARGIN,
            "gradient descent: the margin over ‖w‖₂ tends to its maximum",
        ),
    ],
    at_start: |_| Vec::new(),
    judge,
};

fn judge(run: &RunView<'_>) -> Option<Judgement> {
    let descent = &run.facts.descent;
    if run.facts.network.family != Family::Linear || !descent.loss.is_exponentially_tailed() {
        return None;
    }
    let linear = LinearRun::new(run);
    let mut claims = vec![direction::judge(LINF_MARGIN, Norm::Linf, &linear)];
    let is_sign_like = descent.step_norm == StepNorm::Linf && descent.is_full_batch;
    if let Some(decay) = descent
        .step_decay
        .filter(|decay| is_sign_like && *decay <= 1.0)
    {
        claims.push(rate::judge(decay, &linear));
    }
    withhold_unsound(run.end, &mut claims);
    write_hypotheses(&of_linf(run), &mut claims);
    if !is_sign_like {
        let mut of_l2_norm = vec![direction::judge(L2_MARGIN, Norm::L2, &linear)];
        withhold_unsound(run.end, &mut of_l2_norm);
        write_hypotheses(&of_l2(run), &mut of_l2_norm);
        claims.extend(of_l2_norm);
    }
    Some(Judgement {
        claims,
        ..Judgement::default()
    })
}

//! The paper's claims as a theory: which runs they are about, and what they ask of one.

use implicit_bias_record::Family;
use implicit_bias_scalar::Activation;

use crate::kou::context::{ClaimContext, RankClaim};
use crate::kou::hypotheses::{Conditions, hypotheses};
use crate::kou::ids;
use crate::kou::judge::judge;
use crate::kou::regime::Regime;
use crate::run::{RunFacts, RunView};
use crate::theory::{Judgement, Theory, write_hypotheses};

/// The key of output weights other than those of the paper, `±1/m`.
const OUTPUT_WEIGHT: &str = "output-weight";

/// The claims of Kou, Chen & Gu.
pub const THEORY: Theory = Theory {
    name: "kou",
    source: "Kou, Chen & Gu (NeurIPS 2023, arXiv:2310.18935)",
    claims: &[
        (ids::LOSS, "the loss falls like 1/t"),
        (ids::NORM, "the weight norm grows like log t"),
        (ids::MARGINS, "all normalized margins become equal"),
        (
            ids::RANK_ONE,
            "leaky ReLU: each block's stable rank tends to 1",
        ),
        (
            ids::RANK_BOUNDED,
            "ReLU: each block's stable rank stays bounded",
        ),
        (
            ids::ALIGNMENT,
            "the activation pattern on same-sign samples comes to rest",
        ),
    ],
    at_start: |_| Vec::new(),
    judge: |run| {
        let conditions = Conditions::of(run.facts)?;
        let regime = Regime::of(&conditions, run.facts.descent.unit_roundoff, run.series);
        let mut claims = judge(run.series, run.margins, &context(run, &conditions));
        regime.withhold(&mut claims);
        write_hypotheses(&hypotheses(regime.conditions()), &mut claims);
        Some(Judgement {
            claims,
            notices: regime.notices(),
            outcome: regime.outcome_notices(),
        })
    },
};

impl Conditions {
    /// Those of a run that the theorems are about: the two-layer network with output weights
    /// `±1/m` and the logistic or the exponential loss, under plain gradient descent on the mean with
    /// a constant step size. The initial loss is not known.
    pub fn of(facts: &RunFacts) -> Option<Self> {
        let (samples, network, descent) = (&facts.samples, &facts.network, &facts.descent);
        let applies = network.family == Family::TwoLayer
            && !network.numbers.contains_key(OUTPUT_WEIGHT)
            && descent.is_plain
            && descent.step_decay == Some(0.0)
            && !descent.is_sum
            && descent.loss.is_logistic_or_exponential();
        Some(Self {
            samples: samples.samples,
            width: network.width,
            r_min: samples.r_min,
            r_max: samples.r_max,
            p: samples.p,
            activation: network.activation.filter(|_| applies)?,
            loss: descent.loss,
            init_scale: network.init_scale,
            step_size: descent.step_size,
            initial_loss: None,
        })
    }
}

/// What the claims need to know about a run besides its tables.
fn context(run: &RunView<'_>, conditions: &Conditions) -> ClaimContext {
    let rank_claim = if conditions.activation == Activation::RELU {
        RankClaim::Bounded
    } else {
        RankClaim::OnePerBlock
    };
    let samples = &run.facts.samples;
    ClaimContext {
        rank_claim: Some(rank_claim),
        blocks: run.facts.network.blocks.clone(),
        homogeneity: 1.0,
        end: run.end,
        prediction: Some(run.prediction.clone()),
        largest_rank: Some(conditions.width.min(samples.samples).min(samples.dim)),
    }
}

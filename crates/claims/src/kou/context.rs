//! What the verdicts need to know about a run besides its tables.

use implicit_bias_record::Prediction;

use crate::run::RunEnd;

/// Which claim about stable ranks applies to a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RankClaim {
    /// The stable rank of each block tends to 1 (leaky ReLU).
    OnePerBlock,
    /// The stable rank of each block stays bounded by a constant (ReLU).
    Bounded,
}

/// What the verdicts need to know about a run besides its tables.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimContext {
    /// The claim about stable ranks, if one applies.
    pub rank_claim: Option<RankClaim>,
    /// Names of the weight blocks, the endings of the columns `stable_rank_…`: `pos`, `neg`.
    pub blocks: Vec<String>,
    /// Degree `L` of homogeneity of the scores in the weights; margins are normalized by `‖W‖_F^L`.
    pub homogeneity: f64,
    /// How the run ended.
    pub end: RunEnd,
    /// The limit of the run, or why there is none; `None` where no program applies to the model.
    pub prediction: Option<Prediction>,
    /// The largest stable rank that a block's limit could have, `min(m, n, d)`, where that is
    /// known.
    pub largest_rank: Option<usize>,
}

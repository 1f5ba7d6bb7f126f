//! The claims on attention, by their identifiers.

use crate::claim::ClaimId;

/// The direction of the attention matrix tends to that of maximum margin.
pub const DIRECTION: ClaimId = ClaimId::new("attention-direction");

/// Its distance from there falls like `1/t`.
pub const RATE: ClaimId = ClaimId::new("attention-rate");

/// Attention to all but the best token falls exponentially in `t`.
pub const SPARSE: ClaimId = ClaimId::new("attention-sparse");

/// The norm grows linearly in `t`.
pub const NORM: ClaimId = ClaimId::new("attention-norm");

/// `‖W_ov‖` grows linearly in the steps of the first stage.
pub const OV_NORM: ClaimId = ClaimId::new("transformer-ov-norm");

/// The loss of the first stage falls exponentially.
pub const OV_LOSS: ClaimId = ClaimId::new("transformer-ov-loss");

/// `‖W_kq‖` grows linearly in the steps of the second stage.
pub const KQ_NORM: ClaimId = ClaimId::new("transformer-kq-norm");

/// The loss of the second stage falls exponentially to its infimum.
pub const KQ_LOSS: ClaimId = ClaimId::new("transformer-kq-loss");

/// The direction of `W_kq` tends to that of maximum margin.
pub const KQ_DIRECTION: ClaimId = ClaimId::new("transformer-kq-direction");

//! The claims of the paper, by the identifiers of the README's table.

use crate::claim::ClaimId;

/// The loss falls like `1/t`.
pub const LOSS: ClaimId = ClaimId::new("loss");

/// The weight norm grows like `log t`.
pub const NORM: ClaimId = ClaimId::new("norm");

/// All normalized margins become equal.
pub const MARGINS: ClaimId = ClaimId::new("margins");

/// Leaky ReLU: the stable rank of each block tends to 1.
pub const RANK_ONE: ClaimId = ClaimId::new("rank-one");

/// ReLU: the stable rank of each block stays bounded by a constant.
pub const RANK_BOUNDED: ClaimId = ClaimId::new("rank-bounded");

/// The activation pattern on same-sign samples stops changing.
pub const ALIGNMENT: ClaimId = ClaimId::new("alignment");

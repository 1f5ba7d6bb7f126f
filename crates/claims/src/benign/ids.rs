//! The claims, by their identifiers.

use crate::claim::ClaimId;

/// The hinge loss of all samples is zero soon.
pub const ZERO_HINGE: ClaimId = ClaimId::new("zero-hinge");

/// The weights stay small.
pub const SMALL_WEIGHTS: ClaimId = ClaimId::new("small-weights");

/// Noisy labels are fitted and fresh samples classified well.
pub const BENIGN: ClaimId = ClaimId::new("benign");

/// Noisy labels are fitted and fresh samples classified badly.
pub const HARMFUL: ClaimId = ClaimId::new("harmful");

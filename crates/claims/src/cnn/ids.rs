//! The claims on the filters of a convolution, by their identifiers.

use crate::claim::ClaimId;

/// The filters are along the signals, not along the noise.
pub const SIGNAL: ClaimId = ClaimId::new("filters-signal");

/// The stable rank of the filters follows that of the clean data, not that of all patches.
pub const FOLLOWS: ClaimId = ClaimId::new("filters-rank-follows");

/// The stable rank of the filters reaches the number of signals.
pub const REACHES: ClaimId = ClaimId::new("filters-rank-reaches");

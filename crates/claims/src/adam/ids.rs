//! The claims on maximum margins, by their identifiers.

use crate::claim::ClaimId;

/// The margin over `‖w‖_∞` tends to its maximum.
pub const LINF_MARGIN: ClaimId = ClaimId::new("linf-margin");

/// The gap of that margin falls like a power of `t`.
pub const LINF_RATE: ClaimId = ClaimId::new("linf-rate");

/// The margin over `‖w‖₂` tends to its maximum.
pub const L2_MARGIN: ClaimId = ClaimId::new("l2-margin");

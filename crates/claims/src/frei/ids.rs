//! The claims, by their identifiers.

use crate::claim::ClaimId;

/// The first step lowers the stable rank.
pub const FIRST_STEP: ClaimId = ClaimId::new("first-step-rank");

/// The stable rank stays low from the first step on.
pub const LASTING_RANK: ClaimId = ClaimId::new("lasting-low-rank");

/// In the limit all neurons of one output sign have one direction.
pub const TWO_DIRECTIONS: ClaimId = ClaimId::new("two-directions");

/// In the limit all margins are equal.
pub const EQUAL_MARGINS: ClaimId = ClaimId::new("equal-margins");

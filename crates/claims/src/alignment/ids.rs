//! The claims on early alignment, by their identifiers.

use crate::claim::ClaimId;

/// Every neuron is in the set of the sign of its outer weight, or dead, before the loss falls.
pub const EARLY_ALIGNMENT: ClaimId = ClaimId::new("early-alignment");

/// The stable rank of the hidden layer ends at 2 at most.
pub const EARLY_RANK: ClaimId = ClaimId::new("early-rank");

/// The loss falls like `O(1/t)`.
pub const EARLY_LOSS: ClaimId = ClaimId::new("early-loss");

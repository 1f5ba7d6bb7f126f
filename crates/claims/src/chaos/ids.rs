//! The claims on gradient descent at large steps, by their identifiers.

use crate::claim::ClaimId;

/// The largest `a` of a sample decides whether a run converges, goes on moving, or diverges.
pub const PHASE: ClaimId = ClaimId::new("large-step-phase");

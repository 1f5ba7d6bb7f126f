//! The claims on simplicity bias, by their identifiers.

use crate::claim::ClaimId;

/// Neurons end on the lines of the clusters of their class.
pub const CLUSTER_DIRECTIONS: ClaimId = ClaimId::new("cluster-directions");

/// Neurons near these lines further once all samples are classified rightly.
pub const BIAS_INTENSIFIES: ClaimId = ClaimId::new("bias-intensifies");

//! Shared flags of the experiments.

//! What all runs have in common.

use implicit_bias_lab::config::Settings;

/// Who makes the claims.
pub(super) const PAPER: &str = "Tsoy & Konstantinov, ICML 2024, arXiv:2405.17299";

/// What all runs share.
pub(super) fn base() -> Settings {
    Settings::default()
        .with("network", "two-layer-both")
        .with("activation", "relu")
        .with("neurons", true)
        .with("synthetic", "crossing-lines")
        .with("loss", "logistic")
}

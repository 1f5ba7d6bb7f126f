//! The neurons of wide networks in the plane, and the panels of their runs.

use std::f64::consts::PI;

use implicit_bias_lab::study::StudyResult;
use implicit_bias_model::Weights;

/// Clusters on the axes.
pub(super) const RIGHT: &str = "α = π/2";
/// Clusters on lines at 60°.
pub(super) const ACUTE: &str = "α = π/3";
/// Clusters on the axes, initial weights of other sizes.
pub(super) const SCALES: &str = "initial scale";
/// Shorter runs, whose neurons are shown on the way.
pub(super) const ON_THE_WAY: &str = "on the way";

/// A neuron in the plane: its direction, its size `|v_j| ‖w_j‖`, and the sign of its outer weight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neuron {
    /// In `[0, 2π)`.
    pub angle: f64,
    pub size: f64,
    pub is_positive: bool,
}

/// The neurons of a run at its end; none where its weights cannot be read.
pub(super) fn neurons(result: &StudyResult<'_>) -> Vec<Neuron> {
    let path = result.record.path.join("weights.safetensors");
    let Ok(weights) = Weights::from_safetensors(&path, &["hidden", "outer"]) else {
        return Vec::new();
    };
    let [(_, hidden), (_, outer)] = weights.blocks() else {
        return Vec::new();
    };
    let rows = hidden.rows().into_iter().zip(outer);
    rows.map(|(w, &v)| Neuron {
        angle: w[1].atan2(w[0]).rem_euclid(2.0 * PI),
        size: w[0].hypot(w[1]) * v.abs(),
        is_positive: v > 0.0,
    })
    .collect()
}

//! The claims as a theory: which runs they are about.

use implicit_bias_scalar::Loss;

use super::ids::{BIAS_INTENSIFIES, CLUSTER_DIRECTIONS};
use super::planar_run::PlanarRun;
use super::verdicts::{bias_intensifies, cluster_directions};
use crate::run::RunView;
use crate::settings::OPPOSITE_COSINE;
use crate::theory::{Judgement, Theory, withhold_unsound};

/// The claims on simplicity bias.
pub const THEORY: Theory = Theory {
    name: "simplicity",
    source: "Tsoy & Konstantinov (ICML 2024, arXiv:2405.17299)",
    claims: &[
        (
            CLUSTER_DIRECTIONS,
            "neurons end on the lines of the clusters of their class",
        ),
        (
            BIAS_INTENSIFIES,
            "they near them further once all samples are classified rightly",
        ),
    ],
    at_start: |_| Vec::new(),
    judge,
};

fn judge(run: &RunView<'_>) -> Option<Judgement> {
    let (network, descent) = (&run.facts.network, &run.facts.descent);
    let is_relu = network.activation.is_some_and(|phi| phi.slope() == 0.0);
    let is_network = network.name == "two-layer-both" && is_relu && run.facts.samples.dim == 2;
    let is_descent = descent.is_plain && descent.is_full_batch && descent.loss == Loss::Logistic;
    run.series.column("line_angle_95")?;
    let cosine = run.series.first("class_cosine_min")?;
    // Two clusters of one class on opposite sides of the origin.
    if !(is_network && is_descent && cosine < OPPOSITE_COSINE) {
        return None;
    }
    let planar = PlanarRun::new(run);
    let mut claims = vec![cluster_directions(&planar), bias_intensifies(&planar)];
    withhold_unsound(run.end, &mut claims);
    Some(Judgement {
        claims,
        ..Judgement::default()
    })
}

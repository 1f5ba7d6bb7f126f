//! Layers of equal norm, neuron by neuron.

use ndarray::Array2;

use super::law::InitialLaw;
use crate::random::initial_block;

/// `w_j` with independent entries `N(0, σ₀²)` and `v_j = ±‖w_j‖`, signs in turn from `+` on: half
/// of the neurons raise the score and half lower it.
///
/// Gradient flow keeps `‖w_j‖² − v_j² = 0`, so that `v_j` keeps its sign.
pub const BALANCED: InitialLaw = InitialLaw {
    name: "balanced",
    about: "`w_j` of entries `N(0, σ₀²)` and `v_j = ±‖w_j‖`, signs in turn (two-layer-both)",
    keys: &[],
    check: |_| Ok(()),
    draw: |blocks| {
        let [width, dim] = blocks.two_layers("balanced")?;
        let hidden = initial_block(width, dim, blocks.scale, blocks.seed, 0)?;
        let outer = Array2::from_shape_fn((1, width), |(_, neuron)| {
            let norm = norm_of(hidden.row(neuron).iter().copied());
            if neuron % 2 == 0 { norm } else { -norm }
        });
        Ok(vec![hidden, outer])
    },
    describe: |scale| format!("w_j ~ N(0, σ₀² I), v_j = ±‖w_j‖, σ₀ = {scale:?}"),
};

/// `‖w‖` without underflow of the squares: initial scales go down to 10⁻³⁰⁰.
pub(super) fn norm_of(entries: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = entries.clone().fold(0.0, |most: f64, w| most.max(w.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let squares: f64 = entries.map(|w| (w / largest) * (w / largest)).sum();
    largest * squares.sqrt()
}

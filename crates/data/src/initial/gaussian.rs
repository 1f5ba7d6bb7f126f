//! Independent Gaussian entries.

use super::law::InitialLaw;
use crate::random::initial_block;

/// Independent entries `N(0, σ₀²)` in every block.
pub const GAUSSIAN_WEIGHTS: InitialLaw = InitialLaw {
    name: "gaussian",
    about: "Independent entries `N(0, σ₀²)`",
    keys: &[],
    check: |_| Ok(()),
    draw: |blocks| {
        let shapes = blocks.shapes.iter().enumerate();
        shapes
            .map(|(block, (_, [rows, columns]))| {
                initial_block(*rows, *columns, blocks.scale, blocks.seed, block)
            })
            .collect()
    },
    describe: |scale| format!("N(0, σ₀²), σ₀ = {scale}"),
};

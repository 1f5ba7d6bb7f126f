//! Uniform entries, by the number of inputs.

use super::law::InitialLaw;
use crate::random::initial_uniform_block;

/// Independent entries, uniform on `±σ₀/√c` in a block of `c` columns.
///
/// With `σ₀ = 1` it is the law that linear layers of PyTorch begin with.
pub const UNIFORM_FAN_IN: InitialLaw = InitialLaw {
    name: "uniform-fan-in",
    about: "Independent entries, uniform on `±σ₀/√c` in a block of `c` columns; PyTorch's for σ₀ \
    = 1",
    keys: &[],
    check: |_| Ok(()),
    draw: |blocks| {
        let shapes = blocks.shapes.iter().enumerate();
        shapes
            .map(|(block, (_, [rows, columns]))| {
                let bound = blocks.scale / (*columns as f64).sqrt();
                initial_uniform_block(*rows, *columns, bound, blocks.seed, block)
            })
            .collect()
    },
    describe: |scale| format!("uniform on ±σ₀/√c, c the columns of a block, σ₀ = {scale:?}"),
};

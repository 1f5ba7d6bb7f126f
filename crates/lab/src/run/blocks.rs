//! The two blocks of the paper's network.

use implicit_bias_model::Weights;
use ndarray::ArrayView2;

/// `W_{+1}` and `W_{−1}`, if the weights are two blocks.
pub(crate) fn two_blocks(weights: &Weights) -> Option<[ArrayView2<'_, f64>; 2]> {
    match weights.blocks() {
        [(_, pos), (_, neg)] => Some([pos.view(), neg.view()]),
        _ => None,
    }
}

//! Whether a pattern that fits no weights looks like the last one.

use implicit_bias_data::Dataset;
use ndarray::{Array2, ArrayView2};

/// An earlier state must lie this factor of steps back, so that the change since then is no wiggle.
const BACK: f64 = 3.0;

/// A pair that would reach its kink after so many units of `log t` never does: 10³⁰⁰ steps are 690 of them.
const NEVER: f64 = 1e4;

/// Whether no same-sign pair (`y_i s_k = +1`) is on its way to its kink; `None` without a state to compare
/// with.
///
/// Weights move like `a + b log t` in the long run, or not at all (derived): where some samples are fitted
/// and others are not, the fitted ones go on to pull. So a pair with pre-activation `h` at step `T` and
/// `h₀` at the newest `earlier` step `T₀ ≤ T/3` moves by `b = (h − h₀)/log(T/T₀)` in a unit of `log t`, and
/// one that moves towards 0 is there after `|h/b|` units. It is no proof: `b` may change.
///
/// `state` and those before it are pre-activations `H = W Xᵀ`, `2m × n`, the positive block first.
pub(super) fn lasts(
    data: &Dataset,
    state: ArrayView2<'_, f64>,
    step: f64,
    earlier: &[(f64, Array2<f64>)],
) -> Option<bool> {
    let (before, old) = (earlier.iter().rev())
        .find(|(before, old)| *before > 0.0 && BACK * before <= step && old.dim() == state.dim())?;
    let span = (step / before).ln();
    let width = state.nrows() / 2;
    let leaves = |((neuron, sample), &h): ((usize, usize), &f64)| {
        let sign = if neuron < width { 1.0 } else { -1.0 };
        let towards = (old[[neuron, sample]] - h) * h.signum() / span;
        data.y()[sample] == sign && towards * NEVER > h.abs()
    };
    Some(!state.indexed_iter().any(leaves))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn only_a_same_sign_pair_that_nears_its_kink_leaves() {
        let data = Dataset::new(array![[1.0], [2.0]], array![1.0, -1.0]).unwrap();
        let state = array![[1.0, -2.0], [3.0, -1.0]];
        let with = |old: Array2<f64>| lasts(&data, state.view(), 1e5, &[(1e4, old)]);
        assert_eq!(with(state.clone()), Some(true));
        // Away from it, on either side.
        assert_eq!(with(array![[0.9, -2.0], [3.0, -0.5]]), Some(true));
        // Opposite-sign pairs may do as they like.
        assert_eq!(with(array![[1.0, -3.0], [4.0, -1.0]]), Some(true));
        assert_eq!(with(array![[1.1, -2.0], [3.0, -1.0]]), Some(false));
        assert_eq!(with(array![[1.0, -2.0], [3.0, -1.1]]), Some(false));
        // At a pace that takes longer than any run.
        assert_eq!(with(array![[1.0 + 1e-5, -2.0], [3.0, -1.0]]), Some(true));
    }

    #[test]
    fn nothing_is_known_without_a_state_far_enough_back() {
        let data = Dataset::new(array![[1.0], [2.0]], array![1.0, -1.0]).unwrap();
        let state = array![[1.0, -2.0], [3.0, -1.0]];
        for earlier in [vec![], vec![(0.0, state.clone()), (5e4, state.clone())]] {
            assert_eq!(lasts(&data, state.view(), 1e5, &earlier), None);
        }
    }
}

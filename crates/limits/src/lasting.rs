//! Whether a pattern that fits no weights looks like the last one.

use implicit_bias_gram::Problem;
use ndarray::{Array2, ArrayView2};

/// An earlier state must lie this factor of steps back, so that the change since then is no wiggle.
const BACK: f64 = 3.0;

/// A pair that would reach its kink after so many units of `log t` never does: 10³⁰⁰ steps are 690
/// of them.
const NEVER: f64 = 1e4;

/// Weights that converge move less than this share of the largest pre-activation in a decade; those
/// that grow like `log t` move by a share of about `1/log t` in every unit.
const SMALL: f64 = 0.01;

/// Weights that converge move by less than this share of what they moved in the decade before.
const SHRINKS: f64 = 0.1;

/// Whether no same-sign pair (`y_i s_k = +1`) is on its way to its kink; `None` without a state to
/// compare with, unless everything stands still.
///
/// Weights move like `a + b log t` in the long run, or converge (derived): where some samples are
/// fitted and others are not, the fitted ones go on to pull. Each of these is enough:
///
/// * everything stands still: at the pace of step `T`, `b = T (ΔH)_ki`, no same-sign pair reaches
///   its kink within `NEVER` units of `log t`;
/// * none moves towards its kink: with `h₀` at the newest `earlier` step `T₀ ≤ T/3`, a pair moves
///   by `b = (h − h₀)/log(T/T₀)` in a unit, which averages over neurons that slide at a kink;
/// * all converge: the largest move of a same-sign pair since `T₀` is small, and at most a tenth of
///   that between the state before and `T₀`, so that what is left is a ninth of it at most if it
///   goes on to shrink so; and every pair is farther than the whole of it from its kink.
///
/// It is no proof: `b` may change. `state` and those before it are pre-activations `H = W Xᵀ`, `2m
/// × n`.
pub(crate) fn lasts(
    problem: &Problem,
    state: ArrayView2<'_, f64>,
    step: f64,
    earlier: &[(f64, Array2<f64>)],
) -> Option<bool> {
    let pace = velocity(problem, state) * step;
    let stands = |towards: f64, h: f64| towards.abs() * NEVER <= h.abs();
    if all_pairs(problem, state, pace.view(), stands) {
        return Some(true);
    }
    let newest_before = |step: f64| {
        (earlier.iter().rev()).find(|(before, old)| {
            *before > 0.0 && BACK * before <= step && old.dim() == state.dim()
        })
    };
    let (before, old) = newest_before(step)?;
    if let Some((_, older)) = newest_before(*before) {
        let largest = |of: &dyn Fn((usize, usize)) -> f64| {
            let same = |(neuron, sample): &(usize, usize)| {
                problem.labels()[*sample] == problem.sign(*neuron)
            };
            let pairs = state.indexed_iter().map(|(pair, _)| pair).filter(same);
            pairs.map(|pair| of(pair).abs()).fold(0.0, f64::max)
        };
        let last = largest(&|pair| state[pair] - old[pair]);
        let earlier = largest(&|pair| old[pair] - older[pair]);
        let converge = last <= SHRINKS * earlier && last <= SMALL * largest(&|pair| state[pair]);
        if converge && all_pairs(problem, state, state, |_, h| h.abs() > last) {
            return Some(true);
        }
    }
    let pace = (&state - old) / (step / before).ln();
    let stays = |towards: f64, h: f64| towards * NEVER <= h.abs();
    Some(all_pairs(problem, state, pace.view(), stays))
}

/// Whether every same-sign pair passes, given how much it moves towards its kink in a unit, and its
/// pre-activation.
fn all_pairs(
    problem: &Problem,
    state: ArrayView2<'_, f64>,
    pace: ArrayView2<'_, f64>,
    passes: impl Fn(f64, f64) -> bool,
) -> bool {
    state.indexed_iter().all(|((neuron, sample), &h)| {
        problem.labels()[sample] != problem.sign(neuron)
            || passes(-pace[[neuron, sample]] * h.signum(), h)
    })
}

/// What one step changes in the pre-activations, `ΔH_ki = (η/(nm)) s_k Σ_j D_kj y_j g_j G_ji`.
fn velocity(problem: &Problem, state: ArrayView2<'_, f64>) -> Array2<f64> {
    let pulls: Vec<f64> = (problem.margins(state).into_iter().zip(problem.labels()))
        .map(|(margin, label)| problem.rate() * label * problem.loss().slope(margin))
        .collect();
    let coefficients = Array2::from_shape_fn(state.dim(), |(neuron, sample)| {
        let slope = problem.activation().derivative(state[[neuron, sample]]);
        problem.sign(neuron) * slope * pulls[sample]
    });
    coefficients.dot(&problem.gram())
}

#[cfg(test)]
mod tests {
    use super::*;
    use implicit_bias_data::Dataset;
    use implicit_bias_scalar::{Activation, Loss};
    use ndarray::array;

    /// Two orthogonal samples, a neuron a block.
    fn problem() -> Problem {
        let data = Dataset::new(array![[1.0, 0.0], [0.0, 2.0]], array![1.0, -1.0]).unwrap();
        Problem::new(&data, 1, Activation::RELU, Loss::Logistic, 0.1).unwrap()
    }

    #[test]
    fn only_a_same_sign_pair_that_nears_its_kink_leaves() {
        let (problem, state) = (problem(), array![[1.0, -2.0], [3.0, -1.0]]);
        let with = |old: Array2<f64>| lasts(&problem, state.view(), 1e5, &[(1e4, old)]);
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
    fn nothing_is_known_without_a_state_far_enough_back_unless_all_stands_still() {
        let (problem, state) = (problem(), array![[1.0, -2.0], [3.0, -1.0]]);
        for earlier in [vec![], vec![(0.0, state.clone()), (5e4, state.clone())]] {
            assert_eq!(lasts(&problem, state.view(), 1e5, &earlier), None);
        }
        // Dead, but for a sample with a margin so large that it pulls no more.
        let still = array![[900.0, -2.0], [-3.0, -1.0]];
        assert_eq!(lasts(&problem, still.view(), 1e5, &[]), Some(true));
    }

    /// Moves of 0.1, then of 0.001, towards the kink: converging, unless a pair is nearer to its
    /// kink than that.
    #[test]
    fn pairs_that_converge_stay() {
        let problem = problem();
        let with = |h: f64| {
            let state = array![[h, -2.0], [3.0, -1.0]];
            let moved = |by: f64| &state + &array![[by, 0.0], [0.0, -by]];
            let earlier = [(1e3, moved(0.101)), (1e4, moved(0.001))];
            lasts(&problem, state.view(), 1e5, &earlier)
        };
        assert_eq!(
            [1.0, 1e-2, 1e-4].map(with),
            [Some(true), Some(true), Some(false)]
        );
        let state = array![[1.0, -2.0], [3.0, -1.0]];
        let slower = [(1e3, &state + 0.002), (1e4, &state + 0.001)];
        assert_eq!(lasts(&problem, state.view(), 1e5, &slower), Some(false));
    }

    /// The step by finite differences of `H`: sample 0 pulls neuron 0, sample 1 pushes on neuron 0.
    #[test]
    fn the_velocity_is_that_of_a_step_of_gradient_descent() {
        let (problem, state) = (problem(), array![[1.0, 0.5], [3.0, -1.0]]);
        let [q, p] = [1.0 - 3.0, -0.5_f64];
        let g = |q: f64| 1.0 / (1.0 + q.exp());
        // η/(nm) = 0.05, squared norms 1 and 4.
        let expected = array![[0.05 * g(q), -0.05 * 4.0 * g(p)], [-0.05 * g(q), 0.0]];
        let found = velocity(&problem, state.view());
        assert!((found - expected).iter().all(|error| error.abs() < 1e-15));
    }
}

//! The maximum margin of a linear network in the maximum norm.

use ndarray::{Array1, ArrayView2};

use super::active_set::{Pair, indices};
use super::inseparable::prove;
use super::interior_point::linear_program;
use super::outcome::{Inseparable, MarginOutcome, Uniqueness};
use super::samples::SignedSamples;
use super::uniqueness::{Activity, of_multipliers, of_weights};
use super::vertex::polish;

/// The largest [`MarginLinf::kkt_residual`] of an answer.
const ACCEPTED_RESIDUAL: f64 = 1e-8;

/// Weights of maximum margin in the maximum norm, `γ∞* = max_w min_i ⟨z_i, w⟩ / ‖w‖_∞`.
///
/// It equals the smallest `‖Σ_i p_i z_i‖_1` over the simplex, `p ≥ 0`, `Σ_i p_i = 1`: the duality
/// of linear programs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MarginLinf {
    /// `γ∞*`, as the smallest margin of [`weights`](Self::weights).
    pub gamma_linf: f64,
    /// Weights `w*` of this margin, `d`, with `‖w*‖_∞ = 1`.
    pub weights: Array1<f64>,
    /// Multipliers `p*` of the samples, `n`, nonnegative with sum 1.
    pub multipliers: Array1<f64>,
    /// The active samples `A`, rising: `⟨z_i, w*⟩ = γ∞*`, to a relative `10⁻⁹`.
    pub active: Vec<usize>,
    /// The free coordinates `F`, rising: `|w*_k| < 1 − 10⁻⁹`.
    pub free: Vec<usize>,
    /// Whether `w*` is the only solution.
    pub unique: Uniqueness,
    /// Whether `p*` is the only solution of the dual.
    pub multipliers_unique: Uniqueness,
    /// `‖Σ_i p*_i z_i‖_1 − min_i ⟨z_i, w*⟩`, recomputed, which bounds the error of `γ∞*`.
    pub duality_gap: f64,
    /// The largest `p*_i (⟨z_i, w*⟩ − γ∞*) / γ∞*` and `|u_k| (1 − sign(u_k) w*_k) / γ∞*`,
    /// `u = Σ_i p*_i z_i`, recomputed; weights and multipliers are feasible by construction.
    pub kkt_residual: f64,
    /// The margin of the same weights in the Euclidean norm, `min_i ⟨z_i, w*⟩ / ‖w*‖_2`.
    pub gamma_l2_of_w_linf: f64,
}

impl MarginLinf {
    /// The numbers among the results, by the names of their columns.
    pub fn columns(&self) -> [(&'static str, f64); 6] {
        [
            ("gamma_linf", self.gamma_linf),
            ("gamma_l2_of_w_linf", self.gamma_l2_of_w_linf),
            ("active_samples", self.active.len() as f64),
            ("free_coordinates", self.free.len() as f64),
            ("duality_gap_linf", self.duality_gap),
            ("kkt_residual", self.kkt_residual),
        ]
    }
}

/// Weights of maximum margin in the maximum norm, or a proof that there are none.
///
/// The linear program `max γ` over `⟨z_i, w⟩ ≥ γ`, `‖w‖_∞ ≤ 1` is solved by an interior-point
/// method, and then exactly, to rounding, for the constraints that are active there.
///
/// ```
/// use implicit_bias_limits::linear::{SignedSamples, Uniqueness, max_margin_linf};
/// use ndarray::array;
///
/// let samples = SignedSamples::new(array![[3.0, 1.0], [-1.0, 2.0]])?;
/// let limit = max_margin_linf(&samples).separable().expect("these are separable");
/// // Both margins are equal at w = (1/4, 1): 3/4 + 1 = 2 − 1/4.
/// assert!((limit.gamma_linf - 1.75).abs() < 1e-14);
/// assert!((limit.weights[0] - 0.25).abs() < 1e-14 && limit.weights[1] == 1.0);
/// assert_eq!((limit.unique, &limit.free[..]), (Uniqueness::Unique, &[0][..]));
/// # Ok::<(), implicit_bias_limits::linear::LinearError>(())
/// ```
pub fn max_margin_linf(samples: &SignedSamples) -> MarginOutcome<MarginLinf> {
    if let Some(zero) = samples.zero_sample() {
        let mut combination = vec![0.0; samples.samples()];
        combination[zero] = 1.0;
        return MarginOutcome::Inseparable(Inseparable {
            combination,
            margin_bound: 0.0,
            exact: true,
        });
    }
    let (rows, scale) = samples.scaled();
    let rows = rows.view();
    let point = match linear_program(rows) {
        Ok(point) => point,
        Err(reason) => return MarginOutcome::NotSolved(reason),
    };
    let Some(pair) = polish(rows, &point) else {
        return MarginOutcome::NotSolved("the solver gave no finite weights".into());
    };
    if separates(rows, &pair) {
        let limit = describe(rows, &pair, scale);
        return if limit.kkt_residual <= ACCEPTED_RESIDUAL {
            MarginOutcome::Separable(limit)
        } else {
            MarginOutcome::NotSolved(format!(
                "weights with a positive margin exist, but the largest is only known to lie \
                 between {:e} and {:e}",
                limit.gamma_linf,
                limit.gamma_linf + limit.duality_gap
            ))
        };
    }
    let combinations = [&point.multipliers, &pair.multipliers];
    let found = combinations.into_iter().find_map(|p| prove(rows, p.view()));
    match found {
        Some(mut proof) => {
            proof.margin_bound *= scale;
            MarginOutcome::Inseparable(proof)
        }
        None => MarginOutcome::NotSolved(format!(
            "the normalized margin of any weights is at most {:e}, and none with a positive one \
             were found",
            pair.dual(rows) * scale
        )),
    }
}

/// Whether every margin of a pair's weights is positive beyond its rounding.
fn separates(rows: ArrayView2<'_, f64>, pair: &Pair) -> bool {
    let terms = rows.ncols() as f64 + 2.0;
    rows.rows().into_iter().all(|row| {
        let size = row.iter().zip(&pair.weights).map(|(z, w)| (z * w).abs());
        row.dot(&pair.weights) > terms * f64::EPSILON * size.sum::<f64>()
    })
}

fn describe(rows: ArrayView2<'_, f64>, pair: &Pair, scale: f64) -> MarginLinf {
    let margin = pair.primal(rows);
    let activity = Activity::of(rows, pair, margin);
    let margins = rows.dot(&pair.weights);
    let total = rows.t().dot(&pair.multipliers);
    let of_samples = (pair.multipliers.iter().zip(&margins)).map(|(p, q)| p * (q - margin));
    let of_bounds = (total.iter().zip(&pair.weights)).map(|(u, w)| u.abs() - u * w);
    let only = |decide: &dyn Fn() -> Uniqueness| match pair.is_exact(rows) {
        true => decide(),
        false => Uniqueness::CannotTell,
    };
    let violation = of_samples.chain(of_bounds).fold(0.0, f64::max);
    MarginLinf {
        gamma_linf: margin * scale,
        unique: only(&|| of_weights(rows, pair, margin, &activity)),
        multipliers_unique: only(&|| of_multipliers(rows, pair, margin, &activity)),
        duality_gap: pair.gap(rows) * scale,
        kkt_residual: violation / margin,
        gamma_l2_of_w_linf: margin * scale / pair.weights.dot(&pair.weights).sqrt(),
        active: indices(&activity.active),
        free: indices(&activity.free),
        weights: pair.weights.clone(),
        multipliers: pair.multipliers.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// Weights and multipliers that are far from optimal, by hand: margins 4, 1, pulls 1, 3/2.
    #[test]
    fn residuals_are_those_of_the_pair() {
        let rows = array![[3.0, 1.0], [-1.0, 2.0]];
        let pair = Pair {
            weights: array![1.0, 1.0],
            multipliers: array![0.5, 0.5],
        };
        let limit = describe(rows.view(), &pair, 2.0);
        assert_eq!((limit.gamma_linf, limit.duality_gap), (2.0, 3.0));
        assert_eq!(limit.kkt_residual, 1.5);
        assert_eq!(limit.unique, Uniqueness::CannotTell);
        let pair = Pair {
            weights: array![-0.5, 1.0],
            multipliers: array![0.5, 0.5],
        };
        // Margins −1/2 and 5/2: no weights that separate.
        assert!(!separates(rows.view(), &pair));
    }
}

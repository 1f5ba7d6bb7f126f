//! The maximum margin of a linear network in the Euclidean norm.

use ndarray::{Array1, ArrayView1, ArrayView2, Axis};

use super::active_set::indices;
use super::dense::{Decomposition, Rank};
use super::interior_point::{InteriorPoint, quadratic_program};
use super::margin_linf::max_margin_linf;
use super::outcome::{MarginOutcome, Uniqueness};
use super::samples::SignedSamples;

/// The largest [`MarginL2::kkt_residual`] of an answer.
const ACCEPTED_RESIDUAL: f64 = 1e-8;

/// Rounds that may be spent for each sample and each coordinate.
const MAX_ROUNDS_EACH: usize = 10;

/// Multiplications that may be spent on finding the active samples: seconds.
const MAX_PRODUCTS: f64 = 3e10;

/// Margins of 1 are below it by no more than this.
const ROUNDING: f64 = 1e-13;

/// Rounds of refinement of each solve.
const REFINEMENTS: usize = 3;

/// Weights of maximum margin in the Euclidean norm, `γ2* = max_w min_i ⟨z_i, w⟩ / ‖w‖_2`.
///
/// It equals the smallest `‖Σ_i p_i z_i‖_2` over the simplex, the distance of the samples' convex
/// hull from the origin. The weights are unique, as the norm is strictly convex.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MarginL2 {
    /// `γ2*`, as the smallest margin of [`weights`](Self::weights).
    pub gamma_l2: f64,
    /// The direction `w*` of this margin, `d`, with `‖w*‖_2 = 1`.
    pub weights: Array1<f64>,
    /// Multipliers `p*` of the samples, `n`, nonnegative with sum 1, `Σ_i p*_i z_i = γ2* w*`.
    ///
    /// Those of `min ½ ‖w‖²` over `⟨z_i, w⟩ ≥ 1` are `p*_i / γ2*²`.
    pub multipliers: Array1<f64>,
    /// The active samples, rising: `⟨z_i, w*⟩ = γ2*`, to a relative `10⁻⁹`.
    pub active: Vec<usize>,
    /// Whether `p*` is the only solution of the dual, as is sure where active samples are
    /// affinely independent; never [`Uniqueness::NotUnique`].
    pub multipliers_unique: Uniqueness,
    /// `‖Σ_i p*_i z_i‖_2 − min_i ⟨z_i, w*⟩`, recomputed, which bounds the error of `γ2*`.
    pub duality_gap: f64,
    /// The largest `p*_i (⟨z_i, w*⟩ − γ2*) / γ2*` and `|Σ_i p*_i z_ik − γ2* w*_k| / γ2*`,
    /// recomputed; weights and multipliers are feasible by construction.
    pub kkt_residual: f64,
    /// The margin of the same weights in the maximum norm, `min_i ⟨z_i, w*⟩ / ‖w*‖_∞`.
    pub gamma_linf_of_w_l2: f64,
}

impl MarginL2 {
    /// The numbers among the results, by the names of their columns.
    pub fn columns(&self) -> [(&'static str, f64); 5] {
        [
            ("gamma_l2", self.gamma_l2),
            ("gamma_linf_of_w_l2", self.gamma_linf_of_w_l2),
            ("active_samples", self.active.len() as f64),
            ("duality_gap_l2", self.duality_gap),
            ("kkt_residual", self.kkt_residual),
        ]
    }
}

/// Weights of maximum margin in the Euclidean norm, or a proof that there are none.
///
/// Separability is decided by [`max_margin_linf`]. The program `min ½ ‖w‖²` over `⟨z_i, w⟩ ≥ 1` is
/// then solved by an interior-point method, and exactly, to rounding, for the samples that are
/// active there.
///
/// ```
/// use implicit_bias_limits::linear::{SignedSamples, max_margin_l2};
/// use ndarray::array;
///
/// let samples = SignedSamples::new(array![[3.0, 1.0], [-1.0, 2.0]])?;
/// let limit = max_margin_l2(&samples).separable().expect("these are separable");
/// // The distance of the line through both from the origin: (3·2 + 1·1) / ‖(4, −1)‖.
/// assert!((limit.gamma_l2 - 7.0 / 17f64.sqrt()).abs() < 1e-14);
/// # Ok::<(), implicit_bias_limits::linear::LinearError>(())
/// ```
pub fn max_margin_l2(samples: &SignedSamples) -> MarginOutcome<MarginL2> {
    let scale = match max_margin_linf(samples) {
        MarginOutcome::Separable(limit) => limit.gamma_linf,
        MarginOutcome::Inseparable(proof) => return MarginOutcome::Inseparable(proof),
        MarginOutcome::NotSolved(reason) => return MarginOutcome::NotSolved(reason),
    };
    // Weights of norm 1 to √d fit these.
    let rows = &samples.rows() / scale;
    let point = match quadratic_program(rows.view()) {
        Ok(point) => point,
        Err(reason) => return MarginOutcome::NotSolved(reason),
    };
    let Some(pair) = polish(rows.view(), &point) else {
        return MarginOutcome::NotSolved("the solver gave no finite weights".into());
    };
    let limit = describe(rows.view(), pair, scale);
    if limit.kkt_residual <= ACCEPTED_RESIDUAL {
        MarginOutcome::Separable(limit)
    } else {
        let known = if limit.gamma_l2 > 0.0 {
            "weights with a positive margin exist, but the largest"
        } else {
            "the largest margin"
        };
        MarginOutcome::NotSolved(format!(
            "{known} is only known to lie between {:e} and {:e}",
            limit.gamma_l2,
            limit.gamma_l2 + limit.duality_gap
        ))
    }
}

/// Weights of norm 1 and multipliers of sum 1.
#[derive(Clone)]
struct Pair {
    weights: Array1<f64>,
    multipliers: Array1<f64>,
}

impl Pair {
    fn feasible(weights: Array1<f64>, multipliers: Array1<f64>) -> Option<Self> {
        let norm = weights.dot(&weights).sqrt();
        let multipliers = multipliers.mapv_into(|p| p.max(0.0));
        let total = multipliers.sum();
        let usable = |x: f64| x > 0.0 && x.is_finite();
        (usable(norm) && usable(total)).then(|| Self {
            weights: weights / norm,
            multipliers: multipliers / total,
        })
    }

    fn primal(&self, rows: ArrayView2<'_, f64>) -> f64 {
        rows.dot(&self.weights)
            .fold(f64::INFINITY, |a, &b| a.min(b))
    }

    fn gap(&self, rows: ArrayView2<'_, f64>) -> f64 {
        let total = rows.t().dot(&self.multipliers);
        total.dot(&total).sqrt() - self.primal(rows)
    }

    /// The residual of [`MarginL2::kkt_residual`].
    fn residual(&self, rows: ArrayView2<'_, f64>) -> f64 {
        let margin = self.primal(rows);
        let margins = rows.dot(&self.weights);
        let total = rows.t().dot(&self.multipliers);
        let of_samples = (self.multipliers.iter().zip(&margins)).map(|(p, q)| p * (q - margin));
        let of_weights = (total.iter().zip(&self.weights)).map(|(u, w)| (u - margin * w).abs());
        let violation = of_samples.chain(of_weights).fold(0.0, f64::max);
        if margin > 0.0 {
            violation / margin
        } else {
            f64::INFINITY
        }
    }
}

/// The pair of smallest residual among the given one and those that satisfy with equality what
/// seems active in it, revised by the rule of Lawson and Hanson until all signs are right.
///
/// Multipliers go towards those of the active samples until one of them vanishes, and its sample is
/// given up; where none does, the sample with the smallest margin joins.
fn polish(rows: ArrayView2<'_, f64>, point: &InteriorPoint) -> Option<Pair> {
    let mut best = Pair::feasible(point.weights.clone(), point.multipliers.clone())?;
    let typical = point.multipliers.sum() / rows.nrows() as f64;
    let mut active: Vec<bool> = (point.multipliers.iter().zip(&point.slacks))
        .map(|(multiplier, slack)| *multiplier > *slack * typical)
        .collect();
    let mut current = point.multipliers.clone();
    let mut products = 0.0;
    for _ in 0..MAX_ROUNDS_EACH * (rows.nrows() + rows.ncols()) {
        let support = indices(&active);
        let [count, dim] = [support.len() as f64, rows.ncols() as f64];
        products += 20.0 * count * dim * count.min(dim) + 10.0 * rows.len() as f64;
        if products > MAX_PRODUCTS {
            break;
        }
        let Some((weights, multipliers)) = solve(rows, &active, current.view()) else {
            break;
        };
        let towards = |i: &usize| current[*i] / (current[*i] - multipliers[*i]);
        let vanishing = (support.iter().filter(|&&i| multipliers[i] <= 0.0))
            .min_by(|a, b| towards(a).total_cmp(&towards(b)));
        if let Some(&i) = vanishing {
            let share = towards(&i).clamp(0.0, 1.0);
            current = &current + &((&multipliers - &current) * share);
            active[i] = false;
            continue;
        }
        current.clone_from(&multipliers);
        let margins = rows.dot(&weights);
        let Some(found) = Pair::feasible(weights, multipliers) else {
            break;
        };
        if found.residual(rows) < best.residual(rows) {
            best = found;
        }
        let loose = (0..margins.len()).filter(|&i| !active[i] && margins[i] < 1.0 - ROUNDING);
        match loose.min_by(|&a, &b| margins[a].total_cmp(&margins[b])) {
            Some(i) => active[i] = true,
            None => break,
        }
    }
    Some(best)
}

/// The least-norm weights with margin 1 on active samples, and multipliers nearest to `near` with
/// `Σ_i α_i z_i = w`.
fn solve(
    rows: ArrayView2<'_, f64>,
    active: &[bool],
    near: ArrayView1<'_, f64>,
) -> Option<(Array1<f64>, Array1<f64>)> {
    let support = indices(active);
    let chosen = rows.select(Axis(0), &support);
    let inverse = Decomposition::of(chosen.view())?;
    let mut weights = Array1::zeros(rows.ncols());
    let mut multipliers = near.select(Axis(0), &support);
    for _ in 0..REFINEMENTS {
        weights += &inverse.solve((1.0 - chosen.dot(&weights)).view());
    }
    for _ in 0..REFINEMENTS {
        let missing = &weights - &chosen.t().dot(&multipliers);
        multipliers += &inverse.solve_transposed(missing.view());
    }
    let mut all = Array1::zeros(rows.nrows());
    for (&i, multiplier) in support.iter().zip(multipliers) {
        all[i] = multiplier;
    }
    Some((weights, all))
}

fn describe(rows: ArrayView2<'_, f64>, pair: Pair, scale: f64) -> MarginL2 {
    let margin = pair.primal(rows);
    let margins = rows.dot(&pair.weights);
    let active: Vec<usize> = (0..margins.len())
        .filter(|&i| margins[i] - margin <= 1e-9 * margin)
        .collect();
    // With equal margins, independent and affinely independent are the same.
    let rank = Decomposition::of(rows.select(Axis(0), &active).view()).map(|of| of.row_rank());
    let largest = pair.weights.iter().fold(0.0, |a: f64, w| a.max(w.abs()));
    MarginL2 {
        gamma_l2: margin * scale,
        active,
        multipliers_unique: match rank {
            Some(Rank::Full) => Uniqueness::Unique,
            _ => Uniqueness::CannotTell,
        },
        duality_gap: pair.gap(rows) * scale,
        kkt_residual: pair.residual(rows),
        gamma_linf_of_w_l2: margin * scale / largest,
        weights: pair.weights,
        multipliers: pair.multipliers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// Weights and multipliers that are far from optimal, by hand: margins 3 and 1, pulls 3/4, 5/4.
    #[test]
    fn residuals_are_those_of_the_pair() {
        let pair = Pair {
            weights: array![0.0, 1.0],
            multipliers: array![0.75, 0.25],
        };
        let rows = array![[1.0, 3.0], [0.0, 1.0]];
        let limit = describe(rows.view(), pair, 2.0);
        assert_eq!(limit.gamma_l2, 2.0);
        assert!((limit.duality_gap - 2.0 * (6.8125f64.sqrt() - 1.0)).abs() < 1e-15);
        // 3/4 (3 − 1) of the first sample; |(3/4, 5/2) − (0, 1)| of the weights.
        assert_eq!(limit.kkt_residual, 1.5);
    }

    /// Whatever samples seem active at first, the right ones are found.
    #[test]
    fn wrong_active_samples_are_revised() {
        let rows = array![[3.0, 1.0], [-1.0, 2.0], [4.0, 5.0]];
        for mask in 1..8 {
            let active = [0, 1, 2].map(|i| f64::from(mask >> i & 1));
            let multipliers = Array1::from(active.to_vec());
            let point = InteriorPoint {
                weights: array![0.5, 0.5],
                slacks: 1.0 - &multipliers,
                multipliers,
                bound: vec![false; 2],
            };
            let pair = polish(rows.view(), &point).unwrap();
            assert!(pair.gap(rows.view()) < 1e-14, "{active:?}");
            assert!((pair.primal(rows.view()) - 7.0 / 17f64.sqrt()).abs() < 1e-14);
        }
    }
}

//! Whether weights and multipliers of the linear program are the only ones.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::active_set::{Pair, indices};
use super::dense::{Decomposition, Rank};
use super::outcome::Uniqueness;

/// What is below this share of its scale may be zero: slacks of the scale `γ`, multipliers of
/// `1/n`, entries of `Σ_i p_i z_i` of `γ/d`.
const ZERO: f64 = 1e-9;

/// What counts as no change of a margin, relative to `γ`.
const SAME: f64 = 1e-12;

/// Another solution must differ by this much in some entry, of weights of size 1.
const APART: f64 = 1e-6;

/// The most directions that are tried.
const DIRECTIONS: usize = 16;

/// Which constraints are active, and which of them strictly.
pub(super) struct Activity {
    /// Samples of margin `γ`.
    pub active: Vec<bool>,
    /// Coordinates with `|w_k| < 1`.
    pub free: Vec<bool>,
    /// Samples with a positive multiplier.
    pulls: Vec<bool>,
    /// Coordinates with a positive multiplier: `Σ_i p_i z_ik` is not zero.
    held: Vec<bool>,
}

impl Activity {
    /// The activity at an optimal pair of maximum margin `margin`.
    pub fn of(rows: ArrayView2<'_, f64>, pair: &Pair, margin: f64) -> Self {
        let (samples, dim) = rows.dim();
        let margins = rows.dot(&pair.weights);
        let total = rows.t().dot(&pair.multipliers);
        let held = |u: &f64| u.abs() * dim as f64 > ZERO * margin;
        Self {
            active: margins
                .iter()
                .map(|q| q - margin <= ZERO * margin)
                .collect(),
            free: pair.weights.iter().map(|w| w.abs() < 1.0 - ZERO).collect(),
            pulls: (pair.multipliers.iter())
                .map(|p| p * samples as f64 > ZERO)
                .collect(),
            held: total.iter().map(held).collect(),
        }
    }
}

/// Whether the optimal weights are the only ones.
///
/// All optimal weights have margin `γ` on samples with `p_i > 0` and `|w_k| = 1` in coordinates
/// where `Σ_i p_i z_ik ≠ 0` (complementary slackness), so that they are unique where the remaining
/// columns of those samples are independent. If not, one step along a direction that those samples
/// do not see is tried.
pub(super) fn of_weights(
    rows: ArrayView2<'_, f64>,
    pair: &Pair,
    margin: f64,
    activity: &Activity,
) -> Uniqueness {
    let samples = indices(&activity.pulls);
    let held: Vec<bool> = activity.held.iter().map(|held| !held).collect();
    let loose = indices(&held);
    if loose.is_empty() {
        return Uniqueness::Unique;
    }
    let system = Array2::from_shape_fn((samples.len(), loose.len()), |(row, column)| {
        rows[[samples[row], loose[column]]]
    });
    let Some(of) = Decomposition::of(system.view()) else {
        return Uniqueness::CannotTell;
    };
    decide(of.column_rank(), loose.len(), &|unit| {
        let part = of.null_part(unit);
        let mut direction = Array1::zeros(rows.ncols());
        for (&k, &entry) in loose.iter().zip(&part) {
            direction[k] = entry;
        }
        let margins = rows.dot(&pair.weights) - margin * (1.0 - SAME);
        [1.0, -1.0].into_iter().any(|sign| {
            let direction = &direction * sign;
            let size = longest(direction.view());
            let length = reach(margins.view(), rows.dot(&direction).view())
                .min(reach((1.0 - &pair.weights).view(), (-&direction).view()))
                .min(reach((1.0 + &pair.weights).view(), direction.view()));
            length * size > APART
        })
    })
}

/// Whether the optimal multipliers are the only ones.
///
/// All optimal multipliers vanish on samples with margins above `γ`, and their `Σ_i p_i z_ik`
/// vanishes where `|w_k| < 1`, so that they are unique where the rows of `[Z, 1]` on the other
/// samples and those coordinates are independent.
pub(super) fn of_multipliers(
    rows: ArrayView2<'_, f64>,
    pair: &Pair,
    margin: f64,
    activity: &Activity,
) -> Uniqueness {
    let samples = indices(&activity.active);
    let free = indices(&activity.free);
    let system = Array2::from_shape_fn((samples.len(), free.len() + 1), |(row, column)| {
        free.get(column)
            .map_or(margin, |&k| rows[[samples[row], k]])
    });
    let Some(of) = Decomposition::of(system.view()) else {
        return Uniqueness::CannotTell;
    };
    let signs = pair.weights.mapv(f64::signum);
    decide(of.row_rank(), samples.len(), &|unit| {
        let part = of.null_part_transposed(unit);
        let mut direction = Array1::zeros(rows.nrows());
        for (&i, &entry) in samples.iter().zip(&part) {
            direction[i] = entry;
        }
        // |Σ_i p_i z_ik| where the coordinate is at its bound; 0 stays 0 elsewhere.
        let held = |multipliers: &Array1<f64>| {
            let mut pulls = rows.t().dot(multipliers) * &signs;
            free.iter().for_each(|&k| pulls[k] = 0.0);
            pulls
        };
        let pulls = held(&pair.multipliers) + SAME * margin;
        [1.0, -1.0].into_iter().any(|sign| {
            let direction = &direction * sign;
            let size = longest(direction.view());
            let length = reach(pair.multipliers.view(), direction.view())
                .min(reach(pulls.view(), held(&direction).view()));
            length * size > APART / rows.nrows() as f64
        })
    })
}

/// Unique where the rank is full, not unique where another solution is reached from one of some
/// unit vectors.
fn decide(
    rank: Rank,
    unknowns: usize,
    another: &dyn Fn(ArrayView1<'_, f64>) -> bool,
) -> Uniqueness {
    match rank {
        Rank::Full => Uniqueness::Unique,
        Rank::Unclear => Uniqueness::CannotTell,
        Rank::Lower => {
            let stride = unknowns.div_ceil(DIRECTIONS);
            let found = (0..unknowns).step_by(stride).any(|k| {
                let mut unit = Array1::zeros(unknowns);
                unit[k] = 1.0;
                another(unit.view())
            });
            if found {
                Uniqueness::NotUnique
            } else {
                Uniqueness::CannotTell
            }
        }
    }
}

/// How far nonnegative `values` stay nonnegative as they change by `rates`, at most 1.
fn reach(values: ArrayView1<'_, f64>, rates: ArrayView1<'_, f64>) -> f64 {
    let falling = values.iter().zip(rates).filter(|&(_, &rate)| rate < 0.0);
    let lengths = falling.map(|(value, rate)| value.max(0.0) / -rate);
    lengths.fold(1.0, f64::min)
}

fn longest(direction: ArrayView1<'_, f64>) -> f64 {
    direction.iter().fold(0.0, |size: f64, v| size.max(v.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// Weights `(1, 0)` are the only ones of margin 1, but multipliers `(1, 0, 0)` do not show it:
    /// the directions that they leave are blocked by samples without a multiplier.
    #[test]
    fn what_multipliers_do_not_show_is_not_told() {
        let rows = array![[1.0, 0.0], [1.0, 1.0], [1.0, -1.0]];
        let with = |multipliers: Array1<f64>| {
            let pair = Pair {
                weights: array![1.0, 0.0],
                multipliers,
            };
            let activity = Activity::of(rows.view(), &pair, 1.0);
            [of_weights, of_multipliers].map(|of| of(rows.view(), &pair, 1.0, &activity))
        };
        use Uniqueness::{CannotTell, NotUnique, Unique};
        assert_eq!(with(array![1.0, 0.0, 0.0]), [CannotTell, NotUnique]);
        assert_eq!(with(array![0.5, 0.25, 0.25]), [Unique, NotUnique]);
        let rows = array![[1.0, 0.0], [2.0, 1.0]];
        let pair = Pair {
            weights: array![1.0, 0.0],
            multipliers: array![1.0, 0.0],
        };
        let activity = Activity::of(rows.view(), &pair, 1.0);
        assert_eq!(of_weights(rows.view(), &pair, 1.0, &activity), NotUnique);
        assert_eq!(of_multipliers(rows.view(), &pair, 1.0, &activity), Unique);
    }
}

//! The ascent of the margin from constraint to constraint, an active-set method.

use ndarray::{Array1, ArrayView1, ArrayView2};

use super::active_set::{ActiveSet, Pair, indices, solve, system};
use super::dense::Decomposition;

/// Margins this near to the smallest, relative to their terms, and weights this near to a bound are
/// active.
const ACTIVE: f64 = 1e-13;

/// Multipliers are negative below minus this share of the largest.
const NEGATIVE: f64 = 1e-12;

/// Least-squares residuals above this show that equations have no solution.
const INCONSISTENT: f64 = 1e-9;

/// Rounds that may be spent for each sample and each coordinate: degenerate problems may cycle.
const MAX_ROUNDS_EACH: usize = 10;

/// Multiplications that may be spent: seconds.
const MAX_PRODUCTS: f64 = 3e10;

/// The optimal pair, reached from weights `‖w‖_∞ ≤ 1`; `None` if it is not
/// reached in time.
///
/// While the multipliers' equations `Mᵀ p = (0, …, 0, −1)` have no solution, the residual of their
/// least-squares solution is a direction that `M = [Z_AF, −1]` does not see: along it active
/// margins grow alike. Weights go there until a sample or a coordinate becomes active. Where there
/// is a solution, a constraint with a negative multiplier is given up, until none has one.
pub(super) fn ascend(rows: ArrayView2<'_, f64>, start: &Pair) -> Option<Pair> {
    let rows = &rows / start.terms(rows);
    let mut ascent = Ascent::from(rows.view(), start);
    let mut products = 0.0;
    for _ in 0..MAX_ROUNDS_EACH * (rows.nrows() + rows.ncols()) {
        if products > MAX_PRODUCTS {
            break;
        }
        let (active, free) = (indices(&ascent.set.active), indices(&ascent.set.free));
        let matrix = system(rows.view(), &active, &free, 1.0);
        let [tall, wide] = [active.len() as f64, free.len() as f64 + 1.0];
        // The decomposition, and what is multiplied by all rows.
        products += 20.0 * tall * wide * tall.min(wide) + 10.0 * rows.len() as f64;
        let inverse = Decomposition::of(matrix.view())?;
        let mut rest = Array1::zeros(free.len() + 1);
        rest[free.len()] = -1.0;
        let multipliers = inverse.solve_transposed(rest.view());
        rest -= &matrix.t().dot(&multipliers);
        if rest.dot(&rest).sqrt() > INCONSISTENT {
            ascent.step(&free, rest.mapv(|entry| -entry).view())?;
        } else if !ascent.give_up(&active, multipliers.view()) {
            let near = Pair::feasible(ascent.weights, spread(&active, &multipliers, rows.nrows()))?;
            let (weights, multipliers) = solve(rows.view(), &ascent.set, &near)?;
            return Pair::feasible(weights, multipliers);
        }
    }
    None
}

struct Ascent<'a> {
    rows: ArrayView2<'a, f64>,
    weights: Array1<f64>,
    set: ActiveSet,
}

impl<'a> Ascent<'a> {
    fn from(rows: ArrayView2<'a, f64>, start: &Pair) -> Self {
        let (weights, margin) = (start.weights.clone(), start.primal(rows));
        let margins = rows.dot(&weights);
        let set = ActiveSet {
            active: margins.iter().map(|q| q - margin <= ACTIVE).collect(),
            free: weights.iter().map(|w| w.abs() < 1.0 - ACTIVE).collect(),
            signs: weights.mapv(f64::signum).to_vec(),
        };
        Self { rows, weights, set }
    }

    /// Goes along a change of free weights and of the margin until a constraint becomes active;
    /// `None` if none does.
    fn step(&mut self, free: &[usize], change: ArrayView1<'_, f64>) -> Option<()> {
        let mut direction = Array1::zeros(self.weights.len());
        for (&k, &entry) in free.iter().zip(change) {
            direction[k] = entry;
        }
        let margins = self.rows.dot(&self.weights);
        let margin = margins.fold(f64::INFINITY, |a, &b| a.min(b));
        let nearer = change[free.len()] - self.rows.dot(&direction);
        let of_samples = (0..margins.len())
            .filter(|&i| !self.set.active[i] && nearer[i] > 0.0)
            .map(|i| ((margins[i] - margin) / nearer[i], Blocks::Sample(i)));
        let of_coordinates = (free.iter()).filter(|&&k| direction[k] != 0.0).map(|&k| {
            let room = 1.0 - self.weights[k] * direction[k].signum();
            (room / direction[k].abs(), Blocks::Coordinate(k))
        });
        let (length, blocks) = of_samples
            .chain(of_coordinates)
            .min_by(|a, b| a.0.total_cmp(&b.0))?;
        self.weights.scaled_add(length.max(0.0), &direction);
        self.weights.mapv_inplace(|w| w.clamp(-1.0, 1.0));
        match blocks {
            Blocks::Sample(i) => self.set.active[i] = true,
            Blocks::Coordinate(k) => {
                self.set.free[k] = false;
                self.set.signs[k] = direction[k].signum();
                self.weights[k] = self.set.signs[k];
            }
        }
        Some(())
    }

    /// Gives up the constraint with the most negative multiplier, and says whether there is one.
    fn give_up(&mut self, active: &[usize], multipliers: ArrayView1<'_, f64>) -> bool {
        let all = spread(active, &multipliers.to_owned(), self.rows.nrows());
        let pulls = self.rows.t().dot(&all);
        let of_samples = (active.iter().zip(multipliers)).map(|(&i, &p)| (p, Blocks::Sample(i)));
        let bound = (0..pulls.len()).filter(|&k| !self.set.free[k]);
        let of_bounds = bound.map(|k| (self.set.signs[k] * pulls[k], Blocks::Coordinate(k)));
        let least = (of_samples.chain(of_bounds)).min_by(|a, b| a.0.total_cmp(&b.0));
        let largest = multipliers.iter().fold(0.0, |a: f64, p| a.max(p.abs()));
        match least {
            Some((value, blocks)) if value < -NEGATIVE * largest => {
                match blocks {
                    Blocks::Sample(i) => self.set.active[i] = false,
                    Blocks::Coordinate(k) => self.set.free[k] = true,
                }
                true
            }
            _ => false,
        }
    }
}

/// A constraint of a sample's margin, or of a coordinate.
enum Blocks {
    Sample(usize),
    Coordinate(usize),
}

/// Multipliers of active samples among zeros.
fn spread(active: &[usize], multipliers: &Array1<f64>, samples: usize) -> Array1<f64> {
    let mut all = Array1::zeros(samples);
    for (&i, &multiplier) in active.iter().zip(multipliers) {
        all[i] = multiplier;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    /// From any weights to the solution `w = (1/4, 1)` of margin 7/4, with either sign of both.
    #[test]
    fn the_margin_ascends_to_its_maximum() {
        let rows = array![[3.0, 1.0], [-1.0, 2.0], [4.0, 5.0]];
        let starts = [
            [0.5, 0.9],
            [0.0, 1.0],
            [1.0, 1.0],
            [-0.1, 0.5],
            [0.25, 1.0],
            [-1.0, -0.2],
        ];
        for weights in starts {
            for signs in [[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]] {
                let signs = Array1::from(signs.to_vec());
                let rows: Array2<f64> = &rows * &signs;
                let start = Pair {
                    weights: Array1::from(weights.to_vec()) * &signs,
                    multipliers: array![0.0, 0.0, 1.0],
                };
                let pair = ascend(rows.view(), &start).unwrap();
                assert!(pair.gap(rows.view()).abs() < 1e-14, "{weights:?}, {signs}");
                let error = &pair.weights * &signs - array![0.25, 1.0];
                assert!(error.iter().all(|error| error.abs() < 1e-15));
                assert!((pair.primal(rows.view()) - 1.75).abs() < 1e-15);
            }
        }
    }
}

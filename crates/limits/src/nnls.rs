//! Nonnegative least squares.

use implicit_bias_algebra::{Mat, least_squares, triangle_of_qr};

/// A column enters while the residual has more than this share of its length along it.
const ENTERS: f64 = 1e-12;

/// `x ≥ 0` with the least `‖A x − b‖₂`, by the active set method of Lawson & Hanson (Solving Least
/// Squares Problems, 1974, chapter 23).
///
/// `A` has `rows` rows and `columns` columns of about one length, with the entries
/// `entry(row, column)`; `b` is `target`, `[rows]`. The triangle of a QR decomposition of `[A b]`
/// takes their place, so that the tall matrix is read once. `x` is a minimizer; where columns depend
/// on one another there are others.
pub(crate) fn nonnegative_least_squares(
    rows: usize,
    columns: usize,
    entry: impl Fn(usize, usize) -> f64,
    target: &[f64],
) -> Vec<f64> {
    let all = Mat::from_fn(rows, columns + 1, |row, column| {
        if column < columns {
            entry(row, column)
        } else {
            target[row]
        }
    });
    let triangle = triangle_of_qr(all.as_ref());
    let mut search = ActiveSet {
        b: (0..triangle.nrows())
            .map(|row| triangle[(row, columns)])
            .collect(),
        a: triangle.subcols(0, columns).to_owned(),
        x: vec![0.0; columns],
        free: Vec::new(),
    };
    // In exact arithmetic no set of free columns returns; with rounding it might.
    for _ in 0..3 * columns {
        let Some(column) = search.entering() else {
            break;
        };
        search.free.push(column);
        if !search.settle() {
            break;
        }
    }
    search.x
}

struct ActiveSet {
    a: Mat<f64>,
    b: Vec<f64>,
    x: Vec<f64>,
    /// The columns that are not held at 0.
    free: Vec<usize>,
}

impl ActiveSet {
    /// The column along which the residual is longest, of those held at 0.
    fn entering(&self) -> Option<usize> {
        if self.free.len() >= self.a.nrows() {
            return None; // The free columns span all: what is left of the residual is rounding.
        }
        let mut rest = self.b.clone();
        for (column, &x) in self.x.iter().enumerate().filter(|(_, x)| **x != 0.0) {
            rest.iter_mut()
                .enumerate()
                .for_each(|(row, r)| *r -= x * self.a[(row, column)]);
        }
        let along = |column: usize| -> f64 {
            let terms = rest.iter().enumerate();
            terms.map(|(row, r)| r * self.a[(row, column)]).sum()
        };
        let held = (0..self.x.len()).filter(|column| !self.free.contains(column));
        let gains = held.map(|column| (column, along(column)));
        let best = gains.max_by(|one, other| one.1.total_cmp(&other.1))?;
        let size = self.b.iter().map(|b| b * b).sum::<f64>().sqrt();
        (best.1 > ENTERS * size).then_some(best.0)
    }

    /// Goes to the least squares of the free columns, and holds at 0 what would leave `x ≥ 0` on the
    /// way; `false` where the column that entered last goes at once, by rounding.
    fn settle(&mut self) -> bool {
        let entered = self.free.last().copied();
        while !self.free.is_empty() {
            let goal = self.least_squares();
            if goal.iter().all(|goal| *goal > 0.0) {
                self.free
                    .iter()
                    .zip(&goal)
                    .for_each(|(&column, &goal)| self.x[column] = goal);
                return true;
            }
            let steps = self
                .free
                .iter()
                .zip(&goal)
                .filter(|(_, goal)| **goal <= 0.0);
            let step = steps
                .map(|(&column, goal)| self.x[column] / (self.x[column] - goal))
                .fold(
                    1.0,
                    |least: f64, step| if step.is_nan() { 0.0 } else { least.min(step) },
                );
            for (&column, goal) in self.free.iter().zip(&goal) {
                let x = &mut self.x[column];
                *x += step * (goal - *x);
                if *goal <= 0.0 && *x <= f64::EPSILON * goal.abs().max(f64::MIN_POSITIVE) {
                    *x = 0.0;
                }
            }
            let left = self.free.len();
            let x = &mut self.x;
            self.free.retain(|&column| x[column] > 0.0);
            if self.free.len() == left {
                // Rounding has left what should be 0 a little above it.
                let least = self
                    .free
                    .iter()
                    .copied()
                    .min_by(|&i, &j| x[i].total_cmp(&x[j]));
                let least = least.expect("a set that is not empty has a smallest element");
                x[least] = 0.0;
                self.free.retain(|&column| column != least);
            }
            if step == 0.0 && entered.is_some_and(|entered| !self.free.contains(&entered)) {
                return false;
            }
        }
        true
    }

    /// The least squares of the free columns, in their order.
    fn least_squares(&self) -> Vec<f64> {
        let rows = self.a.nrows();
        let chosen = Mat::from_fn(rows, self.free.len(), |row, place| {
            self.a[(row, self.free[place])]
        });
        let target = Mat::from_fn(rows, 1, |row, _| self.b[row]);
        let found = least_squares(chosen.as_ref(), target.as_ref());
        (0..self.free.len())
            .map(|place| found[(place, 0)])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the free columns span everything, what is left of the residual is rounding, however large.
    #[test]
    fn no_more_columns_enter_than_there_are_rows() {
        let mut search = ActiveSet {
            a: Mat::from_fn(1, 2, |_, _| 1.0),
            b: vec![1.0],
            x: vec![0.0, 0.0],
            free: Vec::new(),
        };
        assert!(search.entering().is_some());
        search.free.push(0);
        search.x[0] = 1.0 - 1e-9;
        assert_eq!(search.entering(), None);
    }
}

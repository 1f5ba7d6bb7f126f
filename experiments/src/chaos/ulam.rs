//! Invariant densities by Ulam's method: the map as a Markov chain between the cells of an interval.

use std::f64::consts::FRAC_PI_2;

use super::map;

/// Cells of the interval.
const CELLS: usize = 4096;

/// The most steps of the chain, and the change in a step below which it has settled.
const STEPS: usize = 20_000;
const SETTLED: f64 = 1e-13;

/// A density that the map keeps.
///
/// Cells are equal in `θ` with `u = end sin²(θ)`: densities grow like `u^{−1/2}` at the ends of their
/// interval, and are bounded in `θ`.
pub(super) struct Density {
    grid: Grid,
    /// The share of every cell.
    shares: Vec<f64>,
}

/// The cells, for `r = 1 + a`.
struct Grid {
    r: f64,
    /// The maximum of `F`, at `r/3`: no orbit leaves what lies below it.
    end: f64,
}

impl Grid {
    /// Where `u` is among the cells: the number of its cell, and how far in it.
    fn place(&self, u: f64) -> f64 {
        let angle = (u / self.end).clamp(0.0, 1.0).sqrt().asin();
        angle / FRAC_PI_2 * CELLS as f64
    }

    fn cell(&self, u: f64) -> usize {
        (self.place(u) as usize).min(CELLS - 1)
    }

    /// The end of so many cells.
    fn edge(&self, index: usize) -> f64 {
        self.end * (index as f64 / CELLS as f64 * FRAC_PI_2).sin().powi(2)
    }
}

impl Density {
    /// The density that the chain of `a ≤ 2` tends to from the uniform one.
    ///
    /// From cell `i` the chain goes to cell `j` with probability `|B_i ∩ F⁻¹(B_j)|/|B_i|`, which the
    /// preimages of the cells' ends on the three monotone branches of `F` give exactly.
    pub fn new(a: f64) -> Self {
        let r = 1.0 + a;
        let end = map::map(r, r / 3.0);
        let grid = Grid { r, end };
        let chain = transitions(&grid);
        let mut shares = vec![1.0 / CELLS as f64; CELLS];
        for _ in 0..STEPS {
            // Half of it stays: cycles of cells settle, too.
            let mut next: Vec<f64> = shares.iter().map(|share| 0.5 * share).collect();
            for &(from, to, share) in &chain {
                next[to] += 0.5 * share * shares[from];
            }
            let total: f64 = next.iter().sum();
            next.iter_mut().for_each(|share| *share /= total);
            let change = next.iter().zip(&shares).map(|(new, old)| (new - old).abs());
            let change: f64 = change.sum();
            shares = next;
            if change < SETTLED {
                break;
            }
        }
        Self { grid, shares }
    }

    /// The density over so many cells that are equal in `u`: middle and value.
    pub fn over(&self, cells: usize) -> Vec<[f64; 2]> {
        let mut sums = vec![0.0];
        for share in &self.shares {
            sums.push(sums[sums.len() - 1] + share);
        }
        let cumulative = |u: f64| {
            let place = self.grid.place(u);
            let cell = (place as usize).min(CELLS - 1);
            sums[cell] + (place - cell as f64) * self.shares[cell]
        };
        let width = self.grid.end / cells as f64;
        let each = (0..cells).map(|index| {
            let begin = index as f64 * width;
            let share = cumulative(begin + width) - cumulative(begin);
            [begin + 0.5 * width, share / width]
        });
        each.collect()
    }

    /// The mean of `u`.
    pub fn mean(&self) -> f64 {
        let cells = self.shares.iter().enumerate();
        let middle = |index: usize| 0.5 * (self.grid.edge(index) + self.grid.edge(index + 1));
        cells.map(|(index, share)| middle(index) * share).sum()
    }

    /// `∫ log|F'(u)| ρ(u) du`, the logarithm integrated exactly over every cell.
    pub fn lyapunov(&self) -> f64 {
        let integral = |zero: f64, u: f64| {
            let distance = u - zero;
            let log = if distance == 0.0 {
                0.0
            } else {
                distance.abs().ln()
            };
            distance * log - u
        };
        // log|F'| = log|u − r| + log|u − r/3| + log 3.
        let r = self.grid.r;
        let all = |u: f64| integral(r, u) + integral(r / 3.0, u) + 3f64.ln() * u;
        let each = self.shares.iter().enumerate().map(|(index, share)| {
            let [begin, end] = [self.grid.edge(index), self.grid.edge(index + 1)];
            share * (all(end) - all(begin)) / (end - begin)
        });
        each.sum()
    }
}

/// From which cell to which, with which share.
fn transitions(grid: &Grid) -> Vec<(usize, usize, f64)> {
    let (r, end) = (grid.r, grid.end);
    let turns = [0.0, r / 3.0, r, end].map(|u| u.min(end));
    let mut found = Vec::new();
    for branch in turns.windows(2).filter(|branch| branch[1] > branch[0]) {
        let ends = [map::map(r, branch[0]), map::map(r, branch[1])];
        let mut cuts = branch.to_vec();
        for at in (0..=CELLS).map(|index| grid.edge(index)) {
            if branch[0] < at && at < branch[1] {
                cuts.push(at);
            }
            if (at - ends[0]) * (at - ends[1]) < 0.0 {
                cuts.push(preimage(r, branch, at));
            }
        }
        cuts.sort_by(f64::total_cmp);
        for piece in cuts.windows(2).filter(|piece| piece[1] > piece[0]) {
            let middle = 0.5 * (piece[0] + piece[1]);
            let share = grid.place(piece[1]) - grid.place(piece[0]);
            found.push((grid.cell(middle), grid.cell(map::map(r, middle)), share));
        }
    }
    found
}

/// The point of a monotone branch that goes to `to`, by bisection.
fn preimage(r: f64, branch: &[f64], to: f64) -> f64 {
    let [mut low, mut high] = [branch[0], branch[1]];
    let rises = map::map(r, high) > map::map(r, low);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if (map::map(r, middle) < to) == rises {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn the_full_map_has_the_arcsine_law() {
        let density = Density::new(2.0);
        // u = 4 sin²(θ) of a uniform θ: P(u ≤ x) = (2/π) asin √(x/4).
        let law = |x: f64| 2.0 / PI * (0.5 * x.sqrt()).min(1.0).asin();
        let width = 4.0 / 64.0;
        for (index, [middle, value]) in density.over(64).into_iter().enumerate() {
            let expected = law((index + 1) as f64 * width) - law(index as f64 * width);
            assert!(
                (value * width - expected).abs() < 2e-3 * expected + 2e-5,
                "{middle}: {value}"
            );
        }
        assert!((density.mean() - 2.0).abs() < 1e-3);
        assert!(
            (density.lyapunov() - 3f64.ln()).abs() < 2e-3,
            "{}",
            density.lyapunov()
        );
    }

    #[test]
    fn in_chaos_it_says_what_orbits_say() {
        for a in [1.5, 1.8, 1.9] {
            let density = Density::new(a);
            let orbit = map::lyapunov(a, 1_000_000);
            assert!(
                (density.lyapunov() - orbit.value).abs() < 0.01,
                "{a}: {}",
                density.lyapunov()
            );
            let mean = map::Mean::of(map::orbit(a, 1000, 1_000_000), 1_000_000);
            assert!(
                (density.mean() - mean.value).abs() < 0.005,
                "{a}: {}",
                density.mean()
            );
        }
    }
}

//! The limit program by a dual active-set method, for programs on which an interior point loses its
//! digits.
//!
//! A concave margin `q̂_i` is the least of the linear ones in which each opposite-sign slope is 1
//! or `γ`. Written with those, the program is a strictly convex quadratic one with linear
//! constraints, of which only those that come up are looked at, and Goldfarb and Idnani (1983)
//! solve it: start at `W = 0`, take the most violated constraint, and move to the least weights
//! that satisfy it together with the others that are active, dropping those whose multipliers would
//! turn negative. `‖W‖` grows with every constraint that is added, so that none of the finitely
//! many active sets comes back. Where a violated constraint is minus a combination of active ones,
//! that combination is Farkas' vector: the program has no feasible point, up to rounding. (Which
//! rounding can be excluded is judged in `farkas`.)
//!
//! Two cuts meet where a group slides: their multipliers average its slope.

use ndarray::{Array2, ArrayView1};

use super::program::{Cell, Program, ProgramPoint};

/// A margin that falls short of its target by less than this fraction of it is reached; `polish`
/// gives the other digits.
const REACHED: f64 = 1e-10;
/// The rounding of a margin, relative to the sum of its terms' sizes.
const ROUNDING: f64 = 4.0 * f64::EPSILON;
/// Squared distance from the span of active cuts below which a cut counts as in it, relative to the
/// square of what is subtracted: the rounding of that difference.
const DEPENDENT: f64 = 4.0 * f64::EPSILON;
/// A coefficient below this fraction of the largest is no coefficient.
const NEGLIGIBLE: f64 = 1e-12;
/// The most work, in entries touched: some tens of seconds.
const MAX_WORK: usize = 1 << 34;

/// How the search ended.
pub(super) enum DualOutcome {
    /// At the solution, to rounding, or at the last point within the limit of work.
    Ended(ProgramPoint),
    /// A combination of samples that nearly vanishes in every group: see `farkas`.
    Vanishing(Combination),
}

/// Multipliers `λ̂_i ≥ 0` and their products with slopes, `γ λ̂_i ≤ ν_ai ≤ λ̂_i`.
pub(super) struct Combination {
    /// `n`.
    pub multipliers: Vec<f64>,
    /// `R × n`.
    pub weighted: Array2<f64>,
    /// `ν_ai / λ̂_i`, to the last bit where all cuts agree; `R × n`, 0 where `λ̂_i` is.
    pub slopes: Array2<f64>,
}

/// One linear piece of one margin: `Σ_a share_a D_a y_i s_a ⟨w_a, x̂_i⟩ ≥ b_i`.
#[derive(Clone, PartialEq)]
struct Cut {
    sample: usize,
    /// `D_a`, `R`.
    slopes: Vec<f64>,
}

impl Cut {
    /// The piece of margin `sample` that holds at pre-activations `h` (`R × n`).
    fn at(program: &Program, sample: usize, h: &Array2<f64>) -> Self {
        let slopes = (0..program.cells.len())
            .map(|a| {
                if program.same_sign(a, sample) {
                    program.frozen_slope(a, sample)
                } else if h[[a, sample]] > 0.0 {
                    1.0
                } else {
                    program.slope
                }
            })
            .collect();
        Self { sample, slopes }
    }

    /// Inner product of two cuts' normals in the metric `Σ_a share_a ⟨·, ·⟩`.
    fn product(&self, other: &Self, program: &Program) -> f64 {
        let (i, j) = (self.sample, other.sample);
        let common: f64 = self
            .slopes
            .iter()
            .zip(&other.slopes)
            .zip(&program.cells)
            .map(|((a, b), cell)| cell.share * a * b)
            .sum();
        program.labels[i] * program.labels[j] * program.cosines[[i, j]] * common
    }
}

/// Cuts that hold with equality, their multipliers, and the Cholesky factor of their inner
/// products.
struct ActiveCuts {
    cuts: Vec<Cut>,
    multipliers: Vec<f64>,
    /// Inner products, lower triangle by rows.
    products: Vec<Vec<f64>>,
    /// `L`, lower triangle by rows.
    factor: Vec<Vec<f64>>,
}

/// Solves the program, or finds out why not.
pub(super) fn solve(program: &Program) -> DualOutcome {
    let mut active = ActiveCuts::none();
    let (groups, samples) = (program.cells.len(), program.samples());
    let mut work: usize = 0;
    while work < MAX_WORK {
        let size = active.cuts.len();
        work += (groups * samples + size) * samples + size * size * 4 + 1000;
        let point = active.point(program);
        let Some(sample) = most_violated(program, &point) else {
            return DualOutcome::Ended(point);
        };
        let cut = Cut::at(program, sample, &point.pre_activations);
        match active.add(program, cut, &point.pre_activations, &mut work) {
            Added::Yes => {}
            Added::Vanishing(weights, cut) => {
                let pairs = active.cuts.iter().zip(weights).chain([(&cut, 1.0)]);
                return DualOutcome::Vanishing(Combination::of(program, pairs));
            }
            Added::Stuck => return DualOutcome::Ended(point),
        }
    }
    DualOutcome::Ended(active.point(program))
}

/// The sample whose margin falls short by the largest fraction of its target, if one does beyond
/// rounding.
fn most_violated(program: &Program, point: &ProgramPoint) -> Option<usize> {
    let margins = program.margins(&point.pre_activations);
    // A bound of every margin, as cosines and slopes are at most 1.
    let terms = |(row, cell): (ArrayView1<'_, f64>, &Cell)| cell.share * row.sum();
    let size: f64 = point
        .weighted
        .rows()
        .into_iter()
        .zip(&program.cells)
        .map(terms)
        .sum();
    let rounding = ROUNDING * size;
    let shortfall = |i: usize| (program.targets[i] - margins[i]) / program.targets[i];
    (0..program.samples())
        .filter(|&i| shortfall(i) > REACHED + rounding / program.targets[i])
        .max_by(|&i, &j| shortfall(i).total_cmp(&shortfall(j)))
}

enum Added {
    Yes,
    /// Coefficients of the active cuts that, with 1 of the new one, add up to zero.
    Vanishing(Vec<f64>, Cut),
    /// No progress: rounding.
    Stuck,
}

impl ActiveCuts {
    fn none() -> Self {
        Self {
            cuts: Vec::new(),
            multipliers: Vec::new(),
            products: Vec::new(),
            factor: Vec::new(),
        }
    }

    fn point(&self, program: &Program) -> ProgramPoint {
        let pairs = self.cuts.iter().zip(self.multipliers.iter().copied());
        let Combination {
            multipliers,
            weighted,
            ..
        } = Combination::of(program, pairs);
        program.point(multipliers, weighted)
    }

    /// Moves to the least weights that satisfy `cut` as well.
    fn add(&mut self, program: &Program, cut: Cut, h: &Array2<f64>, work: &mut usize) -> Added {
        if self.cuts.contains(&cut) {
            // It held with equality before rounding.
            return Added::Stuck;
        }
        let i = cut.sample;
        let reached: f64 = (0..program.cells.len())
            .map(|a| {
                let cell = &program.cells[a];
                cell.share * cut.slopes[a] * cell.sign * program.labels[i] * h[[a, i]]
            })
            .sum();
        let mut missing = program.targets[i] - reached;
        let mut gained = 0.0;
        let length = cut.product(&cut, program);
        loop {
            *work += self.cuts.len() * (self.cuts.len() + program.cells.len());
            let products: Vec<f64> = self.cuts.iter().map(|c| c.product(&cut, program)).collect();
            let root = self.forward(&products);
            let distance = length - root.iter().map(|x| x * x).sum::<f64>();
            let shares = self.solve(&products);
            let sizes = 1.0 + shares.iter().map(|x| x.abs()).sum::<f64>();
            let dependent = distance <= DEPENDENT * sizes * sizes * length;
            let largest = shares.iter().fold(1.0, |top: f64, x| top.max(x.abs()));
            let blocking = (0..shares.len())
                .filter(|&j| shares[j] > NEGLIGIBLE * largest)
                .map(|j| (j, self.multipliers[j] / shares[j]))
                .min_by(|a, b| a.1.total_cmp(&b.1));
            let full = if dependent {
                f64::INFINITY
            } else {
                missing / distance
            };
            let (drop, step) = match blocking {
                Some((j, step)) if step < full => (Some(j), step),
                _ => (None, full),
            };
            if !step.is_finite() {
                let weights = shares.iter().map(|x| (-x).max(0.0)).collect();
                return if step.is_nan() {
                    Added::Stuck
                } else {
                    Added::Vanishing(weights, cut)
                };
            }
            for (multiplier, share) in self.multipliers.iter_mut().zip(&shares) {
                *multiplier = (*multiplier - step * share).max(0.0);
            }
            gained += step;
            if !dependent {
                missing -= step * distance;
            }
            match drop {
                Some(j) => self.remove(j),
                None => {
                    self.push(cut, products, length, root, distance, gained);
                    self.refine(program);
                    return Added::Yes;
                }
            }
        }
    }

    fn push(
        &mut self,
        cut: Cut,
        mut products: Vec<f64>,
        length: f64,
        mut root: Vec<f64>,
        distance: f64,
        multiplier: f64,
    ) {
        products.push(length);
        root.push(distance.sqrt());
        self.products.push(products);
        self.factor.push(root);
        self.cuts.push(cut);
        self.multipliers.push(multiplier);
    }

    /// Takes out cut `j`; rotations make the factor triangular again.
    fn remove(&mut self, j: usize) {
        self.cuts.remove(j);
        self.multipliers.remove(j);
        self.products.remove(j);
        for row in &mut self.products[j..] {
            row.remove(j);
        }
        self.factor.remove(j);
        let size = self.factor.len();
        for column in j..size {
            // Row `column` has an entry too many, which is turned into the diagonal.
            let (a, b) = (self.factor[column][column], self.factor[column][column + 1]);
            let radius = a.hypot(b);
            let (cosine, sine) = (a / radius, b / radius);
            for row in &mut self.factor[column..] {
                let (a, b) = (row[column], row[column + 1]);
                row[column] = cosine * a + sine * b;
                row[column + 1] = cosine * b - sine * a;
            }
            self.factor[column].truncate(column + 1);
        }
    }

    /// Replaces the multipliers by those of `A u = b`, unless one would not be positive.
    fn refine(&mut self, program: &Program) {
        let targets: Vec<f64> = self
            .cuts
            .iter()
            .map(|cut| program.targets[cut.sample])
            .collect();
        let solution = self.solve(&targets);
        if solution.iter().all(|&x| x > 0.0 && x.is_finite()) {
            self.multipliers = solution;
        }
    }

    /// `L⁻¹ b`.
    fn forward(&self, right: &[f64]) -> Vec<f64> {
        let mut out = Vec::with_capacity(right.len());
        for (row, b) in self.factor.iter().zip(right) {
            let sum: f64 = row.iter().zip(&out).map(|(l, x)| l * x).sum();
            out.push((b - sum) / row[out.len()]);
        }
        out
    }

    /// `L⁻ᵀ b`.
    fn backward(&self, mut right: Vec<f64>) -> Vec<f64> {
        for i in (0..right.len()).rev() {
            right[i] /= self.factor[i][i];
            let value = right[i];
            for (x, l) in right[..i].iter_mut().zip(&self.factor[i]) {
                *x -= l * value;
            }
        }
        right
    }

    /// `A⁻¹ b`, refined once.
    fn solve(&self, right: &[f64]) -> Vec<f64> {
        let mut solution = self.backward(self.forward(right));
        let mut rest = right.to_vec();
        for (i, row) in self.products.iter().enumerate() {
            let (below, diagonal) = row.split_at(i);
            let sum: f64 = below.iter().zip(&solution).map(|(a, x)| a * x).sum();
            rest[i] -= sum + diagonal[0] * solution[i];
            for (rest, a) in rest.iter_mut().zip(below) {
                *rest -= a * solution[i];
            }
        }
        for (x, correction) in solution.iter_mut().zip(self.backward(self.forward(&rest))) {
            *x += correction;
        }
        solution
    }
}

impl Combination {
    /// The multipliers and products of a point, put back within the bounds that rounding may leave.
    pub fn of_point(program: &Program, point: ProgramPoint) -> Self {
        let multipliers: Vec<f64> = point.multipliers.iter().map(|x| x.max(0.0)).collect();
        let slope = |a: usize, i: usize| {
            if multipliers[i] > 0.0 {
                (point.weighted[[a, i]] / multipliers[i]).clamp(program.slope, 1.0)
            } else {
                0.0
            }
        };
        let slopes = Array2::from_shape_fn(point.weighted.dim(), |(a, i)| slope(a, i));
        let mut weighted = slopes.clone();
        for mut row in weighted.rows_mut() {
            for (product, multiplier) in row.iter_mut().zip(&multipliers) {
                *product *= multiplier;
            }
        }
        Self {
            multipliers,
            weighted,
            slopes,
        }
    }

    fn of<'a>(program: &Program, cuts: impl Iterator<Item = (&'a Cut, f64)>) -> Self {
        let (groups, samples) = (program.cells.len(), program.samples());
        let mut multipliers = vec![0.0; samples];
        let mut weighted = Array2::zeros((groups, samples));
        let mut slopes = Array2::<f64>::zeros((groups, samples));
        let mut mixed = Array2::from_elem((groups, samples), false);
        for (cut, weight) in cuts.filter(|(_, weight)| *weight > 0.0) {
            let i = cut.sample;
            for (a, &slope) in cut.slopes.iter().enumerate() {
                mixed[[a, i]] |= multipliers[i] > 0.0 && slopes[[a, i]] != slope;
                slopes[[a, i]] = slope;
                weighted[[a, i]] += weight * slope;
            }
            multipliers[i] += weight;
        }
        for ((a, i), &mixed) in mixed.indexed_iter() {
            if mixed {
                slopes[[a, i]] = weighted[[a, i]] / multipliers[i];
            } else {
                // Summed cut by cut it would differ in the last bits.
                weighted[[a, i]] = slopes[[a, i]] * multipliers[i];
            }
        }
        Self {
            multipliers,
            weighted,
            slopes,
        }
    }
}

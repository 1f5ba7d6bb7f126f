//! The least weights under linear constraints, one constraint after another.

/// Squared distance from the span of active cuts below which a cut counts as in it, relative to the
/// square of what is subtracted: the rounding of that difference.
const DEPENDENT: f64 = 4.0 * f64::EPSILON;
/// A coefficient below this fraction of the largest is no coefficient.
const NEGLIGIBLE: f64 = 1e-12;

/// How a constraint was added.
#[derive(Debug)]
pub enum Added<C> {
    /// The least weights satisfy it, too.
    Yes,
    /// Coefficients of the active cuts that, with 1 of the new one, add up to zero.
    Vanishing(Vec<f64>, C),
    /// No progress: rounding.
    Stuck,
}

/// The solution of `min ½ ‖W‖²` under linear constraints `⟨V_c, W⟩ ≥ b_c`, the *cuts*, that come one
/// after another: the dual active-set method of Goldfarb and Idnani (1983).
///
/// `W = Σ_c u_c V_c` over the cuts that hold with equality. Of the normals `V_c` inner products alone are
/// asked for. `‖W‖` grows with every cut that is added, so that none of the finitely many active sets
/// comes back.
#[derive(Debug)]
pub struct ActiveCuts<C> {
    cuts: Vec<C>,
    /// `b_c`.
    targets: Vec<f64>,
    multipliers: Vec<f64>,
    /// Inner products, lower triangle by rows.
    products: Vec<Vec<f64>>,
    /// The Cholesky factor `L` of the inner products, lower triangle by rows.
    factor: Vec<Vec<f64>>,
}

impl<C> Default for ActiveCuts<C> {
    fn default() -> Self {
        Self {
            cuts: Vec::new(),
            targets: Vec::new(),
            multipliers: Vec::new(),
            products: Vec::new(),
            factor: Vec::new(),
        }
    }
}

impl<C: PartialEq> ActiveCuts<C> {
    /// The cuts that hold with equality.
    pub fn cuts(&self) -> &[C] {
        &self.cuts
    }

    /// Their multipliers `u_c ≥ 0`.
    pub fn multipliers(&self) -> &[f64] {
        &self.multipliers
    }

    /// Moves to the least weights that satisfy `cut` as well, whose left side falls short of its right
    /// side `target` by `missing` now; `product` is the inner product of two normals. `work` counts the
    /// entries that are touched, with `size` for an inner product.
    pub fn add(
        &mut self,
        cut: C,
        [target, mut missing]: [f64; 2],
        product: impl Fn(&C, &C) -> f64,
        (size, work): (usize, &mut usize),
    ) -> Added<C> {
        if self.cuts.contains(&cut) {
            // It held with equality before rounding.
            return Added::Stuck;
        }
        let mut gained = 0.0;
        let length = product(&cut, &cut);
        loop {
            *work += self.cuts.len() * (self.cuts.len() + size);
            let products: Vec<f64> = self.cuts.iter().map(|c| product(c, &cut)).collect();
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
                    let row = Row {
                        products,
                        length,
                        root,
                        distance,
                    };
                    self.push(cut, target, row, gained);
                    self.refine();
                    return Added::Yes;
                }
            }
        }
    }

    fn push(&mut self, cut: C, target: f64, row: Row, multiplier: f64) {
        let Row {
            mut products,
            length,
            mut root,
            distance,
        } = row;
        products.push(length);
        root.push(distance.sqrt());
        self.products.push(products);
        self.factor.push(root);
        self.cuts.push(cut);
        self.targets.push(target);
        self.multipliers.push(multiplier);
    }

    /// Takes out cut `j`; rotations make the factor triangular again.
    fn remove(&mut self, j: usize) {
        self.cuts.remove(j);
        self.targets.remove(j);
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
    fn refine(&mut self) {
        let solution = self.solve(&self.targets);
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

/// What a new cut adds to the factor.
struct Row {
    /// Inner products with the active cuts.
    products: Vec<f64>,
    /// That with itself.
    length: f64,
    /// `L⁻¹` of the products.
    root: Vec<f64>,
    /// The squared distance from the span of the active cuts.
    distance: f64,
}

//! A matrix in plain Rust: the second opinion, sharing no code with the crate.

use std::ops::Index;

/// Row-major.
#[derive(Debug, Clone)]
pub struct Dense {
    pub rows: usize,
    pub columns: usize,
    pub values: Vec<f64>,
}

impl Index<(usize, usize)> for Dense {
    type Output = f64;

    fn index(&self, (row, column): (usize, usize)) -> &f64 {
        &self.values[row * self.columns + column]
    }
}

impl Dense {
    pub fn from_fn(
        rows: usize,
        columns: usize,
        mut entry: impl FnMut(usize, usize) -> f64,
    ) -> Self {
        let values = (0..rows * columns)
            .map(|at| entry(at / columns, at % columns))
            .collect();
        Self {
            rows,
            columns,
            values,
        }
    }

    pub fn gaussian(rows: usize, columns: usize, seed: u64) -> Self {
        let mut random = Random(seed);
        Self::from_fn(rows, columns, |_, _| random.normal())
    }

    /// `U diag(singular) Vᵀ`, with `U` and `V` products of three random reflections each.
    pub fn with_singular_values(rows: usize, columns: usize, singular: &[f64], seed: u64) -> Self {
        let diagonal = Self::from_fn(rows, columns, |row, column| {
            if row == column {
                singular.get(row).copied().unwrap_or(0.0)
            } else {
                0.0
            }
        });
        diagonal
            .rotated(seed)
            .transposed()
            .rotated(seed + 1)
            .transposed()
    }

    /// `Q A` for a random orthogonal `Q`.
    pub fn rotated(&self, seed: u64) -> Self {
        let mut result = self.clone();
        for reflection in 0..3 {
            let normal = Self::gaussian(self.rows, 1, 1_000 * seed + reflection).values;
            let squared: f64 = normal.iter().map(|entry| entry * entry).sum();
            for column in 0..self.columns {
                let along: f64 = (0..self.rows)
                    .map(|row| normal[row] * result[(row, column)])
                    .sum();
                for (row, entry) in normal.iter().enumerate() {
                    result.values[row * self.columns + column] -= 2.0 * along / squared * entry;
                }
            }
        }
        result
    }

    pub fn transposed(&self) -> Self {
        Self::from_fn(self.columns, self.rows, |row, column| self[(column, row)])
    }

    pub fn scaled(&self, factor: f64) -> Self {
        Self::from_fn(self.rows, self.columns, |row, column| {
            factor * self[(row, column)]
        })
    }

    pub fn stacked(blocks: &[Self]) -> Self {
        let values: Vec<f64> = blocks
            .iter()
            .flat_map(|block| block.values.clone())
            .collect();
        let columns = blocks[0].columns;
        Self {
            rows: values.len() / columns,
            columns,
            values,
        }
    }

    pub fn frobenius_norm(&self) -> f64 {
        self.values
            .iter()
            .map(|entry| entry * entry)
            .sum::<f64>()
            .sqrt()
    }

    /// Singular values by one-sided Jacobi rotations: no Gram matrix, nothing squared.
    pub fn singular_values(&self) -> Vec<f64> {
        let tall = if self.rows < self.columns {
            self.transposed()
        } else {
            self.clone()
        };
        let mut columns: Vec<Vec<f64>> = (0..tall.columns)
            .map(|column| (0..tall.rows).map(|row| tall[(row, column)]).collect())
            .collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        for _sweep in 0..60 {
            let mut rotated = false;
            for right in 1..columns.len() {
                let (head, tail) = columns.split_at_mut(right);
                let b = &mut tail[0];
                for a in head {
                    let (aa, bb, ab) = (dot(a, a), dot(b, b), dot(a, b));
                    if ab.abs() <= 1e-15 * (aa * bb).sqrt() {
                        continue;
                    }
                    rotated = true;
                    let zeta = (bb - aa) / (2.0 * ab);
                    let tangent = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                    let cosine = 1.0 / tangent.hypot(1.0);
                    let sine = cosine * tangent;
                    for (a, b) in a.iter_mut().zip(b.iter_mut()) {
                        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
                    }
                }
            }
            if !rotated {
                break;
            }
        }
        let mut singular: Vec<f64> = columns
            .iter()
            .map(|column| dot(column, column).sqrt())
            .collect();
        singular.sort_by(|a, b| b.total_cmp(a));
        singular
    }

    pub fn stable_rank(&self) -> f64 {
        let largest = self.singular_values()[0];
        (self.frobenius_norm() / largest).powi(2)
    }
}

/// SplitMix64, with normal deviates by Box and Muller.
pub struct Random(pub u64);

impl Random {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// Uniform in (0, 1).
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

//! Signed samples that all have one angle with one another.

use implicit_bias_settings::{Invalid, Key};
use ndarray::Array2;

use super::law::{DIM, DataLaw, DataLawKind, SAMPLES};
use super::orthogonal::{NORM_SPREAD, geometric, shuffled};
use crate::random::zeros;
use crate::{DataError, Dataset};

/// The cosine of the angle.
pub const COSINE: Key = Key::number(
    "cosine",
    "MU",
    "Cosine μ of the angle between any two signed samples y_i x_i (equiangular)",
)
.by_default(0.1)
.within("a number in [0, 1)", |cosine| (0.0..1.0).contains(&cosine));

/// [`Equiangular`] as users choose it.
pub const EQUIANGULAR: DataLawKind = DataLawKind {
    name: "equiangular",
    about: "`cos(y_i x_i, y_k x_k) = μ` for every pair, labels in turn; norms around 1",
    keys: &[SAMPLES, DIM, COSINE, NORM_SPREAD],
    make: |settings| {
        Ok(Box::new(Equiangular {
            samples: SAMPLES.size_in(settings)?,
            dim: DIM.size_in(settings)?,
            cosine: COSINE.number_in(settings)?,
            norm_spread: NORM_SPREAD.number_in(settings)?,
        }))
    },
};

/// Samples `y_i x_i = r_i (√μ e_1 + √(1 − μ) e_{i+1})`, `i = 1, …, n`: any two of the signed
/// samples have the cosine `μ`. For `μ = 0` they are `r_i e_i`, orthogonal to the last bit.
///
/// Labels are `+, −, +, …`. The norms `r_i` are spaced geometrically from `1/√norm_spread` to
/// `√norm_spread`, both ends included, in an order that depends on the seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equiangular {
    /// Number of samples `n ≥ 2`.
    pub samples: usize,
    /// Dimension `d ≥ n + 1`; `d ≥ n` for `μ = 0`.
    pub dim: usize,
    /// The cosine `0 ≤ μ < 1`.
    pub cosine: f64,
    /// Ratio `R_max / R_min ≥ 1`.
    pub norm_spread: f64,
}

impl DataLaw for Equiangular {
    fn shape(&self) -> (usize, usize) {
        (self.samples, self.dim)
    }

    fn check_parameters(&self) -> Result<(), Invalid> {
        COSINE.check(self.cosine)?;
        NORM_SPREAD.check(self.norm_spread)?;
        let needed = self.samples + usize::from(self.cosine > 0.0);
        if self.dim < needed {
            let expected = format!(
                "at least {needed}: so many dimensions have {} directions of this angle",
                self.samples
            );
            return Err(Invalid::new(DIM.name, expected, self.dim));
        }
        Ok(())
    }

    fn draw(&self, seed: u64) -> Result<Dataset, DataError> {
        let y = (0..self.samples).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 });
        let y: ndarray::Array1<f64> = y.collect();
        let mut x: Array2<f64> = zeros(self.samples, self.dim)?;
        let norms = shuffled(geometric(self.samples, 1.0, self.norm_spread), seed);
        let (common, own) = (self.cosine.sqrt(), (1.0 - self.cosine).sqrt());
        let first = usize::from(self.cosine > 0.0);
        for (i, norm) in norms.into_iter().enumerate() {
            x[[i, 0]] = y[i] * norm * common;
            x[[i, first + i]] = y[i] * norm * own;
        }
        Dataset::new(x, y)
    }

    fn describe(&self) -> String {
        let Self {
            samples,
            dim,
            cosine,
            norm_spread,
        } = self;
        format!("equiangular, n = {samples}, d = {dim}, μ = {cosine}, R_max/R_min = {norm_spread}")
    }
}

//! Exactly orthogonal samples.

use implicit_bias_settings::{Invalid, Key, Settings};
use ndarray::Array2;

use super::law::{DIM, DataLaw, DataLawKind, SAMPLES};
use crate::random::{Stream, generator, index_below, random_labels, zeros};
use crate::{DataError, Dataset};

/// The norm of orthogonal samples.
pub const NORM: Key = Key::number(
    "norm",
    "R",
    "Norm of a sample, its geometric mean if norms are spread (orthogonal) [default: sqrt(d)]",
)
.within("a positive number", |norm| norm > 0.0);

/// The spread of their norms.
pub const NORM_SPREAD: Key = Key::number(
    "norm-spread",
    "RATIO",
    "Ratio R_max/R_min of the norms of the samples (orthogonal, equiangular)",
)
.by_default(1.0)
.within("a number, at least 1", |ratio| ratio >= 1.0);

/// [`Orthogonal`] as users choose it.
pub const ORTHOGONAL: DataLawKind = DataLawKind {
    name: "orthogonal",
    about: "Exactly orthogonal samples",
    keys: &[SAMPLES, DIM, NORM, NORM_SPREAD],
    make: |settings| {
        let dim = DIM.size_in(settings)?;
        let norm = NORM.number_if_given(settings)?;
        Ok(Box::new(Orthogonal {
            samples: SAMPLES.size_in(settings)?,
            dim,
            norm: norm.unwrap_or((dim as f64).sqrt()),
            norm_spread: NORM_SPREAD.number_in(settings)?,
        }))
    },
};

/// Exactly orthogonal samples, `x_i = r_i e_i`, so that `p = 0`.
///
/// Labels are i.i.d. uniform on `±1`, conditioned on both being present. The norms `r_i` are spaced
/// geometrically from `norm / √norm_spread` to `norm · √norm_spread`, both ends included, in an
/// order that depends on the seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Orthogonal {
    /// Number of samples `n ≥ 2`.
    pub samples: usize,
    /// Dimension `d ≥ n`.
    pub dim: usize,
    /// Geometric mean of the norms, positive.
    pub norm: f64,
    /// Ratio `R_max / R_min ≥ 1`; 1 makes all norms equal to `norm`.
    pub norm_spread: f64,
}

impl DataLaw for Orthogonal {
    fn shape(&self) -> (usize, usize) {
        (self.samples, self.dim)
    }

    fn check_parameters(&self) -> Result<(), Invalid> {
        if self.dim < self.samples {
            let expected = format!("at least the number of samples, {}", self.samples);
            return Err(Invalid::new(DIM.name, expected, self.dim));
        }
        NORM.check(self.norm)?;
        NORM_SPREAD.check(self.norm_spread)
    }

    fn draw(&self, seed: u64) -> Result<Dataset, DataError> {
        let y = random_labels(self.samples, seed, Stream::Labels);
        let mut x: Array2<f64> = zeros(self.samples, self.dim)?;
        let norms = shuffled(geometric(self.samples, self.norm, self.norm_spread), seed);
        for (i, norm) in norms.into_iter().enumerate() {
            x[[i, i]] = norm;
        }
        Dataset::new(x, y)
    }

    fn describe(&self) -> String {
        let Self {
            samples,
            dim,
            norm,
            norm_spread,
        } = self;
        let spread = format!("R_max/R_min = {norm_spread}");
        format!("orthogonal, n = {samples}, d = {dim}, norm {norm:.4}, {spread}")
    }

    fn computed(&self) -> Settings {
        Settings::default().with(NORM.name, self.norm)
    }
}

/// `count ≥ 2` norms in geometric progression, the ends computed apart so that they are exact.
pub(super) fn geometric(count: usize, middle: f64, spread: f64) -> Vec<f64> {
    let last = count - 1;
    (0..count)
        .map(|j| match j {
            0 => middle / spread.sqrt(),
            j if j == last => middle * spread.sqrt(),
            j => middle * libm::pow(spread, j as f64 / last as f64 - 0.5),
        })
        .collect()
}

/// Fisher–Yates.
pub(super) fn shuffled(mut values: Vec<f64>, seed: u64) -> Vec<f64> {
    let mut generator = generator(seed, Stream::Norms);
    for i in (1..values.len()).rev() {
        values.swap(i, index_below(&mut generator, i + 1));
    }
    values
}

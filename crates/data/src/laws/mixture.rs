//! Two Gaussian classes.

use implicit_bias_settings::{Invalid, Key, Settings};

use super::gaussian::NOISE;
use super::law::{DIM, DataLaw, DataLawKind, SAMPLES};
use crate::random::{Stream, gaussian_matrix, random_labels};
use crate::{DataError, Dataset};

/// The length of the class mean.
pub const SIGNAL: Key = Key::number(
    "signal",
    "MU",
    "Length ‖μ‖ of the class mean (mixture), of the centres (crossing-lines), of a signal (patches)",
)
.by_default(1.0)
.non_negative();

/// [`Mixture`] as users choose it.
pub const MIXTURE: DataLawKind = DataLawKind {
    name: "mixture",
    about: "`x = y μ + ξ`, two Gaussian classes with means `±μ`",
    keys: &[SAMPLES, DIM, SIGNAL, NOISE],
    make: |settings| {
        Ok(Box::new(Mixture {
            samples: SAMPLES.size_in(settings)?,
            dim: DIM.size_in(settings)?,
            signal: SIGNAL.number_in(settings)?,
            noise: NOISE.number_if_given(settings)?.unwrap_or(1.0),
        }))
    },
};

/// Two Gaussian clusters, `x = y μ + ξ` with `μ = signal · e_1` and `ξ ~ N(0, noise² I_d)`.
///
/// Labels are i.i.d. uniform on `±1`, conditioned on both being present. The law of `ξ` is rotation
/// invariant, and so are initial weights and gradient descent: another direction of `μ` would give
/// the same run in rotated coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixture {
    /// Number of samples `n ≥ 2`.
    pub samples: usize,
    /// Dimension `d ≥ 1`.
    pub dim: usize,
    /// Distance `‖μ‖ ≥ 0` of each class mean from the origin.
    pub signal: f64,
    /// Standard deviation of each coordinate of `ξ`; not zero along with `signal`.
    pub noise: f64,
}

impl DataLaw for Mixture {
    fn shape(&self) -> (usize, usize) {
        (self.samples, self.dim)
    }

    fn check_parameters(&self) -> Result<(), Invalid> {
        SIGNAL.check(self.signal)?;
        NOISE.check(self.noise)?;
        if self.signal == 0.0 && self.noise == 0.0 {
            let expected = "a positive number where signal is 0";
            return Err(Invalid::new(NOISE.name, expected, self.noise));
        }
        Ok(())
    }

    fn draw(&self, seed: u64) -> Result<Dataset, DataError> {
        let y = random_labels(self.samples, seed, Stream::Labels);
        let mut x = gaussian_matrix(self.samples, self.dim, self.noise, seed, Stream::Noise)?;
        x.column_mut(0).scaled_add(self.signal, &y);
        Dataset::new(x, y)
    }

    fn draw_held_out(&self, samples: usize, seed: u64) -> Option<Result<Dataset, DataError>> {
        let y = random_labels(samples, seed, Stream::HeldOutLabels);
        let x = gaussian_matrix(samples, self.dim, self.noise, seed, Stream::HeldOutNoise);
        Some(x.and_then(|mut x| {
            x.column_mut(0).scaled_add(self.signal, &y);
            Dataset::new(x, y)
        }))
    }

    fn describe(&self) -> String {
        let Self {
            samples,
            dim,
            signal,
            noise,
        } = self;
        format!("mixture, n = {samples}, d = {dim}, ‖μ‖ = {signal}, σ = {noise}")
    }

    fn computed(&self) -> Settings {
        Settings::default().with(NOISE.name, self.noise)
    }
}

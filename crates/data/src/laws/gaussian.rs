//! Noise without a signal.

use implicit_bias_settings::{Invalid, Key, Settings};

use super::law::{DIM, DataLaw, DataLawKind, SAMPLES};
use crate::random::{Stream, gaussian_matrix, random_labels};
use crate::{DataError, Dataset};

/// The noise of generated samples, or added to those of a file.
pub const NOISE: Key = Key::number(
    "noise",
    "SIGMA",
    "Standard deviation σ of the noise in each coordinate: of generated samples (mixture, gaussian, \
     patches) [default: 1], or added to those of a file [default: 0]",
)
.non_negative();

/// [`Gaussian`] as users choose it.
pub const GAUSSIAN: DataLawKind = DataLawKind {
    name: "gaussian",
    about: "`x = ξ`, labels independent of the samples",
    keys: &[SAMPLES, DIM, NOISE],
    make: |settings| {
        Ok(Box::new(Gaussian {
            samples: SAMPLES.size_in(settings)?,
            dim: DIM.size_in(settings)?,
            noise: NOISE.number_if_given(settings)?.unwrap_or(1.0),
        }))
    },
};

/// Noise without a signal, `x ~ N(0, noise² I_d)`, independent of the label.
///
/// Labels are i.i.d. uniform on `±1`, conditioned on both being present.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gaussian {
    /// Number of samples `n ≥ 2`.
    pub samples: usize,
    /// Dimension `d ≥ 1`.
    pub dim: usize,
    /// Standard deviation of each coordinate, positive.
    pub noise: f64,
}

impl DataLaw for Gaussian {
    fn shape(&self) -> (usize, usize) {
        (self.samples, self.dim)
    }

    fn check_parameters(&self) -> Result<(), Invalid> {
        NOISE.check(self.noise)?;
        if self.noise == 0.0 {
            return Err(Invalid::new(NOISE.name, "a positive number", self.noise));
        }
        Ok(())
    }

    fn draw(&self, seed: u64) -> Result<Dataset, DataError> {
        let y = random_labels(self.samples, seed, Stream::Labels);
        let x = gaussian_matrix(self.samples, self.dim, self.noise, seed, Stream::Noise)?;
        Dataset::new(x, y)
    }

    fn describe(&self) -> String {
        let Self {
            samples,
            dim,
            noise,
        } = self;
        format!("gaussian, n = {samples}, d = {dim}, σ = {noise}")
    }

    fn computed(&self) -> Settings {
        Settings::default().with(NOISE.name, self.noise)
    }
}

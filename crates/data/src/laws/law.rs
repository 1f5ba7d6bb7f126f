//! What a data law is.

use std::fmt::Debug;

use implicit_bias_settings::{Invalid, Key, Settings};

use crate::{DataError, Dataset, MAX_ENTRIES, TrainingSet};

/// The number of samples.
pub const SAMPLES: Key = Key::count("samples", "N", "Number of samples n to generate")
    .by_default_count(10)
    .within("at least 2", |samples| samples >= 2.0);

/// The dimension of a sample.
pub const DIM: Key = Key::count("dim", "D", "Dimension d of a generated sample")
    .by_default_count(2000)
    .within("at least 1", |dim| dim >= 1.0);

/// A law to draw a [`Dataset`] from, with its parameters.
pub trait DataLaw: Debug + Send + Sync {
    /// The number of samples `n` and the dimension `d`.
    fn shape(&self) -> (usize, usize);

    /// Refuses parameters, other than the number of samples and the dimension, that are out of
    /// range or do not fit together.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names the key, what was expected and what was found.
    fn check_parameters(&self) -> Result<(), Invalid>;

    /// Draws a data set of the law's [`shape`](Self::shape), both labels present. Equal seeds give
    /// equal bits on every machine: numbers are those of [`random`](crate::random). Parameters
    /// were checked before.
    ///
    /// # Errors
    ///
    /// [`DataError::Scale`] or [`DataError::NotFinite`] for scales so extreme that squared norms
    /// leave the range of `f64`.
    fn draw(&self, seed: u64) -> Result<Dataset, DataError>;

    /// Draws fresh samples, independent of those of [`draw`](Self::draw) of the same seed but from the
    /// same law, with its clean labels where labels are noisy; both labels are present. `None` of a
    /// law that has none.
    ///
    /// # Errors
    ///
    /// As [`draw`](Self::draw).
    fn draw_held_out(&self, _samples: usize, _seed: u64) -> Option<Result<Dataset, DataError>> {
        None
    }

    /// The law with its parameters, in the words of a report: `gaussian, n = 10, d = 784, σ = 1`.
    fn describe(&self) -> String;

    /// The values of the keys whose defaults are no constants: a configuration has them besides
    /// what was given.
    fn computed(&self) -> Settings {
        Settings::default()
    }

    /// Checks all parameters.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for fewer than 2 samples, no dimension, more than
    /// [`MAX_ENTRIES`] entries, and what
    /// [`check_parameters`](Self::check_parameters) refuses.
    fn validate(&self) -> Result<(), Invalid> {
        let (samples, dim) = self.shape();
        SAMPLES.check(samples as f64)?;
        DIM.check(dim as f64)?;
        if samples as u128 * dim as u128 > u128::from(MAX_ENTRIES) {
            let expected = format!("samples·dim ≤ {MAX_ENTRIES}, 4 GiB of numbers");
            return Err(Invalid::new(DIM.name, expected, format!("{samples}·{dim}")));
        }
        self.check_parameters()
    }

    /// Checks the parameters and draws a data set.
    ///
    /// # Errors
    ///
    /// Those of [`validate`](Self::validate) and [`draw`](Self::draw).
    fn generate(&self, seed: u64) -> Result<Dataset, DataError> {
        self.validate()?;
        self.draw(seed)
    }

    /// As [`generate`](Self::generate), for a law of any kind of targets.
    ///
    /// # Errors
    ///
    /// As [`generate`](Self::generate).
    fn training_set(&self, seed: u64) -> Result<TrainingSet, DataError> {
        Ok(self.generate(seed)?.into())
    }
}

/// A kind of [`DataLaw`] as users choose it: its name, its keys, and how one is made of them.
#[derive(Clone, Copy, Debug)]
pub struct DataLawKind {
    /// The name by which users choose it.
    pub name: &'static str,
    /// The law, in a line.
    pub about: &'static str,
    /// The keys that it asks for.
    pub keys: &'static [Key],
    /// One of these with the parameters that settings ask for.
    pub make: fn(&Settings) -> Result<Box<dyn DataLaw>, Invalid>,
}

impl DataLawKind {
    /// The law of these settings, its parameters checked.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for a setting that cannot be.
    pub fn law(&self, settings: &Settings) -> Result<Box<dyn DataLaw>, Invalid> {
        let law = (self.make)(settings)?;
        law.validate()?;
        Ok(law)
    }

    /// The value of every key of the law that these settings ask for, defaults filled in.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for a setting that cannot be.
    pub fn filled_in(&self, settings: &Settings) -> Result<Settings, Invalid> {
        let mut filled = settings.clone().or(self.law(settings)?.computed());
        for key in self.keys {
            if !filled.has(key.name) {
                filled.set(key.name, key.default());
            }
        }
        Ok(filled)
    }
}

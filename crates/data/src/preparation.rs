use ndarray::{Array1, Array2, Axis};
use serde::{Deserialize, Serialize};

use crate::random::{Stream, gaussian_matrix, random_labels};
use crate::{ClassDataset, DataError, Dataset, RealDataset};

/// What is done to samples before training, in this order: scale, centre, unit norm, noise, random
/// labels.
///
/// `x_i ← s x_i`, `x_i ← x_i − mean_k x_k`, `x_i ← x_i / ‖x_i‖`, `x_i ← x_i + ξ_i`
/// with `ξ_i ~ N(0, σ² I_d)`, and `y_i` uniform on `±1`, independent of everything. Noise makes
/// images nearly orthogonal: `‖x_i‖²` grows like `σ² d`, inner products of different samples
/// only like `σ² √d`.
///
/// ```
/// use implicit_bias_data::{DataLaw, Geometry, Mixture, Preparation};
///
/// let raw = Mixture { samples: 10, dim: 500, signal: 9.0, noise: 1.0 }.generate(0)?;
/// let preparation = Preparation { noise: 3.0, ..Preparation::default() };
/// let noisy = preparation.apply(raw.clone(), 0)?;
/// assert!(Geometry::of(&noisy).ratio > Geometry::of(&raw).ratio);
/// # Ok::<(), implicit_bias_data::DataError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preparation {
    /// Factor `s > 0` of every coordinate.
    pub scale: f64,
    /// Whether the mean of the samples is subtracted.
    pub centre: bool,
    /// Whether every sample is divided by its norm.
    pub unit_norm: bool,
    /// Standard deviation `σ ≥ 0` of the noise added to each coordinate.
    pub noise: f64,
    /// Whether the labels are replaced by fair coins, both classes present.
    pub random_labels: bool,
}

impl Default for Preparation {
    /// Nothing is done.
    fn default() -> Self {
        Self {
            scale: 1.0,
            centre: false,
            unit_norm: false,
            noise: 0.0,
            random_labels: false,
        }
    }
}

impl Preparation {
    /// Whether samples and labels stay as they are.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Checks the numbers.
    ///
    /// # Errors
    ///
    /// [`DataError::Argument`] unless `scale` is finite and positive, and `noise` finite and not
    /// negative.
    pub fn validate(&self) -> Result<(), DataError> {
        let argument = |flag, expected: &str, found: f64| {
            Err(DataError::Argument {
                flag,
                expected: expected.to_owned(),
                found: found.to_string(),
            })
        };
        if !(self.scale.is_finite() && self.scale > 0.0) {
            return argument("--scale", "a finite positive number", self.scale);
        }
        if !(self.noise.is_finite() && self.noise >= 0.0) {
            return argument("--noise", "a finite number, 0 or more", self.noise);
        }
        Ok(())
    }

    /// The prepared data set. Noise and random labels have their own streams of `seed`.
    ///
    /// # Errors
    ///
    /// Those of [`validate`](Self::validate); [`DataError::ZeroSample`] for a sample of norm 0 that
    /// should have norm 1; [`DataError::NotFinite`] or [`DataError::Scale`] if coordinates leave
    /// the range of numbers.
    pub fn apply(&self, data: Dataset, seed: u64) -> Result<Dataset, DataError> {
        if self.is_none() {
            return Ok(data);
        }
        let (x, y, beside) = data.into_parts();
        let mean = self.mean(&x);
        let x = self.transform(x, mean.as_ref(), Some(seed))?;
        let y = if self.random_labels {
            random_labels(y.len(), seed, Stream::RandomLabels)
        } else {
            y
        };
        Dataset::new(x, y)?.with_beside(beside)
    }

    /// As [`apply`](Self::apply), for samples with real targets, which stay.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply).
    pub fn apply_to_reals(&self, data: &RealDataset, seed: u64) -> Result<RealDataset, DataError> {
        let mean = self.mean(data.x());
        data.with_x(self.transform(data.x().clone(), mean.as_ref(), Some(seed))?)
    }

    /// As [`apply`](Self::apply), for samples of any number of classes, whose labels stay.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply).
    pub fn apply_to_classes(
        &self,
        data: &ClassDataset,
        seed: u64,
    ) -> Result<ClassDataset, DataError> {
        let mean = self.mean(data.x());
        data.with_x(self.transform(data.x().clone(), mean.as_ref(), Some(seed))?)
    }

    /// Held-out samples on the footing of the training samples `train` (as they were before
    /// preparation): scaled, centred by the mean of the training samples, of unit norm; without
    /// noise, and with their labels.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply).
    pub fn apply_to_held_out(
        &self,
        held_out: Array2<f64>,
        train: &Array2<f64>,
    ) -> Result<Array2<f64>, DataError> {
        self.transform(held_out, self.mean(train).as_ref(), None)
    }

    /// The mean to subtract, of scaled samples.
    fn mean(&self, x: &Array2<f64>) -> Option<Array1<f64>> {
        let mean = || x.mean_axis(Axis(0)).map(|mean| mean * self.scale);
        self.centre.then(mean).flatten()
    }

    /// Everything that happens to coordinates; noise only with a seed.
    fn transform(
        &self,
        mut x: Array2<f64>,
        mean: Option<&Array1<f64>>,
        noise: Option<u64>,
    ) -> Result<Array2<f64>, DataError> {
        self.validate()?;
        if self.scale != 1.0 {
            x *= self.scale;
        }
        if let Some(mean) = mean {
            x -= mean;
        }
        if self.unit_norm {
            for (row, mut sample) in x.outer_iter_mut().enumerate() {
                let norm = sample.dot(&sample).sqrt();
                if !norm.is_normal() {
                    return Err(DataError::ZeroSample { row, norm });
                }
                sample /= norm;
            }
        }
        if let Some(seed) = noise
            && self.noise > 0.0
        {
            x += &gaussian_matrix(x.nrows(), x.ncols(), self.noise, seed, Stream::AddedNoise)?;
        }
        Ok(x)
    }
}

impl std::fmt::Display for Preparation {
    /// `scaled by 0.5, centred, noise σ = 1`, or `none`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts = Vec::new();
        if self.scale != 1.0 {
            // `1/255` in place of seventeen digits.
            let inverse = (1.0 / self.scale).round();
            let long = self.scale.to_string().len() > 8;
            parts.push(if long && 1.0 / inverse == self.scale {
                format!("scaled by 1/{inverse}")
            } else {
                format!("scaled by {}", self.scale)
            });
        }
        if self.centre {
            parts.push("centred".to_owned());
        }
        if self.unit_norm {
            parts.push("unit norm".to_owned());
        }
        if self.noise > 0.0 {
            parts.push(format!("noise σ = {}", self.noise));
        }
        if self.random_labels {
            parts.push("random labels".to_owned());
        }
        if parts.is_empty() {
            parts.push("none".to_owned());
        }
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests;

//! Samples with real targets.

use implicit_bias_output::Hasher;
use ndarray::{Array1, Array2};

use crate::beside::Beside;
use crate::checks::check_samples;
use crate::labelled::Labelled;
use crate::{DataError, Dataset};

/// Samples `x_i ∈ R^d` with real targets `y_i`, `i = 1..n`: a regression.
///
/// ```
/// use implicit_bias_data::RealDataset;
/// use ndarray::array;
///
/// let data = RealDataset::new(array![[3.0, 4.0], [0.0, 1.0]], array![0.5, -2.0])?;
/// assert_eq!(data.y()[1], -2.0);
/// # Ok::<(), implicit_bias_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RealDataset {
    x: Array2<f64>,
    y: Array1<f64>,
    beside: Beside,
}

impl RealDataset {
    /// Validates samples `x` (`n × d`, one a row) and targets `y` (`n`).
    ///
    /// # Errors
    ///
    /// Those of [`Dataset::new`] for samples; [`DataError::NotFinite`] for a target that is NaN or
    /// infinite.
    pub fn new(x: Array2<f64>, y: Array1<f64>) -> Result<Self, DataError> {
        let x = check_samples(x, y.len())?;
        if let Some(row) = y.iter().position(|target| !target.is_finite()) {
            return Err(DataError::NotFinite {
                array: "y",
                row,
                column: 0,
                value: y[row],
            });
        }
        let beside = Beside::default();
        Ok(Self { x, y, beside })
    }

    /// The same samples with something beside them.
    ///
    /// # Errors
    ///
    /// [`DataError::NotFinite`].
    pub fn with_beside(self, beside: Beside) -> Result<Self, DataError> {
        beside.check()?;
        Ok(Self { beside, ..self })
    }

    /// The samples `X`, `n × d`, one a row, in row-major layout.
    pub fn x(&self) -> &Array2<f64> {
        &self.x
    }

    /// The targets `y`, `n` real numbers.
    pub fn y(&self) -> &Array1<f64> {
        &self.y
    }

    /// What belongs to the samples besides.
    pub fn beside(&self) -> &Beside {
        &self.beside
    }

    /// The SHA-256, in hexadecimal, of the word `real`, then as [`Dataset::sha256`].
    pub fn sha256(&self) -> String {
        let mut hash = Hasher::default();
        hash.update(b"real");
        Dataset::add_to(&self.x, &self.y, &self.beside, &mut hash);
        hash.finish()
    }

    /// The same targets with other samples.
    pub(crate) fn with_x(&self, x: Array2<f64>) -> Result<Self, DataError> {
        Self::new(x, self.y.clone())?.with_beside(self.beside.clone())
    }
}

impl Labelled for RealDataset {
    fn x(&self) -> &Array2<f64> {
        &self.x
    }

    /// All samples are of one class: a regression has none.
    fn class_numbers(&self) -> Vec<usize> {
        vec![0; self.y.len()]
    }

    fn class_count(&self) -> usize {
        1
    }

    fn has_signs(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn targets_are_any_finite_numbers_and_in_the_hash() {
        let x = array![[1.0, 2.0], [3.0, 4.0]];
        let data = RealDataset::new(x.clone(), array![0.5, 0.5]).unwrap();
        let other = RealDataset::new(x.clone(), array![0.5, 0.25]).unwrap();
        assert_ne!(data.sha256(), other.sha256());
        let error = RealDataset::new(x.clone(), array![0.5, f64::NAN]).unwrap_err();
        assert!(error.to_string().contains("NaN in row 1"), "{error}");
        let signs = Dataset::new(x.clone(), array![1.0, -1.0]).unwrap();
        let same = RealDataset::new(x, array![1.0, -1.0]).unwrap();
        assert_ne!(signs.sha256(), same.sha256());
    }
}

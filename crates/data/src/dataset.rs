use implicit_bias_output::Hasher;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use crate::DataError;
use crate::beside::Beside;
use crate::checks::check_samples;
use crate::labelled::Labelled;

/// How a file writes the two classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelEncoding {
    /// `−1` and `+1`.
    #[default]
    PlusMinusOne,
    /// `0` and `1`, read as `−1` and `+1`.
    ZeroOne,
}

impl LabelEncoding {
    /// Turns labels in this encoding into `±1`.
    ///
    /// # Errors
    ///
    /// [`DataError::Label`] if the encoding is [`ZeroOne`](Self::ZeroOne) and a label is neither
    /// 0 nor 1. Labels in [`PlusMinusOne`](Self::PlusMinusOne) are left to [`Dataset::new`].
    pub fn decode(self, mut labels: Array1<f64>) -> Result<Array1<f64>, DataError> {
        if self == Self::ZeroOne {
            for (sample, label) in labels.iter_mut().enumerate() {
                *label = match *label {
                    0.0 => -1.0,
                    1.0 => 1.0,
                    value => {
                        let expected = "0 and 1";
                        return Err(DataError::Label {
                            expected,
                            sample,
                            value,
                        });
                    }
                };
            }
        }
        Ok(labels)
    }
}

/// Samples `x_i ∈ R^d` and labels `y_i = ±1`, `i = 1..n`, with both classes present.
///
/// ```
/// use implicit_bias_data::Dataset;
/// use ndarray::array;
///
/// let data = Dataset::new(array![[3.0, 4.0], [0.0, 1.0]], array![1.0, -1.0])?;
/// assert_eq!((data.samples(), data.dim()), (2, 2));
/// # Ok::<(), implicit_bias_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    x: Array2<f64>,
    y: Array1<f64>,
    beside: Beside,
}

impl Dataset {
    /// Validates samples `x` (`n × d`, one a row) and labels `y` (`n`).
    ///
    /// # Errors
    ///
    /// * [`DataError::TooSmall`] unless `n ≥ 2` and `d ≥ 1`;
    /// * [`DataError::Length`] unless `y` has `n` entries;
    /// * [`DataError::NotFinite`] if an entry of `x` is NaN or infinite;
    /// * [`DataError::Scale`] if a sample is so large or so small that `‖x_i‖²` overflows or
    ///   underflows (a sample that is exactly zero is accepted);
    /// * [`DataError::Label`] or [`DataError::ZeroOneLabels`] unless every label is `±1`;
    /// * [`DataError::OneClass`] unless both labels occur.
    pub fn new(x: Array2<f64>, y: Array1<f64>) -> Result<Self, DataError> {
        let samples = x.nrows();
        let x = check_samples(x, y.len())?;
        if let Some(sample) = y.iter().position(|label| label.abs() != 1.0) {
            return Err(if y.iter().all(|&label| label == 0.0 || label == 1.0) {
                DataError::ZeroOneLabels
            } else {
                DataError::Label {
                    expected: "-1 and 1",
                    sample,
                    value: y[sample],
                }
            });
        }
        if y.iter().all(|&label| label == y[0]) {
            return Err(DataError::OneClass {
                label: y[0],
                samples,
            });
        }
        let beside = Beside::default();
        Ok(Self { x, y, beside })
    }

    /// The same samples with something beside them.
    ///
    /// # Errors
    ///
    /// [`DataError::NotFinite`] for an entry of an array that is NaN or infinite.
    pub fn with_beside(self, beside: Beside) -> Result<Self, DataError> {
        beside.check()?;
        Ok(Self { beside, ..self })
    }

    /// What belongs to the samples besides.
    pub fn beside(&self) -> &Beside {
        &self.beside
    }

    /// The samples `X`, `n × d`, one a row, in row-major layout.
    pub fn x(&self) -> &Array2<f64> {
        &self.x
    }

    /// The labels `y`, `n` values `±1`.
    pub fn y(&self) -> &Array1<f64> {
        &self.y
    }

    /// The number of samples `n`.
    pub fn samples(&self) -> usize {
        self.x.nrows()
    }

    /// The dimension `d`.
    pub fn dim(&self) -> usize {
        self.x.ncols()
    }

    /// The numbers of samples labelled `+1` and `−1`, in this order.
    pub fn class_counts(&self) -> (usize, usize) {
        let positive = self.y.iter().filter(|&&label| label > 0.0).count();
        (positive, self.samples() - positive)
    }

    /// Samples, labels and what is beside them.
    pub(crate) fn into_parts(self) -> (Array2<f64>, Array1<f64>, Beside) {
        (self.x, self.y, self.beside)
    }

    /// The SHA-256, in hexadecimal, of `n` and `d` as little-endian `u64`, then `X` row by row,
    /// then `y`, as little-endian `f64`, then what is beside them.
    pub fn sha256(&self) -> String {
        let mut hash = Hasher::default();
        Self::add_to(&self.x, &self.y, &self.beside, &mut hash);
        hash.finish()
    }

    /// Adds to a hash: `n` and `d`, then `X`, then `y`, then what is beside them.
    pub(crate) fn add_to(x: &Array2<f64>, y: &Array1<f64>, beside: &Beside, hash: &mut Hasher) {
        for size in [x.nrows(), x.ncols()] {
            hash.update(&(size as u64).to_le_bytes());
        }
        let mut buffer = Vec::new();
        for row in x.outer_iter().chain([y.view()]) {
            buffer.clear();
            buffer.extend(row.iter().flat_map(|entry| entry.to_le_bytes()));
            hash.update(&buffer);
        }
        beside.add_to(hash);
    }
}

impl Labelled for Dataset {
    fn x(&self) -> &Array2<f64> {
        &self.x
    }

    fn class_numbers(&self) -> Vec<usize> {
        let number = |&label: &f64| usize::from(label < 0.0);
        self.y.iter().map(number).collect()
    }

    fn class_count(&self) -> usize {
        2
    }

    fn has_signs(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, ShapeBuilder, array};

    use super::*;

    fn message(x: Array2<f64>, y: Array1<f64>) -> String {
        Dataset::new(x, y).unwrap_err().to_string()
    }

    #[test]
    fn each_broken_invariant_has_its_message() {
        let x = array![[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];
        let y = array![1.0, -1.0, 1.0];
        assert!(Dataset::new(x.clone(), y.clone()).is_ok());

        assert_eq!(
            message(Array2::zeros((1, 2)), array![1.0]),
            "X: expected at least 2 samples and 1 dimension, found shape [1, 2]"
        );
        assert_eq!(
            message(Array2::zeros((3, 0)), y.clone()),
            "X: expected at least 2 samples and 1 dimension, found shape [3, 0]"
        );
        assert_eq!(
            message(x.clone(), array![1.0, -1.0]),
            "y: expected one label for each of the 3 rows of X, found 2"
        );
        let mut nan = x.clone();
        nan[[2, 1]] = f64::NAN;
        assert_eq!(
            message(nan, y.clone()),
            "X: expected finite entries, found NaN in row 2, column 1"
        );
        let mut infinite = x.clone();
        infinite[[0, 1]] = f64::NEG_INFINITY;
        assert_eq!(
            message(infinite, y.clone()),
            "X: expected finite entries, found -inf in row 0, column 1"
        );
        assert_eq!(
            message(x.clone(), array![1.0, -1.0, 2.0]),
            "y: expected labels -1 and 1, found 2 for sample 2"
        );
        assert_eq!(
            message(x.clone(), array![1.0, f64::NAN, -1.0]),
            "y: expected labels -1 and 1, found NaN for sample 1"
        );
        assert_eq!(
            message(x.clone(), array![1.0, 0.0, 1.0]),
            "y: expected labels -1 and 1, found 0 and 1; to read 0 as -1, pass --labels zero-one"
        );
        assert_eq!(
            message(x, array![-1.0, -1.0, -1.0]),
            "y: expected both classes, found the label -1 for all 3 samples"
        );
    }

    #[test]
    fn norms_that_leave_the_range_of_f64_are_refused() {
        let y = array![1.0, -1.0];
        assert_eq!(
            message(array![[1.0], [1e200]], y.clone()),
            "X: expected samples whose squared norm is 0 or a normal f64, found inf in row 1; \
             rescale the data"
        );
        assert!(message(array![[1e-200], [1.0]], y.clone()).contains("found 0e0 in row 0"));
        assert!(Dataset::new(array![[0.0], [1.0]], y).is_ok());
    }

    #[test]
    fn layout_becomes_row_major_and_values_stay() {
        let x = Array2::from_shape_vec((2, 3).f(), vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        let data = Dataset::new(x.clone(), array![1.0, -1.0]).unwrap();
        assert_eq!(data.x(), &x);
        assert_eq!(data.x().as_slice().unwrap(), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
    }

    #[test]
    fn zero_one_labels_decode() {
        let decoded = LabelEncoding::ZeroOne
            .decode(array![0.0, 1.0, 1.0])
            .unwrap();
        assert_eq!(decoded, array![-1.0, 1.0, 1.0]);
        let error = LabelEncoding::ZeroOne
            .decode(array![0.0, -1.0])
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "y: expected labels 0 and 1, found -1 for sample 1"
        );
    }

    #[test]
    fn the_hash_depends_on_shape_and_every_entry() {
        let data = Dataset::new(array![[1.0, 2.0], [3.0, 4.0]], array![1.0, -1.0]).unwrap();
        // sha256 of 02 00.. 02 00.. and the six doubles, computed by an independent tool.
        assert_eq!(
            data.sha256(),
            "eecbe0ddb0321b128ec9751edb1c572107d7d3f7ca26c4c40fdfe56a305ec1fc"
        );
        let flipped = Dataset::new(data.x.clone(), array![-1.0, 1.0]).unwrap();
        let nudged =
            Dataset::new(array![[1.0, 2.0], [3.0, 4.0_f64.next_up()]], data.y.clone()).unwrap();
        assert_ne!(data.sha256(), flipped.sha256());
        assert_ne!(data.sha256(), nudged.sha256());

        let y = array![1.0, -1.0, 1.0, -1.0];
        let x = array![[1.0], [2.0], [3.0], [4.0]];
        let tall = Dataset::new(x, y).unwrap();
        assert_ne!(tall.sha256(), data.sha256());
        assert_eq!(tall.class_counts(), (2, 2));
    }
}

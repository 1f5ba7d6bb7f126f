//! Samples times their labels, checked.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::error::LinearError;

/// The largest size of an entry of a sample: sums of their products stay finite.
pub const MAX_ENTRY: f64 = 1e150;

/// The most entries `n d`; the solver's memory is some hundred bytes an entry.
const MAX_ENTRIES: usize = 1 << 20;

/// The most multiplications `n d min(n, d)` of one factorization.
const MAX_PRODUCTS: f64 = 1e9;

/// Samples times their labels, `z_i = y_i x_i`, one a row: all that linear margins depend on.
///
/// The margin of sample `i` under weights `w` is `⟨z_i, w⟩`.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedSamples {
    rows: Array2<f64>,
}

impl SignedSamples {
    /// The rows `z_i`, `n × d`, as they are.
    ///
    /// # Errors
    ///
    /// [`LinearError::Empty`] unless `n, d ≥ 1`, [`LinearError::TooLarge`], and
    /// [`LinearError::Entry`] for an entry that is not finite or larger than [`MAX_ENTRY`].
    pub fn new(rows: Array2<f64>) -> Result<Self, LinearError> {
        let (samples, dim) = rows.dim();
        if samples == 0 || dim == 0 {
            return Err(LinearError::Empty { samples, dim });
        }
        let products = samples as f64 * dim as f64 * samples.min(dim) as f64;
        if samples.saturating_mul(dim) > MAX_ENTRIES || products > MAX_PRODUCTS {
            return Err(LinearError::TooLarge { samples, dim });
        }
        for ((sample, coordinate), &value) in rows.indexed_iter() {
            // NaN is not at most anything.
            if !matches!(value.abs().partial_cmp(&MAX_ENTRY), Some(order) if order.is_le()) {
                return Err(LinearError::Entry {
                    sample,
                    coordinate,
                    value,
                });
            }
        }
        let rows = rows.as_standard_layout().into_owned();
        Ok(Self { rows })
    }

    /// `z_i = y_i x_i` of samples `x` (`n × d`, one a row) and labels `y` (`n`, each `±1`).
    ///
    /// One class alone is accepted: a linear network without bias has a margin there, too.
    ///
    /// # Errors
    ///
    /// [`LinearError::Labels`], [`LinearError::Label`], and those of [`SignedSamples::new`].
    pub fn labelled(x: ArrayView2<'_, f64>, y: ArrayView1<'_, f64>) -> Result<Self, LinearError> {
        if x.nrows() != y.len() {
            return Err(LinearError::Labels {
                expected: x.nrows(),
                found: y.len(),
            });
        }
        if let Some(sample) = y.iter().position(|label| label.abs() != 1.0) {
            let value = y[sample];
            return Err(LinearError::Label { sample, value });
        }
        let mut rows = x.to_owned();
        for (mut row, &label) in rows.rows_mut().into_iter().zip(y) {
            row *= label;
        }
        Self::new(rows)
    }

    /// The rows `z_i`, `n × d`.
    pub fn rows(&self) -> ArrayView2<'_, f64> {
        self.rows.view()
    }

    /// The number of samples `n`.
    pub fn samples(&self) -> usize {
        self.rows.nrows()
    }

    /// The number of coordinates `d`.
    pub fn dim(&self) -> usize {
        self.rows.ncols()
    }

    /// The margins `⟨z_i, w⟩`, `n`, under weights `w`, `d`.
    ///
    /// # Panics
    ///
    /// If `weights` has not `d` entries.
    pub fn margins(&self, weights: ArrayView1<'_, f64>) -> Array1<f64> {
        self.rows.dot(&weights)
    }

    /// The first sample that is zero, if one is: its margin is 0 under all weights.
    pub(super) fn zero_sample(&self) -> Option<usize> {
        let mut rows = self.rows.rows().into_iter();
        rows.position(|row| row.iter().all(|&entry| entry == 0.0))
    }

    /// The rows over a power of two, and that power: the shortest sample gets a length of about 1.
    ///
    /// No margin `⟨z_i, w⟩` of weights `‖w‖_∞ ≤ 1` exceeds `‖z_i‖_1`, so that this is the scale of
    /// the answer wherever other samples are longer.
    pub(super) fn scaled(&self) -> (Array2<f64>, f64) {
        let length = |row: ArrayView1<'_, f64>| row.iter().map(|entry| entry.abs()).sum::<f64>();
        let lengths = self.rows.rows().into_iter().map(length);
        let shortest = lengths.fold(f64::INFINITY, f64::min).max(1e-300);
        let scale = shortest.log2().floor().exp2();
        (&self.rows / scale, scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn bad_input_is_an_error() {
        let empty = |samples, dim| SignedSamples::new(Array2::zeros((samples, dim)));
        assert!(matches!(empty(0, 3), Err(LinearError::Empty { .. })));
        assert!(matches!(empty(3, 0), Err(LinearError::Empty { .. })));
        assert!(matches!(
            empty(1 << 11, 1 << 10),
            Err(LinearError::TooLarge { .. })
        ));
        assert!(matches!(
            empty(1100, 1100),
            Err(LinearError::TooLarge { .. })
        ));
        assert!(empty(1000, 1000).is_ok());
        for value in [f64::NAN, f64::INFINITY, -1.1e150] {
            let found = SignedSamples::new(array![[1.0, 2.0], [0.0, value]]);
            let Err(LinearError::Entry {
                sample, coordinate, ..
            }) = found
            else {
                panic!("{value} is accepted");
            };
            assert_eq!((sample, coordinate), (1, 1));
        }
        let x = array![[1.0], [2.0]];
        let labelled = |y: Array1<f64>| SignedSamples::labelled(x.view(), y.view());
        let short = LinearError::Labels {
            expected: 2,
            found: 1,
        };
        assert_eq!(labelled(array![1.0]), Err(short));
        let zero = LinearError::Label {
            sample: 1,
            value: 0.0,
        };
        assert_eq!(labelled(array![1.0, 0.0]), Err(zero));
        assert_eq!(
            labelled(array![1.0, -1.0]).unwrap().rows(),
            array![[1.0], [-2.0]]
        );
    }

    #[test]
    fn scaling_is_exact() {
        let samples = SignedSamples::new(array![[3.0, -1e-3], [1e140, 0.1]]).unwrap();
        let (rows, scale) = samples.scaled();
        assert_eq!(&rows * scale, samples.rows());
        assert_eq!(scale, 2.0);
    }
}

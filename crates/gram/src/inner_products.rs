//! The inner products of the samples, the one `n × n` matrix that every part of the crate reads.

use std::sync::Arc;

use implicit_bias_algebra::{MatMut, MatRef, lower_triangle_of_squares};
use ndarray::{ArrayView2, ShapeBuilder};

use crate::GramError;
use crate::kernel::{LANES, Lanes, padded};
use crate::threads::of_products;

/// Rows and columns that are mirrored at once: two tiles fit the nearest cache.
const TILE: usize = 32;

/// `G = X Xᵀ`, row after row, each padded with zeros to whole [`Lanes`]; clones share the memory.
///
/// One triangle is computed and mirrored, so that `G` is symmetric to the last bit: rows are
/// columns.
#[derive(Clone, Debug)]
pub(crate) struct InnerProducts {
    rows: Arc<Vec<Lanes>>,
    samples: usize,
}

impl InnerProducts {
    /// Of samples `X`, `n × d`; nothing but `G` itself is allocated where `X` is contiguous.
    ///
    /// # Errors
    ///
    /// [`GramError::NonFinite`] if a product overflows.
    pub fn of(x: ArrayView2<'_, f64>) -> Result<Self, GramError> {
        let (samples, dim) = x.dim();
        let stride = padded(samples);
        let mut rows = vec![[0.0; LANES]; samples * (stride / LANES)];
        let x = x.as_standard_layout();
        let x = x.as_slice().expect("in standard layout");
        let x = MatRef::from_row_major_slice(x, samples, dim);
        let entries = rows.as_flattened_mut();
        // By columns and transposed: in faer 0.24 the constructor by rows takes its stride for
        // columns.
        let by_columns =
            MatMut::from_column_major_slice_with_stride_mut(entries, samples, samples, stride);
        lower_triangle_of_squares(by_columns.transpose_mut(), x, of_products());
        mirror(entries, samples, stride);
        let of = Self {
            rows: Arc::new(rows),
            samples,
        };
        of.require_finite()?;
        Ok(of)
    }

    fn require_finite(&self) -> Result<(), GramError> {
        for row in 0..self.samples {
            let find = |value: &f64| !value.is_finite();
            if let Some(column) = self.row(row).iter().position(find) {
                return Err(GramError::NonFinite {
                    what: "Gram matrix",
                    row,
                    column,
                    value: self.row(row)[column],
                });
            }
        }
        Ok(())
    }

    /// `G_ij` over `j`, `n` of them.
    #[inline(always)]
    pub fn row(&self, i: usize) -> &[f64] {
        &self.lanes(i).as_flattened()[..self.samples]
    }

    /// The same with its padding.
    #[inline(always)]
    pub fn lanes(&self, i: usize) -> &[Lanes] {
        let lanes = padded(self.samples) / LANES;
        &self.rows[i * lanes..][..lanes]
    }

    /// All rows with their padding.
    #[inline(always)]
    pub fn all_lanes(&self) -> &[Lanes] {
        &self.rows
    }

    /// `n`.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// All rows in order.
    pub fn iter(&self) -> impl Iterator<Item = &[f64]> {
        (0..self.samples).map(|i| self.row(i))
    }

    /// As a matrix of `faer`.
    pub fn matrix(&self) -> MatRef<'_, f64> {
        let (n, stride) = (self.samples, padded(self.samples));
        MatRef::from_row_major_slice_with_stride(self.rows.as_flattened(), n, n, stride)
    }

    /// As a matrix of `ndarray`.
    pub fn view(&self) -> ArrayView2<'_, f64> {
        let (n, stride) = (self.samples, padded(self.samples));
        ArrayView2::from_shape((n, n).strides((stride, 1)), self.rows.as_flattened())
            .expect("the rows are as long as their stride")
    }
}

/// Copies the lower triangle to the upper one, tile by tile.
fn mirror(entries: &mut [f64], samples: usize, stride: usize) {
    for top in (0..samples).step_by(TILE) {
        for left in (0..=top).step_by(TILE) {
            for i in top..(top + TILE).min(samples) {
                for j in left..(left + TILE).min(i) {
                    entries[j * stride + i] = entries[i * stride + j];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use implicit_bias_data::random::{Stream, gaussian_matrix};
    use ndarray::array;

    #[test]
    fn rows_are_padded_symmetric_and_those_of_the_definition() {
        // More than two tiles, and no whole number of lanes.
        let x = gaussian_matrix(70, 5, 1.0, 3, Stream::Noise).unwrap();
        let products = InnerProducts::of(x.view()).unwrap();
        let expected = x.dot(&x.t());
        for i in 0..70 {
            assert_eq!(products.lanes(i).as_flattened()[70..], [0.0, 0.0]);
            for j in 0..70 {
                let g = products.view()[[i, j]];
                assert!((g - expected[[i, j]]).abs() < 1e-13);
                assert_eq!(g, products.row(j)[i]);
                assert_eq!(g, products.matrix()[(i, j)]);
            }
        }
        let transposed = InnerProducts::of(x.t().to_owned().t()).unwrap();
        assert_eq!(products.view(), transposed.view());
    }

    #[test]
    fn an_overflow_is_named() {
        let error = InnerProducts::of(array![[1.0], [1e200]].view()).unwrap_err();
        assert!(error.to_string().contains("Gram matrix"), "{error}");
    }
}

//! Products of matrices on several threads, the same to the last bit however many there are.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Rows of a product that one thread computes at a time. Tiles are cut by this alone: what a number is
/// summed up from, and in which order, is then the same on every machine with the same instructions.
const TILE: usize = 128;

/// Multiplications below which a product is not worth a second thread.
const FEW: usize = 1 << 20;

/// `C = A B`, or `C += A B`: `C` row after row, `A` with as many rows, `B` with as many columns.
pub(crate) fn multiply(out: &mut [f64], accum: Accum, a: MatRef<'_, f64>, b: MatRef<'_, f64>) {
    let columns = b.ncols();
    let tile = |(index, out): (usize, &mut [f64])| {
        let rows = out.len() / columns;
        matmul(
            MatMut::from_row_major_slice_mut(out, rows, columns),
            accum,
            a.subrows(index * TILE, rows),
            b,
            1.0,
            Par::Seq,
        );
    };
    in_tiles(out, columns, a.nrows() * columns * a.ncols(), tile);
}

/// The lower triangle of `C = A Aᵀ`, rows of `C` `stride` numbers apart; what is above is overwritten in part.
pub(crate) fn lower_triangle(out: &mut [f64], stride: usize, a: MatRef<'_, f64>) {
    let tile = |(index, out): (usize, &mut [f64])| {
        let rows = out.len() / stride;
        let columns = index * TILE + rows;
        // By columns and transposed: in faer 0.24 the constructor by rows takes its stride for columns.
        let by_columns =
            MatMut::from_column_major_slice_with_stride_mut(out, columns, rows, stride);
        matmul(
            by_columns.transpose_mut(),
            Accum::Replace,
            a.subrows(index * TILE, rows),
            a.subrows(0, columns).transpose(),
            1.0,
            Par::Seq,
        );
    };
    in_tiles(out, stride, a.nrows() * a.nrows() * a.ncols() / 2, tile);
}

/// Calls `tile` on every [`TILE`] rows of `stride` numbers, and tells it their number.
fn in_tiles(
    out: &mut [f64],
    stride: usize,
    multiplications: usize,
    tile: impl Fn((usize, &mut [f64])) + Send + Sync,
) {
    if out.is_empty() {
        return;
    }
    let size = TILE * stride;
    if multiplications < FEW || out.len() <= size {
        out.chunks_mut(size).enumerate().for_each(tile);
    } else {
        out.par_chunks_mut(size).enumerate().for_each(tile);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use implicit_bias_data::random::{Stream, gaussian_matrix};
    use ndarray::Array2;

    fn draw(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
        gaussian_matrix(rows, columns, 1.0, seed, Stream::Noise).unwrap()
    }

    fn as_faer(a: &Array2<f64>) -> MatRef<'_, f64> {
        MatRef::from_row_major_slice(a.as_slice().unwrap(), a.nrows(), a.ncols())
    }

    /// Runs with so many threads.
    fn with_threads<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(run)
    }

    #[test]
    fn products_are_those_of_the_definition_to_the_same_bit_for_any_number_of_threads() {
        for (rows, inner, columns) in [(1, 1, 1), (3, 300, 5), (131, 90, 67), (400, 129, 300)] {
            let (a, b) = (draw(rows, inner, 1), draw(inner, columns, 2));
            let start = draw(rows, columns, 3);
            let product = |threads| {
                with_threads(threads, || {
                    let mut sum = start.clone();
                    multiply(
                        sum.as_slice_mut().unwrap(),
                        Accum::Add,
                        as_faer(&a),
                        as_faer(&b),
                    );
                    let mut gram = vec![f64::NAN; rows * (rows + 3)];
                    lower_triangle(&mut gram, rows + 3, as_faer(&a));
                    (sum, gram)
                })
            };
            let (sum, gram) = product(1);
            let expected = &start + &a.dot(&b);
            assert!((&sum - &expected).iter().all(|gap| gap.abs() < 1e-12));
            let products = a.dot(&a.t());
            for i in 0..rows {
                for j in 0..=i {
                    assert!((gram[i * (rows + 3) + j] - products[[i, j]]).abs() < 1e-12);
                }
            }
            for threads in 2..=7 {
                let (other, triangle) = product(threads);
                assert_eq!(other, sum);
                let bits = |m: &[f64]| m.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&triangle), bits(&gram));
            }
        }
    }
}

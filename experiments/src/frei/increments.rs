//! The rank of what a run added to its weights between two steps.

use implicit_bias_lab::{LabError, RunRecord};
use ndarray::{Array2, Axis, concatenate};

/// The third singular value of `W(t) − W(T)` over its first, of the last weights of two runs, all
/// blocks stacked.
///
/// Weights orthogonal to all samples never move, so that the increment is in the span of the samples.
///
/// # Errors
///
/// Those of reading the weights.
pub(super) fn third_singular_value(one: &RunRecord, other: &RunRecord) -> Result<f64, LabError> {
    let increment = stacked(one)? - stacked(other)?;
    Ok(third_over_first(&increment))
}

/// The last weights of a run, all blocks stacked.
pub(super) fn stacked(record: &RunRecord) -> Result<Array2<f64>, LabError> {
    let weights = record.weights()?;
    let blocks: Vec<_> = weights
        .blocks()
        .iter()
        .map(|(_, block)| block.view())
        .collect();
    Ok(concatenate(Axis(0), &blocks).expect("the blocks of a two-layer network have one width"))
}

/// `σ₃/σ₁`, by deflation: what is left of the matrix after its two largest singular directions.
fn third_over_first(matrix: &Array2<f64>) -> f64 {
    let mut left = matrix.clone();
    let mut first = f64::NAN;
    for number in 0..3 {
        let (value, direction) = largest(&left);
        match number {
            0 => first = value,
            2 => return value / first,
            _ => {}
        }
        // Twice: rounding of the first subtraction would be the third singular value.
        for _ in 0..2 {
            let along = left.dot(&direction);
            for (mut row, along) in left.outer_iter_mut().zip(&along) {
                row.scaled_add(-along, &direction);
            }
        }
    }
    f64::NAN
}

/// Steps of the power iteration.
const ITERATIONS: usize = 500;

/// The largest singular value and its right singular vector, by power iteration from the longest row.
fn largest(matrix: &Array2<f64>) -> (f64, ndarray::Array1<f64>) {
    let square = |row: &ndarray::ArrayView1<'_, f64>| row.dot(row);
    let rows = matrix.rows().into_iter();
    let longest = rows.max_by(|a, b| square(a).total_cmp(&square(b)));
    let mut direction = longest.expect("weights have rows").to_owned();
    let mut value = 0.0;
    for _ in 0..ITERATIONS {
        let norm = direction.dot(&direction).sqrt();
        if norm == 0.0 {
            return (0.0, direction);
        }
        direction /= norm;
        let image = matrix.dot(&direction);
        value = image.dot(&image).sqrt();
        direction = matrix.t().dot(&image);
    }
    let norm = direction.dot(&direction).sqrt();
    if norm > 0.0 {
        direction /= norm;
    }
    (value, direction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_third_singular_value_is_that_of_a_matrix_made_of_three() {
        let outer = |u: &ndarray::Array1<f64>, v: &ndarray::Array1<f64>| {
            Array2::from_shape_fn((4, 4), |(i, j)| u[i] * v[j])
        };
        let [a, b, c] = [
            array![0.5, 0.5, 0.5, 0.5],
            array![0.5, -0.5, 0.5, -0.5],
            array![0.5, 0.5, -0.5, -0.5],
        ];
        let two = outer(&a, &b) * 7.0 + outer(&b, &c) * 3.0;
        assert!(third_over_first(&two) < 1e-15);
        let three = two + outer(&c, &a) * 0.7;
        assert!((third_over_first(&three) - 0.1).abs() < 1e-12);
    }
}

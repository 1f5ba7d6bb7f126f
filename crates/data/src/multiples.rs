//! Samples that are exact multiples of one another.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use ndarray::{ArrayView1, ArrayView2};

/// A sample that is an exact multiple of an earlier one, `x_sample = factor x_of`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Multiple {
    /// The sample; indices count from 0.
    pub sample: usize,
    /// The first sample on its line, a multiple of none before it.
    pub of: usize,
    /// Of either sign, rounded to the nearest double: 1 for an equal sample.
    pub factor: f64,
}

/// Every row of `X` (`n × d`) that is an exact multiple of an earlier one, by index; zero rows are
/// of none.
///
/// Exact means without a tolerance: `x_ik x_jl = x_il x_jk` for all entries, in exact arithmetic;
/// and `−0` equals `0`. `O(n d)` time.
///
/// ```
/// use implicit_bias_data::{Multiple, multiples};
/// let x = ndarray::array![[1.0, 2.0], [3.0, 1.0], [-0.5, -1.0]];
/// assert_eq!(multiples(x.view()), [Multiple { sample: 2, of: 0, factor: -0.5 }]);
/// ```
pub fn multiples(x: ArrayView2<'_, f64>) -> Vec<Multiple> {
    // The first samples of each line, those of one hash in one bucket.
    let mut buckets: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut found = Vec::new();
    for (sample, row) in x.outer_iter().enumerate() {
        let Some(hash) = line_hash(row) else {
            continue;
        };
        let firsts = buckets.entry(hash).or_default();
        match firsts
            .iter()
            .find(|&&first| are_multiples(x.row(first), row))
        {
            Some(&of) => found.push(Multiple {
                sample,
                of,
                factor: largest(row) / largest(x.row(of)),
            }),
            None => firsts.push(sample),
        }
    }
    found
}

/// The first entry of largest size, which is 0 for a zero sample.
pub(crate) fn largest(sample: ArrayView1<'_, f64>) -> f64 {
    let mut largest = 0.0_f64;
    for &entry in sample {
        if entry.abs() > largest.abs() {
            largest = entry;
        }
    }
    largest
}

/// A hash that multiples of a sample share; `None` for a zero sample.
///
/// A quotient of two numbers rounds to the same one whatever factor both have, so that exact
/// multiples have equal rows `x` over their first entry of largest size.
fn line_hash(sample: ArrayView1<'_, f64>) -> Option<u64> {
    let size = largest(sample);
    if size == 0.0 {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    for entry in sample {
        // −0 + 0 = 0.
        (entry / size + 0.0).to_bits().hash(&mut hasher);
    }
    Some(hasher.finish())
}

/// Whether one sample, not zero, is exactly a multiple of the other, or equal to it.
fn are_multiples(one: ArrayView1<'_, f64>, other: ArrayView1<'_, f64>) -> bool {
    if one == other {
        return true;
    }
    let sizes = [one, other].map(largest);
    // To a largest entry in [1, 2): no product overflows.
    let [one_scale, other_scale] = sizes.map(|size| power_of_two(size.abs()));
    one.iter().zip(other).all(|(&a, &b)| {
        let left = (a / one_scale, sizes[1] / other_scale);
        let right = (b / other_scale, sizes[0] / one_scale);
        let exact = |(x, y): (f64, f64)| {
            let product = x * y;
            (product, x.mul_add(y, -product))
        };
        // Where the rounding of a product underflows nothing is known: not found to be a multiple.
        let known = |product: f64| product == 0.0 || product.abs() > 1e-280;
        exact(left) == exact(right)
            && known(exact(left).0)
            && (a == 0.0) == (b == 0.0)
            && (a == 0.0
                || (a / one_scale) * one_scale == a && (b / other_scale) * other_scale == b)
    })
}

/// The power of two at or below a positive number, at least the smallest that is normal.
fn power_of_two(size: f64) -> f64 {
    let exponent = size.to_bits() & (0x7ff << 52);
    f64::from_bits(exponent.max(1 << 52))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn lines_are_told_from_their_neighbours() {
        let third = 1.0 / 3.0;
        let x = array![
            [0.0, 0.0],
            [1.0, 3.0],
            [-2.0, -6.0],
            [1.0, 3.000_000_000_000_001],
            [third, 1.0],
            [1.0, 3.0],
        ];
        let found: Vec<(usize, usize, f64)> = multiples(x.view())
            .into_iter()
            .map(|found| (found.sample, found.of, found.factor))
            .collect();
        assert_eq!(found, [(2, 1, -2.0), (5, 1, 1.0)]);
    }

    #[test]
    fn numbers_on_the_line_are_multiples_of_one_another() {
        let found = multiples(array![[0.1], [0.0], [-0.3]].view());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].sample, found[0].of), (2, 0));
        assert!((found[0].factor + 3.0).abs() < 1e-15);
    }
}

//! Random numbers that are bit-identical on every machine.
//!
//! One seed feeds several [`Stream`]s, one per purpose, so that a change in how many numbers one
//! purpose draws leaves the others as they were. Normal deviates use the logarithm of the `libm`
//! crate, not the platform's, whose last bit differs between systems.

use ndarray::Array2;
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

use crate::{DataError, MAX_ENTRIES};

/// What a stream of random numbers is for.
///
/// The numbers are part of the format of a seed: never renumber, only append.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u64)]
pub enum Stream {
    /// Labels `y_i`.
    Labels = 0,
    /// Gaussian noise `ξ_i` of the samples.
    Noise = 1,
    /// The order of the norms of orthogonal samples.
    Norms = 2,
    /// Initial weights of the block `W_{+1}`.
    WeightsPos = 3,
    /// Initial weights of the block `W_{−1}`.
    WeightsNeg = 4,
    /// Which samples of a file are taken.
    Choice = 5,
    /// Noise added to samples.
    AddedNoise = 6,
    /// Labels that replace those of a file.
    RandomLabels = 7,
    // 8 was that of initial weights of several classes, which now have a stream a block.
}

/// The ChaCha8 generator of one stream of `seed`.
pub fn generator(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream as u64);
    generator
}

/// One draw from `N(0, 1)`.
///
/// The deviates come in pairs and this drops the second: to draw many, use
/// [`fill_standard_normal`].
pub fn standard_normal(generator: &mut impl Rng) -> f64 {
    normal_pair(generator)[0]
}

/// Fills a slice with independent draws from `N(0, 1)`.
///
/// A longer slice begins with the values of a shorter one.
pub fn fill_standard_normal(generator: &mut impl Rng, values: &mut [f64]) {
    for pair in values.chunks_mut(2) {
        pair.copy_from_slice(&normal_pair(generator)[..pair.len()]);
    }
}

/// A `rows × columns` matrix with i.i.d. entries `N(0, scale²)`, drawn row by row.
///
/// A matrix with more rows begins with the rows of a smaller one: networks of different width
/// share their first neurons.
///
/// ```
/// use implicit_bias_data::random::{Stream, gaussian_matrix};
///
/// let narrow = gaussian_matrix(10, 784, 1e-3, 7, Stream::WeightsPos)?;
/// let wide = gaussian_matrix(50, 784, 1e-3, 7, Stream::WeightsPos)?;
/// assert_eq!(narrow.row(9), wide.row(9));
/// # Ok::<(), implicit_bias_data::DataError>(())
/// ```
///
/// # Errors
///
/// [`DataError::TooLarge`] above [`MAX_ENTRIES`] entries.
pub fn gaussian_matrix(
    rows: usize,
    columns: usize,
    scale: f64,
    seed: u64,
    stream: Stream,
) -> Result<Array2<f64>, DataError> {
    let mut matrix = zeros(rows, columns)?;
    let values = matrix
        .as_slice_mut()
        .expect("a matrix made by `zeros` is contiguous");
    fill_standard_normal(&mut generator(seed, stream), values);
    matrix *= scale;
    Ok(matrix)
}

/// The initial weights of block `block` of a network: as [`gaussian_matrix`], each block from a
/// stream of its own, the first two from [`Stream::WeightsPos`] and [`Stream::WeightsNeg`].
///
/// # Errors
///
/// As [`gaussian_matrix`].
pub fn initial_block(
    rows: usize,
    columns: usize,
    scale: f64,
    seed: u64,
    block: usize,
) -> Result<Array2<f64>, DataError> {
    match block {
        0 => gaussian_matrix(rows, columns, scale, seed, Stream::WeightsPos),
        1 => gaussian_matrix(rows, columns, scale, seed, Stream::WeightsNeg),
        _ => {
            let mut generator = ChaCha8Rng::seed_from_u64(seed);
            generator.set_stream(FIRST_BLOCK_STREAM + block as u64);
            let mut matrix = zeros(rows, columns)?;
            let values = matrix.as_slice_mut().expect("made by `zeros`: contiguous");
            fill_standard_normal(&mut generator, values);
            matrix *= scale;
            Ok(matrix)
        }
    }
}

/// Streams of initial weights from the third block on; streams of other purposes stay below.
const FIRST_BLOCK_STREAM: u64 = 1 << 32;

/// The numbers `0..count` in a random order, the same for the same `seed` and `round`.
pub fn shuffled(count: usize, seed: u64, round: u64) -> Vec<usize> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(FIRST_SHUFFLE_STREAM.wrapping_add(round));
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, index_below(&mut generator, last + 1));
    }
    order
}

/// Streams of shuffles.
const FIRST_SHUFFLE_STREAM: u64 = 1 << 48;

/// A zero matrix, refused above [`MAX_ENTRIES`].
pub(crate) fn zeros(rows: usize, columns: usize) -> Result<Array2<f64>, DataError> {
    if rows as u128 * columns as u128 > u128::from(MAX_ENTRIES) {
        return Err(DataError::TooLarge { rows, columns });
    }
    Ok(Array2::zeros((rows, columns)))
}

/// A fair fair_bit.
pub(crate) fn fair_bit(generator: &mut impl Rng) -> bool {
    generator.next_u64() >> 63 == 1
}

/// A uniform index below `bound`, with a bias below `bound / 2^64`.
pub(crate) fn index_below(generator: &mut impl Rng, bound: usize) -> usize {
    ((u128::from(generator.next_u64()) * bound as u128) >> 64) as usize
}

/// Marsaglia's polar method: of all methods for exact normal deviates, the one that needs a
/// single transcendental function.
fn normal_pair(generator: &mut impl Rng) -> [f64; 2] {
    loop {
        let u = symmetric_uniform(generator);
        let v = symmetric_uniform(generator);
        let s = u * u + v * v;
        if 0.0 < s && s < 1.0 {
            let factor = (-2.0 * libm::log(s) / s).sqrt();
            return [u * factor, v * factor];
        }
    }
}

/// Uniform on the multiples of `2^−52` in `[−1, 1)`.
fn symmetric_uniform(generator: &mut impl Rng) -> f64 {
    const ULP: f64 = 1.0 / (1_u64 << 52) as f64;
    (generator.next_u64() >> 11) as f64 * ULP - 1.0
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn normals(count: usize, seed: u64, stream: Stream) -> Vec<f64> {
        let mut values = vec![0.0; count];
        fill_standard_normal(&mut generator(seed, stream), &mut values);
        values
    }

    /// Seeds of users depend on these bits, which an independent implementation of ChaCha8 and of
    /// the polar method reproduces: a failure here is a breaking change.
    #[test]
    fn golden_bits() {
        let mut labels = generator(7, Stream::Labels);
        assert_eq!(labels.next_u64(), 2_910_824_217_569_608_635);
        assert_eq!(labels.next_u64(), 3_098_856_782_162_503_994);
        let noise = normals(3, 7, Stream::Noise);
        assert_eq!(
            noise,
            [1.7809535667155754, 0.2258681477705527, -0.6220153974956024]
        );
        let weights = gaussian_matrix(1, 2, 0.5, 0, Stream::WeightsNeg).unwrap();
        assert_eq!(weights, array![[0.48574888083108747, 0.186814536948702]]);
    }

    #[test]
    fn moments_and_quantiles_are_those_of_the_normal_law() {
        let n = 200_000;
        let values = normals(n, 1, Stream::Noise);
        let mean = |f: &dyn Fn(f64) -> f64| values.iter().map(|&z| f(z)).sum::<f64>() / n as f64;
        // Five standard errors: the k-th even moment (k−1)!! has variance (2k−1)!! −
        // ((k−1)!!)².
        let error = |variance: f64| 5.0 * (variance / n as f64).sqrt();
        assert!(mean(&|z| z).abs() < error(1.0));
        assert!((mean(&|z| z.powi(2)) - 1.0).abs() < error(2.0));
        assert!(mean(&|z| z.powi(3)).abs() < error(15.0));
        assert!((mean(&|z| z.powi(4)) - 3.0).abs() < error(96.0));
        for (z, below) in [
            (-1.959_963_985, 0.025),
            (0.674_489_750, 0.75),
            (2.326_347_874, 0.99),
        ] {
            let share = values.iter().filter(|&&value| value < z).count() as f64 / n as f64;
            assert!(
                (share - below).abs() < error(below * (1.0 - below)),
                "{z}: {share}"
            );
        }
        // The two values of a pair share a radius, and must be independent all the same.
        let pairs = values.chunks_exact(2);
        let products = pairs.clone().map(|pair| pair[0] * pair[1]).sum::<f64>();
        let squares = pairs.map(|pair| (pair[0].powi(2) - 1.0) * (pair[1].powi(2) - 1.0));
        assert!((2.0 * products / n as f64).abs() < error(2.0));
        assert!((2.0 * squares.sum::<f64>() / n as f64).abs() < error(8.0));
    }

    #[test]
    fn streams_and_seeds_differ_and_repeat() {
        let first = normals(4, 1, Stream::Noise);
        assert_eq!(first, normals(4, 1, Stream::Noise));
        assert_ne!(first, normals(4, 2, Stream::Noise));
        assert_ne!(first, normals(4, 1, Stream::WeightsPos));
    }

    #[test]
    fn lengths_nest_and_single_draws_are_the_firsts_of_pairs() {
        let long = normals(9, 3, Stream::Noise);
        for count in 0..9 {
            assert_eq!(normals(count, 3, Stream::Noise), long[..count]);
        }
        let mut single = generator(3, Stream::Noise);
        assert_eq!(standard_normal(&mut single), long[0]);
        assert_eq!(standard_normal(&mut single), long[2]);
    }

    #[test]
    fn the_scale_multiplies() {
        let unit = gaussian_matrix(3, 5, 1.0, 1, Stream::WeightsPos).unwrap();
        let scaled = gaussian_matrix(3, 5, 0.25, 1, Stream::WeightsPos).unwrap();
        assert_eq!(scaled, unit * 0.25);
    }

    #[test]
    fn a_giant_matrix_is_refused_before_it_is_allocated() {
        let error = gaussian_matrix(usize::MAX, usize::MAX, 1.0, 0, Stream::Noise).unwrap_err();
        assert!(matches!(error, DataError::TooLarge { .. }));
        let error = gaussian_matrix(1 << 15, (1 << 14) + 1, 1.0, 0, Stream::Noise).unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected at most 536870912 entries (4 GiB of f64), found 32768 × 16385"
        );
    }

    #[test]
    fn indices_are_in_range_and_reach_both_ends() {
        let mut generator = generator(5, Stream::Norms);
        let mut seen = [0; 3];
        for _ in 0..3000 {
            seen[index_below(&mut generator, 3)] += 1;
        }
        assert!(
            seen.iter().all(|&count| (870..1130).contains(&count)),
            "{seen:?}"
        );
    }
}

//! Random numbers that are bit-identical on every machine.
//!
//! One seed feeds several [`Stream`]s, one per purpose, so that a change in how many numbers one
//! purpose draws leaves the others as they were. Normal deviates use the logarithm of the `libm`
//! crate, not the platform's, whose last bit differs between systems.

#[cfg(test)]
mod tests;

use ndarray::{Array1, Array2};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

use crate::DataError;
use crate::room::require_room;

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
    /// Which labels of a law are flipped.
    Flips = 20,
    /// The direction of a signal.
    Direction = 21,
    /// Labels of held-out samples.
    HeldOutLabels = 22,
    /// Noise of held-out samples.
    HeldOutNoise = 23,
    /// The decoder of generated tokens.
    Decoder = 30,
    /// The place of what matters among the parts of a sample.
    Places = 31,
    /// The rules of a language of sentences.
    Language = 32,
    /// The tokens of sentences.
    Sentences = 33,
    /// The weights of a teacher.
    Teacher = 34,
    // 8 was that of initial weights of several classes, which now have a stream a block.
}

/// The ChaCha8 generator of one stream of `seed`.
pub fn generator(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream as u64);
    generator
}

/// The ChaCha8 generator of one purpose of a [`DataLaw`](crate::DataLaw) of another crate, from a
/// stream of its own for each number `purpose`.
pub fn generator_of_law(seed: u64, purpose: u32) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(FIRST_STREAM_OF_LAWS + u64::from(purpose));
    generator
}

/// Streams of the laws of other crates.
const FIRST_STREAM_OF_LAWS: u64 = 1 << 40;

/// Labels `y_i`, i.i.d. uniform on `±1`, conditioned on both being present; `count ≥ 2`.
pub fn random_labels(count: usize, seed: u64, stream: Stream) -> Array1<f64> {
    let mut generator = generator(seed, stream);
    loop {
        let y =
            Array1::from_shape_simple_fn(
                count,
                || {
                    if fair_bit(&mut generator) { 1.0 } else { -1.0 }
                },
            );
        // Redrawing the whole vector conditions the law; flipping one label would bend it.
        if y.iter().any(|&label| label != y[0]) {
            return y;
        }
    }
}

/// Numbers of the random cases of campaigns, by SplitMix64 (Steele, Lea & Flood 2014): what a case
/// is follows from its number alone.
///
/// ```
/// use implicit_bias_data::random::Dice;
/// let mut dice = Dice::new(7);
/// assert!(dice.below(6) < 6);
/// assert!((0.1..10.0).contains(&dice.between(0.1, 10.0)));
/// ```
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The numbers of a case.
    pub fn new(case: u64) -> Self {
        Self(case)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `[0, 1)`.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number below `bound`.
    ///
    /// # Panics
    ///
    /// If `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.bits() % bound as u64) as usize
    }

    /// One of some values.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A number from `low` to `high`, spread evenly in the logarithm.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.uniform())
    }
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
/// [`DataError::TooLarge`] above [`MAX_ENTRIES`](crate::MAX_ENTRIES) entries,
/// [`DataError::NoRoom`] where memory has no room for them.
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
    let mut matrix = zeros(rows, columns)?;
    let values = matrix.as_slice_mut().expect("made by `zeros`: contiguous");
    fill_standard_normal(&mut generator_of_block(seed, block), values);
    matrix *= scale;
    Ok(matrix)
}

/// As [`initial_block`], with entries that are uniform on `±bound`.
///
/// # Errors
///
/// As [`gaussian_matrix`].
pub fn initial_uniform_block(
    rows: usize,
    columns: usize,
    bound: f64,
    seed: u64,
    block: usize,
) -> Result<Array2<f64>, DataError> {
    let mut generator = generator_of_block(seed, block);
    let mut matrix = zeros(rows, columns)?;
    matrix.map_inplace(|entry| *entry = bound * symmetric_uniform(&mut generator));
    Ok(matrix)
}

/// The stream of a block of initial weights.
fn generator_of_block(seed: u64, block: usize) -> ChaCha8Rng {
    match block {
        0 => generator(seed, Stream::WeightsPos),
        1 => generator(seed, Stream::WeightsNeg),
        _ => {
            let mut generator = ChaCha8Rng::seed_from_u64(seed);
            generator.set_stream(FIRST_BLOCK_STREAM + block as u64);
            generator
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

/// A zero matrix, refused above [`MAX_ENTRIES`](crate::MAX_ENTRIES) and where memory has no room
/// for it.
pub(crate) fn zeros(rows: usize, columns: usize) -> Result<Array2<f64>, DataError> {
    require_room(rows, columns)?;
    Ok(Array2::zeros((rows, columns)))
}

/// A fair coin.
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

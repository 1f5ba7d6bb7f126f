//! Labels that are flipped, and fresh samples with clean ones.

use ndarray::Array1;
use rand::Rng;

use crate::random::{Stream, generator, index_below};

/// Flips exactly `count` of the labels at `places`, chosen uniformly; all of them where there are
/// fewer.
pub(super) fn flip_exactly(
    y: &mut Array1<f64>,
    mut places: Vec<usize>,
    count: usize,
    generator: &mut impl Rng,
) {
    for chosen in 0..count.min(places.len()) {
        let other = chosen + index_below(generator, places.len() - chosen);
        places.swap(chosen, other);
        y[places[chosen]] = -y[places[chosen]];
    }
}

/// Flips each label with probability `rate`, independently.
pub(super) fn flip_each(y: &mut Array1<f64>, rate: f64, seed: u64) {
    let mut generator = generator(seed, Stream::Flips);
    for label in y {
        // Uniform on the multiples of 2^−53 in [0, 1).
        let uniform = (generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        if uniform < rate {
            *label = -*label;
        }
    }
}

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

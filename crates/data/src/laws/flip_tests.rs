//! The laws with flipped labels: which labels, and what of the samples follows from the signal.

use ndarray::Array1;

use super::*;
use crate::Dataset;

/// A law of the signal and noise with so many flips.
fn signal(share: f64, flips: Flips) -> SignalAndNoise {
    SignalAndNoise {
        samples: 60,
        dim: 400,
        signal_share: share,
        flips,
    }
}

fn clusters(flip_share: f64) -> NoisyClusters {
    NoisyClusters {
        samples: 100,
        dim: 400,
        mean_exponent: 0.26,
        noise: 1.0,
        flip_share,
    }
}

fn differing(one: &Dataset, other: &Dataset) -> Vec<usize> {
    let pairs = one.y().iter().zip(other.y());
    let differ = pairs.enumerate().filter(|(_, (a, b))| a != b);
    differ.map(|(place, _)| place).collect()
}

#[test]
fn exactly_so_many_labels_are_flipped_and_no_sample_moves() {
    for seed in 0..5 {
        let clean = signal(0.1, Flips::Exactly(0)).generate(seed).unwrap();
        let mut places = Vec::new();
        for count in [1, 7, 59] {
            let noisy = signal(0.1, Flips::Exactly(count)).generate(seed);
            let noisy = noisy.unwrap();
            assert_eq!(noisy.x(), clean.x());
            assert_eq!(differing(&noisy, &clean).len(), count);
            places.push(differing(&noisy, &clean));
        }
        assert!(places[0].iter().all(|place| places[2].contains(place)));
    }
}

#[test]
fn labels_are_flipped_with_their_probability() {
    let law = |rate| SignalAndNoise {
        samples: 20_000,
        dim: 2,
        signal_share: 0.5,
        flips: Flips::Each(rate),
    };
    let clean = law(0.0).generate(3).unwrap();
    let flipped = differing(&law(0.1).generate(3).unwrap(), &clean).len() as f64;
    // Within five standard deviations of a binomial law.
    assert!(
        (flipped - 2000.0).abs() < 5.0 * 1800_f64.sqrt(),
        "{flipped}"
    );
}

#[test]
fn a_share_of_each_cluster_is_flipped() {
    for seed in 0..5 {
        let (clean, noisy) = (clusters(0.0).generate(seed), clusters(0.15).generate(seed));
        let (clean, noisy) = (clean.unwrap(), noisy.unwrap());
        assert_eq!(noisy.x(), clean.x());
        for cluster in [1.0, -1.0] {
            let members = clean.y().iter().filter(|&&y| y == cluster).count() as f64;
            let flipped = differing(&noisy, &clean).into_iter();
            let flipped = flipped.filter(|&i| clean.y()[i] == cluster).count() as f64;
            assert_eq!(flipped, (0.15 * members).round());
        }
    }
}

/// The signal of every sample is `√γ ỹ`, its noise is orthogonal to `v` with `E‖·‖² = (1−γ)(1−1/d)`;
/// held-out samples have the direction of the training samples.
#[test]
fn signal_and_noise_share_the_square_norm() {
    let share = 0.3;
    let law = signal(share, Flips::Exactly(0));
    let (data, fresh) = (law.generate(4).unwrap(), law.draw_held_out(500, 4));
    let fresh = fresh.unwrap().unwrap();
    // Without noise the samples are the direction itself.
    let pure = signal(1.0, Flips::Exactly(0)).generate(4).unwrap();
    let v: Array1<f64> = &pure.x().row(0) * pure.y()[0];
    assert!((v.dot(&v) - 1.0).abs() < 1e-12);
    for (data, count) in [(&data, 60.0), (&fresh, 500.0)] {
        let mut square = 0.0;
        for (x, y) in data.x().rows().into_iter().zip(data.y()) {
            assert!((x.dot(&v) - share.sqrt() * y).abs() < 1e-12);
            square += x.dot(&x) - share;
        }
        let mean = square / count / (1.0 - share);
        let expected: f64 = 1.0 - 1.0 / 400.0;
        // Five standard deviations of the mean of χ² with 399 degrees of freedom over 400.
        assert!(
            (mean - expected).abs() < 5.0 * (2.0 / 399.0_f64 / count).sqrt(),
            "{mean}"
        );
    }
    assert_ne!(fresh.x().row(0), data.x().row(0));
}

#[test]
fn clusters_lie_at_their_mean_of_equal_entries() {
    let law = NoisyClusters {
        samples: 4000,
        dim: 50,
        mean_exponent: 0.26,
        noise: 0.5,
        flip_share: 0.0,
    };
    let fresh = law.draw_held_out(4000, 9).unwrap().unwrap();
    for data in [law.generate(9).unwrap(), fresh] {
        let mean = data.y().dot(data.x()) / 4000.0;
        let entry = 50_f64.powf(0.26 - 0.5);
        let error = 5.0 * 0.5 / 4000_f64.sqrt();
        assert!(mean.iter().all(|m| (m - entry).abs() < error), "{mean}");
    }
}

#[test]
fn fresh_samples_of_a_mixture_are_of_the_mixture() {
    let law = Mixture {
        samples: 10,
        dim: 3,
        signal: 2.0,
        noise: 0.1,
    };
    let fresh = law.draw_held_out(300, 1).unwrap().unwrap();
    let along = fresh.x().column(0).dot(fresh.y()) / 300.0;
    assert!((along - 2.0).abs() < 5.0 * 0.1 / 300_f64.sqrt(), "{along}");
    assert!(
        Gaussian {
            samples: 2,
            dim: 2,
            noise: 1.0
        }
        .draw_held_out(3, 0)
        .is_none()
    );
}

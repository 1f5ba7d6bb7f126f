use approx::assert_relative_eq;
use implicit_bias_settings::{Key, Kind, Settings};
use proptest::prelude::*;

use super::*;
use crate::Geometry;

fn refusal(law: impl DataLaw) -> String {
    law.generate(0).unwrap_err().to_string()
}

#[test]
fn each_parameter_out_of_range_names_its_key() {
    let mixture = |samples, dim, signal, noise| {
        refusal(Mixture {
            samples,
            dim,
            signal,
            noise,
        })
    };
    assert_eq!(
        mixture(1, 3, 1.0, 1.0),
        "samples: expected at least 2, found 1"
    );
    assert_eq!(mixture(2, 0, 1.0, 1.0), "dim: expected at least 1, found 0");
    assert_eq!(
        mixture(2, 3, -1.0, 1.0),
        "signal: expected a finite number, at least 0, found -1"
    );
    assert_eq!(
        mixture(2, 3, 1.0, f64::NAN),
        "noise: expected a finite number, at least 0, found NaN"
    );
    assert_eq!(
        mixture(2, 3, 0.0, 0.0),
        "noise: expected a positive number where signal is 0, found 0"
    );
    assert_eq!(
        mixture(1 << 20, 1 << 20, 1.0, 1.0),
        "dim: expected samples·dim ≤ 536870912, 4 GiB of numbers, found 1048576·1048576"
    );
    assert!(mixture(2, 3, 1e300, 1.0).contains("rescale"));
    assert_eq!(
        refusal(Gaussian {
            samples: 2,
            dim: 3,
            noise: 0.0
        }),
        "noise: expected a positive number, found 0"
    );
    let orthogonal = |samples, dim, norm, norm_spread| {
        refusal(Orthogonal {
            samples,
            dim,
            norm,
            norm_spread,
        })
    };
    assert_eq!(
        orthogonal(4, 3, 1.0, 1.0),
        "dim: expected at least the number of samples, 4, found 3"
    );
    assert_eq!(
        orthogonal(2, 3, 0.0, 1.0),
        "norm: expected a positive number, found 0"
    );
    assert_eq!(
        orthogonal(2, 3, 1.0, 0.5),
        "norm-spread: expected a number, at least 1, found 0.5"
    );
}

#[test]
fn two_samples_always_have_two_labels_and_both_orders_occur() {
    let law = Gaussian {
        samples: 2,
        dim: 1,
        noise: 1.0,
    };
    let first = (0..200)
        .filter(|&seed| law.generate(seed).unwrap().y()[0] > 0.0)
        .count();
    assert!((65..135).contains(&first), "{first}");
}

#[test]
fn class_means_of_a_mixture_lie_two_signals_apart_along_the_first_axis() {
    let (samples, signal, noise) = (40_000, 1.5, 0.7);
    let data = Mixture {
        samples,
        dim: 3,
        signal,
        noise,
    }
    .generate(11)
    .unwrap();
    let (positive, negative) = data.class_counts();
    assert!(positive.abs_diff(negative) < 5 * 200);
    // mean of y x − its expectation μ, within five standard errors.
    let mean = data.y().dot(data.x()) / samples as f64;
    let error = 5.0 * noise / (samples as f64).sqrt();
    assert!((mean[0] - signal).abs() < error, "{mean}");
    assert!(mean[1].abs() < error && mean[2].abs() < error, "{mean}");
    let class_mean = |label: f64, count: usize| {
        let total: f64 = (0..samples)
            .filter(|&i| data.y()[i] == label)
            .map(|i| data.x()[[i, 0]])
            .sum();
        total / count as f64
    };
    let difference = class_mean(1.0, positive) - class_mean(-1.0, negative);
    assert!(
        (difference - 2.0 * signal).abs() < 2.0 * error,
        "{difference}"
    );
}

#[test]
fn without_noise_a_mixture_has_rank_one() {
    let law = Mixture {
        samples: 5,
        dim: 4,
        signal: 2.0,
        noise: 0.0,
    };
    let geometry = Geometry::of(&law.generate(0).unwrap());
    assert_eq!(
        (geometry.rank, geometry.r_min, geometry.p),
        (Some(1), 2.0, 4.0)
    );
}

#[test]
fn equal_norms_are_exactly_equal() {
    let law = Orthogonal {
        samples: 7,
        dim: 9,
        norm: 0.1,
        norm_spread: 1.0,
    };
    let geometry = Geometry::of(&law.generate(3).unwrap());
    assert_eq!(
        (geometry.r_min, geometry.r_max, geometry.p),
        (0.1, 0.1, 0.0)
    );
}

#[test]
fn every_law_is_made_again_by_its_own_settings_and_draws_what_it_says() {
    for kind in LAWS {
        let given = Settings::default().with("samples", 8).with("dim", 9);
        let filled = kind.filled_in(&given).unwrap();
        // Switches that came to a law later are left out where they are off, so that configurations
        // from before them keep their hash.
        let is_there = |key: &Key| filled.has(key.name) || key.kind == Kind::Switch;
        assert!(kind.keys.iter().all(is_there), "{filled:?}");
        assert_eq!(kind.filled_in(&filled).unwrap(), filled);
        let [law, again] = [&given, &filled].map(|settings| kind.law(settings).unwrap());
        let data = law.training_set(5).unwrap();
        assert_eq!((data.samples(), data.dim()), law.shape());
        assert_eq!(data.sha256(), again.training_set(5).unwrap().sha256());
        // Of other targets than labels ±1 there is no data set of these.
        assert_eq!(law.generate(5).is_ok(), data.signs().is_some());
        assert_eq!(law.describe(), again.describe());
        assert!(law.describe().starts_with(kind.name));
        let few = given.with("samples", 1);
        assert_eq!(
            kind.law(&few).unwrap_err().to_string(),
            "samples: expected at least 2, found 1"
        );
    }
}

/// Two classes of two opposite clusters, mirror images of one another.
#[test]
fn crossing_lines_have_their_symmetries() {
    for (angle, symmetric) in [(None, true), (None, false), (Some(1.0), true)] {
        let law = CrossingLines {
            samples: 80,
            signal: 1.0,
            angle: angle.unwrap_or(std::f64::consts::FRAC_PI_2),
            spread: 0.07,
            radius: 0.1,
            symmetric,
        };
        let data = law.generate(4).unwrap();
        let points: Vec<[f64; 3]> = (data.x().rows().into_iter().zip(data.y()))
            .map(|(x, y)| [x[0], x[1], *y])
            .collect();
        let has = |image: [f64; 3]| {
            let near = |p: &[f64; 3]| p.iter().zip(image).all(|(a, b)| (a - b).abs() < 1e-12);
            points.iter().any(near)
        };
        let (cos, sin) = (law.angle.cos(), law.angle.sin());
        let mut off_the_line = 0;
        // The mirror image in the line halfway takes one class to the other, and back.
        let mirrored = |a: f64, b: f64| (cos * a + sin * b, sin * a - cos * b);
        for &[a, b, y] in &points {
            let (c, d) = mirrored(a, b);
            assert!(has([c, d, -y]));
            let (along, across) = if y < 0.0 { (a, b) } else { (c, d) };
            let back = |along: f64, across: f64| match y {
                y if y < 0.0 => [along, across, y],
                _ => {
                    let (a, b) = mirrored(along, across);
                    [a, b, y]
                }
            };
            assert!(has(back(-along, across)));
            assert!((along.abs() - 1.0).hypot(across) <= 0.1 + 1e-12);
            off_the_line += usize::from(!has(back(along, -across)));
        }
        assert_eq!(off_the_line == 0, symmetric);
        assert_eq!(data.y().sum(), 0.0);
    }
    let bad = |samples, signal, spread| CrossingLines {
        samples,
        signal,
        angle: 1.0,
        spread,
        radius: 0.1,
        symmetric: false,
    };
    for (law, key) in [
        (bad(10, 1.0, 0.1), "samples"),
        (bad(8, 0.1, 0.1), "signal"),
        (bad(8, 1.0, 10.0), "cluster-spread"),
    ] {
        assert!(refusal(law).starts_with(&format!("{key}: ")));
    }
}

#[test]
fn equiangular_samples_have_one_cosine() {
    for (cosine, dim) in [(0.3, 7), (0.0, 6)] {
        let law = Equiangular {
            samples: 6,
            dim,
            cosine,
            norm_spread: 3.0,
        };
        let data = law.generate(1).unwrap();
        let (x, y) = (data.x(), data.y());
        for i in 0..6 {
            for k in 0..i {
                let product = y[i] * y[k] * x.row(i).dot(&x.row(k));
                let norms = x.row(i).dot(&x.row(i)) * x.row(k).dot(&x.row(k));
                let found = product / norms.sqrt();
                assert!((found - cosine).abs() < 1e-15, "{found}");
            }
        }
        let few = Equiangular {
            dim: dim - 1,
            ..law
        };
        assert!(refusal(few).starts_with("dim: "));
    }
}

proptest! {
    #[test]
    fn orthogonal_data_have_no_products_and_the_asked_spread(
        samples in 2_usize..12, extra in 0_usize..4,
        norm in 1e-3..1e3, norm_spread in 1.0..100.0, seed: u64,
    ) {
        let dim = samples + extra;
        let law = Orthogonal { samples, dim, norm, norm_spread };
        let geometry = Geometry::of(&law.generate(seed).unwrap());
        prop_assert_eq!(geometry.p, 0.0);
        prop_assert_eq!(geometry.r_min, norm / norm_spread.sqrt());
        prop_assert_eq!(geometry.r_max, norm * norm_spread.sqrt());
        assert_relative_eq!(geometry.norm_ratio, norm_spread, max_relative = 1e-14);
        prop_assert_eq!(geometry.rank, Some(samples));
    }

    #[test]
    fn a_seed_is_a_data_set(samples in 2_usize..9, dim in 1_usize..9, seed: u64) {
        let law = Mixture { samples, dim, signal: 1.0, noise: 0.5 };
        let data = law.generate(seed).unwrap();
        prop_assert_eq!((data.samples(), data.dim()), (samples, dim));
        prop_assert_eq!(data.sha256(), law.generate(seed).unwrap().sha256());
        prop_assert_ne!(data.sha256(), law.generate(seed.wrapping_add(1)).unwrap().sha256());
    }
}

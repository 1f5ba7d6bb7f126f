use approx::relative_eq;
use ndarray::array;

use super::*;
use crate::random::generator;

const NONE: Preparation = Preparation {
    scale: 1.0,
    centre: false,
    unit_norm: false,
    noise: 0.0,
    random_labels: false,
};

fn assert_close(found: &Array2<f64>, expected: &Array2<f64>) {
    assert_eq!(found.dim(), expected.dim());
    let mut pairs = found.iter().zip(expected);
    let close = pairs.all(|(a, b)| relative_eq!(a, b, max_relative = 1e-14));
    assert!(close, "{found} is not {expected}");
}

fn data() -> Dataset {
    let x = array![[3.0, 4.0], [1.0, -2.0], [-1.0, 1.0], [5.0, 1.0]];
    Dataset::new(x, array![1.0, -1.0, 1.0, -1.0]).unwrap()
}

fn classes() -> ClassDataset {
    let names = ["a", "b", "c"].map(str::to_owned).to_vec();
    ClassDataset::new(data().x().clone(), vec![2, 0, 1, 0], names).unwrap()
}

fn prepared(preparation: Preparation) -> Array2<f64> {
    preparation.apply(data(), 7).unwrap().x().clone()
}

#[test]
fn each_step_is_what_a_hand_computes() {
    let scaled = prepared(Preparation { scale: 0.5, ..NONE });
    assert_eq!(
        scaled,
        array![[1.5, 2.0], [0.5, -1.0], [-0.5, 0.5], [2.5, 0.5]]
    );
    // The mean is (2, 1).
    let centred = prepared(Preparation {
        centre: true,
        ..NONE
    });
    assert_eq!(
        centred,
        array![[1.0, 3.0], [-1.0, -3.0], [-3.0, 0.0], [3.0, 0.0]]
    );
    let (root2, root5, root26) = (2_f64.sqrt(), 5_f64.sqrt(), 26_f64.sqrt());
    let normal = prepared(Preparation {
        unit_norm: true,
        ..NONE
    });
    let expected = array![
        [0.6, 0.8],
        [1.0 / root5, -2.0 / root5],
        [-1.0 / root2, 1.0 / root2],
        [5.0 / root26, 1.0 / root26]
    ];
    assert_close(&normal, &expected);
    let noisy = prepared(Preparation { noise: 3.0, ..NONE });
    let noise = gaussian_matrix(4, 2, 3.0, 7, Stream::AddedNoise).unwrap();
    assert_eq!(noisy, data().x() + &noise);
    assert_eq!(prepared(NONE), data().x());
    for preparation in [
        Preparation { scale: 0.5, ..NONE },
        Preparation {
            centre: true,
            noise: 1.0,
            unit_norm: true,
            ..NONE
        },
    ] {
        assert_eq!(preparation.apply(data(), 7).unwrap().y(), data().y());
    }
}

/// Centred samples are (1, 3), (−1, −3), (−3, 0), (3, 0), times the scale, which the norm
/// removes.
#[test]
fn the_order_is_scale_centre_norm_noise() {
    let all = Preparation {
        scale: 4.0,
        centre: true,
        unit_norm: true,
        noise: 0.25,
        ..NONE
    };
    let root = 10_f64.sqrt();
    let units = array![[1.0, 3.0], [-1.0, -3.0], [-root, 0.0], [root, 0.0]] / root;
    let noise = gaussian_matrix(4, 2, 0.25, 7, Stream::AddedNoise).unwrap();
    assert_close(&prepared(all), &(&units + &noise));
    let centred = Preparation {
        scale: 4.0,
        centre: true,
        noise: 0.25,
        ..NONE
    };
    let expected = array![[4.0, 12.0], [-4.0, -12.0], [-12.0, 0.0], [12.0, 0.0]] + &noise;
    assert_close(&prepared(centred), &expected);
}

#[test]
fn held_out_samples_share_the_mean_of_training_and_get_no_noise() {
    let train = data().x().clone();
    let held_out = array![[3.0, 1.0], [2.0, 3.0]];
    let centred = Preparation {
        scale: 2.0,
        centre: true,
        noise: 9.0,
        random_labels: true,
        ..NONE
    };
    let prepared = centred.apply_to_held_out(held_out.clone(), &train).unwrap();
    assert_eq!(prepared, array![[2.0, 0.0], [0.0, 4.0]]);
    let unit = Preparation {
        unit_norm: true,
        ..centred
    };
    let prepared = unit.apply_to_held_out(held_out.clone(), &train).unwrap();
    assert_eq!(prepared, array![[1.0, 0.0], [0.0, 1.0]]);
    let plain = Preparation { noise: 9.0, ..NONE };
    assert_eq!(
        plain.apply_to_held_out(held_out.clone(), &train).unwrap(),
        held_out
    );
}

#[test]
fn random_labels_replace_those_of_the_file_whatever_they_are() {
    let coins = Preparation {
        random_labels: true,
        ..NONE
    };
    let flipped = Dataset::new(data().x().clone(), -data().y()).unwrap();
    let mut sum = 0.0;
    let mut agreement = 0.0;
    let seeds = 4000;
    for seed in 0..seeds {
        let drawn = coins.apply(data(), seed).unwrap();
        assert_eq!(drawn.x(), data().x());
        assert_eq!(drawn.y(), &random_labels(4, seed, Stream::RandomLabels));
        assert_eq!(drawn, coins.apply(flipped.clone(), seed).unwrap());
        let (positive, negative) = drawn.class_counts();
        assert!(positive > 0 && negative > 0);
        sum += drawn.y().sum();
        agreement += drawn.y().dot(data().y());
    }
    // Of the 16 labellings, those of one sign are left out. The squares of the sums of the other 14
    // add up to 8·4, those of the agreements with two labels of each sign to 16·4. Five standard
    // errors.
    let bound = |squares: f64| 5.0 * (squares / 14.0 * seeds as f64).sqrt();
    assert!(f64::abs(sum) < bound(32.0), "{sum}");
    assert!(f64::abs(agreement) < bound(64.0), "{agreement}");
}

#[test]
fn two_samples_get_one_label_each_in_either_order() {
    let two = Dataset::new(array![[1.0], [2.0]], array![1.0, -1.0]).unwrap();
    let coins = Preparation {
        random_labels: true,
        ..NONE
    };
    let labels = |seed| coins.apply(two.clone(), seed).unwrap().y().to_vec();
    let seeds = 1000;
    let first = (0..seeds)
        .filter(|&seed| labels(seed) == [1.0, -1.0])
        .count();
    let second = (0..seeds)
        .filter(|&seed| labels(seed) == [-1.0, 1.0])
        .count();
    assert_eq!(first + second, 1000);
    // Five standard errors of a fair coin: 5 · √1000 / 2.
    assert!(first.abs_diff(500) < 79, "{first}");
}

#[test]
fn every_purpose_has_its_own_stream() {
    let noisy = Preparation { noise: 1.0, ..NONE };
    let both = Preparation {
        random_labels: true,
        ..noisy
    };
    let coins = Preparation {
        random_labels: true,
        ..NONE
    };
    let apply = |preparation: Preparation| preparation.apply(data(), 3).unwrap();
    assert_eq!(apply(both).x(), apply(noisy).x());
    assert_eq!(apply(both).y(), apply(coins).y());

    use rand::Rng;
    let streams = [
        Stream::Labels,
        Stream::Noise,
        Stream::Norms,
        Stream::WeightsPos,
        Stream::WeightsNeg,
        Stream::Choice,
        Stream::AddedNoise,
        Stream::RandomLabels,
    ];
    let mut firsts: Vec<u64> = streams
        .map(|stream| generator(3, stream).next_u64())
        .to_vec();
    firsts.sort_unstable();
    firsts.dedup();
    assert_eq!(firsts.len(), streams.len());
}

#[test]
fn samples_of_several_classes_keep_their_labels() {
    let all = Preparation {
        scale: 4.0,
        centre: true,
        unit_norm: true,
        noise: 0.25,
        random_labels: true,
    };
    let several = all.apply_to_classes(&classes(), 7).unwrap();
    assert_eq!(several.x(), &prepared(all));
    assert_eq!(several.class(), classes().class());
    assert_eq!(several.names(), classes().names());
    assert_eq!(NONE.apply_to_classes(&classes(), 7).unwrap(), classes());
}

#[test]
fn arguments_out_of_range_and_samples_without_a_norm() {
    let message = |preparation: Preparation, data| {
        let error = preparation.apply(data, 0).unwrap_err();
        error.to_string()
    };
    for scale in [0.0, -1.0, f64::INFINITY, f64::NAN] {
        assert_eq!(
            message(Preparation { scale, ..NONE }, data()),
            format!("--scale: expected a finite positive number, found {scale}")
        );
    }
    for noise in [-1.0, f64::INFINITY, f64::NAN] {
        assert_eq!(
            message(Preparation { noise, ..NONE }, data()),
            format!("--noise: expected a finite number, 0 or more, found {noise}")
        );
    }
    let unit_norm = Preparation {
        unit_norm: true,
        ..NONE
    };
    let zero = Dataset::new(array![[1.0], [0.0]], array![1.0, -1.0]).unwrap();
    assert_eq!(
        message(unit_norm, zero.clone()),
        "--unit-norm: expected samples of positive norm, found norm 0 in row 1"
    );
    assert!(
        unit_norm
            .apply_to_held_out(zero.x().clone(), data().x())
            .is_err()
    );
    // Equal samples are their own mean.
    let equal = Dataset::new(array![[1.0], [1.0]], array![1.0, -1.0]).unwrap();
    let centred = Preparation {
        centre: true,
        ..unit_norm
    };
    assert!(message(centred, equal).ends_with("found norm 0 in row 0"));
    let huge = Preparation {
        scale: 1e200,
        ..NONE
    };
    assert!(message(huge, data()).starts_with("X: expected samples whose squared norm is 0"));
    let infinite = Preparation {
        scale: f64::MAX,
        ..NONE
    };
    assert!(message(infinite, data()).starts_with("X: expected finite entries, found inf"));
}

#[test]
fn words_for_a_report() {
    assert_eq!(NONE.to_string(), "none");
    assert!(NONE.is_none() && NONE == Preparation::default());
    let all = Preparation {
        scale: 0.5,
        centre: true,
        unit_norm: true,
        noise: 2.0,
        random_labels: true,
    };
    assert_eq!(
        all.to_string(),
        "scaled by 0.5, centred, unit norm, noise σ = 2, random labels"
    );
    assert_eq!(
        Preparation {
            centre: true,
            ..NONE
        }
        .to_string(),
        "centred"
    );
    assert!(
        !Preparation {
            random_labels: true,
            ..NONE
        }
        .is_none()
    );
}

//! Filters on patches under an activation pattern.

use implicit_bias_data::Dataset;
use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_gram::{Limit, Problem};
use implicit_bias_limits::patch_program;
use implicit_bias_scalar::{Activation, FarSlopes, Loss};
use ndarray::{Array1, Array2, Axis, concatenate};

/// `max(z, γ z)` but for a bend.
fn bent(slope: f64, bend: [f64; 2]) -> FarSlopes {
    FarSlopes {
        slopes: [slope, 1.0],
        bend,
    }
}

/// `max(z, γ z)`.
fn kinked(slope: f64) -> FarSlopes {
    bent(slope, [0.0; 2])
}

fn labels(samples: usize) -> Array1<f64> {
    Array1::from_shape_fn(samples, |i| if i % 2 == 0 { 1.0 } else { -1.0 })
}

fn blocks(width: usize, dim: usize, seed: u64) -> [Array2<f64>; 2] {
    [Stream::WeightsPos, Stream::WeightsNeg]
        .map(|stream| gaussian_matrix(width, dim, 1.0, seed, stream).unwrap())
}

/// With one patch it is the program of two layers, which `implicit-bias-gram` solves by other methods:
/// also where neurons slide, and where the pattern does not last.
#[test]
fn one_patch_is_two_layers() {
    let (mut sliding, mut leaving, mut infeasible) = (0, 0, 0);
    for (seed, samples, dim, width) in [
        (0, 6, 20, 3),
        (1, 8, 8, 4),
        (2, 10, 12, 5),
        (3, 7, 7, 2),
        (4, 9, 5, 2),
    ] {
        for slope in [0.0, 0.2] {
            let x = gaussian_matrix(samples, dim, 1.0, seed, Stream::Noise).unwrap();
            let data = Dataset::new(x, labels(samples)).unwrap();
            let [pos, neg] = blocks(width, dim, seed);
            let state = concatenate![Axis(0), pos, neg].dot(&data.x().t());
            let activation = Activation::leaky_relu(slope).unwrap_or(Activation::RELU);
            let problem = Problem::new(&data, width, activation, Loss::Logistic, 0.1).unwrap();
            let expected = Limit::solve(&problem, state.view());
            let found = patch_program(&data, 1, [pos.view(), neg.view()], kinked(slope));
            let (expected, found) = match (expected, found) {
                (Ok(expected), Ok(found)) => (expected, found),
                (Err(expected), Err(found)) => {
                    assert!(found.starts_with("infeasible"), "{expected} {found}");
                    infeasible += 1;
                    continue;
                }
                (expected, found) => panic!("{expected:?} {found:?}"),
            };
            let near = |one: f64, other: f64, what: &str| {
                let apart = (one - other).abs();
                assert!(
                    apart <= 1e-8 * other.abs().max(1.0),
                    "{seed} {slope} {what}: {one} {other}"
                );
            };
            near(found.norm, expected.norm(), "norm");
            for i in 0..samples {
                near(found.margins[i], expected.margins()[i], "margin");
                near(
                    found.multipliers[i],
                    expected.multipliers()[i],
                    "multiplier",
                );
            }
            near(found.stable_ranks[0], expected.stable_rank_pos(), "pos");
            near(found.stable_ranks[1], expected.stable_rank_neg(), "neg");
            near(found.stable_ranks[2], expected.stable_rank(), "both");
            assert_eq!(
                found.leaving == 0,
                expected.is_consistent(),
                "{seed} {slope}"
            );
            let weights = expected.coefficients().dot(data.x());
            let own = concatenate![Axis(0), found.weights[0], found.weights[1]];
            let apart = (&weights - &own)
                .mapv(f64::abs)
                .fold(0.0, |a: f64, &b| a.max(b));
            assert!(apart < 1e-8 * expected.norm(), "{seed} {slope}: {apart}");
            assert!(found.kkt_residual < 1e-8, "{}", found.kkt_residual);
            sliding += expected.sliding().len();
            leaving += usize::from(found.leaving > 0);
        }
    }
    println!("{sliding} sliding pairs, {leaving} patterns left, {infeasible} infeasible");
    assert!(sliding > 0 && leaving > 0);
}

/// Orthogonal signals of length 2, one in each sample at any place, zeros elsewhere: in the limit each
/// signal has the filters of its class that are active on it, each `m/c` long along it where there
/// are `c` of them, so that `‖W‖² = (m²/4) Σ 1/c`.
#[test]
fn clean_signals_have_the_closed_form() {
    let (signals, each, dim, width, samples) = (4, 3, 9, 5, 12);
    let mut x = Array2::zeros([samples, each * dim]);
    let class = |signal: usize| if signal < signals / 2 { 1.0 } else { -1.0 };
    for sample in 0..samples {
        let signal = sample % signals;
        x[[sample, (sample % each) * dim + signal]] = 2.0;
    }
    let y = Array1::from_shape_fn(samples, |sample| class(sample % signals));
    let data = Dataset::new(x, y).unwrap();
    let [pos, neg] = blocks(width, dim, 3);
    let found = patch_program(&data, each, [pos.view(), neg.view()], kinked(0.0)).unwrap();
    let mut pattern = Array2::zeros([2 * width, signals]);
    let mut squares = 0.0;
    for signal in 0..signals {
        let (own, first) = if class(signal) > 0.0 {
            (&pos, 0)
        } else {
            (&neg, width)
        };
        let winners: Vec<usize> = (0..width).filter(|&r| own[[r, signal]] > 0.0).collect();
        assert!(!winners.is_empty());
        for r in &winners {
            pattern[[first + r, signal]] = width as f64 / winners.len() as f64 / 2.0;
        }
        squares += width as f64 * width as f64 / 4.0 / winners.len() as f64;
    }
    assert!((found.norm - f64::sqrt(squares)).abs() < 1e-12 * found.norm);
    let own = concatenate![Axis(0), found.weights[0], found.weights[1]];
    for ((filter, coordinate), w) in own.indexed_iter() {
        let expected = if coordinate < signals {
            pattern[[filter, coordinate]]
        } else {
            0.0
        };
        assert!(
            (w - expected).abs() < 1e-12,
            "{filter} {coordinate}: {w} {expected}"
        );
    }
    assert_eq!(found.leaving, 0);
    assert!(found.margins.iter().all(|q| (q - 1.0).abs() < 1e-12));
}

/// A patch on which every ReLU filter of its class is inactive cannot be learned; leaky ones learn it
/// and become active, which is another pattern.
#[test]
fn what_cannot_be_solved_is_said() {
    let (each, dim) = (2, 3);
    let mut x = Array2::zeros([2, each * dim]);
    x[[0, 0]] = 1.0;
    x[[1, 4]] = 1.0;
    let data = Dataset::new(x, labels(2)).unwrap();
    let seen = Array2::from_elem([1, dim], 0.1);
    let blind = Array2::from_elem([1, dim], -0.1);
    let error = patch_program(&data, each, [seen.view(), blind.view()], kinked(0.0)).unwrap_err();
    assert!(error.starts_with("infeasible"), "{error}");
    let found = patch_program(&data, each, [seen.view(), blind.view()], kinked(0.5)).unwrap();
    assert_eq!(found.leaving, 1, "{found:?}");
    let error = patch_program(&data, 4, [seen.view(), seen.view()], kinked(0.0)).unwrap_err();
    assert!(error.contains("4 patches"), "{error}");
}

/// Where the activation still bends at a pair that moves, the slopes of the program are not those of the
/// network, and its solution is no candidate.
#[test]
fn pairs_within_the_bend_are_counted() {
    let x = gaussian_matrix(4, 6, 1.0, 5, Stream::Noise).unwrap();
    let data = Dataset::new(x, labels(4)).unwrap();
    let [pos, neg] = blocks(2, 3, 5);
    let program =
        |bend| patch_program(&data, 2, [pos.view(), neg.view()], bent(0.1, bend)).unwrap();
    assert_eq!(program([0.0; 2]).bent, 0);
    // Of 2 filters a class and 4 samples of 2 patches, half of the pairs are of one sign.
    assert_eq!(program([-1e9, 1e9]).bent, 16);
    let some = program([-0.5, 0.5]).bent;
    assert!((1..16).contains(&some), "{some}");
    assert_eq!(program([-0.5, 0.5]).norm, program([0.0; 2]).norm);
}

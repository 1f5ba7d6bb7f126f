//! When the limit program says "infeasible", "not solved", or neither.

use implicit_bias_data::random::{Stream, gaussian_matrix, generator, standard_normal};
use implicit_bias_data::{DataLaw, Dataset, Mixture};
use implicit_bias_gram::{Limit, Problem};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Array1, Array2, ArrayView1, Axis, array, concatenate};

const SLOPES: [f64; 5] = [0.0, 0.1, 0.9, 0.9999, 0.999_999];

fn problem(x: Array2<f64>, y: Array1<f64>, width: usize, slope: f64) -> Problem {
    let activation = Activation::leaky_relu(slope).unwrap();
    let data = Dataset::new(x, y).unwrap();
    Problem::new(&data, width, activation, Loss::Logistic, 0.1).unwrap()
}

fn smallest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// The number after "below" of "not solved: … a normalized margin below X, …"; `None` of
/// another message.
fn stated_bound(message: &str) -> Option<f64> {
    let (_, rest) = message.split_once("a normalized margin below ")?;
    rest.split(',').next()?.parse().ok()
}

/// A network of random weights, and data that it fits: `labels = sign f`.
struct Fitted {
    weights: Array2<f64>,
    x: Array2<f64>,
    y: Array1<f64>,
    width: usize,
    slope: f64,
    nearly_equal: bool,
}

impl Fitted {
    fn score(weights: &Array2<f64>, width: usize, slope: f64, x: ArrayView1<'_, f64>) -> f64 {
        let score = |(k, h): (usize, &f64)| {
            let sign = if k < width { 1.0 } else { -1.0 };
            sign * if *h > 0.0 { *h } else { slope * h }
        };
        weights.dot(&x).iter().enumerate().map(score).sum::<f64>() / width as f64
    }

    /// Norms spread over up to `10^7`, and pairs at `10^{−k}` on both sides of the boundary.
    fn random(seed: u64) -> Self {
        let mut source = generator(seed, Stream::Noise);
        let mut draw = |low: f64, high: f64| {
            // A normal number folded into the range: any law will do.
            let part = standard_normal(&mut source).abs().fract();
            low + (high - low) * part
        };
        let width = 1 + draw(0.0, 5.0) as usize;
        let dim = 2 + draw(0.0, 12.0) as usize;
        let samples = 2 + draw(0.0, 14.0) as usize;
        let slope = SLOPES[seed as usize % SLOPES.len()];
        let spread = draw(0.0, 7.0);
        let near = draw(1.0, 10.0);
        let matrix = |rows, stream| gaussian_matrix(rows, dim, 1.0, seed, stream).unwrap();
        let weights = concatenate![
            Axis(0),
            matrix(width, Stream::WeightsPos),
            matrix(width, Stream::WeightsNeg)
        ];
        let score = |x: ArrayView1<'_, f64>| Self::score(&weights, width, slope, x);
        let mut x = matrix(samples, Stream::Choice);
        let nearly_equal = seed.is_multiple_of(3);
        if nearly_equal {
            // The first sample moves to the boundary, the last one to its other side.
            let (mut low, mut high) = (x.row(0).to_owned(), x.row(samples - 1).to_owned());
            if score(low.view()) * score(high.view()) < 0.0 {
                let step = &high - &low;
                for _ in 0..60 {
                    let middle = (&low + &high) * 0.5;
                    if score(middle.view()) * score(low.view()) > 0.0 {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
                let step = step * 10f64.powf(-near);
                x.row_mut(0).assign(&(&low - &step));
                x.row_mut(samples - 1).assign(&(&high + &step));
            }
        }
        for mut row in x.rows_mut() {
            row *= 10f64.powf(-draw(0.0, spread));
        }
        let y = x
            .rows()
            .into_iter()
            .map(|row| score(row).signum())
            .collect();
        Self {
            weights,
            x,
            y,
            width,
            slope,
            nearly_equal,
        }
    }
}

/// Weights that fit all samples prove their pattern feasible, and their margin is one that the best
/// has to reach.
#[test]
fn what_is_fitted_is_never_infeasible() {
    let (mut solved, mut unsolved) = (0, 0);
    for seed in 0..1500 {
        let fitted = Fitted::random(seed);
        let Fitted {
            weights,
            x,
            y,
            width,
            slope,
            nearly_equal,
        } = fitted;
        let state = weights.dot(&x.t());
        if y.iter().all(|&label| label == y[0]) {
            continue;
        }
        let problem = problem(x, y, width, slope);
        let margins = problem.margins(state.view());
        if smallest(&margins) <= 0.0 {
            // Rounding of a score that is nearly zero.
            continue;
        }
        let norm = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
        let known = smallest(&margins) / norm;
        match Limit::solve(&problem, state.view()) {
            Ok(limit) => {
                solved += 1;
                let found = smallest(&limit.normalized_margins());
                assert!(
                    found >= known * (1.0 - 1e-5),
                    "seed {seed}: {found:e} < {known:e}"
                );
                assert!(limit.kkt_residual() <= 1e-6);
            }
            Err(error) => {
                unsolved += 1;
                let message = error.to_string();
                assert!(message.contains("not solved"), "seed {seed}: {message}");
                // Only nearly equal samples of opposite labels are beyond double precision.
                assert!(
                    nearly_equal && known < 1e-4,
                    "seed {seed}: {message}, {known:e}"
                );
                if let Some(bound) = stated_bound(&message) {
                    assert!(
                        bound >= known,
                        "seed {seed}: {message}, but {known:e} is reached"
                    );
                }
            }
        }
    }
    println!("{solved} solved, {unsolved} not");
    assert!(solved > 8 * unsolved, "{solved} solved, {unsolved} not");
}

/// Linearly independent samples are fitted by some weights, whatever their norms.
#[test]
fn independent_samples_are_solved() {
    for seed in 0..200 {
        let slope = SLOPES[seed as usize % SLOPES.len()];
        let (samples, dim) = (6, 20);
        let mut x = gaussian_matrix(samples, dim, 1.0, seed, Stream::Noise).unwrap();
        let mut source = generator(seed, Stream::Choice);
        for (i, mut row) in x.rows_mut().into_iter().enumerate() {
            row *= 10f64.powf(-7.0 * ((i as f64 + standard_normal(&mut source)) / 6.0).fract());
        }
        let y = Array1::from_shape_fn(samples, |i| if i % 2 == 0 { 1.0 } else { -1.0 });
        let mut state = gaussian_matrix(6, samples, 1.0, seed, Stream::WeightsPos).unwrap();
        state.row_mut(0).fill(1.0);
        state.row_mut(3).fill(1.0);
        let limit = Limit::solve(&problem(x, y, 3, slope), state.view());
        let limit = limit.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(
            limit.kkt_residual() <= 1e-6,
            "seed {seed}: {:?}",
            limit.residuals()
        );
    }
}

/// With every same-sign pair active, `q_i ≤ y_i ⟨u, x_i⟩` for `u = (1/m) Σ_k s_k w_k`: what
/// no hyperplane through zero separates has no solution.
#[test]
fn what_cannot_be_fitted_is_never_solved() {
    let (mut proven, mut bounded) = (0, 0);
    for seed in 0..300 {
        let slope = SLOPES[seed as usize % SLOPES.len()];
        let dim = 2 + seed as usize % 4;
        let samples = 8 * dim;
        let x = gaussian_matrix(samples, dim, 1.0, seed, Stream::Noise).unwrap();
        let y = gaussian_matrix(samples, 1, 1.0, seed, Stream::Choice).unwrap();
        let y = y.column(0).mapv(f64::signum);
        let problem = problem(x, y, 2, slope);
        let message = Limit::solve(&problem, Array2::ones((4, samples)).view())
            .expect_err("chances of a separable one are below 1e-4")
            .to_string();
        if message.contains("infeasible") {
            proven += 1;
        } else {
            let bound = stated_bound(&message);
            assert!(
                bound.is_some_and(|bound| bound < 1e-6),
                "seed {seed}: {message}"
            );
            bounded += 1;
        }
    }
    println!("{proven} proven, {bounded} bounded");
    assert!(proven > 200, "{proven} proven, {bounded} bounded");
}

/// A pattern of its own for every neuron: fewer are proven, none is solved.
#[test]
fn one_dimension_and_both_labels() {
    for seed in 0..100 {
        let law = Mixture {
            samples: 9,
            dim: 1,
            signal: 0.5,
            noise: 1.0,
        };
        let data = law.generate(seed).unwrap();
        // Both labels on one side of zero.
        let side = |label: f64, side: f64| {
            let pairs = data.x().iter().zip(data.y());
            pairs
                .into_iter()
                .any(|(x, y)| *y == label && x * side > 0.0)
        };
        let contradictory = [-1.0, 1.0].iter().any(|&s| side(1.0, s) && side(-1.0, s));
        let weights = gaussian_matrix(8, 1, 1.0, seed, Stream::WeightsPos).unwrap();
        let state = weights.dot(&data.x().t());
        let slope = SLOPES[seed as usize % SLOPES.len()];
        let problem = problem(data.x().clone(), data.y().clone(), 4, slope);
        match Limit::solve(&problem, state.view()) {
            Ok(_) => assert!(!contradictory, "seed {seed}"),
            Err(error) => {
                let message = error.to_string();
                assert!(contradictory || slope == 0.0, "seed {seed}: {message}");
                assert!(message.contains("infeasible"), "seed {seed}: {message}");
            }
        }
    }
}

#[test]
fn a_direction_with_both_labels_is_named_and_a_nearly_equal_one_is_not() {
    let message = |second: [f64; 3], label: f64| {
        let x = array![[0.1, 0.7, -0.3], [1.0, 0.2, 0.4], second, [0.3, 0.0, 1.0]];
        let problem = problem(x, array![1.0, 1.0, label, -1.0], 2, 0.1);
        Limit::solve(&problem, Array2::ones((4, 4)).view())
            .err()
            .map(|error| error.to_string())
    };
    // Equal, and twice as long.
    for factor in [1.0, 2.0] {
        let text = message([0.1 * factor, 0.7 * factor, -0.3 * factor], -1.0).unwrap();
        assert!(text.contains("infeasible: samples 0 and 2"), "{text}");
        assert_eq!(
            message([0.1 * factor, 0.7 * factor, -0.3 * factor], 1.0),
            None
        );
    }
    // Opposite samples of opposite labels do not contradict each other.
    assert_eq!(message([-0.1, -0.7, 0.3], -1.0), None);
    // One bit apart in one entry: no inner product can tell, and they are not the same sample.
    let near = message([0.1, 0.7 * (1.0 + f64::EPSILON), -0.3], -1.0).unwrap();
    assert!(near.contains("not solved"), "{near}");
}

/// Slopes near 1 make the network linear: all neurons end in the direction of the hard-margin
/// classifier without bias, with margin `γ_SVM √(2/m)`.
#[test]
fn nearly_linear_networks_end_at_the_hard_margin() {
    for seed in 0..30 {
        let (samples, dim, width) = (60, 6, 5);
        let law = Mixture {
            samples,
            dim,
            signal: 3.0,
            noise: 1.0,
        };
        let data = law.generate(seed).unwrap();
        let Some(margin) = hard_margin(&data) else {
            continue;
        };
        let weights = gaussian_matrix(2 * width, dim, 1.0, seed, Stream::WeightsPos).unwrap();
        let state = weights.dot(&data.x().t());
        for slope in [0.9999, 0.99999, 0.999_999] {
            // The pattern that the limit has: positive neurons active on their class.
            let problem = problem(data.x().clone(), data.y().clone(), width, slope);
            for state in [state.clone(), Array2::ones(state.dim())] {
                let limit = Limit::solve(&problem, state.view()).unwrap();
                let found = smallest(&limit.normalized_margins());
                let expected = margin * (2.0 / width as f64).sqrt();
                let tolerance = 2.0 * (1.0 - slope);
                assert!(
                    (found / expected - 1.0).abs() < tolerance,
                    "seed {seed}, slope {slope}: {found}, expected {expected}"
                );
            }
        }
    }
}

/// The largest `γ` with `y_i ⟨u, x_i⟩ ≥ γ` for a unit `u`, by Hildreth's method
/// (coordinates of the dual in turn); `None` if that does not converge.
fn hard_margin(data: &Dataset) -> Option<f64> {
    let x = data.x();
    let mut u = Array1::<f64>::zeros(data.dim());
    let mut multipliers = vec![0.0; data.samples()];
    for _ in 0..200_000 {
        let mut largest: f64 = 0.0;
        for (i, multiplier) in multipliers.iter_mut().enumerate() {
            let row = x.row(i);
            let change = (1.0 - data.y()[i] * row.dot(&u)) / row.dot(&row);
            let change = change.max(-*multiplier);
            *multiplier += change;
            largest = largest.max(change.abs());
            u.scaled_add(change * data.y()[i], &row);
        }
        if largest < 1e-13 {
            return Some(1.0 / u.dot(&u).sqrt());
        }
    }
    None
}

/// Samples `x` and `x + ε v` of opposite labels: the margin of the limit is proportional to `ε`,
/// and inner products, which round `ε²` beside 1, give its square to `10⁻¹⁶/ε²` of itself. Where
/// that is too little there is no answer.
#[test]
fn nearly_equal_samples_of_opposite_labels_are_solved_to_four_digits_or_not_at_all() {
    let draw = |rows, stream| gaussian_matrix(rows, 2, 1.0, 3, stream).unwrap();
    let (weights, both) = (draw(2, Stream::WeightsPos), draw(2, Stream::Noise));
    let direction = draw(1, Stream::Choice);
    let margin = |epsilon: f64| {
        let near = &both.row(0) + &(&direction.row(0) * epsilon);
        let first = both.row(0).insert_axis(Axis(0));
        let x = concatenate![Axis(0), first, near.insert_axis(Axis(0))];
        let problem = problem(x.clone(), array![1.0, -1.0], 1, 0.0);
        let limit = Limit::solve(&problem, weights.dot(&x.t()).view());
        limit.map(|limit| smallest(&limit.normalized_margins()) / epsilon)
    };
    let expected = margin(1e-3).unwrap();
    let (mut solved, mut refused) = (0, 0);
    for k in 12..36 {
        // Not powers of two, whose squares would not round.
        let epsilon = 0.93 * 10_f64.powf(-0.25 * f64::from(k));
        match margin(epsilon) {
            Ok(found) => {
                solved += 1;
                let error = (found / expected - 1.0).abs();
                assert!(error < 1e-4, "{epsilon:e}: {error:e}");
            }
            Err(error) => {
                let text = error.to_string();
                assert!(text.contains("not solved: "), "{text}");
                refused += usize::from(text.contains("inner products"));
            }
        }
    }
    assert!(solved > 3 && refused > 3, "{solved} {refused}");
}

//! The limit program against closed forms, SciPy, invariances, and inputs without an answer.

use approx::assert_relative_eq;
use implicit_bias_algebra::{Mat, singular_values};
use implicit_bias_data::random::{Stream, generator, standard_normal};
use implicit_bias_data::{DataLaw, Dataset, Mixture};
use implicit_bias_gram::{GramError, Limit, Problem};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Array1, Array2, Axis, array};

fn problem(x: Array2<f64>, y: Array1<f64>, width: usize, slope: f64) -> Problem {
    let activation = Activation::leaky_relu(slope).unwrap();
    Problem::new(
        &Dataset::new(x, y).unwrap(),
        width,
        activation,
        Loss::Logistic,
        0.1,
    )
    .unwrap()
}

/// `rows × columns` standard normal numbers.
fn normals(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
    let mut source = generator(seed, Stream::Noise);
    Array2::from_shape_simple_fn((rows, columns), || standard_normal(&mut source))
}

/// Correlated samples of unequal norms, a random pattern with one wholly active neuron a block.
fn random_case(samples: usize, dim: usize, width: usize, seed: u64) -> (Dataset, Array2<f64>) {
    let law = Mixture {
        samples,
        dim,
        signal: 1.0,
        noise: 1.0,
    };
    let mut pattern = normals(2 * width, samples, seed);
    pattern.row_mut(0).fill(1.0);
    pattern.row_mut(width).fill(1.0);
    (law.generate(seed).unwrap(), pattern)
}

fn solve(data: &Dataset, width: usize, slope: f64, pattern: &Array2<f64>) -> Limit {
    let problem = problem(data.x().clone(), data.y().clone(), width, slope);
    Limit::solve(&problem, pattern.view()).unwrap()
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert_relative_eq!(
            found,
            expected,
            epsilon = tolerance,
            max_relative = tolerance
        );
    }
}

/// Orthogonal samples of norm `r`, leaky: `A = (r²/m²) (Σ_same D² + m γ²)` is diagonal, a
/// group for each pattern, and nothing slides.
#[test]
fn orthogonal_samples() {
    let (radius, slope, width) = (3.0, 0.25, 3);
    let x = Array2::from_diag(&Array1::from_elem(4, radius));
    let y = array![1.0, 1.0, -1.0, -1.0];
    let pattern = array![
        [1.0, 1.0, -1.0, -1.0],
        [1.0, -1.0, -1.0, -1.0],
        [1.0, -1.0, -1.0, 1.0],
        [-1.0, -1.0, 1.0, 1.0],
        [-1.0, 1.0, 1.0, 1.0],
        [-1.0, -1.0, 1.0, 1.0]
    ];
    let limit = Limit::solve(&problem(x, y, width, slope), pattern.view()).unwrap();
    let of_active = |active: f64| {
        let squares = active + (3.0 - active) * slope * slope + 3.0 * slope * slope;
        9.0 / (radius * radius * squares)
    };
    let expected = [
        of_active(3.0),
        of_active(1.0),
        of_active(3.0),
        of_active(3.0),
    ];
    assert_close(limit.multipliers(), &expected, 1e-14);
    assert_eq!(limit.groups().len(), 3);
    assert_eq!(limit.group_count(), 3);
    assert!(limit.sliding().is_empty());
    // Leaky neurons that are inactive on a same-sign sample are pulled across: not the limit.
    assert!(!limit.is_consistent());
    let tightest = limit.tightest().unwrap();
    assert_eq!((tightest.group, tightest.sample), (1, 1));
    assert_relative_eq!(limit.stable_rank_neg(), 1.0, max_relative = 1e-14);
}

/// ReLU, orthogonal samples of equal norm, all `2^n_j − 1` patterns once: a block of docs/theory.md
/// §3 at finite width, `λ_i ∝ 1` by symmetry. `W = λ'[pattern]` has the spectrum of the
/// pattern matrix.
#[test]
fn orthogonal_relu_with_every_pattern() {
    let class = 3;
    let patterns: Vec<usize> = (1..1 << class).collect();
    let width = patterns.len();
    let x = Array2::from_diag(&Array1::from_elem(2 * class, 2.0));
    let y = Array1::from_shape_fn(2 * class, |i| if i < class { 1.0 } else { -1.0 });
    let pattern = Array2::from_shape_fn((2 * width, 2 * class), |(k, i)| {
        let active = patterns[k % width] >> (i % class) & 1 == 1;
        if active && (k < width) == (i < class) {
            1.0
        } else {
            -1.0
        }
    });
    let limit = Limit::solve(&problem(x, y, width, 0.0), pattern.view()).unwrap();
    assert!(limit.is_consistent());
    assert_eq!(limit.groups().len(), 2 * width);
    // BᵀB of the 7 × 3 pattern matrix: 4 on the diagonal, 2 off it; largest eigenvalue 8, trace
    // 12.
    for rank in [limit.stable_rank_pos(), limit.stable_rank_neg()] {
        assert_relative_eq!(rank, 12.0 / 8.0, max_relative = 1e-13);
    }
    assert_relative_eq!(limit.stable_rank(), 3.0, max_relative = 1e-13);
    // 2 n_j/(n_j + 1) of a wide block, which draws every pattern, the empty one too, equally often.
    assert_relative_eq!(
        2.0 * 3.0 / 4.0,
        limit.stable_rank_pos(),
        max_relative = 1e-13
    );
    // λ_i = m² / (4 ‖x‖²), four of the seven neurons being active on each sample.
    assert_close(limit.multipliers(), &[49.0 / 16.0; 6], 1e-13);
}

/// One neuron a sign, two samples at an angle, leaky slope: without sliding `A λ = 1` by hand;
/// when the samples are close, the opposite pre-activation would be positive, then slope 1, and
/// between them a range where it slides at 0.
#[test]
fn two_samples_and_their_three_regimes() {
    let slope = 0.2;
    for (cosine, expected_slope) in [(-0.5, 0.2), (0.1, 0.2), (0.3, 0.3), (0.6, 0.6), (0.9, 0.9)] {
        let sine = f64::sqrt(1.0 - cosine * cosine);
        let x = array![[1.0, 0.0], [cosine, sine]];
        let limit = Limit::solve(
            &problem(x, array![1.0, -1.0], 1, slope),
            Array2::ones((2, 2)).view(),
        )
        .unwrap();
        // w_1 = λ (x_1 − D x_2), h_12 = λ (c − D): negative while c < γ, else D = c holds it
        // at 0.
        assert_relative_eq!(
            limit.groups()[0].slopes[1],
            expected_slope,
            max_relative = 1e-12
        );
        assert_eq!(limit.sliding().len(), if cosine > slope { 2 } else { 0 });
        let d = expected_slope;
        // q_1 = h_11 − D h_21 with h_21 = λ (D − c) of the other neuron's sign: λ (1 − 2 D
        // c + D²).
        let multiplier = 1.0 / (1.0 - 2.0 * d * cosine + d * d);
        assert_close(limit.multipliers(), &[multiplier; 2], 1e-12);
        assert!(limit.kkt_residual() < 1e-14);
        assert!(limit.is_consistent());
    }
}

/// Solutions in weight space by SciPy (`golden/limit_programs.py`), `n > d` among them.
#[test]
fn agrees_with_scipy() {
    let cases: serde_json::Value =
        serde_json::from_str(include_str!("golden/limit_programs.json")).unwrap();
    for case in cases.as_array().unwrap() {
        let matrix = |key: &str| {
            let rows: Vec<Vec<f64>> = serde_json::from_value(case[key].clone()).unwrap();
            Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| rows[i][j])
        };
        let number = |key: &str| case[key].as_f64().unwrap();
        let y: Vec<f64> = serde_json::from_value(case["y"].clone()).unwrap();
        let width = case["width"].as_u64().unwrap() as usize;
        let problem = problem(matrix("x"), y.into(), width, number("slope"));
        let limit = Limit::solve(&problem, matrix("pattern").view()).unwrap();
        assert!(limit.kkt_residual() < 1e-13, "{:?}", limit.residuals());
        // SLSQP ends some 1e-8 from the solution.
        assert_relative_eq!(limit.norm(), number("norm"), max_relative = 1e-9);
        let found = limit.pre_activations();
        for (found, expected) in found.iter().zip(&matrix("pre_activations")) {
            assert_relative_eq!(found, expected, epsilon = 1e-6, max_relative = 1e-6);
        }
        for (found, key) in [
            (limit.stable_rank_pos(), "stable_rank_pos"),
            (limit.stable_rank_neg(), "stable_rank_neg"),
            (limit.stable_rank(), "stable_rank"),
        ] {
            assert_relative_eq!(found, number(key), max_relative = 1e-6);
        }
    }
}

/// `‖W‖² = Σ λ_i`, `Ĥ = Ĉ G`, margins of the reported weights, complementarity: from the
/// outside.
#[test]
fn a_solution_fits_together() {
    for seed in 0..20 {
        let slope = [0.0, 0.1, 0.4][seed as usize % 3];
        let (data, pattern) = random_case(8, 3 + seed as usize, 4, seed);
        let problem = problem(data.x().clone(), data.y().clone(), 4, slope);
        let limit = Limit::solve(&problem, pattern.view()).unwrap();
        let weights = limit.coefficients().dot(data.x());
        let h = weights.dot(&data.x().t());
        let norm = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
        assert_relative_eq!(norm, limit.norm(), max_relative = 1e-11);
        assert_relative_eq!(
            limit.multipliers().iter().sum::<f64>(),
            norm * norm,
            max_relative = 1e-11
        );
        let tolerance = 1e-11 * norm * 10.0;
        for (found, expected) in limit.pre_activations().iter().zip(&h) {
            assert_relative_eq!(found, expected, epsilon = tolerance, max_relative = 1e-10);
        }
        for i in 0..8 {
            let mut margin = 0.0;
            for k in 0..8 {
                margin += if problem.sign(k) == data.y()[i] {
                    let active = pattern[[k, i]] > 0.0;
                    h[[k, i]] * if active { 1.0 } else { slope }
                } else {
                    -problem.activation().apply(h[[k, i]])
                } / 4.0;
            }
            assert_relative_eq!(margin, limit.margins()[i], max_relative = 1e-10);
            assert!(margin > 1.0 - 1e-10);
            assert!(limit.multipliers()[i] == 0.0 || margin < 1.0 + 1e-9);
        }
        let dense = |rows: &Array2<f64>| {
            let m = Mat::from_fn(rows.nrows(), rows.ncols(), |i, j| rows[[i, j]]);
            let values = singular_values(m.as_ref()).unwrap();
            values.iter().map(|s| s * s).sum::<f64>() / (values[0] * values[0])
        };
        let (positive, negative) = weights.view().split_at(Axis(0), 4);
        for (found, block) in [
            (limit.stable_rank_pos(), positive.to_owned()),
            (limit.stable_rank_neg(), negative.to_owned()),
            (limit.stable_rank(), weights.clone()),
        ] {
            assert_relative_eq!(found, dense(&block), max_relative = 1e-9);
        }
    }
}

#[test]
fn rotation_scale_and_order_do_not_matter() {
    for (seed, slope) in [(1, 0.0), (2, 0.1), (3, 0.5)] {
        let (data, pattern) = random_case(7, 5, 3, seed);
        let limit = solve(&data, 3, slope, &pattern);
        let h = limit.pre_activations();

        // A Householder reflection, and a scale far from 1.
        for scale in [1e-100, 1.0, 1e100] {
            let v = normals(5, 1, 9);
            let square = v.iter().map(|x| x * x).sum::<f64>();
            let reflect = Array2::<f64>::eye(5) - v.dot(&v.t()) * (2.0 / square);
            let moved = Dataset::new(data.x().dot(&reflect) * scale, data.y().clone()).unwrap();
            let other = solve(&moved, 3, slope, &pattern);
            let multipliers: Vec<f64> = other
                .multipliers()
                .iter()
                .map(|x| x * scale * scale)
                .collect();
            assert_close(&multipliers, limit.multipliers(), 1e-10);
            assert_relative_eq!(other.norm() * scale, limit.norm(), max_relative = 1e-11);
            assert_relative_eq!(
                other.stable_rank(),
                limit.stable_rank(),
                max_relative = 1e-11
            );
        }

        // Samples and neurons in another order; neurons stay in their block.
        let order = [3, 6, 0, 5, 2, 4, 1];
        let neurons = [2, 0, 1, 4, 5, 3];
        let shuffled = Dataset::new(
            data.x().select(Axis(0), &order),
            data.y().select(Axis(0), &order),
        )
        .unwrap();
        let turned = pattern.select(Axis(0), &neurons).select(Axis(1), &order);
        let other = solve(&shuffled, 3, slope, &turned);
        let expected = h.select(Axis(0), &neurons).select(Axis(1), &order);
        for (found, expected) in other.pre_activations().iter().zip(&expected) {
            assert_relative_eq!(found, expected, epsilon = 1e-11, max_relative = 1e-10);
        }
    }
}

/// A repeated sample adds no constraint: the same weights, its multiplier shared equally.
#[test]
fn a_repeated_sample_changes_nothing() {
    for (seed, slope) in [(4, 0.0), (5, 0.2)] {
        let (data, pattern) = random_case(6, 9, 3, seed);
        let once = solve(&data, 3, slope, &pattern);
        let order = [0, 1, 2, 3, 4, 5, 2];
        let repeated = Dataset::new(
            data.x().select(Axis(0), &order),
            data.y().select(Axis(0), &order),
        )
        .unwrap();
        let twice = solve(&repeated, 3, slope, &pattern.select(Axis(1), &order));
        assert!(twice.kkt_residual() < 1e-12, "{:?}", twice.residuals());
        assert_relative_eq!(twice.norm(), once.norm(), max_relative = 1e-11);
        assert_relative_eq!(
            twice.stable_rank(),
            once.stable_rank(),
            max_relative = 1e-10
        );
        let shared = once.multipliers()[2] / 2.0;
        assert_relative_eq!(twice.multipliers()[2], shared, max_relative = 1e-10);
        assert_relative_eq!(twice.multipliers()[6], shared, max_relative = 1e-10);
    }
}

#[test]
fn more_samples_than_dimensions_leave_some_without_multiplier() {
    let law = Mixture {
        samples: 40,
        dim: 3,
        signal: 4.0,
        noise: 1.0,
    };
    let (data, pattern) = (law.generate(8).unwrap(), normals(4, 40, 8));
    let limit = solve(&data, 2, 0.3, &pattern.mapv(f64::abs));
    assert!(limit.kkt_residual() < 1e-12, "{:?}", limit.residuals());
    let idle = limit.multipliers().iter().filter(|&&x| x == 0.0).count();
    assert!(idle >= 30, "{idle}");
    assert!(limit.margins().iter().any(|&q| q > 1.5));
}

#[test]
fn more_groups_than_samples() {
    // 40 neurons a block on six samples: the spectrum takes the n × n route; equal to the other
    // one's.
    let (data, pattern) = random_case(6, 9, 40, 3);
    let limit = solve(&data, 40, 0.1, &pattern);
    assert!(limit.groups().len() > 6);
    let weights = limit.coefficients().dot(data.x());
    let m = Mat::from_fn(80, 9, |i, j| weights[[i, j]]);
    let values = singular_values(m.as_ref()).unwrap();
    let rank = values.iter().map(|s| s * s).sum::<f64>() / (values[0] * values[0]);
    assert_relative_eq!(limit.stable_rank(), rank, max_relative = 1e-10);
}

/// A ReLU neuron active on no same-sign sample is left out, and a block of them has no stable rank.
#[test]
fn dead_neurons() {
    let x = array![[1.0, 0.0], [0.3, 1.0]];
    let problem = problem(x, array![1.0, -1.0], 2, 0.0);
    let pattern = array![[1.0, 1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, 1.0]];
    let limit = Limit::solve(&problem, pattern.view()).unwrap();
    assert_eq!(
        limit.group_of(),
        [Some(0), None, Some(1), Some(1)].as_slice()
    );
    assert_eq!((limit.groups().len(), limit.group_count()), (2, 3));
    assert!(limit.pre_activations().row(1).iter().all(|&h| h == 0.0));
    assert!(limit.is_consistent());
}

#[test]
fn no_answer_says_why() {
    let pattern = Array2::ones((2, 3));
    let message = |x: Array2<f64>, y: Array1<f64>, pattern: &Array2<f64>, slope: f64| {
        Limit::solve(&problem(x, y, 1, slope), pattern.view())
            .unwrap_err()
            .to_string()
    };
    let y = array![1.0, -1.0, -1.0];
    // A zero sample.
    let zero = message(
        array![[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]],
        y.clone(),
        &pattern,
        0.1,
    );
    assert!(zero.contains("sample 2 is zero"), "{zero}");
    // One sample, both labels.
    let repeated = message(
        array![[1.0, 0.5], [1.0, 0.5], [0.0, 1.0]],
        y.clone(),
        &pattern,
        0.1,
    );
    assert!(repeated.contains("infeasible"), "{repeated}");
    // Every negative ReLU neuron inactive.
    let x = array![[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]];
    let dead = array![[1.0, 1.0, 1.0], [1.0, -1.0, -1.0]];
    let message_dead = message(x.clone(), y.clone(), &dead, 0.0);
    assert!(message_dead.contains("on sample 1"), "{message_dead}");

    let regular = problem(x, y, 1, 0.1);
    assert!(matches!(
        Limit::solve(&regular, Array2::ones((3, 3)).view()),
        Err(GramError::Shape { .. })
    ));
    let mut broken = Array2::ones((2, 3));
    broken[[1, 2]] = f64::INFINITY;
    assert!(matches!(
        Limit::solve(&regular, broken.view()),
        Err(GramError::NonFinite { .. })
    ));
}

/// Refused before anything large is allocated.
#[test]
fn too_large_is_refused() {
    let (data, pattern) = random_case(900, 20, 60, 2);
    let problem = problem(data.x().clone(), data.y().clone(), 60, 0.1);
    let message = Limit::solve(&problem, pattern.view())
        .unwrap_err()
        .to_string();
    assert!(message.contains("too large"), "{message}");
}

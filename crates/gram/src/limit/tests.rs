//! The routes to a solution, one against the other.

use implicit_bias_data::random::{Stream, generator, standard_normal};
use implicit_bias_data::{DataLaw, Mixture};
use implicit_bias_scalar::{Activation, Loss};

use super::*;

/// The two routes to a solution share neither their start nor their search.
#[test]
fn both_routes_agree() {
    let mut direct = 0;
    for seed in 0..40 {
        let slope = [0.0, 0.1, 0.4][seed as usize % 3];
        let law = Mixture {
            samples: 9,
            dim: 4 + seed as usize / 4,
            signal: 2.0,
            noise: 1.0,
        };
        let data = law.generate(seed).unwrap();
        let activation = Activation::leaky_relu(slope).unwrap();
        let problem = Problem::new(&data, 4, activation, Loss::Logistic, 0.1).unwrap();
        let mut normals = generator(seed, Stream::Noise);
        let mut state = Array2::from_shape_simple_fn((8, 9), || standard_normal(&mut normals));
        state.row_mut(0).fill(1.0);
        state.row_mut(4).fill(1.0);
        let grouping = Grouping::of(&problem, state.view());
        let program = Program::new(&problem, &grouping.patterns).unwrap();
        let Ok(rough) = interior_point::solve(&program) else {
            continue;
        };
        let polished = polish::polish(&program, rough.clone());
        assert!(polished.residuals.largest() < 1e-13);
        for (rough, polished) in rough.multipliers.iter().zip(&polished.point.multipliers) {
            assert!((rough - polished).abs() < 1e-6 * polished.abs().max(1.0));
        }
        let active = majority(&problem, &grouping.patterns, state.view());
        let support = near_smallest_margin(&problem, state.view());
        if let Some(found) = polish::from_state(&program, support, &active) {
            direct += 1;
            let pairs = found.point.pre_activations.iter();
            for (found, polished) in pairs.zip(&polished.point.pre_activations) {
                assert!((found - polished).abs() < 1e-10 * polished.abs().max(1.0));
            }
        }
    }
    assert!(direct >= 10, "{direct}");
}

/// Each condition is measured: a solved point with one thing broken shows it, relative to its
/// scale.
#[test]
fn residuals_see_every_condition() {
    let x = ndarray::array![[3.0, 0.0], [1.8, 2.4]];
    let data = implicit_bias_data::Dataset::new(x, ndarray::array![1.0, -1.0]).unwrap();
    let activation = Activation::leaky_relu(0.2).unwrap();
    let problem = Problem::new(&data, 1, activation, Loss::Logistic, 0.1).unwrap();
    let state = Array2::ones((2, 2));
    let grouping = Grouping::of(&problem, state.view());
    let program = Program::new(&problem, &grouping.patterns).unwrap();
    let solved = polish::polish(&program, interior_point::solve(&program).unwrap()).point;
    let of = |change: &dyn Fn(&mut ProgramPoint)| {
        let mut point = solved.clone();
        change(&mut point);
        KktResiduals::of(&program, &point)
    };
    assert!(of(&|_| {}).largest() < 1e-15);
    // λ = 1/0.64 for both samples; each neuron slides at the other's kink with slope 0.6, ‖w‖
    // = 1.25.
    let length = 1.25;
    let lifted = of(&|point| point.pre_activations[[0, 1]] = 0.1);
    assert!((lifted.stationarity - 0.1 / length).abs() < 1e-14);
    assert!((lifted.primal - 0.1).abs() < 1e-14);
    assert!((lifted.complementarity - 0.1).abs() < 1e-14);
    let lowered = of(&|point| point.pre_activations[[0, 1]] = -0.1);
    // ‖w_1‖² = λ (h_11 − 0.6 h_12) is 1.06 times as large.
    let expected = 0.4 * 0.1 / (length * 1.06_f64.sqrt());
    assert!((lowered.complementarity - expected).abs() < 1e-14);
    let negative = of(&|point| point.multipliers[0] *= -0.5);
    // Its own sign, and the slope of the pair that it feeds: 0.6 λ above −0.5 λ.
    assert!((negative.dual - 1.1).abs() < 1e-14, "{negative:?}");
    let steep = of(&|point| point.weighted[[0, 1]] = 1.25 * point.multipliers[1]);
    assert!((steep.dual - 0.25).abs() < 1e-14, "{steep:?}");
    assert!(
        of(&|point| point.pre_activations[[1, 0]] = f64::NAN)
            .largest()
            .is_nan()
    );
}

/// A pair beside its kink with a slope in between is seen by itself, margins and multipliers apart.
#[test]
fn residuals_see_a_slope_without_kink() {
    let x = ndarray::array![[1.0, 0.0], [0.0, 1.0]];
    let data = implicit_bias_data::Dataset::new(x, ndarray::array![1.0, -1.0]).unwrap();
    let problem = Problem::new(&data, 1, Activation::RELU, Loss::Logistic, 0.1).unwrap();
    let state = Array2::ones((2, 2));
    let grouping = Grouping::of(&problem, state.view());
    let program = Program::new(&problem, &grouping.patterns).unwrap();
    // w_1 = x_1 − ½ x_2 with λ = 1: h_12 = −½ is held by nothing, ‖w_1‖² = 5/4.
    let weighted = ndarray::array![[1.0, 0.5], [0.0, 1.0]];
    let residuals = KktResiduals::of(&program, &program.point(vec![1.0, 1.0], weighted));
    assert_eq!((residuals.stationarity, residuals.primal), (0.0, 0.0));
    assert_eq!(residuals.dual, 0.0);
    let expected = 0.5 * 0.5 / 1.25_f64.sqrt();
    assert!((residuals.complementarity - expected).abs() < 1e-15);
}

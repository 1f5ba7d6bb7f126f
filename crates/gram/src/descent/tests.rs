//! Block stepping against plain stepping, and plain stepping against weight space.

mod checkpoints;
mod cost;
mod large;
mod support;

use implicit_bias_data::{DataLaw, Dataset, Gaussian};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::Array2;
use proptest::prelude::*;

use self::support::{cases, distance, sliding};
use super::cost::Cost;
use super::*;
use crate::GramError;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn plain_stepping_is_gradient_descent_in_weight_space(case in cases()) {
        let steps = case.steps.min(200);
        let case = support::Case { steps, ..case };
        let mut descent = case.descent().with_stepping(Stepping::Plain);
        let outcome = descent.advance(steps as f64);
        // Exponential slopes may make a few steps overflow.
        prop_assume!(case.is_well_conditioned(&descent));
        prop_assert_eq!(outcome, Outcome::Reached);
        let weights = case.weight_space(steps);
        let moved = &case.weights + &descent.coefficients().dot(case.data.x());
        prop_assert!(distance(&moved, &weights) < 1e-11, "{}", distance(&moved, &weights));
        let h = weights.dot(&case.data.x().t());
        prop_assert!(distance(&descent.pre_activations(), &h) < 1e-11);
        for (found, expected) in descent.margins().iter().zip(case.problem().margins(h.view())) {
            prop_assert!((found - expected).abs() < 1e-11 * expected.abs().max(1.0));
        }
    }

    /// Costs decide which pairs are watched and for how long: any of them must give the trajectory.
    #[test]
    fn blocks_are_the_same_trajectory_at_any_cost(
        case in cases(),
        setup in 0.0..300.0f64,
        watched_step in 0.0..30.0f64,
    ) {
        let mut plain = case.descent().with_stepping(Stepping::Plain);
        plain.advance(case.steps as f64);
        prop_assume!(case.is_well_conditioned(&plain));
        let mut blocks = case.descent();
        blocks.cost = Cost {
            plain: f64::INFINITY,
            setup,
            watched_setup: 0.0,
            step: 1.0,
            watched_step,
            moved_group: 0.0,
            neurons: 1.0,
            most_watched: usize::MAX,
        };
        prop_assert_eq!(blocks.advance(case.steps as f64), Outcome::Reached);
        prop_assert_eq!(blocks.step(), plain.step());
        prop_assert!(blocks.work().block_steps > case.steps / 2, "{:?}", blocks.work());
        // A neuron that comes to rest at its kink has a sign of rounding there, and coefficients that
        // depend on it where samples are dependent; its weights do not.
        let h = plain.pre_activations();
        let largest = h.iter().fold(0.0, |most: f64, h| most.max(h.abs()));
        if h.iter().all(|h| h.abs() > 1e-12 * largest) {
            let found = distance(&blocks.coefficients(), &plain.coefficients());
            prop_assert!(found < 1e-10, "C differs by {found}, {:?}", blocks.work());
        }
        // Beside the size of what is summed: at rest, slopes of opposite samples cancel for ever.
        let apart = (&blocks.coefficients() - &plain.coefficients()).dot(case.data.x());
        let summed = plain.coefficients().mapv(f64::abs).dot(&case.data.x().mapv(f64::abs));
        let [apart, summed] = [&apart, &summed]
            .map(|entries| entries.iter().fold(0.0, |most: f64, entry| most.max(entry.abs())));
        prop_assert!(apart <= 1e-10 * summed, "W differs by {apart} of {summed}, {:?}", blocks.work());
        let found = distance(&blocks.pre_activations(), &h);
        prop_assert!(found < 1e-10, "H differs by {found}, {:?}", blocks.work());
        for (found, expected) in blocks.margins().iter().zip(plain.margins()) {
            prop_assert!((found - expected).abs() < 1e-10 * expected.abs().max(1.0));
        }
    }

    #[test]
    fn a_pair_that_is_not_watched_keeps_its_sign_throughout_the_block(case in cases()) {
        let mut blocks = case.descent();
        blocks.cost.plain = f64::INFINITY;
        for _ in 0..30 {
            let (problem, state) = (&blocks.problem, &blocks.state);
            let Some(plan) = blocks.planner.plan(problem, state, &blocks.cost) else {
                return Err(TestCaseError::fail("no plan at infinite cost of plain steps"));
            };
            let before = blocks.pre_activations();
            let mut plain = blocks.clone().with_stepping(Stepping::Plain);
            let from = blocks.step();
            blocks.block.set_up(&blocks.problem, &blocks.state, &plan);
            let taken = blocks.block.run(&blocks.problem, &mut blocks.state, 400);
            blocks.block.apply_to(&blocks.problem, &mut blocks.state);
            blocks.step += taken;
            for step in 1..=taken {
                plain.advance(from + step as f64);
                for ((k, i), &h) in plain.pre_activations().indexed_iter() {
                    let same = (h > 0.0) == (before[[k, i]] > 0.0);
                    prop_assert!(same || plan.watched.contains(&(k, i)), "({k}, {i}): {h}");
                }
            }
        }
    }
}

#[test]
fn neurons_that_slide_for_ever_stay_in_blocks() {
    let case = sliding();
    let mut plain = case.descent().with_stepping(Stepping::Plain);
    let mut flips = 0;
    plain.advance(case.steps as f64 - 100.0);
    for _ in 0..100 {
        let before = plain.pre_activations();
        plain.advance(plain.step() + 1.0);
        flips += before
            .iter()
            .zip(&plain.pre_activations())
            .filter(|(a, b)| (**a > 0.0) != (**b > 0.0))
            .count();
    }
    assert!(
        flips > 100,
        "only {flips} pairs crossed in 100 steps: nothing slides"
    );
    let mut blocks = case.descent().with_stepping(Stepping::AlwaysBlocks);
    blocks.advance(case.steps as f64);
    let work = blocks.work();
    assert!(work.blocks < case.steps / 20, "{work:?}");
    assert!(distance(&blocks.coefficients(), &plain.coefficients()) < 1e-12);
}

/// With few neurons, samples at which some are on come to have none that is, and those need no column of their own any
/// more: rows are long here, and few pairs are on.
#[test]
fn samples_at_which_nothing_is_on_any_more_add_nothing() {
    let mut case = sliding();
    let law = Gaussian {
        samples: 48,
        dim: 60,
        noise: 1.0,
    };
    let data = law.generate(5).expect("a valid law");
    let x = data.x().mapv(|x| x + 0.4);
    case.data = Dataset::new(x, data.y().to_owned()).expect("valid samples");
    case.weights = Array2::from_shape_fn((2, 60), |(k, j)| 1e-3 * ((7 * k + 3 * j) as f64).sin());
    let mut plain = case.descent().with_stepping(Stepping::Plain);
    let on = |descent: &GramDescent| -> Vec<bool> {
        let h = descent.pre_activations();
        let columns = h.columns().into_iter();
        columns.map(|h| h.iter().any(|&h| h > 0.0)).collect()
    };
    let mut ends = 0;
    for step in 1..=case.steps {
        let before = on(&plain);
        plain.advance(step as f64);
        let pairs = before.into_iter().zip(on(&plain));
        ends += pairs.filter(|(before, after)| *before && !after).count();
    }
    assert!(ends > 20, "only {ends} samples");
    let mut blocks = case.descent().with_stepping(Stepping::AlwaysBlocks);
    blocks.advance(case.steps as f64);
    assert!(distance(&blocks.coefficients(), &plain.coefficients()) < 1e-11);
}

#[test]
fn a_start_at_the_kink_moves_only_as_the_convention_says() {
    let mut case = sliding();
    case.weights.fill(0.0);
    let mut relu = case.descent();
    relu.advance(1000.0);
    // φ'(0) = 0 for ReLU: no gradient, for ever.
    assert!(relu.coefficients().iter().all(|&c| c == 0.0));
    case.activation = Activation::leaky_relu(0.3).expect("a valid slope");
    let mut leaky = case.descent();
    leaky.advance(1000.0);
    let weights = case.weight_space(1000);
    let moved = leaky.coefficients().dot(case.data.x());
    assert!(distance(&moved, &weights) < 1e-11);
}

#[test]
fn a_step_size_without_bound_is_seen_as_not_finite() {
    let mut case = sliding();
    // More samples than dimensions and random labels: nothing separates them.
    let law = Gaussian {
        samples: 60,
        dim: 2,
        noise: 1.0,
    };
    case.data = law.generate(1).expect("a valid law");
    case.weights = case
        .weights
        .slice_axis(ndarray::Axis(1), (..2).into())
        .to_owned();
    case.loss = Loss::Exponential;
    case.step_size = 1e6;
    for stepping in [Stepping::Plain, Stepping::Blocks] {
        let mut descent = case.descent().with_stepping(stepping);
        match descent.advance(1e6) {
            Outcome::NonFinite { step } => assert!(step < 1e5, "{step}"),
            Outcome::Reached => panic!("{:?}", descent.margins()),
        }
    }
}

#[test]
fn wrong_starts_are_refused() {
    let case = sliding();
    let start = Array2::zeros((24, 15));
    assert!(matches!(
        GramDescent::new(case.problem(), start),
        Err(GramError::Shape {
            expected: [24, 16],
            found: [24, 15],
            ..
        })
    ));
    let mut start = Array2::zeros((24, 16));
    start[[3, 4]] = f64::NAN;
    assert!(matches!(
        GramDescent::new(case.problem(), start),
        Err(GramError::NonFinite {
            row: 3,
            column: 4,
            ..
        })
    ));
}

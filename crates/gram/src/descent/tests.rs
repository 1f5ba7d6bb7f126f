//! Block stepping against plain stepping, and plain stepping against weight space.

use implicit_bias_data::{Dataset, Synthetic};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Array1, Array2};
use proptest::prelude::*;

use super::*;

/// A random problem and its weights at step 0.
#[derive(Clone, Debug)]
struct Case {
    data: Dataset,
    weights: Array2<f64>,
    activation: Activation,
    loss: Loss,
    step_size: f64,
    steps: u64,
}

impl Case {
    fn problem(&self) -> Problem {
        let width = self.weights.nrows() / 2;
        Problem::new(
            &self.data,
            width,
            self.activation,
            self.loss,
            self.step_size,
        )
        .expect("the case is a valid problem")
    }

    fn descent(&self) -> GramDescent {
        let start = self.weights.dot(&self.data.x().t());
        GramDescent::new(self.problem(), start).expect("the case is a valid start")
    }

    /// Whether a change in the last digits of the start stays one: some step sizes oscillate for ever, and
    /// then no two orders of summation agree.
    fn is_well_conditioned(&self, plain: &GramDescent) -> bool {
        let mut nearby = self.clone();
        nearby.weights.mapv_inplace(|weight| weight * (1.0 + 1e-12));
        let mut nearby = nearby.descent().with_stepping(Stepping::Plain);
        nearby.advance(self.steps as f64);
        distance(&nearby.coefficients(), &plain.coefficients()) < 1e-10
    }

    /// Gradient descent in weight space, written from theory.md §1.
    fn weight_space(&self, steps: u64) -> Array2<f64> {
        let (x, y) = (self.data.x(), self.data.y());
        let (samples, width) = (
            self.data.samples() as f64,
            self.weights.nrows() as f64 / 2.0,
        );
        let mut weights = self.weights.clone();
        for _ in 0..steps {
            let h = weights.dot(&x.t());
            let sign = |k: usize| if (k as f64) < width { 1.0 } else { -1.0 };
            let q = Array1::from_shape_fn(x.nrows(), |i| {
                y[i] / width
                    * (0..h.nrows())
                        .map(|k| sign(k) * self.activation.apply(h[[k, i]]))
                        .sum::<f64>()
            });
            let gradient = Array2::from_shape_fn(h.dim(), |(k, i)| {
                let slope = self.activation.derivative(h[[k, i]]);
                -sign(k) * slope * y[i] * self.loss.slope(q[i]) / (samples * width)
            });
            weights = weights - gradient.dot(x) * self.step_size;
        }
        weights
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let shape = (2..14usize, 1..25usize, 1..12usize);
    let activation = prop_oneof![Just(0.0), Just(0.1), Just(0.5), 0.0..0.99f64];
    let loss = prop_oneof![Just(Loss::Logistic), Just(Loss::Exponential)];
    // A common direction makes samples correlated, and neurons slide.
    let knobs = (0.0..2.0f64, 0.02..1.0f64, 1..3000u64, 0.0..1.0f64);
    (shape, activation, loss, knobs, any::<u64>()).prop_filter_map(
        "one class",
        |((samples, dim, width), slope, loss, (common, pace, steps, scale), seed)| {
            let law = Synthetic::Gaussian {
                samples: samples + 2 * width,
                dim,
                noise: 1.0,
            };
            let drawn = law.generate(seed).ok()?;
            let mut x = drawn
                .x()
                .slice_axis(ndarray::Axis(0), (..samples).into())
                .to_owned();
            x.column_mut(0).mapv_inplace(|value| value + common);
            let y = drawn
                .y()
                .slice_axis(ndarray::Axis(0), (..samples).into())
                .to_owned();
            let weights = drawn
                .x()
                .slice_axis(ndarray::Axis(0), (samples..).into())
                // Margins of order one: the exponential loss would otherwise start with a huge leap,
                // after which no two orders of summation agree.
                .mapv(|value| value * scale / (dim as f64).sqrt());
            let largest = x
                .rows()
                .into_iter()
                .map(|row| row.dot(&row))
                .fold(0.0, f64::max);
            Some(Case {
                data: Dataset::new(x, y).ok()?,
                weights,
                activation: Activation::leaky_relu(slope).ok()?,
                loss,
                step_size: pace * width as f64 / largest,
                steps,
            })
        },
    )
}

/// Largest difference between two matrices, relative to the largest entry of the second.
fn distance(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    let scale = b.iter().fold(1e-300, |max: f64, v| max.max(v.abs()));
    (a - b).iter().fold(0.0, |max: f64, v| max.max(v.abs())) / scale
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn plain_stepping_is_gradient_descent_in_weight_space(case in cases()) {
        let steps = case.steps.min(200);
        let mut descent = case.descent().with_stepping(Stepping::Plain);
        prop_assert_eq!(descent.advance(steps as f64), Outcome::Reached);
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
            most_watched: usize::MAX,
        };
        prop_assert_eq!(blocks.advance(case.steps as f64), Outcome::Reached);
        prop_assert_eq!(blocks.step(), plain.step());
        prop_assert!(blocks.work().block_steps > case.steps / 2, "{:?}", blocks.work());
        let found = distance(&blocks.coefficients(), &plain.coefficients());
        prop_assert!(found < 1e-10, "C differs by {found}, {:?}", blocks.work());
        let found = distance(&blocks.pre_activations(), &plain.pre_activations());
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
            let Some(plan) = blocks.planner.plan(&blocks.problem, &blocks.state, &blocks.cost) else {
                return Err(TestCaseError::fail("no plan at infinite cost of plain steps"));
            };
            let before = blocks.pre_activations();
            let mut plain = blocks.clone().with_stepping(Stepping::Plain);
            let from = blocks.step();
            blocks.block.set_up(&blocks.problem, &blocks.state, &plan);
            let taken = blocks.block.run(&blocks.problem, &mut blocks.state, 400);
            blocks.block.settle(&blocks.problem, &mut blocks.state);
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

    #[test]
    fn many_short_advances_are_one_long_one_to_the_last_bit(case in cases(), parts in 2..60u64) {
        let mut once = case.descent();
        once.advance(case.steps as f64);
        let mut often = case.descent();
        for part in 1..=parts {
            often.advance((case.steps * part / parts) as f64);
            // Looked at in the middle of a block, too.
            prop_assert_eq!(&often.arrays()[0], &often.pre_activations());
        }
        prop_assert_eq!(often.step(), once.step());
        prop_assert_eq!(often.work(), once.work());
        prop_assert_eq!(often.arrays(), once.arrays());
        prop_assert_eq!(often.margins(), once.margins());
    }

    #[test]
    fn a_restored_descent_goes_on_as_the_one_it_was_taken_of(case in cases(), parts in 2..20u64) {
        let mut once = case.descent();
        once.advance(case.steps as f64);
        let mut often = case.descent();
        for part in 1..=parts {
            often.advance((case.steps * part / parts) as f64);
            let bytes = postcard::to_stdvec(&often.checkpoint()).unwrap();
            let checkpoint = postcard::from_bytes(&bytes).unwrap();
            often = GramDescent::restore(case.problem(), checkpoint).unwrap();
        }
        prop_assert_eq!(often.step(), once.step());
        prop_assert_eq!(often.work(), once.work());
        prop_assert_eq!(often.arrays(), once.arrays());
        prop_assert_eq!(often.margins(), once.margins());
    }

    #[test]
    fn a_damaged_checkpoint_is_refused_or_harmless(
        case in cases(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut descent = case.descent();
        descent.advance(case.steps as f64 / 2.0);
        let mut bytes = postcard::to_stdvec(&descent.checkpoint()).unwrap();
        for (place, value) in damage {
            let place = place.index(bytes.len().min(200));
            bytes[place] = value;
        }
        if let Ok(checkpoint) = postcard::from_bytes::<DescentCheckpoint>(&bytes)
            && let Ok(mut restored) = GramDescent::restore(case.problem(), checkpoint)
        {
            restored.advance((restored.step() + 100.0).min(9e15));
            restored.arrays();
        }
    }
}

/// In the middle of a block that watches pairs, where a checkpoint has the most to say.
#[test]
fn a_block_is_restored_in_its_middle() {
    let case = sliding();
    let mut once = case.descent();
    let mut middle = 0;
    while once.step() < 5_000.0 {
        once.advance(once.step() + 37.0);
        let watched = matches!(
            once.phase,
            Phase::Block {
                taken: 1..,
                watched: 1..,
                ..
            }
        );
        middle += u32::from(watched);
        let restored = GramDescent::restore(case.problem(), once.checkpoint()).unwrap();
        let mut ahead = once.clone();
        let mut other = restored;
        for descent in [&mut ahead, &mut other] {
            descent.advance(once.step() + 200.0);
        }
        assert_eq!(ahead.arrays(), other.arrays());
        assert_eq!(ahead.work(), other.work());
    }
    assert!(middle > 10, "{middle}");
}

#[test]
fn a_checkpoint_of_another_problem_is_refused() {
    let case = sliding();
    let mut descent = case.descent();
    descent.advance(1_000.0);
    let checkpoint = descent.checkpoint();
    let error = GramDescent::restore(large().problem(), checkpoint).unwrap_err();
    assert!(
        error.to_string().contains("numbers in the pre-activations"),
        "{error}"
    );
}

/// Random data with samples that pull neurons across their kink for ever.
fn sliding() -> Case {
    let law = Synthetic::Mixture {
        samples: 16,
        dim: 24,
        signal: 1.0,
        noise: 1.0,
    };
    let drawn = law.generate(3).expect("a valid law");
    // The common direction pulls neurons back to the kink of the other class.
    let x = drawn.x().mapv(|value| value + 0.4);
    let data = Dataset::new(x, drawn.y().to_owned()).expect("valid samples");
    let weights = Synthetic::Gaussian {
        samples: 24,
        dim: 24,
        noise: 1.0,
    }
    .generate(5)
    .expect("a valid law")
    .x()
    .mapv(|value| 0.1 * value);
    Case {
        data,
        weights,
        activation: Activation::RELU,
        loss: Loss::Logistic,
        step_size: 0.5,
        steps: 20_000,
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
    let mut blocks = case.descent();
    blocks.cost.plain = f64::INFINITY;
    blocks.advance(case.steps as f64);
    let work = blocks.work();
    assert!(work.blocks < case.steps / 20, "{work:?}");
    assert!(distance(&blocks.coefficients(), &plain.coefficients()) < 1e-12);
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
    let law = Synthetic::Gaussian {
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

/// More samples than dimensions, 30 of them twice, with a common direction that makes neurons slide, and so
/// wide that products are left to faer.
fn large() -> Case {
    let law = Synthetic::Mixture {
        samples: 100,
        dim: 20,
        signal: 1.0,
        noise: 1.0,
    };
    let drawn = law.generate(2).expect("a valid law");
    let x = Array2::from_shape_fn((130, 20), |(i, j)| drawn.x()[[i % 100, j]] + 0.4);
    let y = Array1::from_shape_fn(130, |i| drawn.y()[i % 100]);
    let weights = Synthetic::Gaussian {
        samples: 1040,
        dim: 20,
        noise: 0.1,
    };
    Case {
        data: Dataset::new(x, y).expect("valid samples"),
        weights: weights.generate(3).expect("a valid law").x().to_owned(),
        activation: Activation::leaky_relu(0.2).expect("a valid slope"),
        loss: Loss::Logistic,
        step_size: 20.0,
        steps: 120,
    }
}

#[test]
fn a_large_problem_is_gradient_descent_in_weight_space() {
    let case = large();
    let mut descent = case.descent().with_stepping(Stepping::Plain);
    assert!(plain::is_large(130, descent.state.lanes));
    descent.advance(case.steps as f64);
    let moved = &case.weights + &descent.coefficients().dot(case.data.x());
    assert!(distance(&moved, &case.weight_space(case.steps)) < 1e-12);
}

#[test]
fn blocks_of_a_large_problem_are_the_same_trajectory_with_many_pairs_watched() {
    let case = large();
    let mut plain = case.descent().with_stepping(Stepping::Plain);
    plain.advance(case.steps as f64);
    for watched_step in [0.0, 1e-4] {
        let mut blocks = case.descent();
        blocks.cost = Cost {
            plain: f64::INFINITY,
            setup: 20.0,
            watched_setup: 0.0,
            step: 1.0,
            watched_step,
            most_watched: usize::MAX,
        };
        for part in 1..=10 {
            blocks.advance((case.steps * part / 10) as f64);
        }
        let work = blocks.work();
        assert_eq!(work.block_steps + work.plain_steps, case.steps);
        assert!(work.block_steps > case.steps / 2, "{work:?}");
        assert!(work.watched_pairs > 1000 * work.blocks, "{work:?}");
        for (found, expected) in blocks.arrays().iter().zip(plain.arrays()) {
            assert!(distance(found, &expected) < 1e-12, "{work:?}");
        }
        // Copies of a sample stay copies.
        let h = blocks.pre_activations();
        for (k, i) in [(3, 0), (700, 29)] {
            assert!((h[[k, i]] - h[[k, 100 + i]]).abs() < 1e-12);
        }
    }
}

/// The two ways to bound how far pairs move agree, and the second errs on the safe side.
#[test]
fn bounds_by_products_are_those_by_loops() {
    let case = large();
    let mut descent = case.descent();
    descent.advance(5.0);
    let (problem, state) = (&descent.problem, &descent.state);
    let mut by_products = Planner::new(problem, state);
    by_products.plan(problem, state, &descent.cost);
    let gram = problem.gram();
    for (ratio, k, i) in by_products.ratios(problem, state) {
        let h = problem_entry(state, k, i);
        let toward: f64 = (0..130)
            .map(|j| {
                let rate = problem.rate() * problem.labels()[j];
                let g = problem.loss().slope(descent.margins()[j]);
                let slope = problem.activation().derivative(problem_entry(state, k, j));
                let pull = problem.sign(k) * rate * g * slope * gram[[i, j]];
                if h > 0.0 { -pull } else { pull }.max(0.0)
            })
            .sum();
        let exact = h.abs() / toward;
        assert!(
            ratio <= exact * (1.0 + 1e-14),
            "({k}, {i}): {ratio} of {exact}"
        );
        assert!(
            ratio > exact * (1.0 - 1e-9),
            "({k}, {i}): {ratio} of {exact}"
        );
        if k > 40 {
            break;
        }
    }
}

fn problem_entry(state: &State, neuron: usize, sample: usize) -> f64 {
    state::entry(&state.pre_activations, state.lanes, neuron, sample)
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

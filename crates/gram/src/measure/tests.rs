//! Measures against sums over explicit weights, closed forms and scales.

use approx::assert_relative_eq;
use implicit_bias_data::Dataset;
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Array1, Array2, Axis, concatenate};
use proptest::prelude::*;

use super::*;

/// A problem with a state `W(0) + C X` that no descent need reach.
struct Case {
    data: Dataset,
    initial: [Array2<f64>; 2],
    coefficients: Array2<f64>,
    problem: Problem,
}

fn waves(rows: usize, columns: usize, seed: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        ((7 * i + 13 * j + 31 * seed + 3 * i * j + 1) as f64).sin()
    })
}

impl Case {
    fn new(n: usize, d: usize, m: usize, slope: f64, seed: usize) -> Self {
        let labels = Array1::from_shape_fn(n, |i| {
            if (i + seed).is_multiple_of(3) {
                -1.0
            } else {
                1.0
            }
        });
        let data = Dataset::new(waves(n, d, seed), labels).unwrap();
        let activation = Activation::leaky_relu(slope).unwrap();
        Self {
            problem: Problem::new(&data, m, activation, Loss::Logistic, 0.1).unwrap(),
            data,
            initial: [waves(m, d, seed + 1), waves(m, d, seed + 2)],
            coefficients: waves(2 * m, n, seed + 3),
        }
    }

    /// The stacked weights `W(0) + C X`.
    fn weights(&self) -> Array2<f64> {
        let [pos, neg] = &self.initial;
        let stack = concatenate(Axis(0), &[pos.view(), neg.view()]).unwrap();
        stack + self.coefficients.dot(self.data.x())
    }

    fn start(&self) -> Start {
        let [pos, neg] = &self.initial;
        Start::new(&self.data, [pos.view(), neg.view()]).unwrap()
    }

    fn measure(&self, margins: Option<&[f64]>) -> Result<Measures, GramError> {
        let pre_activations = self.weights().dot(&self.data.x().t());
        let computed = self.problem.margins(pre_activations.view());
        self.start().measure(
            &self.problem,
            GramState {
                margins: margins.unwrap_or(&computed),
                pre_activations: pre_activations.view(),
                coefficients: self.coefficients.view(),
            },
        )
    }
}

fn frobenius(a: &Array2<f64>) -> f64 {
    a.mapv(|v| v * v).sum().sqrt()
}

/// Largest singular value, by many power iterations.
fn largest_singular_value(a: &Array2<f64>) -> f64 {
    let mut v = Array1::from_shape_fn(a.ncols(), |j| 1.0 + (j as f64).cos());
    for _ in 0..20_000 {
        v = a.t().dot(&a.dot(&v));
        let norm = v.dot(&v).sqrt();
        v /= norm;
    }
    let image = a.dot(&v);
    image.dot(&image).sqrt()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Every branch: d below and above n and 2m, with explicit weights, gradients and cosines.
    #[test]
    fn measures_are_those_of_the_explicit_weights(
        n in 3usize..7, d in 1usize..30, m in 1usize..5, slope in 0.0f64..0.9, seed in 0usize..100,
    ) {
        let case = Case::new(n, d, m, slope, seed);
        let measures = case.measure(None).unwrap();
        let weights = case.weights();
        let blocks = <[_; 2]>::from(weights.view().split_at(Axis(0), m));
        let blocks = blocks.map(|block| block.to_owned());
        let [first, second] = &measures.blocks;
        let spectra = [&first.spectrum, &second.spectrum, &measures.stacked];
        for (found, matrix) in spectra.into_iter().zip([&blocks[0], &blocks[1], &weights]) {
            let (norm, largest) = (frobenius(matrix), largest_singular_value(matrix));
            prop_assert!((found.frobenius_norm / norm - 1.0).abs() < 1e-12);
            let spectral = found.spectral_norm;
            prop_assert!((spectral / largest - 1.0).abs() < 1e-9, "{spectral} {largest}");
            prop_assert!((found.stable_rank / (norm / largest).powi(2) - 1.0).abs() < 1e-8);
        }
        let (x, y) = (case.data.x(), case.data.y());
        let direction = x.t().dot(y);
        let mut gradient = Array2::<f64>::zeros((2 * m, d));
        let pre_activations = weights.dot(&x.t());
        let margins = case.problem.margins(pre_activations.view());
        for (index, block) in blocks.iter().enumerate() {
            let sign = 1.0 - 2.0 * index as f64;
            let cosines = block.rows().into_iter().map(|w| {
                sign * w.dot(&direction) / (w.dot(&w) * direction.dot(&direction)).sqrt()
            });
            let mean = cosines.sum::<f64>() / m as f64;
            prop_assert!((measures.blocks[index].alignment - mean).abs() < 1e-12);
            for k in 0..m {
                for i in 0..n {
                    let h = pre_activations[[index * m + k, i]];
                    let slope = case.problem.activation().derivative(h);
                    let rate = sign * slope * y[i] / (1.0 + margins[i].exp());
                    gradient.row_mut(index * m + k).scaled_add(-rate / (n * m) as f64, &x.row(i));
                }
            }
        }
        let norm = frobenius(&gradient);
        let found = measures.gradient_norm;
        prop_assert!((found - norm).abs() < 1e-13 * (1.0 + norm), "{found} {norm}");
        for (found, q) in measures.normalized_margins.iter().zip(&margins) {
            prop_assert!((found - q / frobenius(&weights)).abs() < 1e-12);
        }
        let [pos, neg] = &case.initial;
        let initial = [pos.view(), neg.view()];
        let [pos, neg] = super::weights(&case.data, initial, case.coefficients.view()).unwrap();
        prop_assert!(frobenius(&(pos - &blocks[0])) + frobenius(&(neg - &blocks[1])) < 1e-12);
    }

    #[test]
    fn patterns_count_pairs_by_sign(n in 3usize..80, m in 1usize..5, seed in 0usize..50) {
        let case = Case::new(n, 3, m, 0.1, seed);
        let (now, then) = (waves(2 * m, n, seed), waves(2 * m, n, seed + 9));
        let pattern = ActivationPattern::new(now.view());
        let changes = pattern.changes(&ActivationPattern::new(then.view()), &case.problem).unwrap();
        let (mut same, mut opposite, mut active, mut pairs) = (0, 0, 0, 0);
        for ((k, i), h) in now.indexed_iter() {
            prop_assert_eq!(pattern.is_active(k, i), *h > 0.0);
            let is_same = (k < m) == (case.data.y()[i] > 0.0);
            let changed = usize::from((*h > 0.0) != (then[[k, i]] > 0.0));
            if is_same { same += changed } else { opposite += changed }
            pairs += usize::from(is_same);
            active += usize::from(is_same && *h > 0.0);
        }
        prop_assert_eq!(changes, PatternChanges { same_sign: same, opposite_sign: opposite });
        let counts = pattern.counts(&case.problem).unwrap();
        prop_assert_eq!(counts.same_sign_active, active as f64 / pairs as f64);
        prop_assert!(counts.same_sign_coverage_min <= counts.same_sign_active);
    }
}

#[test]
fn scaling_weights_by_a_power_of_two_scales_norms_exactly_and_nothing_else() {
    for (n, d, m) in [(3, 20, 2), (3, 4, 5)] {
        let base = Case::new(n, d, m, 0.1, 4);
        let plain = base.measure(None).unwrap();
        for exponent in [-900, -40, 700] {
            let scale = 2f64.powi(exponent);
            let mut case = Case::new(n, d, m, 0.1, 4);
            case.initial.iter_mut().for_each(|block| *block *= scale);
            case.coefficients *= scale;
            let scaled = case.measure(Some(&vec![1.0; n])).unwrap();
            assert_eq!(
                scaled.stacked.frobenius_norm,
                scale * plain.stacked.frobenius_norm
            );
            for (scaled, plain) in scaled.blocks.iter().zip(&plain.blocks) {
                assert_eq!(
                    scaled.spectrum.spectral_norm,
                    scale * plain.spectrum.spectral_norm
                );
                assert_eq!(scaled.spectrum.stable_rank, plain.spectrum.stable_rank);
                assert_relative_eq!(scaled.alignment, plain.alignment, max_relative = 1e-13);
            }
        }
    }
}

#[test]
fn gradient_and_loss_survive_margins_past_the_range_of_their_squares() {
    let case = Case::new(3, 20, 2, 0.1, 1);
    let near = case.measure(Some(&[40.0, 41.0, 42.0])).unwrap();
    // Every g times e^{−650}: the norm is 1e-300, its square does not exist.
    let far = case.measure(Some(&[690.0, 691.0, 692.0])).unwrap();
    assert!(far.gradient_norm > 0.0 && far.gradient_norm < 1e-299);
    let ratio = (far.gradient_norm / near.gradient_norm).ln();
    assert_relative_eq!(ratio, -650.0, max_relative = 1e-14);
    assert_relative_eq!(far.log_loss - near.log_loss, -650.0, max_relative = 1e-14);
    let beyond = case.measure(Some(&[1e4, 1e4, 1e4])).unwrap();
    assert_eq!((beyond.gradient_norm, beyond.loss), (0.0, 0.0));
    assert_eq!(beyond.log_loss, -1e4);
}

#[test]
fn zero_weights_have_no_direction_and_a_zero_block_leaves_the_other_its_rank() {
    for d in [2, 20] {
        let mut case = Case::new(3, d, 2, 0.0, 1);
        case.coefficients.fill(0.0);
        case.initial[1].fill(0.0);
        let measures = case.measure(None).unwrap();
        let [pos, neg] = measures.blocks;
        assert!(pos.spectrum.stable_rank >= 1.0 && pos.alignment.is_finite());
        assert_eq!(neg.spectrum.frobenius_norm, 0.0);
        assert!(neg.spectrum.stable_rank.is_nan() && neg.alignment.is_nan());
        case.initial[0].fill(0.0);
        let measures = case.measure(None).unwrap();
        assert!(measures.stacked.stable_rank.is_nan());
        assert!(measures.normalized_margins.iter().all(|q| q.is_nan()));
        assert_eq!(measures.accuracy, 0.0);
    }
}

#[test]
fn a_weak_block_beside_a_strong_one_keeps_its_digits() {
    let mut case = Case::new(3, 20, 2, 0.1, 2);
    case.coefficients.fill(0.0);
    let alone = case.measure(None).unwrap().blocks[1];
    case.initial[0] *= 1e150;
    case.initial[1] *= 2f64.powi(-600);
    let beside = case.measure(None).unwrap().blocks[1];
    assert_eq!(beside.spectrum.stable_rank, alone.spectrum.stable_rank);
}

#[test]
fn dependent_samples_with_conflicting_labels_cost_no_digits() {
    // Two equal samples with opposite labels: C grows without bound along them, W does not move.
    let mut case = Case::new(3, 20, 2, 0.1, 3);
    let mut x = case.data.x().clone();
    let first = x.row(0).to_owned();
    x.row_mut(1).assign(&first);
    case.data = Dataset::new(x, Array1::from(vec![1.0, -1.0, 1.0])).unwrap();
    case.coefficients.fill(0.0);
    let still = case.measure(None).unwrap();
    for k in 0..4 {
        case.coefficients[[k, 0]] = 1e6;
        case.coefficients[[k, 1]] = -1e6;
    }
    let moved = case.measure(None).unwrap();
    assert_relative_eq!(
        moved.stacked.frobenius_norm,
        still.stacked.frobenius_norm,
        max_relative = 1e-9
    );
    // The two gradient terms cancel where both are equally steep; what is left is the third.
    let third = case.measure(Some(&[800.0, 800.0, 1.0])).unwrap();
    let both = case.measure(Some(&[-800.0, -800.0, 1.0])).unwrap();
    assert_relative_eq!(
        both.gradient_norm,
        third.gradient_norm,
        max_relative = 1e-12
    );
}

#[test]
fn states_of_another_size_or_beyond_numbers_are_refused() {
    let case = Case::new(3, 20, 2, 0.1, 5);
    let start = case.start();
    let pre_activations = start.pre_activations().to_owned();
    let measure = |margins: &[f64], coefficients: &Array2<f64>| {
        start.measure(
            &case.problem,
            GramState {
                margins,
                pre_activations: pre_activations.view(),
                coefficients: coefficients.view(),
            },
        )
    };
    let good = Array2::zeros((4, 3));
    assert!(measure(&[1.0; 3], &good).is_ok());
    assert!(matches!(
        measure(&[1.0; 2], &good),
        Err(GramError::Shape {
            what: "margins",
            ..
        })
    ));
    let short = Array2::zeros((3, 3));
    assert!(matches!(
        measure(&[1.0; 3], &short),
        Err(GramError::Shape {
            what: "coefficients",
            ..
        })
    ));
    assert!(matches!(
        measure(&[1.0, f64::NAN, 1.0], &good),
        Err(GramError::NonFinite { column: 1, .. })
    ));
    let infinite = Array2::from_elem((4, 3), f64::INFINITY);
    assert!(matches!(
        measure(&[1.0; 3], &infinite),
        Err(GramError::NonFinite {
            what: "coefficients",
            ..
        })
    ));
    // e^{1000} is no double: neither loss nor gradient has a value.
    let mut exponential = Case::new(3, 20, 2, 0.1, 5);
    let activation = exponential.problem.activation();
    exponential.problem =
        Problem::new(&exponential.data, 2, activation, Loss::Exponential, 0.1).unwrap();
    assert!(matches!(
        exponential.measure(Some(&[1.0, -1000.0, 1.0])),
        Err(GramError::NonFinite { what: "loss", .. })
    ));
    let huge = Array2::from_elem((4, 3), 1e308);
    assert!(matches!(
        measure(&[1.0; 3], &huge),
        Err(GramError::NonFinite { .. })
    ));
}

//! Samples on one line: a neuron is beyond its kink for all of them at once, or for none.

use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_data::{DataLaw, Dataset, Gaussian};
use implicit_bias_gram::{GramDescent, GramState, Problem, Start, Stepping};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Array2, Axis, array, concatenate};

/// Gradient descent on the weights themselves, which keep their relative precision however small
/// they are.
fn in_weight_space(
    problem: &Problem,
    data: &Dataset,
    mut weights: Array2<f64>,
    steps: u64,
) -> Array2<f64> {
    for _ in 0..steps {
        let h = weights.dot(&data.x().t());
        let margins = problem.margins(h.view());
        let update = Array2::from_shape_fn(h.dim(), |(k, i)| {
            let slope = problem.activation().derivative(h[[k, i]]);
            let rate = problem.rate() * data.y()[i] * problem.loss().slope(margins[i]);
            problem.sign(k) * slope * rate
        });
        weights += &update.dot(data.x());
    }
    weights
}

/// Compares `H` and `‖W‖_F` after 20,000 steps, and returns the norm.
fn compare(data: &Dataset, slope: f64, step_size: f64, seed: u64, smallest: &mut f64) -> f64 {
    let (width, steps) = (4, 20_000);
    let activation = Activation::leaky_relu(slope).unwrap();
    let problem = Problem::new(data, width, activation, Loss::Logistic, step_size).unwrap();
    let block = |stream| gaussian_matrix(width, data.dim(), 0.5, seed, stream).unwrap();
    let (pos, neg) = (block(Stream::WeightsPos), block(Stream::WeightsNeg));
    let weights = concatenate![Axis(0), pos.view(), neg.view()];
    let start = Start::new(data, [pos.view(), neg.view()]).unwrap();
    let expected = in_weight_space(&problem, data, weights, steps);
    let norm = expected.iter().map(|w| w * w).sum::<f64>().sqrt();
    for row in expected.rows() {
        *smallest = smallest.min(row.dot(&row).sqrt());
    }
    for stepping in [Stepping::Plain, Stepping::Blocks, Stepping::AlwaysBlocks] {
        let state = start.pre_activations().to_owned();
        let mut descent = GramDescent::new(problem.clone(), state)
            .unwrap()
            .with_stepping(stepping);
        descent.advance(steps as f64);
        let [h, c] = descent.arrays();
        for (found, expected) in h.iter().zip(&expected.dot(&data.x().t())) {
            assert!(
                (found - expected).abs() < 1e-9,
                "seed {seed}, {stepping:?}: {found}, expected {expected}"
            );
        }
        let state = GramState {
            margins: &descent.margins(),
            pre_activations: h.view(),
            coefficients: c.view(),
        };
        let found = start
            .measure(&problem, state)
            .unwrap()
            .stacked
            .frobenius_norm;
        assert!(
            (found - norm).abs() < 1e-9 * norm,
            "seed {seed}: {found}, expected {norm}"
        );
    }
    norm
}

/// Labels that no network of one dimension fits: some neurons decay to weights of 1e-12 and less,
/// where rounding of pre-activations of its own for each sample would put them on both sides of
/// their kink.
#[test]
fn neurons_that_decay_to_their_kink_are_followed() {
    let mut smallest = f64::INFINITY;
    // Norms at slope 0.1 from the same descent in 80-bit numbers (C, `long double`).
    for (samples, step_size, seed, extended) in [
        (4, 1.0, 2, 4.440_879_233_788_67),
        (6, 0.5, 3, 4.262_611_654_461_39),
        (6, 0.5, 6, 4.499_379_976_795_55),
    ] {
        let law = Gaussian {
            samples,
            dim: 1,
            noise: 1.0,
        };
        let data = law.generate(seed).unwrap();
        compare(&data, 0.0, step_size, seed, &mut smallest);
        let norm = compare(&data, 0.1, step_size, seed, &mut smallest);
        assert!(
            (norm - extended).abs() < 1e-10,
            "{norm}, expected {extended}"
        );
    }
    assert!(smallest < 1e-11, "{smallest:e}: no neuron has decayed");
}

/// The same line in more dimensions, where the multiples are exact.
#[test]
fn exact_multiples_in_more_dimensions() {
    let direction = array![[0.3, -0.7, 0.2, 1.1]];
    let multiples = array![[-1.0], [0.25], [-2.0], [0.5], [4.0], [-0.5]];
    let mut smallest = f64::INFINITY;
    for seed in 0..12 {
        let labels = gaussian_matrix(6, 1, 1.0, seed, Stream::Labels).unwrap();
        let mut y = labels.column(0).mapv(f64::signum);
        y[0] = 1.0;
        y[1] = -1.0;
        let data = Dataset::new(multiples.dot(&direction), y).unwrap();
        compare(&data, 0.1, 0.5, seed, &mut smallest);
    }
}

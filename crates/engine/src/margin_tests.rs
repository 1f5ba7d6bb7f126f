//! Margins that are zero, or within rounding of it: both engines say the same of them.

use implicit_bias_data::Dataset;
use implicit_bias_model::{Activation, Loss, TwoLayerConfig, Weights};
use ndarray::{Array2, Axis, concatenate};

use crate::options::Gradient;
use crate::{Engine, GramEngine, GramEngineOptions, TensorEngine, TensorEngineOptions};
use crate::{Observation, select_device};
use implicit_bias_record::Series;

const WIDTH: usize = 7;
const DIM: usize = 9;

fn waves(rows: usize, phase: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, DIM), |(i, j)| ((5 * i + 3 * j + phase) as f64).sin())
}

fn data() -> Dataset {
    let y = (0..12).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 });
    Dataset::new(waves(12, 1), y.collect()).unwrap()
}

/// What both engines record of these weights at step 0.
fn observations(pos: Array2<f64>, neg: Array2<f64>) -> [Observation; 2] {
    let (data, activation) = (data(), Activation::leaky_relu(0.1).unwrap());
    let blocks = vec![("pos".to_owned(), pos), ("neg".to_owned(), neg)];
    let weights = Weights::new(blocks).unwrap();
    let options = TensorEngineOptions {
        loss: Loss::Logistic,
        step_size: 0.1,
        gradient: Gradient::Auto,
        threads: 1,
        compensated: false,
        log_time: None,
        kkt: false,
    };
    let device = select_device(None, None).unwrap();
    let mut tensor = TensorEngine::new(&data, &device, options, |device| {
        Ok(TwoLayerConfig::new(WIDTH, DIM, activation).init_with(&weights, device)?)
    })
    .unwrap();
    let options = GramEngineOptions {
        activation,
        loss: Loss::Logistic,
        step_size: 0.1,
        output_weight: None,
        exact_steps: 1e6,
    };
    let mut gram = GramEngine::new(&data, &weights, options).unwrap();
    [tensor.observe().unwrap(), gram.observe().unwrap()]
}

/// The same neurons in both blocks, in another order: every score is zero, up to the order of its
/// terms.
#[test]
fn margins_within_rounding_of_zero_are_correct_in_no_engine() {
    let mut told = false;
    for phase in 0..40 {
        let pos = waves(WIDTH, phase);
        let (first, last) = pos.view().split_at(Axis(0), 3);
        let neg = concatenate![Axis(0), last, first];
        let observations = observations(pos, neg);
        for observation in &observations {
            let margins = &observation.normalized_margins;
            assert!(margins.iter().all(|q| q.abs() < 1e-15), "{margins:?}");
            told |= margins.iter().any(|&q| q > 0.0);
            assert_eq!(observation.accuracy, 0.0, "phase {phase}");
        }
    }
    assert!(told, "no margin was above zero by rounding");
    // Far above it, however small weights and margins are.
    for scale in [1.0, 1e-9, 1e9] {
        let [tensor, gram] = observations(waves(WIDTH, 0) * scale, waves(WIDTH, 4) * scale);
        assert!(tensor.accuracy > 0.0 && tensor.accuracy < 1.0);
        assert_eq!(tensor.accuracy, gram.accuracy);
    }
}

/// Zero weights have no direction: their normalized margins are undefined, not infinite.
#[test]
fn zero_weights_have_undefined_margins_in_both_engines() {
    let zeros = || Array2::zeros((WIDTH, DIM));
    for observation in observations(zeros(), zeros()) {
        let mut series = Series::new(observation.columns());
        series.push(observation.row());
        for column in ["margin_min", "margin_max", "margin_mean", "stable_rank"] {
            assert!(series.last(column).unwrap().is_nan(), "{column}");
        }
        assert_eq!(series.last("accuracy"), Some(0.0));
        assert!(observation.margin_row()[1..].iter().all(|q| q.is_nan()));
        assert!(!series.to_csv().contains("inf"), "{}", series.to_csv());
    }
}

//! The limit of a configuration, found by running until it is proven.

use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_data::{Dataset, Geometry};
use implicit_bias_engine::{Engine, GramEngine, GramEngineOptions};
use implicit_bias_lab::config::{EngineKind, RunConfig, Settings, Steps};
use implicit_bias_lab::{LabError, LimitReport, Prepared, find_limit};
use implicit_bias_model::{Activation, Loss, Weights};
use ndarray::{Array1, array};

fn labels(samples: usize) -> Array1<f64> {
    Array1::from_shape_fn(samples, |i| if i % 3 == 1 { -1.0 } else { 1.0 })
}

fn data(samples: usize, dim: usize) -> Dataset {
    let x = gaussian_matrix(samples, dim, 1.0, 3, Stream::Noise).unwrap();
    Dataset::new(x, labels(samples)).unwrap()
}

fn initial(width: usize, dim: usize, scale: f64) -> Weights {
    let block = |name: &str, stream| {
        let matrix = gaussian_matrix(width, dim, scale, 5, stream).unwrap();
        (name.to_owned(), matrix)
    };
    Weights::new(vec![
        block("pos", Stream::WeightsPos),
        block("neg", Stream::WeightsNeg),
    ])
    .unwrap()
}

/// Two equal samples with opposite labels: nothing falls like `1/t`, and log time has no hold.
fn contradiction() -> (Dataset, Weights) {
    let x = array![[1.0, 0.2], [1.0, 0.2], [0.1, 1.0]];
    let data = Dataset::new(x, array![1.0, -1.0, 1.0]).unwrap();
    (data, initial(2, 2, 0.3))
}

fn options(slope: f64, exact_steps: f64) -> GramEngineOptions {
    GramEngineOptions {
        activation: Activation::leaky_relu(slope).unwrap(),
        loss: Loss::Logistic,
        step_size: 0.2,
        exact_steps,
    }
}

fn limit_of(data: Dataset, weights: Weights, steps: f64) -> Result<LimitReport, LabError> {
    let width = weights.blocks()[0].1.nrows();
    let config = RunConfig::resolve(&Settings {
        engine: Some(EngineKind::Gram),
        slope: Some(0.2),
        step_size: Some(0.2),
        steps: Some(Steps::try_from(steps).unwrap()),
        ..Settings::default()
    })?;
    let prepared = Prepared {
        geometry: Geometry::of(&data),
        raw_geometry: None,
        data,
        weights,
        width,
    };
    find_limit(&config, &prepared, &mut |_| true)
}

/// What is left falls like `1/log t`, by a factor near 3 from 10¹⁰⁰ to 10³⁰⁰ steps.
#[test]
fn a_run_approaches_the_limit_that_is_predicted_after_a_thousand_steps() {
    let (data, weights) = (data(4, 60), initial(3, 60, 0.1));
    let report = limit_of(data.clone(), weights.clone(), 1e15).unwrap();
    assert!(
        report.limit.is_consistent() && report.step <= 1e7,
        "{}",
        report.step
    );
    let mut engine = GramEngine::new(&data, &weights, options(0.2, 1e5)).unwrap();
    let mut distance = |to: f64| {
        engine.advance(to).unwrap();
        let row = engine.observe().unwrap();
        (row.stable_rank - report.limit.stable_rank()).abs()
    };
    let (near, far) = (distance(1e100), distance(1e300));
    assert!(far < 1e-3, "{far:e}");
    assert!((0.3..0.45).contains(&(far / near)), "{near:e} {far:e}");
}

#[test]
fn data_that_cannot_be_interpolated_have_no_limit() {
    let (data, weights) = contradiction();
    let error = limit_of(data, weights, 1e5).unwrap_err();
    assert!(!error.is_input());
    assert!(error.to_string().starts_with("limit program: "), "{error}");
}

#[test]
fn a_horizon_before_the_pattern_settles_is_reported_as_such() {
    let report = limit_of(data(4, 60), initial(3, 60, 0.1), 3.0).unwrap();
    assert_eq!(report.step, 3.0);
    if !report.certificate.is_proven() {
        let note = report.notes.last().unwrap();
        assert!(note.contains("ended at step 3"), "{note}");
    }
}

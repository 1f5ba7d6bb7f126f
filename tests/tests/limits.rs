//! The limit of a configuration, found by running until it is proven.

use implicit_bias_engine::Engine;
use implicit_bias_lab::config::{RunConfig, Settings};
use implicit_bias_lab::{LabError, LimitReport, find_limit};
use implicit_bias_tests::{TestProblem, gaussian, steps};
use ndarray::array;

fn problem(samples: usize, dim: usize, width: usize, scale: f64) -> TestProblem {
    let draw = |rows, scale, seed| gaussian((rows, dim), scale, seed).expect("a small matrix");
    TestProblem {
        x: draw(samples, 1.0, 3),
        y: (0..samples)
            .map(|i| if i % 3 == 1 { -1.0 } else { 1.0 })
            .collect(),
        pos: draw(width, scale, 5),
        neg: draw(width, scale, 6),
        settings: Settings::default()
            .with("engine", "gram")
            .with("slope", 0.2)
            .with("step-size", 0.2),
    }
}

/// A problem whose pattern is the last one early.
fn settled() -> TestProblem {
    problem(4, 60, 3, 0.1)
}

fn limit_of(problem: &TestProblem, horizon: f64) -> Result<LimitReport, LabError> {
    let config = RunConfig::resolve(&problem.settings.clone().with("steps", steps(horizon)))?;
    find_limit(&config, &problem.prepared()?, &mut |_| true)
}

/// What is left falls like `1/log t`, by a factor near 3 from 10¹⁰⁰ to 10³⁰⁰ steps.
#[test]
fn a_run_approaches_the_limit_that_is_predicted_after_a_thousand_steps() {
    let report = limit_of(&settled(), 1e15).unwrap();
    assert!(
        report.limit.is_consistent() && report.step <= 1e7,
        "{}",
        report.step
    );
    let mut problem = settled();
    problem.settings.set("exact-steps", steps(1e5));
    let config = RunConfig::resolve(&problem.settings).unwrap();
    let mut engine = problem.prepared().unwrap().gram_engine(&config).unwrap();
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
    // Two equal samples with opposite labels.
    let contradiction = TestProblem {
        x: array![[1.0, 0.2], [1.0, 0.2], [0.1, 1.0]],
        y: vec![1.0, -1.0, 1.0],
        ..problem(3, 2, 2, 0.3)
    };
    let error = limit_of(&contradiction, 1e5).unwrap_err();
    assert!(!error.is_input());
    assert!(error.to_string().starts_with("limit program: "), "{error}");
}

#[test]
fn a_horizon_before_the_pattern_settles_is_reported_as_such() {
    let report = limit_of(&settled(), 3.0).unwrap();
    assert_eq!(report.step, 3.0);
    if !report.certificate.is_proven() {
        let note = report.notes.last().unwrap();
        assert!(note.contains("ended at step 3"), "{note}");
    }
}

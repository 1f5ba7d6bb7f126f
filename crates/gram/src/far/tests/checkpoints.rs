//! Advances in parts, and checkpoints between them.

use implicit_bias_scalar::Loss;

use super::super::*;
use super::support::*;
use crate::{GramError, Problem};

#[test]
fn a_split_advance_gives_equal_bits() {
    let data = mixture(8, 10, 0.5, 0);
    let start = settled(problem(&data, RELU, Loss::Logistic), 0, 10_000).flow();
    let (mut once, mut often) = (start.clone(), start);
    assert_eq!(once.advance(1e40), FarOutcome::Reached);
    let mut to = 1e4_f64;
    while to < 1e40 {
        to = (to * 1.7).min(1e40);
        assert_eq!(often.advance(to), FarOutcome::Reached);
        assert_eq!(often.advance(0.5 * to), FarOutcome::Reached);
        assert_eq!(often.advance(f64::NAN), FarOutcome::Reached);
        assert_eq!(often.step(), to);
    }
    assert!(once.work().events > 0);
    assert_eq!(once.margins(), often.margins());
    assert_eq!(once.pre_activations(), often.pre_activations());
    assert_eq!(once.coefficients(), often.coefficients());
    assert_eq!(once.work(), often.work());
}

/// Through its bytes and back.
fn restored(problem: &Problem, flow: &FarFlow) -> FarFlow {
    let bytes = postcard::to_stdvec(&flow.checkpoint()).unwrap();
    FarFlow::restore(problem.clone(), postcard::from_bytes(&bytes).unwrap()).unwrap()
}

#[test]
fn a_restored_flow_goes_on_as_the_one_it_was_taken_of() {
    let mut events = 0;
    for (activation, loss, dim, signal) in KINDS {
        let data = mixture(8, dim, signal, 0);
        let problem = problem(&data, activation, loss);
        let start = settled(problem.clone(), 0, 20_000).flow();
        let (mut once, mut often) = (start.clone(), restored(&problem, &start));
        assert_eq!(once.advance(1e40), FarOutcome::Reached);
        let mut to = 2e4_f64;
        while to < 1e40 {
            to = (to * 1.7).min(1e40);
            assert_eq!(often.advance(to), FarOutcome::Reached);
            let before = (often.margins(), often.error_estimate());
            often = restored(&problem, &often);
            assert_eq!((often.margins(), often.error_estimate()), before);
        }
        events += once.work().events;
        assert_eq!(once.margins(), often.margins());
        assert_eq!(once.pre_activations(), often.pre_activations());
        assert_eq!(once.coefficients(), often.coefficients());
        assert_eq!(once.error_estimate(), often.error_estimate());
        assert_eq!(once.work(), often.work());
    }
    assert!(events > 0);
}

#[test]
fn a_damaged_flow_is_refused_or_harmless() {
    let data = mixture(6, 10, 0.5, 0);
    let problem = problem(&data, RELU, Loss::Logistic);
    let mut flow = settled(problem.clone(), 0, 10_000).flow();
    flow.advance(1e6);
    let bytes = postcard::to_stdvec(&flow.checkpoint()).unwrap();
    let mut refused = 0;
    for place in 0..bytes.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut bytes = bytes.clone();
            bytes[place] = value;
            let checkpoint = postcard::from_bytes::<FarCheckpoint>(&bytes);
            match checkpoint.map(|checkpoint| FarFlow::restore(problem.clone(), checkpoint)) {
                Ok(Ok(mut flow)) => {
                    flow.advance(2.0 * flow.step());
                    flow.coefficients();
                }
                Ok(Err(GramError::Checkpoint { .. })) | Err(_) => refused += 1,
                Ok(Err(other)) => panic!("{other}"),
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn a_flow_of_another_problem_is_refused() {
    let data = mixture(6, 10, 0.5, 0);
    let flow = settled(problem(&data, RELU, Loss::Logistic), 0, 10_000).flow();
    let other = problem(&mixture(8, 10, 0.5, 0), RELU, Loss::Logistic);
    let error = FarFlow::restore(other, flow.checkpoint()).unwrap_err();
    assert!(error.to_string().contains("numbers in"), "{error}");
}

//! Networks in log time against closed forms, exact steps, and the Gram engine's far horizon.

mod cases;

use implicit_bias_data::Dataset;
use implicit_bias_engine::{
    Clock, Engine, GramEngine, GramEngineOptions, LogTimeOptions, OptimizerRun, Pace, StepSize,
    TensorEngineOptions, drive, optimizers,
};
use implicit_bias_model::{Activation, Loss, Weights};
use implicit_bias_record::{StopReason, schedule};
use implicit_bias_settings::Settings;
use ndarray::{Array1, Array2};

use self::cases::{Case, STEP_SIZE, apart, cases, data, degree, far_cases, options, settings};

#[test]
fn log_time_agrees_with_exact_steps() {
    agree(cases(3), [3e3, 1e4, 1e5]);
}

#[test]
fn networks_that_are_homogeneous_far_away_go_in_log_time_too() {
    agree(far_cases(3), [3e3, 1e4, 1e5]);
    for case in far_cases(4) {
        let mut engine = case.engine(options(Some(3e3)), None);
        let run = drive(engine.as_mut(), &[0.0, 1e100, 1e300], &mut ()).unwrap();
        assert_eq!(run.stop, StopReason::Completed { step: 1e300 });
        let log_loss = run.series.column("log_loss").unwrap();
        let fall = log_loss[1] - log_loss[2];
        let expected = 200.0 * std::f64::consts::LN_10;
        let what = format!("{} {:?}: {fall}", case.name, case.settings);
        assert!((fall - expected).abs() < 5.0, "{what}");
        assert!(run.series.last("error_estimate").unwrap() < 1e-2, "{what}");
    }
}

/// Holds log time from step 3000 on to exact steps.
fn agree(cases: Vec<Case>, steps: [f64; 3]) {
    for case in cases {
        let mut exact = case.engine(options(None), None);
        let mut far = case.engine(options(Some(3e3)), None);
        for step in steps {
            assert_eq!(exact.advance(step).unwrap(), None);
            assert_eq!(far.advance(step).unwrap(), None, "{:?}", far.notes());
            let (exact, far) = (exact.observe().unwrap(), far.observe().unwrap());
            let error = apart(&exact, &far, degree(&case));
            let what = format!("{} {:?} at {step:e}", case.name, case.settings);
            println!(
                "{what}: error {error:.1e}, estimate {:.1e}",
                far.error_estimate
            );
            if step == 3e3 {
                assert_eq!((error, far.error_estimate), (0.0, 0.0), "{what}");
                continue;
            }
            assert!((1e-8..1e-2).contains(&far.error_estimate), "{what}");
            assert!(error < 10.0 * far.error_estimate, "{what}: {error:e}");
            assert!((far.log_loss - exact.log_loss).abs() < 0.02, "{what}");
        }
        assert!(
            far.notes()[0].starts_with("exact to step 3000"),
            "{:?}",
            far.notes()
        );
    }
}

#[test]
fn every_network_reaches_step_1e300_and_its_loss_falls_like_the_steps() {
    for case in cases(4) {
        let mut engine = case.engine(options(Some(3e3)), None);
        let run = drive(engine.as_mut(), &[0.0, 1e100, 1e300], &mut ()).unwrap();
        assert_eq!(
            run.stop,
            StopReason::Completed { step: 1e300 },
            "{}",
            case.name
        );
        let log_loss = run.series.column("log_loss").unwrap();
        // L ≈ c/(η t): from 10¹⁰⁰ to 10³⁰⁰ steps it falls by as much, but for powers of log t.
        let fall = log_loss[1] - log_loss[2];
        let expected = 200.0 * std::f64::consts::LN_10;
        assert!((fall - expected).abs() < 5.0, "{}: {fall}", case.name);
        let last = |column| run.series.last(column).unwrap();
        assert!(last("error_estimate") < 1e-2 && last("error_estimate") > 0.0);
        assert!(last("margin_min") > 0.0 && last("accuracy") == 1.0);
    }
}

/// Both engines follow the same two-layer network far past exact steps, by different routes.
#[test]
fn the_gram_engine_and_any_network_agree_in_log_time() {
    for (activation, slope) in [("relu", 0.0), ("leaky-relu", 0.1)] {
        for seed in [5, 6] {
            let data = data(6, 40, seed);
            let case = Case::new(
                "two-layer",
                settings(8, activation),
                data.clone().into(),
                1.0,
                seed,
            );
            let gram = GramEngineOptions {
                activation: Activation::leaky_relu(slope).unwrap(),
                loss: Loss::Logistic,
                step_size: STEP_SIZE,
                output_weight: None,
                exact_steps: 1e6,
            };
            let mut gram = GramEngine::new(&data, &case.weights, gram).unwrap();
            let mut far = case.engine(options(Some(1e4)), None);
            for step in [1e6, 1e9, 1e30, 1e300] {
                assert_eq!(gram.advance(step).unwrap(), None);
                assert_eq!(far.advance(step).unwrap(), None);
                let (gram, far) = (gram.observe().unwrap(), far.observe().unwrap());
                let error = apart(&gram, &far, 1.0);
                let estimate = gram.error_estimate + far.error_estimate;
                println!("{activation} {seed} {step:e}: {error:.1e}, estimate {estimate:.1e}");
                assert!(
                    error < 10.0 * estimate,
                    "{activation} {step:e}: {error:e} {estimate:e}"
                );
                assert!((far.log_loss - gram.log_loss).abs() < 0.1);
            }
        }
    }
}

/// Orthogonal samples under gradient flow, each for itself:
/// `q + e^q = q(0) + e^{q(0)} + (η/n) ‖x‖² t`.
#[test]
fn the_flow_of_orthogonal_samples_is_its_closed_form() {
    let norms = [0.8, 1.7];
    let x = Array2::from_shape_fn((2, 5), |(i, j)| if i == j { norms[i] } else { 0.0 });
    let data = Dataset::new(x, Array1::from_vec(vec![1.0, -1.0])).unwrap();
    let case = Case::new("linear", Settings::default(), data.into(), 0.5, 7);
    for decay in [0.0, 0.5, 1.0] {
        let sizes = StepSize::decaying(STEP_SIZE, decay, 2.0);
        let flow = TensorEngineOptions {
            log_time: Some(LogTimeOptions {
                exact_steps: 0.0,
                clock: Clock::new(Pace::Flow, &sizes).unwrap(),
                required: true,
            }),
            ..options(None)
        };
        let kind = optimizers::FLOW;
        let run = OptimizerRun {
            optimizer: (kind.make)(&Settings::default(), 5).unwrap(),
            step_size: sizes,
            sum: false,
            batches: None,
            twin: None,
            first_stage: None,
            stop: None,
        };
        let mut engine = case.engine(flow, Some(run));
        let margins = |engine: &mut dyn Engine| {
            let observation = engine.observe().unwrap();
            let norm = observation.weight_norm;
            let margins = observation.normalized_margins.iter().map(|q| q * norm);
            (margins.collect::<Vec<f64>>(), observation.error_estimate)
        };
        let (first, _) = margins(engine.as_mut());
        for step in [1.0, 10.0, 1e3, 1e10, 1e300_f64] {
            assert_eq!(engine.advance(step).unwrap(), None);
            // ∫ (t + 2)^{−a} dt.
            let time = if decay == 1.0 {
                ((step + 2.0) / 2.0).ln()
            } else {
                let power = |t: f64| t.powf(1.0 - decay) / (1.0 - decay);
                let offset = if decay == 0.0 { 0.0 } else { 2.0 };
                power(step + offset) - power(offset)
            };
            let (found, estimate) = margins(engine.as_mut());
            for sample in 0..2 {
                let speed = 0.5 * STEP_SIZE * norms[sample] * norms[sample];
                let right = first[sample] + first[sample].exp() + speed * time;
                let mut expected = right.max(2.0).ln();
                for _ in 0..100 {
                    expected -= (expected + expected.exp() - right) / (1.0 + expected.exp());
                }
                let least = found[0].min(found[1]).max(1.0);
                let error = (found[sample] - expected).abs() / least;
                println!("decay {decay}, {step:e}: {error:.1e}, estimate {estimate:.1e}");
                assert!(
                    error < 10.0 * estimate.max(1e-13),
                    "{decay} {step:e}: {error:e} {estimate:e}"
                );
            }
            assert!(estimate < 1e-2);
        }
    }
}

/// From weights with margins so large that a step of the descent changes no digit: of two orthogonal
/// samples of length 1 each has `q + e^q = q(0) + e^{q(0)} + (η/2) t`.
#[test]
fn log_time_begins_where_a_step_changes_no_digit() {
    let data = Dataset::new(Array2::eye(2), Array1::from_vec(vec![1.0, -1.0])).unwrap();
    for start in [20.0, 33.0, 40.0, 200.0, 600.0] {
        let weight = Array2::from_shape_vec((1, 2), vec![start, -start]).unwrap();
        let case = Case {
            name: "linear",
            settings: Settings::default(),
            data: data.clone().into(),
            weights: Weights::new(vec![("weight".to_owned(), weight)]).unwrap(),
        };
        let mut engine = case.engine(options(Some(10.0)), None);
        assert_eq!(engine.advance(1e300).unwrap(), None, "{:?}", engine.notes());
        let found = engine.observe().unwrap();
        let norm = found.weight_norm;
        let expected = (start.exp() + 0.5 * STEP_SIZE * 1e300).ln();
        let off = (found.normalized_margins[0] * norm - expected).abs() / expected;
        println!("{start}: {off:.1e}, estimate {:.1e}", found.error_estimate);
        assert!(
            off < 10.0 * found.error_estimate.max(1e-9),
            "{start}: {off}"
        );
        assert!(found.error_estimate < 1e-3, "{start}");
    }
}

/// Steps are those of the flow and nobody else's: records, pauses and restarts change no bit.
#[test]
fn a_run_goes_on_from_its_bytes_to_the_last_bit() {
    for case in cases(8) {
        let steps: Vec<f64> = schedule(1e40, 3);
        let mut whole = case.engine(options(Some(2e3)), None);
        let mut parts = case.engine(options(Some(2e3)), None);
        for (index, &step) in steps.iter().enumerate() {
            whole.advance(step).unwrap();
            let expected = whole.observe().unwrap();
            if index % 17 == 5 {
                let bytes = parts.checkpoint().unwrap();
                parts = case.engine(options(Some(2e3)), None);
                parts.restore(&bytes).unwrap();
            }
            // In the middle of an interval, too.
            if index % 3 == 1 && step > 10.0 {
                parts.advance((0.9 * step).floor()).unwrap();
            }
            parts.advance(step).unwrap();
            let found = parts.observe().unwrap();
            assert_eq!(found.step, step);
            let bits = |row: Vec<f64>| row.into_iter().map(f64::to_bits).collect::<Vec<_>>();
            // Pattern changes count from the last record, which both have.
            assert_eq!(
                bits(found.row()),
                bits(expected.row()),
                "{} {step:e}",
                case.name
            );
        }
        assert_eq!(whole.weights(), parts.weights());
        assert_eq!(whole.checkpoint(), parts.checkpoint());
        let bytes = whole.checkpoint().unwrap();
        // Memory does not grow with the way: two nodes, and a few segments of three vectors each.
        let weights: usize = case
            .weights
            .blocks()
            .iter()
            .map(|(_, block)| block.len())
            .sum();
        let mut direct = case.engine(options(Some(2e3)), None);
        direct.advance(1e40).unwrap();
        for engine in [&whole, &direct] {
            let bytes = engine.checkpoint().unwrap();
            assert!(bytes.len() < 40 * 8 * weights + 4000, "{}", bytes.len());
        }
        let mut broken = case.engine(options(Some(2e3)), None);
        assert!(broken.restore(&bytes[..bytes.len() / 2]).is_err());
    }
}

/// Samples that cannot be fitted keep log time from taking over, and the run says so.
#[test]
fn samples_that_are_not_fitted_stall_the_run() {
    let x = ndarray::array![[1.0, 0.2], [1.0, 0.2], [0.1, 1.0]];
    let data = Dataset::new(x, ndarray::array![1.0, -1.0, 1.0]).unwrap();
    let case = Case::new("two-layer-both", settings(3, "relu"), data.into(), 1.0, 9);
    let mut engine = case.engine(options(Some(1e3)), None);
    let run = drive(engine.as_mut(), &[0.0, 1e3, 1e300], &mut ()).unwrap();
    assert_eq!(run.stop, StopReason::Stalled { step: 1e6 });
    let note = engine.notes().last().unwrap();
    assert!(note.contains("not all samples are fitted"), "{note}");
}

/// Normalized gradient descent with steps `η/(t + 1)` goes on in log time as it does step by step.
#[test]
fn normalized_descent_agrees_with_its_steps() {
    for case in [&cases(10)[1], &cases(10)[4]] {
        let sizes = StepSize::decaying(0.7, 1.0, 20.0);
        let run = || OptimizerRun {
            optimizer: (optimizers::NORMALIZED_GD.make)(&Settings::default(), {
                let blocks = case.weights.blocks().iter();
                blocks.map(|(_, block)| block.len()).sum()
            })
            .unwrap(),
            step_size: sizes.clone(),
            sum: false,
            batches: None,
            twin: None,
            first_stage: None,
            stop: None,
        };
        let far = TensorEngineOptions {
            log_time: Some(LogTimeOptions {
                exact_steps: 2e3,
                clock: Clock::new(Pace::Normalized, &sizes).unwrap(),
                required: true,
            }),
            ..options(None)
        };
        let mut exact = case.engine(options(None), Some(run()));
        let mut far = case.engine(far, Some(run()));
        for step in [1e4, 1e5] {
            exact.advance(step).unwrap();
            assert_eq!(far.advance(step).unwrap(), None, "{:?}", far.notes());
            let (exact, far) = (exact.observe().unwrap(), far.observe().unwrap());
            let error = apart(&exact, &far, degree(case));
            println!(
                "{} {step:e}: {error:.1e}, {:.1e}",
                case.name, far.error_estimate
            );
            assert!(far.error_estimate > 0.0, "still exact");
            assert!(error < 10.0 * far.error_estimate, "{error:e}");
        }
        assert_eq!(far.advance(1e30).unwrap(), None);
        assert!(far.observe().unwrap().error_estimate < 1e-2);
    }
}

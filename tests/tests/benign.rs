//! Benign overfitting under the hinge loss, held to trajectories of an independent implementation.

use std::path::Path;

use implicit_bias_data::{read_npz_arrays, write_npz_arrays};
use implicit_bias_engine::drive;
use implicit_bias_lab::Prepared;
use implicit_bias_lab::config::{RunConfig, Settings};
use implicit_bias_record::StopReason;
use implicit_bias_tests::shared_reference_folder;
use ndarray::{Array2, ArrayD, Ix2};

/// Weights and columns agree within this, relative to the largest.
const AGREES: f64 = 1e-9;

fn array(path: &Path, name: &str) -> ArrayD<f64> {
    let [array] = read_npz_arrays(path, [name]).expect("a reference file");
    array
}

fn number(path: &Path, name: &str) -> f64 {
    array(path, name).sum()
}

fn matrix(path: &Path, name: &str) -> Array2<f64> {
    let array = array(path, name).into_dimensionality::<Ix2>();
    array.expect("a matrix")
}

/// The rows of neurons with output sign `sign`.
fn block(weights: &Array2<f64>, signs: &ArrayD<f64>, sign: f64) -> Array2<f64> {
    let rows: Vec<usize> = (0..signs.len()).filter(|&k| signs[[k]] == sign).collect();
    weights.select(ndarray::Axis(0), &rows)
}

fn settings(file: &Path, folder: &Path) -> Settings {
    let [data, init, held_out] = ["data.npz", "init.npz", "held.npz"].map(|f| folder.join(f));
    let [x, y, x_val, y_val] = ["X", "y", "X_val", "y_val"].map(|name| array(file, name));
    write_npz_arrays(&data, &[("X", x.view()), ("y", y.view())]).expect("written");
    write_npz_arrays(&held_out, &[("X", x_val.view()), ("y", y_val.view())]).expect("written");
    let (w0, signs) = (matrix(file, "W0"), array(file, "signs"));
    let [pos, neg] = [1.0, -1.0].map(|sign| block(&w0, &signs, sign).into_dyn());
    write_npz_arrays(&init, &[("W_pos", pos.view()), ("W_neg", neg.view())]).expect("written");
    Settings::default()
        .with("data", data)
        .with("init", init)
        .with("held-out-data", held_out)
        .with("precision", "f64")
        .with("slope", number(file, "alpha"))
        .with("step-size", number(file, "step_size"))
        .with("output-weight", 1.0)
        .with("loss", "hinge")
        .with("reduction", "sum")
        .with("steps", 100_000)
}

fn apart(engine: &mut dyn implicit_bias_engine::Engine, file: &Path, name: &str) -> f64 {
    let (wanted, signs) = (matrix(file, name), array(file, "signs"));
    let size = wanted.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
    let weights = engine.weights();
    let mut most = 0.0_f64;
    for ((_, found), sign) in weights.blocks().iter().zip([1.0, -1.0]) {
        let wanted = block(&wanted, &signs, sign);
        let differences = (found - &wanted).mapv(f64::abs);
        most = differences.iter().fold(most, |most, d| most.max(*d));
    }
    most / size
}

fn hold(file: &Path, gradient: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let settings = settings(file, folder.path()).with("gradient", gradient);
    let engine = |settings: &Settings| {
        let config = RunConfig::resolve(settings).expect("valid settings");
        let prepared = Prepared::new(&config).expect("a valid problem");
        prepared.engine(&config, 1).expect("an engine").engine
    };
    let mut free = engine(&settings);
    let steps: Vec<f64> = array(file, "steps").into_iter().collect();
    let [loss, norm, rank, train, held_out] = [
        "loss",
        "weight_norm",
        "stable_rank",
        "train_error",
        "val_error",
    ]
    .map(|name| array(file, name));
    for (index, &step) in steps.iter().enumerate() {
        let found = drive(free.as_mut(), &[step], &mut ())
            .expect("steps")
            .series;
        for (column, wanted) in [
            ("loss", loss[[index]]),
            ("weight_norm", norm[[index]]),
            ("stable_rank", rank[[index]]),
            ("accuracy", 1.0 - train[[index]]),
            ("held_out_error", held_out[[index]]),
        ] {
            let found = found.last(column).expect("a column");
            let apart = (found - wanted).abs() / wanted.abs().max(1e-3);
            assert!(apart <= AGREES, "{column} at {step}: {found} and {wanted}");
        }
        if step == 1.0 {
            assert!(apart(free.as_mut(), file, "W_step1") <= AGREES);
        }
    }
    assert!(apart(free.as_mut(), file, "W_final") <= AGREES);
    // Recorded or not, the step at which a rule first holds is where the run stops.
    let [errors, hinge] = ["step_zero_one", "step_zero_hinge"].map(|name| number(file, name));
    for (rule, wanted) in [
        ("zero-errors", StopReason::ZeroErrors { step: errors }),
        ("zero-loss", StopReason::ZeroLoss { step: hinge }),
    ] {
        let mut stopping = engine(&settings.clone().with("stop", rule));
        let found = drive(stopping.as_mut(), &[0.0, 1e5], &mut ()).expect("steps");
        assert_eq!(found.stop, wanted);
        assert_eq!(found.series.steps(), [0.0, wanted.step()]);
        if rule == "zero-errors" {
            assert!(apart(stopping.as_mut(), file, "W_zero_one") <= AGREES);
            assert_eq!(found.series.last("accuracy"), Some(1.0));
        } else {
            assert_eq!(found.series.last("loss"), Some(0.0));
        }
        // It stays there.
        let again = drive(stopping.as_mut(), &[1e5], &mut ()).expect("steps");
        assert_eq!(again.stop, wanted);
    }
}

#[test]
fn every_reference_is_followed_to_rounding_and_stops_where_it_does() {
    let Some(folder) = shared_reference_folder().map(|folder| folder.join("benign")) else {
        println!("skipped: no ../shared/reference beside the repository");
        return;
    };
    for name in ["visible_benign", "visible_harmful"] {
        for gradient in ["auto", "autodiff"] {
            hold(&folder.join(format!("{name}.npz")), gradient);
        }
    }
}

/// By events, step by step in weight space, and cut in two: one trajectory, and the same bits where it
/// goes on from a checkpoint.
#[test]
fn a_trial_by_events_is_the_descent_step_by_step_and_goes_on_to_the_last_bit() {
    for (network, dim, slope) in [
        ("two-layer", 45, 0.1),
        ("two-layer-negative", 60, 0.3),
        ("two-layer", 12, 0.2),
    ] {
        let settings = Settings::default()
            .with("synthetic", "signal-and-noise")
            .with("samples", 30)
            .with("dim", dim)
            .with("network", network)
            .with("width", 8)
            .with("slope", slope)
            .with("output-weight", 1.0)
            .with("loss", "hinge")
            .with("reduction", "sum")
            .with("init-scale", 3e-3)
            .with("step-size", 2e-3)
            .with("stop", "zero-loss")
            .with("steps", 3000)
            .with("seed", 5);
        let engine = |settings: &Settings| {
            let config = RunConfig::resolve(settings).expect("valid settings");
            let prepared = Prepared::new(&config).expect("a valid problem");
            prepared.engine(&config, 1).expect("an engine").engine
        };
        let mut whole = engine(&settings);
        let mut plain = engine(&settings.clone().with("gradient", "autodiff"));
        let mut part = engine(&settings);
        let schedule = [0.0, 700.0, 3000.0];
        let [found, wanted] = [&mut whole, &mut plain]
            .map(|engine| drive(engine.as_mut(), &schedule, &mut ()).expect("steps"));
        assert_eq!(found.stop, wanted.stop, "{network}, d = {dim}");
        for ((_, found), (_, wanted)) in whole
            .weights()
            .blocks()
            .iter()
            .zip(plain.weights().blocks())
        {
            let size = wanted.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
            let apart = (found - wanted).mapv(f64::abs);
            assert!(
                apart.iter().all(|apart| *apart <= 1e-10 * size),
                "{network}, d = {dim}"
            );
        }
        drive(part.as_mut(), &[0.0, 333.0], &mut ()).expect("steps");
        let state = part.checkpoint().expect("a checkpoint");
        let mut resumed = engine(&settings);
        resumed.restore(&state).expect("its own checkpoint");
        drive(resumed.as_mut(), &schedule[1..], &mut ()).expect("steps");
        assert_eq!(resumed.step(), whole.step());
        assert_eq!(
            resumed.weights().to_safetensors(),
            whole.weights().to_safetensors()
        );
    }
}

fn refusal(settings: Settings) -> String {
    let found = RunConfig::resolve(&settings).and_then(|config| Prepared::new(&config).map(|_| ()));
    found.expect_err("a refusal").to_string()
}

#[test]
fn what_cannot_stop_or_be_held_out_is_refused_by_name() {
    let hinge = Settings::default().with("loss", "hinge").with("steps", 10);
    for (settings, words) in [
        (
            Settings::default().with("stop", "zero-loss"),
            "stop: expected zero-errors",
        ),
        (
            Settings::default()
                .with("stop", "zero-errors")
                .with("engine", "gram"),
            "engine: expected tensor",
        ),
        (
            Settings::default()
                .with("held-out", 9)
                .with("synthetic", "orthogonal"),
            "held-out: expected a data law with fresh samples",
        ),
        (
            hinge
                .clone()
                .with("synthetic", "signal-and-noise")
                .with("flips", 11),
            "flips: expected at most the number of samples, 10",
        ),
        (
            hinge
                .with("synthetic", "signal-and-noise")
                .with("flips", 1)
                .with("flip-rate", 0.2),
            "flip-rate: expected no probability",
        ),
    ] {
        let found = refusal(settings);
        assert!(found.contains(words), "{found}");
    }
}

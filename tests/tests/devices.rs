//! The tensor engine on every device of this build, in every precision it has, against trajectories
//! of more than double precision.
//!
//! A process computes in one precision on a device, so that each pair has a process of its own,
//! which is this program again: `IMPLICIT_BIAS_DEVICE=cuda:1 IMPLICIT_BIAS_PRECISION=f32 cargo test
//! -p implicit-bias-tests --features cuda --test devices -- --exact one_device --nocapture` is one
//! of them.
//!
//! # The bound
//!
//! The data and the initial weights are exact in single precision, with unit roundoff `u = 2⁻²⁴`,
//! and so in double precision, `u = 2⁻⁵³`. A step rounds each weight once, an error of at most `u
//! ‖W‖`; and it changes the weights by `η∇L`, whose relative error is about `d u`, for a
//! pre-activation is a sum of `d` products. While the activation pattern is fixed, the loss is
//! convex in the weights, and a step as short as this one does not lengthen the difference of two
//! trajectories. So after `t` steps
//!
//! ```text
//! ‖ΔW‖_F ≤ (t + d) u ‖W‖_F =: δ,   |Δq_i| ≤ √(2/m) R_max δ,   |Δ log L| ≤ max_i |Δq_i|,
//! ```
//!
//! the second by Cauchy and Schwarz over the `2m` neurons. (Before the pattern is fixed, a handful
//! of steps, weights are 10³ times smaller than later.) The trajectories of the files are rounded
//! to double precision at every step too, which adds the same with `u = 2⁻⁵³`. Measured errors are
//! some hundred times smaller, as roundings do not all point the same way.

use std::process::Command;

use implicit_bias_engine::Precision;
use implicit_bias_engine::{devices, drive, select_device};
use implicit_bias_lab::Prepared;
use implicit_bias_lab::config::{RunConfig, Settings};
use implicit_bias_model::Weights;
use implicit_bias_record::{Series, StopReason};
use implicit_bias_tests::{Golden, golden_folder};
use ndarray::Array2;

/// The variables that say which device a process is for, and in which precision.
const DEVICE: &str = "IMPLICIT_BIAS_DEVICE";
const PRECISION: &str = "IMPLICIT_BIAS_PRECISION";

#[test]
fn every_device() {
    let program = std::env::current_exe().expect("tests have a file");
    let devices = devices();
    assert!(!devices.is_empty());
    for device in devices {
        for precision in device.precisions {
            let outcome = Command::new(&program)
                .args(["--exact", "one_device", "--nocapture"])
                .env(DEVICE, &device.name)
                .env(PRECISION, precision.to_string())
                .output()
                .expect("this program starts");
            let said = String::from_utf8_lossy(&outcome.stdout);
            let hardware = device.hardware.as_deref().unwrap_or("unnamed");
            println!("{} ({hardware}), {precision}:\n{said}", device.name);
            assert!(
                outcome.status.success() && said.contains("1 passed"),
                "{} fails in {precision}, {}:\n{said}{}",
                device.name,
                outcome.status,
                String::from_utf8_lossy(&outcome.stderr)
            );
        }
    }
}

/// The device of this process.
struct Place {
    name: Option<String>,
    precision: Precision,
    gradients: &'static [&'static str],
}

/// All that is tested of one device; single precision on the default one unless the environment
/// says otherwise.
#[test]
fn one_device() {
    let name = std::env::var(DEVICE).ok();
    let precision = match std::env::var(PRECISION).as_deref() {
        Ok("f64") => Precision::F64,
        Ok("f32") | Err(_) => Precision::F32,
        Ok(other) => panic!("{PRECISION}: expected f32 or f64, found {other}"),
    };
    let selected = select_device(name.as_deref(), Some(precision)).expect("a device");
    let place = Place {
        name,
        precision,
        gradients: if selected.on_host {
            &["hand-derived", "autodiff"]
        } else {
            &["autodiff"]
        },
    };
    for &gradient in place.gradients {
        stays_within_the_bound_of_its_roundings(&place, gradient);
        if precision == Precision::F32 {
            updates_that_round_to_nothing_are_seen_and_compensation_goes_on(&place, gradient);
        }
        a_checkpoint_is_the_whole_state(&place, gradient);
    }
}

impl Place {
    /// Settings for this device.
    fn settings(&self, gradient: &str) -> Settings {
        Settings::default()
            .with("device", self.name.clone())
            .with("precision", self.precision.to_string())
            .with("gradient", gradient)
    }

    /// Unit roundoff of the weights.
    fn roundoff(&self) -> f64 {
        match self.precision {
            Precision::F32 => 2.0_f64.powi(-24),
            Precision::F64 => DOUBLE_ROUNDOFF,
        }
    }
}

/// Unit roundoff of double precision.
const DOUBLE_ROUNDOFF: f64 = f64::EPSILON / 2.0;

fn stays_within_the_bound_of_its_roundings(place: &Place, gradient: &str) {
    let horizon = match gradient {
        "hand-derived" => 10_000.0,
        _ => 500.0,
    };
    let path = golden_folder().join("leaky_near_orthogonal.npz");
    let golden = Golden::read(path.clone()).expect("a golden file is a valid one");
    let config = RunConfig::resolve(
        &place
            .settings(gradient)
            .with("data", path.clone())
            .with("init", path)
            .with("slope", golden.slope)
            .with("step-size", golden.step_size),
    )
    .expect("the settings of a golden file are valid");
    let prepared = Prepared::new(&config).expect("so are its arrays");
    let mut ready = prepared.engine(&config, 1).expect("the device is there");
    assert_eq!(ready.precision, place.precision);
    let steps = golden.steps_until(horizon);
    let trajectory = drive(ready.engine.as_mut(), steps, &mut ()).expect("a sound run");
    assert_eq!(trajectory.series.steps(), steps);

    let dim = prepared.data.dim() as f64;
    let lipschitz = (2.0 / prepared.width as f64).sqrt() * prepared.geometry.r_max;
    let norms = trajectory.series.column("weight_norm").expect("a column");
    let losses = trajectory.series.column("log_loss").expect("a column");
    let mut largest: f64 = 0.0;
    for (row, &step) in steps.iter().enumerate() {
        let norm = golden.column("weight_norm")[row];
        let drift = (step + dim) * (place.roundoff() + DOUBLE_ROUNDOFF) * norm;
        let mut check = |what: &str, found: f64, expected: f64, bound: f64| {
            let error = (found - expected).abs();
            largest = largest.max(error / bound);
            assert!(
                error <= bound,
                "{gradient:?}, step {step}: {what} is off by {error:e}, more than {bound:e}"
            );
        };
        check("the weight norm", norms[row], norm, drift);
        let margins = golden.normalized_margins(row);
        let found = &trajectory.margins.rows()[row][1..];
        assert_eq!(found.len(), margins.len());
        for (found, expected) in found.iter().zip(margins) {
            check(
                "a margin",
                found * norms[row],
                expected * norm,
                lipschitz * drift,
            );
        }
        let loss = golden.column("loss")[row].ln();
        check("log L", losses[row], loss, lipschitz * drift);
    }
    println!("{gradient:?} to step {horizon}: at most {largest:.1e} of the bound");
    if place.precision == Precision::F32 {
        // Double precision would be 10⁸ times nearer: this run did compute in single precision.
        assert!(
            largest > 1e-5,
            "{gradient:?}: only {largest:e} of the bound"
        );
    }
}

/// Weights that dwarf what descent does to them, and cancel in every score.
fn large_weights(scale: f64) -> Weights {
    let entry = |(i, j): (usize, usize)| scale * (1.0 + ((7 * i + 3 * j) as f64).sin().abs());
    let block = |name: &str| (name.to_owned(), Array2::from_shape_fn((2, 20), entry));
    Weights::new(vec![block("pos"), block("neg")]).expect("finite")
}

fn updates_that_round_to_nothing_are_seen_and_compensation_goes_on(place: &Place, gradient: &str) {
    let settings = |compensated| {
        place
            .settings(gradient)
            .with("samples", 4)
            .with("dim", 20)
            .with("width", 2)
            .with("slope", 0.5)
            .with("step-size", 0.01)
            .with("compensated", compensated)
    };
    let steps = [0.0, 1.0, 100.0, 1000.0, 2000.0, 4000.0, 8000.0];
    let run = |compensated: bool| {
        let config = RunConfig::resolve(&settings(compensated)).expect("valid");
        let mut prepared = Prepared::new(&config).expect("valid");
        prepared.weights = large_weights(5000.0);
        let mut ready = prepared.engine(&config, 1).expect("the device has f32");
        let trajectory = drive(ready.engine.as_mut(), &steps, &mut ()).expect("a sound run");
        let mut exact = prepared.gram_engine(&config).expect("a sound problem");
        let exact = drive(&mut exact, &steps, &mut ()).expect("a sound run");
        (trajectory, ready.engine.notes().to_vec(), exact.series)
    };
    let last = |series: &Series, column| series.last(column).expect("a column");
    let (plain, notes, exact) = run(false);
    assert!(
        matches!(plain.stop, StopReason::Stalled { .. }),
        "{}",
        plain.stop
    );
    assert_eq!(last(&plain.series, "lost_updates"), 1.0);
    assert_eq!(last(&plain.series, "effective_update"), 0.0);
    let [began, stopped] = notes.as_slice() else {
        panic!("{notes:?}")
    };
    assert!(
        began.contains("more than half of the updates round to nothing"),
        "{began}"
    );
    assert!(stopped.starts_with("stopped at step "), "{stopped}");

    let (compensated, notes, _) = run(true);
    assert!(
        matches!(compensated.stop, StopReason::Completed { .. }),
        "{}",
        compensated.stop
    );
    assert!(notes.is_empty(), "{notes:?}");
    assert_eq!(last(&compensated.series, "lost_updates"), 0.0);
    let effective = last(&compensated.series, "effective_update");
    assert!((effective - 1.0).abs() < 1e-3, "{effective}");
    let [plain, ours, exact] =
        [&plain.series, &compensated.series, &exact].map(|series| last(series, "log_loss"));
    println!("log loss: plain {plain}, compensated {ours}, in double precision {exact}");
    // Scores are differences of numbers of 10⁵, each with an error of 2⁻²⁴ of itself.
    assert!((ours - exact).abs() < 0.05, "{ours} {exact}");
    assert!(plain - exact > 1.0, "{plain} {exact}");
}

fn a_checkpoint_is_the_whole_state(place: &Place, gradient: &str) {
    let config = RunConfig::resolve(
        &place
            .settings(gradient)
            .with("samples", 4)
            .with("dim", 20)
            .with("width", 2)
            .with("compensated", place.precision == Precision::F32),
    )
    .expect("valid");
    let mut prepared = Prepared::new(&config).expect("valid");
    prepared.weights = large_weights(5000.0);
    let engine = || {
        prepared
            .engine(&config, 1)
            .expect("the device has f32")
            .engine
    };
    let mut whole = engine();
    whole.advance(300.0).expect("a sound run");
    let middle = whole.checkpoint().expect("it has one");
    let mut cut = engine();
    cut.restore(&middle).expect("its own");
    for engine in [&mut whole, &mut cut] {
        engine.advance(900.0).expect("a sound run");
    }
    assert!(cut.checkpoint() == whole.checkpoint(), "{gradient:?}");
}

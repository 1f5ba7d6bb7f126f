//! Systems of margins by closures, against closed forms, the tensor engine and one another.

mod refused;
#[path = "../support/mod.rs"]
mod support;

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_data::{Dataset, TrainingSet};
use implicit_bias_engine::{
    Clock, Engine, EngineError, FollowEngine, FollowOptions, Gradient, LogTimeOptions,
    MarginSystem, NETWORKS, Pace, StepSize, SystemError, TensorEngineOptions, Trajectory, drive,
    margin_system, select_device,
};
use implicit_bias_model::{Loss, Weights};
use implicit_bias_record::{StopReason, schedule};
use implicit_bias_settings::Settings;
use ndarray::{Array1, Array2};
use support::linear;

fn options(exact_steps: f64, weights: usize) -> FollowOptions {
    FollowOptions {
        loss: Loss::Logistic,
        step_size: 0.1,
        sum: false,
        exact_steps,
        degree: None,
        kkt_steps: Vec::new(),
        blocks: vec![("w".into(), [1, weights])],
    }
}

/// `q_i = y_i Σ_j v_j φ(⟨w_j, x_i⟩)` with leaky ReLU of slope 0.1, both layers trained; weights are
/// `W`, `[h, d]`, then `v`, `[h]`.
fn two_layers(data: &Dataset, width: usize, asked: Arc<AtomicUsize>) -> impl MarginSystem + use<> {
    let (x, y) = (data.x().clone(), data.y().clone());
    let dim = x.ncols();
    margin_system(x.nrows(), move |weights: &[f64]| {
        asked.fetch_add(1, Ordering::Relaxed);
        let (hidden, outer) = weights.split_at(width * dim);
        let hidden = Array2::from_shape_vec([width, dim], hidden.to_vec()).unwrap();
        let outer = Array1::from(outer.to_vec());
        let z = x.dot(&hidden.t());
        let slope = |z: f64| if z > 0.0 { 1.0 } else { 0.1 };
        let active = z.mapv(|z| z * slope(z));
        let q = active.dot(&outer) * &y;
        let (x, y) = (x.clone(), y.clone());
        let pull_back = move |v: &[f64]| {
            let v = Array1::from(v.to_vec()) * &y;
            let mut of_hidden = Array2::<f64>::zeros([width, dim]);
            for (i, row) in z.rows().into_iter().enumerate() {
                for j in 0..width {
                    let factor = v[i] * outer[j] * slope(row[j]);
                    of_hidden.row_mut(j).scaled_add(factor, &x.row(i));
                }
            }
            let of_outer = active.t().dot(&v);
            of_hidden.iter().chain(of_outer.iter()).copied().collect()
        };
        (q.to_vec(), pull_back)
    })
}

fn data(samples: usize, dim: usize) -> Dataset {
    let x = gaussian_matrix(samples, dim, 1.0, 5, Stream::Noise).unwrap();
    let y = Array1::from_shape_fn(samples, |i| if i % 2 == 1 { -1.0 } else { 1.0 });
    Dataset::new(x, y).unwrap()
}

fn initial(width: usize, dim: usize) -> (Array2<f64>, Array2<f64>) {
    let hidden = gaussian_matrix(width, dim, 0.2, 5, Stream::WeightsPos).unwrap();
    (
        hidden,
        gaussian_matrix(1, width, 0.3, 5, Stream::WeightsNeg).unwrap(),
    )
}

fn flat(blocks: &(Array2<f64>, Array2<f64>)) -> Vec<f64> {
    blocks.0.iter().chain(&blocks.1).copied().collect()
}

fn run(engine: &mut FollowEngine, steps: &[f64]) -> Trajectory {
    drive(engine, steps, &mut ()).unwrap()
}

/// Orthogonal samples of lengths 1, 2, 3: `q_i = ⟨w, z_i⟩` grow apart from one another, each by
/// `q' = η ‖z_i‖² ℓ'(q)/n`, so that `e^q` of the exponential loss is `e^{q(0)} + η ‖z_i‖² t/n` under
/// the flow, and the largest margin is at `w = Σ z_i/‖z_i‖²`.
#[test]
fn a_linear_system_ends_where_the_closed_form_does() {
    let z = ndarray::arr2(&[[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, -3.0]]);
    let w0 = vec![0.2, -0.1, 0.05];
    let q0 = [0.2_f64, -0.2, -0.15];
    let options = FollowOptions {
        loss: Loss::Exponential,
        kkt_steps: vec![1e300],
        ..options(1e4, 3)
    };
    let mut engine = FollowEngine::new(Box::new(linear(z)), w0, options).unwrap();
    for step in [1e10, 1e100, 1e300] {
        assert_eq!(engine.advance(step).unwrap(), None);
        let margins = engine.margins().unwrap();
        for ((q, q0), size) in margins.iter().zip(q0).zip([1.0_f64, 4.0, 9.0]) {
            let exact = (q0.exp() / step + 0.1 * size / 3.0).ln() + step.ln();
            let estimate = engine.observe().unwrap().error_estimate;
            assert!(estimate < 1e-3, "{estimate:e}");
            let error = (q - exact).abs() / exact;
            assert!(
                error < 2.0 * estimate,
                "{step:e}: {q} {exact} {error:e} {estimate:e}"
            );
        }
    }
    let kkt = engine.measure_kkt().unwrap().unwrap();
    // Multipliers go as 1/‖z_i‖²: 36/49, 9/49, 4/49.
    for (share, exact) in kkt
        .multipliers
        .iter()
        .zip([36.0, 9.0, 4.0].map(|x| x / 49.0))
    {
        assert!((share - exact).abs() < 0.01, "{:?}", kkt.multipliers);
    }
    assert!(kkt.residual < 1e-3 && kkt.complementarity < 0.01, "{kkt:?}");
}

/// The same network, data and initial weights as the network `two-layer-both` of the command line.
#[test]
fn a_system_follows_the_engine_of_the_same_network() {
    let (samples, dim, width) = (6, 20, 8);
    let data = data(samples, dim);
    let blocks = initial(width, dim);
    let asked = Arc::new(AtomicUsize::new(0));
    let system = two_layers(&data, width, asked);
    let mut own = FollowEngine::new(Box::new(system), flat(&blocks), options(1e3, 168)).unwrap();
    assert_eq!(own.degree().value, 2.0);
    assert!(own.degree().error < 1e-14 && !own.degree().is_single_precision);
    let settings = Settings::default()
        .with("width", width)
        .with("activation", "leaky-relu")
        .with("slope", 0.1);
    let kind = NETWORKS.iter().find(|kind| kind.name() == "two-layer-both");
    let weights = Weights::new(vec![
        ("hidden".to_owned(), blocks.0),
        ("outer".to_owned(), blocks.1),
    ]);
    let native = TensorEngineOptions {
        loss: Loss::Logistic,
        step_size: 0.1,
        gradient: Gradient::Auto,
        threads: 1,
        compensated: false,
        log_time: Some(LogTimeOptions {
            exact_steps: 1e3,
            clock: Clock::new(Pace::Gradient, &StepSize::constant(0.1)).unwrap(),
            required: true,
        }),
        kkt: false,
    };
    let device = select_device(None, None).unwrap();
    let (training, weights) = (TrainingSet::from(data), weights.unwrap());
    let (mut native, _) = kind
        .unwrap()
        .engine(&settings, &training, &weights, &device, native, None)
        .unwrap();
    for (step, tolerance) in [(1.0, 1e-14), (1e3, 1e-11), (1e6, 1e-8), (1e300, 1e-6)] {
        assert_eq!(own.advance(step).unwrap(), None);
        assert_eq!(native.advance(step).unwrap(), None);
        let (own, native) = (own.observe().unwrap(), native.observe().unwrap());
        let pairs = own
            .normalized_margins
            .iter()
            .zip(&native.normalized_margins);
        for (one, other) in pairs {
            assert!(
                (one / other - 1.0).abs() < tolerance,
                "{step:e}: {one} {other}"
            );
        }
        let logs = [own.log_loss, native.log_loss];
        assert!(
            (logs[0] / logs[1] - 1.0).abs() < tolerance,
            "{step:e}: {logs:?}"
        );
        assert!((own.error_estimate - native.error_estimate).abs() <= 1e-6);
        assert!((own.gradient_norm / native.gradient_norm - 1.0).abs() < 1e-4);
    }
}

/// Weights of norm `2^k` and one of them `2^k` times smaller are asked at the same place.
#[test]
fn a_system_sees_weights_of_norm_one_to_two() {
    thread_local!(static SEEN: Cell<[f64; 2]> = const { Cell::new([f64::INFINITY, 0.0]) });
    let product = || {
        margin_system(1, |w: &[f64]| {
            let norm = w.iter().map(|w| w * w).sum::<f64>().sqrt();
            SEEN.set([SEEN.get()[0].min(norm), SEEN.get()[1].max(norm)]);
            let w = [w[0], w[1], w[2]];
            let pull_back =
                move |v: &[f64]| vec![v[0] * w[1] * w[2], v[0] * w[0] * w[2], v[0] * w[0] * w[1]];
            (vec![w[0] * w[1] * w[2]], pull_back)
        })
    };
    for scale in [1e-80, 1e-3, 1.0, 300.0, 1e70] {
        let weights: Vec<f64> = [0.3, 0.4, 0.5].map(|w| w * scale).to_vec();
        let mut engine =
            FollowEngine::new(Box::new(product()), weights.clone(), options(100.0, 3)).unwrap();
        if scale == 1.0 {
            // Past the handover to log time, where the degree is checked at other norms too.
            assert_eq!(engine.advance(101.0).unwrap(), None);
        }
        SEEN.set([f64::INFINITY, 0.0]);
        let margin = engine.margins().unwrap()[0];
        if scale == 1.0 {
            assert_eq!(engine.advance(1e300).unwrap(), None);
        } else {
            assert_eq!(margin, weights[0] * weights[1] * weights[2], "{scale:e}");
        }
        let [least, most] = SEEN.get();
        assert!(
            (0.999..2.001).contains(&least) && most < 2.001,
            "{least} {most}"
        );
    }
}

#[test]
fn margins_are_asked_for_once_at_the_same_weights() {
    let (samples, dim, width) = (6, 20, 8);
    let asked = Arc::new(AtomicUsize::new(0));
    let system = two_layers(&data(samples, dim), width, asked.clone());
    let weights = flat(&initial(width, dim));
    let mut engine = FollowEngine::new(Box::new(system), weights, options(1e3, 168)).unwrap();
    engine.advance(50.0).unwrap();
    let before = asked.load(Ordering::Relaxed);
    engine.advance(60.0).unwrap();
    assert_eq!(asked.load(Ordering::Relaxed) - before, 10);
    engine.measure_kkt().unwrap();
    // A step of the window and its average have one place each but the last.
    assert!(asked.load(Ordering::Relaxed) - before - 10 <= 301);
}

#[test]
fn a_run_goes_on_to_the_last_bit() {
    let (samples, dim, width) = (6, 20, 8);
    let data = data(samples, dim);
    let engine = || {
        let system = two_layers(&data, width, Arc::default());
        let weights = flat(&initial(width, dim));
        FollowEngine::new(Box::new(system), weights, options(1e3, 168)).unwrap()
    };
    let steps = schedule(1e30, 0);
    let whole = run(&mut engine(), &steps);
    for cut in [17.0, 1e3, 3e6, 1e20] {
        let mut before = engine();
        before.advance(cut).unwrap();
        let bytes = before.checkpoint().unwrap();
        let mut after = engine();
        after.restore(&bytes).unwrap();
        assert_eq!(after.checkpoint().unwrap(), bytes);
        let rest: Vec<f64> = steps.iter().copied().filter(|step| *step > cut).collect();
        let rest = run(&mut after, &rest);
        let same = |one: &[Vec<f64>], other: &[Vec<f64>]| {
            let bits = |rows: &[Vec<f64>]| -> Vec<u64> {
                rows.iter().flatten().map(|x| x.to_bits()).collect()
            };
            bits(one) == bits(other)
        };
        let first = whole.series.len() - rest.series.len();
        assert!(
            same(rest.series.rows(), &whole.series.rows()[first..]),
            "{cut:e}"
        );
        assert!(
            same(rest.margins.rows(), &whole.margins.rows()[first..]),
            "{cut:e}"
        );
    }
    let mut other = FollowEngine::new(
        Box::new(linear(Array2::eye(3))),
        vec![1.0; 3],
        options(1e3, 3),
    )
    .unwrap();
    let bytes = engine().checkpoint().unwrap();
    assert!(matches!(
        other.restore(&bytes),
        Err(EngineError::Checkpoint(_))
    ));
}

/// The loss of a sum, samples that are fitted, norms, and the residual where it is asked for.
#[test]
fn what_is_recorded_is_that_of_the_weights() {
    let options = FollowOptions {
        sum: true,
        kkt_steps: vec![5.0],
        blocks: vec![("w".into(), [2, 2])],
        ..options(100.0, 4)
    };
    let weights = vec![0.3, 0.1, -0.2, 0.4];
    let system = linear(Array2::eye(4));
    let mut engine = FollowEngine::new(Box::new(system), weights.clone(), options).unwrap();
    let run = run(&mut engine, &[0.0, 5.0]);
    let column = |name: &str| -> Vec<f64> {
        let index = run
            .series
            .columns()
            .iter()
            .position(|column| column == name);
        run.series
            .rows()
            .iter()
            .map(|row| row[index.unwrap()])
            .collect()
    };
    let loss: f64 = weights.iter().map(|q| (-q).exp().ln_1p()).sum();
    assert!((column("loss")[0] - loss).abs() < 1e-14);
    assert!((column("log_loss")[0] - loss.ln()).abs() < 1e-14);
    assert_eq!(column("accuracy")[0], 0.75);
    // Singular values of [[a, b], [c, d]] by the trace and the determinant of its square.
    let (trace, determinant) = (0.3_f64, 0.14_f64 * 0.14);
    let largest = (0.5 * trace + (0.25 * trace * trace - determinant).sqrt()).sqrt();
    assert!((column("spectral_norm_w")[0] - largest).abs() < 1e-14);
    assert!(column("kkt_residual")[0].is_nan() && column("kkt_residual")[1].is_finite());
}

/// A first attempt at log time at step 0 that comes too early is followed by others.
#[test]
fn no_exact_steps_at_first_are_some_later() {
    let mut engine = FollowEngine::new(
        Box::new(linear(Array2::eye(2))),
        vec![-0.3, 0.2],
        options(0.0, 2),
    )
    .unwrap();
    assert_eq!(engine.advance(1e10).unwrap(), None);
    assert_eq!(engine.step(), 1e10);
}

/// A system that breaks at its `breaks`-th question, in one of three ways.
struct Breaking {
    way: &'static str,
    breaks: usize,
    asked: usize,
}

#[derive(Debug, thiserror::Error, PartialEq)]
#[error("the lamp went out")]
struct LampOut;

impl MarginSystem for Breaking {
    fn samples(&self) -> usize {
        1
    }

    fn margins(&mut self, weights: &[f64], margins: &mut [f64]) -> Result<(), SystemError> {
        self.asked += 1;
        margins[0] = weights[0];
        match self.way {
            _ if self.asked < self.breaks => Ok(()),
            "error" => Err(Box::new(LampOut)),
            "nan" => {
                margins[0] = f64::NAN;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) -> Result<(), SystemError> {
        gradient[0] = cotangent[0];
        if self.asked >= self.breaks && self.way == "gradient" {
            gradient[0] = f64::INFINITY;
        }
        Ok(())
    }
}

#[test]
fn what_breaks_in_a_system_is_handed_on_and_the_run_can_go_on() {
    // In exact steps, at the handover and in log time.
    for breaks in [40, 108, 400] {
        for way in ["error", "nan", "gradient"] {
            let make = |way| {
                let (asked, breaks) = (0, breaks);
                let system = Breaking { way, breaks, asked };
                FollowEngine::new(Box::new(system), vec![0.5], options(100.0, 1)).unwrap()
            };
            let mut engine = make(way);
            let mut last = engine.checkpoint().unwrap();
            let error = loop {
                let next = (10.0 * engine.step()).max(1.0);
                match engine.advance(next) {
                    Ok(stop) => assert_eq!(stop, None),
                    Err(error) => break error,
                }
                last = engine.checkpoint().unwrap();
                assert!(engine.step() < 1e300, "{way} at {breaks}");
            };
            let message = error.to_string();
            match (way, error) {
                ("error", EngineError::System(error)) => {
                    assert_eq!(error.downcast_ref::<LampOut>(), Some(&LampOut));
                }
                ("nan", _) => assert!(message.contains("NaN of sample 0"), "{message}"),
                ("gradient", _) => assert!(message.contains("inf in its entry 0"), "{message}"),
                (_, error) => panic!("{error:?}"),
            }
            // From the last checkpoint the run goes on as if nothing had been.
            let (mut again, mut whole) = (make("nothing"), make("nothing"));
            again.restore(&last).unwrap();
            for engine in [&mut again, &mut whole] {
                assert_eq!(engine.advance(1e290).unwrap(), None);
            }
            assert_eq!(again.host_weights(), whole.host_weights());
        }
    }
}

/// `q = w` under `η = 10⁶⁰`: weights grow, and a step leaves the range of what log time follows.
#[test]
fn options_that_make_no_sense_are_refused_and_a_run_that_stalls_says_so() {
    let system = || Box::new(linear(Array2::eye(2)));
    let with = |change: fn(&mut FollowOptions)| {
        let mut options = options(10.0, 2);
        change(&mut options);
        FollowEngine::new(system(), vec![1.0, 1.0], options)
    };
    for (key, change) in [
        (
            "step_size",
            (|o| o.step_size = 0.0) as fn(&mut FollowOptions),
        ),
        ("exact_steps", |o| o.exact_steps = 0.5),
        ("blocks", |o| o.blocks[0].1 = [1, 3]),
        ("network", |o| o.degree = Some(2.0)),
        ("degree", |o| o.degree = Some(-1.0)),
        ("kkt_steps", |o| o.kkt_steps = vec![0.5]),
        ("kkt_steps", |o| o.kkt_steps = vec![f64::NAN]),
        ("kkt_steps", |o| o.kkt_steps = vec![-1.0]),
    ] {
        let message = with(change).err().unwrap().to_string();
        assert!(message.starts_with(key), "{key}: {message}");
    }
    // Opposite samples cannot both be fitted.
    let z = ndarray::arr2(&[[1.0, 0.0], [-1.0, 0.0]]);
    let small = FollowOptions {
        exact_steps: 1e3,
        ..options(1e3, 2)
    };
    let mut engine = FollowEngine::new(Box::new(linear(z)), vec![1.0, 1.0], small).unwrap();
    let stop = engine.advance(1e9).unwrap();
    assert!(matches!(stop, Some(StopReason::Stalled { .. })), "{stop:?}");
    let notes = engine.notes();
    assert!(
        notes.last().unwrap().contains("not all samples are fitted"),
        "{notes:?}"
    );
}

//! The runs.

use implicit_bias_lab::config::{Settings, Steps};
use implicit_bias_lab::study::{Effort, StudyRun};

pub(super) const CLEAN: &str = "no noise";
pub(super) const SOME_NOISE: &str = "noise 0.3";
pub(super) const MUCH_NOISE: &str = "noise 0.6";
pub(super) const LARGE_WEIGHTS: &str = "σ₀ = 1";
pub(super) const ALONG: &str = "noise 0.3, along signals too";

/// The panel of the runs that go on in log time.
pub(super) const FAR: &str = "to 10³⁰⁰ steps";
/// Their labels, noise and activations.
pub(super) const FAR_RUNS: [(&str, f64, &str); 3] = [
    ("no noise", 0.0, "huberized-relu"),
    ("noise 0.3", 0.3, "huberized-relu"),
    ("smoothed leaky ReLU, noise 0.3", 0.3, "smoothed-leaky-relu"),
];

/// The panel of the runs on more samples and patches, which are compared at one loss.
pub(super) const AT_ONE_LOSS: &str = "60 samples of 6 patches";
/// Their noise.
pub(super) const NOISES: [f64; 3] = [0.0, 0.1, 0.2];
/// Their patches and coordinates of a patch.
pub(super) const MORE_PATCHES: usize = 6;
pub(super) const MORE_DIM: usize = 200;

/// Signals of each class.
pub(super) const SIGNALS: usize = 2;
/// Patches and coordinates of a patch.
pub(super) const PATCHES: usize = 4;
pub(super) const DIM: usize = 120;
/// Samples and filters of a block.
pub(super) const SAMPLES: usize = 20;
pub(super) const WIDTH: usize = 10;
/// `‖μ‖`.
pub(super) const LENGTH: f64 = 3.0;

/// All runs.
pub(super) fn runs(effort: Effort) -> Vec<StudyRun> {
    let steps = Steps::try_from(effort.pick(1e4, 1e5)).expect("a whole number of steps");
    let base = |noise: f64| {
        Settings::default()
            .with("synthetic", "patches")
            .with("samples", SAMPLES as u64)
            .with("dim", DIM as u64)
            .with("parts", PATCHES as u64)
            .with("signals", SIGNALS as u64)
            .with("signal", LENGTH)
            .with("noise", noise)
            .with("network", "convolution")
            .with("width", WIDTH as u64)
            .with("activation", "huberized-relu")
            .with("init-scale", 1e-4)
            .with("step-size", 20.0)
            .with("steps", steps)
            .with("seed", 1)
    };
    let run = |label: &str, settings: Settings| StudyRun {
        judged: true,
        panel: label.to_owned(),
        label: label.to_owned(),
        parameter: 0.0,
        settings,
    };
    let at_one_loss = NOISES.map(|noise| {
        let settings = base(noise)
            .with("samples", 60)
            .with("dim", MORE_DIM as u64)
            .with("parts", MORE_PATCHES as u64)
            .with(
                "steps",
                Steps::try_from(effort.pick(2e3, 1e4)).expect("whole"),
            )
            .with("record", 200);
        StudyRun {
            panel: AT_ONE_LOSS.to_owned(),
            ..run(&format!("{AT_ONE_LOSS}, noise {noise}"), settings)
        }
    });
    let far = FAR_RUNS.map(|(label, noise, activation)| {
        let horizon = Steps::try_from(1e300).expect("a whole number of steps");
        let settings = base(noise)
            .with("activation", activation)
            .with("steps", horizon)
            .with("exact-steps", steps);
        StudyRun {
            panel: FAR.to_owned(),
            ..run(&format!("{FAR}, {label}"), settings)
        }
    });
    let mut runs = vec![
        run(CLEAN, base(0.0)),
        run("noise 0.1", base(0.1)),
        run(SOME_NOISE, base(0.3)),
        run(MUCH_NOISE, base(0.6)),
        run(LARGE_WEIGHTS, base(0.3).with("init-scale", 1.0)),
        run("q = 2", base(0.3).with("exponent", 2.0)),
        run("ReLU", base(0.3).with("activation", "relu")),
        run(ALONG, base(0.3).with("noise-on-signals", true)),
    ];
    runs.extend(far);
    runs.extend(at_one_loss);
    runs
}

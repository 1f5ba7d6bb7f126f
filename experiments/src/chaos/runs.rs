//! The runs.

use implicit_bias_lab::config::{Settings, Steps};
use implicit_bias_lab::study::{Effort, StudyRun};

/// The panel of the network of one quadratic neuron on orthonormal samples.
pub(super) const ONE_NEURON: &str = "one neuron, orthonormal samples";
/// The panel of the network with a teacher.
pub(super) const TEACHER: &str = "three neurons, a teacher";

/// The panel of networks on samples that are not orthogonal, with a teacher.
pub(super) const DENSE: &str = "Gaussian samples, a teacher";

/// Widths and step sizes of the networks on Gaussian samples: the largest `a` of a sample is 0.8 and
/// 0.9 for one neuron, 0.9 and 1.5 for three.
const DENSE_RUNS: [(u64, f64); 4] = [(1, 6.94), (1, 7.81), (3, 23.4), (3, 39.0)];

/// The step sizes of the runs: 36, 48 and 60 are found in the paper.
pub(super) const STEPS: [f64; 5] = [30.0, 36.0, 48.0, 60.0, 68.0];

/// A step size past which predictions have no bound: of a run that is no part of the report's runs,
/// as it ends early.
pub(super) const DIVERGENT: f64 = 81.0;

/// `n` and `d`, as found in the paper.
pub(super) const SAMPLES: usize = 80;
const DIM: u64 = 100;

/// All runs.
pub(super) fn runs(effort: Effort) -> Vec<StudyRun> {
    let steps = Steps::try_from(effort.pick(2e3, 2e4)).expect("a whole number of steps");
    let base = Settings::default()
        .with("synthetic", "quadratic-teacher")
        .with("samples", SAMPLES as u64)
        .with("dim", DIM)
        .with("orthogonal-samples", true)
        .with("network", "quadratic")
        .with("loss", "squared")
        .with("init-scale", 0.2)
        .with("steps", steps)
        .with("seed", 1);
    let run = |panel: &str, label: String, settings: Settings| StudyRun {
        judged: true,
        panel: panel.to_owned(),
        label,
        parameter: 0.0,
        settings,
    };
    let mut runs: Vec<StudyRun> = STEPS
        .iter()
        .map(|&eta| {
            let settings = base
                .clone()
                .with("equal-targets", true)
                .with("width", 1)
                .with("step-size", eta);
            run(ONE_NEURON, format!("η = {eta}"), settings)
        })
        .collect();
    let teacher = base.clone().with("width", 3).with("step-size", 60.0);
    runs.push(run(TEACHER, "η = 60".to_owned(), teacher));
    runs.extend(DENSE_RUNS.iter().map(|&(width, eta)| {
        let settings = base
            .clone()
            .without("orthogonal-samples")
            .with("width", width)
            .with("step-size", eta);
        let neurons = if width == 1 { "neuron" } else { "neurons" };
        run(DENSE, format!("{width} {neurons}, η = {eta}"), settings)
    }));
    runs
}

//! The study: its runs, and what it shows of them.

use implicit_bias_lab::config::{Settings, Steps};
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult, StudyRun};

use super::{figures, table};

/// The panel of the network of one quadratic neuron on orthonormal samples.
pub(super) const ONE_NEURON: &str = "one neuron, orthonormal samples";
/// The panel of the network with a teacher.
pub(super) const TEACHER: &str = "three neurons, a teacher";

/// The step sizes of the runs: 36, 48 and 60 are found in the paper.
pub(super) const STEPS: [f64; 5] = [30.0, 36.0, 48.0, 60.0, 68.0];

/// A step size past which predictions have no bound: of a run that is no part of the report's runs,
/// as it ends early.
pub(super) const DIVERGENT: f64 = 81.0;

/// `n` and `d`, as found in the paper.
pub(super) const SAMPLES: usize = 80;
const DIM: u64 = 100;

/// Quadratic neurons at steps in every phase, beside the map that each sample obeys.
pub fn from_stability_to_chaos(effort: Effort) -> Study {
    Study {
        name: "from_stability_to_chaos",
        title: "Five phases of gradient descent as the step grows",
        statement: Statement {
            text: "As the step size grows, gradient descent on quadratic regression goes through \
                   monotone, catapult, periodic, chaotic and divergent phases; in the chaotic one \
                   predictions averaged over time are better than single ones."
                .to_owned(),
            source: "Chen, Balasubramanian, Ghosal & Agrawalla, arXiv:2310.01687; boundaries, cycles \
                     and closed forms derived here"
                .to_owned(),
        },
        setting: format!(
            "f(x) = a Σ_j ⟨w_j, x⟩² on n = 80 orthonormal samples in d = 100 dimensions (n, d and the \
             steps 36, 48, 60 found in the paper), targets 1 or a teacher's, W(0) ~ N(0, 0.04); {} \
             steps (this project's settings). Read as the map below, the paper's steps are a = 0.9, \
             1.2 and 1.5 (our reading)",
            effort.pick("2000", "20,000")
        ),
        paragraphs: vec![
            "With u = κ f, κ = 2 η ‖x‖²/n times the weight of a neuron, and a = κ y, every sample of an \
             orthogonal set obeys u ← u (1 + a − u)² (derived): a network on n orthogonal samples is n \
             maps that know nothing of each other, whatever d and the width are."
                .to_owned(),
            "Boundaries in a: monotone to 2√2 − 2, catapult to 1, period 2 to √5 − 1, doublings to \
             their end, chaos with windows of periods to 2, and no bound beyond (derived). In chaos the \
             Lyapunov exponent is positive, but \"chaotic for all a beyond the doublings\" is false: \
             windows of stable cycles are dense in places, the widest of period 3."
                .to_owned(),
        ],
        runs: runs(effort),
        claims: &[],
        limits: Vec::new(),
        show: Some(show),
        columns: &[],
        figures: |_| Vec::new(),
    }
}

fn runs(effort: Effort) -> Vec<StudyRun> {
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
        judged: false,
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
    let teacher = base.with("width", 3).with("step-size", 60.0);
    runs.push(run(TEACHER, "η = 60".to_owned(), teacher));
    runs
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    Shown {
        paragraphs: table::found(results),
        figures: figures::figures(results),
        tables: table::tables(results),
        files: Vec::new(),
    }
}

//! The study: its runs, and what it shows of them.

use implicit_bias_lab::config::{Settings, Steps};
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult, StudyRun};

use super::{figures, table};

/// Five architectures on one data set, with their degrees of homogeneity.
pub fn any_network_far(effort: Effort) -> Study {
    Study {
        name: "any_network_far",
        title: "Five architectures to step 10³⁰⁰",
        statement: Statement {
            text: "Where does gradient descent take homogeneous networks for which no program says \
                   where it ends: do margins become equal, do layers tend to low rank, and is the \
                   direction that of a Karush–Kuhn–Tucker point?"
                .to_owned(),
            source: "a question of this project; that gradient flow tends in direction to such a \
                     point: Lyu & Li 2020, Ji & Telgarsky 2020"
                .to_owned(),
        },
        setting: format!(
            "10 Gaussian samples in 100 dimensions, labels by coins; ReLU, m = 20, η = 0.1, logistic \
             loss; exact to step 10⁴, log time to {} (this project's settings)",
            effort.pick("10⁴⁰", "10³⁰⁰")
        ),
        paragraphs: vec![
            "All five see the same samples. Log time needs gradients alone; its error estimate is \
             the distance of two trajectories with two lengths of steps. The residual is that of \
             the direction W/‖W‖ from the nonnegative combinations of the gradients of the margins, \
             averaged over a window of small steps: where neurons slide along kinks, gradients at \
             one point would say little."
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

/// The runs. Initial weights of deep networks are larger: small ones stay near the saddle at zero
/// for longer than the exact steps last.
fn runs(effort: Effort) -> Vec<StudyRun> {
    let base = Settings::default()
        .with("synthetic", "gaussian")
        .with("samples", 10)
        .with("dim", 100)
        .with("width", 20)
        .with("activation", "relu")
        .with("step-size", 0.1)
        .with(
            "steps",
            Steps::try_from(effort.pick(1e40, 1e300)).expect("a whole number"),
        )
        .with("record", 2)
        .with("kkt", true)
        .with("seed", 1);
    let run = |label: &str, settings: Settings| StudyRun {
        judged: false,
        panel: label.to_owned(),
        label: label.to_owned(),
        parameter: 0.0,
        settings,
    };
    let deep = |depth: u32, scale: f64| {
        base.clone()
            .with("network", "deep")
            .with("depth", depth)
            .with("init-scale", scale)
    };
    vec![
        run("first layer", base.clone().with("init-scale", 0.01)),
        run(
            "both layers",
            base.clone()
                .with("network", "two-layer-both")
                .with("init-scale", 0.01),
        ),
        run("three layers", deep(2, 0.1)),
        run("four layers", deep(3, 0.15)),
        run(
            "convolution, 4 patches",
            base.clone()
                .with("network", "convolution")
                .with("patches", 4)
                .with("init-scale", 0.01),
        ),
    ]
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    Shown {
        paragraphs: table::found(results),
        figures: figures::figures(results),
        tables: vec![table::table(results)],
        files: Vec::new(),
    }
}

//! The runs.

use implicit_bias_lab::config::{Settings, Steps};
use implicit_bias_lab::study::{Effort, StudyRun};

/// The label of the run by plain gradient descent.
pub(super) const GRADIENT: &str = "gradient descent, 20 sentences";

/// The label of the run on sentences of which one has two targets.
pub(super) const TWO_TARGETS: &str = "20 sentences, one of two targets";

/// The label of the run in which a token has two successors.
pub(super) const TWO_SUCCESSORS: &str = "20 sentences of 8 tokens, one of two successors";

/// Tokens there are, which is the dimension, as found in the paper.
pub(super) const VOCABULARY: f64 = 20.0;

fn steps(number: f64) -> Steps {
    Steps::try_from(number).expect("a whole number of steps")
}

/// Numbers of tokens in the run with two successors: the last is the first token once more.
pub(super) const NUMBERS: u64 = 9;

/// All runs.
pub(super) fn runs(effort: Effort) -> Vec<StudyRun> {
    let first = effort.pick(1e3, 4e3);
    let second = effort.pick(1e4, 5e4);
    let base = |samples: u64| {
        Settings::default()
            .with("synthetic", "sentences")
            .with("samples", samples)
            .with("vocabulary", VOCABULARY as u64)
            .with("length", 6)
            .with("network", "transformer")
            .with("init-scale", 0.0)
            .with("seed", 3)
            .with("record", 60)
    };
    let run = |label: &str, settings: Settings| StudyRun {
        judged: true,
        panel: label.to_owned(),
        label: label.to_owned(),
        parameter: 0.0,
        settings,
    };
    let two_stage = |samples: u64| {
        base(samples)
            .with("optimizer", "two-stage")
            .with("first-steps", first as u64)
            .with("first-step-size", 0.2 / VOCABULARY.sqrt())
            .with("step-size", 0.05 / VOCABULARY.sqrt())
            .with("steps", steps(first + second))
    };
    vec![
        run("20 sentences", two_stage(20)),
        run("40 sentences", two_stage(40)),
        run(TWO_TARGETS, two_stage(20).with("two-targets", true)),
        run(
            TWO_SUCCESSORS,
            two_stage(20)
                .with("vocabulary", NUMBERS)
                .with("two-successors", true),
        ),
        run(
            GRADIENT,
            base(20)
                .with("step-size", 0.5)
                .with("init-scale", 1e-3)
                .with("steps", steps(second)),
        ),
    ]
}

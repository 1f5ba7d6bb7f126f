//! Ten digits by cross-entropy: stable rank by block, margins by class, accuracy on held-out
//! digits.

mod figures;
mod measures;
mod tables;
#[cfg(test)]
mod tests;

use implicit_bias_lab::config::Settings;
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult, System};
use implicit_bias_output::format_number;

use self::measures::ClassTables;
use crate::kou::common::{SLOPE, leaky_panel, run_with, steps};
use crate::kou::held_out;

/// The system of this study alone.
pub const TEN_CLASSES: System = System {
    origin: "A question of this project about networks beside that of Kou, Chen & Gu (NeurIPS \
             2023, arXiv:2310.18935)",
    introduction: "Kou, Chen & Gu (NeurIPS 2023, arXiv:2310.18935) have two classes and make no \
                   claim about several. This report trains networks of ten classes over the first \
                   layer of theirs and measures what their theorems speak of; nothing is judged. \
                   All settings are this project's own.",
    ..super::SYSTEM
};

/// Samples of each digit.
const PER_CLASS: usize = 10;

/// The step size at which the loss falls from the first step on, for these samples, is this many
/// times the width: a step changes scores, which are means over `m` neurons, by an amount
/// proportional to `η/m`.
const STEP_SIZE: f64 = 0.4;

/// Stable rank of each class's block, margins by class and held-out accuracy on the ten digits.
pub fn mnist_ten_classes(effort: Effort) -> Study {
    let width = effort.pick(10, 50);
    let horizon = effort.pick(1e3, 1e5);
    let step_size = STEP_SIZE * width as f64;
    let settings = Settings::default()
        .with("data", "mnist")
        .with("classes", "0,1,2,3,4,5,6,7,8,9")
        .with("per-class", PER_CLASS)
        .with("network", "multi-class")
        .with("init-scale", 1e-4)
        .with("width", width)
        .with("step-size", step_size)
        .with("steps", steps(horizon))
        .with("seed", 0);
    let names = [(Some(SLOPE), leaky_panel(SLOPE)), (None, "ReLU".to_owned())];
    Study {
        name: "mnist_ten_classes",
        title: "Ten digits by cross-entropy",
        statement: Statement {
            text: "With two classes, the paper's theorems say that each block of leaky ReLU tends \
                   to rank one, that a ReLU block's stable rank stays bounded, and that all \
                   normalized margins become equal, on nearly orthogonal data. What happens with \
                   ten classes, one block a class over the same first layer, trained by \
                   cross-entropy on digits?"
                .to_owned(),
            source: "a question of this project; the paper makes no claim about several classes"
                .to_owned(),
        },
        setting: format!(
            "MNIST, {PER_CLASS} training samples of each digit, pixels scaled by 1/255; s_c(x) = \
             (1/m) Σ_r φ(⟨w_c,r, x⟩), m = {width}, one block a class, second layer fixed; σ₀ = \
             10⁻⁴, cross-entropy, full-batch gradient descent, η = {step_size}, T = {} (this \
             project's settings)",
            format_number(horizon)
        ),
        paragraphs: vec![
            "Neurons of a block that have one activation pattern take equal steps, so a block \
             whose neurons all share one has rank one in the limit (derived); the table by class \
             says how many patterns there are. Held-out accuracy is that of the last weights on \
             all test digits."
                .to_owned(),
        ],
        runs: names
            .into_iter()
            .map(|(slope, name)| run_with(slope, name, 0.0, settings.clone()))
            .collect(),
        claims: &[],
        columns: &[
            ("accuracy", "training accuracy"),
            ("loss", "loss"),
            ("weight_norm", "‖W‖_F"),
            ("stable_rank", "SR of the stack"),
        ],
        limits: Vec::new(),
        show: Some(show),
        figures: figures::all,
    }
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    // Without them the rest is still worth showing.
    let (accuracies, note) = match held_out::accuracies(results) {
        Ok(accuracies) => (accuracies.into_iter().map(Some).collect(), None),
        Err(error) => (
            vec![None; results.len()],
            Some(format!("Held-out accuracy is not known: {error}.")),
        ),
    };
    let runs: Vec<ClassTables<'_>> = results.iter().map(ClassTables::of).collect();
    let findings = runs.iter().zip(accuracies);
    let findings = findings.map(|(run, accuracy)| tables::finding(run, accuracy));
    Shown {
        paragraphs: findings.chain(note).collect(),
        tables: vec![tables::by_class(&runs, results), tables::by_step(&runs)],
        ..Shown::default()
    }
}

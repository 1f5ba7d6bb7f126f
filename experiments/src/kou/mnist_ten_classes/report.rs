//! The experiment in words, tables, figures and files.

use std::fmt::Write as _;

use implicit_bias_model::Weights;

use super::figures::figures;
use super::measures::{Gaps, range};
use super::settings::{Samples, TenClasses};
use super::train::ClassRun;
use implicit_bias_lab::report::{
    ReportFigure, ReproductionReport, Section, Statement, Table, reproduction_report,
};
use implicit_bias_lab::{LabError, RunDirectory};
use implicit_bias_output::format_number;

/// What is asked.
pub(super) const QUESTION: &str = "\
With two classes, the paper's theorems say that each block of leaky ReLU tends to rank one, that a \
ReLU block's stable rank stays bounded, and that all normalized margins become equal, on nearly \
orthogonal data. What happens with ten classes, one block a class over the same first layer, \
trained by cross-entropy on digits?";

/// Who asks.
pub(super) const SOURCE: &str =
    "a question of this project; the paper makes no claim about several classes";

/// The title of the experiment.
pub(super) const TITLE: &str = "Ten digits by cross-entropy";

impl TenClasses {
    /// The settings in words.
    pub(super) fn words(&self) -> String {
        format!(
            "MNIST, {} training samples of each digit, pixels scaled by 1/255; s_c(x) = (1/m) Σ_r \
             φ(⟨w_c,r, x⟩), m = {}, one block a class, second layer fixed; σ₀ = {}, cross-entropy, \
             full-batch gradient descent, η = {}, T = {}, seed {} (this project's settings)",
            self.per_class,
            self.width,
            format_number(self.init_scale),
            format_number(self.step_size),
            format_number(self.steps),
            self.seed
        )
    }
}

/// Writes tables, weights, figures and `report.html` of finished runs, and returns what a terminal
/// should show.
///
/// # Errors
///
/// [`LabError::Write`] if a file cannot be written, [`LabError::Plot`] or [`LabError::Report`] if
/// one cannot be made.
pub fn write(
    settings: &TenClasses,
    samples: &Samples,
    runs: &[ClassRun],
    command: &str,
    directory: &RunDirectory,
) -> Result<String, LabError> {
    let mut classes = String::from("sample,class\n");
    for (sample, &class) in samples.train.class().iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(classes, "{sample},{class}");
    }
    directory.write("classes.csv", classes.as_bytes())?;
    for run in runs {
        let folder = folder(&run.name);
        let write =
            |name: &str, content: &[u8]| directory.write(&format!("runs/{folder}/{name}"), content);
        write("series.csv", run.trajectory.series.to_csv().as_bytes())?;
        write("margins.csv", run.trajectory.margins.to_csv().as_bytes())?;
        write(
            "weights.safetensors",
            &Weights::to_safetensors(&run.weights),
        )?;
    }
    let mut drawn = Vec::new();
    for figure in figures(runs, samples) {
        let rendered = ReportFigure::new(&figure)?;
        let name = format!("figures/{}.svg", figure.name);
        directory.write(&name, rendered.svg().as_bytes())?;
        drawn.push(rendered);
    }
    let tables = vec![
        ends(runs, samples),
        by_class(runs, samples),
        by_step(runs, samples),
    ];
    let found: Vec<String> = runs.iter().map(|run| finding(run, samples)).collect();
    let geometry = format!(
        "The samples are not nearly orthogonal: R_min²/(n p) = {}, R_max/R_min = {}. Neurons of a \
         block that have one activation pattern take equal steps, so a block whose neurons all \
         share one has rank one in the limit (derived); the table by class says how many patterns \
         there are.",
        format_number(samples.geometry.ratio),
        format_number(samples.geometry.norm_ratio)
    );
    let text = tables
        .iter()
        .map(|table| table.to_text() + "\n")
        .chain(found.iter().map(|line| format!("{line}\n")))
        .collect();
    let report = ReproductionReport {
        title: TITLE.to_owned(),
        origin: "A question of this project about a network beside that of".to_owned(),
        sections: vec![Section {
            heading: TITLE.to_owned(),
            statement: Some(Statement {
                text: QUESTION.to_owned(),
                source: SOURCE.to_owned(),
            }),
            setting: settings.words(),
            paragraphs: [vec![geometry], found].concat(),
            figures: drawn,
            tables,
            findings: Vec::new(),
        }],
        provenance: provenance(runs),
        command: command.to_owned(),
        ..ReproductionReport::default()
    };
    directory.write("report.html", reproduction_report(&report)?.as_bytes())?;
    Ok(text)
}

fn provenance(runs: &[ClassRun]) -> Vec<(String, String)> {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let gradient = runs.first().map_or("none", |run| run.gradient);
    vec![
        pair("implicit-bias", env!("CARGO_PKG_VERSION")),
        pair(
            "commit",
            option_env!("IMPLICIT_BIAS_COMMIT").unwrap_or("unknown"),
        ),
        pair("gradient", gradient),
    ]
}

/// A name as a folder: `leaky-relu`.
fn folder(name: &str) -> String {
    let kind = name.split(',').next().unwrap_or(name);
    kind.to_lowercase().replace(' ', "-")
}

fn decimals(value: f64) -> String {
    if value.is_nan() {
        "—".to_owned()
    } else {
        format!("{value:.4}").replace('-', "−")
    }
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

/// The runs at their last step.
fn ends(runs: &[ClassRun], samples: &Samples) -> Table {
    let row = |run: &ClassRun| {
        let last = |column| run.trajectory.series.last(column).unwrap_or(f64::NAN);
        vec![
            run.name.clone(),
            run.trajectory.stop.to_string(),
            format_number(last("accuracy")),
            decimals(run.held_out_accuracy),
            format_number(last("loss")),
            format_number(last("weight_norm")),
            decimals(last("stable_rank")),
        ]
    };
    Table {
        caption: format!(
            "At the last step. Accuracy on n = {} training and {} held-out samples; SR: stable \
             rank.",
            samples.train.samples(),
            samples.held_out_class.len()
        ),
        header: texts([
            "network",
            "ended",
            "training accuracy",
            "held-out accuracy",
            "loss",
            "‖W‖_F",
            "SR of the stack",
        ]),
        rows: runs.iter().map(row).collect(),
    }
}

/// Stable rank and margins of each class at the last step.
fn by_class(runs: &[ClassRun], samples: &Samples) -> Table {
    let names = samples.train.names();
    let mut header = vec!["class".to_owned()];
    let mut columns: Vec<Vec<String>> = Vec::new();
    for run in runs {
        let kind = run.name.split(',').next().unwrap_or(&run.name);
        for (column, heading) in [
            ("stable_rank", "SR"),
            ("margin_min", "smallest"),
            ("margin_max", "largest"),
        ] {
            header.push(format!("{heading}, {kind}"));
            let last = run.last_row().unwrap_or_default();
            let values = run.by_class(column, names.len(), last);
            columns.push(values.into_iter().map(decimals).collect());
        }
        header.push(format!("patterns, {kind}"));
        columns.push(run.patterns.iter().map(usize::to_string).collect());
    }
    let row = |(class, name): (usize, &String)| {
        let values = columns.iter().map(|column| column[class].clone());
        std::iter::once(name.clone()).chain(values).collect()
    };
    Table {
        caption: "At the last step: stable rank (SR) of each class's block, smallest and largest \
             normalized margin of its training samples, and how many different activation patterns \
             on all training samples the neurons of the block have."
            .to_owned(),
        header,
        rows: names.iter().enumerate().map(row).collect(),
    }
}

/// How ranks and gaps moved, at powers of ten and the last step.
fn by_step(runs: &[ClassRun], samples: &Samples) -> Table {
    let classes = samples.train.names().len();
    let mut rows = Vec::new();
    for run in runs {
        let gaps = run.gaps(samples.train.class());
        for (index, (step, gaps)) in gaps.iter().enumerate() {
            let power = *step >= 1.0 && step.log10().fract() == 0.0;
            if !(power || index + 1 == run.trajectory.margins.len()) {
                continue;
            }
            let [low, high] = range(&run.by_class("stable_rank", classes, index));
            let Gaps {
                all,
                within,
                across,
            } = *gaps;
            let mut row = vec![run.name.clone(), format_number(*step)];
            let growth = run.growth_gap(index);
            row.extend([low, high, all, within, across, growth].map(decimals));
            rows.push(row);
        }
    }
    Table {
        caption: "Range of the blocks' stable ranks (SR), and ranges of normalized margins \
                  relative to their mean: of all samples, the widest within a class, of the means \
                  of the classes. Growth: the range, relative to its mean, of how much the margins \
                  grew over the last decade of steps; it is the gap they tend to if they go on so, \
                  0 if they become equal."
            .to_owned(),
        header: texts([
            "network",
            "step t",
            "smallest SR",
            "largest SR",
            "gap, all",
            "within",
            "across",
            "gap of growth",
        ]),
        rows,
    }
}

/// What a run showed, in a sentence of numbers.
fn finding(run: &ClassRun, samples: &Samples) -> String {
    let Some(last) = run.last_row() else {
        return format!("{}: nothing was recorded.", run.name);
    };
    let classes = samples.train.names().len();
    let gaps = run.gaps(samples.train.class());
    let [low, high] = range(&run.by_class("stable_rank", classes, last));
    let (step, gap) = gaps[last];
    // The trend: everything here moves with log t.
    let trend = run.decade_before(last).map_or(String::new(), |row| {
        let [low, high] = range(&run.by_class("stable_rank", classes, row));
        let (earlier, gap) = gaps[row];
        format!(
            " A decade before, at step {}, they were {} to {}, and the gaps {}, {} and {}; since \
             then margins grew by amounts that range by {} of their mean.",
            format_number(earlier),
            decimals(low),
            decimals(high),
            decimals(gap.all),
            decimals(gap.within),
            decimals(gap.across),
            decimals(run.growth_gap(last))
        )
    });
    format!(
        "{}, step {}: stable ranks of the blocks from {} to {}; range of the normalized margins {} \
         of their mean over all samples, at most {} within a class, {} between the means of the \
         classes; held-out accuracy {}.{trend}",
        run.name,
        format_number(step),
        decimals(low),
        decimals(high),
        decimals(gap.all),
        decimals(gap.within),
        decimals(gap.across),
        decimals(run.held_out_accuracy)
    )
}

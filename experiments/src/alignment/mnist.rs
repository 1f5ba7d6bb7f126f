//! The paper's timeline on real images: MNIST digits 0 and 1.

use implicit_bias_data::mnist;
use implicit_bias_lab::config::Settings;
use implicit_bias_lab::report::{Statement, Table};
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult, StudyRun};
use implicit_bias_output::format_number;
use implicit_bias_plot::{Axis, Figure, Layer, Panel, Style};

use super::runs::WIDTH;
use super::study::PAPER;

/// A mean cosine of at least this with the sum of the own class counts as aligned.
const ALIGNED: f64 = 0.99;

/// The loss begins to fall at this share of its initial value.
const FALLS: f64 = 0.9;

/// The steps that the figure shows.
const SHOWN: f64 = 6000.0;

/// What is found in the paper, as steps: neurons are aligned, the loss falls.
const PUBLISHED: [f64; 2] = [2000.0, 3000.0];

/// How far from these a run may be, as a factor: the paper's are read off a figure.
const TOLERANCE: f64 = 1.5;

/// The loss, the stable rank and the directions of neurons on centred digits.
pub fn early_alignment_mnist(effort: Effort) -> Study {
    let (count, steps) = effort.pick((20, 6000), (200, 15_000));
    let settings = Settings::default()
        .with("data", mnist::NAME)
        .with("positive", "0")
        .with("negative", "1")
        .with("per-class", count)
        .with("centre", true)
        .with("network", "two-layer-both")
        .with("activation", "relu")
        .with("width", WIDTH)
        .with("neurons", true)
        .with("init-scale", 1e-6)
        .with("loss", "exponential")
        .with("step-size", 2e-3)
        .with("steps", f64::from(steps))
        .with("record", 40)
        .with("seed", 0);
    let run = StudyRun {
        panel: "MNIST 0 against 1".to_owned(),
        label: format!("{count} + {count} digits"),
        parameter: 0.0,
        settings,
        judged: false,
    };
    Study {
        runs: vec![run],
        setting: format!(
            "MNIST digits 0 (+1) and 1 (−1), centred by the mean of the pixels, h = 50, entries \
             N(0, 10⁻¹²) in both layers (not balanced), η = 0.002 (found in the paper); {count} \
             digits of each class, mean of exponential losses, {steps} steps (this project's \
             settings: the paper's are not stated)"
        ),
        show: Some(show),
        ..without_runs()
    }
}

/// The study where the images are at hand, and one that says how to get them where they are not.
pub(super) fn where_at_hand(effort: Effort) -> Study {
    let folder = mnist::default_dir();
    let is_there = |folder: &std::path::Path| {
        let mut files = mnist::FILES[..2].iter();
        files.all(|file| mnist::find(folder, file).is_some())
    };
    if folder.as_deref().is_some_and(is_there) {
        return early_alignment_mnist(effort);
    }
    Study {
        paragraphs: vec![
            "Left out: the images are not at hand. `implicit-bias fetch mnist` (cargo run \
             --release -- fetch mnist) brings them, and the same command then trains on them; the \
             experiment early_alignment_mnist takes the folder that has them by --data-dir."
                .to_owned(),
        ],
        ..without_runs()
    }
}

fn without_runs() -> Study {
    Study {
        name: "early_alignment_mnist",
        title: "The timeline on real images",
        statement: Statement {
            text:
                "On digits 0 and 1 of MNIST neurons are aligned after about 2000 steps, the loss \
                   falls after about 3000, and the stable rank of the hidden layer comes near 1."
                    .to_owned(),
            source: format!("{PAPER}, an experiment: figures, found there"),
        },
        setting: "MNIST digits 0 and 1, centred; h = 50, entries N(0, 10⁻¹²), η = 0.002".to_owned(),
        paragraphs: vec![
            "No theorem is about this run: centred digits of different classes are partly at acute \
             angles, and the layers are not balanced. Aligned means here that the mean over the \
             neurons of the cosine with the sum of the images of their class is 0.99, where the \
             class is the sign that the outer weight has by then (ours). The paper does not say \
             which loss it is in its figure; with the mean of exponential losses its times come \
             out, with logistic ones they are twice as long (derived here)."
                .to_owned(),
        ],
        runs: Vec::new(),
        claims: &[],
        limits: Vec::new(),
        show: None,
        columns: &[],
        figures: |_| Vec::new(),
    }
}

/// The first recorded step at which a column passes a test.
fn first(result: &StudyResult<'_>, column: &str, test: impl Fn(f64) -> bool) -> Option<f64> {
    let values = result.record.series.column(column)?;
    let row = values.iter().position(|value| test(*value))?;
    Some(result.record.series.steps()[row])
}

/// The steps at which neurons are aligned and at which the loss falls.
fn timeline(result: &StudyResult<'_>) -> [Option<f64>; 2] {
    let initial = result.record.series.first("loss").unwrap_or(f64::NAN);
    [
        first(result, "own_centre_cosine_mean", |cosine| cosine >= ALIGNED),
        first(result, "loss", |loss| loss <= FALLS * initial),
    ]
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    let Some(result) = results.first() else {
        return Shown::default();
    };
    Shown {
        paragraphs: Vec::new(),
        figures: vec![figure(result)],
        tables: vec![table(result)],
        files: Vec::new(),
    }
}

fn table(result: &StudyResult<'_>) -> Table {
    let last = |name: &str| result.record.series.last(name);
    let number = |value: Option<f64>| value.map_or("—".to_owned(), format_number);
    let within = |found: Option<f64>, published: f64| match found {
        Some(found) if (found / published).max(published / found) <= TOLERANCE => "✓",
        Some(_) => "✗",
        None => "—",
    };
    let [aligned, falls] = timeline(result);
    let rank = last("stable_rank_hidden");
    let near_one = rank.map_or("—", |rank| if rank <= 1.1 { "✓" } else { "✗" });
    let row = |what: &str, published: &str, found: String, agrees: &str| {
        [what, published, &found, agrees]
            .map(str::to_owned)
            .to_vec()
    };
    Table {
        caption: format!(
            "The paper's figures (found there) and this run, at step {} for the last two rows. \
             Times agree within a factor of {TOLERANCE}, the rank up to 1.1 (ours).",
            number(last("step"))
        ),
        header: ["what", "published", "measured", "agrees"]
            .map(str::to_owned)
            .to_vec(),
        rows: vec![
            row(
                "neurons aligned at step",
                "about 2000",
                number(aligned),
                within(aligned, PUBLISHED[0]),
            ),
            row(
                "loss falls at step",
                "about 3000",
                number(falls),
                within(falls, PUBLISHED[1]),
            ),
            row(
                "stable rank of the hidden layer",
                "near 1",
                number(rank),
                near_one,
            ),
            row("loss", "—", number(last("loss")), "—"),
        ],
    }
}

fn figure(result: &StudyResult<'_>) -> Figure {
    let column = |name: &str| -> Vec<[f64; 2]> {
        let values = result.record.series.column(name).unwrap_or_default();
        let rows = result.record.series.steps().into_iter().zip(values);
        rows.filter(|(step, _)| *step <= SHOWN)
            .map(|(step, value)| [step, value])
            .collect()
    };
    let event = |label: &str, at: Option<f64>| {
        at.map(|at| Layer::Event {
            label: label.to_owned(),
            at,
        })
    };
    let [aligned, falls] = timeline(result);
    let with = |curve: Layer, events: [Option<Layer>; 2]| {
        events.into_iter().flatten().chain([curve]).collect()
    };
    let step = || Axis::linear("step");
    let curve = |index, name| Layer::curve("", column(name), Style::of(index));
    let panels = vec![
        Panel::new(
            step(),
            Axis::linear("mean cosine").with_range(0.0, 1.2),
            with(
                curve(0, "own_centre_cosine_mean"),
                [event("aligned", aligned), None],
            ),
        )
        .with_title("neurons with their class"),
        Panel::new(
            step(),
            Axis::linear("loss").with_range(0.0, 1.2),
            with(curve(1, "loss"), [event("falls", falls), None]),
        )
        .with_title("loss"),
        Panel::new(
            step(),
            Axis::log("stable rank"),
            with(
                curve(2, "stable_rank_hidden"),
                [event("", aligned), event("", falls)],
            ),
        )
        .with_title("hidden layer"),
    ];
    Figure::new("timeline", "First directions, then the loss", panels).with_caption(
        "Digits 0 and 1: the mean cosine of neurons with the sum of the images of their class, the \
         loss, and the stable rank of the hidden layer. Vertical lines: aligned (mean cosine \
         0.99), and the loss at 0.9 of its initial value.",
    )
}

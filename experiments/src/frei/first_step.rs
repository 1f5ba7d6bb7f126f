//! The stable rank in the first steps, over the dimension and over the initialization.

use implicit_bias_claims::frei::ids::FIRST_STEP;
use implicit_bias_lab::report::{Statement, Table};
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult, StudyRun};
use implicit_bias_output::format_number;
use implicit_bias_plot::{Axis, Colour, Dash, Figure, Layer, Panel, Style};

use super::law::FirstStep;
use super::settings::{
    NEURONS, PAPER, SAMPLES, SLOPE, clusters, network, run, steps, usual_deviation,
};

/// The runs over the dimension, at `ω_TF/50` and `α = 0.01`.
const DIMENSIONS: &str = "over the dimension";
/// The runs over the initialization, at `d = 10⁴` and `α = 0.16`.
const INITIALIZATIONS: &str = "over the initialization";

/// Steps that are taken.
const HORIZON: f64 = 10.0;

/// How far the law may be from a run, relative.
const TOLERANCE: f64 = 0.03;

/// The stable rank of the first steps, over the dimension and over the initialization.
pub fn stable_rank_of_the_first_step(effort: Effort) -> Study {
    Study {
        name: "stable_rank_of_the_first_step",
        title: "The first step lowers the stable rank, the more the higher the dimension and the \
                smaller the initialization",
        statement: Statement {
            text: "From a small initialization the stable rank of a two-layer leaky ReLU network \
                   drops at the first step of gradient descent; the drop grows with the dimension, \
                   and with a smaller initialization."
                .to_owned(),
            source: PAPER.to_owned(),
        },
        setting: format!(
            "Found in the figure's caption: n = {SAMPLES}, ‖μ‖ = d^0.26; over the dimension, initial \
             weights 50 times below ω_TF and α = 0.01; over the initialization, d = {} and α = 0.16. \
             Recalled, unverified: m = {NEURONS} neurons with outputs ±1/√m, smoothed leaky ReLU \
             with γ = 0.1, 15 % of the labels of each cluster flipped, means of equal entries, ω_TF = \
             √(2/(m + d)). Ours: seed 0, {HORIZON} steps{}",
            dim_of_initializations(effort),
            effort.pick(
                "; quick: d to 6400, and 2500 instead of the caption's 10⁴ over the initialization",
                "; d = 10⁴ as in the caption"
            )
        ),
        paragraphs: vec![
            "The law beside the runs is derived here: the step is a matrix of rank one on Gaussian \
             weights. The verdict on the first step is refuted where the initialization is as large \
             as the usual one, c = ω/ω_TF ≥ 1, which the claim is not about; thresholds are ours."
                .to_owned(),
        ],
        runs: runs(effort),
        claims: &[FIRST_STEP],
        limits: Vec::new(),
        show: Some(show),
        columns: &[],
        figures: |_| Vec::new(),
    }
}

fn dim_of_initializations(effort: Effort) -> usize {
    effort.pick(2500, 10_000)
}

fn base(dim: usize, deviation: f64, step_size: f64) -> implicit_bias_lab::config::Settings {
    clusters(network(NEURONS), SAMPLES, dim)
        .with("activation", "smoothed-leaky-relu")
        .with("init-scale", deviation)
        .with("step-size", step_size)
        .with("steps", steps(HORIZON))
        .with("record", 0)
}

fn runs(effort: Effort) -> Vec<StudyRun> {
    let mut runs = Vec::new();
    let dims: &[usize] = effort.pick(&[100, 400, 1600, 6400], &[100, 400, 1600, 6400, 25_600]);
    for &dim in dims {
        let settings = base(dim, usual_deviation(NEURONS, dim) / 50.0, 0.01);
        runs.push(run(DIMENSIONS, format!("d = {dim}"), dim as f64, settings));
    }
    let dim = dim_of_initializations(effort);
    let shares: &[f64] = effort.pick(
        &[0.01, 0.1, 1.0],
        &[0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 1.0],
    );
    for &share in shares {
        let settings = base(dim, share * usual_deviation(NEURONS, dim), 0.16);
        runs.push(run(
            INITIALIZATIONS,
            format!("c = {share}"),
            share,
            settings,
        ));
    }
    runs
}

/// A run beside the law.
struct Point<'a> {
    result: &'a StudyResult<'a>,
    law: f64,
    steps: Vec<f64>,
    ranks: Vec<f64>,
}

impl Point<'_> {
    fn rank_at(&self, step: f64) -> f64 {
        let place = self.steps.iter().position(|&at| at == step);
        place.map_or(f64::NAN, |place| self.ranks[place])
    }

    /// The relative error of the law at step 1.
    fn error(&self) -> f64 {
        self.law / self.rank_at(1.0) - 1.0
    }
}

fn points<'a>(results: &'a [StudyResult<'a>]) -> Vec<Point<'a>> {
    let mut known: Option<(u64, implicit_bias_data::TrainingSet)> = None;
    let mut points = Vec::new();
    for result in results {
        let config = &result.record.config;
        let settings = &result.run.settings;
        let [dim, deviation, step_size] =
            ["dim", "init-scale", "step-size"].map(|key| settings.number(key).unwrap_or(f64::NAN));
        // Runs over the initialization share their samples.
        if known.as_ref().is_none_or(|(of, _)| *of != dim as u64) {
            known = config.load_data().ok().map(|data| (dim as u64, data));
        }
        let data = known.as_ref().and_then(|(_, data)| data.signs());
        let law = data.map(|data| FirstStep::of(data, NEURONS, deviation, step_size, SLOPE));
        points.push(Point {
            result,
            law: law.map_or(f64::NAN, |law| law.stable_rank()),
            steps: result.record.series.steps(),
            ranks: result
                .record
                .series
                .column("stable_rank")
                .unwrap_or_default(),
        });
    }
    points
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    let points = points(results);
    let worst = points
        .iter()
        .map(|point| point.error().abs())
        .fold(0.0, f64::max);
    let within = points
        .iter()
        .filter(|point| point.error().abs() <= TOLERANCE)
        .count();
    let of = |panel: &str, step: f64| -> Vec<f64> {
        let own = points
            .iter()
            .filter(|point| point.result.run.panel == panel);
        own.map(|point| point.rank_at(step) / point.rank_at(0.0))
            .collect()
    };
    let falls = of(DIMENSIONS, 1.0)
        .windows(2)
        .all(|pair| pair[1] < pair[0] + 1e-2);
    let rises = of(INITIALIZATIONS, 1.0)
        .windows(2)
        .all(|pair| pair[0] < pair[1]);
    let words = |holds: bool| if holds { "holds" } else { "does not hold" };
    Shown {
        paragraphs: vec![
            format!(
                "That the drop grows with the dimension {} on these runs, up to 0.01 of the initial \
                 stable rank; that it grows with a smaller initialization {}.",
                words(falls),
                words(rises)
            ),
            format!(
                "The law of the first step (derived here) is within {} % of {within} of {} runs; its \
                 largest relative error is {}.",
                100.0 * TOLERANCE,
                points.len(),
                format_number(worst)
            ),
        ],
        figures: vec![curves(&points), against_law(&points)],
        tables: vec![table(&points)],
        files: Vec::new(),
    }
}

fn table(points: &[Point<'_>]) -> Table {
    let rows = points.iter().map(|point| {
        let before = point.rank_at(0.0);
        let mut row = vec![
            format!("{}, {}", point.result.run.panel, point.result.run.label),
            format!("{before:.1}"),
        ];
        let shares = [1.0, 2.0, 5.0, HORIZON].map(|step| point.rank_at(step) / before);
        row.extend(shares.map(|share| format!("{share:.3}")));
        row.push(format!("{:.2}", point.rank_at(1.0)));
        row.push(format!("{:.2}", point.law));
        row.push(format!("{:.2} %", 100.0 * point.error()).replace('-', "−"));
        row
    });
    let header = [
        "run",
        "SR(0)",
        "SR(1)/SR(0)",
        "SR(2)/SR(0)",
        "SR(5)/SR(0)",
        "SR(10)/SR(0)",
        "SR(1)",
        "law",
        "error of the law",
    ];
    Table {
        caption:
            "The stable rank SR of all weights stacked, and the law of the first step (derived \
                  here)."
                .to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

fn of_panel<'a, 'b>(points: &'a [Point<'b>], panel: &'a str) -> Vec<&'a Point<'b>> {
    points
        .iter()
        .filter(|point| point.result.run.panel == panel)
        .collect()
}

/// The stable rank over its initial value against the step.
fn curves(points: &[Point<'_>]) -> Figure {
    let panel = |name: &str| {
        let own = of_panel(points, name);
        let layers = own.iter().enumerate().map(|(rank, point)| {
            let style = Style {
                colour: Colour::Ordered {
                    rank,
                    of: own.len(),
                },
                ..Style::of(rank)
            };
            let rows = point.steps.iter().zip(&point.ranks);
            let rows = rows.map(|(&step, &value)| [step, value / point.rank_at(0.0)]);
            Layer::Points {
                label: point.result.run.label.clone(),
                points: rows.collect(),
                errors: Vec::new(),
                joined: true,
                style,
            }
        });
        let y = Axis::log("stable rank(t)/stable rank(0)").with_range(2e-3, 1.5);
        Panel::new(
            Axis::linear("step t").with_range(0.0, HORIZON),
            y,
            layers.collect(),
        )
        .with_title(name)
    };
    Figure::new(
        "curves",
        "The stable rank in the first ten steps",
        vec![panel(DIMENSIONS), panel(INITIALIZATIONS)],
    )
    .with_caption(
        "Left: initial weights 50 times below ω_TF, α = 0.01. Right: α = 0.16, initial weights \
         c ω_TF.",
    )
    .sharing_y()
}

/// The stable rank after the first step and its law.
fn against_law(points: &[Point<'_>]) -> Figure {
    let panel = |name: &str, label: &str| {
        let own = of_panel(points, name);
        let of = |value: &dyn Fn(&Point<'_>) -> f64| -> Vec<[f64; 2]> {
            own.iter()
                .map(|point| [point.result.run.parameter, value(point)])
                .collect()
        };
        let layers = vec![
            Layer::curve(
                "the law (derived)",
                of(&|point| point.law),
                Style::reference().with_dash(Dash::Dashed),
            ),
            Layer::Points {
                label: "runs".to_owned(),
                points: of(&|point| point.rank_at(1.0)),
                errors: Vec::new(),
                joined: false,
                style: Style::of(0),
            },
        ];
        Panel::new(
            Axis::log(label),
            Axis::log("stable rank after the first step"),
            layers,
        )
        .with_title(name)
    };
    Figure::new(
        "law",
        "The stable rank after the first step and its law",
        vec![
            panel(DIMENSIONS, "dimension d"),
            panel(INITIALIZATIONS, "initialization c = ω/ω_TF"),
        ],
    )
    .with_caption("The law is computed from the samples, the widths and the step size alone.")
}

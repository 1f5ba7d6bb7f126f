//! The rank from the first step to 10³⁰⁰ steps, and the limit.

use implicit_bias_claims::frei::ids::{EQUAL_MARGINS, FIRST_STEP, LASTING_RANK, TWO_DIRECTIONS};
use implicit_bias_lab::config::Settings;
use implicit_bias_lab::report::{Statement, Table};
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult, StudyRun};
use implicit_bias_output::format_number;
use implicit_bias_plot::{Axis, Figure, Layer, Panel, Style};

use super::boundary::boundary;
use super::increments::{stacked, third_singular_value};
use super::settings::{PAPER, SAMPLES, SLOPE, clusters, network, run, steps, usual_deviation};

/// Leaky ReLU to 10³⁰⁰ steps.
const FAR: &str = "leaky ReLU";
/// Smoothed leaky ReLU, every step.
const SMOOTHED: &str = "smoothed leaky ReLU";
/// The same runs to fewer steps, for what they add in between.
const EARLIER: &str = "earlier";
const LATER: &str = "later";

const ORTHOGONAL: &str = "orthogonal samples";
const CLUSTERS: &str = "clusters, n = 10, d = 6000";
const COUNTEREXAMPLE: &str = "counterexample, n = 12, d = 40";
const FIGURE: &str = "the figure's samples, n = 100";

/// Low rank from the first step to 10³⁰⁰ steps, two directions in the limit, and a counterexample.
pub fn low_rank_for_ever(effort: Effort) -> Study {
    Study {
        name: "low_rank_for_ever",
        title: "On nearly orthogonal samples the limit has two directions and equal margins",
        statement: Statement {
            text: "On nearly orthogonal samples gradient flow takes a leaky ReLU network to rank 2 at \
                   most and equal margins, and its decision boundary is linear."
                .to_owned(),
            source: PAPER.to_owned(),
        },
        setting: format!(
            "Outputs ±1/√m (recalled, unverified); γ = 0.1, logistic loss; gradient descent with \
             small steps stands for the flow; everything else is this project's: 12 neurons, initial \
             weights of 10⁻⁴, to 10³⁰⁰ steps in Gram coordinates, then log time; smoothed leaky ReLU \
             to 2·10⁴ steps; {}",
            effort.pick(
                "quick: the figure's samples in d = 2500 with 64 neurons",
                "the figure's samples in d = 10⁴ with 512 neurons"
            )
        ),
        paragraphs: vec![
            "The condition of the theorem, as recalled, holds on the orthogonal samples alone. The \
             counterexample is far from it: there its claim on two directions must be refuted, while \
             its margins become equal all the same. The limit is that of a convex program, derived \
             here; verdicts on it are given only where the activation pattern is proven to last."
                .to_owned(),
            "The part of the initial weights that is orthogonal to all samples never moves, so that \
             the weights themselves reach rank 2 like 1/log t; what a run adds between two steps has \
             no such part."
                .to_owned(),
        ],
        runs: runs(effort),
        claims: &[FIRST_STEP, LASTING_RANK, TWO_DIRECTIONS, EQUAL_MARGINS],
        limits: limits(effort),
        show: Some(show),
        columns: &[],
        figures: |_| Vec::new(),
    }
}

/// The problems to follow, each with its name.
fn problems(effort: Effort) -> Vec<(&'static str, Settings)> {
    let small = |settings: Settings| settings.with("init-scale", 1e-4).with("step-size", 0.02);
    let (neurons, dim) = effort.pick((64, 2500), (512, 10_000));
    let of_figure = clusters(network(neurons), SAMPLES, dim)
        .with("init-scale", 0.01 * usual_deviation(neurons, dim))
        .with("step-size", 0.16);
    vec![
        (
            ORTHOGONAL,
            small(network(12))
                .with("synthetic", "orthogonal")
                .with("samples", 10)
                .with("dim", 600),
        ),
        (CLUSTERS, small(clusters(network(12), 10, 6000))),
        (
            COUNTEREXAMPLE,
            small(network(12))
                .with("synthetic", "gaussian")
                .with("samples", 12)
                .with("dim", 40)
                .with("step-size", 0.05),
        ),
        (FIGURE, of_figure),
    ]
}

fn leaky(settings: Settings, horizon: f64) -> Settings {
    settings
        .with("activation", "leaky-relu")
        .with("steps", steps(horizon))
}

fn runs(effort: Effort) -> Vec<StudyRun> {
    let mut runs = Vec::new();
    let problems = problems(effort);
    for (name, settings) in &problems {
        let settings = leaky(settings.clone(), 1e300).with("record", 2);
        let settings = settings.with("exact-steps", steps(effort.pick(1e5, 1e6)));
        runs.push(run(FAR, *name, 0.0, settings));
    }
    let of_clusters = problems.iter().find(|(name, _)| *name == CLUSTERS);
    if let Some((name, settings)) = of_clusters {
        let settings = settings.clone().with("activation", "smoothed-leaky-relu");
        runs.push(run(SMOOTHED, *name, 0.0, settings.with("steps", 20_000)));
    }
    for (name, settings) in problems {
        if name == FIGURE {
            continue;
        }
        for (panel, horizon) in [(EARLIER, 2e4), (LATER, 1e5)] {
            let settings = leaky(settings.clone(), horizon).with("record", 0);
            runs.push(StudyRun {
                judged: false,
                ..run(panel, name, 0.0, settings)
            });
        }
    }
    runs
}

fn limits(effort: Effort) -> Vec<StudyRun> {
    let problems = problems(effort)
        .into_iter()
        .filter(|(name, _)| *name != FIGURE);
    let of = |(name, settings)| run(FAR, name, 0.0, leaky(settings, 1e300));
    problems.map(of).collect()
}

fn show(results: &[StudyResult<'_>], limits: &[LimitResult<'_>]) -> Shown {
    let smoothed = results.iter().find(|result| result.run.panel == SMOOTHED);
    let mut paragraphs = Vec::new();
    if let Some(smoothed) = smoothed {
        paragraphs.push(format!(
            "With smoothed leaky ReLU, on {}, the stable rank is at most {} from step 1 to step 2·10⁴.",
            smoothed.run.label,
            format_number(largest(smoothed))
        ));
    }
    Shown {
        paragraphs,
        figures: vec![ranks(results)],
        tables: vec![table(results), limit_table(results, limits)],
        files: Vec::new(),
    }
}

/// The largest recorded stable rank from step 1 on.
fn largest(result: &StudyResult<'_>) -> f64 {
    let series = &result.record.series;
    let rows = series
        .steps()
        .into_iter()
        .zip(series.column("stable_rank").unwrap_or_default());
    let later = rows.filter(|(step, _)| *step >= 1.0).map(|(_, rank)| rank);
    later.fold(f64::NAN, f64::max)
}

fn table(results: &[StudyResult<'_>]) -> Table {
    let shown = results
        .iter()
        .filter(|result| [FAR, SMOOTHED].contains(&&*result.run.panel));
    let rows = shown.map(|result| {
        let series = &result.record.series;
        let at = |step: f64| {
            let place = series.steps().iter().position(|&known| known == step);
            let column = series.column("stable_rank");
            column
                .zip(place)
                .map_or(f64::NAN, |(column, place)| column[place])
        };
        let ratio = result.record.manifest.data.ratio.unwrap_or(f64::INFINITY);
        let numbers = [
            at(0.0),
            at(1.0),
            largest(result),
            series.last("stable_rank").unwrap_or(f64::NAN),
            series.last("error_estimate").unwrap_or(f64::NAN),
        ];
        let mut row = vec![
            format!("{}, {}", result.run.panel, result.run.label),
            format_number(ratio),
            series
                .last("step")
                .map_or("—".to_owned(), |step| format!("{step:.0e}")),
        ];
        row.extend(numbers.map(format_number));
        row
    });
    let header = [
        "run",
        "R_min²/(n p)",
        "last step",
        "SR(0)",
        "SR(1)",
        "largest from step 1 on",
        "SR at the end",
        "error estimate",
    ];
    Table {
        caption: "The stable rank SR of all weights stacked; the error estimate of log time, of \
                  margins."
            .to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

/// A row a limit: what it is, and how the run nears it.
fn limit_table(results: &[StudyResult<'_>], limits: &[LimitResult<'_>]) -> Table {
    let find = |panel: &str, label: &str| {
        let mut all = results.iter();
        all.find(|result| result.run.panel == panel && result.run.label == label)
    };
    let rows = limits.iter().map(|limit| {
        let label = limit.run.label.as_str();
        let increments = find(EARLIER, label).zip(find(LATER, label));
        let third =
            increments.and_then(|(one, other)| third_singular_value(one.record, other.record).ok());
        let distance = find(FAR, label).and_then(|far| distance(far, limit));
        let mut row = vec![label.to_owned()];
        match boundary(limit) {
            Ok(found) => row.extend([
                format!("{:.6}, {:.6}", found.blocks[0], found.blocks[1]),
                format!("{:.6}", found.stable_rank),
                format_number(found.margin),
                format!("{:.0e}", found.gap.max(0.0)),
                format!("{:.4}", found.share),
                if found.proven { "proven" } else { "not proven" }.to_owned(),
            ]),
            Err(why) => row.extend([
                why,
                "—".into(),
                "—".into(),
                "—".into(),
                "—".into(),
                "—".into(),
            ]),
        }
        row.push(third.map_or("—".to_owned(), |third| format!("{third:.1e}")));
        row.push(distance.map_or("—".to_owned(), |distance| format!("{distance:.1e}")));
        row.iter().map(|cell| cell.replace("e-", "e−")).collect()
    });
    let header = [
        "samples",
        "SR of the blocks",
        "SR",
        "normalized margin",
        "gap of the margins",
        "linear margin/SVM's",
        "pattern",
        "σ₃/σ₁ of the increment",
        "1 − cos(W, limit)",
    ];
    Table {
        caption: format!(
            "Limits (derived here): stable ranks SR; the margin of Σ λ_i y_i x_i over that of the \
             linear support vector machine, which with two directions is at least (1+γ)/2 = {} \
             (derived); the third singular value of what a run adds between 2·10⁴ and 10⁵ steps over \
             its first; and how far the direction of the weights is from the limit at 10³⁰⁰ steps.",
            0.5 * (1.0 + SLOPE)
        ),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

/// `1 − cos(W, limit)` of the last weights of a run.
fn distance(result: &StudyResult<'_>, limit: &LimitResult<'_>) -> Option<f64> {
    let report = limit.report.as_ref().ok()?;
    let data = result.record.config.load_data().ok()?;
    let limit = report.limit.coefficients().dot(data.x());
    let weights = stacked(result.record).ok()?;
    let norm = |matrix: &ndarray::Array2<f64>| matrix.iter().map(|w| w * w).sum::<f64>().sqrt();
    let difference = &weights / norm(&weights) - &limit / norm(&limit);
    // 1 − cos is half the squared distance of unit vectors, without cancellation.
    Some(0.5 * norm(&difference).powi(2))
}

/// The stable rank to 10³⁰⁰ steps.
fn ranks(results: &[StudyResult<'_>]) -> Figure {
    let far = results.iter().filter(|result| result.run.panel == FAR);
    let layers = far.enumerate().map(|(index, result)| {
        let series = &result.record.series;
        let rows = series
            .steps()
            .into_iter()
            .zip(series.column("stable_rank").unwrap_or_default());
        let rows = rows
            .filter(|(step, _)| *step >= 1.0)
            .map(|(step, rank)| [step.log10(), rank]);
        let style = Style {
            marker: None,
            ..Style::of(index)
        };
        Layer::curve(result.run.label.as_str(), rows.collect(), style)
    });
    let panel = Panel::new(
        Axis::linear("log₁₀ t").with_range(0.0, 300.0),
        Axis::linear("stable rank"),
        layers.collect(),
    );
    Figure::new(
        "stable-rank",
        "The stable rank from step 1 to 10³⁰⁰ steps",
        vec![panel],
    )
    .with_caption(
        "All weights stacked. Exact steps in Gram coordinates, then log time. Initial stable \
             ranks are in the table.",
    )
}

//! Sets of neurons and loss over time, times against angle and scale, and stable ranks.

use implicit_bias_lab::study::StudyResult;
use implicit_bias_plot::{Axis, Dash, Figure, Layer, Panel, Style};

use super::runs::{ANGLE, ELSEWHERE, SCALE, Times, WIDTH, setting};
use super::table::{growth, of_panel};

pub(super) fn figures(results: &[StudyResult<'_>]) -> Vec<Figure> {
    vec![alignment(results), times(results), ranks(results)]
}

/// A column against the time `η · step`, up to a time.
fn over_time(result: &StudyResult<'_>, column: &str, factor: f64, until: f64) -> Vec<[f64; 2]> {
    let values = result.record.series.column(column).unwrap_or_default();
    let step_size = result.record.config.step_size.first;
    let rows = result.record.series.steps().into_iter().zip(values);
    rows.map(|(step, value)| [step_size * step, factor * value])
        .filter(|[time, _]| *time <= until)
        .collect()
}

fn curve(index: usize, label: &str, points: Vec<[f64; 2]>) -> Layer {
    Layer::curve(label, points, Style::of(index))
}

/// Neurons outside their sets early on, and the loss until after its fall.
fn alignment(results: &[StudyResult<'_>]) -> Figure {
    let runs = of_panel(results, ANGLE);
    let all = runs.clone().map(Times::of);
    let last =
        |pick: fn(&Times) -> Option<f64>| all.clone().filter_map(|t| pick(&t)).fold(0.0, f64::max);
    let (aligned, fallen) = (1.3 * last(|t| t.aligned), 1.3 * last(|t| t.fallen));
    let sets = runs.clone().enumerate().map(|(index, result)| {
        let share = 1.0 / WIDTH as f64;
        let points = over_time(result, "neurons_misplaced", share, aligned);
        curve(index, &result.run.label, points)
    });
    let losses = runs.enumerate().map(|(index, result)| {
        let points = over_time(result, "loss", 1.0, fallen);
        curve(index, &result.run.label, points)
    });
    let panels = vec![
        Panel::new(
            Axis::linear("time t = η · step"),
            Axis::linear("share of neurons").with_range(0.0, 1.0),
            sets.collect(),
        )
        .with_title("neither dead nor aligned"),
        Panel::new(
            Axis::linear("time t = η · step"),
            Axis::log("loss L(t)"),
            losses.collect(),
        )
        .with_title("loss"),
    ];
    Figure::new(
        "alignment",
        "Neurons align long before the loss falls",
        panels,
    )
    .with_caption(
        "Left: the share of the neurons that are neither dead nor active on exactly the samples of \
         their sign, early on. Right: the loss, over a longer time.",
    )
}

fn times(results: &[StudyResult<'_>]) -> Figure {
    let pairs = |panel, key: &'static str, pick: fn(&Times) -> Option<f64>, log: bool| {
        let of_run = move |result: &StudyResult<'_>| {
            let x = setting(result, key);
            Some([if log { -x.log10() } else { x }, pick(&Times::of(result))?])
        };
        of_panel(results, panel)
            .filter_map(of_run)
            .collect::<Vec<_>>()
    };
    let mut by_angle = pairs(ANGLE, "cosine", |t| t.aligned, false);
    by_angle.reverse();
    let aligned = pairs(SCALE, "init-scale", |t| t.aligned, true);
    let fallen = pairs(SCALE, "init-scale", |t| t.fallen, true);
    let mut by_scale = vec![
        Layer::points("t₁", aligned, Style::of(0)),
        Layer::points("t₂", fallen.clone(), Style::of(1)),
    ];
    if let (Some([_, slope]), Some(last)) = (growth(results), fallen.last().copied()) {
        // The closed slope through the last point.
        let law = |[x, _]: &[f64; 2]| [*x, last[1] + slope * 10_f64.ln() * (*x - last[0])];
        by_scale.push(Layer::Guide {
            label: String::new(),
            points: fallen.iter().map(law).collect(),
        });
    }
    let bound: Vec<[f64; 2]> = (by_angle.iter())
        .map(|[cosine, _]| [*cosine, 4_f64.ln() / cosine.sqrt()])
        .collect();
    let dashed = Style::reference().with_dash(Dash::Dashed);
    let panels = vec![
        Panel::new(
            Axis::log("μ"),
            Axis::log("time"),
            vec![
                Layer::points("t₁", by_angle, Style::of(0)),
                Layer::curve("log n/√μ", bound, dashed),
            ],
        )
        .with_title("alignment against the angle"),
        Panel::new(Axis::linear("log₁₀ 1/σ₀"), Axis::linear("time"), by_scale)
            .with_title("against the initial scale"),
    ];
    Figure::new(
        "times",
        "When neurons align and when the loss falls",
        panels,
    )
    .with_caption(
        "Left: the time t₁ of alignment against μ, n = 4, beside log n/√μ, the order in the \
         theorem with a constant of 1. Right: t₁ does not depend on the initial scale, and t₂, \
         when the loss has fallen to half, is linear in its logarithm; dotted: the slope 1/‖x₊‖ \
         (derived here). μ = 0.1.",
    )
}

fn ranks(results: &[StudyResult<'_>]) -> Figure {
    let panel = |name: &'static str, title: &str| {
        let runs = of_panel(results, name).enumerate();
        let layers = runs.map(|(index, result)| {
            let values = result.record.series.column("stable_rank_hidden");
            let rows = result
                .record
                .series
                .steps()
                .into_iter()
                .zip(values.unwrap_or_default());
            let shown = rows.filter(|(step, _)| *step >= 1.0);
            let points = shown.map(|(step, rank)| [step, rank]).collect();
            let label = result.run.label.split(", R_max").next().unwrap_or_default();
            curve(index, label, points)
        });
        let layers = layers.chain([Layer::level("", 2.0, Style::reference())]);
        Panel::new(
            Axis::log("step"),
            Axis::log("stable rank"),
            layers.collect(),
        )
        .with_title(title)
    };
    Figure::new(
        "ranks",
        "The stable rank of the hidden layer, to step 10¹⁵",
        vec![panel(ANGLE, "acute samples"), panel(ELSEWHERE, "elsewhere")],
    )
    .with_caption(
        "Stable rank of the hidden layer, exact steps and then log time; the line is the bound of \
         2. Left: at μ → 0 it ends near 2, at larger μ below (closed form in the table).",
    )
    .sharing_y()
}

//! Loss, norm, margins, residual and stable ranks of all runs.

use implicit_bias_lab::study::StudyResult;
use implicit_bias_plot::{Axis, Figure, Layer, Panel, Style};

use super::table::gaps;

const STEP: &str = "step t";
const INVERSE: &str = "1/log t";

pub(super) fn figures(results: &[StudyResult<'_>]) -> Vec<Figure> {
    vec![descent(results), direction(results), ranks(results)]
}

/// A curve a run.
fn curves(
    results: &[StudyResult<'_>],
    points: impl Fn(&StudyResult<'_>) -> Vec<[f64; 2]>,
) -> Vec<Layer> {
    let runs = results.iter().enumerate();
    runs.map(|(index, result)| {
        Layer::curve(result.run.label.as_str(), points(result), Style::of(index))
    })
    .collect()
}

/// A column against the step, where it is positive.
fn column(result: &StudyResult<'_>, name: &str) -> Vec<[f64; 2]> {
    let values = result.record.series.column(name).unwrap_or_default();
    let rows = result.record.series.steps().into_iter().zip(values);
    rows.filter(|(step, value)| *step >= 1.0 && *value > 0.0)
        .map(|(step, value)| [step, value])
        .collect()
}

/// Points against `1/log t` instead of `t`.
fn inverse(points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    let late = points.into_iter().filter(|[step, _]| *step >= 10.0);
    late.map(|[step, value]| [1.0 / step.ln(), value]).collect()
}

/// Points against `log t` instead of `t`.
fn log(points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    let late = points.into_iter().filter(|[step, _]| *step >= 10.0);
    late.map(|[step, value]| [step.ln(), value]).collect()
}

fn descent(results: &[StudyResult<'_>]) -> Figure {
    let loss = curves(results, |result| column(result, "loss"));
    let norm = curves(results, |result| log(column(result, "weight_norm")));
    let panels = vec![
        Panel::new(Axis::log(STEP), Axis::log("loss L(t)"), loss).with_title("loss"),
        Panel::new(Axis::log("log t"), Axis::log("‖W(t)‖"), norm).with_title("weight norm"),
    ];
    Figure::new("descent", "Loss and weight norm to step 10³⁰⁰", panels).with_caption(
        "Left: the loss against the step, until it is below the smallest double. Right: the norm \
         of all trained weights against log t, both axes logarithmic: a network of degree L has \
         the slope 1/L in the end.",
    )
}

fn direction(results: &[StudyResult<'_>]) -> Figure {
    let gap = curves(results, |result| inverse(gaps(result)));
    let residual = curves(results, |result| inverse(column(result, "kkt_residual")));
    let panels = vec![
        Panel::new(Axis::log(INVERSE), Axis::log("(max − min)/mean"), gap)
            .with_title("gap of the margins"),
        Panel::new(Axis::log(INVERSE), Axis::log("KKT residual"), residual)
            .with_title("KKT residual"),
    ];
    Figure::new("direction", "Margins and KKT residuals against 1/log t", panels).with_caption(
        "Late steps are on the left. What falls along a straight line of slope 1 is of the order of \
         1/log t and tends to 0. The residual keeps the share of the initial weights, which falls \
         with the slope 1/L, and with several layers the direction itself turns with log‖W‖ alone, \
         so that it may fall more slowly.",
    )
}

fn ranks(results: &[StudyResult<'_>]) -> Figure {
    let panel = |result: &StudyResult<'_>| {
        let columns = result.record.series.columns().iter();
        let blocks: Vec<&str> = columns
            .filter_map(|column| column.strip_prefix("stable_rank_"))
            .filter(|block| *block != "outer")
            .collect();
        let layers = blocks.iter().enumerate().map(|(index, block)| {
            let points = inverse(column(result, &format!("stable_rank_{block}")));
            let label = match *block {
                "pos" => "W₊".to_owned(),
                "neg" => "W₋".to_owned(),
                "hidden" => "W".to_owned(),
                other => format!("W_{other}"),
            };
            Layer::curve(label, points, Style::of(index))
        });
        Panel::new(
            Axis::log(INVERSE),
            Axis::log("stable rank"),
            layers.collect(),
        )
        .with_title(result.run.label.as_str())
    };
    Figure::new(
        "ranks",
        "Stable ranks of the trained matrices",
        results.iter().map(panel).collect(),
    )
    .with_caption("Against 1/log t, late steps on the left; without outer layers, of rank one.")
    .sharing_y()
}

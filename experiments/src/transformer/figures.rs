//! Norms, losses and directions of both stages.

use implicit_bias_engine::optimizers::FIRST_STEPS;
use implicit_bias_lab::study::StudyResult;
use implicit_bias_plot::{Axis, Figure, Layer, Panel, Style};

pub(super) fn figures(results: &[StudyResult<'_>]) -> Vec<Figure> {
    vec![norms(results), directions(results)]
}

fn layers(results: &[StudyResult<'_>], column: &str, sign: f64, from_second: bool) -> Vec<Layer> {
    let layer = |(index, result): (usize, &StudyResult<'_>)| {
        let series = &result.record.series;
        let settings = &result.record.config.optimizer.settings;
        let first = FIRST_STEPS.count_in(settings).unwrap_or(0) as f64;
        let is_two_stage = result.record.config.optimizer.name == "two-stage";
        let start = if from_second && is_two_stage {
            first
        } else {
            0.0
        };
        let rows = series
            .steps()
            .into_iter()
            .zip(series.column(column).unwrap_or_default());
        let shown = rows.map(|(step, value)| [step - start, sign * value]);
        let points = shown
            .filter(|[step, value]| *step >= 1.0 && *value > 0.0)
            .collect();
        Layer::curve(result.run.label.as_str(), points, Style::of(index))
    };
    results.iter().enumerate().map(layer).collect()
}

fn norms(results: &[StudyResult<'_>]) -> Figure {
    let panel = |column: &str, y: &str, from_second: bool| {
        let x = if from_second {
            "step of the second stage"
        } else {
            "step t"
        };
        let layers = layers(results, column, 1.0, from_second);
        Panel::new(Axis::log(x), Axis::log(y), layers)
    };
    Figure::new(
        "norms",
        "The norms of both matrices",
        vec![panel("norm_ov", "‖W_ov‖", false), panel("norm_kq", "‖W_kq‖", true)],
    )
    .with_caption(
        "Straight lines of slope 1 are linear growth, and W_ov rests from the second stage on; under \
         gradient descent norms grow like log t.",
    )
}

fn directions(results: &[StudyResult<'_>]) -> Figure {
    let two_stage: Vec<StudyResult<'_>> = results
        .iter()
        .filter(|result| result.record.config.optimizer.name == "two-stage")
        .copied()
        .collect();
    let x = || Axis::log("step of the second stage");
    let excess = Panel::new(
        x(),
        Axis::log("−log(L − L*)"),
        layers(&two_stage, "log_gap", -1.0, true),
    );
    let distance = Panel::new(
        x(),
        Axis::log("distance D of W_kq"),
        layers(&two_stage, "direction_distance_kq", 1.0, true),
    );
    Figure::new(
        "second-stage",
        "The second stage: the loss, and the direction of W_kq",
        vec![excess, distance],
    )
    .with_caption(
        "Minus the logarithm of the excess of the loss over that of attention to the best tokens, and \
         the distance of both unit matrices, all axes logarithmic.",
    )
}

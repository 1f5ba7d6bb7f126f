//! The residual of a run's direction.

use implicit_bias_plot::{Axis, Figure, Layer, Panel, Style};
use implicit_bias_record::Series;

/// The columns with their labels.
const COLUMNS: [(&str, &str); 2] = [
    ("kkt_residual", "KKT residual"),
    ("complementarity", "complementarity"),
];

/// How far the direction is from a Karush–Kuhn–Tucker point, against `1/log t`; `None` where fewer
/// than two steps have a number.
pub(super) fn residual(series: &Series) -> Option<Figure> {
    let layers: Vec<Layer> = COLUMNS
        .iter()
        .enumerate()
        .filter_map(|(index, (column, label))| {
            let points = against_inverse_log(series, column)?;
            let style = Style::of(index).with_marker(index);
            Some(Layer::curve(*label, points, style))
        })
        .collect();
    if layers.is_empty() {
        return None;
    }
    let panel = Panel::new(
        Axis::log("1/log t"),
        Axis::log("distance from a KKT point"),
        layers,
    );
    let caption = "The least distance of W/‖W‖ from the nonnegative combinations of the gradients \
                   of the margins, averaged over a window of small steps, and how much of the \
                   multipliers belongs to samples of larger margins. Both axes are logarithmic; \
                   late steps are on the left. What falls towards 0 is evidence, not proof, that \
                   the direction tends to a KKT point of the largest margin; the initial weights \
                   keep a share of W that falls like (1/log t)^(1/L) in a network of degree L.";
    let figure = Figure::new("kkt-residual", "KKT residual", vec![panel]);
    Some(figure.with_caption(caption))
}

/// A column against `1/log t`, of the steps past 10 that have a positive number.
pub(super) fn against_inverse_log(series: &Series, column: &str) -> Option<Vec<[f64; 2]>> {
    let steps = series.steps().into_iter();
    let points = steps.zip(series.column(column)?);
    let late = points.filter(|(step, value)| *step >= 10.0 && *value > 0.0);
    let points: Vec<[f64; 2]> = late.map(|(step, value)| [1.0 / step.ln(), value]).collect();
    (points.len() > 1).then_some(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_steps_with_a_number_are_drawn() {
        let mut series = Series::new(["step", "kkt_residual", "complementarity"]);
        series.push(vec![1.0, 0.9, f64::NAN]);
        series.push(vec![10.0, 0.5, 1.0]);
        series.push(vec![20.0, f64::NAN, f64::NAN]);
        series.push(vec![100.0, 0.25, f64::NAN]);
        let points = against_inverse_log(&series, "kkt_residual").unwrap();
        let inverse = |step: f64| 1.0 / step.ln();
        assert_eq!(points, [[inverse(10.0), 0.5], [inverse(100.0), 0.25]]);
        assert_eq!(residual(&series).unwrap().panels[0].layers.len(), 1);
        assert_eq!(residual(&Series::new(["step"])), None);
    }
}

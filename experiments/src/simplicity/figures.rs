//! Neurons in the plane, their angles over time, and the growth of four of them.

use implicit_bias_lab::study::StudyResult;
use implicit_bias_plot::{Axis, Dash, Figure, Layer, Panel, Style};

use super::growth::Growth;
use super::neurons::{ACUTE, Neuron, ON_THE_WAY, RIGHT, SCALES, neurons};

/// Neurons of at most so many are drawn.
const DRAWN: usize = 400;

/// The size of each neuron against the epoch, a panel a run.
pub(super) fn growth(growths: &[Growth]) -> Figure {
    let panel = |growth: &Growth| {
        let count = growth.rows.first().map_or(0, |(_, sizes)| sizes.len());
        let layers = (0..count).map(|neuron| {
            let points = growth.rows.iter().filter(|(_, sizes)| sizes[neuron] > 0.0);
            let points = points.map(|(epoch, sizes)| [1e-3 * *epoch as f64, sizes[neuron]]);
            let name = ["e₁", "e₂", "−e₁", "−e₂"]
                .get(neuron)
                .copied()
                .unwrap_or_default();
            Layer::curve(name, points.collect(), Style::of(neuron))
        });
        Panel::new(
            Axis::linear("epoch in thousands"),
            Axis::log("|v| ‖w‖"),
            layers.collect(),
        )
        .with_title(growth.label.as_str())
    };
    Figure::new(
        "growth",
        "Neurons grow one after another",
        growths.iter().map(panel).collect(),
    )
    .with_caption(
        "The size |v_j| ‖w_j‖ of the neuron on each half-axis against the epoch. In the titles: \
         initial sizes over 10⁻⁴, of the neurons on e₁, e₂, −e₁, −e₂.",
    )
    .sharing_y()
}

/// A column against the epoch where it is positive.
fn column(result: &StudyResult<'_>, name: &str) -> Vec<[f64; 2]> {
    let values = result.record.series.column(name).unwrap_or_default();
    let rows = result.record.series.steps().into_iter().zip(values);
    rows.filter(|(step, value)| *step >= 1.0 && *value > 0.0)
        .map(|(step, value)| [step, value])
        .collect()
}

/// The largest angle of four neurons to the axes.
pub(super) fn four_angles(results: &[StudyResult<'_>]) -> Figure {
    let layers = results.iter().enumerate().map(|(index, result)| {
        let points = column(result, "axis_angle_max");
        Layer::curve(result.run.label.as_str(), points, Style::of(index))
    });
    let panel = Panel::new(Axis::log("epoch"), Axis::log("angle"), layers.collect());
    let title = "Four neurons leave the axes and come back";
    Figure::new("four_angles", title, vec![panel]).with_caption(
        "The largest angle of the four neurons to the nearest axis, in radians. They begin on the \
         axes.",
    )
}

/// Neurons as points in the plane: on the way and at the end, and at the end for the other angle.
pub(super) fn plane(results: &[StudyResult<'_>]) -> Figure {
    let of_panel = |name: &'static str| {
        results
            .iter()
            .filter(move |result| result.run.panel == name)
    };
    let on_the_way =
        of_panel(ON_THE_WAY).map(|result| (format!("{RIGHT}, {}", result.run.label), result));
    let at_end = [RIGHT, ACUTE].into_iter().flat_map(of_panel);
    let at_end = at_end.map(|result| (format!("{}, epoch 8192", result.run.label), result));
    let panels = on_the_way.chain(at_end).map(|(title, result)| {
        let neurons = neurons(result);
        let largest = neurons
            .iter()
            .map(|neuron| neuron.size.sqrt())
            .fold(0.0, f64::max);
        let points = |is_positive: bool| -> Vec<[f64; 2]> {
            let own = neurons
                .iter()
                .filter(|neuron| neuron.is_positive == is_positive);
            let place = |neuron: &Neuron| {
                let radius = neuron.size.sqrt() / largest;
                [radius * neuron.angle.cos(), radius * neuron.angle.sin()]
            };
            own.take(DRAWN).map(place).collect()
        };
        let cloud = |index: usize, points: Vec<[f64; 2]>| Layer::Points {
            label: String::new(),
            points,
            errors: Vec::new(),
            joined: false,
            style: Style::of(index),
        };
        let axis = |name: &str| Axis::linear(name).with_range(-1.1, 1.1);
        let layers = vec![cloud(0, points(true)), cloud(1, points(false))];
        Panel::new(axis("w₁"), axis("w₂"), layers).with_title(title)
    });
    Figure::new("plane", "Neurons in the plane", panels.collect())
        .with_caption(
            "Neurons as points: direction of w_j at a distance of √(|v_j| ‖w_j‖), the largest at \
             1. Blue: v_j > 0, orange: v_j < 0. At most 400 of each.",
        )
        .sharing_y()
}

/// Quantiles of the angle to the lines over time.
pub(super) fn angles(results: &[StudyResult<'_>]) -> Figure {
    let quantiles = |name: &'static str| {
        let result = results.iter().find(|result| result.run.panel == name);
        let columns = [
            ("median", "line_angle_50"),
            ("95 %", "line_angle_95"),
            ("largest", "line_angle_max"),
        ];
        let layers = columns
            .into_iter()
            .enumerate()
            .map(|(index, (label, name))| {
                let points = result.map_or(Vec::new(), |result| column(result, name));
                Layer::curve(label, points, Style::of(index))
            });
        Panel::new(
            Axis::log("epoch"),
            Axis::log("angle to the line"),
            layers.collect(),
        )
        .with_title(name)
    };
    let of_scales = results.iter().filter(|result| result.run.panel == SCALES);
    let layers = of_scales.enumerate().map(|(index, result)| {
        let style = Style::of(index).with_dash(Dash::Solid);
        let points = column(result, "line_angle_95");
        Layer::curve(result.run.label.as_str(), points, style)
    });
    let scales = Panel::new(
        Axis::log("epoch"),
        Axis::log("angle to the line"),
        layers.collect(),
    )
    .with_title("95 %, initial scales");
    Figure::new(
        "angles",
        "Angles of neurons to the line of their class",
        vec![quantiles(RIGHT), quantiles(ACUTE), scales],
    )
    .with_caption(
        "Quantiles over the neurons of the angle to the line of their class, in radians; right: \
         the 95 % quantile for three initial scales, α = π/2.",
    )
    .sharing_y()
}

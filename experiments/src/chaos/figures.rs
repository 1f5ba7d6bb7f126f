//! The bifurcation diagram, exponents, and losses of networks.

use implicit_bias_lab::study::StudyResult;
use implicit_bias_plot::{Axis, Figure, Layer, Panel, Picture, Style, Tint};

use super::map;
use super::runs::ONE_NEURON;

pub(super) fn figures(results: &[StudyResult<'_>]) -> Vec<Figure> {
    vec![bifurcations(), exponents(), losses(results)]
}

/// Ends of `a` in the diagram.
const RANGE: [f64; 2] = [0.8, 2.0];

fn bifurcations() -> Figure {
    const SIZE: [usize; 2] = [1600, 800];
    let values = map::density(RANGE, [0.0, 4.0], SIZE, 3000);
    let image = Layer::Image {
        picture: Picture {
            width: SIZE[0],
            values,
        },
        tint: Tint::Grey,
        x: RANGE,
        y: [0.0, 4.0],
    };
    let x = Axis::linear("a = κ y").with_range(RANGE[0], RANGE[1]);
    let panel = Panel::new(x, Axis::linear("u = κ f").with_range(0.0, 4.0), vec![image]);
    Figure::new("bifurcations", "Where orbits of the map go", vec![panel]).with_caption(
        "For each a, how often eight orbits visit each u in 3000 steps past a transient of 1000, darker \
         for more: one point to a = 1, then doublings, chaos, and windows of periods.",
    )
}

fn exponents() -> Figure {
    const POINTS: usize = 1200;
    let at = |k: usize| RANGE[0] + (RANGE[1] - RANGE[0]) * (k as f64 + 0.5) / POINTS as f64;
    let points = (0..POINTS)
        .map(|k| [at(k), map::lyapunov(at(k), 20_000).value])
        .collect();
    let curve = Layer::curve("", points, Style::of(0).with_width(0.8));
    let zero = Layer::level("", 0.0, Style::reference());
    let x = Axis::linear("a = κ y").with_range(RANGE[0], RANGE[1]);
    let y = Axis::linear("Lyapunov exponent λ").with_range(-2.0, 1.2);
    let panel = Panel::new(x, y, vec![zero, curve]);
    Figure::new("exponents", "Where small differences grow", vec![panel]).with_caption(
        "The Lyapunov exponent over 20,000 steps: positive in chaos, negative in the windows of stable \
         cycles, 0 where a period doubles.",
    )
}

fn losses(results: &[StudyResult<'_>]) -> Figure {
    let of_panel = results
        .iter()
        .filter(|result| result.run.panel == ONE_NEURON);
    let layer = |(index, result): (usize, &StudyResult<'_>)| {
        let series = &result.record.series;
        let rows = series
            .steps()
            .into_iter()
            .zip(series.column("loss").unwrap_or_default());
        let shown = rows.filter(|(step, loss)| *step >= 1.0 && *loss > 1e-20 && *loss < 1e10);
        let points = shown.map(|(step, loss)| [step, loss]).collect();
        Layer::curve(result.run.label.as_str(), points, Style::of(index))
    };
    let layers = of_panel.enumerate().map(layer).collect();
    let panel = Panel::new(Axis::log("step t"), Axis::log("loss"), layers);
    Figure::new(
        "losses",
        "Networks of one neuron at five step sizes",
        vec![panel],
    )
    .with_caption("Training loss, both axes logarithmic, at the recorded steps.")
}

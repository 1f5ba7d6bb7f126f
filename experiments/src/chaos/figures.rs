//! The bifurcation diagram, exponents, and losses of networks.

use implicit_bias_lab::study::StudyResult;
use implicit_bias_plot::{Axis, Figure, Layer, Panel, Picture, Style, Tint};

use super::basins::{Fate, fate, first_rise};
use super::map;
use super::runs::ONE_NEURON;
use super::ulam::Density;

pub(super) fn figures(results: &[StudyResult<'_>]) -> Vec<Figure> {
    vec![
        bifurcations(),
        exponents(),
        densities(),
        basins(),
        losses(results),
    ]
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

fn densities() -> Figure {
    const CELLS: usize = 128;
    let panels = [1.5, 1.9, 2.0].map(|a| {
        let density = Density::new(a);
        let points = density.over(CELLS);
        let width = points[1][0] - points[0][0];
        let orbits = map::histogram(a, width, CELLS, 1_000_000);
        let middles = points.iter().map(|[u, _]| *u);
        let visited = middles.clone().zip(orbits).map(|(u, share)| [u, share]);
        let mut layers = vec![
            Layer::curve("orbit", visited.collect(), Style::of(1).with_width(2.5)),
            Layer::curve("Ulam's method", points.clone(), Style::of(0)),
        ];
        if a == 2.0 {
            // Of u = 4 sin²(θ), θ uniform.
            let law = middles.map(|u| [u, 1.0 / (std::f64::consts::PI * (u * (4.0 - u)).sqrt())]);
            layers.push(Layer::curve(
                "closed form",
                law.collect(),
                Style::reference(),
            ));
        }
        let x = Axis::linear("u");
        Panel::new(x, Axis::log("density").with_range(1e-2, 20.0), layers)
            .with_title(format!("a = {a}"))
    });
    Figure::new("densities", "Where orbits spend their time", panels.to_vec()).with_caption(
        "The density that the map keeps, by Ulam's method on 4096 cells, beside a million steps of an \
         orbit and, at a = 2, the closed form 1/(π√(u(4 − u))); the density axis is logarithmic.",
    )
}

fn basins() -> Figure {
    const SIZE: [usize; 2] = [480, 280];
    const A: [f64; 2] = [0.5, 2.2];
    const START: [f64; 2] = [0.0, 4.5];
    let at = |[low, high]: [f64; 2], index: usize, count: usize| {
        low + (high - low) * (index as f64 + 0.5) / count as f64
    };
    let shade = |index: usize| {
        let a = at(A, index % SIZE[0], SIZE[0]);
        let start = at(START, SIZE[1] - 1 - index / SIZE[0], SIZE[1]);
        match fate(a, start) {
            Fate::Monotone => 0.0,
            Fate::Catapult => 0.3,
            Fate::Wanders => 0.65,
            Fate::Leaves => 1.0,
        }
    };
    let image = Layer::Image {
        picture: Picture {
            width: SIZE[0],
            values: (0..SIZE[0] * SIZE[1]).map(shade).collect(),
        },
        tint: Tint::Grey,
        x: A,
        y: START,
    };
    let bounds = (0..400).filter_map(|index| {
        let a = at(A, index, 400);
        first_rise(a).map(|bounds| (a, bounds))
    });
    let bounds: Vec<(f64, [f64; 2])> = bounds.collect();
    let bound = |side: usize| {
        bounds
            .iter()
            .map(|(a, bounds)| [*a, bounds[side]])
            .collect()
    };
    let style = || Style::of(1).with_width(1.5);
    let low = Layer::curve("rises at once", bound(0), style());
    let layers = vec![image, low, Layer::curve("", bound(1), style())];
    let x = Axis::linear("a = κ y").with_range(A[0], A[1]);
    let panel = Panel::new(
        x,
        Axis::linear("start u").with_range(START[0], START[1]),
        layers,
    );
    Figure::new("basins", "Where orbits go from every start", vec![panel]).with_caption(
        "Orbits of 1000 steps: white, to the target with a loss that never rises; light, to the target \
         after it rose (the catapult); dark, bounded but to no point; black, beyond all bounds. Between \
         the two curves the first step raises the loss (derived).",
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

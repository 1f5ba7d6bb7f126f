//! How the time of a step grows with n, m and d: weight space, Gram coordinates neuron by neuron, and blocks.
//!
//! `cargo bench -p implicit-bias-lab --bench gram_scaling -- FIGURE.svg` prints the times and fitted
//! exponents, and draws them. Every time is the shortest of a few rounds, on one thread.

use std::time::Instant;

use implicit_bias_data::Synthetic;
use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_gram::{GramDescent, Problem, Stepping};
use implicit_bias_lab::Prepared;
use implicit_bias_lab::config::{EngineKind, RunConfig, Settings, SyntheticKind};
use implicit_bias_lab::figures::{Axis, Figure, Layer, Panel, Style};
use implicit_bias_model::{Activation, Loss};
use ndarray::{Axis as Side, concatenate};

/// Seconds that one measurement takes, about.
const SECONDS: f64 = 0.05;
/// Measurements, of which the shortest counts.
const ROUNDS: usize = 5;
/// Steps before the clock starts, so that patterns have mostly settled.
const SETTLE: f64 = 1e4;

/// Samples, width, dimension.
type Shape = [usize; 3];

/// Seconds a step takes at a shape.
type Measure = fn(Shape) -> f64;

/// A shape everything is varied from.
const BASE: Shape = [10, 50, 2000];

fn seconds_a_step(mut advance: impl FnMut(u64)) -> f64 {
    let mut steps = 1;
    loop {
        let clock = Instant::now();
        advance(steps);
        let elapsed = clock.elapsed().as_secs_f64();
        if elapsed > SECONDS {
            let again = (1..ROUNDS).map(|_| {
                let clock = Instant::now();
                advance(steps);
                clock.elapsed().as_secs_f64()
            });
            return again.fold(elapsed, f64::min) / steps as f64;
        }
        steps *= if elapsed < SECONDS / 8.0 { 8 } else { 2 };
    }
}

fn gram([samples, width, dim]: Shape, stepping: Stepping) -> f64 {
    let law = Synthetic::Mixture {
        samples,
        dim,
        signal: 1.0,
        noise: 1.0,
    };
    let data = law.generate(1).expect("a valid law");
    let block = |stream| gaussian_matrix(width, dim, 1e-3, 1, stream).expect("a valid shape");
    let (pos, neg) = (block(Stream::WeightsPos), block(Stream::WeightsNeg));
    let weights = concatenate(Side(0), &[pos.view(), neg.view()]).expect("equal widths");
    let activation = Activation::leaky_relu(0.1).expect("a valid slope");
    let problem = Problem::new(&data, width, activation, Loss::Logistic, 0.1).expect("a problem");
    let mut descent = GramDescent::new(problem, weights.dot(&data.x().t())).expect("a start");
    descent.advance(SETTLE);
    let mut descent = descent.with_stepping(stepping);
    seconds_a_step(|steps| {
        descent.advance(descent.step() + steps as f64);
    })
}

fn weight_space([samples, width, dim]: Shape) -> f64 {
    let settings = Settings {
        synthetic: Some(SyntheticKind::Mixture),
        samples: Some(samples),
        dim: Some(dim),
        width: Some(width),
        engine: Some(EngineKind::Tensor),
        ..Settings::default()
    };
    let config = RunConfig::resolve(&settings).expect("the settings of a bench are valid");
    let prepared = Prepared::new(&config).expect("synthetic data can be drawn");
    let mut engine = prepared
        .engine(&config, 1)
        .expect("the default device is there")
        .engine;
    seconds_a_step(|steps| {
        engine
            .advance(engine.step() + steps as f64)
            .expect("a step of the default device");
    })
}

/// Slope of `log y` against `log x` over the upper half of the points, by least squares.
fn exponent(points: &[[f64; 2]]) -> f64 {
    let upper: Vec<[f64; 2]> = points[points.len() / 2..]
        .iter()
        .map(|[x, y]| [x.ln(), y.ln()])
        .collect();
    let mean = |axis: usize| upper.iter().map(|p| p[axis]).sum::<f64>() / upper.len() as f64;
    let (x, y) = (mean(0), mean(1));
    upper.iter().map(|p| (p[0] - x) * (p[1] - y)).sum::<f64>()
        / upper.iter().map(|p| (p[0] - x).powi(2)).sum::<f64>()
}

fn main() {
    let figure = std::env::args()
        .skip(1)
        .find(|argument| argument.ends_with(".svg"));
    let sweeps: [(&str, usize, &[usize]); 3] = [
        (
            "dimension d",
            2,
            &[125, 250, 500, 1000, 2000, 4000, 8000, 16_000],
        ),
        ("samples n", 0, &[8, 16, 32, 64, 128, 256]),
        ("width m", 1, &[8, 16, 32, 64, 128, 256, 512, 1024]),
    ];
    let engines: [(&str, Measure); 3] = [
        ("weight space", weight_space),
        ("Gram, plain", |shape| gram(shape, Stepping::Plain)),
        ("Gram, blocks", |shape| gram(shape, Stepping::Blocks)),
    ];
    let mut panels = Vec::new();
    for (label, index, values) in sweeps {
        let mut layers = Vec::new();
        for (kind, (name, measure)) in engines.into_iter().enumerate() {
            let points: Vec<[f64; 2]> = values
                .iter()
                .map(|&value| {
                    let mut shape = BASE;
                    shape[index] = value;
                    [value as f64, 1e6 * measure(shape)]
                })
                .collect();
            let exponent = exponent(&points);
            println!("{label}, {name}: exponent {exponent:.2}");
            for [value, time] in &points {
                println!("  {value}: {time:.3} µs a step");
            }
            layers.push(Layer::points(
                // Adding zero turns −0 into 0.
                format!(
                    "{name}, exponent {:.1}",
                    (10.0 * exponent).round() / 10.0 + 0.0
                ),
                points,
                Style::of(kind).with_marker(kind),
            ));
        }
        panels.push(Panel::new(
            Axis::log(label),
            Axis::log("time of a step, microseconds"),
            layers,
        ));
    }
    if let Some(path) = figure {
        let figure = Figure::new("gram-cost", "Time of a step against d, n and m", panels);
        let svg = figure.sharing_y().render().expect("the times are positive");
        std::fs::write(&path, svg).expect("the figure can be written");
    }
}

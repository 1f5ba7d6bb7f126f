//! How the time of a step grows with n, m and d: weight space, Gram coordinates by plain steps,
//! and blocks.
//!
//! `cargo bench -p implicit-bias-lab --bench gram_scaling -- FIGURE.svg` prints the times and
//! fitted exponents, and draws them. Every time is the shortest of a few rounds, on one thread.
//!
//! `cargo bench -p implicit-bias-lab --bench gram_scaling -- many FIGURE.svg` does the same for 100
//! to 10,000 samples of dimension 784, on all cores as `train` does, with the time before the first
//! step, and marks where `--engine auto` goes over from one engine to the other.

use std::time::Instant;

use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_data::{DataLaw, Mixture};
use implicit_bias_gram::{GramDescent, Problem, Stepping};
use implicit_bias_lab::Prepared;
use implicit_bias_lab::config::{RunConfig, Settings};
use implicit_bias_model::{Activation, Loss};
use implicit_bias_plot::{Axis, Figure, Layer, Panel, Style};
use ndarray::{Axis as Side, concatenate};

/// Seconds that one measurement takes, about.
const SECONDS: f64 = 0.05;
/// Measurements, of which the shortest counts.
const ROUNDS: usize = 5;
/// Steps before the clock starts, so that patterns have mostly settled.
const SETTLE: f64 = 1e4;
/// Seconds that those may take.
const PATIENCE: f64 = 8.0;

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
    let law = Mixture {
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
    let start = GramDescent::new(problem, weights.dot(&data.x().t())).expect("a start");
    let mut descent = match stepping {
        // What is timed is the step; before it, what is fastest.
        Stepping::Plain => start,
        Stepping::Blocks | Stepping::AlwaysBlocks => start.with_stepping(stepping),
    };
    let clock = Instant::now();
    while descent.step() < SETTLE && clock.elapsed().as_secs_f64() < PATIENCE {
        descent.advance((descent.step() + 10.0).min(SETTLE));
    }
    if descent.step() < SETTLE {
        println!("  ({} steps in {PATIENCE} s before)", descent.step());
    }
    let mut descent = match stepping {
        // Goes on in its block.
        Stepping::Blocks | Stepping::AlwaysBlocks => descent,
        Stepping::Plain => descent.with_stepping(stepping),
    };
    seconds_a_step(|steps| {
        descent.advance(descent.step() + steps as f64);
    })
}

fn config([samples, width, dim]: Shape, engine: &str) -> RunConfig {
    let settings = Settings::default()
        .with("synthetic", "mixture")
        .with("samples", samples)
        .with("dim", dim)
        .with("width", width)
        .with("engine", engine);
    RunConfig::resolve(&settings).expect("the settings of a bench are valid")
}

fn prepared(config: &RunConfig) -> Prepared {
    Prepared::new(config).expect("synthetic data can be drawn")
}

fn weight_space(shape: Shape) -> f64 {
    weight_space_on(shape, 1)
}

fn weight_space_on(shape: Shape, threads: usize) -> f64 {
    let config = config(shape, "tensor");
    let mut engine = prepared(&config)
        .engine(&config, threads)
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

/// Seconds from data and weights to an engine at step 0.
fn set_up(shape: Shape, engine: &str) -> f64 {
    let config = config(shape, engine);
    let prepared = prepared(&config);
    let rounds = (0..2).map(|_| {
        let clock = Instant::now();
        let ready = prepared.engine(&config, threads());
        let elapsed = clock.elapsed().as_secs_f64();
        assert!(ready.is_ok(), "the engine is there");
        elapsed
    });
    rounds.fold(f64::INFINITY, f64::min)
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The number of samples from which on `auto` picks weight space.
fn switch(width: usize, dim: usize) -> usize {
    let picks_gram = |samples| {
        let config = config([samples, width, dim], "auto");
        let ready = prepared(&config).engine(&config, threads());
        ready.expect("the engine is there").engine.name() == "gram"
    };
    // Both ends are what they are for any two engines that cost like n² and n.
    let (mut gram, mut tensor) = (100, 10_000);
    while tensor - gram > 10 {
        let middle = (gram + tensor) / 2;
        if picks_gram(middle) {
            gram = middle;
        } else {
            tensor = middle;
        }
    }
    tensor
}

/// Up to 10,000 samples: time of a step and of what comes before the first one.
fn many_samples(figure: Option<&str>) {
    const SAMPLES: [usize; 7] = [100, 200, 400, 1000, 2000, 5000, 10_000];
    let [width, dim] = [50, 784];
    let engines: [(&str, Measure); 3] = [
        ("weight space", |shape| weight_space_on(shape, threads())),
        ("Gram, plain", |shape| gram(shape, Stepping::Plain)),
        ("Gram, as chosen", |shape| gram(shape, Stepping::Blocks)),
    ];
    let set_ups: [(&str, Measure); 2] = [
        ("weight space", |shape| set_up(shape, "tensor")),
        ("Gram", |shape| set_up(shape, "gram")),
    ];
    let at = switch(width, dim);
    println!("auto goes over to weight space at n = {at}");
    let layers = |what: &str, engines: &[(&str, Measure)]| {
        let mut layers = vec![Layer::Event {
            label: format!("auto switches at n = {at}"),
            at: at as f64,
        }];
        for (kind, (name, measure)) in engines.iter().enumerate() {
            println!("{what}, {name}");
            let points: Vec<[f64; 2]> = SAMPLES
                .iter()
                .map(|&samples| {
                    let time = measure([samples, width, dim]);
                    println!("  {samples}: {time:.3e} s");
                    [samples as f64, time]
                })
                .collect();
            let exponent = exponent(&points);
            println!("  exponent {exponent:.2}");
            let label = format!("{name}, exponent {exponent:.1}");
            let style = Style::of(kind).with_marker(kind);
            layers.push(Layer::points(label, points, style));
        }
        layers
    };
    let panels = vec![
        Panel::new(
            Axis::log("samples n"),
            Axis::log("seconds a step"),
            layers("a step", &engines),
        ),
        Panel::new(
            Axis::log("samples n"),
            Axis::log("seconds before the first step"),
            layers("set-up", &set_ups),
        ),
    ];
    if let Some(path) = figure {
        let figure = Figure::new("samples-cost", "Time against the number of samples", panels);
        let svg = figure.render().expect("the times are positive");
        std::fs::write(path, svg).expect("the figure can be written");
    }
}

fn main() {
    let figure = std::env::args()
        .skip(1)
        .find(|argument| argument.ends_with(".svg"));
    if std::env::args().any(|argument| argument == "many") {
        return many_samples(figure.as_deref());
    }
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
        ("Gram, blocks", |shape| gram(shape, Stepping::AlwaysBlocks)),
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

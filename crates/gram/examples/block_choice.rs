//! Times of a step in blocks and plain, in turn in one process: the table "Where blocks are chosen" of docs/gram.md.
//!
//! `cargo run --release -p implicit-bias-gram --example block_choice`, with `-- n slope from steps width` for one row.

use std::time::Instant;

use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_data::{DataLaw, Mixture};
use implicit_bias_gram::{GramDescent, Problem, Stepping};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Axis, concatenate};

const DIM: usize = 784;

/// Samples, slope of the activation, the step to start from, steps that are timed, neurons a block.
const ROWS: [[f64; 5]; 14] = [
    [4.0, 0.0, 1e4, 2e4, 50.0],
    [10.0, 0.1, 1e4, 2e4, 4.0],
    [10.0, 0.1, 1e4, 1e5, 50.0],
    [10.0, 0.0, 1e4, 1e5, 50.0],
    [10.0, 0.1, 1e4, 1e4, 500.0],
    [10.0, 0.0, 1e4, 1e4, 500.0],
    [32.0, 0.1, 5e3, 1e4, 50.0],
    [32.0, 0.0, 5e3, 1e4, 50.0],
    [100.0, 0.1, 1e4, 1e4, 50.0],
    [100.0, 0.0, 1e4, 1e4, 50.0],
    [100.0, 0.1, 1e4, 1e4, 5.0],
    [300.0, 0.1, 1e4, 2e3, 50.0],
    [300.0, 0.0, 1e4, 2e3, 50.0],
    [600.0, 0.0, 1e4, 5e2, 20.0],
];

/// Rounds, of which the fastest counts.
const ROUNDS: usize = 8;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let row: Vec<f64> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let row = <[f64; 5]>::try_from(row).ok();
    if row.is_none() && !words.is_empty() {
        eprintln!("expected no words, or five numbers: n slope from steps width; found {words:?}");
        std::process::exit(2);
    }
    println!(
        "| n | width | slope | from step | watched pairs | blocks, µs | plain, µs | plain / blocks |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|");
    match row {
        Some(row) => measure(row),
        None => ROWS.into_iter().for_each(measure),
    }
}

fn measure([samples, slope, from, steps, width]: [f64; 5]) {
    let law = Mixture {
        samples: samples as usize,
        dim: DIM,
        signal: 1.0,
        noise: 1.0,
    };
    let data = law.generate(1).expect("a valid law");
    let width = width as usize;
    let block = |stream| gaussian_matrix(width, DIM, 1e-3, 1, stream).expect("a valid shape");
    let (pos, neg) = (block(Stream::WeightsPos), block(Stream::WeightsNeg));
    let weights = concatenate(Axis(0), &[pos.view(), neg.view()]).expect("equal widths");
    let activation = Activation::leaky_relu(slope).expect("a valid slope");
    let problem =
        Problem::new(&data, width, activation, Loss::Logistic, 0.1).expect("a valid problem");
    let mut start = GramDescent::new(problem, weights.dot(&data.x().t())).expect("a valid start");
    start.advance(from);
    let mut fastest = [f64::INFINITY; 2];
    let mut watched = 0.0;
    for _ in 0..ROUNDS {
        let ways = [Stepping::AlwaysBlocks, Stepping::Plain];
        for (fastest, stepping) in fastest.iter_mut().zip(ways) {
            let mut descent = start.clone().with_stepping(stepping);
            let before = descent.work();
            let clock = Instant::now();
            descent.advance(from + steps);
            *fastest = fastest.min(clock.elapsed().as_secs_f64() / steps);
            let work = descent.work();
            if work.block_steps > before.block_steps {
                watched = (work.watched_steps - before.watched_steps) as f64
                    / (work.block_steps - before.block_steps) as f64;
            }
        }
    }
    let [blocks, plain] = fastest.map(|seconds| 1e6 * seconds);
    println!(
        "| {samples} | {width} | {slope} | {from} | {watched:.0} | {blocks:.3} | {plain:.3} | {:.2} |",
        plain / blocks
    );
}

//! Seconds that the bifurcation diagram takes at print resolution, 1600 × 800 cells and 3000 steps of
//! eight orbits a column, on all cores: `cargo run --release -p implicit-bias-experiments --example
//! bifurcation_diagram`. Prints the mean of ten by the clock, and that of the processor's time where
//! the system tells it (0 elsewhere).

use std::time::Instant;

use implicit_bias_experiments::chaos::density;

const TIMES: u32 = 10;

/// Hundredths of a second that all threads of this process have worked, as Linux tells.
fn worked() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = status.rsplit_once(')')?;
    let number = |index| fields.split_whitespace().nth(index)?.parse::<f64>().ok();
    Some(number(11)? + number(12)?)
}

fn main() {
    let (start, before) = (Instant::now(), worked());
    for _ in 0..TIMES {
        let cells = density([0.8, 2.0], [0.0, 4.0], [1600, 800], 3000);
        assert!(cells.iter().all(|cell| cell.is_finite()));
    }
    let seconds = start.elapsed().as_secs_f64() / f64::from(TIMES);
    let worked = before.zip(worked()).map(|(before, after)| after - before);
    println!(
        "{seconds} {}",
        worked.unwrap_or(0.0) / 100.0 / f64::from(TIMES)
    );
}

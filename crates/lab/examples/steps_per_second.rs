//! How many steps a second the tensor engine takes: on a device, in a precision, by a gradient, for
//! a shape.
//!
//! `steps_per_second DEVICE f32|f64 auto|hand-derived|autodiff n d m [compensated] [KEY=VALUE …]`
//! prints one number; `network=deep depth=2` is another network, and `m` is `-` for one without a width. The engine steps for two seconds
//! after it has warmed up; where the device works in the background, the last step is waited for.
//! `experiments/peers/shapes.py` and `networks.py` run it beside NumPy, JAX and PyTorch.

use std::time::Instant;

use implicit_bias_engine::Engine;
use implicit_bias_lab::Prepared;
use implicit_bias_lab::config::{RunConfig, Settings};

/// Shortest time measured, in seconds.
const MEASURED: f64 = 2.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [device, precision, gradient, samples, dim, width, rest @ ..] = arguments.as_slice() else {
        return Err("expected DEVICE f32|f64 GRADIENT n d m [compensated] [KEY=VALUE …]".into());
    };
    let mut settings = Settings::default()
        .with("device", device.clone())
        .with("precision", precision.as_str())
        .with("gradient", gradient.as_str())
        .with("engine", "tensor")
        .with("samples", samples.parse::<u64>()?)
        .with("dim", dim.parse::<u64>()?);
    if width != "-" {
        settings = settings.with("width", width.parse::<u64>()?);
    }
    for word in rest {
        settings = match word.split_once('=') {
            Some((key, value)) => match value.parse::<u64>() {
                Ok(count) => settings.with(key, count),
                Err(_) => settings.with(key, value),
            },
            None => settings.with(word, true),
        };
    }
    let config = RunConfig::resolve(&settings)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut ready = Prepared::new(&config)?.engine(&config, threads)?;
    let engine = ready.engine.as_mut();
    take(engine, 3.0)?;
    let mut steps = 1.0;
    loop {
        let seconds = take(engine, steps)?;
        if seconds >= MEASURED {
            println!("{:.4}", steps / seconds);
            return Ok(());
        }
        steps = (steps * (1.2 * MEASURED / seconds).clamp(2.0, 100.0)).ceil();
    }
}

/// Takes so many steps and waits for their end; the seconds they took.
fn take(engine: &mut dyn Engine, steps: f64) -> Result<f64, Box<dyn std::error::Error>> {
    let began = Instant::now();
    engine.advance(engine.step() + steps)?;
    // Reading the weights is how a device in the background is waited for.
    std::hint::black_box(engine.weights());
    Ok(began.elapsed().as_secs_f64())
}

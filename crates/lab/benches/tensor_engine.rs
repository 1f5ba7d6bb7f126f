//! Steps a second of the tensor engine, and the cost of looking at it.
//!
//! `cargo bench -p implicit-bias-lab` for double precision;
//! `IMPLICIT_BIAS_BENCH_PRECISION=f32 cargo bench -p implicit-bias-lab` for single (a process has
//! one precision). The floor of a step is two matrix products, `8 m n d` operations, with the
//! weights read twice and written once.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use implicit_bias_engine::Engine;
use implicit_bias_lab::Prepared;
use implicit_bias_lab::config::{RunConfig, Settings};

/// Samples, dimension, width.
const SHAPES: [[usize; 3]; 2] = [[10, 784, 50], [1000, 784, 500]];

fn engine([samples, dim, width]: [usize; 3], gradient: &str) -> Box<dyn Engine> {
    let single = std::env::var("IMPLICIT_BIAS_BENCH_PRECISION").is_ok_and(|name| name == "f32");
    let settings = Settings::default()
        .with("synthetic", "mixture")
        .with("samples", samples)
        .with("dim", dim)
        .with("width", width)
        .with("gradient", gradient)
        .with("precision", if single { "f32" } else { "f64" });
    let config = RunConfig::resolve(&settings).expect("the settings of a bench are valid");
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let prepared = Prepared::new(&config).expect("synthetic data can be drawn");
    prepared
        .engine(&config, threads)
        .expect("the default device is there")
        .engine
}

fn steps(criterion: &mut Criterion) {
    for (name, gradient) in [("hand-derived", "hand-derived"), ("autodiff", "autodiff")] {
        let mut group = criterion.benchmark_group(format!("step/{name}"));
        for shape in SHAPES {
            let mut engine = engine(shape, gradient);
            let steps = if engine.operations_per_step() < 1e8 {
                100.0
            } else {
                1.0
            };
            group
                .throughput(Throughput::Elements(steps as u64))
                .sample_size(10);
            group.bench_function(
                BenchmarkId::from_parameter(format!("{shape:?}")),
                |bencher| {
                    bencher.iter(|| {
                        engine
                            .advance(engine.step() + steps)
                            .expect("the backend works")
                    });
                },
            );
        }
        group.finish();
    }
}

fn observation(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("observe");
    group.sample_size(10);
    for shape in SHAPES {
        let mut engine = engine(shape, "auto");
        group.bench_function(
            BenchmarkId::from_parameter(format!("{shape:?}")),
            |bencher| {
                bencher.iter(|| {
                    // A step between two looks, so that the weights must be fetched each time.
                    engine
                        .advance(engine.step() + 1.0)
                        .expect("the backend works");
                    engine.observe().expect("finite weights")
                });
            },
        );
    }
    group.finish();
}

criterion_group!(benches, steps, observation);
criterion_main!(benches);

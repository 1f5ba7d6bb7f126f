//! Steps a second of the Gram descent, in blocks and one after the other.

mod cases;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use implicit_bias_gram::Stepping;

/// Steps already taken when the clock starts: patterns have mostly settled.
const FROM: f64 = 1e4;

/// Steps timed.
const STEPS: u64 = 20_000;

fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("steps");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(5));
    group.throughput(Throughput::Elements(STEPS));
    for case in cases::ALL {
        let mut start = case.descent();
        start.advance(FROM);
        for stepping in [Stepping::AlwaysBlocks, Stepping::Plain] {
            let start = start.clone().with_stepping(stepping);
            group.bench_function(format!("{}/{stepping:?}", case.name), |bencher| {
                bencher.iter_batched(
                    || start.clone(),
                    |mut descent| black_box(descent.advance(FROM + STEPS as f64)),
                    BatchSize::LargeInput,
                );
            });
        }
    }
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);

//! Many independent runs at once.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{RunOptions, RunRecord, execute};
use crate::config::{DataSource, EngineKind, InitSource, RunConfig};
use crate::{LabError, Progress};

/// Runs all configurations, as many at a time as there are cores, each on one thread, under one
/// progress bar; the records come back in the order of the configurations.
///
/// # Errors
///
/// The first error of a run, once the runs in flight have ended.
pub fn execute_all(
    configs: &[RunConfig],
    parent: &Path,
    progress: &Progress,
) -> Result<Vec<RunRecord>, LabError> {
    let costs: Vec<f64> = configs.iter().map(cost).collect();
    let total: f64 = costs.iter().sum();
    // Long runs first, so that no core waits for one that began last.
    let mut order: Vec<usize> = (0..configs.len()).collect();
    order.sort_by(|&a, &b| costs[b].total_cmp(&costs[a]));
    let next = AtomicUsize::new(0);
    let failed = std::sync::atomic::AtomicBool::new(false);
    let done: Mutex<Vec<f64>> = Mutex::new(vec![0.0; configs.len()]);
    let results: Mutex<Vec<Option<Result<RunRecord, LabError>>>> =
        Mutex::new(configs.iter().map(|_| None).collect());
    let advance = |index: usize, fraction: f64| {
        let mut done = done.lock().expect("no watcher panics");
        done[index] = fraction * costs[index];
        progress.set(done.iter().sum::<f64>() / total);
    };
    let work = || {
        while let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            if failed.load(Ordering::Relaxed) {
                return;
            }
            let result = execute(
                &configs[index],
                RunOptions {
                    parent,
                    threads: 1,
                    keep_checkpoint: false,
                    progress: &mut |fraction| {
                        advance(index, fraction);
                        !failed.load(Ordering::Relaxed)
                    },
                    stage: &mut |_, _| {},
                    announce: &mut |_| {},
                },
            );
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            advance(index, 1.0);
            results.lock().expect("no worker panics")[index] = Some(result);
        }
    };
    let jobs = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(configs.len());
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(work);
        }
    });
    // An error leaves later runs undone, so it comes first whatever its place.
    let mut results = results.into_inner().expect("no worker panics");
    if let Some(failure) = results
        .iter_mut()
        .find(|result| matches!(result, Some(Err(_))))
        && let Some(Err(error)) = failure.take()
    {
        return Err(error);
    }
    Ok(results.into_iter().flatten().flatten().collect())
}

/// About how much a run costs, in arbitrary units: the products of a step, in weight space or in Gram
/// coordinates, which are exact for so many steps only.
fn cost(config: &RunConfig) -> f64 {
    let (samples, dim) = match &config.data {
        DataSource::Synthetic(synthetic) => synthetic.shape(),
        DataSource::File { choice, .. } => (2 * choice.per_class.unwrap_or(50), 784),
    };
    let width = match config.init {
        InitSource::Gaussian { width, .. } => width,
        InitSource::File(_) => 100,
    };
    let (samples, dim) = (samples as f64, dim as f64);
    let steps = config.steps.get();
    let (columns, steps) = match config.engine {
        EngineKind::Tensor => (2.0 * dim, steps),
        EngineKind::Gram => (samples, steps.min(config.exact_steps.get())),
        EngineKind::Auto => (samples.min(2.0 * dim), steps.min(config.exact_steps.get())),
    };
    // A step has some overhead even where the products are tiny.
    (width as f64 * samples * columns + 1e5) * steps
}

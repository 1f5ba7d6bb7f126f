//! Many pieces of work on a few threads, under one progress bar.

use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use implicit_bias_data::use_threads;

use crate::{LabError, Progress};

/// Does `work` on every index below `costs.len()`, the costliest first so that no thread waits for
/// one that began last, on `jobs` threads; the results come back by index, `None` where `goes_on`
/// said no before their turn.
///
/// `work` is told how to report the fraction of its piece that is done.
pub(crate) fn in_parallel<T: Send, W>(
    costs: &[f64],
    jobs: usize,
    progress: &Progress,
    goes_on: &(dyn Fn() -> bool + Sync),
    work: &W,
) -> Vec<Option<T>>
where
    W: Fn(usize, &mut dyn FnMut(f64)) -> T + Sync,
{
    let total: f64 = costs.iter().sum();
    let mut order: Vec<usize> = (0..costs.len()).collect();
    order.sort_by(|&a, &b| costs[b].total_cmp(&costs[a]));
    let next = AtomicUsize::new(0);
    let done = Mutex::new(0.0);
    let results: Mutex<Vec<Option<T>>> = Mutex::new(costs.iter().map(|_| None).collect());
    let worker = || {
        while goes_on()
            && let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed))
        {
            let mut reported = 0.0;
            let mut advance = |fraction: f64| {
                let more = (fraction - reported) * costs[index];
                reported = fraction;
                let mut done = done.lock().expect("no addition panics");
                *done += more;
                progress.set(*done / total);
            };
            let result = work(index, &mut advance);
            advance(1.0);
            results.lock().expect("no assignment panics")[index] = Some(result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs.clamp(1, costs.len().max(1)) {
            // Where the system gives no more threads, those that there are do the work.
            if std::thread::Builder::new()
                .spawn_scoped(scope, worker)
                .is_err()
            {
                break;
            }
        }
        worker();
    });
    results.into_inner().expect("no assignment panics")
}

/// More threads than any machine has cores.
const MOST_THREADS: usize = 4096;

/// The number that [`compute_on`] was told, 0 for none.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// Sets faer to decompose matrices on one thread, for the process: with more, the last bits depend
/// on how many there are. Those of its products, which are most of the work, do not.
pub(crate) fn decompose_on_one_thread() {
    implicit_bias_algebra::set_global_parallelism(implicit_bias_algebra::Par::Seq);
}

/// Sets how many threads this process computes on, all its runs together; without a number, as many
/// as there are cores that it may use.
///
/// # Errors
///
/// [`LabError::Config`] for a number that no machine has.
pub fn compute_on(threads: Option<u64>) -> Result<(), LabError> {
    // Studies solve programs before their runs, and runs are known by what comes of them.
    decompose_on_one_thread();
    let Some(threads) = threads else {
        return Ok(());
    };
    let count = usize::try_from(threads).ok().and_then(NonZeroUsize::new);
    let Some(count) = count.filter(|count| count.get() <= MOST_THREADS) else {
        return Err(invalid(threads.to_string()));
    };
    ASKED.store(count.get(), Ordering::Relaxed);
    use_threads(count);
    Ok(())
}

fn invalid(found: String) -> LabError {
    LabError::Config {
        key: "threads".into(),
        expected: format!("a number of threads from 1 to {MOST_THREADS} that the system gives"),
        found,
    }
}

/// How many threads all runs of this process together compute on.
pub(crate) fn all_threads() -> usize {
    match ASKED.load(Ordering::Relaxed) {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        asked => asked,
    }
}

/// How many threads each of so many runs at a time gets; from now on none takes more.
///
/// # Errors
///
/// [`LabError::Config`] for more threads than the system gives.
pub fn share(jobs: usize) -> Result<usize, LabError> {
    static POOL: AtomicBool = AtomicBool::new(false);
    let threads = (all_threads() / jobs.max(1)).max(1);
    use_threads(NonZeroUsize::new(threads).expect("at least one"));
    let asked = ASKED.load(Ordering::Relaxed);
    // Of one thread there is no pool at all; without a number, one of as many threads as cores.
    if asked > 0 && threads > 1 && !POOL.swap(true, Ordering::Relaxed) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(asked);
        // A pool that is there, of earlier work of this process, serves: no work takes more of it
        // than it was told.
        if let Err(error) = pool.build_global()
            && error.source().is_some()
        {
            return Err(invalid(format!("{asked}: {error}")));
        }
    }
    Ok(threads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_by_index_and_none_after_a_stop() {
        let costs: Vec<f64> = (0..100).map(|cost| f64::from(cost % 7)).collect();
        let progress = Progress::new("test");
        let all = in_parallel(&costs, 3, &progress, &|| true, &|index, advance| {
            advance(0.5);
            index
        });
        assert_eq!(all, (0..100).map(Some).collect::<Vec<_>>());

        let stopped = AtomicBool::new(false);
        let goes_on = || !stopped.load(Ordering::Relaxed);
        let some = in_parallel(&costs, 2, &progress, &goes_on, &|index, _| {
            stopped.store(true, Ordering::Relaxed);
            index
        });
        let done = some.iter().flatten().count();
        assert!((1..=2).contains(&done), "{done}");
        let none = in_parallel(&[], 4, &progress, &|| true, &|index, _| index);
        assert!(none.is_empty());
    }

    /// `reproduce attention --threads 2` once ended with an error: planning had begun a pool.
    #[test]
    fn a_pool_that_is_there_serves() {
        let there = rayon::current_num_threads();
        compute_on(Some(2)).unwrap();
        assert_eq!(share(1).unwrap(), 2);
        assert_eq!(rayon::current_num_threads(), there);
        assert!(compute_on(Some(0)).is_err() && compute_on(Some(1 << 20)).is_err());
    }
}

//! How many threads a computation is spread over, for the whole process.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What was asked for, 0 before anything was.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// Sets how many threads one computation of this process may be spread over, where it is one of
/// several that run at once or of several processes on a machine. No number depends on it.
pub fn use_threads(threads: NonZeroUsize) {
    ASKED.store(threads.get(), Ordering::Relaxed);
}

/// How many threads were asked for by [`use_threads`]; `None` if nothing was, which means as many as
/// there are cores for this process.
pub fn asked_threads() -> Option<NonZeroUsize> {
    NonZeroUsize::new(ASKED.load(Ordering::Relaxed))
}

/// How many threads a computation may be spread over.
pub fn threads() -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    asked_threads().map_or_else(cores, usize::from)
}

//! Threads of the products of matrices, and of the steps of large problems.

use implicit_bias_algebra::Par;
use implicit_bias_data::{asked_threads, threads};

/// How a product is spread over threads; its bits do not depend on it.
pub(crate) fn of_products() -> Par {
    match asked_threads().map(usize::from) {
        None => Par::rayon(0),
        // Without any pool of threads.
        Some(1) => Par::Seq,
        Some(threads) => Par::rayon(threads),
    }
}

/// Over how many threads the steps of a large problem are spread; their bits do not depend on it.
pub(crate) fn of_steps() -> usize {
    threads()
}

//! How much memory a run takes.

use implicit_bias_output::Bytes;

use super::sizes::Sizes;

/// Bytes of one number.
const NUMBER: f64 = 8.0;

/// What the process takes whatever it runs: code, tables, the report.
const FIXED: f64 = 32.0 * 1024.0 * 1024.0;

/// Memory of a run in Gram coordinates, by a formula that docs/large-n.md compares with
/// measurements: `G` and the matrix of a block or of log time, both `n × n`, and the counts of a block, of which four or
/// more lie in one number; the rows of its watched samples, of at most 64 MiB; what belongs to pairs, 20 arrays of
/// `2m × n`; and the samples and weights, five times each.
pub(super) fn gram(sizes: Sizes) -> Bytes {
    let n = sizes.samples as f64;
    let rows = (n * n).min(2.0_f64.powi(23));
    let numbers = 2.25 * n * n + rows + 20.0 * sizes.pairs() + 5.0 * sizes.arrays();
    Bytes::new(NUMBER * numbers + FIXED)
}

/// Memory of a run in weight space: nothing of size `n²`; 12 arrays of `2m × n`; and the samples and
/// weights, seven times each.
pub(super) fn tensor(sizes: Sizes) -> Bytes {
    let numbers = 12.0 * sizes.pairs() + 7.0 * sizes.arrays();
    Bytes::new(NUMBER * numbers + FIXED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(samples: usize) -> Sizes {
        Sizes {
            samples,
            dim: 784,
            width: 50,
            blocks: 2,
            weights: 2 * 50 * 784,
            squares_in_range: true,
        }
    }

    #[test]
    fn two_matrices_of_the_samples_are_most_of_gram_coordinates() {
        let large = gram(sizes(10_000));
        assert!(large.get() > 1.8e9 && large.get() < 2.4e9, "{large}");
        assert!(large.to_string().ends_with(" GiB"), "{large}");
        // Ten times the samples cost ten times the memory in weight space.
        let [some, more] = [1e4, 1e5].map(|n: f64| tensor(sizes(n as usize)).get() - FIXED);
        assert!(more < 10.0 * some && more > 9.5 * some);
        assert!(tensor(sizes(10_000)).to_string().ends_with(" MiB"));
    }
}

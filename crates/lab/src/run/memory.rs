//! How much memory a run takes, and how much there is.

use std::fmt;

use super::sizes::Sizes;

/// Bytes of one number.
const NUMBER: f64 = 8.0;

/// What the process takes whatever it runs: code, tables, the report.
const FIXED: f64 = 32.0 * 1024.0 * 1024.0;

/// Memory of a run, in bytes, by a formula that docs/large-n.md compares with measurements.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(super) struct Bytes(f64);

impl Bytes {
    /// In Gram coordinates: `G` and the matrix of a block or of log time, both `n × n`; what
    /// belongs to pairs, 20 arrays of `2m × n`; and the samples and weights, five times each.
    pub fn gram(sizes: Sizes) -> Self {
        let n = sizes.samples as f64;
        Self(NUMBER * (2.0 * n * n + 20.0 * sizes.pairs() + 5.0 * sizes.arrays()) + FIXED)
    }

    /// In weight space: nothing of size `n²`; 12 arrays of `2m × n`; and the samples and weights,
    /// seven times each.
    pub fn tensor(sizes: Sizes) -> Self {
        Self(NUMBER * (12.0 * sizes.pairs() + 7.0 * sizes.arrays()) + FIXED)
    }

    /// Arrays of so many numbers in all.
    pub fn numbers(count: f64) -> Self {
        Self(NUMBER * count)
    }

    /// Whether as much is free, as far as that is known; where it is not, up to 4 GiB are taken to
    /// be.
    pub fn fit(self, free: Option<Self>) -> bool {
        self <= free.unwrap_or(Self(4.0 * GIB))
    }
}

const GIB: f64 = 1024.0 * 1024.0 * 1024.0;

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = self.0 / (1024.0 * 1024.0);
        if mib < 1000.0 {
            write!(f, "{mib:.0} MiB")
        } else {
            write!(f, "{:.1} GiB", self.0 / GIB)
        }
    }
}

/// Memory that this process may still take: on Linux what is available, what the control group of the
/// process leaves, and what its limit (`ulimit -v`) does; `None` where nothing is known.
pub(super) fn free() -> Option<Bytes> {
    let machine = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| available(&text));
    let read = |name: &str| {
        let text = std::fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?;
        // `max` where there is no limit.
        text.trim().parse::<f64>().ok()
    };
    let group = read("memory.max").map(|most| most - read("memory.current").unwrap_or(0.0));
    let all = [machine, group, address_space_left()].into_iter().flatten();
    all.reduce(f64::min).map(|bytes| Bytes(bytes.max(0.0)))
}

/// What the limit on the address space of the process leaves; `None` where there is none.
fn address_space_left() -> Option<f64> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        let limit = getrlimit(Resource::As).current?;
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        Some(limit as f64 - kibibytes(&status, "VmSize:")?)
    }
    #[cfg(not(unix))]
    None
}

/// `MemAvailable` of `/proc/meminfo`.
fn available(meminfo: &str) -> Option<f64> {
    kibibytes(meminfo, "MemAvailable:")
}

/// A size of a table of the kernel, in bytes.
fn kibibytes(table: &str, name: &str) -> Option<f64> {
    let line = table.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024.0 * kibibytes)
}

/// What is free, in words.
pub(super) fn words(free: Option<Bytes>) -> String {
    free.map_or("4 GiB".to_owned(), |free| {
        format!("the {free} that are free")
    })
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
        let gram = Bytes::gram(sizes(10_000));
        assert!(gram.0 > 1.6e9 && gram.0 < 2.3e9, "{gram}");
        assert!(gram.to_string().ends_with(" GiB"), "{gram}");
        // Ten times the samples cost ten times the memory in weight space.
        let [some, more] = [1e4, 1e5].map(|n: f64| Bytes::tensor(sizes(n as usize)).0 - FIXED);
        assert!(more < 10.0 * some && more > 9.5 * some);
        assert!(Bytes::tensor(sizes(10_000)).to_string().ends_with(" MiB"));
    }

    #[test]
    fn what_is_free_is_read_where_it_can_be() {
        let text = "MemTotal:       24000000 kB\nMemAvailable:   12000000 kB\n";
        assert_eq!(available(text), Some(12_000_000.0 * 1024.0));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
        assert!(Bytes(1e9).fit(None) && !Bytes(1e10).fit(None));
        assert!(Bytes(1e10).fit(Some(Bytes(2e10))) && !Bytes(1e9).fit(Some(Bytes(1e8))));
    }
}

//! How much memory there is.

use std::fmt;

/// An amount of memory.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Bytes(f64);

impl Bytes {
    /// So many bytes.
    pub fn new(bytes: f64) -> Self {
        Self(bytes)
    }

    /// Arrays of so many numbers in double precision in all.
    pub fn numbers(count: f64) -> Self {
        Self(8.0 * count)
    }

    /// The number of bytes.
    pub fn get(self) -> f64 {
        self.0
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
pub fn free_memory() -> Option<Bytes> {
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
pub fn free_words(free: Option<Bytes>) -> String {
    free.map_or("4 GiB".to_owned(), |free| {
        format!("the {free} that are free")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_free_is_read_where_it_can_be() {
        let text = "MemTotal:       24000000 kB\nMemAvailable:   12000000 kB\n";
        assert_eq!(available(text), Some(12_000_000.0 * 1024.0));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
        assert!(Bytes(1e9).fit(None) && !Bytes(1e10).fit(None));
        assert!(Bytes(1e10).fit(Some(Bytes(2e10))) && !Bytes(1e9).fit(Some(Bytes(1e8))));
    }

    #[test]
    fn amounts_have_a_unit() {
        assert_eq!(Bytes::numbers(131_072.0).to_string(), "1 MiB");
        assert_eq!(Bytes::new(3.5 * GIB).to_string(), "3.5 GiB");
    }
}

//! A part of a sweep, for a process of its own.

use std::fmt;
use std::str::FromStr;

/// Part `i` of `N`: every `N`-th run from the `i`-th on, so that parts take about equally long.
///
/// ```
/// use implicit_bias_lab::sweep::Shard;
/// let shard: Shard = "2/3".parse().unwrap();
/// let runs: Vec<usize> = (0..7).filter(|&index| shard.has(index)).collect();
/// assert_eq!(runs, [1, 4]);
/// assert!("0/3".parse::<Shard>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    part: usize,
    parts: usize,
}

impl Shard {
    /// Whether it has the run of this index, which counts from 0.
    pub fn has(self, index: usize) -> bool {
        index % self.parts == self.part - 1
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('/').and_then(|(part, parts)| {
            let (part, parts) = (part.parse().ok()?, parts.parse().ok()?);
            (1 <= part && part <= parts).then_some(Self { part, parts })
        });
        parsed.ok_or_else(|| format!("expected i/N with 1 ≤ i ≤ N, such as 2/8, found `{text}`"))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_all_of_the_whole_once() {
        for parts in 1..6 {
            for index in 0..20 {
                let shard = |part| -> Shard { format!("{part}/{parts}").parse().unwrap() };
                let holders = (1..=parts).filter(|&part| shard(part).has(index));
                assert_eq!(holders.count(), 1);
            }
        }
        for text in ["", "1", "0/0", "4/3", "-1/2", "1/2/3", "a/b"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}

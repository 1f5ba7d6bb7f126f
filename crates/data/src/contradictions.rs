//! Samples that no network of this kind can fit together.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::Serialize;

use crate::labelled::Labelled;
use crate::multiples::largest;
use crate::{Multiple, multiples};

/// Most pairs that [`Contradictions::pairs`] lists, and most samples in [`Contradictions::zero`].
pub(crate) const LISTED: usize = 20;

/// Samples of a data set that no network without biases and with a positively homogeneous
/// activation can give a positive margin: pairs that contradict each other, and zero samples.
///
/// Two samples contradict each other where one is a positive multiple of the other, the factor 1
/// included, and their labels differ: then `f(c x) = c f(x)`, so that one of the two margins is at
/// most 0 whatever the weights are, and the loss cannot tend to 0. The same holds for samples of
/// two classes `a` and `b` among several: the margin of the one is at most `s_a − s_b`, that of the
/// other at most a positive multiple of `s_b − s_a`. Multiples are found exactly, with no
/// tolerance, and `−0` equals `0`. A zero sample has the score 0 for all weights, and every class has it.
///
/// ```
/// use implicit_bias_data::{Contradictions, Dataset};
/// use ndarray::array;
///
/// let x = array![[1.0, 0.5], [0.0, 1.0], [1.0, 0.5]];
/// let found = Contradictions::of(&Dataset::new(x, array![1.0, 1.0, -1.0])?);
/// assert_eq!((found.count, found.pairs), (1, vec![[0, 2]]));
/// # Ok::<(), implicit_bias_data::DataError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Contradictions {
    /// Number of pairs that contradict each other.
    pub count: u64,
    /// The first of them, at most twenty, each with the smaller index first; indices count from 0.
    pub pairs: Vec<[usize; 2]>,
    /// How many of all pairs are positive multiples that are not equal.
    pub multiples: u64,
    /// Number of zero samples.
    pub zero_count: u64,
    /// The first of them, at most twenty.
    pub zero: Vec<usize>,
    /// Whether the labels are ±1, of which two that differ are opposite.
    #[serde(skip)]
    opposite: bool,
}

impl Contradictions {
    /// Finds them, in `O(n d)` time beside that of listing the pairs.
    pub fn of(data: &impl Labelled) -> Self {
        let (x, labels) = (data.x(), data.class_numbers());
        let zero = |&index: &usize| x.row(index).iter().all(|&entry| entry == 0.0);
        let zeros = || (0..x.nrows()).filter(zero);
        let mut found = Self {
            zero_count: zeros().count() as u64,
            zero: zeros().take(LISTED).collect(),
            opposite: data.has_signs(),
            ..Self::default()
        };
        // Samples of one direction, by the first of their line and the side of it that they are on.
        let mut classes: BTreeMap<(usize, bool), Vec<usize>> = BTreeMap::new();
        for Multiple { sample, of, factor } in multiples(x.view()) {
            let class = classes.entry((of, factor > 0.0)).or_default();
            if factor > 0.0 && class.is_empty() {
                class.push(of);
            }
            class.push(sample);
        }
        let mut pairs = Vec::new();
        for class in classes.values() {
            found.count_direction(data, &labels, class, &mut pairs);
        }
        pairs.sort_unstable();
        pairs.truncate(LISTED);
        found.pairs = pairs;
        found
    }

    /// Counts the pairs among samples of one direction, and lists the first of them.
    fn count_direction(
        &mut self,
        data: &impl Labelled,
        labels: &[usize],
        samples: &[usize],
        pairs: &mut Vec<[usize; 2]>,
    ) {
        let all = pairs_that_differ(samples.iter().map(|&index| labels[index]));
        if all == 0 {
            return;
        }
        self.count += all;
        // Equal samples within one direction have equal norms, so equal largest entries.
        let mut equal: HashMap<u64, Vec<usize>> = HashMap::new();
        for &index in samples {
            let size = largest(data.x().row(index)).abs().to_bits();
            equal.entry(size).or_default().push(labels[index]);
        }
        let equal = equal.into_values().map(pairs_that_differ);
        self.multiples += all - equal.sum::<u64>();
        pairs.extend(listed_pairs(samples, labels));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0 && self.zero_count == 0
    }
}

impl fmt::Display for Contradictions {
    /// A sentence for each kind that there is, naming the first samples; empty for none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMED: usize = 5;
        if self.count > 0 {
            let named = self.pairs.iter().take(NAMED);
            let named: Vec<String> = named.map(|[i, k]| format!("{i} and {k}")).collect();
            let more = self.count - named.len() as u64;
            let more = match more {
                0 => String::new(),
                more => format!(" (and {more} more pairs)"),
            };
            let kind = match self.multiples {
                0 => "equal",
                all if all == self.count => "positive multiples of each other",
                _ => "equal or positive multiples of each other",
            };
            let labels = if self.opposite {
                "opposite"
            } else {
                "different"
            };
            write!(
                f,
                "samples {}{more} are {kind} and have {labels} labels (counted from 0): one of two \
                 such margins is never positive, so the loss cannot tend to 0",
                named.join(", ")
            )?;
        }
        if self.zero_count > 0 {
            let named = self.zero.iter().take(NAMED).map(ToString::to_string);
            let named: Vec<String> = named.collect();
            let more = match self.zero_count - named.len() as u64 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let start = if self.count == 0 { "" } else { "; " };
            let (noun, verb) = match self.zero_count {
                1 => ("sample", "is zero"),
                _ => ("samples", "are zero"),
            };
            write!(
                f,
                "{start}{noun} {}{more} {verb} (counted from 0): a network without biases gives \
                 the margin 0 there, so the loss cannot tend to 0",
                named.join(", ")
            )?;
        }
        Ok(())
    }
}

/// The first pairs of so many samples with different labels, at most [`LISTED`].
pub(crate) fn listed_pairs<'a>(
    samples: &'a [usize],
    labels: &'a [usize],
) -> impl Iterator<Item = [usize; 2]> + 'a {
    let pairs = samples.iter().enumerate().flat_map(move |(place, &one)| {
        let later = samples[place + 1..].iter();
        let others = later.filter(move |&&other| labels[one] != labels[other]);
        others.map(move |&other| [one, other])
    });
    pairs.take(LISTED)
}

/// The number of pairs of different labels.
pub(crate) fn pairs_that_differ(labels: impl IntoIterator<Item = usize>) -> u64 {
    let mut counts: HashMap<usize, u64> = HashMap::new();
    for label in labels {
        *counts.entry(label).or_default() += 1;
    }
    let all: u64 = counts.values().sum();
    let same: u64 = counts.values().map(|count| count * count).sum();
    (all * all - same) / 2
}

#[cfg(test)]
mod tests {
    use std::hash::{DefaultHasher, Hash, Hasher};

    use ndarray::{Array1, Array2, array};
    use proptest::prelude::*;

    use super::*;
    use crate::{ClassDataset, Dataset};

    fn found(x: Array2<f64>, y: Array1<f64>) -> Contradictions {
        Contradictions::of(&Dataset::new(x, y).unwrap())
    }

    #[test]
    fn equal_samples_with_opposite_labels_are_named() {
        let x = array![[1.0, 2.0], [3.0, 1.0], [1.0, 2.0], [1.0, 2.0]];
        let same = found(x.clone(), array![1.0, -1.0, 1.0, 1.0]);
        assert!(same.is_empty() && same.to_string().is_empty());
        let both = found(x, array![1.0, 1.0, -1.0, -1.0]);
        assert_eq!((both.count, both.multiples), (2, 0));
        assert_eq!(both.pairs, [[0, 2], [0, 3]]);
        let text = both.to_string();
        assert!(text.starts_with("samples 0 and 2, 0 and 3 are equal and have opposite labels"));
    }

    #[test]
    fn pairs_of_several_classes_are_those_of_different_ones() {
        let x = array![[1.0, 2.0], [2.0, 4.0], [1.0, 2.0], [1.0, 2.0], [0.0, 1.0]];
        let names = ["a", "b", "c"].map(String::from).to_vec();
        let data = ClassDataset::new(x, vec![0, 1, 2, 0, 2], names).unwrap();
        let found = Contradictions::of(&data);
        assert_eq!((found.count, found.multiples), (5, 3));
        assert_eq!(found.pairs, [[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]]);
        let text = found.to_string();
        assert!(text.contains("and have different labels"), "{text}");
    }

    #[test]
    fn a_negative_zero_is_a_zero() {
        let x = array![[0.0, 2.0], [-0.0, 2.0], [1.0, 1.0]];
        let signed = found(x, array![1.0, -1.0, 1.0]);
        assert_eq!((signed.count, signed.multiples), (1, 0));
        assert_eq!(signed.pairs, [[0, 1]]);
    }

    #[test]
    fn positive_multiples_contradict_each_other_and_negative_ones_do_not() {
        let x = array![[0.3, -0.7], [0.6, -1.4], [-0.3, 0.7], [1e-3, 5.0]];
        let scaled = found(x.clone(), array![1.0, -1.0, 1.0, 1.0]);
        assert_eq!(
            (scaled.count, scaled.multiples, scaled.pairs.clone()),
            (1, 1, vec![[0, 1]])
        );
        assert!(
            scaled.to_string().contains("positive multiples"),
            "{scaled}"
        );
        assert!(found(x, array![1.0, 1.0, -1.0, -1.0]).is_empty());
        // Far apart in size, and by a factor that is no power of two.
        let far = array![[3e-140, 6e-140], [1.0, 2.0], [1.0, 0.0]];
        let exact = 3e-140 * 2.0 == 6e-140;
        assert_eq!(found(far, array![1.0, -1.0, 1.0]).count, u64::from(exact));
        let third = array![[1.0, 2.0], [3.0, 6.0], [3.0, 6.000_000_000_000_001]];
        let third = found(third, array![1.0, -1.0, -1.0]);
        assert_eq!(
            third.pairs,
            [[0, 1]],
            "a neighbour in double precision is another direction"
        );
    }

    #[test]
    fn near_duplicates_do_not_contradict_each_other() {
        let x = array![[1.0, 1.0], [1.0, 1.0 + f64::EPSILON], [1.0, 1.0 - 1e-9]];
        assert!(found(x, array![1.0, -1.0, -1.0]).is_empty());
    }

    #[test]
    fn zero_samples_are_named() {
        let x = array![[0.0, -0.0], [1.0, 2.0], [0.0, 0.0]];
        let zero = found(x, array![1.0, -1.0, -1.0]);
        assert_eq!((zero.count, zero.zero_count), (0, 2));
        assert_eq!(zero.zero, [0, 2]);
        assert!(
            zero.to_string().starts_with("samples 0, 2 are zero"),
            "{zero}"
        );
    }

    #[test]
    fn many_pairs_are_counted_and_few_are_listed() {
        let n = 3000;
        let y = Array1::from_shape_fn(n, |i| if i % 2 == 0 { 1.0 } else { -1.0 });
        let all = found(Array2::ones((n, 4)), y);
        assert_eq!(all.count, 1500 * 1500);
        assert_eq!(all.pairs.len(), LISTED);
        assert_eq!(all.pairs[..2], [[0, 1], [0, 3]]);
        let text = all.to_string();
        assert!(text.contains("(and 2249995 more pairs)"), "{text}");
    }

    proptest! {
        #[test]
        fn agrees_with_comparing_all_pairs(seed: u64, n in 4_usize..30) {
            // Entries of few values, so that there are many multiples.
            let digit = |i: usize, j: usize| {
                let mut hasher = DefaultHasher::new();
                (seed, i, j).hash(&mut hasher);
                (hasher.finish() % 3) as f64 - 1.0
            };
            let x = Array2::from_shape_fn((n, 2), |(i, j)| digit(i, j) * (1.0 + digit(i, 7).abs()));
            let mut y = Array1::from_shape_fn(n, |i| if digit(i, 9) > 0.0 { 1.0 } else { -1.0 });
            (y[0], y[1]) = (1.0, -1.0);
            let contradict = |i: usize, k: usize| {
                let cross = x[[i, 0]] * x[[k, 1]] - x[[i, 1]] * x[[k, 0]];
                let dot = x[[i, 0]] * x[[k, 0]] + x[[i, 1]] * x[[k, 1]];
                cross == 0.0 && dot > 0.0 && y[i] != y[k]
            };
            let pairs: Vec<[usize; 2]> = (0..n)
                .flat_map(|i| (i + 1..n).map(move |k| [i, k]))
                .filter(|&[i, k]| contradict(i, k))
                .collect();
            let found = found(x.clone(), y.clone());
            prop_assert_eq!(found.count, pairs.len() as u64);
            prop_assert_eq!(&found.pairs[..], &pairs[..pairs.len().min(LISTED)]);
            let equal = pairs.iter().filter(|[i, k]| x.row(*i) == x.row(*k)).count();
            prop_assert_eq!(found.multiples, (pairs.len() - equal) as u64);
        }
    }
}

use std::collections::{BTreeMap, HashMap};

/// Labels as a file has them: numbers or names.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// One number a sample.
    Numbers(Vec<f64>),
    /// One name a sample.
    Names {
        /// The distinct names, in the order of their first samples.
        names: Vec<String>,
        /// For each sample, the index of its name.
        index: Vec<u32>,
    },
}

impl Labels {
    /// The number of samples.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Names { index, .. } => index.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The label of a sample, in words.
    pub fn show(&self, sample: usize) -> String {
        match self {
            Self::Numbers(numbers) => numbers[sample].to_string(),
            Self::Names { names, index } => names[index[sample] as usize].clone(),
        }
    }

    /// Which samples have the label that a user spells `class`: numbers are compared as numbers, so
    /// that `3` finds 3.0.
    pub fn are(&self, class: &str) -> Vec<bool> {
        match self {
            Self::Numbers(numbers) => {
                let class: Option<f64> = class.trim().parse().ok();
                numbers.iter().map(|&label| Some(label) == class).collect()
            }
            Self::Names { names, index } => {
                let class = names.iter().position(|name| name == class);
                let class = class.and_then(|class| u32::try_from(class).ok());
                index.iter().map(|&label| Some(label) == class).collect()
            }
        }
    }

    /// The distinct labels, sorted, as a user would spell them; at most `most` of them.
    pub fn classes(&self, most: usize) -> Vec<String> {
        match self {
            Self::Numbers(numbers) => {
                let mut sorted = numbers.clone();
                sorted.sort_by(f64::total_cmp);
                sorted.dedup_by(|a, b| a == b || a.is_nan() && b.is_nan());
                sorted.iter().take(most).map(f64::to_string).collect()
            }
            Self::Names { names, .. } => {
                let mut names = names.clone();
                names.sort();
                names.truncate(most);
                names
            }
        }
    }

    /// The distinct labels, sorted, as a user would spell them, each with its number of samples.
    pub fn counts(&self) -> Vec<(String, usize)> {
        match self {
            Self::Numbers(numbers) => {
                let mut sorted = numbers.clone();
                sorted.sort_by(f64::total_cmp);
                let equal = sorted.chunk_by(|a, b| a == b);
                equal
                    .map(|label| (label[0].to_string(), label.len()))
                    .collect()
            }
            Self::Names { names, index } => {
                let mut counts = vec![0; names.len()];
                index.iter().for_each(|&name| counts[name as usize] += 1);
                let counts: BTreeMap<String, usize> = names.iter().cloned().zip(counts).collect();
                counts.into_iter().collect()
            }
        }
    }
}

/// Labels as they are read, one text after another.
#[derive(Default)]
pub(super) struct LabelList {
    known: HashMap<String, u32>,
    index: Vec<u32>,
}

impl LabelList {
    /// Appends a label; `false` where there are as many distinct ones as can be numbered.
    #[must_use]
    pub fn push(&mut self, label: &str) -> bool {
        let class = match self.known.get(label) {
            Some(&class) => class,
            None => {
                let Ok(class) = u32::try_from(self.known.len()) else {
                    return false;
                };
                self.known.insert(label.to_owned(), class);
                class
            }
        };
        self.index.push(class);
        true
    }

    /// The labels: numbers if `number` says so of every one and keeps them apart, names otherwise.
    pub fn finish(self, number: impl Fn(&str) -> Option<f64>) -> Labels {
        let mut names = vec![String::new(); self.known.len()];
        for (name, class) in self.known {
            names[class as usize] = name;
        }
        let numbers: Option<Vec<f64>> = names.iter().map(|name| number(name)).collect();
        match numbers.filter(|numbers| !merge(numbers)) {
            Some(numbers) => {
                let index = self.index.iter();
                Labels::Numbers(index.map(|&class| numbers[class as usize]).collect())
            }
            None => Labels::Names {
                names,
                index: self.index,
            },
        }
    }
}

/// Whether whole numbers past the last that `f64` tells from its neighbours became one, as
/// identifiers of 18 digits do: classes would be mixed.
fn merge(numbers: &[f64]) -> bool {
    let mut large: Vec<f64> = numbers.iter().copied().filter(|&n| is_rounded(n)).collect();
    large.sort_by(f64::total_cmp);
    large.windows(2).any(|pair| pair[0] == pair[1])
}

/// Whether a whole number may have been rounded to this one.
pub(super) fn is_rounded(number: f64) -> bool {
    number.abs() >= 9_007_199_254_740_992.0
}

/// Whether a text stands for a label that is not there: what pandas, SAS, MySQL and spreadsheets
/// write for one, a question mark, and numbers that are not finite, as C writes them too.
pub(super) fn is_missing(label: &str) -> bool {
    const MISSING: [&str; 17] = [
        "?", ".", "--", "#N/A", "#NA", "#N/A N/A", "<NA>", "None", "NaT", "\\N", "(null)",
        "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!",
    ];
    const IN_ANY_CASE: [&str; 4] = ["NA", "N/A", "N.A.", "NULL"];
    label.trim().is_empty()
        || MISSING.contains(&label)
        || IN_ANY_CASE
            .iter()
            .any(|missing| missing.eq_ignore_ascii_case(label))
        || label.parse::<f64>().is_ok_and(|number| !number.is_finite())
        || label.contains("#IND")
        || label.contains("#QNAN")
        || label.trim_start_matches('-').starts_with("nan(")
}

/// A label as a number, if it is a finite one.
pub(super) fn finite(label: &str) -> Option<f64> {
    label.parse().ok().filter(|number: &f64| number.is_finite())
}

/// What is said of a label that is not there.
pub(super) const LABEL_EXPECTED: &str =
    "a label for every sample (leave samples without one out of the file)";

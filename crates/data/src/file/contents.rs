//! What a data file has in it, for a reader to check.

use serde::Serialize;

/// What a data file has in it: labels, coordinates, and what was told by its contents alone.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Contents {
    /// Where the labels are, in words.
    pub label: String,
    /// The name of the column or array of the labels.
    pub label_name: String,
    /// The coordinates of a sample; `None` where there are none.
    pub features: Option<Features>,
    /// The distinct labels, sorted, each with the number of its samples in the file.
    pub counts: Vec<(String, usize)>,
    /// What was decided without being asked for, a sentence each.
    pub notes: Vec<String>,
}

/// The coordinates of a sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Features {
    /// The name of the first one.
    pub first: String,
    /// The name of the last one.
    pub last: String,
    /// How many there are.
    pub count: usize,
}

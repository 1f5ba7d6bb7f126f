//! A value that cannot be.

use std::fmt::Display;

/// A key whose value cannot be: what was expected and what was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: expected {expected}, found {found}")]
pub struct Invalid {
    /// The key, spelled as its flag is without the dashes.
    pub key: String,
    /// What would have been accepted.
    pub expected: String,
    /// What was given.
    pub found: String,
}

impl Invalid {
    /// The error of `key`.
    pub fn new(key: &str, expected: impl Into<String>, found: impl Display) -> Self {
        Self {
            key: key.to_owned(),
            expected: expected.into(),
            found: found.to_string(),
        }
    }
}

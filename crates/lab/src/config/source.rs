//! Where the samples and the initial weights come from.

use std::fmt;
use std::path::{Path, PathBuf};

use implicit_bias_data::{Choice, ClassRule, DataFile, TrainingSet};
use implicit_bias_settings::Asked;

use super::component::Component;
use crate::LabError;

/// Where the samples come from.
#[derive(Clone, Debug, PartialEq)]
pub enum DataSource {
    /// Samples of a file.
    File {
        /// The file.
        file: DataFile,
        /// Which samples, and what their classes are.
        choice: Choice,
    },
    /// A data law.
    Law(Component),
}

impl DataSource {
    /// Reads or draws the data set, before any
    /// [`Preparation`](implicit_bias_data::Preparation), with what a network asks for besides.
    ///
    /// # Errors
    ///
    /// Those of the reader or the law.
    pub fn load(&self, seed: u64, asked: Asked) -> Result<TrainingSet, LabError> {
        Ok(match self {
            Self::File { file, choice } => file.training_set_beside(choice, seed, asked)?,
            Self::Law(law) => law.law().training_set(seed)?,
        })
    }

    /// What of a data file was told by its contents alone, a sentence each.
    ///
    /// # Errors
    ///
    /// Those of the reader.
    pub fn notes(&self) -> Result<Vec<String>, LabError> {
        Ok(match self {
            Self::File { file, .. } => file.notes()?,
            Self::Law(_) => Vec::new(),
        })
    }

    /// Whether a file has targets that are no labels: real numbers, or next tokens.
    pub(crate) fn has_other_targets(&self) -> bool {
        let Self::File { choice, .. } = self else {
            return false;
        };
        matches!(choice.rule, ClassRule::Real | ClassRule::Numbers)
    }

    /// The labels of the classes, where they are chosen by name; `None` for labels ±1.
    pub fn class_names(&self) -> Option<&[String]> {
        match self {
            Self::File {
                choice:
                    Choice {
                        rule: ClassRule::Classes { labels },
                        ..
                    },
                ..
            } => Some(labels),
            _ => None,
        }
    }
}

impl fmt::Display for DataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, choice } => {
                f.write_str(&file.describe())?;
                match &choice.rule {
                    ClassRule::Encoded(_) => {}
                    ClassRule::Pair { positive, negative } => {
                        write!(f, ", {positive} against {negative}")?;
                    }
                    ClassRule::OneAgainstTheRest { positive } => {
                        write!(f, ", {positive} against the rest")?;
                    }
                    ClassRule::Classes { labels } => {
                        write!(f, ", classes ({})", labels.join(", "))?;
                    }
                    ClassRule::Real => write!(f, ", real targets")?,
                    ClassRule::Numbers => write!(f, ", the labels are next tokens")?,
                }
                match choice.per_class {
                    Some(count) => write!(f, ", {count} of each class"),
                    None => Ok(()),
                }
            }
            Self::Law(law) => f.write_str(&law.law().describe()),
        }
    }
}

/// Samples that no step sees, on which errors are counted.
#[derive(Clone, Debug, PartialEq)]
pub enum HeldOutSource {
    /// So many fresh samples of the data law, with its clean labels.
    Law(usize),
    /// Samples of a file, whose labels are chosen as those of the training samples.
    File(DataFile, Choice),
}

/// Where the initial weights come from.
#[derive(Clone, Debug, PartialEq)]
pub enum InitSource {
    /// A file with an array `W_<name>` a block; the width is the file's.
    File(PathBuf),
    /// Drawn from a law.
    Drawn {
        /// The law.
        law: Component,
        /// Its scale: the standard deviation `σ₀` of Gaussian entries.
        scale: f64,
    },
}

/// The path from the root, where the system can tell it; a moved run directory still finds its
/// data.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

//! Which part of a published data set.

/// The training or the test part of a data set that is published in two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// The training set.
    #[default]
    Train,
    /// The test set.
    Test,
}

impl Split {
    /// In words: `training set`.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Train => "training set",
            Self::Test => "test set",
        }
    }
}

//! What a component asks of a data file.

/// An array of a data file that a network asks for beside samples and labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskedArray {
    /// Its name in the file: `u`.
    pub name: &'static str,
    /// Its shape in words: `[d]`.
    pub shape: &'static str,
    /// Whether the network cannot be without it.
    pub required: bool,
    /// Whether its rows are the classes, which then are as many.
    pub of_classes: bool,
}

/// What a network asks of a data file beside samples and labels; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Whether a sample has parts: `[n, P, d]`.
    pub parts: bool,
    /// The arrays beside.
    pub arrays: &'static [AskedArray],
}

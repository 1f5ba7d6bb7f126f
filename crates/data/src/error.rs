use std::io;
use std::path::PathBuf;

/// What can be wrong with data, or with the request for them.
///
/// Samples, rows and columns are counted from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file cannot be opened, read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// A file is not a NumPy archive.
    #[error(
        "{}: expected an .npz file (a zip archive of .npy arrays), found: {found}",
        path.display()
    )]
    Archive {
        /// The file.
        path: PathBuf,
        /// Why it is not one.
        found: String,
    },

    /// An archive lacks an array.
    #[error("{}: expected an array `{array}`, found {}", path.display(), list(available))]
    MissingArray {
        /// The file.
        path: PathBuf,
        /// The name asked for.
        array: String,
        /// The names present, sorted.
        available: Vec<String>,
    },

    /// An array in an archive has the wrong type, shape or size, or is damaged.
    #[error("{}: array `{array}`: expected {expected}, found {found}", path.display())]
    Array {
        /// The file.
        path: PathBuf,
        /// The name of the array.
        array: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },

    /// A file is not of the format it must have, or is not accompanied by what the format needs.
    #[error("{}: expected {expected}, found {found}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },

    /// A file is of a format that is not read.
    #[error(
        "{}: expected .npz, .npy, a table, LIBSVM text or IDX, found {format}; \
         convert it in Python: {convert}",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The format found.
        format: String,
        /// Python that makes a readable file of it.
        convert: String,
    },

    /// A line of a table is not what it must be.
    #[error("{}, line {line}: expected {expected}, found {found}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },

    /// A file of a named data set is not on this machine.
    #[error(
        "{set}: expected {file} in {}, found none; `implicit-bias fetch {set}` brings it, \
         or name its folder with --data-dir",
        dir.display()
    )]
    Missing {
        /// The data set.
        set: &'static str,
        /// The file.
        file: String,
        /// Where it was looked for.
        dir: PathBuf,
    },

    /// The contents of a readable file are not a valid data set.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with its contents.
        source: Box<DataError>,
    },

    /// The labels are names where numbers were expected.
    #[error(
        "y: expected labels -1 and 1 (or choose classes with --positive A --negative B), \
         found the names {}",
        list(available)
    )]
    NamedLabels {
        /// Some of the names.
        available: Vec<String>,
    },

    /// No sample has the label of a class asked for.
    #[error(
        "{flag}: expected one of the labels {}, found `{class}`",
        list(available)
    )]
    UnknownClass {
        /// The flag of the command line that sets it.
        flag: &'static str,
        /// The class asked for.
        class: String,
        /// Some of the labels, sorted.
        available: Vec<String>,
    },

    /// A class has fewer samples than asked for.
    #[error(
        "--per-class: expected at most {available}, the samples of class {class}, found {wanted}"
    )]
    TooFew {
        /// The class.
        class: String,
        /// Samples asked for.
        wanted: usize,
        /// Samples there are.
        available: usize,
    },

    /// There are too few or too many classes.
    #[error("y: expected 2 to {} classes, found {found}", crate::size::MAX_CLASSES)]
    ClassCount {
        /// Classes there are.
        found: usize,
    },

    /// Classes and samples do not fit each other.
    #[error(
        "y: expected one of {classes} classes for every sample \
         and a sample of every class, found {found}"
    )]
    Class {
        /// The number of classes.
        classes: usize,
        /// What was found.
        found: String,
    },

    /// A sample that should be divided by its norm has none.
    #[error("--unit-norm: expected samples of positive norm, found norm {norm} in row {row}")]
    ZeroSample {
        /// The sample.
        row: usize,
        /// Its norm.
        norm: f64,
    },

    /// An argument is out of range.
    #[error("{flag}: expected {expected}, found {found}")]
    Argument {
        /// The flag of the command line that sets it.
        flag: &'static str,
        /// The range.
        expected: String,
        /// The value given.
        found: String,
    },

    /// A parameter of a [`DataLaw`](crate::DataLaw) cannot be.
    #[error(transparent)]
    Parameter(#[from] implicit_bias_settings::Invalid),

    /// An array would exceed [`MAX_ENTRIES`](crate::MAX_ENTRIES).
    #[error(
        "expected at most {} entries (4 GiB of f64), found {rows} × {columns}",
        crate::MAX_ENTRIES
    )]
    TooLarge {
        /// Rows asked for.
        rows: usize,
        /// Columns asked for.
        columns: usize,
    },

    /// An array would not fit into the memory that is free.
    #[error("expected {expected}, found {found}")]
    NoRoom {
        /// What was expected.
        expected: String,
        /// The rows and columns asked for, and what they would take.
        found: String,
    },

    /// There are too few samples, or they have no coordinates.
    #[error("X: expected at least 2 samples and 1 dimension, found shape [{samples}, {dim}]")]
    TooSmall {
        /// Rows of `X`.
        samples: usize,
        /// Columns of `X`.
        dim: usize,
    },

    /// `X` and `y` disagree on the number of samples.
    #[error("y: expected one label for each of the {samples} rows of X, found {labels}")]
    Length {
        /// Rows of `X`.
        samples: usize,
        /// Entries of `y`.
        labels: usize,
    },

    /// An entry of a matrix is NaN or infinite.
    #[error("{array}: expected finite entries, found {value} in row {row}, column {column}")]
    NotFinite {
        /// The matrix.
        array: &'static str,
        /// Row of the entry.
        row: usize,
        /// Column of the entry.
        column: usize,
        /// The entry.
        value: f64,
    },

    /// The squared norm of a sample overflows or underflows.
    #[error(
        "X: expected samples whose squared norm is 0 or a normal f64, \
         found {squared_norm:e} in row {row}; rescale the data"
    )]
    Scale {
        /// The sample.
        row: usize,
        /// Its squared norm as computed.
        squared_norm: f64,
    },

    /// A label is neither of the two expected values.
    #[error("y: expected labels {expected}, found {value} for sample {sample}")]
    Label {
        /// The two values.
        expected: &'static str,
        /// The sample.
        sample: usize,
        /// Its label.
        value: f64,
    },

    /// The labels are 0 and 1 where ±1 was expected.
    #[error("y: expected labels -1 and 1, found 0 and 1; to read 0 as -1, pass --labels zero-one")]
    ZeroOneLabels,

    /// All labels are equal.
    #[error("y: expected both classes, found the label {label} for all {samples} samples")]
    OneClass {
        /// The only label.
        label: f64,
        /// How many samples have it.
        samples: usize,
    },
}

fn list(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names
            .iter()
            .map(|name| format!("`{}`", name.escape_debug()))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

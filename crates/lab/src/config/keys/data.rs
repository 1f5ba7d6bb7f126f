//! Keys that say what the data are.

pub use implicit_bias_model::CLASSES;
use implicit_bias_settings::{Key, Name};

/// The heading of these keys in `--help`.
pub const HEADING: &str = "Data";

/// A file of samples and labels.
pub const DATA: Key = Key::path(
    "data",
    "FILE",
    "Data file: .npz, .npy, a table, LIBSVM text or IDX; or `mnist` or `cifar10`, which `fetch` brings",
)
.excluding(&["synthetic"]);

/// The labels of samples in a file without any.
pub const LABEL_FILE: Key = Key::path(
    "label-file",
    "FILE",
    "Labels of .npy, .npz or IDX samples [default: for …images-idx3… the …labels-idx1… beside it]",
);

/// The array of samples in an archive.
pub const SAMPLES_ARRAY: Key = Key::text(
    "samples-array",
    "NAME",
    "Array of samples in an .npz file [default: X, or a usual name such as x_train]",
);

/// The array of labels in an archive.
pub const LABELS_ARRAY: Key = Key::text(
    "labels-array",
    "NAME",
    "Array of labels in an .npz file [default: y, or a usual name such as y_train]",
);

/// The column of a table that holds the labels.
pub const LABEL_COLUMN: Key = Key::label(
    "label-column",
    "COLUMN",
    "Column of labels of a table: its name, or its position from 1 (-1 is the last) [default: y]",
);

/// Columns of a table that are left out.
pub const DROP_COLUMNS: Key = Key::label(
    "drop-columns",
    "COLUMNS",
    "Columns of a table to leave out, by name or position, with commas between them",
);

/// Whether the first line of a table is a sample.
pub const NO_HEADER: Key = Key::switch(
    "no-header",
    "Read the first line of a table as a sample; with =false as names whatever it holds",
);

/// What separates the fields of a table.
pub const SEPARATOR: Key = Key::text(
    "separator",
    "NAME",
    "What separates the fields of a table: comma, semicolon, tab, space, bar, or a character \
     [default: what its first lines tell]",
);

/// Where MNIST is.
pub const DATA_DIR: Key = Key::path(
    "data-dir",
    "DIR",
    "Folder of the MNIST or CIFAR-10 files [default: the user's data directory]",
);

/// Which part of MNIST.
pub const SPLIT: Key = Key::one_of(
    "split",
    &[
        Name::new("train", "The training set"),
        Name::new("test", "The test set, 10,000 images"),
    ],
    "Part of MNIST or CIFAR-10 [default: train]",
);

/// How the two classes are written.
pub const LABELS: Key = Key::one_of(
    "labels",
    &[
        Name::new("plus-minus-one", "−1 and +1"),
        Name::new("zero-one", "0 and 1, read as −1 and +1"),
        Name::new("real", "Real targets, for the squared loss"),
    ],
    "How the labels of the data file are written [default: plus-minus-one; real for the quadratic \
     network under the squared loss]",
)
.excluding(&["positive", "negative"]);

/// The label of one class.
pub const POSITIVE: Key = Key::label(
    "positive",
    "LABEL",
    "Label of the class +1, in a file of any number of classes",
);

/// The label of the other class.
pub const NEGATIVE: Key = Key::label(
    "negative",
    "LABEL",
    "Label of the class −1 [default: every label but that of +1]",
);

/// How many samples of a file are taken.
pub const PER_CLASS: Key = Key::count(
    "per-class",
    "N",
    "Samples of each class to take from the data file, drawn by --seed [default: all]",
)
.within("at least 1 sample of each class", |count| count >= 1.0);

/// Which law the data are drawn from, where there is no file.
pub const SYNTHETIC: Key = Key::component("synthetic", "Generated data, where no file is given")
    .by_default_name("mixture");

/// Fresh samples of the law to test on.
pub const HELD_OUT: Key = Key::count(
    "held-out",
    "N",
    "Fresh samples of the data law, with clean labels, on which held_out_error is recorded",
)
.within("at least 2 samples", |count| count >= 2.0)
.excluding(&["held-out-data"]);

/// A file of samples to test on.
pub const HELD_OUT_DATA: Key = Key::path(
    "held-out-data",
    "FILE",
    "Held-out samples and labels, read as --data is, on which held_out_error is recorded; or \
     `mnist` or `cifar10`, their test sets",
);

/// Keys of held-out samples.
pub const OF_HELD_OUT: &[Key] = &[HELD_OUT, HELD_OUT_DATA];

/// These keys, in the order of a configuration; those of the data laws follow them.
pub const KEYS: &[Key] = &[
    DATA,
    LABEL_FILE,
    SAMPLES_ARRAY,
    LABELS_ARRAY,
    LABEL_COLUMN,
    DROP_COLUMNS,
    NO_HEADER,
    SEPARATOR,
    DATA_DIR,
    SPLIT,
    LABELS,
    POSITIVE,
    NEGATIVE,
    CLASSES,
    PER_CLASS,
    SYNTHETIC,
    HELD_OUT,
    HELD_OUT_DATA,
];

/// Keys of data files, beside the file itself.
pub const OF_FILES: &[Key] = &[
    LABEL_FILE,
    SAMPLES_ARRAY,
    LABELS_ARRAY,
    LABEL_COLUMN,
    DROP_COLUMNS,
    NO_HEADER,
    SEPARATOR,
    DATA_DIR,
    SPLIT,
    LABELS,
    POSITIVE,
    NEGATIVE,
    CLASSES,
    PER_CLASS,
];

/// Of these, the keys that say how a file is read, which are of no use for another one.
pub const OF_ONE_FILE: &[Key] = &[
    LABEL_FILE,
    SAMPLES_ARRAY,
    LABELS_ARRAY,
    LABEL_COLUMN,
    DROP_COLUMNS,
    NO_HEADER,
    SEPARATOR,
];

/// Keys that most runs need none of: the long help alone has them.
pub const SELDOM: &[Key] = &[
    SAMPLES_ARRAY,
    LABELS_ARRAY,
    DROP_COLUMNS,
    NO_HEADER,
    SEPARATOR,
    HELD_OUT,
    HELD_OUT_DATA,
];

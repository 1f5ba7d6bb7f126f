//! Keys of what is recorded and where it goes.

use implicit_bias_settings::{Key, Name};

/// The heading of these keys in `--help`.
pub const HEADING: &str = "Output";

/// How many steps are recorded.
pub const RECORD: Key = Key::count(
    "record",
    "N",
    "Recorded steps a decade; 0, 1, 2, 5 × 10^k and T always are",
)
.by_default_count(20)
// Past this the tables outgrow their use.
.within("at most 1000", |count| count <= 1000.0);

/// Which probes are recorded.
pub const PROBES: Key = Key::text(
    "probes",
    "NAMES",
    "Further columns of series.csv, by the names of probes with commas between them: \
     `implicit-bias help probes` lists them",
);

/// The seed.
pub const SEED: Key = Key::count(
    "seed",
    "SEED",
    "Seed of the data and of the initial weights",
)
.by_default_count(0);

/// The run directory.
pub const OUT: Key = Key::path("out", "DIR", "Run directory [default: runs/NAME-HASH]");

/// Another format for the results.
pub const EXPORT: Key = Key::one_of(
    "export",
    &[Name::new(
        "npz",
        "results.npz: data, weights and every recorded column, for NumPy",
    )],
    "Also write the results in this format",
);

/// The time between checkpoints.
pub const CHECKPOINT_INTERVAL: Key = Key::number(
    "checkpoint-interval",
    "SECONDS",
    "Seconds between checkpoints for `resume`",
)
.by_default(60.0)
.within("seconds, 0 or more", |seconds| seconds >= 0.0);

/// How many threads compute.
pub const THREADS: Key = Key::count(
    "threads",
    "N",
    "Threads to compute on [default: as many as there are cores that the process may use]",
)
.within("at least 1", |count| count >= 1.0);

/// The formats of figures.
pub const FIGURES: Key = Key::text(
    "figures",
    "FORMATS",
    "Formats of the figures, such as svg,pdf,png; SVG is always among them [default: svg]",
);

/// The width of printed figures.
pub const FIGURE_WIDTH: Key = Key::text(
    "figure-width",
    "WIDTH",
    "Width of PDF and PNG figures, such as 8.5cm or 3.25in [default: that of the SVG at 96 pixels an \
     inch]",
);

/// The font of printed figures.
pub const FIGURE_FONT: Key = Key::text(
    "figure-font",
    "FONT",
    "Font of PDF and PNG figures: a .ttf or .otf file, or an installed family [default: DejaVu Sans, \
     which is built in]",
);

/// The keys of printed figures, which commands that are no run have as flags too.
pub const OF_FIGURES: &[Key] = &[FIGURES, FIGURE_WIDTH, FIGURE_FONT];

/// Whether stdout is for programs.
pub const JSON: Key = Key::flag("json", "Print one JSON object on stdout");

/// These keys, in the order of a configuration.
pub const KEYS: &[Key] = &[
    RECORD,
    PROBES,
    SEED,
    OUT,
    EXPORT,
    FIGURES,
    FIGURE_WIDTH,
    FIGURE_FONT,
    CHECKPOINT_INTERVAL,
    THREADS,
    JSON,
];

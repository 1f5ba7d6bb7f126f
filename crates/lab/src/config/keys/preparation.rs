//! Keys that say what is done to the samples.

use implicit_bias_settings::Key;

/// The heading of these keys in `--help`.
pub const HEADING: &str = "Preparation, in this order";

/// A factor of all coordinates.
pub const SCALE: Key = Key::number(
    "scale",
    "S",
    "Factor of every coordinate [default: 1; for mnist and cifar10 1/255, which takes pixels to 0 … 1]",
);

/// Whether the mean is subtracted.
pub const CENTRE: Key = Key::switch("centre", "Subtract the mean of the samples").also(&["center"]);

/// Whether samples are divided by their norms.
pub const UNIT_NORM: Key = Key::switch(
    "unit-norm",
    "Divide every sample by its norm; the noise of --noise is added after this",
);

/// Whether labels are drawn anew.
pub const RANDOM_LABELS: Key = Key::switch("random-labels", "Replace the labels by fair coins");

/// These keys, in the order of a configuration.
pub const KEYS: &[Key] = &[SCALE, CENTRE, UNIT_NORM, RANDOM_LABELS];

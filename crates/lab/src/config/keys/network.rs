//! Keys of the network.

use implicit_bias_settings::{Key, Name};

/// The heading of these keys in `--help`.
pub const HEADING: &str = "Network";

/// A file of initial weights.
pub const INIT: Key = Key::path(
    "init",
    "FILE",
    "Initial weights: .npz or .safetensors with W_pos and W_neg, each m × d",
)
.excluding(&["init-scale"]);

/// The size of random initial weights.
pub const INIT_SCALE: Key = Key::number(
    "init-scale",
    "SIGMA0",
    "Standard deviation σ₀ of the initial weights, where no file is given",
)
.by_default(1e-3)
.non_negative();

/// The width of the network.
pub const WIDTH: Key = Key::count(
    "width",
    "M",
    "Width m: neurons in each of the two blocks [default: 50, or that of the init file]",
);

/// The activation.
pub const ACTIVATION: Key = Key::one_of(
    "activation",
    &[
        Name {
            name: "relu",
            about: "`max(z, 0)`",
        },
        Name {
            name: "leaky-relu",
            about: "`max(z, γ z)`, slope `γ` by --slope",
        },
    ],
    "Activation",
)
.by_default_name("leaky-relu");

/// The slope of leaky ReLU.
pub const SLOPE: Key = Key::number("slope", "GAMMA", "Slope γ of leaky ReLU, 0 ≤ γ < 1")
    .by_default(0.1)
    .within("a number in [0, 1)", |slope| (0.0..1.0).contains(&slope));

/// These keys, in the order of a configuration.
pub const KEYS: &[Key] = &[INIT, INIT_SCALE, WIDTH, ACTIVATION, SLOPE];

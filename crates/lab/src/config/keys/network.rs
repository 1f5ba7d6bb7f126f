//! Keys of the network.

use implicit_bias_settings::Key;

/// The heading of these keys in `--help`.
pub const HEADING: &str = "Network";

/// A file of initial weights.
pub const INIT: Key = Key::path(
    "init",
    "FILE",
    "Initial weights: .npz or .safetensors with W_pos and W_neg, each m × d; W_NAME a block for \
     other networks",
)
.excluding(&["init-scale", "init-law"]);

/// The size of random initial weights.
pub const INIT_SCALE: Key = Key::number(
    "init-scale",
    "SIGMA0",
    "Standard deviation σ₀ of the initial weights, where no file is given",
)
.also(&["sigma0", "init-std"])
.by_default(1e-3)
.non_negative();

/// The law of random initial weights.
pub const INIT_LAW: Key = Key::component(
    "init-law",
    "Law of the initial weights, where no file is given",
)
.by_default_name("gaussian");

/// The network.
pub const NETWORK: Key = Key::component("network", "Network").by_default_name("two-layer");

/// Keys that few runs need.
pub const ADVANCED: &[Key] = &[INIT_LAW];

/// These keys, in the order of a configuration; those of the networks follow them.
pub const KEYS: &[Key] = &[INIT, INIT_SCALE, INIT_LAW, NETWORK];

//! Keys of the descent and of the engine that runs it.

use implicit_bias_settings::{Key, Name};

/// The heading of these keys in `--help`.
pub const HEADING: &str = "Descent";

/// The loss.
pub const LOSS: Key = Key::one_of(
    "loss",
    &[
        Name {
            name: "logistic",
            about: "`log(1 + e^{−q})`",
        },
        Name {
            name: "exponential",
            about: "`e^{−q}`",
        },
    ],
    "Loss",
)
.by_default_name("logistic");

/// The step size.
pub const STEP_SIZE: Key = Key::number("step-size", "ETA", "Step size η")
    .by_default(0.1)
    .positive();

/// The horizon.
pub const STEPS: Key =
    Key::steps("steps", "T", "Number of steps T; 1e6 is accepted").by_default(1e5);

/// The engine.
pub const ENGINE: Key = Key::one_of(
    "engine",
    &[
        Name {
            name: "auto",
            about: "The cheapest engine that can run the configuration",
        },
        Name {
            name: "tensor",
            about: "Weight space, on a Burn device",
        },
        Name {
            name: "gram",
            about: "Gram coordinates: exact, at a cost that does not depend on d; any horizon",
        },
    ],
    "Engine",
)
.by_default_name("auto");

/// Where log time begins.
pub const EXACT_STEPS: Key = Key::steps(
    "exact-steps",
    "T0",
    "Steps that the Gram engine takes exactly; past them it follows gradient descent in log t, \
     with an estimate of the error in every row of the series",
)
.by_default(1e7);

/// The way to a gradient.
pub const GRADIENT: Key = Key::one_of(
    "gradient",
    &[
        Name {
            name: "auto",
            about: "Hand-derived where the architecture has one and the device computes in host \
                    memory",
        },
        Name {
            name: "autodiff",
            about: "Burn's automatic differentiation",
        },
        Name {
            name: "hand-derived",
            about: "The architecture's own formula, in host memory",
        },
    ],
    "Gradient of the tensor engine",
)
.by_default_name("auto");

/// The device.
pub const DEVICE: Key = Key::text(
    "device",
    "NAME",
    "Device, as listed by `implicit-bias devices` [default: the first]",
);

/// The float type.
pub const PRECISION: Key = Key::one_of(
    "precision",
    &[
        Name {
            name: "f32",
            about: "Single precision",
        },
        Name {
            name: "f64",
            about: "Double precision",
        },
    ],
    "Precision [default: f64 where the device has it]",
);

/// Whether what rounding takes is kept.
pub const COMPENSATED: Key = Key::switch(
    "compensated",
    "Keep what rounding takes from each update (two-sum); for f32",
);

/// These keys, in the order of a configuration.
pub const KEYS: &[Key] = &[
    LOSS,
    STEP_SIZE,
    STEPS,
    ENGINE,
    EXACT_STEPS,
    GRADIENT,
    DEVICE,
    PRECISION,
    COMPENSATED,
];

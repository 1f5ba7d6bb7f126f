//! Keys of the descent and of the engine that runs it.

use implicit_bias_settings::{Key, Name};

/// The heading of these keys in `--help`.
pub const HEADING: &str = "Descent";

/// The loss.
pub const LOSS: Key = Key::component("loss", "Loss").by_default_name("logistic");

/// What is made of the losses of all samples.
pub const REDUCTION: Key = Key::one_of(
    "reduction",
    &[
        Name::new("mean", "Their mean"),
        Name::new("sum", "Their sum"),
    ],
    "What is made of the losses of the samples",
)
.by_default_name("mean");

/// The optimizer.
pub const OPTIMIZER: Key = Key::component("optimizer", "Optimizer").by_default_name("gd");

/// The step size.
pub const STEP_SIZE: Key = Key::number("step-size", "ETA", "Step size η")
    .also(&["eta", "lr"])
    .by_default(0.1)
    .positive();

/// Keys that few runs need, beside those of step-size schedules.
pub const ADVANCED: &[Key] = &[STOP, REDUCTION];

/// Keys of the loss and of the steps; those of schedules, losses and optimizers follow them.
pub const OF_STEPS: &[Key] = &[LOSS, REDUCTION, OPTIMIZER, STEP_SIZE];

/// The horizon.
pub const STEPS: Key =
    Key::steps("steps", "T", "Number of steps T; 1e6 is accepted").by_default(1e5);

/// Where a run stops before its horizon.
pub const STOP: Key = Key::one_of(
    "stop",
    &[
        Name::new(
            "zero-errors",
            "Where every training sample has a positive margin",
        ),
        Name::new(
            "zero-loss",
            "Where the loss of every training sample is zero",
        ),
    ],
    "Stop before the horizon, at the first step where this holds [default: go on] (weight space)",
);

/// The engine.
pub const ENGINE: Key = Key::one_of(
    "engine",
    &[
        Name::new("auto", "The cheapest engine that can run the configuration"),
        Name::new("tensor", "Weight space, on a Burn device"),
        Name::new(
            "gram",
            "Gram coordinates: exact, at a cost that does not depend on d; any horizon",
        ),
    ],
    "Engine",
)
.by_default_name("auto");

/// Where log time begins.
pub const EXACT_STEPS: Key = Key::steps(
    "exact-steps",
    "T0",
    "Steps that are taken exactly; past them the descent is followed in log t, with an estimate of \
     the error in every row of the series. In Gram coordinates 10⁷; in weight space all of them up \
     to 10⁶, and 10⁴ where T is larger",
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
        Name::new("autodiff", "Burn's automatic differentiation"),
        Name::new(
            "hand-derived",
            "The architecture's own formula, in host memory",
        ),
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
        Name::new("f32", "Single precision"),
        Name::new("f64", "Double precision"),
    ],
    "Precision [default: f64 where the device has it]",
);

/// Whether what rounding takes is kept.
pub const COMPENSATED: Key = Key::switch(
    "compensated",
    "Keep what rounding takes from each update (two-sum); for f32",
);

/// Whether a twin runs beside.
pub const SENSITIVITY: Key = Key::switch(
    "sensitivity",
    "Run a twin whose initial weights differ by 10⁻¹⁰ of their norm, and record as `sensitivity` \
     how far both part, over their first distance; doubles the work (weight space)",
);

/// Whether the residual of the direction is recorded.
pub const KKT: Key = Key::switch(
    "kkt",
    "Record as `kkt_residual` and `complementarity`, at powers of ten, how far the direction is \
     from a KKT point of the largest margin (weight space; homogeneous networks)",
);

/// Keys of the horizon and the engine, after those of the optimizers.
pub const OF_ENGINES: &[Key] = &[
    STEPS,
    STOP,
    ENGINE,
    EXACT_STEPS,
    GRADIENT,
    DEVICE,
    PRECISION,
    COMPENSATED,
    SENSITIVITY,
    KKT,
];

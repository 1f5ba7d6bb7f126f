//! Gradient descent on batches.

use implicit_bias_settings::{Key, Name};

use super::gd::GradientDescent;
use super::optimizer::OptimizerKind;
use implicit_bias_record::StepNorm;

/// The size of a batch.
pub const BATCH_SIZE: Key = Key::count(
    "batch-size",
    "B",
    "Samples of a batch (sgd, momentum, sign-gd, adam) [default: 1 for sgd, all for others]",
)
.within("at least 1 sample", |size| size >= 1.0);

/// The order of the samples.
pub const BATCH_ORDER: Key = Key::one_of(
    "batch-order",
    &[
        Name::new(
            "shuffled",
            "Every sample once an epoch, in an order drawn anew by --seed",
        ),
        Name::new(
            "cyclic",
            "Every sample once an epoch, in the order of the data",
        ),
    ],
    "Order of the samples in batches (sgd, momentum, sign-gd, adam)",
)
.by_default_name("shuffled");

/// `W ← W − η_t ∇L_B(W)` with the mean loss `L_B` of a batch.
pub const SGD: OptimizerKind = OptimizerKind {
    name: "sgd",
    about: "`W ← W − η ∇L_B`, gradient descent on batches",
    keys: &[BATCH_SIZE, BATCH_ORDER],
    has_step_size: true,
    batch_size: Some(1),
    is_plain: false,
    pace: None,
    step_norm: |_| StepNorm::Unknown,
    make: |_, weights| Ok(Box::new(GradientDescent(vec![0.0; weights]))),
};

//! Values that have names.

use implicit_bias_data::{LabelEncoding, Split};
use implicit_bias_engine::{Gradient, Precision};

use implicit_bias_record::StopRule;

use super::kinds::{EngineKind, ExportKind};

/// A value that users type as a name.
pub(super) trait Named: Copy + PartialEq + 'static {
    /// All values, each with its name.
    const NAMES: &'static [(&'static str, Self)];

    /// The name of this value.
    fn name(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(_, value)| *value == self);
        named.expect("every value has a name").0
    }

    /// The value of a name.
    fn named(name: &str) -> Option<Self> {
        let named = Self::NAMES.iter().find(|(known, _)| *known == name);
        named.map(|(_, value)| *value)
    }
}

impl Named for Gradient {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("autodiff", Self::Autodiff),
        ("hand-derived", Self::HandDerived),
    ];
}

impl Named for Precision {
    const NAMES: &'static [(&'static str, Self)] = &[("f32", Self::F32), ("f64", Self::F64)];
}

impl Named for EngineKind {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("tensor", Self::Tensor),
        ("gram", Self::Gram),
    ];
}

impl Named for ExportKind {
    const NAMES: &'static [(&'static str, Self)] = &[("npz", Self::Npz)];
}

impl Named for StopRule {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("zero-errors", Self::ZeroErrors),
        ("zero-loss", Self::ZeroLoss),
    ];
}

impl Named for Split {
    const NAMES: &'static [(&'static str, Self)] = &[("train", Self::Train), ("test", Self::Test)];
}

impl Named for LabelEncoding {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("plus-minus-one", Self::PlusMinusOne),
        ("zero-one", Self::ZeroOne),
    ];
}

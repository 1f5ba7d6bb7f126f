//! The activations that users choose by name.

use std::sync::OnceLock;

use implicit_bias_settings::{Invalid, Key, Settings};

use super::function::{ActivationKind, SharedActivation};
use super::huberized_relu::HUBERIZED_RELU;
use super::leaky_relu::LEAKY_RELU;
use super::quadratic::QUADRATIC;
use super::relu::RELU;
use super::smoothed_leaky_relu::SMOOTHED_LEAKY_RELU;

/// The activations of the laboratory.
pub const ACTIVATIONS: &[ActivationKind] = &[
    RELU,
    LEAKY_RELU,
    SMOOTHED_LEAKY_RELU,
    HUBERIZED_RELU,
    QUADRATIC,
];

/// Which activation. A network with this key has the keys of all activations.
pub const ACTIVATION: Key =
    Key::component("activation", "Activation").by_default_name(LEAKY_RELU.name);

static INSTALLED: OnceLock<Vec<&'static ActivationKind>> = OnceLock::new();

/// The activations of this process: those of the laboratory, unless others were installed before.
pub fn activations() -> &'static [&'static ActivationKind] {
    INSTALLED.get_or_init(|| ACTIVATIONS.iter().collect())
}

/// Makes these the activations of the process; `false` if it has others already.
pub fn install_activations(all: Vec<&'static ActivationKind>) -> bool {
    INSTALLED.set(all).is_ok()
}

/// The kind of activation that settings ask for.
///
/// # Errors
///
/// [`Invalid`] for a name that there is not.
pub fn activation_kind(settings: &Settings) -> Result<&'static ActivationKind, Invalid> {
    let asked = ACTIVATION.text_in(settings)?.unwrap_or_default();
    let all = activations();
    let found = all.iter().find(|kind| kind.name == asked);
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|kind| kind.name).collect();
        let expected = format!("one of {}", names.join(", "));
        Invalid::new(ACTIVATION.name, expected, format!("`{asked}`"))
    })
}

/// The activation that settings ask for.
///
/// # Errors
///
/// [`Invalid`] for a name that there is not, and a key out of range.
pub fn activation(settings: &Settings) -> Result<SharedActivation, Invalid> {
    (activation_kind(settings)?.make)(settings)
}

/// The activation that settings ask for, in words: `ReLU` or `leaky ReLU, γ = 0.1`.
pub fn describe_activation(settings: &Settings) -> String {
    activation(settings).map_or(String::new(), |activation| activation.describe())
}

//! What a system answers, every number of it finite.

use super::system::{MarginSystem, SystemError};
use crate::EngineError;
use crate::optimizers::norm;

/// `2^{−exponent} w`, into `unit`.
pub(super) fn unit(weights: &[f64], exponent: i32, unit: &mut Vec<f64>) {
    unit.clear();
    // In one factor where there is one: that of a norm below 2⁻¹⁰²³ is none.
    let factor = libm::scalbn(1.0, -exponent);
    if factor.is_finite() {
        unit.extend(weights.iter().map(|w| w * factor));
    } else {
        unit.extend(weights.iter().map(|w| libm::scalbn(*w, -exponent)));
    }
}

/// The margins of a system at weights of a norm near 1, every one of them finite.
pub(super) fn margins_at(
    system: &mut dyn MarginSystem,
    weights: &[f64],
    margins: &mut [f64],
) -> Result<(), EngineError> {
    let of_system = |error: SystemError| EngineError::System(error);
    system.margins(weights, margins).map_err(of_system)?;
    match margins.iter().position(|q| !q.is_finite()) {
        None => Ok(()),
        Some(sample) => Err(EngineError::Invalid {
            key: "margins".into(),
            expected: "a finite margin of every sample".into(),
            found: format!(
                "{} of sample {sample}, at weights of norm {:.3}",
                margins[sample],
                norm(weights)
            ),
        }),
    }
}

/// The sum of gradients of a system at the weights that it was asked last, every entry finite.
pub(super) fn gradient_at(
    system: &mut dyn MarginSystem,
    cotangent: &[f64],
    gradient: &mut [f64],
) -> Result<(), EngineError> {
    let of_system = |error: SystemError| EngineError::System(error);
    system.pull_back(cotangent, gradient).map_err(of_system)?;
    match gradient.iter().position(|g| !g.is_finite()) {
        None => Ok(()),
        Some(entry) => Err(EngineError::Invalid {
            key: "vjp".into(),
            expected: "a finite sum of gradients".into(),
            found: format!("{} in its entry {entry}", gradient[entry]),
        }),
    }
}

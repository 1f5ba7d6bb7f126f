//! The losses that users choose by name: two that exact theory knows, and a file each for the others.
//!
//! A loss is a file with a [`MarginLoss`](crate::MarginLoss) and a line in [`LOSSES`].

mod hinge;
mod polynomial;
mod squared;

pub use hinge::HINGE;
pub use polynomial::{POLYNOMIAL, TAIL};
pub use squared::SQUARED;

use crate::loss::Loss;

/// The losses of the laboratory, the default first.
pub const LOSSES: &[Loss] = &[
    Loss::Logistic,
    Loss::Exponential,
    HINGE,
    SQUARED,
    POLYNOMIAL,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A tail is what a loss states, and logarithms that underflow are no tail.
    #[test]
    fn tails_are_those_that_losses_state() {
        use crate::margin_loss::MarginLoss;
        for loss in LOSSES {
            let (stated, found) = (loss.is_exponentially_tailed(), loss.falls_exponentially());
            assert_eq!(stated, found, "{}", loss.name());
        }
        const GAUSSIAN: MarginLoss = MarginLoss {
            name: "gaussian",
            about: "e^(−q²)",
            keys: &[],
            value: |q, _| (-q * q).exp(),
            slope: |q, _| 2.0 * q * (-q * q).exp(),
            log_value: |q, _| -q * q,
            log_slope: |q, _| (2.0 * q).ln() - q * q,
            is_exponentially_tailed: true,
        };
        const UNDERFLOWING: MarginLoss = MarginLoss {
            log_value: |q, _| (-q).exp().ln(),
            log_slope: |q, _| (-q).exp().ln(),
            ..GAUSSIAN
        };
        const COLD: MarginLoss = MarginLoss {
            log_value: |q, _| 3.0 - 1e4 * q,
            log_slope: |q, _| 7.0 - 1e4 * q,
            ..GAUSSIAN
        };
        let found =
            [&GAUSSIAN, &UNDERFLOWING, &COLD].map(|loss| Loss::of(loss).falls_exponentially());
        assert_eq!(found, [false, false, true]);
    }

    /// Slopes are those of the values, and logarithms those of both, of every loss of the list.
    #[test]
    fn the_formulas_of_a_loss_agree() {
        let of_key = POLYNOMIAL
            .with_settings(&implicit_bias_settings::Settings::default().with(TAIL.name, 2.5));
        let all = LOSSES.iter().copied().chain(of_key);
        for loss in all {
            for q in [-7.3, -0.4, 0.3, 0.9, 1.7, 6.1, 30.0] {
                let (value, slope, h) = (loss.value(q), loss.slope(q), 1e-5);
                let difference = (loss.value(q - h) - loss.value(q + h)) / (2.0 * h);
                let name = loss.name();
                assert!(
                    (slope - difference).abs() <= 1e-7 * (1.0 + value),
                    "{name} {q}: {slope}"
                );
                let same = |found: f64, of: f64| {
                    found == of.abs().ln()
                        || (found - of.abs().ln()).abs() < 1e-12 * (1.0 + found.abs())
                };
                assert!(same(loss.log_value(q), value), "{name} {q}");
                assert!(same(loss.log_slope(q), slope), "{name} {q}");
            }
        }
    }
}

//! Step sizes that fall like a power of the step.

use implicit_bias_settings::{Invalid, Key, Settings};

use super::schedule::{PowerDecay, SharedStepSchedule, StepSchedule, StepScheduleKind};

/// How the step size decays.
pub const STEP_DECAY: Key = Key::number(
    "step-decay",
    "A",
    "Exponent a of the step size η (t + t₀)^(−a) of step t = 0, 1, …",
)
.by_default(0.0)
.non_negative();

/// From where the step size decays.
pub const STEP_OFFSET: Key = Key::number(
    "step-offset",
    "T0",
    "Offset t₀ of a step size that decays [default: 1]",
)
.positive();

/// Step sizes `η (t + t₀)^{−a}` as users choose them.
pub const DECAY: StepScheduleKind = StepScheduleKind {
    name: "decay",
    about: "`η (t + t₀)^(−a)`",
    keys: &[STEP_DECAY, STEP_OFFSET],
    make: |settings| {
        let exponent = STEP_DECAY.number_in(settings)?;
        let offset = STEP_OFFSET.number_if_given(settings)?;
        match offset {
            Some(offset) if exponent == 0.0 => Err(Invalid::new(
                STEP_OFFSET.name,
                "step-decay beside it, without which step sizes are constant",
                offset,
            )),
            _ if exponent == 0.0 => Ok(None),
            offset => {
                let offset = offset.unwrap_or(1.0);
                Ok(Some(SharedStepSchedule::new(PowerDecay {
                    exponent,
                    offset,
                })))
            }
        }
    },
};

impl StepSchedule for PowerDecay {
    fn factor(&self, step: u64) -> f64 {
        (step as f64 + self.offset).powf(-self.exponent)
    }

    fn decay(&self) -> Option<PowerDecay> {
        Some(*self)
    }

    fn sums_to_infinity(&self) -> bool {
        self.exponent <= 1.0
    }

    fn settings(&self) -> Settings {
        let offset = (self.offset != 1.0).then_some(self.offset);
        Settings::default()
            .with(STEP_DECAY.name, self.exponent)
            .with(STEP_OFFSET.name, offset)
    }

    fn factor_words(&self) -> String {
        format!("(t + {})^−{}", self.offset, self.exponent)
    }
}

//! The step size of every step.

use implicit_bias_settings::{Invalid, Settings};

use super::schedule::{PowerDecay, SharedStepSchedule, StepScheduleKind};

/// The size `η_t` of every step `t = 0, 1, …`: `η`, changed by schedules.
#[derive(Clone, Debug, PartialEq)]
pub struct StepSize {
    /// `η`.
    pub first: f64,
    /// What changes it.
    pub schedules: Vec<SharedStepSchedule>,
}

impl StepSize {
    /// The same at every step.
    pub fn constant(step_size: f64) -> Self {
        Self {
            first: step_size,
            schedules: Vec::new(),
        }
    }

    /// `η (t + t₀)^{−a}` with `a` the exponent and `t₀` the offset.
    pub fn decaying(step_size: f64, exponent: f64, offset: f64) -> Self {
        let decay = SharedStepSchedule::new(PowerDecay { exponent, offset });
        Self {
            first: step_size,
            schedules: if exponent == 0.0 {
                Vec::new()
            } else {
                vec![decay]
            },
        }
    }

    /// `η`, changed by those of the schedules whose keys are given.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for settings that make no schedule, or one that is not positive before step
    /// `steps`.
    pub fn of_settings(
        first: f64,
        settings: &Settings,
        kinds: impl IntoIterator<Item = &'static StepScheduleKind>,
        steps: f64,
    ) -> Result<Self, Invalid> {
        let mut step_size = Self::constant(first);
        for kind in kinds {
            if let Some(schedule) = (kind.make)(settings)? {
                schedule.check(steps)?;
                step_size.schedules.push(schedule);
            }
        }
        Ok(step_size)
    }

    /// Whether it is the same at every step.
    pub fn is_constant(&self) -> bool {
        self.schedules.is_empty()
    }

    /// `η_t`.
    pub fn at(&self, step: u64) -> f64 {
        let bases = self.schedules.iter().rev();
        let base = bases.filter_map(|schedule| schedule.base(step)).next();
        let factors = self.schedules.iter().map(|schedule| schedule.factor(step));
        factors.fold(base.unwrap_or(self.first), |size, factor| size * factor)
    }

    /// The power of the step by which it falls, exponent 0 for a constant one; `None` where it
    /// changes in another way.
    pub fn decay(&self) -> Option<PowerDecay> {
        match self.schedules.as_slice() {
            [] => Some(PowerDecay {
                exponent: 0.0,
                offset: 1.0,
            }),
            [schedule] => schedule.decay(),
            _ => None,
        }
    }

    /// Whether the sizes of all steps are known to sum to infinity.
    pub fn sums_to_infinity(&self) -> bool {
        let mut schedules = self.schedules.iter();
        schedules.all(|schedule| schedule.sums_to_infinity())
    }

    /// The settings that make the schedules again.
    pub fn settings(&self) -> Settings {
        let each = self.schedules.iter().map(|schedule| schedule.settings());
        each.fold(Settings::default(), Settings::or)
    }
}

/// `0.1`, `0.1 (t + 1)^−0.5`, `(0.1, 0.05 from step 1000) (t + 1)^−0.5`.
impl std::fmt::Display for StepSize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let schedules = || self.schedules.iter();
        let bases: String = schedules().map(|schedule| schedule.base_words()).collect();
        let factors: Vec<String> = schedules()
            .map(|schedule| schedule.factor_words())
            .filter(|words| !words.is_empty())
            .collect();
        let has_both = !bases.is_empty() && !factors.is_empty();
        let size = format!("{}{bases}", self.first);
        let size = if has_both { format!("({size})") } else { size };
        f.write_str(&size)?;
        factors.iter().try_for_each(|words| write!(f, " {words}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::STEP_SCHEDULES;
    use super::*;

    fn sizes(settings: Settings) -> StepSize {
        StepSize::of_settings(1.0, &settings, STEP_SCHEDULES, 1e9).unwrap()
    }

    #[test]
    fn a_table_changes_the_step_size_from_its_steps_on() {
        let table = Settings::default().with("step-table", "10:0.5, 1e3:0.25");
        let sizes_of_table = sizes(table.clone());
        let found = [0, 9, 10, 999, 1000, 1 << 40].map(|step| sizes_of_table.at(step));
        assert_eq!(found, [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]);
        let both = sizes(table.with("step-decay", 0.5).with("step-offset", 6.0));
        assert_eq!(both.at(10), 0.125);
        assert_eq!(
            both.to_string(),
            "(1, 0.5 from step 10, 0.25 from step 1000) (t + 6)^−0.5"
        );
        assert_eq!(sizes(both.settings()), both);
        assert_ne!(sizes_of_table, both);
    }

    #[test]
    fn what_changes_is_not_constant_and_its_sum_is_known_or_not() {
        for (key, value, decay, far) in [
            ("step-decay", "0.5", Some(0.5), true),
            ("step-decay", "1.5", Some(1.5), false),
            ("step-table", "5:2", None, true),
            // Its sizes sum to 2: nobody looks.
            ("step-schedule", "0:2^(-t)", None, false),
        ] {
            let settings = match value.parse::<f64>() {
                Ok(number) => Settings::default().with(key, number),
                Err(_) => Settings::default().with(key, value),
            };
            let step_size = StepSize::of_settings(1.0, &settings, STEP_SCHEDULES, 1e3).unwrap();
            assert!(!step_size.is_constant(), "{key}");
            assert_eq!(
                step_size.decay().map(|decay| decay.exponent),
                decay,
                "{key}"
            );
            assert_eq!(step_size.sums_to_infinity(), far, "{key} {value}");
        }
    }
}

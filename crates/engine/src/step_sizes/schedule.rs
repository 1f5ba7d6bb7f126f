//! What changes the step size from step to step.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use implicit_bias_settings::{Invalid, Key, Settings};

/// `(t + t₀)^{−a}`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerDecay {
    /// `a`.
    pub exponent: f64,
    /// `t₀`.
    pub offset: f64,
}

/// What changes the step size `η` from step to step.
///
/// The size of step `t = 0, 1, …` is the last `η` that a schedule puts in its place, times the
/// factors of all schedules.
pub trait StepSchedule: fmt::Debug + Send + Sync {
    /// Another `η` in its place at a step.
    fn base(&self, step: u64) -> Option<f64> {
        let _ = step;
        None
    }

    /// A factor of `η` at a step.
    fn factor(&self, step: u64) -> f64 {
        let _ = step;
        1.0
    }

    /// The exponent and the offset, where the factor is a power of the step and nothing else
    /// changes: log time knows these alone.
    fn decay(&self) -> Option<PowerDecay> {
        None
    }

    /// Whether the sizes of all steps are known to sum to infinity: a descent whose steps do not
    /// goes nowhere far, and nothing is said of its limit.
    fn sums_to_infinity(&self) -> bool;

    /// Refuses a schedule that has no positive finite value at some step before step `steps`.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names the key and the step.
    fn check(&self, steps: f64) -> Result<(), Invalid> {
        let _ = steps;
        Ok(())
    }

    /// The settings that make it again, without defaults.
    fn settings(&self) -> Settings;

    /// What it puts in the place of `η`, in words after `η`: `, 0.05 from step 1000`.
    fn base_words(&self) -> String {
        String::new()
    }

    /// The factor in words after `η`: `(t + 1)^−0.5`.
    fn factor_words(&self) -> String {
        String::new()
    }
}

/// A schedule that copies of a configuration share.
#[derive(Clone, Debug)]
pub struct SharedStepSchedule(Arc<dyn StepSchedule>);

impl SharedStepSchedule {
    /// A schedule to be shared.
    pub fn new(schedule: impl StepSchedule + 'static) -> Self {
        Self(Arc::new(schedule))
    }
}

impl Deref for SharedStepSchedule {
    type Target = dyn StepSchedule;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

/// Schedules that the same settings make are the same: no two kinds share a key.
impl PartialEq for SharedStepSchedule {
    fn eq(&self, other: &Self) -> bool {
        self.settings() == other.settings()
    }
}

/// A kind of schedule, which users choose by giving its keys.
#[derive(Clone, Copy, Debug)]
pub struct StepScheduleKind {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// Its keys, which no other kind has.
    pub keys: &'static [Key],
    /// How one is made of settings; `None` where its keys are not given, or change nothing.
    pub make: fn(&Settings) -> Result<Option<SharedStepSchedule>, Invalid>,
}

//! States of a run from which its pattern may turn out to be proven to last.

use implicit_bias_data::{Dataset, TrainingSet};
use implicit_bias_engine::Engine;
use implicit_bias_limits::{pre_activations, too_large};
use ndarray::Array2;

use super::blocks::two_blocks;
use crate::LabError;

/// Past step 10¹⁶ one decade in so many is kept: nothing happens there any more.
const FAR_DECADES: i32 = 20;

/// Most numbers that snapshots may hold, 32 MiB.
const MAX_ENTRIES: usize = 1 << 22;

/// Pre-activations of a run at the first step of each decade: the steps from which its pattern may
/// turn out to be proven to last.
pub(super) struct Snapshots<'a> {
    /// `None` for classes by name, of which nothing is proven.
    data: Option<&'a Dataset>,
    states: Vec<(f64, Array2<f64>)>,
    /// How many more of them may be kept.
    room: usize,
}

impl<'a> Snapshots<'a> {
    /// None yet, of a run on these data.
    pub fn of(data: &'a TrainingSet, width: usize) -> Self {
        let entries = 2 * width * data.samples();
        let needed = too_large(data.samples(), data.dim(), width).is_none();
        Self {
            data: data.signs(),
            states: Vec::new(),
            room: if needed && data.signs().is_some() {
                MAX_ENTRIES / entries.max(1)
            } else {
                0
            },
        }
    }

    /// Those that were kept, rising steps with their pre-activations.
    pub fn states(self) -> Vec<(f64, Array2<f64>)> {
        self.states
    }

    /// Those that were kept, each a step and its pre-activations row after row.
    pub fn to_plain(&self) -> Vec<(f64, Vec<f64>)> {
        let plain = |(step, state): &(f64, Array2<f64>)| (*step, state.iter().copied().collect());
        self.states.iter().map(plain).collect()
    }

    /// With those of a checkpoint, of a run of this `width`.
    ///
    /// # Errors
    ///
    /// [`LabError::Checkpoint`] for one of another shape.
    pub fn with(mut self, plain: Vec<(f64, Vec<f64>)>, width: usize) -> Result<Self, LabError> {
        let shape = (2 * width, self.data.map_or(0, Dataset::samples));
        for (step, state) in plain {
            let state = Array2::from_shape_vec(shape, state).map_err(|error| {
                LabError::Checkpoint(format!("a state of step {step}: {error}"))
            })?;
            self.room = self.room.saturating_sub(1);
            self.states.push((step, state));
        }
        Ok(self)
    }

    /// Keeps the present state, if its step begins a decade.
    pub fn keep(&mut self, engine: &mut dyn Engine) {
        let step = engine.step();
        if self.room > 0
            && begins_a_checked_decade(step)
            && let Some(data) = self.data
            && let Some(state) =
                two_blocks(&engine.weights()).and_then(|blocks| pre_activations(data, blocks))
        {
            self.room -= 1;
            self.states.push((step, state));
        }
    }
}

fn begins_a_checked_decade(step: f64) -> bool {
    let decade: Option<i32> = format!("{step:e}")
        .strip_prefix("1e")
        .and_then(|exponent| exponent.parse().ok());
    decade.is_some_and(|decade| decade <= 16 || decade % FAR_DECADES == 0)
}

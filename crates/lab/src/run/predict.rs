//! Where a finished run ends, from its weights: when it ends, and when its directory is read again.

use std::path::Path;

use implicit_bias_data::Dataset;
use implicit_bias_model::{TwoLayerConfig, Weights};
use ndarray::Array2;

use super::Manifest;
use super::prepare::decompose_on_one_thread;
use crate::config::RunConfig;
use crate::prediction::{pre_activations, too_large};
use crate::{Engine, LabError, Prediction, Series, StopReason};

/// Past step 10¹⁶ one decade in so many is kept: nothing happens there any more.
const FAR_DECADES: i32 = 20;

/// Most numbers that snapshots may hold, 32 MiB.
const MAX_ENTRIES: usize = 1 << 22;

/// Pre-activations of a run at the first step of each decade: the steps from which its pattern may turn
/// out to be proven to last.
pub(super) struct Snapshots<'a> {
    data: &'a Dataset,
    states: Vec<(f64, Array2<f64>)>,
    /// How many more of them may be kept.
    room: usize,
}

impl<'a> Snapshots<'a> {
    /// None yet, of a run on these data.
    pub fn of(data: &'a Dataset, width: usize) -> Self {
        let entries = 2 * width * data.samples();
        let needed = too_large(data.samples(), data.dim(), width).is_none();
        Self {
            data,
            states: Vec::new(),
            room: if needed {
                MAX_ENTRIES / entries.max(1)
            } else {
                0
            },
        }
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
        let shape = (2 * width, self.data.samples());
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
            && let Some(state) = pre_activations(self.data, &engine.weights())
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

/// The limit of a run that left these weights, or why it is not known.
pub(super) fn predict(
    config: &RunConfig,
    manifest: &Manifest,
    weights: &Weights,
    snapshots: &Snapshots<'_>,
    series: &Series,
) -> Prediction {
    let Snapshots { data, states, .. } = snapshots;
    match endpoint(manifest) {
        Ok(step) => {
            let error_at = |step| error_at(series, step);
            Prediction::of_states(config, data, weights, step, states, &error_at)
        }
        Err(reason) => Prediction::unsolved(reason),
    }
}

/// The `error_estimate` of the last record up to `step`; 0 of a run without that column, whose steps are
/// all exact.
fn error_at(series: &Series, step: f64) -> f64 {
    let steps = series.steps();
    let row = steps.partition_point(|&recorded| recorded <= step);
    let column = series.column("error_estimate");
    match (column, row.checked_sub(1)) {
        (Some(column), Some(row)) if column[row].is_finite() => column[row],
        _ => 0.0,
    }
}

/// The limit of a run directory: from its weights and its data, loaded again; where that fails, as it
/// was written.
pub(super) fn predict_again(
    path: &Path,
    config: &RunConfig,
    manifest: &Manifest,
    series: &Series,
) -> Prediction {
    decompose_on_one_thread();
    let (data, width) = (&manifest.data, manifest.width);
    let unneeded = endpoint(manifest).err();
    // Known from the manifest: large data are not loaded only to be left alone.
    if let Some(reason) = unneeded.or_else(|| too_large(data.n, data.d, width)) {
        return Prediction::unsolved(reason);
    }
    let (data, weights) = match load(path, config, manifest) {
        Ok(loaded) => loaded,
        Err(reason) => {
            return written(path, manifest).unwrap_or_else(|| Prediction::unsolved(reason));
        }
    };
    let none = Snapshots {
        data: &data,
        states: Vec::new(),
        room: 0,
    };
    let mut prediction = predict(config, manifest, &weights, &none, series);
    // The run had snapshots, and knows of its past what its last weights do not tell.
    match (&mut prediction, written(path, manifest)) {
        (Prediction::Solved(limit), Some(Prediction::Solved(known)))
            if known.proven && limit.agrees_with(&known) =>
        {
            // A proof may rest on neurons that exact steps left dead, or hold from an earlier step on.
            (limit.proven, limit.certificate) = (true, known.certificate);
        }
        (
            Prediction::Unsolved { reason, lasts },
            Some(Prediction::Unsolved {
                reason: same,
                lasts: known,
            }),
        ) if *reason == same => *lasts = known,
        _ => {}
    }
    prediction
}

/// The last step of a run whose weights have a limit.
fn endpoint(manifest: &Manifest) -> Result<f64, String> {
    match manifest.stop {
        Some(
            StopReason::Completed { step }
            | StopReason::Stalled { step }
            | StopReason::Interrupted { step },
        ) => Ok(step),
        Some(stop @ (StopReason::Diverged { .. } | StopReason::NonFinite { .. })) => {
            Err(format!("the run has no limit: {stop}"))
        }
        None => Err("the run was cut off before it wrote its weights".into()),
    }
}

/// Data and weights of a run directory, if they are still those of the run.
fn load(
    path: &Path,
    config: &RunConfig,
    manifest: &Manifest,
) -> Result<(Dataset, Weights), String> {
    let data = config
        .load_data()
        .map_err(|error| format!("the data cannot be loaded again: {error}"))?;
    if data.sha256() != manifest.data.sha256 {
        return Err("the data have changed since the run".into());
    }
    let weights = path.join("weights.safetensors");
    let weights = Weights::from_safetensors(&weights, &TwoLayerConfig::BLOCKS)
        .map_err(|error| error.to_string())?;
    Ok((data, weights))
}

/// The limit that the run itself wrote.
fn written(path: &Path, manifest: &Manifest) -> Option<Prediction> {
    let text = std::fs::read(path.join("limit.json")).ok()?;
    let prediction: Prediction = serde_json::from_slice(&text).ok()?;
    let step = manifest.stop?.step();
    match &prediction {
        // Of another step it says nothing about this run.
        Prediction::Solved(limit) if limit.step != step => None,
        _ => Some(prediction),
    }
}

//! Where a finished run ends, from its weights: when it ends, and when its directory is read again.

use std::path::Path;

use implicit_bias_data::Dataset;
use implicit_bias_model::{TwoLayerConfig, Weights};

use super::Manifest;
use crate::config::RunConfig;
use crate::prediction::too_large;
use crate::{Prediction, StopReason};

/// The limit of a run that left these data and weights, or why it is not known.
pub(super) fn predict(
    config: &RunConfig,
    manifest: &Manifest,
    data: &Dataset,
    weights: &Weights,
) -> Prediction {
    match endpoint(manifest) {
        Ok(step) => Prediction::of_weights(config, data, weights, step),
        Err(reason) => Prediction::unsolved(reason),
    }
}

/// The limit of a run directory: from its weights and its data, loaded again; where that fails, as it
/// was written.
pub(super) fn predict_again(path: &Path, config: &RunConfig, manifest: &Manifest) -> Prediction {
    let (data, width) = (&manifest.data, manifest.width);
    let unneeded = endpoint(manifest).err();
    // Known from the manifest: large data are not loaded only to be left alone.
    if let Some(reason) = unneeded.or_else(|| too_large(data.n, data.d, width)) {
        return Prediction::unsolved(reason);
    }
    match load(path, config, manifest) {
        Ok((data, weights)) => predict(config, manifest, &data, &weights),
        Err(reason) => written(path, manifest).unwrap_or_else(|| Prediction::unsolved(reason)),
    }
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
        .data
        .load(config.seed)
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

//! Where a finished run ends, from its weights: when it ends, and when its directory is read again.

use std::collections::BTreeMap;
use std::path::Path;

use implicit_bias_data::{TrainingSet, known_numbers};
use implicit_bias_limits::linear::{MarginOutcome, SignedSamples, max_margin_l2};
use implicit_bias_limits::tokens::realizable;
use implicit_bias_limits::{
    DescentSettings, KktResidual, Reached, direction_numbers, direction_reached, predict_direction,
    too_large,
};
use implicit_bias_model::{OUTPUT_WEIGHT, TwoLayerConfig, Weights};
use implicit_bias_record::{Family, Prediction, Series, StopReason, StopRule};
use implicit_bias_settings::Asked;
use ndarray::Array2;

use crate::config::{RunConfig, TwoLayerDescent, limits};
use crate::pool::decompose_on_one_thread;
use crate::run::{Manifest, two_blocks};

/// The largest program, in `n d min(n, d)`, that a run solves unasked: a second or so.
const MOST_UNASKED: f64 = 2e7;

/// Where a run ends, and numbers of its data that theories compare with, or why they are not known.
pub(crate) struct WhereTo {
    pub prediction: Prediction,
    pub numbers: Result<Numbers, String>,
}

/// Numbers by name.
type Numbers = BTreeMap<String, f64>;

impl WhereTo {
    fn without_numbers(prediction: Prediction) -> Self {
        Self {
            prediction,
            numbers: Err("there are none of this network".to_owned()),
        }
    }

    /// With what is known of the data, where theories compare with nothing else: of networks that read
    /// more of data than samples and labels, and of real targets.
    pub(super) fn with_data(self, config: &RunConfig, data: &TrainingSet) -> Self {
        let has_more = config.network.network_kind().asks() != Asked::default();
        if !has_more && data.reals().is_none() {
            return self;
        }
        let solved = match &self.prediction {
            Prediction::Named(limit) => Some(limit),
            Prediction::Solved(_) | Prediction::Unsolved { .. } => None,
        };
        let numbers = self.numbers.or_else(|reason| {
            let known = known_numbers(data);
            // Of sentences, an error of all other data.
            known.unwrap_or_else(|| realizable(data, solved).map_err(|_| reason))
        });
        Self {
            numbers,
            prediction: self.prediction,
        }
    }

    fn unknown(reason: String) -> Self {
        Self {
            prediction: Prediction::unsolved(reason.clone()),
            numbers: Err(reason),
        }
    }
}

/// Whether theorems on the sum of hinge losses, of output weights `±1`, may be about a run.
fn has_hinge_theorems(config: &RunConfig) -> bool {
    let output_weight = config.network.settings.number(OUTPUT_WEIGHT.name);
    config.loss.name() == "hinge" && config.sum && output_weight == Some(1.0)
}

/// What theorems on the hinge loss compare with, of a run that they are about and that may get to zero
/// loss: the largest margin of linear classifiers.
fn linear_margin(config: &RunConfig, data: &TrainingSet) -> Option<Result<Numbers, String>> {
    let is_asked = config.family() == Family::TwoLayer
        && has_hinge_theorems(config)
        && config.stop != Some(StopRule::ZeroErrors);
    let data = data.signs().filter(|_| is_asked)?;
    let (n, d) = (data.samples(), data.dim());
    if n as f64 * d as f64 * n.min(d) as f64 > MOST_UNASKED {
        return Some(Err(format!(
            "it is not solved for {n} samples of {d} coordinates"
        )));
    }
    let samples = match SignedSamples::labelled(data.x().view(), data.y().view()) {
        Ok(samples) => samples,
        Err(error) => return Some(Err(error.to_string())),
    };
    Some(match max_margin_l2(&samples) {
        MarginOutcome::Separable(found) => Ok([("gamma_l2".to_owned(), found.gamma_l2)].into()),
        MarginOutcome::Inseparable(found) if found.exact => {
            Ok([("separable".to_owned(), 0.0)].into())
        }
        MarginOutcome::Inseparable(found) => Err(format!(
            "it is at most {:.1e}, which may be rounding",
            found.margin_bound
        )),
        MarginOutcome::NotSolved(reason) => Err(reason),
        _ => Err("it is not known".to_owned()),
    })
}

/// The limit of the direction of a run that left these weights; `None` where they are not at hand.
fn direction(config: &RunConfig, data: &TrainingSet, weights: Option<&Weights>) -> WhereTo {
    if let Some(numbers) = linear_margin(config, data) {
        return WhereTo {
            numbers,
            prediction: Prediction::unsolved(
                "no limit of this network under this descent is known here",
            ),
        };
    }
    let facts = config.descent_facts(data.samples());
    let is_linear = facts.family == Family::Linear;
    let is_known = is_linear || limits().any(|limit| (limit.applies)(&facts));
    if !is_known {
        let reason = "no limit of this network under this descent is known here";
        return WhereTo::without_numbers(Prediction::unsolved(reason));
    }
    let (n, d) = (data.samples(), data.dim());
    if n as f64 * d as f64 * n.min(d) as f64 > MOST_UNASKED {
        return WhereTo::unknown(format!(
            "a program of {n} samples of {d} coordinates is not solved unasked; \
             `implicit-bias limit` solves it"
        ));
    }
    let weights = weights.map(Weights::blocks);
    let prediction = match predict_direction(limits(), &facts, data, weights) {
        Some(Ok(limit)) => Prediction::Named(limit),
        Some(Err(reason)) => Prediction::unsolved(reason),
        None => Prediction::unsolved("no limit of this network under this descent is known here"),
    };
    let known = match &prediction {
        Prediction::Named(limit) => Some(limit),
        Prediction::Solved(_) | Prediction::Unsolved { .. } => None,
    };
    let Some(signs) = data.signs().filter(|_| is_linear) else {
        return WhereTo::without_numbers(prediction);
    };
    WhereTo {
        numbers: direction_numbers(signs, known),
        prediction,
    }
}

/// The direction that a run has reached, of a run for which no program is known.
pub(super) fn reached(
    manifest: &Manifest,
    series: &Series,
    kkt: Result<KktResidual, String>,
) -> WhereTo {
    let found = endpoint(manifest).and_then(|step| {
        let last = |column| series.last(column).unwrap_or(f64::NAN);
        let at_the_end = Reached {
            step,
            margin_min: last("margin_min"),
            margin_max: last("margin_max"),
            error_estimate: error_at(series, step),
            initial_share: series.first("weight_norm").unwrap_or(f64::NAN) / last("weight_norm"),
        };
        direction_reached(&kkt?, at_the_end)
    });
    WhereTo::without_numbers(match found {
        Ok(limit) => Prediction::Named(limit),
        Err(reason) => Prediction::unsolved(reason),
    })
}

/// The limit of a run that left these weights, or why it is not known.
pub(super) fn predict(
    config: &RunConfig,
    manifest: &Manifest,
    data: &TrainingSet,
    weights: &Weights,
    states: &[(f64, Array2<f64>)],
    series: &Series,
) -> WhereTo {
    let step = match endpoint(manifest) {
        Ok(step) => step,
        Err(reason) => return WhereTo::unknown(reason),
    };
    let Some(TwoLayerDescent {
        activation,
        loss,
        step_size,
        output_weight,
    }) = config.two_layer_descent()
    else {
        return direction(config, data, Some(weights));
    };
    let Some((data, blocks)) = data.signs().zip(two_blocks(weights)) else {
        return WhereTo::unknown("the weights are not those of two blocks".to_owned());
    };
    let error_at = |step| error_at(series, step);
    let descent = DescentSettings {
        activation,
        loss,
        step_size,
        output_weight,
    };
    let found = implicit_bias_limits::predict(descent, data, blocks, step, states, &error_at);
    WhereTo::without_numbers(found)
}

/// The `error_estimate` of the last record up to `step`; 0 of a run without that column, whose
/// steps are all exact.
fn error_at(series: &Series, step: f64) -> f64 {
    let steps = series.steps();
    let row = steps.partition_point(|&recorded| recorded <= step);
    let column = series.column("error_estimate");
    match (column, row.checked_sub(1)) {
        (Some(column), Some(row)) if column[row].is_finite() => column[row],
        _ => 0.0,
    }
}

/// The limit of a run directory: from its weights and its data, loaded again; where that fails, as
/// it was written.
pub(super) fn predict_again(
    path: &Path,
    config: &RunConfig,
    manifest: &Manifest,
    series: &Series,
) -> WhereTo {
    decompose_on_one_thread();
    let (data, width) = (&manifest.data, manifest.width);
    let is_of_pattern = config.has_limit_of_pattern(data.n);
    // Measured by the run's own engine, which is not made again.
    let measured = written(path, manifest).filter(|_| config.has_residual() && !is_of_pattern);
    if let Some(measured) = measured {
        let found = WhereTo::without_numbers(measured);
        // Large data are not loaded to be left alone.
        if config.network.network_kind().asks() == Asked::default() {
            return found;
        }
        return match load_data(config, manifest) {
            Ok(data) => found.with_data(config, &data),
            Err(_) => found,
        };
    }
    if config.two_layer_descent().is_none() {
        let loaded = load_data(config, manifest);
        return match (endpoint(manifest), loaded) {
            (Err(reason), Ok(data)) => WhereTo::unknown(reason).with_data(config, &data),
            (Err(reason), Err(_)) => WhereTo::unknown(reason),
            (_, Ok(data)) => {
                let weights = is_of_pattern.then(|| load_weights(path).ok()).flatten();
                direction(config, &data, weights.as_ref()).with_data(config, &data)
            }
            (_, Err(reason)) => WhereTo {
                prediction: written(path, manifest)
                    .unwrap_or_else(|| Prediction::unsolved(reason.clone())),
                numbers: Err(reason),
            },
        };
    }
    let unneeded = endpoint(manifest).err();
    // Known from the manifest: large data are not loaded only to be left alone.
    if let Some(reason) = unneeded.or_else(|| too_large(data.n, data.d, width)) {
        return WhereTo::unknown(reason);
    }
    let (data, weights) = match load(path, config, manifest) {
        Ok(loaded) => loaded,
        Err(reason) => {
            let known = written(path, manifest).unwrap_or_else(|| Prediction::unsolved(reason));
            return WhereTo::without_numbers(known);
        }
    };
    let mut where_to = predict(config, manifest, &data, &weights, &[], series);
    // The run had snapshots, and knows of its past what its last weights do not tell.
    match (&mut where_to.prediction, written(path, manifest)) {
        (Prediction::Solved(limit), Some(Prediction::Solved(known)))
            if known.proven && limit.agrees_with(&known) =>
        {
            // A proof may rest on neurons that exact steps left dead, or hold from an earlier step
            // on.
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
    where_to
}

/// The last step of a run whose weights have a limit.
fn endpoint(manifest: &Manifest) -> Result<f64, String> {
    match manifest.stop {
        Some(
            StopReason::Completed { step }
            | StopReason::Stalled { step }
            | StopReason::Interrupted { step }
            | StopReason::ZeroErrors { step }
            | StopReason::ZeroLoss { step },
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
) -> Result<(TrainingSet, Weights), String> {
    Ok((load_data(config, manifest)?, load_weights(path)?))
}

/// The last weights of a run whose blocks are those of the two-layer network.
fn load_weights(path: &Path) -> Result<Weights, String> {
    let weights = path.join("weights.safetensors");
    Weights::from_safetensors(&weights, &TwoLayerConfig::BLOCKS).map_err(|error| error.to_string())
}

/// The data of a run, if they are still those of the run.
fn load_data(config: &RunConfig, manifest: &Manifest) -> Result<TrainingSet, String> {
    let data = config
        .load_data()
        .map_err(|error| format!("the data cannot be loaded again: {error}"))?;
    if data.sha256() != manifest.data.sha256 {
        return Err("the data have changed since the run".into());
    }
    Ok(data)
}

/// The limit that the run itself wrote.
fn written(path: &Path, manifest: &Manifest) -> Option<Prediction> {
    let text = std::fs::read(path.join("limit.json")).ok()?;
    let prediction: Prediction = serde_json::from_slice(&text).ok()?;
    let step = manifest.stop?.step();
    match &prediction {
        // Of another step it says nothing about this run.
        Prediction::Solved(limit) if limit.step != step => None,
        Prediction::Named(limit) if limit.numbers.get("step").is_some_and(|of| *of != step) => None,
        _ => Some(prediction),
    }
}

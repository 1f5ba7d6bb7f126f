//! A run as theories see it: what is true of it, by its configuration and its data.

use implicit_bias_claims::{DescentFacts, LawFacts, NetworkFacts, RunEnd, RunFacts, SampleFacts};
use implicit_bias_data::{GAUSSIAN_WEIGHTS, Geometry};
use implicit_bias_engine::Precision;
use implicit_bias_record::{StopReason, StopRule};

use crate::config::{DataSource, HeldOutSource, InitSource, RunConfig};
use crate::run::Manifest;

/// What is true of a run that began.
pub(super) fn facts_of_run(config: &RunConfig, manifest: &Manifest) -> RunFacts {
    let data = &manifest.data;
    let samples = SampleFacts {
        samples: data.n,
        dim: data.d,
        r_min: data.r_min,
        r_max: data.r_max,
        p: data.p,
    };
    let unit_roundoff = match manifest.precision {
        Precision::F32 => f64::from(f32::EPSILON),
        Precision::F64 => f64::EPSILON,
    };
    facts(config, samples, manifest.width, unit_roundoff)
}

/// What will be true of a run in double precision, on data of this geometry.
pub(super) fn facts_of_plan(config: &RunConfig, geometry: &Geometry, width: usize) -> RunFacts {
    let samples = SampleFacts {
        samples: geometry.n,
        dim: geometry.d,
        r_min: geometry.r_min,
        r_max: geometry.r_max,
        p: geometry.p,
    };
    facts(config, samples, width, f64::EPSILON)
}

fn facts(config: &RunConfig, samples: SampleFacts, width: usize, unit_roundoff: f64) -> RunFacts {
    let network = &config.network;
    let kind = network.network_kind();
    // Of any dimension, as only the names matter; a setting that cannot be was refused before.
    let blocks = kind
        .blocks(&network.settings, samples.dim)
        .unwrap_or_default();
    let (optimizer, run) = (config.optimizer.optimizer_kind(), config.optimizer_run());
    let batches = run.and_then(|run| run.batches);
    let step_norm = (optimizer.step_norm)(&config.optimizer.settings);
    RunFacts {
        samples,
        law: law(config),
        stops_at_zero_errors: config.stop == Some(StopRule::ZeroErrors),
        network: NetworkFacts {
            name: network.name.to_owned(),
            family: kind.family(),
            numbers: network.network_numbers(),
            activation: config.activation(),
            blocks: blocks.into_iter().map(|(name, _)| name).collect(),
            width,
            init_scale: match &config.init {
                InitSource::Drawn { law, scale } if law.name == GAUSSIAN_WEIGHTS.name => {
                    Some(*scale)
                }
                InitSource::Drawn { .. } | InitSource::File(_) => None,
            },
        },
        descent: DescentFacts {
            optimizer: config.optimizer.name.to_owned(),
            numbers: config.optimizer.optimizer_numbers(),
            is_plain: optimizer.is_plain,
            step_norm,
            is_full_batch: batches.is_none_or(|batches| batches.size >= samples.samples),
            loss: config.loss,
            is_sum: config.sum,
            step_size: config.step_size.first,
            step_decay: (config.step_size.decay())
                .filter(|_| optimizer.has_step_size)
                .map(|decay| decay.exponent),
            unit_roundoff,
        },
    }
}

/// The data law of a run, with its numbers.
fn law(config: &RunConfig) -> LawFacts {
    let DataSource::Law(law) = &config.data else {
        return LawFacts::default();
    };
    let mut numbers = law.law_numbers();
    if let Some(HeldOutSource::Law(count)) = &config.held_out {
        numbers.insert("held-out".to_owned(), *count as f64);
    }
    LawFacts {
        name: Some(law.name.to_owned()),
        numbers,
    }
}

/// How a run ended.
pub(super) fn end(stop: Option<StopReason>) -> RunEnd {
    match stop {
        Some(StopReason::Diverged { step }) => RunEnd::Diverged { step },
        Some(StopReason::NonFinite { step }) => RunEnd::NonFinite { step },
        Some(
            StopReason::Completed { .. }
            | StopReason::Stalled { .. }
            | StopReason::Interrupted { .. }
            | StopReason::ZeroErrors { .. }
            | StopReason::ZeroLoss { .. },
        )
        | None => RunEnd::Sound,
    }
}

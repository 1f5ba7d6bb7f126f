//! In which phase a network is, and in which its map is.

use implicit_bias_data::TrainingSet;
use implicit_bias_lab::Prepared;
use implicit_bias_lab::study::StudyResult;
use implicit_bias_model::Weights;
use implicit_bias_record::StopReason;

use super::map;
use super::study::{ONE_NEURON, SAMPLES};

/// Steps past the end of a run that its phase is told by.
const WATCHED: usize = 192;

/// The longest period that is told.
const MOST: usize = 32;

/// What a network does in the long run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Phase {
    /// Predictions stay.
    Converged,
    /// They repeat after so many steps.
    Period(usize),
    /// Neither.
    Chaotic,
    /// They grow without bound.
    Divergent,
}

impl Phase {
    pub fn words(self) -> String {
        match self {
            Self::Converged => "converges".to_owned(),
            Self::Period(period) => format!("period {period}"),
            Self::Chaotic => "no period".to_owned(),
            Self::Divergent => "diverges".to_owned(),
        }
    }
}

/// A network with what its map predicts.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub eta: f64,
    pub a: f64,
    pub seen: Phase,
    pub predicted: Phase,
    pub is_predicted: bool,
    /// The mean over time and samples of `f/y`; NaN where it diverges.
    pub mean: f64,
    /// The step at which it stopped, where it did.
    pub stopped: Option<f64>,
}

/// The predictions `a Σ_j ⟨w_j, x_i⟩²`.
pub(super) fn predictions(data: &TrainingSet, weights: &Weights) -> Vec<f64> {
    let Some((_, hidden)) = weights.blocks().first() else {
        return Vec::new();
    };
    let products = data.x().dot(&hidden.t());
    let width = hidden.nrows() as f64;
    products
        .rows()
        .into_iter()
        .map(|z| z.dot(&z) / width)
        .collect()
}

/// The phases of the networks of one neuron.
pub(super) fn phases(results: &[StudyResult<'_>]) -> Vec<Seen> {
    let of_panel = results
        .iter()
        .filter(|result| result.run.panel == ONE_NEURON);
    of_panel.filter_map(phase).collect()
}

fn phase(result: &StudyResult<'_>) -> Option<Seen> {
    let config = &result.record.config;
    let eta = config.step_size;
    let a = 2.0 * eta / SAMPLES as f64;
    let predicted = match map::period(a) {
        _ if a > 2.0 => Phase::Divergent,
        Some(1) => Phase::Converged,
        Some(period) => Phase::Period(period),
        None => Phase::Chaotic,
    };
    let stop = result.record.stop();
    let stopped = match stop {
        Some(StopReason::Completed { .. }) | None => None,
        Some(stop) => Some(stop.step()),
    };
    let (seen, mean) = match stopped {
        Some(_) => (Phase::Divergent, f64::NAN),
        None => watch(result)?,
    };
    Some(Seen {
        eta,
        a,
        seen,
        predicted,
        is_predicted: seen == predicted,
        mean,
        stopped,
    })
}

/// Goes on from the end of a run and looks for a period.
fn watch(result: &StudyResult<'_>) -> Option<(Phase, f64)> {
    let prepared = Prepared::new(&result.record.config).ok()?;
    let mut engine = prepared.engine(&result.record.config, 1).ok()?.engine;
    let end = result.record.series.last("step")?;
    let mut late = Vec::with_capacity(WATCHED);
    for step in 0..WATCHED {
        if engine.advance(end + step as f64).ok()?.is_some() {
            return Some((Phase::Divergent, f64::NAN));
        }
        late.push(predictions(&prepared.data, &engine.weights()));
    }
    let all = late.iter().flatten();
    let mean = all.clone().sum::<f64>() / all.count() as f64;
    let repeats = |period: usize| {
        let pairs = late.iter().zip(late.iter().skip(period));
        let same = |(one, next): (&Vec<f64>, &Vec<f64>)| {
            one.iter()
                .zip(next)
                .all(|(one, next)| (one - next).abs() < 1e-6)
        };
        pairs.take(WATCHED / 2).all(same)
    };
    let phase = match (1..=MOST).find(|&period| repeats(period)) {
        Some(1) => Phase::Converged,
        Some(period) => Phase::Period(period),
        None => Phase::Chaotic,
    };
    Some((phase, mean))
}

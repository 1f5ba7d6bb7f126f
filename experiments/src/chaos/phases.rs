//! In which phase a network is, and in which its map is.

use implicit_bias_data::TrainingSet;
use implicit_bias_engine::{Engine, StepSize};
use implicit_bias_lab::Prepared;
use implicit_bias_lab::config::RunConfig;
use implicit_bias_lab::study::StudyResult;
use implicit_bias_model::Weights;

use super::map;
use super::runs::{DENSE, DIVERGENT, ONE_NEURON, SAMPLES};

/// Steps past the end of a run that a period is told by.
const WATCHED: usize = 192;

/// Predictions that move by less at a step, on average, may come to rest yet.
const MOVES: f64 = 1e-3;

/// Predictions whose last moves are less than this share of the first ones may come to rest, too.
const LASTS: f64 = 0.9;

/// Steps after which a network that diverges has done so.
const FIRST: u32 = 100;

/// Predictions beyond this have left all bounds: targets are 1, and orbits that stay are below 4.
const BOUND: f64 = 1e6;

/// The longest period that is told.
const MOST: usize = 32;

/// What a network does in the long run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Phase {
    /// Predictions stay.
    Converged,
    /// They repeat after so many steps.
    Period(usize),
    /// Neither, and predictions go on moving as fast as before.
    Chaotic,
    /// None of these: predictions repeat after no number of steps, but move less and less.
    Open,
    /// They grow without bound.
    Divergent,
}

impl Phase {
    pub fn words(self) -> String {
        match self {
            Self::Converged => "converges".to_owned(),
            Self::Period(period) => format!("period {period}"),
            Self::Chaotic => "no period".to_owned(),
            Self::Open => "cannot tell".to_owned(),
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
    let mut of_panel = results
        .iter()
        .filter(|result| result.run.panel == ONE_NEURON);
    let mut seen: Vec<Seen> = of_panel
        .clone()
        .filter_map(|result| {
            let end = result.record.series.last("step")?;
            phase(&result.record.config, end)
        })
        .collect();
    seen.extend(of_panel.next().and_then(|result| {
        let config = RunConfig {
            step_size: StepSize::constant(DIVERGENT),
            ..result.record.config.clone()
        };
        phase(&config, result.record.series.last("step")?)
    }));
    seen
}

/// The networks on samples that are not orthogonal, each with its width; `a` is the largest of a
/// sample, and the prediction that of an orthogonal set with it.
pub(super) fn dense(results: &[StudyResult<'_>]) -> Vec<(usize, Seen)> {
    let of_panel = results.iter().filter(|result| result.run.panel == DENSE);
    of_panel
        .filter_map(|result| {
            let config = &result.record.config;
            let end = result.record.series.last("step")?;
            let prepared = Prepared::new(config).ok()?;
            let targets = prepared.data.reals()?;
            let width = prepared.width;
            let kappa = 2.0 * config.step_size.first / (width * targets.y().len()) as f64;
            let each = targets.x().rows().into_iter().zip(targets.y());
            let a = each.map(|(x, y)| kappa * x.dot(&x) * y).fold(0.0, f64::max);
            Some((width, phase_of(config, a, end)?))
        })
        .collect()
}

fn phase(config: &RunConfig, end: f64) -> Option<Seen> {
    phase_of(config, 2.0 * config.step_size.first / SAMPLES as f64, end)
}

fn phase_of(config: &RunConfig, a: f64, end: f64) -> Option<Seen> {
    let eta = config.step_size.first;
    let predicted = match map::period(a) {
        _ if a > 2.0 => Phase::Divergent,
        Some(1) => Phase::Converged,
        Some(period) => Phase::Period(period),
        None => Phase::Chaotic,
    };
    let (seen, mean, stopped) = watch(config, end)?;
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

/// Goes on from the end of a run and looks for a period: the phase, the mean prediction, and the step
/// at which predictions have left all bounds.
fn watch(config: &RunConfig, end: f64) -> Option<(Phase, f64, Option<f64>)> {
    let prepared = Prepared::new(config).ok()?;
    let mut engine = prepared.engine(config, 1).ok()?.engine;
    for step in 1..=FIRST {
        let stop = engine.advance(f64::from(step)).ok()?;
        let found = predictions(&prepared.data, &engine.weights());
        let is_bounded = found.into_iter().all(|f| f < BOUND);
        if stop.is_some() || !is_bounded {
            return Some((Phase::Divergent, f64::NAN, Some(f64::from(step))));
        }
    }
    let mut late = Vec::with_capacity(WATCHED);
    for step in 0..WATCHED {
        let step = end + step as f64;
        if engine.advance(step).ok()?.is_some() {
            return Some((Phase::Divergent, f64::NAN, Some(step)));
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
        None if goes_on(engine.as_mut(), &prepared.data, late, end)? => Phase::Chaotic,
        None => Phase::Open,
    };
    Some((phase, mean, None))
}

/// Whether predictions go on moving, over as many steps again as the run had: what converges, even as
/// slowly as a power of the number of steps, moves less in the last quarter of them than in the first.
fn goes_on(
    engine: &mut dyn Engine,
    data: &TrainingSet,
    late: Vec<Vec<f64>>,
    end: f64,
) -> Option<bool> {
    let mut before = late.into_iter().next_back()?;
    let (begin, steps) = (engine.step(), end.max(WATCHED as f64) as usize);
    let mut moves = Vec::with_capacity(steps);
    for step in 1..=steps {
        if engine.advance(begin + step as f64).ok()?.is_some() {
            return None;
        }
        let now = predictions(data, &engine.weights());
        let moved = now
            .iter()
            .zip(&before)
            .map(|(one, other)| (one - other).abs());
        moves.push(moved.sum::<f64>() / now.len() as f64);
        before = now;
    }
    let mean = |moves: &[f64]| moves.iter().sum::<f64>() / moves.len() as f64;
    let quarter = steps / 4;
    let [first, last] = [&moves[..quarter], &moves[steps - quarter..]].map(mean);
    Some(last > MOVES && last > LASTS * first)
}

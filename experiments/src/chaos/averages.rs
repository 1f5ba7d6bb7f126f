//! Predictions averaged over time, beside single ones, on samples that were not trained on.

use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_lab::Prepared;
use implicit_bias_lab::study::StudyResult;
use ndarray::Array2;

use super::map::Mean;

/// Steps past the end of a run over which predictions are averaged.
const AVERAGED: usize = 1000;

/// Samples for the error.
const TEST: usize = 500;

/// Root mean square errors on samples that were not trained on, relative to the targets' norm.
pub(super) struct Averages {
    /// Of single predictions: their mean over time.
    pub single: Mean,
    /// Of the mean prediction.
    pub of_mean: f64,
    /// Of the prediction by the mean of the weights.
    pub of_mean_weights: f64,
    /// The largest `a` of a sample.
    pub largest: f64,
}

/// The averages of the last network of a panel, whose targets are a teacher's.
pub(super) fn averages(results: &[StudyResult<'_>], panel: &str) -> Option<Averages> {
    let result = results.iter().rfind(|result| result.run.panel == panel)?;
    let config = &result.record.config;
    let prepared = Prepared::new(config).ok()?;
    let targets = prepared.data.reals()?.y().to_vec();
    let squares = prepared.data.x().rows().into_iter().map(|x| x.dot(&x));
    let width = prepared.width as f64;
    let kappa = 2.0 * config.step_size.first / width / targets.len() as f64;
    // x = Σ c_i x_i with Gaussian c, of norm near 1: what a teacher of the same neurons says of it.
    let seed = config.seed;
    let dim = prepared.data.dim();
    let x = gaussian_matrix(
        TEST,
        dim,
        1.0 / (dim as f64).sqrt(),
        seed,
        Stream::AddedNoise,
    )
    .ok()?;
    let teacher = gaussian_matrix(prepared.width, dim, 1.0, seed, Stream::Teacher).ok()?;
    let scores = |hidden: &Array2<f64>| -> Vec<f64> {
        let products = x.dot(&hidden.t());
        products
            .rows()
            .into_iter()
            .map(|z| z.dot(&z) / width)
            .collect()
    };
    let truth = scores(&teacher);
    let norm = truth.iter().map(|y| y * y).sum::<f64>().sqrt();
    let error = |found: &[f64]| {
        let squares = found.iter().zip(&truth).map(|(f, y)| (f - y) * (f - y));
        squares.sum::<f64>().sqrt() / norm
    };
    let mut engine = prepared.engine(config, 1).ok()?.engine;
    let end = result.record.series.last("step")?;
    let mut errors = Vec::with_capacity(AVERAGED);
    let mut mean = vec![0.0; TEST];
    let mut mean_weights = Array2::zeros([prepared.width, dim]);
    for step in 0..AVERAGED {
        if engine.advance(end + step as f64).ok()?.is_some() {
            return None;
        }
        let weights = engine.weights();
        let (_, hidden) = weights.blocks().first()?;
        let now = scores(hidden);
        errors.push(error(&now));
        mean.iter_mut()
            .zip(&now)
            .for_each(|(m, f)| *m += f / AVERAGED as f64);
        mean_weights.scaled_add(1.0 / AVERAGED as f64, hidden);
    }
    Some(Averages {
        single: Mean::of(errors.iter().copied(), AVERAGED),
        of_mean: error(&mean),
        of_mean_weights: error(&scores(&mean_weights)),
        largest: squares
            .zip(&targets)
            .fold(0.0, |most: f64, (square, y)| most.max(kappa * square * y)),
    })
}

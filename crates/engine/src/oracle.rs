//! Loss and gradient of a network in host memory, whichever way they are computed.

use std::ops::Range;

use implicit_bias_model::{
    HostScores, NoSlopes, Objective, SpanBasis, log_excess_loss, log_sum_of_exponentials,
    power_of_two,
};
use implicit_bias_record::StopRule;

use crate::batches::Batches;

/// A gradient `2^exponent · values`, in memory of the caller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// The exponent: 0 unless every slope of the loss is below `10⁻¹³⁰`.
    pub exponent: i64,
}

impl Evaluation {
    /// `2^exponent`; 0 where that underflows.
    pub fn scale(self) -> f64 {
        power_of_two(self.exponent)
    }
}

/// What gradient flow asks about weights, beside its velocity `Σ_i p_i ∇q̃_i`, `p_i = g_i/Σ_j g_j`
/// with the slopes `g_i = −ℓ'(q̃_i)`; nothing of it underflows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlowPoint {
    /// `log` of the mean of the slopes `g_i`, of their sum where the loss is the sum.
    pub log_slope: f64,
    /// `log L`.
    pub log_loss: f64,
    /// The smallest soft margin.
    pub margin_min: f64,
}

/// Answers an optimizer's questions: the loss and its gradient at given weights, on all samples or
/// on the batch of a step.
pub struct Oracle {
    scores: Box<dyn HostScores>,
    objective: Objective,
    /// Whether the loss is the sum over the samples instead of their mean.
    sum: bool,
    batches: Option<Batches>,
    /// The order of the samples in an epoch.
    order: Option<(u64, Vec<usize>)>,
    step: u64,
    buffer: Vec<f64>,
    /// All samples in order.
    places: Vec<usize>,
    /// The rows of the last gradient; all samples without.
    rows: Option<Vec<usize>>,
    /// The weights of each block.
    blocks: Vec<Range<usize>>,
    /// That of the samples of a first stage, where training has one of its own.
    first_stage: Option<Box<Oracle>>,
    stop: Option<StopRule>,
}

impl Oracle {
    /// An oracle of these scores under an objective.
    pub fn new(
        scores: Box<dyn HostScores>,
        objective: Objective,
        sum: bool,
        batches: Option<Batches>,
    ) -> Self {
        Self {
            scores,
            objective,
            sum,
            batches,
            order: None,
            step: 0,
            buffer: Vec::new(),
            places: Vec::new(),
            rows: None,
            blocks: Vec::new(),
            first_stage: None,
            stop: None,
        }
    }

    /// This oracle of blocks of so many weights, one block after another.
    #[must_use]
    pub fn of_blocks(mut self, lengths: &[usize]) -> Self {
        let mut first = 0;
        self.blocks = (lengths.iter())
            .map(|length| {
                let block = first..first + length;
                first = block.end;
                block
            })
            .collect();
        self
    }

    /// This oracle with another one for the samples of a first stage.
    #[must_use]
    pub fn with_first_stage(mut self, first_stage: Option<Self>) -> Self {
        self.first_stage = first_stage.map(Box::new);
        self
    }

    /// The weights' coordinates in what the samples span, and this oracle in them, where steps take
    /// fewer operations there: see [`HostScores::span`].
    pub(crate) fn span(&self) -> Option<(SpanBasis, Self)> {
        if self.first_stage.is_some() || self.batches.is_some() {
            return None;
        }
        let (basis, scores) = self.scores.span()?.into_parts();
        let oracle = Self::new(scores, self.objective.clone(), self.sum, None);
        Some((basis, oracle))
    }

    /// The oracle of the samples of the first stage: this one where they are the same.
    pub fn first_stage(&mut self) -> &mut Self {
        match self.first_stage {
            Some(ref mut first) => first,
            None => self,
        }
    }

    /// The weights of each block; none where the oracle does not know.
    pub fn blocks(&self) -> &[Range<usize>] {
        &self.blocks
    }

    /// From here on gives no gradient of a step where a rule holds of all samples; `None` ends that.
    pub(crate) fn stop_at(&mut self, rule: Option<StopRule>) {
        self.stop = rule;
    }

    /// Whether a rule holds at `weights`.
    pub(crate) fn holds(&mut self, rule: StopRule, weights: &[f64]) -> bool {
        let margins = self.margins(weights);
        margins.is_some_and(|margins| self.objective.stops(rule, &margins))
    }

    /// Sets the step that batches belong to.
    pub(crate) fn at_step(&mut self, step: u64) {
        self.step = step;
    }

    /// `∇L` of the step's batch at `weights`, as `2^exponent · gradient`; `None` where a score is
    /// not finite.
    pub fn gradient(&mut self, weights: &[f64], gradient: &mut [f64]) -> Option<Evaluation> {
        self.choose_rows();
        Some(self.evaluate_step(weights, gradient, false)?.0)
    }

    /// As [`gradient`](Self::gradient), with `log L` of the same samples.
    pub fn gradient_and_log_loss(
        &mut self,
        weights: &[f64],
        gradient: &mut [f64],
    ) -> Option<(Evaluation, f64)> {
        self.choose_rows();
        self.evaluate_step(weights, gradient, true)
    }

    /// As [`gradient`](Self::gradient), of all samples whatever the batches.
    pub fn full_gradient(&mut self, weights: &[f64], gradient: &mut [f64]) -> Option<Evaluation> {
        self.rows = None;
        Some(self.evaluate(weights, gradient, false)?.0)
    }

    /// As [`gradient`](Self::gradient), with an exponent a block in place of one of all: the gradient
    /// of block `b` is `2^(exponents[b])` times what is filled in. One exponent where the oracle does
    /// not know the blocks.
    pub fn gradient_by_block(&mut self, weights: &[f64], gradient: &mut [f64]) -> Option<Vec<i64>> {
        self.gradient_by_block_from(0, weights, gradient)
    }

    /// As [`gradient_by_block`](Self::gradient_by_block), of the blocks from number `first` on alone:
    /// what is filled in before them is none.
    pub fn gradient_by_block_from(
        &mut self,
        first: usize,
        weights: &[f64],
        gradient: &mut [f64],
    ) -> Option<Vec<i64>> {
        self.choose_rows();
        if !self.goes_on(weights) {
            return None;
        }
        let (slopes, _) = self.pull_back_slopes(first, gradient, false)?;
        let count = self.blocks.len().max(1);
        Some(match self.scores.exponents() {
            Some(own) if own.len() == count => own.iter().map(|e| e + slopes).collect(),
            _ => vec![slopes; count],
        })
    }

    /// As [`gradient`](Self::gradient), with `log(L − inf L)` of the same samples, where the network
    /// knows the infimum of the loss, and `log L` otherwise.
    pub fn gradient_and_log_excess(
        &mut self,
        weights: &[f64],
        gradient: &mut [f64],
    ) -> Option<(Evaluation, f64)> {
        let (found, log_loss) = self.gradient_and_log_loss(weights, gradient)?;
        let rows = self.rows.as_deref();
        let samples = rows.map_or(self.objective.samples(), <[usize]>::len);
        let excess = (self.scores.gaps())
            .and_then(|gaps| log_excess_loss(&self.objective, &gaps, rows))
            .map(|log| log + if self.sum { (samples as f64).ln() } else { 0.0 });
        Some((found, excess.unwrap_or(log_loss)))
    }

    /// What the network records of the samples besides.
    pub(crate) fn probes(&mut self, weights: &[f64]) -> Vec<(String, f64)> {
        let mut probes = self.scores.probes(weights, &self.objective);
        if let Some(first) = &mut self.first_stage {
            let count = first.objective.samples() * first.objective.outputs();
            first.buffer.resize(count, 0.0);
            first.scores.scores(weights, None, &mut first.buffer);
            let [_, log_loss] = first.objective.value(&first.buffer, None);
            probes.push(("first_stage_log_loss".to_owned(), log_loss));
        }
        probes
    }

    /// The velocity of gradient flow at `weights`, all samples whatever the batches, into `velocity`;
    /// `None` where a score is not finite. For losses with slopes that are positive everywhere.
    pub fn flow(&mut self, weights: &[f64], velocity: &mut [f64]) -> Option<FlowPoint> {
        let margins = self.margins(weights)?;
        let [_, log_mean_loss] = self.objective.value(&self.buffer, None);
        let loss = self.objective.loss();
        let weights = self.objective.relative_weights();
        let slope = |(sample, &q): (usize, &f64)| {
            loss.log_slope(q) + weights.map_or(0.0, |weights| weights[sample].ln())
        };
        let slopes: Vec<f64> = margins.iter().enumerate().map(slope).collect();
        let log_sum = log_sum_of_exponentials(&slopes);
        let exponent = self.objective.descend_scaled(&mut self.buffer, None)?;
        let scale = (exponent as f64 * std::f64::consts::LN_2 - log_sum).exp();
        self.buffer.iter_mut().for_each(|c| *c *= scale);
        self.scores.pull_back(&self.buffer, velocity);
        let log_count = (margins.len() as f64).ln();
        let log_mean = if self.sum { 0.0 } else { log_count };
        Some(FlowPoint {
            log_slope: log_sum - log_mean,
            log_loss: log_mean_loss + log_count - log_mean,
            margin_min: margins.iter().copied().fold(f64::INFINITY, f64::min),
        })
    }

    /// A change of margins by this is no small one: 1, and `ℓ/|ℓ'|` of a loss that falls by more than
    /// a factor of `e` over a change by 1, `T` of one that falls like `e^{−q/T}`.
    pub(crate) fn margin_unit(&self, log_slope: f64, log_loss: f64) -> f64 {
        if self.objective.loss().is_logistic_or_exponential() {
            1.0 // to the last bit
        } else {
            (log_loss - log_slope).exp().min(1.0)
        }
    }

    /// The soft margins of all samples, and their scores in the buffer; `None` where a score is not
    /// finite.
    pub fn margins(&mut self, weights: &[f64]) -> Option<Vec<f64>> {
        self.rows = None;
        self.buffer
            .resize(self.objective.samples() * self.objective.outputs(), 0.0);
        self.scores.scores(weights, None, &mut self.buffer);
        let finite = self.buffer.iter().all(|score| score.is_finite());
        finite.then(|| self.objective.soft_margins(&self.buffer))
    }

    /// The gradient `∇q̃_i` of the soft margin of one sample, into `gradient`, and the margin; `None`
    /// where a score is not finite.
    pub fn margin_gradient(
        &mut self,
        weights: &[f64],
        sample: usize,
        gradient: &mut [f64],
    ) -> Option<f64> {
        let rows = [sample];
        self.buffer.resize(self.objective.outputs(), 0.0);
        self.scores.scores(weights, Some(&rows), &mut self.buffer);
        let margin = self.objective.pull_margins(&mut self.buffer, Some(&rows))?;
        self.scores.pull_back(&self.buffer, gradient);
        Some(margin[0])
    }

    /// The number of samples.
    pub fn samples(&self) -> usize {
        self.objective.samples()
    }

    fn choose_rows(&mut self) {
        let samples = self.objective.samples();
        let batches = self.batches.filter(|batches| batches.size < samples);
        self.rows = batches.map(|batches| batches.rows(self.step, samples, &mut self.order));
    }

    /// As [`evaluate`](Self::evaluate), of a step: `None` where the run is to stop, too.
    fn evaluate_step(
        &mut self,
        weights: &[f64],
        gradient: &mut [f64],
        with_loss: bool,
    ) -> Option<(Evaluation, f64)> {
        if self.stop.is_none() && self.rows.is_none() {
            match self.evaluate_at_once(weights, gradient, with_loss) {
                Ok(found) => return Some(found),
                Err(NoSlopes::NotFinite) => return None,
                Err(NoSlopes::Apart) => {}
            }
        }
        self.goes_on(weights)
            .then(|| self.evaluate_scores(gradient, with_loss))
            .flatten()
    }

    /// As [`evaluate`](Self::evaluate) of all samples, in one reading of them where the network knows how.
    fn evaluate_at_once(
        &mut self,
        weights: &[f64],
        gradient: &mut [f64],
        with_loss: bool,
    ) -> Result<(Evaluation, f64), NoSlopes> {
        let (samples, outputs) = (self.objective.samples(), self.objective.outputs());
        self.buffer.resize(samples * outputs, 0.0);
        if self.places.len() != samples {
            self.places = (0..samples).collect();
        }
        let (objective, places, scale) = (&self.objective, &self.places, self.scale(samples));
        let mut slopes = |range: Range<usize>, cotangents: &mut [f64]| {
            let exponent = objective.descend_scaled(cotangents, Some(&places[range]))?;
            cotangents.iter_mut().for_each(|c| *c *= scale);
            Some(exponent)
        };
        let scores = &mut self.buffer;
        let exponent = self
            .scores
            .scores_and_pull_back(weights, scores, &mut slopes, gradient)?;
        let log_loss = self.log_loss_of_scores(samples, with_loss);
        Ok((Evaluation { exponent }, log_loss))
    }

    /// By what slopes are multiplied.
    fn scale(&self, samples: usize) -> f64 {
        if self.sum {
            -1.0
        } else {
            -1.0 / samples as f64
        }
    }

    /// `log L` of the scores in the buffer where that is asked for, `NaN` where not.
    fn log_loss_of_scores(&self, samples: usize, with_loss: bool) -> f64 {
        if !with_loss {
            return f64::NAN;
        }
        let [_, mean] = self.objective.value(&self.buffer, self.rows.as_deref());
        mean + if self.sum { (samples as f64).ln() } else { 0.0 }
    }

    /// Whether no rule holds that the run is to stop by; the scores of the chosen rows are then in the
    /// buffer.
    fn goes_on(&mut self, weights: &[f64]) -> bool {
        if let Some(rule) = self.stop {
            // A rule is about all samples, whatever the batch.
            let rows = self.rows.take();
            let is_reached = rows.is_some() && self.holds(rule, weights);
            self.rows = rows;
            if is_reached {
                return false;
            }
        }
        self.score(weights);
        let Some(rule) = self.stop.filter(|_| self.rows.is_none()) else {
            return true;
        };
        let margins = self.objective.soft_margins(&self.buffer);
        !self.objective.stops(rule, &margins)
    }

    /// The gradient, and `log L` where that is asked for (`NaN` where not).
    fn evaluate(
        &mut self,
        weights: &[f64],
        gradient: &mut [f64],
        with_loss: bool,
    ) -> Option<(Evaluation, f64)> {
        self.score(weights);
        self.evaluate_scores(gradient, with_loss)
    }

    /// The scores of the chosen rows at `weights`, into the buffer.
    fn score(&mut self, weights: &[f64]) {
        let rows = self.rows.as_deref();
        let samples = rows.map_or(self.objective.samples(), <[usize]>::len);
        self.buffer.resize(samples * self.objective.outputs(), 0.0);
        self.scores.scores(weights, rows, &mut self.buffer);
    }

    /// As [`evaluate`](Self::evaluate), of the scores in the buffer.
    fn evaluate_scores(
        &mut self,
        gradient: &mut [f64],
        with_loss: bool,
    ) -> Option<(Evaluation, f64)> {
        let (mut exponent, log_loss) = self.pull_back_slopes(0, gradient, with_loss)?;
        if let Some(own) = self.scores.exponents() {
            exponent += to_one_exponent(own, &self.blocks, gradient);
        }
        Some((Evaluation { exponent }, log_loss))
    }

    /// Fills in the gradient of each block from number `first` on up to its exponent, of the scores in
    /// the buffer, and returns the exponent of the slopes, which all share, with `log L` where that is
    /// asked for.
    fn pull_back_slopes(
        &mut self,
        first: usize,
        gradient: &mut [f64],
        with_loss: bool,
    ) -> Option<(i64, f64)> {
        let rows = self.rows.as_deref();
        let samples = rows.map_or(self.objective.samples(), <[usize]>::len);
        let log_loss = self.log_loss_of_scores(samples, with_loss);
        let exponent = self.objective.descend_scaled(&mut self.buffer, rows)?;
        let scale = self.scale(samples);
        self.buffer.iter_mut().for_each(|c| *c *= scale);
        self.scores.pull_back_from(first, &self.buffer, gradient);
        Some((exponent, log_loss))
    }
}

/// Brings the gradients of the blocks to one exponent, the largest of a block that is not zero, and
/// returns it.
fn to_one_exponent(own: &[i64], blocks: &[Range<usize>], gradient: &mut [f64]) -> i64 {
    if own.len() != blocks.len() || own.iter().all(|e| *e == own[0]) {
        return own.first().copied().unwrap_or(0);
    }
    let pairs = || own.iter().zip(blocks);
    let is_zero = |block: &Range<usize>| gradient[block.clone()].iter().all(|&g| g == 0.0);
    let largest = pairs()
        .filter(|(_, block)| !is_zero(block))
        .map(|(e, _)| *e);
    let largest = largest.max().unwrap_or(0);
    for (exponent, block) in pairs() {
        let factor = power_of_two(exponent - largest);
        gradient[block.clone()]
            .iter_mut()
            .for_each(|g| *g *= factor);
    }
    largest
}

#[cfg(test)]
mod tests {
    use implicit_bias_model::{Linear, Loss, Network};
    use ndarray::Array2;

    use super::*;
    use crate::select_device;

    /// Of data that are read once a step: mean and sum, weighted and not, slopes near 1 and far below the least numbers.
    #[test]
    fn one_reading_of_the_samples_is_the_loss_and_its_gradient() {
        let (samples, dim) = (40, 500);
        let label = |i: usize| if i.is_multiple_of(3) { 1.0 } else { -1.0 };
        let wave = |(i, j): (usize, usize)| ((3 * i + 7 * j) as f64).sin();
        let x = Array2::from_shape_fn((samples, dim), |(i, j)| label(i) + wave((i, j)));
        let device = select_device(None, None).unwrap().device;
        let network = Linear::new(burn::tensor::Tensor::ones([1, dim], &device));
        let labels: Vec<f64> = (0..samples).map(label).collect();
        let even = Objective::binary(Loss::Logistic, labels).unwrap();
        let uneven: Vec<f64> = (0..samples).map(|i| 1.0 + (i % 5) as f64).collect();
        let weighted = even.clone().weighted(uneven).unwrap();
        for (objective, sum) in [(&even, false), (&even, true), (&weighted, false)] {
            let scores = || network.host_scores(&x, 1).unwrap();
            let mut oracle = Oracle::new(scores(), objective.clone(), sum, None);
            for size in [1e-3, 0.1, 1e4] {
                let w: Vec<f64> = (0..dim).map(|j| size * (1.0 + wave((1, j)))).collect();
                let [mut found, mut expected] = [vec![f64::NAN; dim], vec![0.0; dim]];
                let (at_once, log_loss) = oracle.gradient_and_log_loss(&w, &mut found).unwrap();
                let apart = oracle.full_gradient(&w, &mut expected).unwrap();
                assert_eq!(at_once, apart);
                let largest = expected.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
                assert!(largest > 0.0);
                for (found, expected) in found.iter().zip(&expected) {
                    assert!((found - expected).abs() <= 1e-14 * largest);
                }
                let mut values = vec![0.0; samples];
                scores().scores(&w, None, &mut values);
                let [_, mean] = objective.value(&values, None);
                let count = if sum { (samples as f64).ln() } else { 0.0 };
                assert_eq!(log_loss, mean + count);
            }
            let broken = vec![f64::INFINITY; dim];
            assert_eq!(oracle.gradient(&broken, &mut vec![0.0; dim]), None);
        }
    }
}

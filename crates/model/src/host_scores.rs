//! Scores and their gradients in host memory.

use std::ops::Range;

use implicit_bias_scalar::log_sum_of_exponentials;
use ndarray::Array2;

use crate::span::SpanBasis;
use crate::{Objective, Targets};

/// The scores of a network and the gradients of linear functions of them, in host memory.
///
/// `weights` are the entries of all blocks one after another, each block row after row. Scores are
/// `[rows, outputs]`, row after row, of the samples that `rows` names, of all samples without it.
pub trait HostScores: Send {
    /// The scores `f_o(W; x_i)`.
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]);

    /// `Σ_i Σ_o c_io ∇_W f_o(W; x_i)` at the weights and rows of the last call of
    /// [`scores`](Self::scores), with `cotangent` `c` in the shape of the scores; into `gradient`,
    /// in the shape of the weights.
    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]);

    /// As [`pull_back`](Self::pull_back), of the blocks from number `first` on alone: what is filled in
    /// before them is not read.
    fn pull_back_from(&mut self, _first: usize, cotangent: &[f64], gradient: &mut [f64]) {
        self.pull_back(cotangent, gradient);
    }

    /// The scores of all samples and, in one reading of them, what [`pull_back`](Self::pull_back) makes of
    /// the cotangents, for which `slopes` is asked some samples at a time. Returns the exponent of the gradient.
    ///
    /// # Errors
    ///
    /// [`NoSlopes::Apart`] where this network takes scores and gradients one after the other, with
    /// nothing filled in; [`NoSlopes::NotFinite`] where `slopes` gave none.
    fn scores_and_pull_back(
        &mut self,
        _weights: &[f64],
        _scores: &mut [f64],
        _slopes: &mut SlopesOf<'_>,
        _gradient: &mut [f64],
    ) -> Result<i64, NoSlopes> {
        Err(NoSlopes::Apart)
    }

    /// These scores in coordinates of what the samples span, where a step takes fewer operations
    /// there: for descents whose steps no rotation of the weights changes.
    fn span(&self) -> Option<Span> {
        None
    }

    /// The exponent `e` of each block's gradient in the last [`pull_back`](Self::pull_back), which is
    /// `2^e` times what was filled in; 0 for all blocks without.
    ///
    /// A network whose own derivatives fall past the range of numbers, such as attention that settles
    /// on a token, keeps their digits by it.
    fn exponents(&self) -> Option<&[i64]> {
        None
    }

    /// For each row of the last [`scores`](Self::scores) and each of the two labels ±1, how far the
    /// margin is below its supremum over all weights that this network trains; `None` where margins
    /// have none.
    fn gaps(&self) -> Option<Vec<[MarginGap; 2]>> {
        None
    }

    /// What is recorded of the network and the samples besides, by column of the series, at
    /// `weights`; asked for where [`Network::has_host_probes`](crate::Network::has_host_probes)
    /// says so.
    fn probes(&mut self, _weights: &[f64], _objective: &Objective) -> Vec<(String, f64)> {
        Vec::new()
    }
}

/// Makes of the scores of a range of samples their cotangents, `2^e` times what it puts in their place, and returns
/// the exponent `e`; `None` where a score is not finite.
pub type SlopesOf<'a> = dyn FnMut(Range<usize>, &mut [f64]) -> Option<i64> + 'a;

/// Why [`HostScores::scores_and_pull_back`] fills in no gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSlopes {
    /// The network does not do both in one reading of the samples.
    Apart,
    /// A score is not finite.
    NotFinite,
}

/// The scores of a network as functions of coordinates, with the basis that this is in.
pub struct Span {
    basis: SpanBasis,
    scores: Box<dyn HostScores>,
}

impl Span {
    /// Scores of coordinates in a basis with orthonormal rows, `[r, columns]`.
    pub fn new(basis: Array2<f64>, scores: Box<dyn HostScores>) -> Self {
        Self {
            basis: SpanBasis::new(basis),
            scores,
        }
    }

    /// These scores below another head, in the same basis.
    #[must_use]
    pub fn map(self, head: impl FnOnce(Box<dyn HostScores>) -> Box<dyn HostScores>) -> Self {
        Self {
            basis: self.basis,
            scores: head(self.scores),
        }
    }

    /// This basis for the first so many weights, those behind them their own coordinates.
    #[must_use]
    pub fn of_first(self, weights: usize) -> Self {
        Self {
            basis: self.basis.of_first(weights),
            scores: self.scores,
        }
    }

    /// The basis and the scores.
    pub fn into_parts(self) -> (SpanBasis, Box<dyn HostScores>) {
        (self.basis, self.scores)
    }
}

/// How far a margin is below its supremum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarginGap {
    /// The supremum of the margin.
    pub supremum: f64,
    /// `log(supremum − margin)`, `−∞` where they are equal.
    pub log_gap: f64,
}

/// `log(L − L*)` for the infimum `L*` of the mean loss, from how far each margin is below its
/// supremum: exact where `L − L*` is far below rounding. For labels ±1, of the samples that `rows`
/// names, of all without it; `None` for other targets.
pub fn log_excess_loss(
    objective: &Objective,
    gaps: &[[MarginGap; 2]],
    rows: Option<&[usize]>,
) -> Option<f64> {
    let Targets::Signs(labels) = objective.targets() else {
        return None;
    };
    let loss = objective.loss();
    let weights = objective.relative_weights();
    let of_sample = |(place, gaps): (usize, &[MarginGap; 2])| {
        let sample = rows.map_or(place, |rows| rows[place]);
        let gap = gaps[usize::from(labels[sample] < 0.0)];
        let weight = weights.map_or(1.0, |weights| weights[sample]);
        log_difference(|q| loss.value(q), |q| loss.slope(q), gap) + weight.ln()
    };
    let logs: Vec<f64> = gaps.iter().enumerate().map(of_sample).collect();
    Some(log_sum_of_exponentials(&logs) - (logs.len() as f64).ln())
}

/// `log(ℓ(q* − g) − ℓ(q*))`: for a small gap `g` the mean of the slopes on the way, by Gauss and
/// Legendre's rule of five points, times `g`.
fn log_difference(value: impl Fn(f64) -> f64, slope: impl Fn(f64) -> f64, gap: MarginGap) -> f64 {
    const POINTS: [[f64; 2]; 3] = [
        [0.0, 0.568_888_888_888_888_9],
        [0.538_469_310_105_683_1, 0.478_628_670_499_366_47],
        [0.906_179_845_938_664, 0.236_926_885_056_189_08],
    ];
    let MarginGap { supremum, log_gap } = gap;
    let distance = log_gap.exp();
    if distance > 0.05 {
        return (value(supremum - distance) - value(supremum)).ln();
    }
    let at = |point: f64| slope(supremum - distance * 0.5 * (1.0 + point));
    let mean: f64 = POINTS
        .iter()
        .map(|&[point, weight]| match point {
            0.0 => 0.5 * weight * at(0.0),
            _ => 0.5 * weight * (at(point) + at(-point)),
        })
        .sum();
    log_gap + mean.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Loss;

    /// `log(1 + e^{g−q}) − log(1 + e^{−q}) = log1p(σ(−q) (e^g − 1))`, and `e^{−q} (e^g − 1)`.
    #[test]
    fn the_excess_of_a_loss_is_exact_at_any_gap() {
        for supremum in [-3.0, 0.0, 0.7, 12.0] {
            for log_gap in [-2000.0, -700.0, -40.0, -5.0, -3.1, -2.9, -1.0, 1.5] {
                let gap = MarginGap { supremum, log_gap };
                let gaps = [[gap; 2], [gap; 2]];
                let expm1 = f64::exp_m1(log_gap.exp());
                let log_expm1 = if log_gap < -40.0 { log_gap } else { expm1.ln() };
                let share = -f64::ln_1p(f64::exp(supremum));
                let small = share + log_expm1;
                let logistic = if small < -40.0 {
                    small
                } else {
                    small.exp().ln_1p().ln()
                };
                for (loss, exact) in [
                    (Loss::Logistic, logistic),
                    (Loss::Exponential, log_expm1 - supremum),
                ] {
                    let objective = Objective::binary(loss, vec![1.0, -1.0]).unwrap();
                    let found = log_excess_loss(&objective, &gaps, None).unwrap();
                    let error = (found - exact).abs();
                    assert!(
                        error < 3e-14 * exact.abs().max(1.0),
                        "{loss:?} {gap:?} {error:e}"
                    );
                }
            }
        }
    }
}

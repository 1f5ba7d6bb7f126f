//! What an optimizer is.

use implicit_bias_record::StepNorm;
use implicit_bias_settings::{Invalid, Key, Settings};

use crate::log_time::Pace;
use crate::oracle::Oracle;

/// A rule by which weights follow from weights, with the state that it keeps.
///
/// Weights and state are in host memory in double precision; the gradient comes from the
/// [`Oracle`], whichever device computes it.
pub trait Optimizer: Send {
    /// Takes step number `step` (the first is 0) with the step size `step_size`; `false`, with
    /// the weights as they were, where a score or the new weights are not finite.
    fn step(&mut self, step: u64, step_size: f64, weights: &mut [f64], oracle: &mut Oracle)
    -> bool;

    /// Whether this is plain gradient descent, for which a network may know a faster way.
    fn is_plain(&self) -> bool {
        false
    }

    /// This optimizer at step 0 on so many coordinates of the weights in an orthonormal basis, where
    /// its steps are the same there: those of sums of gradients by factors of norms and inner products
    /// alone. `None` where they are not.
    fn in_coordinates(&self, _count: usize) -> Option<Box<dyn Optimizer>> {
        None
    }

    /// The numbers that the next steps depend on besides the weights.
    fn state(&self) -> Vec<f64> {
        Vec::new()
    }

    /// Goes back to a [`state`](Self::state): the steps from there are the same to the last bit.
    /// `false` if it is none of an optimizer of these settings on as many weights.
    fn restore(&mut self, state: &[f64], _weights: usize) -> bool {
        state.is_empty()
    }
}

/// Makes an optimizer of so many weights, at step 0, or says which setting cannot be.
pub type Make = fn(&Settings, usize) -> Result<Box<dyn Optimizer>, Invalid>;

/// A kind of optimizer with its name, its keys, how one is made, and what is true of it.
#[derive(Clone, Copy, Debug)]
pub struct OptimizerKind {
    /// The name by which users choose it.
    pub name: &'static str,
    /// Its step, in a line.
    pub about: &'static str,
    /// The keys that it asks for.
    pub keys: &'static [Key],
    /// Whether its steps have a step size: `step-size` and its decay are then keys of it.
    pub has_step_size: bool,
    /// The samples of a batch where none is asked for; all samples without.
    pub batch_size: Option<usize>,
    /// Whether it is plain gradient descent, for which there are faster ways to the same steps.
    pub is_plain: bool,
    /// How its steps go along gradient flow, whose path they take where they are small; `None`
    /// where they take another one. It goes to any step in log time then.
    pub pace: Option<Pace>,
    /// The norm in which its steps are steepest, late in a run.
    pub step_norm: fn(&Settings) -> StepNorm,
    /// One of these, at step 0, of so many weights.
    pub make: Make,
}

/// Adds `−step · direction` to the weights; `false`, with the weights as they were, where one would
/// not be finite.
pub fn descend(weights: &mut [f64], step: f64, direction: &[f64]) -> bool {
    pulp::Arch::new().dispatch(Descend {
        weights,
        step,
        direction,
    })
}

struct Descend<'a> {
    weights: &'a mut [f64],
    step: f64,
    direction: &'a [f64],
}

impl pulp::WithSimd for Descend<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) -> bool {
        let step = self.step;
        // Without an early end: several numbers at a time.
        let broken = |found: bool, (w, d): (&f64, &f64)| found | !(w - step * d).is_finite();
        let pairs = self.weights.iter().zip(self.direction);
        if pairs.fold(false, broken) {
            return false;
        }
        let pairs = self.weights.iter_mut().zip(self.direction);
        pairs.for_each(|(w, d)| *w -= step * d);
        true
    }
}

/// `√(Σ g²)`, without overflow or underflow on the way.
pub(crate) fn norm(vector: &[f64]) -> f64 {
    /// Between these the sum of so many squares is a number with all its digits.
    const ORDINARY: std::ops::Range<f64> = 1e-240..1e240;
    let square = pulp::Arch::new().dispatch(SumOfSquares(vector));
    if ORDINARY.contains(&square) {
        return square.sqrt();
    }
    let largest = vector.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let sum: f64 = vector.iter().map(|g| (g / largest) * (g / largest)).sum();
    largest * sum.sqrt()
}

struct SumOfSquares<'a>(&'a [f64]);

impl pulp::WithSimd for SumOfSquares<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) -> f64 {
        // Sixteen sums side by side: several numbers at a time, none waiting for another.
        let (chunks, rest) = self.0.as_chunks::<16>();
        let mut sums = [0.0; 16];
        for chunk in chunks {
            sums.iter_mut()
                .zip(chunk)
                .for_each(|(sum, g)| *sum += g * g);
        }
        sums.iter_mut().zip(rest).for_each(|(sum, g)| *sum += g * g);
        sums.iter().sum()
    }
}

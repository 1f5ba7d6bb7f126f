//! The input and the interface of a hand-derived descent.

use burn::tensor::Tensor;
use implicit_bias_record::StopRule;
use ndarray::Array2;

use crate::Objective;

/// The training problem of a hand-derived descent.
#[derive(Clone, Copy, Debug)]
pub struct DescentProblem<'a> {
    /// Samples in the rows, `[n, d]`.
    pub x: &'a Array2<f64>,
    /// The mean loss of the scores that is minimized.
    pub objective: &'a Objective,
    /// The step size `η`.
    pub step_size: f64,
    /// Whether weights and products are kept in single precision.
    pub single_precision: bool,
    /// Whether the rounding error of each update is kept, as by
    /// [`CompensatedGradientDescent`](crate::CompensatedGradientDescent).
    pub compensated: bool,
    /// How many threads a step may use.
    pub threads: usize,
    /// Where the descent stops, if it does; of one score and labels ±1.
    pub stop: Option<StopRule>,
}

/// A hand-derived gradient descent that holds its own copy of the weights.
pub trait Descent: Send {
    /// Takes `steps` steps, or fewer: returns how many were taken before a score was not finite or
    /// the descent was to stop.
    fn advance(&mut self, steps: u64) -> u64;

    /// Whether the descent is to stop where it is, by the rule of its problem.
    fn stops(&mut self) -> bool {
        false
    }

    /// The weights, in the order of the network's blocks, on the device of `like`.
    fn weights(&self, like: &Tensor<2>) -> Vec<Tensor<2>>;

    /// The rounding errors of the updates, which are still to be added, if they are kept.
    fn compensations(&self, _like: &Tensor<2>) -> Option<Vec<Tensor<2>>> {
        None
    }

    /// The numbers that the next steps depend on; exact in `f64`.
    fn state(&self) -> Vec<f64>;

    /// Goes back to a [`state`](Self::state) of a descent on the same problem: the steps from there
    /// are the same to the last bit. `false`, with nothing changed, if it has another length.
    fn restore(&mut self, state: &[f64]) -> bool;
}

//! Steps in the weights themselves.

use implicit_bias_algebra::{Accum, MatMut, MatRef, Par, matmul};
use ndarray::Array2;

use super::float::{Float, parallelism};
use super::head::Head;
use super::host_weights::{HostSteps, HostWeights};
use super::problem::DescentProblem;

/// Two matrix products a step and nothing else of size `m d`: the floor of weight-space descent.
///
/// With `W: K×d` of `K = blocks · m` neurons, `X: n×d`, `H: K×n`, a step is `H = W Xᵀ`, then
/// `H` is overwritten by the coefficients of the step, `ΔC`, then `W += ΔC X` in place: `4 K n d`
/// operations.
pub(crate) struct WeightSpaceDescent<E> {
    weights: HostWeights<E>,
    h: Vec<E>,
    x: Vec<E>,
    head: Head,
    /// `K`, `d` and `n`.
    sizes: [usize; 3],
    par: Par,
}

impl<E: Float> WeightSpaceDescent<E> {
    pub fn new(problem: &DescentProblem<'_>, head: Head, blocks: &[Array2<f64>]) -> Self {
        let (samples, dim) = problem.x.dim();
        let width = blocks[0].nrows();
        let neurons = width * blocks.len();
        let weights = blocks.iter().flatten().copied();
        let shapes = vec![[width, dim]; blocks.len()];
        Self {
            weights: HostWeights::new(weights, shapes, problem.compensated),
            h: vec![E::from_f64(0.0); neurons * samples],
            x: problem.x.iter().map(|&value| E::from_f64(value)).collect(),
            head,
            sizes: [neurons, dim, samples],
            par: parallelism(4 * neurons * samples * dim, problem.threads),
        }
    }

    /// `H = W Xᵀ`.
    fn pre_activate(&mut self) {
        let [neurons, dim, samples] = self.sizes;
        matmul(
            MatMut::from_row_major_slice_mut(&mut self.h, neurons, samples),
            Accum::Replace,
            MatRef::from_row_major_slice(self.weights.all(), neurons, dim),
            MatRef::from_row_major_slice(&self.x, samples, dim).transpose(),
            E::from_f64(1.0),
            self.par,
        );
    }
}

impl<E: Float> HostSteps for WeightSpaceDescent<E> {
    type Entry = E;

    fn host_weights(&self) -> &HostWeights<E> {
        &self.weights
    }

    fn host_weights_mut(&mut self) -> &mut HostWeights<E> {
        &mut self.weights
    }

    fn step(&mut self) -> bool {
        let [neurons, dim, samples] = self.sizes;
        let one = E::from_f64(1.0);
        self.pre_activate();
        let x = MatRef::from_row_major_slice(&self.x, samples, dim);
        if !self.head.prepare(&self.h) {
            return false;
        }
        self.head.coefficients(&mut self.h);
        let (out, accum) = self.weights.update(0..neurons * dim);
        matmul(
            MatMut::from_row_major_slice_mut(out, neurons, dim),
            accum,
            MatRef::from_row_major_slice(&self.h, neurons, samples),
            x,
            one,
            self.par,
        );
        self.weights.finish();
        true
    }

    fn stops(&mut self) -> bool {
        self.pre_activate();
        self.head.stops(&self.h)
    }
}

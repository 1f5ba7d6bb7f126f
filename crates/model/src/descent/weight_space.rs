//! Steps in the weights themselves.

use burn::tensor::{Tensor, TensorData};
use implicit_bias_algebra::{Accum, MatMut, MatRef, Par, matmul};
use ndarray::Array2;

use super::float::{Float, parallelism};
use super::head::Head;
use super::problem::{Descent, DescentProblem};

/// Two matrix products a step and nothing else of size `m d`: the floor of weight-space descent.
///
/// With `W: K×d` of `K = blocks · m` neurons, `X: n×d`, `H: K×n`, a step is `H = W Xᵀ`, then
/// `H` is overwritten by the coefficients of the step, `ΔC`, then `W += ΔC X` in place: `4 K n d`
/// operations.
pub(crate) struct WeightSpaceDescent<E> {
    w: Vec<E>,
    compensation: Option<HostCompensation<E>>,
    h: Vec<E>,
    x: Vec<E>,
    head: Head,
    /// Rows and columns of a block.
    shape: [usize; 2],
    samples: usize,
    par: Par,
}

/// The rounding errors of the weights, and memory for an update.
pub(super) struct HostCompensation<E> {
    pub lost: Vec<E>,
    /// With the sign of a step already.
    pub update: Vec<E>,
}

impl<E: Float> HostCompensation<E> {
    /// Of so many weights, with nothing lost yet.
    pub fn new(weights: usize) -> Self {
        Self {
            lost: vec![E::from_f64(0.0); weights],
            update: vec![E::from_f64(0.0); weights],
        }
    }

    /// Adds the update to weights and keeps what rounding takes of it.
    pub fn add_to(&mut self, w: &mut [E]) {
        let Self { lost, update } = self;
        pulp::Arch::new().dispatch(TwoSums { w, lost, update });
    }
}

/// `two_sum_step` of every weight, compiled for the vector instructions of the machine.
struct TwoSums<'a, E> {
    w: &'a mut [E],
    lost: &'a mut [E],
    /// With the sign of a step already.
    update: &'a [E],
}

impl<E: Float> pulp::WithSimd for TwoSums<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        for ((w, lost), &update) in self.w.iter_mut().zip(self.lost).zip(self.update) {
            let change = *lost + update;
            let sum = *w + change;
            let kept = sum - *w;
            *lost = (*w - (sum - kept)) + (change - kept);
            *w = sum;
        }
    }
}

impl<E: Float> WeightSpaceDescent<E> {
    pub fn new(problem: &DescentProblem<'_>, head: Head, blocks: &[Array2<f64>]) -> Self {
        let (samples, dim) = problem.x.dim();
        let width = blocks[0].nrows();
        let neurons = width * blocks.len();
        Self {
            w: blocks
                .iter()
                .flatten()
                .map(|&value| E::from_f64(value))
                .collect(),
            compensation: (problem.compensated).then(|| HostCompensation::new(neurons * dim)),
            h: vec![E::from_f64(0.0); neurons * samples],
            x: problem.x.iter().map(|&value| E::from_f64(value)).collect(),
            head,
            shape: [width, dim],
            samples,
            par: parallelism(4 * neurons * samples * dim, problem.threads),
        }
    }

    /// `H = W Xᵀ`.
    fn pre_activate(&mut self) {
        let ([_, dim], samples) = (self.shape, self.samples);
        let neurons = self.w.len() / dim;
        matmul(
            MatMut::from_row_major_slice_mut(&mut self.h, neurons, samples),
            Accum::Replace,
            MatRef::from_row_major_slice(&self.w, neurons, dim),
            MatRef::from_row_major_slice(&self.x, samples, dim).transpose(),
            E::from_f64(1.0),
            self.par,
        );
    }

    /// One step; `false`, with the weights untouched, if a score is not finite or the descent is to
    /// stop.
    fn step(&mut self) -> bool {
        let ([_, dim], samples) = (self.shape, self.samples);
        let neurons = self.w.len() / dim;
        let one = E::from_f64(1.0);
        self.pre_activate();
        let x = MatRef::from_row_major_slice(&self.x, samples, dim);
        if !self.head.prepare(&self.h) {
            return false;
        }
        for (k, row) in self.h.chunks_exact_mut(samples).enumerate() {
            let (coefficients, coefficient) = self.head.row(k);
            for (h, &c) in row.iter_mut().zip(coefficients) {
                *h = coefficient(*h, c);
            }
        }
        let (out, accum) = match &mut self.compensation {
            None => (&mut self.w, Accum::Add),
            Some(compensation) => (&mut compensation.update, Accum::Replace),
        };
        matmul(
            MatMut::from_row_major_slice_mut(out, neurons, dim),
            accum,
            MatRef::from_row_major_slice(&self.h, neurons, samples),
            x,
            one,
            self.par,
        );
        if let Some(compensation) = &mut self.compensation {
            compensation.add_to(&mut self.w);
        }
        true
    }

    fn tensors(&self, values: &[E], like: &Tensor<2>) -> Vec<Tensor<2>> {
        let [width, dim] = self.shape;
        let block = |block: &[E]| {
            let data = TensorData::new(block.to_vec(), self.shape);
            Tensor::from_data(data, (&like.device(), like.dtype()))
        };
        values.chunks_exact(width * dim).map(block).collect()
    }
}

impl<E: Float> Descent for WeightSpaceDescent<E> {
    fn state(&self) -> Vec<f64> {
        let lost = self.compensation.iter().flat_map(|c| &c.lost);
        self.w.iter().chain(lost).map(|w| w.to_f64()).collect()
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        let parts = if self.compensation.is_some() { 2 } else { 1 };
        let fits = state.len() == parts * self.w.len();
        if fits {
            let lost = self.compensation.iter_mut().flat_map(|c| &mut c.lost);
            for (w, &value) in self.w.iter_mut().chain(lost).zip(state) {
                *w = E::from_f64(value);
            }
        }
        fits
    }

    fn advance(&mut self, steps: u64) -> u64 {
        (0..steps).take_while(|_| self.step()).count() as u64
    }

    fn stops(&mut self) -> bool {
        self.pre_activate();
        self.head.stops(&self.h)
    }

    fn weights(&self, like: &Tensor<2>) -> Vec<Tensor<2>> {
        self.tensors(&self.w, like)
    }

    fn compensations(&self, like: &Tensor<2>) -> Option<Vec<Tensor<2>>> {
        let compensation = self.compensation.as_ref()?;
        Some(self.tensors(&compensation.lost, like))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weight_and_compensation_hold_the_exact_sum_whichever_is_larger() {
        let numbers: Vec<f32> = (0..40)
            .map(|k| ((7 * k) as f32).sin() * 2.0_f32.powi(k % 20 - 10))
            .collect();
        let mut weights: Vec<f32> = Vec::new();
        let mut updates: Vec<f32> = Vec::new();
        for &weight in &numbers {
            weights.extend(numbers.iter().map(|_| weight));
            updates.extend(&numbers);
        }
        let (mut w, mut lost) = (weights.clone(), vec![0.0; weights.len()]);
        pulp::Arch::new().dispatch(TwoSums {
            w: &mut w,
            lost: &mut lost,
            update: &updates,
        });
        for index in 0..weights.len() {
            // Twice the digits hold both sums exactly.
            let exact = f64::from(weights[index]) + f64::from(updates[index]);
            assert_eq!(f64::from(w[index]) + f64::from(lost[index]), exact);
        }
        assert!(lost.iter().any(|&lost| lost != 0.0));
    }
}

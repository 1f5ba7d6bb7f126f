//! The weights of a hand-derived descent in host memory, and what rounding takes from their updates.

use std::ops::Range;

use burn::tensor::{Tensor, TensorData};
use implicit_bias_algebra::Accum;

use super::float::Float;
use super::problem::Descent;

/// The weights of all blocks, one block after another, and the rounding errors of their updates where
/// these are kept.
pub(super) struct HostWeights<E> {
    w: Vec<E>,
    /// Rows and columns of each block.
    shapes: Vec<[usize; 2]>,
    compensation: Option<HostCompensation<E>>,
}

/// The rounding errors of the weights, and memory for an update.
struct HostCompensation<E> {
    lost: Vec<E>,
    /// With the sign of a step already.
    update: Vec<E>,
}

impl<E: Float> HostWeights<E> {
    /// Of blocks of these shapes.
    pub fn new(
        weights: impl Iterator<Item = f64>,
        shapes: Vec<[usize; 2]>,
        compensated: bool,
    ) -> Self {
        let w: Vec<E> = weights.map(E::from_f64).collect();
        let zeros = || vec![E::from_f64(0.0); w.len()];
        Self {
            compensation: compensated.then(|| HostCompensation {
                lost: zeros(),
                update: zeros(),
            }),
            shapes,
            w,
        }
    }

    /// All weights.
    pub fn all(&self) -> &[E] {
        &self.w
    }

    /// Where an update of some weights goes, with the sign of a step, and whether it is added there; a
    /// step ends with [`finish`](Self::finish).
    pub fn update(&mut self, place: Range<usize>) -> (&mut [E], Accum) {
        match &mut self.compensation {
            None => (&mut self.w[place], Accum::Add),
            Some(compensation) => (&mut compensation.update[place], Accum::Replace),
        }
    }

    /// Adds an update of all weights that is not yet added, and keeps what rounding takes of it.
    pub fn finish(&mut self) {
        if let Some(HostCompensation { lost, update }) = &mut self.compensation {
            let w = &mut self.w;
            pulp::Arch::new().dispatch(TwoSums { w, lost, update });
        }
    }

    /// As [`Descent::state`](super::Descent::state).
    pub fn state(&self) -> Vec<f64> {
        let lost = self.compensation.iter().flat_map(|c| &c.lost);
        self.w.iter().chain(lost).map(|w| w.to_f64()).collect()
    }

    /// As [`Descent::restore`](super::Descent::restore).
    pub fn restore(&mut self, state: &[f64]) -> bool {
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

    /// The blocks, on the device of `like`.
    pub fn tensors(&self, like: &Tensor<2>) -> Vec<Tensor<2>> {
        self.blocks(&self.w, like)
    }

    /// The rounding errors, if they are kept.
    pub fn compensations(&self, like: &Tensor<2>) -> Option<Vec<Tensor<2>>> {
        let compensation = self.compensation.as_ref()?;
        Some(self.blocks(&compensation.lost, like))
    }

    fn blocks(&self, values: &[E], like: &Tensor<2>) -> Vec<Tensor<2>> {
        let mut rest = values;
        let block = |shape: &[usize; 2]| {
            let (own, others) = rest.split_at(shape[0] * shape[1]);
            rest = others;
            let data = TensorData::new(own.to_vec(), *shape);
            Tensor::from_data(data, (&like.device(), like.dtype()))
        };
        self.shapes.iter().map(block).collect()
    }
}

/// Steps whose only state is weights in host memory: a [`Descent`].
pub(super) trait HostSteps: Send {
    /// The float type of the weights.
    type Entry: Float;

    fn host_weights(&self) -> &HostWeights<Self::Entry>;

    fn host_weights_mut(&mut self) -> &mut HostWeights<Self::Entry>;

    /// One step; `false`, with the weights untouched, if a score is not finite or the descent is to stop.
    fn step(&mut self) -> bool;

    /// As [`Descent::stops`].
    fn stops(&mut self) -> bool {
        false
    }
}

impl<S: HostSteps> Descent for S {
    fn advance(&mut self, steps: u64) -> u64 {
        (0..steps).take_while(|_| self.step()).count() as u64
    }

    fn stops(&mut self) -> bool {
        HostSteps::stops(self)
    }

    fn weights(&self, like: &Tensor<2>) -> Vec<Tensor<2>> {
        self.host_weights().tensors(like)
    }

    fn compensations(&self, like: &Tensor<2>) -> Option<Vec<Tensor<2>>> {
        self.host_weights().compensations(like)
    }

    fn state(&self) -> Vec<f64> {
        self.host_weights().state()
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.host_weights_mut().restore(state)
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

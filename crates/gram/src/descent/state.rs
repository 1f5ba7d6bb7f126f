//! Pre-activations and coefficients, laid out for the inner loops.

use ndarray::{Array2, ArrayView2};

use crate::Problem;
use crate::kernel::{LANES, Lanes, padded};

/// The state of gradient descent: `H` and `C`, one row a sample, neurons side by side.
///
/// Neurons are padded to whole lanes; a padding neuron has sign 0 and never moves.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// Lanes of one row: `⌈2m / LANES⌉`.
    pub lanes: usize,
    /// `H`, `n × lanes`.
    pub pre_activations: Vec<Lanes>,
    /// `C`, `n × lanes`.
    pub coefficients: Vec<Lanes>,
    /// `s_k`, 0 for padding.
    pub signs: Vec<Lanes>,
    /// Margins `q_i`, padded with zeros.
    pub margins: Vec<Lanes>,
}

impl State {
    pub fn new(problem: &Problem, pre_activations: ArrayView2<'_, f64>) -> Self {
        let (samples, neurons) = (problem.samples(), problem.neurons());
        let lanes = padded(neurons) / LANES;
        let mut state = Self {
            lanes,
            pre_activations: vec![[0.0; LANES]; samples * lanes],
            coefficients: vec![[0.0; LANES]; samples * lanes],
            signs: vec![[0.0; LANES]; lanes],
            margins: vec![[0.0; LANES]; padded(samples) / LANES],
        };
        for neuron in 0..neurons {
            state.signs[neuron / LANES][neuron % LANES] = problem.sign(neuron);
        }
        for ((neuron, sample), &h) in pre_activations.indexed_iter() {
            state.pre_activations[sample * lanes + neuron / LANES][neuron % LANES] = h;
        }
        state.link(problem);
        state.refresh_margins(problem);
        state
    }

    /// Makes the pre-activations of samples that are multiples of others those multiples.
    pub fn link(&mut self, problem: &Problem) {
        for link in problem.links() {
            let (before, from) = self.pre_activations.split_at_mut(link.sample * self.lanes);
            let of = &before[link.of * self.lanes..][..self.lanes];
            for (h, of) in from.iter_mut().zip(of) {
                *h = of.map(|of| link.factor * of);
            }
        }
    }

    /// Recomputes the margins from the pre-activations.
    pub fn refresh_margins(&mut self, problem: &Problem) {
        let slope = problem.activation().slope();
        let width = problem.divisor();
        for (sample, &label) in problem.labels().iter().enumerate() {
            let row = &self.pre_activations[sample * self.lanes..][..self.lanes];
            let mut sum = [0.0; LANES];
            for (h, s) in row.iter().zip(&self.signs) {
                for lane in 0..LANES {
                    let d = if h[lane] > 0.0 { 1.0 } else { slope };
                    sum[lane] += s[lane] * d * h[lane];
                }
            }
            self.margins.as_flattened_mut()[sample] = sum.iter().sum::<f64>() * label / width;
        }
    }

    /// One of the two arrays as the matrix `2m × n`.
    pub fn matrix(&self, values: &[Lanes], problem: &Problem) -> Array2<f64> {
        Array2::from_shape_fn(
            (problem.neurons(), problem.samples()),
            |(neuron, sample)| entry(values, self.lanes, neuron, sample),
        )
    }
}

/// Entry of neuron `k` and sample `i` in an array laid out as the state.
pub(super) fn entry(values: &[Lanes], lanes: usize, neuron: usize, sample: usize) -> f64 {
    values[sample * lanes + neuron / LANES][neuron % LANES]
}

/// The same, to be written.
pub(super) fn entry_mut(
    values: &mut [Lanes],
    lanes: usize,
    neuron: usize,
    sample: usize,
) -> &mut f64 {
    &mut values[sample * lanes + neuron / LANES][neuron % LANES]
}

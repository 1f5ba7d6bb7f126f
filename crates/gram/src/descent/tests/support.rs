//! Random problems, and gradient descent in weight space.

use implicit_bias_data::{DataLaw, Dataset, Gaussian, Mixture};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Array1, Array2};
use proptest::prelude::*;

use super::super::{GramDescent, Stepping};
use crate::Problem;

/// A random problem and its weights at step 0.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) data: Dataset,
    pub(super) weights: Array2<f64>,
    pub(super) activation: Activation,
    pub(super) loss: Loss,
    pub(super) step_size: f64,
    pub(super) steps: u64,
}

impl Case {
    pub(super) fn problem(&self) -> Problem {
        let width = self.weights.nrows() / 2;
        Problem::new(
            &self.data,
            width,
            self.activation,
            self.loss,
            self.step_size,
        )
        .expect("the case is a valid problem")
    }

    pub(super) fn descent(&self) -> GramDescent {
        let start = self.weights.dot(&self.data.x().t());
        GramDescent::new(self.problem(), start).expect("the case is a valid start")
    }

    /// Whether a change in the last digits of the start stays one: some step sizes oscillate for
    /// ever, and then no two orders of summation agree.
    pub(super) fn is_well_conditioned(&self, plain: &GramDescent) -> bool {
        let mut nearby = self.clone();
        nearby.weights.mapv_inplace(|weight| weight * (1.0 + 1e-12));
        let mut nearby = nearby.descent().with_stepping(Stepping::Plain);
        nearby.advance(self.steps as f64);
        distance(&nearby.coefficients(), &plain.coefficients()) < 1e-10
    }

    /// Gradient descent in weight space, written from docs/theory.md §1.
    pub(super) fn weight_space(&self, steps: u64) -> Array2<f64> {
        let (x, y) = (self.data.x(), self.data.y());
        let (samples, width) = (
            self.data.samples() as f64,
            self.weights.nrows() as f64 / 2.0,
        );
        let mut weights = self.weights.clone();
        for _ in 0..steps {
            let h = weights.dot(&x.t());
            let sign = |k: usize| if (k as f64) < width { 1.0 } else { -1.0 };
            let q = Array1::from_shape_fn(x.nrows(), |i| {
                y[i] / width
                    * (0..h.nrows())
                        .map(|k| sign(k) * self.activation.apply(h[[k, i]]))
                        .sum::<f64>()
            });
            let gradient = Array2::from_shape_fn(h.dim(), |(k, i)| {
                let slope = self.activation.derivative(h[[k, i]]);
                -sign(k) * slope * y[i] * self.loss.slope(q[i]) / (samples * width)
            });
            weights = weights - gradient.dot(x) * self.step_size;
        }
        weights
    }
}

pub(super) fn cases() -> impl Strategy<Value = Case> {
    let shape = (2..14usize, 1..25usize, 1..12usize);
    let activation = prop_oneof![Just(0.0), Just(0.1), Just(0.5), 0.0..0.99f64];
    let loss = prop_oneof![Just(Loss::Logistic), Just(Loss::Exponential)];
    // A common direction makes samples correlated, and neurons slide.
    let knobs = (0.0..2.0f64, 0.02..1.0f64, 1..3000u64, 0.0..1.0f64);
    (shape, activation, loss, knobs, any::<u64>()).prop_filter_map(
        "one class",
        |((samples, dim, width), slope, loss, (common, pace, steps, scale), seed)| {
            let law = Gaussian {
                samples: samples + 2 * width,
                dim,
                noise: 1.0,
            };
            let drawn = law.generate(seed).ok()?;
            let mut x = drawn
                .x()
                .slice_axis(ndarray::Axis(0), (..samples).into())
                .to_owned();
            x.column_mut(0).mapv_inplace(|value| value + common);
            let y = drawn
                .y()
                .slice_axis(ndarray::Axis(0), (..samples).into())
                .to_owned();
            let weights = drawn
                .x()
                .slice_axis(ndarray::Axis(0), (samples..).into())
                // Margins of order one: the exponential loss would otherwise start with a huge
                // leap, after which no two orders of summation agree.
                .mapv(|value| value * scale / (dim as f64).sqrt());
            let largest = x
                .rows()
                .into_iter()
                .map(|row| row.dot(&row))
                .fold(0.0, f64::max);
            Some(Case {
                data: Dataset::new(x, y).ok()?,
                weights,
                activation: Activation::leaky_relu(slope).ok()?,
                loss,
                step_size: pace * width as f64 / largest,
                steps,
            })
        },
    )
}

/// Largest difference between two matrices, relative to the largest entry of the second.
pub(super) fn distance(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    let scale = b.iter().fold(1e-300, |max: f64, v| max.max(v.abs()));
    (a - b).iter().fold(0.0, |max: f64, v| max.max(v.abs())) / scale
}

/// Random data with samples that pull neurons across their kink for ever.
pub(super) fn sliding() -> Case {
    let law = Mixture {
        samples: 16,
        dim: 24,
        signal: 1.0,
        noise: 1.0,
    };
    let drawn = law.generate(3).expect("a valid law");
    // The common direction pulls neurons back to the kink of the other class.
    let x = drawn.x().mapv(|value| value + 0.4);
    let data = Dataset::new(x, drawn.y().to_owned()).expect("valid samples");
    let weights = Gaussian {
        samples: 24,
        dim: 24,
        noise: 1.0,
    }
    .generate(5)
    .expect("a valid law")
    .x()
    .mapv(|value| 0.1 * value);
    Case {
        data,
        weights,
        activation: Activation::RELU,
        loss: Loss::Logistic,
        step_size: 0.5,
        steps: 20_000,
    }
}

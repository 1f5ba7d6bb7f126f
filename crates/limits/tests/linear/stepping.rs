//! Adam without `ε`, and sign descent, every step of it, with moments on a log scale.

use implicit_bias_limits::linear::{FarDescent, SignLikeDescent};
use ndarray::{Array1, Array2};

/// A descent under way.
pub struct Stepping<'a> {
    rows: &'a Array2<f64>,
    descent: FarDescent,
    pub weights: Array1<f64>,
    pub step: f64,
    mean: Array1<f64>,
    square: Array1<f64>,
    /// `m` is `e^level` times `mean`, `v` is `e^{2 level}` times `square`.
    level: f64,
}

impl<'a> Stepping<'a> {
    pub fn new(rows: &'a Array2<f64>, descent: FarDescent, weights: Array1<f64>) -> Self {
        let zero = Array1::zeros(rows.ncols());
        Self {
            rows,
            descent,
            weights,
            step: 0.0,
            mean: zero.clone(),
            square: zero,
            level: 0.0,
        }
    }

    pub fn advance(&mut self, to: f64) {
        while self.step < to {
            let slopes = self
                .rows
                .dot(&self.weights)
                .mapv(|q| self.descent.loss.log_slope(q));
            let level = slopes.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
            let ascent = slopes.mapv(|slope| (slope - level).exp()).dot(self.rows);
            let size = self.descent.step_sizes.at(self.step);
            match self.descent.rule {
                SignLikeDescent::Adam { beta1, beta2 } => {
                    let decay = (self.level - level).exp();
                    self.mean = &self.mean * (beta1 * decay) + &ascent * (1.0 - beta1);
                    let squares = &ascent * &ascent * (1.0 - beta2);
                    self.square = &self.square * (beta2 * decay * decay) + squares;
                    self.weights = &self.weights + &self.mean / &self.square.sqrt() * size;
                }
                _ => self.weights = &self.weights + &ascent.mapv(f64::signum) * size,
            }
            self.level = level;
            self.step += 1.0;
        }
    }

    pub fn norm(&self) -> f64 {
        self.weights.fold(0.0, |norm: f64, w| norm.max(w.abs()))
    }

    pub fn margin_linf(&self) -> f64 {
        let margins = self.rows.dot(&self.weights);
        margins.fold(f64::INFINITY, |a, &b| a.min(b)) / self.norm()
    }
}

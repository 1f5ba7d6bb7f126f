//! One random problem.

use std::fmt;

use implicit_bias_data::Dataset;
use implicit_bias_data::random::{Dice, Stream, generator, standard_normal};
use implicit_bias_gram::Problem;
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Array1, Array2};

/// A problem, where descent starts, and the words that name it.
pub struct Case {
    pub problem: Problem,
    /// `H(0) = W(0) Xᵀ`, `2m × n`.
    pub start: Array2<f64>,
    name: String,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Case {
    pub fn draw(seed: u64, index: u64) -> Self {
        let mut dice = Dice::new(seed.wrapping_mul(1_000_003).wrapping_add(index));
        let samples = dice.pick(&[2, 3, 4, 5, 6, 7, 8, 10]);
        let dim = dice.pick(&[1, 2, 3, 5, 8, 8, 8, 12, 15, 15, 30, 40]);
        let width = dice.pick(&[1, 2, 3, 4, 5, 6]);
        let slope = dice.pick(&[0.0, 0.0, 0.0, 0.02, 0.1, 0.2, 0.5, 0.9]);
        let scale = dice.pick(&[1e-3, 0.03, 0.3, 1.0]);
        let step_size = dice.pick(&[0.02, 0.03, 0.05, 0.1, 0.3, 0.5]);
        let loss = dice.pick(&[Loss::Logistic, Loss::Logistic, Loss::Exponential]);
        let kind = dice.pick(&["plain", "plain", "mean", "repeated", "spread", "opposite"]);
        let mut normals = generator(dice.bits(), Stream::Noise);
        let mut x = Array2::from_shape_simple_fn((samples, dim), || standard_normal(&mut normals));
        let mut y =
            Array1::from_shape_fn(samples, |_| if dice.uniform() < 0.5 { -1.0 } else { 1.0 });
        y[0] = 1.0;
        y[samples - 1] = -1.0;
        match kind {
            // All samples share a direction, of either label: pairs that slide.
            "mean" => x.column_mut(0).mapv_inplace(|v| v + 1.5),
            "repeated" if samples > 2 => {
                let row = x.row(0).to_owned();
                x.row_mut(1).assign(&row);
                y[1] = y[0];
            }
            "spread" => {
                for mut row in x.rows_mut() {
                    let factor = 10_f64.powf(2.0 * dice.uniform() - 1.5);
                    row.mapv_inplace(|v| v * factor);
                }
            }
            "opposite" => {
                let row = x.row(0).mapv(|v| -0.8 * v);
                x.row_mut(samples - 1).scaled_add(1.0, &row);
            }
            _ => {}
        }
        let data = Dataset::new(x, y).expect("finite samples, labels ±1");
        let weights = Array2::from_shape_simple_fn((2 * width, dim), || {
            scale * standard_normal(&mut normals)
        });
        let start = weights.dot(&data.x().t());
        let activation = Activation::leaky_relu(slope).expect("in [0, 1)");
        let name = format!(
            "case {index} of seed {seed}: {kind} n={samples} d={dim} m={width} γ={slope} \
             σ₀={scale} η={step_size} {loss:?}"
        );
        let problem = Problem::new(&data, width, activation, loss, step_size).expect("valid");
        Self {
            problem,
            start,
            name,
        }
    }
}

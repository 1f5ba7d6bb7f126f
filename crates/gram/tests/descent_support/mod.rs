//! Plain gradient descent on a page, and the reference cases, for the tests of the limit.
#![allow(dead_code)] // each test file uses its part

use std::path::{Path, PathBuf};

use implicit_bias_data::{Dataset, LabelEncoding, read_npz_arrays, read_weights_npz};
use implicit_bias_gram::{Limit, Problem};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Array2, Axis, concatenate};

/// Folders of reference trajectories, each with its `limits.json`: the golden files of the project, and those
/// beside it where they are there.
pub fn references() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders = [root.join("tests/golden"), root.join("../shared/reference")];
    let found = folders
        .into_iter()
        .filter(|folder| folder.join("limits.json").exists());
    found.collect()
}

/// Gradient descent, `ΔC_ki = (η/(nm)) s_k D_ki y_i g_i`, `H += ΔC G`.
pub struct Run {
    pub problem: Problem,
    pub step: f64,
    /// `2m × n`.
    pub pre_activations: Array2<f64>,
    /// Coefficients `C` gained since the start, `2m × n`.
    pub coefficients: Array2<f64>,
}

impl Run {
    pub fn new(problem: Problem, pre_activations: Array2<f64>) -> Self {
        Self {
            coefficients: Array2::zeros(pre_activations.raw_dim()),
            problem,
            step: 0.0,
            pre_activations,
        }
    }

    /// The reference case of a file.
    pub fn reference(path: &Path) -> Self {
        let data = Dataset::from_npz(path, LabelEncoding::PlusMinusOne).unwrap();
        let (positive, negative) = read_weights_npz(path).unwrap();
        let [slope, step_size] = read_npz_arrays(path, ["slope", "step_size"]).unwrap();
        let activation = Activation::leaky_relu(slope.sum()).unwrap();
        let problem = Problem::new(
            &data,
            positive.nrows(),
            activation,
            Loss::Logistic,
            step_size.sum(),
        )
        .unwrap();
        let weights = concatenate![Axis(0), positive, negative];
        Self::new(problem, weights.dot(&data.x().t()))
    }

    pub fn advance_to(&mut self, step: f64) {
        let gram = self.problem.gram().to_owned();
        let mut change = Array2::zeros(self.pre_activations.raw_dim());
        while self.step < step {
            let pulls: Vec<f64> = self
                .problem
                .margins(self.pre_activations.view())
                .iter()
                .zip(self.problem.labels())
                .map(|(&q, label)| self.problem.rate() * label * self.problem.loss().slope(q))
                .collect();
            for ((k, i), entry) in change.indexed_iter_mut() {
                let h = self.pre_activations[[k, i]];
                *entry = self.problem.sign(k) * self.problem.activation().derivative(h) * pulls[i];
            }
            self.coefficients += &change;
            self.pre_activations += &change.dot(&gram);
            self.step += 1.0;
        }
    }

    pub fn limit(&self) -> Limit {
        Limit::solve(&self.problem, self.pre_activations.view()).unwrap()
    }

    /// Whether each same-sign pair is active; `false` on opposite-sign pairs.
    pub fn same_sign_pattern(&self) -> Array2<bool> {
        Array2::from_shape_fn(self.pre_activations.raw_dim(), |(k, i)| {
            self.problem.labels()[i] == self.problem.sign(k) && self.pre_activations[[k, i]] > 0.0
        })
    }

    /// `‖C X‖_F` of coefficients `C` (`2m × n`).
    pub fn norm(&self, coefficients: &Array2<f64>) -> f64 {
        (coefficients * &coefficients.dot(&self.problem.gram()))
            .sum()
            .max(0.0)
            .sqrt()
    }
}

//! The limit program in scaled coordinates.

use ndarray::{Array2, ArrayView1};

use super::groups::PatternGroup;
use crate::problem::products;
use crate::{GramError, Problem};

/// The program for unit samples: any scale of the data, and samples of unequal norms, give numbers
/// near 1.
///
/// With `x̂_i = x_i/‖x_i‖`, `ρ` the root mean square norm and `W = Ŵ/ρ`, the constraints
/// `q_i ≥ 1` read `q̂_i(Ŵ) ≥ b_i = ρ/‖x_i‖`, with `q̂_i` the margin on `x̂_i`. A group
/// of `n_a` neurons has the weight `share = n_a/m`. Multipliers are scaled by `m`, so that
/// `w_a = s_a Σ_i D_ai λ̂_i y_i x̂_i`.
pub(super) struct Program {
    /// Cosines between the samples, `n × n`.
    pub cosines: Array2<f64>,
    /// `b_i`, the margin that the unit sample must reach.
    pub targets: Vec<f64>,
    pub labels: Vec<f64>,
    /// Slope `γ` of the activation.
    pub slope: f64,
    pub cells: Vec<Cell>,
    /// `ρ ‖x_i‖`.
    pub scales: Vec<f64>,
    /// `ρ`, the root mean square norm of the samples.
    pub unit: f64,
    pub width: f64,
    /// The most dimensions that the samples can span.
    pub dimensions: usize,
}

/// One group of neurons in the scaled program.
pub(super) struct Cell {
    pub sign: f64,
    /// `n_a / m`.
    pub share: f64,
    pub active: Vec<bool>,
    /// Samples of the opposite sign, ascending.
    pub opposite: Vec<usize>,
}

/// A point of the program and its multipliers.
#[derive(Clone)]
pub(super) struct ProgramPoint {
    /// `λ̂_i`, `n`.
    pub multipliers: Vec<f64>,
    /// `ν_ai = D_ai λ̂_i`, `R × n`: multipliers times slopes.
    pub weighted: Array2<f64>,
    /// `ĥ_ai = ⟨w_a, x̂_i⟩`, `R × n`.
    pub pre_activations: Array2<f64>,
}

impl Program {
    /// Scales `problem` for the groups `patterns`.
    pub fn new(problem: &Problem, patterns: &[PatternGroup]) -> Result<Self, GramError> {
        let samples = problem.samples();
        let gram = problem.gram();
        let norms: Vec<f64> = (0..samples).map(|i| gram[[i, i]].sqrt()).collect();
        if let Some(sample) = norms.iter().position(|&norm| norm == 0.0) {
            return Err(GramError::Program(format!(
                "not solved: sample {sample} is so small that its squared norm is zero"
            )));
        }
        let largest = norms.iter().copied().fold(0.0, f64::max);
        // Relative to the largest norm, so that the squares cannot overflow.
        let mean_square = norms.iter().map(|x| (x / largest).powi(2)).sum::<f64>() / samples as f64;
        let unit = largest * mean_square.sqrt();
        let cosines = Array2::from_shape_fn((samples, samples), |(i, j)| {
            if i == j {
                1.0
            } else {
                (gram[[i, j]] / norms[i] / norms[j]).clamp(-1.0, 1.0)
            }
        });
        let width = problem.divisor();
        let cells = patterns
            .iter()
            .map(|pattern| Cell {
                sign: pattern.sign,
                share: pattern.neurons.len() as f64 / width,
                active: pattern.active.clone(),
                opposite: (0..samples)
                    .filter(|&i| problem.labels()[i] != pattern.sign)
                    .collect(),
            })
            .collect();
        Ok(Self {
            cosines,
            targets: norms.iter().map(|norm| unit / norm).collect(),
            labels: problem.labels().to_vec(),
            slope: problem.activation().slope(),
            cells,
            scales: norms.iter().map(|norm| unit * norm).collect(),
            unit,
            width,
            dimensions: problem.dimensions(),
        })
    }

    pub fn samples(&self) -> usize {
        self.labels.len()
    }

    /// Whether the activation of group `cell` on `sample` is frozen: sample and neurons agree in
    /// sign.
    pub fn same_sign(&self, cell: usize, sample: usize) -> bool {
        self.cells[cell].sign == self.labels[sample]
    }

    /// The frozen slope of a same-sign pair.
    pub fn frozen_slope(&self, cell: usize, sample: usize) -> f64 {
        if self.cells[cell].active[sample] {
            1.0
        } else {
            self.slope
        }
    }

    /// The point whose weights are `w_a = s_a Σ_i ν_ai y_i x̂_i`.
    pub fn point(&self, multipliers: Vec<f64>, weighted: Array2<f64>) -> ProgramPoint {
        let pre_activations = self.pre_activations(&weighted);
        ProgramPoint {
            multipliers,
            weighted,
            pre_activations,
        }
    }

    /// `ĥ_ai = s_a Σ_j cos_ij y_j ν_aj`, `R × n`.
    pub fn pre_activations(&self, weighted: &Array2<f64>) -> Array2<f64> {
        let mut signed = weighted.clone();
        for (mut row, cell) in signed.rows_mut().into_iter().zip(&self.cells) {
            for (entry, label) in row.iter_mut().zip(&self.labels) {
                *entry *= cell.sign * label;
            }
        }
        products(signed.view(), self.cosines.view())
    }

    /// Margins `q̂_i` of the unit samples, same-sign slopes frozen.
    pub fn margins(&self, pre_activations: &Array2<f64>) -> Vec<f64> {
        let mut margins = vec![0.0; self.samples()];
        for (index, cell) in self.cells.iter().enumerate() {
            for (sample, margin) in margins.iter_mut().enumerate() {
                let h = pre_activations[[index, sample]];
                *margin += cell.share
                    * if self.same_sign(index, sample) {
                        self.frozen_slope(index, sample) * h
                    } else {
                        -h.max(self.slope * h)
                    };
            }
        }
        margins
    }

    /// `‖w_a‖` of the groups.
    pub fn norms(&self, point: &ProgramPoint) -> Vec<f64> {
        (0..self.cells.len())
            .map(|cell| {
                let weighted = point.weighted.row(cell);
                let h = point.pre_activations.row(cell);
                self.inner_product(cell, weighted, h).max(0.0).sqrt()
            })
            .collect()
    }

    /// `⟨w_a, w⟩` from the products of group `a` and the pre-activations of `w`.
    pub fn inner_product(
        &self,
        cell: usize,
        weighted: ArrayView1<'_, f64>,
        h: ArrayView1<'_, f64>,
    ) -> f64 {
        let sum: f64 = weighted
            .iter()
            .zip(h)
            .zip(&self.labels)
            .map(|((product, h), label)| product * label * h)
            .sum();
        self.cells[cell].sign * sum
    }
}

//! The laws that a run is held to, derived from the program of its data.

use implicit_bias_data::TrainingSet;
use implicit_bias_limits::tokens::{AttentionProgram, attention_program};
use implicit_bias_model::Loss;
use ndarray::{Array1, Array2, ArrayView1};

/// What the program of a data set says of descents on it.
pub(super) struct Law {
    pub program: AttentionProgram,
    /// `‖W_mm‖`.
    pub norm: f64,
    /// The constraints with a multiplier, as rows `[k, d²]`.
    support: Array2<f64>,
    /// `log(κ_k/λ_k)` of these.
    offsets: Array1<f64>,
}

impl Law {
    /// The law of data of so many tokens a sample; why there is none, as a phrase.
    pub fn new(data: &TrainingSet, tokens: usize, loss: Loss) -> Result<Self, String> {
        let program = attention_program(data, tokens)?;
        let (samples, entries) = data.x().dim();
        let dim = entries / tokens;
        let x = data.x().as_slice().ok_or("samples lie row after row")?;
        let token = |sample: usize, t: usize| {
            let first = sample * entries + t * dim;
            ArrayView1::from(&x[first..first + dim])
        };
        let (mut rows, mut offsets) = (Vec::new(), Vec::new());
        for (&[sample, t], &lambda) in program.pairs.iter().zip(&program.solution.multipliers) {
            if lambda <= 0.0 {
                continue;
            }
            let best = program.best[sample];
            let difference = &token(sample, best) - &token(sample, t);
            let query = token(sample, 0);
            rows.extend(
                difference
                    .iter()
                    .flat_map(|x| query.iter().map(move |z| x * z)),
            );
            let scores = program.scores.row(sample);
            let kappa = loss.slope(scores[best]) * (scores[best] - scores[t]) / samples as f64;
            offsets.push((kappa / lambda).ln());
        }
        let support = Array2::from_shape_vec([offsets.len(), dim * dim], rows);
        Ok(Self {
            norm: program.solution.norm,
            program,
            support: support.map_err(|error| error.to_string())?,
            offsets: offsets.into(),
        })
    }

    /// `‖ρ_⊥‖`, of what the direction lacks of that of maximum margin over the norm: `W = τ W_mm + ρ`,
    /// with `⟨V_k, ρ⟩ = log(κ_k/λ_k)` on the support, its part across the support being the one of the
    /// last weights, which no longer moves (derived).
    pub fn lag(&self, last: &Array2<f64>) -> f64 {
        let flat: Array1<f64> = last.iter().copied().collect();
        let gram = self.support.dot(&self.support.t());
        let inside =
            |target: &Array1<f64>| self.support.t().dot(&conjugate_gradients(&gram, target));
        let across = &flat - &inside(&self.support.dot(&flat));
        let rho = inside(&self.offsets) + across;
        let unit: Array1<f64> = (self.program.solution.weights.iter())
            .map(|w| w / self.norm)
            .collect();
        let orthogonal = &rho - &(&unit * unit.dot(&rho));
        orthogonal.dot(&orthogonal).sqrt()
    }
}

/// `A⁻¹ b` for a positive definite `A`, of the size of a support.
fn conjugate_gradients(matrix: &Array2<f64>, target: &Array1<f64>) -> Array1<f64> {
    let mut solution = Array1::zeros(target.len());
    let mut residual = target.clone();
    let mut direction = residual.clone();
    let mut square = residual.dot(&residual);
    let enough = 1e-30 * square;
    for _ in 0..20 * target.len() {
        if square <= enough {
            break;
        }
        let product = matrix.dot(&direction);
        let step = square / direction.dot(&product);
        solution.scaled_add(step, &direction);
        residual.scaled_add(-step, &product);
        let next = residual.dot(&residual);
        direction = &residual + &(&direction * (next / square));
        square = next;
    }
    solution
}

//! The law of the first step (derived here).

use implicit_bias_data::Dataset;

/// What the first step of gradient descent does to the stable rank of Gaussian weights, where scores
/// are near 0 and the activation is smooth.
///
/// With `m` neurons of output weights `±1/√m`, entries `N(0, ω²)` and `φ'(0) = (1+γ)/2`, the step
/// `s a uᵀ` has rank one: `a` are the output signs over `√m`, `u` is the direction of
/// `x̄ = (1/n) Σ y_i x_i`, and `s = α (1+γ)/4 ‖x̄‖`. Its largest singular value beside that of noise
/// follows from perturbations of low rank of a Gaussian matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FirstStep {
    /// `m`, all neurons.
    pub neurons: f64,
    /// `d`.
    pub dim: f64,
    /// `ω`.
    pub deviation: f64,
    /// `s`.
    pub strength: f64,
}

impl FirstStep {
    /// On samples, for a step size `α` and a slope `γ`.
    pub fn of(data: &Dataset, neurons: usize, deviation: f64, step_size: f64, slope: f64) -> Self {
        let mean = data.y().dot(data.x()) / data.samples() as f64;
        Self {
            neurons: neurons as f64,
            dim: data.dim() as f64,
            deviation,
            strength: step_size * (1.0 + slope) / 4.0 * mean.dot(&mean).sqrt(),
        }
    }

    /// The stable rank after the step: `(m d ω² + s²)/‖W‖₂²` with
    /// `‖W‖₂² = (s² + ω² m)(s² + ω² d)/s²` if `s² > ω² √(m d)`, and that of the noise alone otherwise,
    /// [`edge`] times `ω²`.
    pub fn stable_rank(&self) -> f64 {
        let Self {
            neurons: m,
            dim: d,
            deviation,
            strength,
        } = *self;
        let (noise, step) = (deviation * deviation, strength * strength);
        let norm = if step > noise * (m * d).sqrt() {
            (step + noise * m) * (step + noise * d) / step
        } else {
            noise * edge(m, d)
        };
        (m * d * noise + step) / norm
    }
}

/// The mean of the Tracy–Widom law of real matrices.
const MEAN_OF_TRACY_WIDOM: f64 = -1.206_5;

/// The square of the largest singular value of an `m × d` matrix of `N(0, 1)` entries, on average:
/// `(√m + √d)²` to leading order, and how far below that it is at finite sizes (Johnstone 2001).
fn edge(rows: f64, columns: f64) -> f64 {
    let (rows, columns) = ((rows - 1.0).sqrt(), columns.sqrt());
    let sum = rows + columns;
    let scale = sum * (1.0 / rows + 1.0 / columns).cbrt();
    sum * sum + MEAN_OF_TRACY_WIDOM * scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_without_noise_has_rank_one_and_noise_without_a_step_its_own() {
        let law = |deviation, strength| {
            let (neurons, dim) = (512.0, 1e4);
            let law = FirstStep {
                neurons,
                dim,
                deviation,
                strength,
            };
            law.stable_rank()
        };
        assert!((law(1e-9, 1.0) - 1.0).abs() < 1e-9);
        let noise = 512.0 * 1e4 / (512_f64.sqrt() + 100.0).powi(2);
        assert!((law(1.0, 0.0) / noise - 1.0).abs() < 1e-2);
        // Both branches meet where the step leaves the noise, up to the correction for finite sizes.
        let edge = (512.0 * 1e4_f64).powf(0.25);
        let [below, above] = [law(1.0, edge * (1.0 - 1e-9)), law(1.0, edge * (1.0 + 1e-9))];
        assert!((below / above - 1.0).abs() < 1e-2, "{below} {above}");
    }

    #[test]
    fn noise_has_the_largest_singular_value_of_drawn_matrices() {
        use implicit_bias_data::random::{Stream, gaussian_matrix};
        let (rows, columns) = (40, 100);
        let seeds = 0..20;
        let squares = seeds.clone().map(|seed| {
            let drawn = gaussian_matrix(rows, columns, 1.0, seed, Stream::Noise).unwrap();
            let mut direction = drawn.row(0).to_owned();
            for _ in 0..300 {
                direction /= direction.dot(&direction).sqrt();
                direction = drawn.t().dot(&drawn.dot(&direction));
            }
            direction.dot(&direction).sqrt()
        });
        let mean = squares.sum::<f64>() / seeds.count() as f64;
        let expected = edge(rows as f64, columns as f64);
        // Its standard deviation is 4 % of it: of the mean of 20 of them, 0.9 %.
        assert!((mean / expected - 1.0).abs() < 0.025, "{mean} {expected}");
    }
}

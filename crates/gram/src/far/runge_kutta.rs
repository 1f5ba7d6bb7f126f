//! Steps of the flow in `τ = log t`: DOP853.
//!
//! The flow is smooth between events and hardly stiff (its Jacobian `Ã diag(v)` has eigenvalues of
//! order one, since `Ã v → 1` where the margins grow), so an explicit method of high order is
//! the cheapest way to thirteen digits. Own code, sixty lines: the crates with such a method bring
//! their own vectors, callbacks and event loops, while here an event is a change of the field
//! itself. There is no dense output either: a shorter step from the same point is as accurate and
//! costs as little.

use serde::{Deserialize, Serialize};

use super::field::{Field, Scratch};
use super::tableau::{A, B, C, E3, E5, STAGES};

/// Accepted local error of a margin, relative to `max(1, |q|)`.
pub(super) const TOLERANCE: f64 = 1e-13;

/// The sums `S` since the last event, at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FlowPoint {
    pub(super) tau: f64,
    pub(super) sums: Vec<f64>,
}

/// A step and its estimated error.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Trial {
    pub(super) end: FlowPoint,
    /// Estimated local error over the tolerance; the step is good up to 1.
    pub(super) error: f64,
    /// `dS/dτ` at the end.
    pub(super) velocity: Vec<f64>,
}

/// Memory of the stages.
#[derive(Clone, Debug)]
pub(super) struct Stages {
    k: Vec<Vec<f64>>,
    sums: Vec<f64>,
    pub(super) scratch: Scratch,
}

impl Stages {
    pub(super) fn new(n: usize) -> Self {
        Self {
            k: vec![vec![0.0; n]; STAGES + 1],
            sums: vec![0.0; n],
            scratch: Scratch::new(n),
        }
    }

    /// One step of length `h` from `from`, where `dS/dτ` is `velocity`.
    pub(super) fn step(
        &mut self,
        field: Field<'_>,
        from: &FlowPoint,
        velocity: &[f64],
        h: f64,
    ) -> Trial {
        self.k[0].copy_from_slice(velocity);
        for stage in 1..STAGES {
            self.combine(&from.sums, h, A[stage]);
            let tau = from.tau + C[stage] * h;
            field.velocity(tau, &self.sums, &mut self.scratch, &mut self.k[stage]);
        }
        self.combine(&from.sums, h, &B);
        let end = FlowPoint {
            tau: from.tau + h,
            sums: self.sums.clone(),
        };
        field.velocity(end.tau, &end.sums, &mut self.scratch, &mut self.k[STAGES]);
        Trial {
            error: self.error(field, &end, h),
            end,
            velocity: self.k[STAGES].clone(),
        }
    }

    /// `S + h Σ_j w_j k_j`.
    fn combine(&mut self, sums: &[f64], h: f64, weights: &[f64]) {
        self.sums.fill(0.0);
        for (&weight, k) in weights.iter().zip(&self.k) {
            if weight != 0.0 {
                for (sum, &k) in self.sums.iter_mut().zip(k) {
                    *sum += weight * k;
                }
            }
        }
        for (sum, &start) in self.sums.iter_mut().zip(sums) {
            *sum = start + h * *sum;
        }
    }

    /// The method's own mixture of its two embedded errors, measured in margins.
    fn error(&mut self, field: Field<'_>, end: &FlowPoint, h: f64) -> f64 {
        let n = end.sums.len();
        let zero = vec![0.0; n];
        let differences = Field {
            base: &zero,
            ..field
        };
        let mut q = vec![0.0; n];
        field.margins(&end.sums, &mut q);
        let mut squares = [0.0; 2];
        let mut moved = vec![0.0; n];
        for (square, weights) in squares.iter_mut().zip([&E5, &E3]) {
            self.combine(&zero, h, weights);
            differences.margins(&self.sums, &mut moved);
            *square = moved
                .iter()
                .zip(&q)
                .map(|(e, q)| (e / (TOLERANCE * q.abs().max(1.0))).powi(2))
                .sum();
        }
        let mixed = squares[0] + 0.01 * squares[1];
        if mixed == 0.0 {
            0.0
        } else {
            squares[0] / (mixed * n as f64).sqrt()
        }
    }
}

/// The next step's length over this one's.
pub(super) fn growth(error: f64) -> f64 {
    if error.is_finite() {
        (0.9 * error.max(1e-30).powf(-0.125)).clamp(0.2, 4.0)
    } else {
        0.2
    }
}

#[cfg(test)]
mod tests {
    use implicit_bias_scalar::Loss;

    use super::*;

    #[test]
    fn rows_are_consistent() {
        for (row, c) in A.iter().zip(C) {
            assert!((row.iter().sum::<f64>() - c).abs() < 1e-14);
        }
        assert!((B.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        assert!(E3.iter().sum::<f64>().abs() < 1e-15);
        assert!(E5.iter().sum::<f64>().abs() < 1e-15);
    }

    /// `q = q_0 + S`, `dS/dt = e^{−q}` past any correction: `e^q = e^{q_0} + t − t_0`.
    fn closed_form_error(steps: usize) -> f64 {
        let (tau, span, q0) = (60.0, 1.5, 57.0);
        let field = Field {
            loss: Loss::Exponential,
            coupling: &[1.0],
            base: &[q0],
        };
        let mut stages = Stages::new(1);
        let mut at = FlowPoint {
            tau,
            sums: vec![0.0],
        };
        let mut velocity = vec![0.0];
        field.velocity(tau, &at.sums, &mut stages.scratch, &mut velocity);
        for _ in 0..steps {
            let trial = stages.step(field, &at, &velocity, span / steps as f64);
            (at, velocity) = (trial.end, trial.velocity);
        }
        // Over e^{τ_0}: e^{q_0 − τ_0} + e^{τ − τ_0} − 1.
        let exact = ((q0 - tau).exp() + span.exp() - 1.0).ln() + tau - q0;
        (at.sums[0] - exact).abs()
    }

    #[test]
    fn steps_have_order_eight() {
        // Over three halvings: the leading term's sign change disturbs a single one.
        let (coarse, fine) = (closed_form_error(16), closed_form_error(128));
        let order = (coarse / fine).log2() / 3.0;
        assert!((7.5..8.7).contains(&order), "{coarse:e} {fine:e}: {order}");
        assert!(closed_form_error(200) < 1e-13);
    }
}

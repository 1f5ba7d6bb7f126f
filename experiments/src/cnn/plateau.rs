//! The filters on clean orthogonal patches at any step, in closed form (derived).
//!
//! On a patch that is a signal `μ_k`, a filter sees `z = ⟨w, μ_k⟩` alone, and under gradient flow
//! `dz/dτ_k = ±σ'(z)`, with + for filters of the signal's class and `τ_k` the signal's own time,
//! `dt = (n m/(n_k ‖μ‖² η)) (1 + e^{m_k(τ)}) dτ`, `m_k` its margin.

use ndarray::{Array1, Array2, Axis, concatenate};

/// Huberized ReLU.
#[derive(Clone, Copy, Debug)]
pub(super) struct Huberized {
    /// `q > 1`.
    pub exponent: f64,
    /// `κ`.
    pub threshold: f64,
}

impl Huberized {
    /// `σ(z)`.
    fn value(self, z: f64) -> f64 {
        let Self {
            exponent: q,
            threshold: kappa,
        } = self;
        if z <= 0.0 {
            0.0
        } else if z <= kappa {
            z.powf(q) / q / kappa.powf(q - 1.0)
        } else {
            z - kappa + kappa / q
        }
    }

    /// `z(τ)` from `z(0) = start` under `dz/dτ = sign · σ'(z)`.
    fn after(self, start: f64, sign: f64, tau: f64) -> f64 {
        let Self {
            exponent: q,
            threshold: kappa,
        } = self;
        if start <= 0.0 {
            return start;
        }
        // Along σ' = 1 first, where it begins there.
        if sign > 0.0 {
            if start >= kappa {
                return start + tau;
            }
            let until = self.to_threshold(start);
            if tau >= until {
                return kappa + tau - until;
            }
            return self.on_the_power(start, tau);
        }
        let straight = (start - kappa).max(0.0);
        if tau <= straight {
            return start - tau;
        }
        let from = start.min(kappa);
        let rest = tau - straight;
        if (q - 2.0).abs() < 1e-12 {
            return from * (-rest / kappa).exp();
        }
        let power = from.powf(2.0 - q) - (2.0 - q) * kappa.powf(1.0 - q) * rest;
        // For q < 2 it comes to 0 at a finite time.
        if power <= 0.0 {
            0.0
        } else {
            power.powf(1.0 / (2.0 - q))
        }
    }

    /// `τ` until `z = κ`.
    fn to_threshold(self, start: f64) -> f64 {
        let Self {
            exponent: q,
            threshold: kappa,
        } = self;
        if (q - 2.0).abs() < 1e-12 {
            return kappa * (kappa / start).ln();
        }
        (start.powf(2.0 - q) - kappa.powf(2.0 - q)) * kappa.powf(q - 1.0) / (q - 2.0)
    }

    fn on_the_power(self, start: f64, tau: f64) -> f64 {
        let Self {
            exponent: q,
            threshold: kappa,
        } = self;
        if (q - 2.0).abs() < 1e-12 {
            return start * (tau / kappa).exp();
        }
        let power = start.powf(2.0 - q) + (2.0 - q) * kappa.powf(1.0 - q) * tau;
        power.powf(1.0 / (2.0 - q))
    }
}

/// The initial filters on orthogonal signals.
#[derive(Clone, Debug)]
pub(super) struct Clean {
    /// `⟨w, μ_k⟩` of both blocks stacked, `[2m, 2K]`.
    pub start: Array2<f64>,
    /// The part of the filters across the signals, `[2m, …]`, which stays.
    pub across: Array2<f64>,
    /// The class ±1 of each signal.
    pub class: Vec<f64>,
    /// The fraction `n_k/n` of the samples that each signal has.
    pub share: Vec<f64>,
    /// `‖μ‖`.
    pub length: f64,
    /// `η`.
    pub step_size: f64,
    pub activation: Huberized,
}

impl Clean {
    fn width(&self) -> usize {
        self.start.nrows() / 2
    }

    /// + for filters of the signal's class.
    fn sign(&self, filter: usize, signal: usize) -> f64 {
        let block = if filter < self.width() { 1.0 } else { -1.0 };
        block * self.class[signal]
    }

    /// `z(τ)` of all filters on a signal.
    fn column(&self, signal: usize, tau: f64) -> Vec<f64> {
        let each = self.start.column(signal);
        let each = each.iter().enumerate();
        each.map(|(filter, &start)| self.activation.after(start, self.sign(filter, signal), tau))
            .collect()
    }

    fn margin(&self, signal: usize, tau: f64) -> f64 {
        let column = self.column(signal, tau);
        let values = column.iter().enumerate();
        let values =
            values.map(|(filter, &z)| self.sign(filter, signal) * self.activation.value(z));
        values.sum::<f64>() / self.width() as f64
    }

    /// `τ_k` at each of some rising `log t`, by quadrature in `τ`.
    fn times(&self, signal: usize, log_t: &[f64]) -> Vec<f64> {
        let factor =
            self.width() as f64 / (self.share[signal] * self.length * self.length * self.step_size);
        let mut found = Vec::with_capacity(log_t.len());
        let (mut tau, mut log_sum) = (0.0, f64::NEG_INFINITY);
        let mut margin = self.margin(signal, 0.0);
        let mut wanted = log_t.iter().peekable();
        let mut cap = f64::INFINITY;
        let won = (0..self.start.nrows()).filter(|&filter| self.sign(filter, signal) > 0.0);
        let escapes: Vec<f64> = won
            .map(|filter| self.start[[filter, signal]])
            .filter(|&start| start > 0.0 && start < self.activation.threshold)
            .map(|start| self.activation.to_threshold(start))
            .collect();
        while let Some(&&target) = wanted.peek() {
            // Short where a filter comes to the straight part of σ, longer far from that.
            let near = escapes.iter().map(|escape| (tau - escape).abs());
            let near = near.fold(tau + 1.0, f64::min);
            let step = (4e-3 * near).max(1e-3).min(cap);
            let next = self.margin(signal, tau + step);
            // ∫ (1 + e^m) dτ for a margin that is linear in between.
            let change = next - margin;
            let mean = if change.abs() < 1e-6 {
                1.0 + 0.5 * change
            } else {
                change.exp_m1() / change
            };
            let part = log_add(step.ln(), step.ln() + margin + mean.ln()) + factor.ln();
            let total = log_add(log_sum, part);
            if total >= target {
                if step > 1e-3 {
                    // Time grows exponentially within a step: half of it first.
                    cap = 0.5 * step;
                    continue;
                }
                let share = if log_sum.is_finite() {
                    (target - log_sum).exp_m1() / (total - log_sum).exp_m1()
                } else {
                    (target - total).exp()
                };
                found.push(tau + share.clamp(0.0, 1.0) * step);
                (cap, _) = (f64::INFINITY, wanted.next());
                continue;
            }
            (tau, log_sum, margin) = (tau + step, total, next);
            if tau.is_nan() || tau > 1e9 {
                found.push(f64::NAN);
                wanted.next();
            }
        }
        found
    }

    /// The stable rank of the filters at each of some rising `log t`.
    pub fn stable_ranks(&self, log_t: &[f64]) -> Vec<f64> {
        let signals = self.class.len();
        let times: Vec<Vec<f64>> = (0..signals).map(|k| self.times(k, log_t)).collect();
        (0..log_t.len())
            .map(|index| {
                let mut along = Array2::zeros(self.start.dim());
                for (k, times) in times.iter().enumerate() {
                    let column = self.column(k, times[index]);
                    along.column_mut(k).assign(&Array1::from(column));
                }
                along /= self.length;
                stable_rank(&concatenate![Axis(1), along, self.across])
            })
            .collect()
    }

    /// The stable rank in the end: of the pattern of the pairs of a filter and a signal of its class
    /// with `z(0) > 0`, each column over its number of pairs.
    pub fn limit(&self) -> f64 {
        let mut pattern = Array2::zeros(self.start.dim());
        for k in 0..self.class.len() {
            let is_won =
                |filter: usize| self.sign(filter, k) > 0.0 && self.start[[filter, k]] > 0.0;
            let count = (0..self.start.nrows())
                .filter(|&filter| is_won(filter))
                .count();
            for filter in 0..self.start.nrows() {
                if is_won(filter) {
                    pattern[[filter, k]] = 1.0 / count as f64;
                }
            }
        }
        stable_rank(&pattern)
    }
}

fn log_add(one: f64, other: f64) -> f64 {
    let (most, least) = (one.max(other), one.min(other));
    if least == f64::NEG_INFINITY {
        return most;
    }
    most + (least - most).exp().ln_1p()
}

/// `‖A‖_F²/‖A‖₂²`; `NaN` where the singular values are not found.
pub(super) fn stable_rank(matrix: &Array2<f64>) -> f64 {
    let own =
        implicit_bias_algebra::Mat::from_fn(matrix.nrows(), matrix.ncols(), |i, j| matrix[[i, j]]);
    let Ok(values) = implicit_bias_algebra::singular_values(own.as_ref()) else {
        return f64::NAN;
    };
    let squares = values.iter().map(|value| value * value);
    squares.clone().sum::<f64>() / squares.fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use implicit_bias_data::read_npz_arrays;
    use std::path::Path;

    #[test]
    fn orbits_obey_their_equation() {
        for exponent in [1.5, 2.0, 3.0] {
            let activation = Huberized {
                exponent,
                threshold: 0.7,
            };
            let slope = |z: f64| match z {
                z if z <= 0.0 => 0.0,
                z if z <= 0.7 => (z / 0.7_f64).powf(exponent - 1.0),
                _ => 1.0,
            };
            for start in [-0.3, 0.05, 0.4, 2.0] {
                for sign in [1.0, -1.0] {
                    let (mut z, step) = (start, 1e-4);
                    for k in 0..30_000 {
                        // Midpoint rule.
                        let half = z + 0.5 * step * sign * slope(z);
                        z += step * sign * slope(half);
                        let exact = activation.after(start, sign, step * f64::from(k + 1));
                        assert!((z - exact).abs() < 1e-4, "{exponent} {start} {sign} {k}");
                    }
                }
            }
        }
    }

    /// Against the differential equation in `t`, by the midpoint rule.
    #[test]
    fn ranks_obey_the_flow() {
        let clean = Clean {
            start: ndarray::array![[0.3, -0.1], [0.1, 0.4], [-0.2, 0.3], [0.2, 0.05]],
            across: Array2::zeros((4, 1)),
            class: vec![1.0, -1.0],
            share: vec![0.4, 0.6],
            length: 1.5,
            step_size: 0.5,
            activation: Huberized {
                exponent: 2.5,
                threshold: 0.6,
            },
        };
        let slope = |z: f64| match z {
            z if z <= 0.0 => 0.0,
            z if z <= 0.6 => (z / 0.6_f64).powf(1.5),
            _ => 1.0,
        };
        let velocity = |z: &Array2<f64>| {
            let mut rate = Array2::zeros(z.dim());
            for k in 0..2 {
                let value = |r: usize| clean.sign(r, k) * clean.activation.value(z[[r, k]]);
                let margin = (0..4).map(value).sum::<f64>() / 2.0;
                let factor = 0.5 * clean.share[k] * 1.5 * 1.5 / 2.0 / (1.0 + margin.exp());
                for r in 0..4 {
                    rate[[r, k]] = factor * clean.sign(r, k) * slope(z[[r, k]]);
                }
            }
            rate
        };
        let (mut z, step) = (clean.start.clone(), 0.01);
        let mut t = 0.0;
        for at in [1.0, 10.0, 100.0, 1000.0_f64] {
            while t < at - 1e-9 {
                let half = &z + &(velocity(&z) * (0.5 * step));
                z = z + velocity(&half) * step;
                t += step;
            }
            let found = clean.stable_ranks(&[at.ln()])[0];
            assert!(
                (found - stable_rank(&z)).abs() < 2e-4,
                "{at}: {found} {}",
                stable_rank(&z)
            );
        }
    }

    /// Against the independent closed form: the arrays `flow_log_t` and `flow_stable_rank`.
    #[test]
    fn ranks_are_those_of_the_reference() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference/cnn");
        if !folder.is_dir() {
            println!("skipped: {} is not there", folder.display());
            return;
        }
        for name in ["visible_a", "visible_b"] {
            let path = folder.join(format!("{name}.npz"));
            let [signals, index, y, pos, neg] =
                read_npz_arrays(&path, ["signals", "signal_index", "y", "W0_pos", "W0_neg"])
                    .unwrap();
            let [eta, kappa, q, log_t, ranks, limit] = read_npz_arrays(
                &path,
                [
                    "eta",
                    "kappa",
                    "q",
                    "flow_log_t",
                    "flow_stable_rank",
                    "limit_stable_rank_clean",
                ],
            )
            .unwrap();
            let two =
                |array: ndarray::ArrayD<f64>| array.into_dimensionality::<ndarray::Ix2>().unwrap();
            let [signals, pos, neg] = [signals, pos, neg].map(two);
            let weights = concatenate![Axis(0), pos, neg];
            let start = weights.dot(&signals.t());
            let square = signals.row(0).dot(&signals.row(0));
            let across = &weights - &(start.dot(&signals) / square);
            let of = |k: usize| index.iter().zip(&y).filter(move |(i, _)| **i == k as f64);
            let clean = Clean {
                start,
                across,
                class: (0..signals.nrows())
                    .map(|k| *of(k).next().unwrap().1)
                    .collect(),
                share: (0..signals.nrows())
                    .map(|k| of(k).count() as f64 / y.len() as f64)
                    .collect(),
                length: signals.row(0).dot(&signals.row(0)).sqrt(),
                step_size: *eta.first().unwrap(),
                activation: Huberized {
                    exponent: *q.first().unwrap(),
                    threshold: *kappa.first().unwrap(),
                },
            };
            assert!(
                (clean.limit() - limit.first().unwrap()).abs() < 1e-12,
                "{name}"
            );
            let log_t: Vec<f64> = log_t.iter().copied().collect();
            for ((found, expected), at) in clean.stable_ranks(&log_t).iter().zip(&ranks).zip(&log_t)
            {
                assert!(
                    (found - expected).abs() < 2e-3,
                    "{name} {at}: {found} {expected}"
                );
            }
        }
    }
}

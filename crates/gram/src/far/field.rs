//! The flow that gradient descent follows: the modified equation of its Euler map.
//!
//! While every pair stays on its piece, one step is the Euler map `S ← S + g(q)`,
//! `q = q_0 + Ã S`. It is, up to terms of fourth order, the time-one map of
//!
//! ```text
//! dS/dt = g − ½ g'F + ⅓ g'F'F + (1/12) g''[F, F],     F = Ã g,   F' = Ã diag(g')
//! ```
//!
//! (backward error analysis: with `f` the field in `S`, `½f'f` must vanish at second order and
//! `(1/6)(f''[f,f] + f'f'f)` at third; derived, docs/theory.md §5). Along a trajectory `g` falls
//! like `1/t`, so the terms fall like `1/t, 1/t², 1/t³` and what is left out like `1/t⁴`.
//!
//! In `τ = log t` the field is `t dS/dt`. With `v = t g = exp(log g + τ)`, of order one at any
//! `t`, and `−g' = a g`, `g'' = b g`, each term is a product of `v`s and a power of `e^{−τ}`:
//! nothing underflows.

use implicit_bias_scalar::Loss;

use super::linear::{absolute_times, symmetric_times};

/// Corrections below this fraction of the rates are lost in rounding and left out.
const NEGLIGIBLE: f64 = 1e-18;

/// The field while every pair stays on its piece.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) loss: Loss,
    /// `Ã`, `n × n`.
    pub(super) coupling: &'a [f64],
    /// Margins where the sums are zero.
    pub(super) base: &'a [f64],
}

/// Working memory of the field.
#[derive(Clone, Debug)]
pub(super) struct Scratch {
    q: Vec<f64>,
    u: Vec<f64>,
    c: Vec<f64>,
    w: Vec<f64>,
}

impl Scratch {
    pub(super) fn new(n: usize) -> Self {
        Self {
            q: vec![0.0; n],
            u: vec![0.0; n],
            c: vec![0.0; n],
            w: vec![0.0; n],
        }
    }
}

impl Field<'_> {
    /// `q = q_0 + Ã S`.
    pub(super) fn margins(&self, sums: &[f64], q: &mut [f64]) {
        symmetric_times(self.coupling, sums, q);
        for (q, &base) in q.iter_mut().zip(self.base) {
            *q += base;
        }
    }

    /// `v = t g(q)`.
    pub(super) fn rates(&self, tau: f64, sums: &[f64], v: &mut [f64]) {
        self.margins(sums, v);
        for v in v {
            *v = (self.loss.log_slope(*v) + tau).exp();
        }
    }

    /// `dS/dτ`.
    pub(super) fn velocity(&self, tau: f64, sums: &[f64], work: &mut Scratch, out: &mut [f64]) {
        let second = self.terms(tau, sums, work, out);
        if let Some(second) = second {
            for ((out, &c), &w) in out.iter_mut().zip(&work.c).zip(&work.w) {
                *out += second * c + w;
            }
        }
    }

    /// Leaves `v` in `out`; where they count, `c = −a v∘u` in `work.c` and the third term in
    /// `work.w`, and returns the factor of `c`.
    fn terms(&self, tau: f64, sums: &[f64], work: &mut Scratch, out: &mut [f64]) -> Option<f64> {
        self.margins(sums, &mut work.q);
        for (out, &q) in out.iter_mut().zip(&work.q) {
            *out = (self.loss.log_slope(q) + tau).exp();
        }
        let inverse = (-tau).exp();
        if inverse < NEGLIGIBLE {
            return None;
        }
        symmetric_times(self.coupling, out, &mut work.u);
        for (i, c) in work.c.iter_mut().enumerate() {
            *c = -self.slope_ratios(work.q[i]).0 * out[i] * work.u[i];
        }
        symmetric_times(self.coupling, &work.c, &mut work.w);
        let square = inverse * inverse;
        for (i, w) in work.w.iter_mut().enumerate() {
            let (a, b) = self.slope_ratios(work.q[i]);
            let (v, u) = (out[i], work.u[i]);
            *w = square * v * (b * u * u / 12.0 - a * *w / 3.0);
        }
        Some(-0.5 * inverse)
    }

    /// `−g'/g` and `g''/g`.
    fn slope_ratios(&self, q: f64) -> (f64, f64) {
        match self.loss {
            Loss::Logistic => {
                let g = self.loss.slope(q);
                (1.0 - g, (1.0 - g) * (1.0 - 2.0 * g))
            }
            Loss::Exponential => (1.0, 1.0),
            Loss::Other(..) => unreachable!("refused by Problem::new"),
        }
    }

    /// The velocity of the margins from the terms left out, `max_i |dq_i/dτ|`: the last term kept,
    /// times the ratio of one term to the one before.
    pub(super) fn neglected(&self, tau: f64, sums: &[f64], work: &mut Scratch) -> f64 {
        let mut v = vec![0.0; self.base.len()];
        if self.terms(tau, sums, work, &mut v).is_none() {
            return 0.0;
        }
        let ratio = work.u.iter().fold(0.0_f64, |most, u| most.max(u.abs())) * (-tau).exp();
        let third: Vec<f64> = work.w.iter().map(|w| w.abs()).collect();
        let rows = self.coupling.chunks_exact(third.len().max(1));
        absolute_times(rows, &third, &mut work.u);
        work.u.iter().copied().fold(0.0, f64::max) * ratio
    }
}

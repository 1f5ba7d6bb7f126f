//! How far the flow may be from gradient descent.

use serde::{Deserialize, Serialize};

use super::coupling::Coupling;
use super::runge_kutta::TOLERANCE;
use crate::piece::Piece;

/// Rounding of one step or event, relative to the margins.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// Errors so far, by source.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Estimate {
    /// Terms left out of the modified equation, integrated: margins.
    neglected: f64,
    /// The error of the start, and local errors of the Runge–Kutta steps, summed: relative.
    local: f64,
    /// Largest chatter of sliding pairs so far: margins.
    chatter: f64,
    /// Steps and events.
    operations: u64,
}

impl Estimate {
    /// Takes a step into account that begins at `tau` and is `length` long.
    pub(super) fn step(&mut self, neglected: f64, error: f64, length: f64, samples: usize) {
        // The rate falls like e^{−3τ}.
        self.neglected += neglected * length.min(1.0 / 3.0);
        self.local += error * TOLERANCE * (samples as f64).sqrt();
        self.operations += 1;
    }

    /// Takes the relative error of the margins at the start into account.
    pub(super) fn start(&mut self, error: f64) {
        self.local += error;
    }

    /// Takes the chatter of the pairs that slide now into account.
    pub(super) fn sliding(&mut self, chatter: f64) {
        self.chatter = self.chatter.max(chatter);
        self.operations += 1;
    }

    /// The estimate where the margins are `q`, in margins, without what events add.
    pub(super) fn absolute(&self, q: &[f64]) -> f64 {
        let least = q.iter().fold(f64::INFINITY, |least, q| least.min(q.abs()));
        self.total(q, 0.0) * least.max(1.0)
    }

    /// Steps and events so far.
    pub(super) fn operations(&self) -> u64 {
        self.operations
    }

    /// The estimate where the margins are `q`, and off by `events` for what happened at kinks.
    pub(super) fn total(&self, q: &[f64], events: f64) -> f64 {
        let least = q.iter().fold(f64::INFINITY, |least, q| least.min(q.abs()));
        let absolute = self.neglected + self.chatter + events;
        let rounding = ROUNDING * (10.0 + self.operations as f64);
        absolute / least.max(1.0) + self.local + rounding
    }
}

/// `max_i (1/m) Σ_k D_ki Σ_{j ∈ Σ_k} (η/(nm)) (1 − γ) |G_ij| g_j`, with `D_ki = 1` where
/// `i` slides itself: by how much the margins move when every pair that chatters about the kink
/// switches its slope for one step.
pub(super) fn chatter(coupling: &Coupling, v: &[f64], tau: f64) -> f64 {
    let n = coupling.samples();
    let mut total = vec![0.0; n];
    let mut jump = vec![0.0; n];
    for group in coupling
        .groups
        .iter()
        .filter(|group| !group.sliding.is_empty())
    {
        jump.fill(0.0);
        for &j in &group.sliding {
            for (jump, g) in jump.iter_mut().zip(coupling.gram.row(j)) {
                *jump += g.abs() * v[j];
            }
        }
        let count = group.neurons.len() as f64;
        for ((total, jump), &piece) in total.iter_mut().zip(&jump).zip(&group.pieces) {
            let slope = match piece {
                Piece::Sliding => 1.0,
                _ => coupling.fixed_slope(piece),
            };
            *total += count * slope * jump;
        }
    }
    let factor = (1.0 - coupling.slope) * coupling.rate / coupling.width * (-tau).exp();
    factor * total.into_iter().fold(0.0, f64::max)
}

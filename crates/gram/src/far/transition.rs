//! The pieces of one neuron after an event.

use super::coupling::Coupling;
use super::linear::{rows_times, solve_semidefinite};
use super::selection::Selection;
use crate::piece::Piece;

/// The largest fraction of a pre-activation that a move to its kink may leave.
const ARRIVED: f64 = 1e-6;

/// One neuron at an instant.
pub(super) struct Neuron<'a> {
    pub(super) index: usize,
    /// Its pre-activations, `n`.
    pub(super) h: &'a mut [f64],
    /// Its coefficients, `n`.
    pub(super) c: &'a mut [f64],
}

impl Neuron<'_> {
    /// Puts the neuron on the pieces that it takes after an event at rates `v`.
    ///
    /// Same-sign pairs past the kink change their piece: their velocity points away from it on both
    /// sides. Opposite-sign pairs at or past it slide or leave, by the velocity of least norm.
    /// `slack` is the rounding of `h`.
    pub(super) fn take_pieces(
        &mut self,
        coupling: &mut Coupling,
        v: &[f64],
        slack: f64,
    ) -> Continuation {
        let group = coupling.group(self.index);
        let sign = group.sign;
        let mut pieces = group.pieces.clone();
        let mut at_kink = Vec::new();
        for (i, piece) in pieces.iter_mut().enumerate() {
            let here = match *piece {
                Piece::Sliding => true,
                Piece::Active => self.h[i] <= slack,
                Piece::Inactive => self.h[i] >= -slack,
            };
            // A zero sample is always at its kink, and moves nothing.
            let here = here && coupling.gram.row(i)[i] > 0.0;
            if here && coupling.opposite(sign, i) {
                at_kink.push(i);
            } else if here && self.h[i].abs() > slack {
                *piece = side_of(self.h[i]);
            }
        }
        let chosen = select(coupling, &pieces, &at_kink, v);
        let mut held = Vec::new();
        for (&i, &piece) in at_kink.iter().zip(&chosen) {
            pieces[i] = piece;
            // A pair a little past the kink that is to leave on the other side starts from it, too.
            if piece == Piece::Sliding || (self.h[i] != 0.0 && piece != side_of(self.h[i])) {
                held.push(i);
            }
        }
        let continuation = self.move_to_kinks(coupling, &pieces, &held);
        coupling.change(self.index, pieces);
        continuation
    }

    /// Finds, at the start, the pairs that slide: of the opposite-sign pairs that two steps may
    /// take to their kink, those that the velocity of least norm keeps there. The others stay on
    /// their pieces.
    pub(super) fn start_sliding(
        &mut self,
        coupling: &mut Coupling,
        v: &[f64],
        reach: &[f64],
    ) -> Continuation {
        let group = coupling.group(self.index);
        let sign = group.sign;
        let pieces = group.pieces.clone();
        let mut near: Vec<usize> = (0..reach.len())
            .filter(|&i| coupling.opposite(sign, i) && coupling.gram.row(i)[i] > 0.0)
            .filter(|&i| self.h[i].abs() <= 2.0 * reach[i])
            .collect();
        loop {
            let chosen = select(coupling, &pieces, &near, v);
            let before = near.len();
            let mut slides = chosen.iter().map(|&piece| piece == Piece::Sliding);
            near.retain(|_| slides.next().unwrap_or(false));
            if near.len() == before {
                break;
            }
        }
        let mut next = pieces;
        for &i in &near {
            next[i] = Piece::Sliding;
        }
        let continuation = self.move_to_kinks(coupling, &next, &near);
        coupling.change(self.index, next);
        continuation
    }

    /// Moves the neuron to where its pre-activations on `held` vanish, which is nearer than a step
    /// of gradient descent.
    ///
    /// A move along these samples alone may take the neuron over the kink of another sample, which
    /// gradient descent has not crossed. Then the pre-activation there is held fixed too, where
    /// that is possible; it is not where kinks meet, as at weights that vanish.
    fn move_to_kinks(
        &mut self,
        coupling: &Coupling,
        pieces: &[Piece],
        held: &[usize],
    ) -> Continuation {
        if held.iter().all(|&i| self.h[i] == 0.0) {
            return Continuation::Determined;
        }
        let alone = Displacement::of(self.h, coupling, held, held);
        let mut samples = held.to_vec();
        samples.extend(alone.crossed(self.h, pieces, &samples));
        let kept = (samples.len() > held.len())
            .then(|| Displacement::of(self.h, coupling, held, &samples))
            .filter(|kept| kept.reaches_kinks(self.h, held))
            .filter(|kept| kept.crossed(self.h, pieces, &samples).is_empty());
        let sign = coupling.group(self.index).sign;
        let near_same_sign = samples[held.len()..]
            .iter()
            .any(|&i| !coupling.opposite(sign, i));
        let clear = (samples.len() == held.len() || kept.is_some()) && !near_same_sign;
        let chosen = kept.unwrap_or(alone);
        for (c, share) in self.c.iter_mut().zip(&chosen.shares) {
            *c += share;
        }
        for (i, (h, moved)) in self.h.iter_mut().zip(&chosen.moved).enumerate() {
            *h = if held.contains(&i) { 0.0 } else { *h + moved };
        }
        if clear {
            Continuation::Determined
        } else {
            Continuation::Ambiguous
        }
    }
}

/// Whether the flow determines on which side of a kink gradient descent continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Continuation {
    /// It determines the side.
    Determined,
    /// The side depends on single steps of gradient descent: the neuron is at kinks that meet, or
    /// within a step of a same-sign kink, from which it moves away on either side.
    Ambiguous,
}

/// A move of a neuron along some samples.
struct Displacement {
    /// Change of the coefficients, `n`.
    shares: Vec<f64>,
    /// Change of the pre-activations, `n`.
    moved: Vec<f64>,
}

impl Displacement {
    /// The shortest along `samples` that takes `h` to zero on `held` and leaves it on the others of
    /// them.
    fn of(h: &[f64], coupling: &Coupling, held: &[usize], samples: &[usize]) -> Self {
        let mut share: Vec<f64> = samples
            .iter()
            .map(|i| if held.contains(i) { -h[*i] } else { 0.0 })
            .collect();
        solve_semidefinite(&coupling.block(samples), samples.len(), &mut share);
        let mut shares = vec![0.0; h.len()];
        for (&i, &share) in samples.iter().zip(&share) {
            shares[i] = share;
        }
        let mut moved = vec![0.0; h.len()];
        rows_times(coupling.gram.iter(), &shares, &mut moved);
        Self { shares, moved }
    }

    /// Whether it reaches the kinks of `held`; linearly dependent samples may prevent that.
    fn reaches_kinks(&self, h: &[f64], held: &[usize]) -> bool {
        held.iter()
            .all(|&i| (h[i] + self.moved[i]).abs() <= ARRIVED * h[i].abs())
    }

    /// The pairs beside `samples` that it takes to their kinks or over them.
    fn crossed(&self, h: &[f64], pieces: &[Piece], samples: &[usize]) -> Vec<usize> {
        let on_side = |i: usize, h: f64| match pieces[i] {
            Piece::Active => h > 0.0,
            Piece::Inactive => h <= 0.0,
            Piece::Sliding => true,
        };
        (0..h.len())
            .filter(|i| !samples.contains(i))
            .filter(|&i| on_side(i, h[i]))
            .filter(|&i| {
                let after = h[i] + self.moved[i];
                // To the kink itself, but for rounding: as where the weights vanish.
                let arrives = h[i] != 0.0 && after.abs() <= ARRIVED * h[i].abs();
                arrives || !on_side(i, after)
            })
            .collect()
    }
}

fn side_of(h: f64) -> Piece {
    if h > 0.0 {
        Piece::Active
    } else {
        Piece::Inactive
    }
}

/// The pieces of the pairs at the kink, the others given.
fn select(coupling: &Coupling, pieces: &[Piece], at_kink: &[usize], v: &[f64]) -> Vec<Piece> {
    if at_kink.is_empty() {
        return Vec::new();
    }
    let n = v.len();
    let mut z: Vec<f64> = (0..n)
        .map(|j| coupling.labels[j] * coupling.fixed_slope(pieces[j]) * v[j])
        .collect();
    for &j in at_kink {
        z[j] = 0.0;
    }
    let linear: Vec<f64> = at_kink
        .iter()
        .map(|&j| {
            let row = coupling.gram.row(j);
            coupling.labels[j] * row.iter().zip(&z).map(|(g, z)| g * z).sum::<f64>()
        })
        .collect();
    let rates: Vec<f64> = at_kink.iter().map(|&j| v[j]).collect();
    Selection {
        gram: &coupling.block(at_kink),
        linear: &linear,
        rates: &rates,
        slope: coupling.slope,
    }
    .solve()
}

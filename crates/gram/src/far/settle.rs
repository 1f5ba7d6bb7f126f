//! What a neuron does at an event.

use super::linear::{rows_times, solve_semidefinite};
use super::pattern::{Pattern, Piece};
use super::selection::Selection;

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
    /// Same-sign pairs past the kink cross it: it repels them. Opposite-sign pairs at or past it slide or
    /// leave, by the velocity of least norm. `slack` is the rounding of `h`.
    pub(super) fn settle(&mut self, pattern: &mut Pattern, v: &[f64], slack: f64) {
        let group = pattern.group(self.index);
        let sign = group.sign;
        let mut pieces = group.pieces.clone();
        let mut at_kink = Vec::new();
        for (i, piece) in pieces.iter_mut().enumerate() {
            let here = match *piece {
                Piece::Sliding => true,
                Piece::Active => self.h[i] <= slack,
                Piece::Inactive => self.h[i] >= -slack,
            };
            // A zero sample is at its kink for ever, and moves nothing.
            let here = here && pattern.gram.row(i)[i] > 0.0;
            if here && pattern.opposite(sign, i) {
                at_kink.push(i);
            } else if here && self.h[i].abs() > slack {
                *piece = side_of(self.h[i]);
            }
        }
        let chosen = select(pattern, &pieces, &at_kink, v);
        let mut held = Vec::new();
        for (&i, &piece) in at_kink.iter().zip(&chosen) {
            pieces[i] = piece;
            // A pair a little past the kink that is to leave on the other side starts from it, too.
            if piece == Piece::Sliding || (self.h[i] != 0.0 && piece != side_of(self.h[i])) {
                held.push(i);
            }
        }
        self.hold(pattern, &held);
        pattern.change(self.index, pieces);
    }

    /// Finds, at the start, the pairs that chatter: of the opposite-sign pairs within reach of the kink
    /// in two steps, those that the selection holds there. The others stay where they are.
    pub(super) fn begin(&mut self, pattern: &mut Pattern, v: &[f64], reach: &[f64]) {
        let group = pattern.group(self.index);
        let sign = group.sign;
        let pieces = group.pieces.clone();
        let mut near: Vec<usize> = (0..reach.len())
            .filter(|&i| pattern.opposite(sign, i) && pattern.gram.row(i)[i] > 0.0)
            .filter(|&i| self.h[i].abs() <= 2.0 * reach[i])
            .collect();
        loop {
            let chosen = select(pattern, &pieces, &near, v);
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
        self.hold(pattern, &near);
        pattern.change(self.index, next);
    }

    /// Moves the neuron, along these samples only, to where their pre-activations vanish: less than gradient
    /// descent's own steps move it there.
    fn hold(&mut self, pattern: &Pattern, samples: &[usize]) {
        let mut share: Vec<f64> = samples.iter().map(|&i| -self.h[i]).collect();
        if share.iter().all(|&s| s == 0.0) {
            return;
        }
        solve_semidefinite(&pattern.block(samples), samples.len(), &mut share);
        let mut change = vec![0.0; self.h.len()];
        for (&i, &share) in samples.iter().zip(&share) {
            self.c[i] += share;
            change[i] = share;
        }
        let mut moved = vec![0.0; change.len()];
        rows_times(pattern.gram.iter(), &change, &mut moved);
        for (h, moved) in self.h.iter_mut().zip(moved) {
            *h += moved;
        }
        for &i in samples {
            self.h[i] = 0.0;
        }
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
fn select(pattern: &Pattern, pieces: &[Piece], at_kink: &[usize], v: &[f64]) -> Vec<Piece> {
    if at_kink.is_empty() {
        return Vec::new();
    }
    let n = v.len();
    let mut z: Vec<f64> = (0..n)
        .map(|j| pattern.labels[j] * pattern.fixed_slope(pieces[j]) * v[j])
        .collect();
    for &j in at_kink {
        z[j] = 0.0;
    }
    let force: Vec<f64> = at_kink
        .iter()
        .map(|&j| {
            let row = pattern.gram.row(j);
            pattern.labels[j] * row.iter().zip(&z).map(|(g, z)| g * z).sum::<f64>()
        })
        .collect();
    let rates: Vec<f64> = at_kink.iter().map(|&j| v[j]).collect();
    Selection {
        gram: &pattern.block(at_kink),
        force: &force,
        rates: &rates,
        slope: pattern.slope,
    }
    .solve()
}

//! What a neuron does at an event.

use super::linear::{rows_times, solve_semidefinite};
use super::pattern::{Pattern, Piece};
use super::selection::Selection;

/// What a move onto kinks may leave of the pre-activations there.
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
    /// Same-sign pairs past the kink cross it: it repels them. Opposite-sign pairs at or past it slide or
    /// leave, by the velocity of least norm. `slack` is the rounding of `h`.
    pub(super) fn settle(&mut self, pattern: &mut Pattern, v: &[f64], slack: f64) -> Decision {
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
        let decision = self.hold(pattern, &pieces, &held);
        pattern.change(self.index, pieces);
        decision
    }

    /// Finds, at the start, the pairs that chatter: of the opposite-sign pairs within reach of the kink
    /// in two steps, those that the selection holds there. The others stay where they are.
    pub(super) fn begin(&mut self, pattern: &mut Pattern, v: &[f64], reach: &[f64]) -> Decision {
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
        let decision = self.hold(pattern, &next, &near);
        pattern.change(self.index, next);
        decision
    }

    /// Moves the neuron to where its pre-activations on `held` vanish: less than gradient descent's own steps
    /// move it there.
    ///
    /// A move along these samples alone may carry the neuron over the kink of another sample, which
    /// gradient descent has not crossed: then the pre-activation there is kept as it is, where that is
    /// possible. It is not where kinks meet, as at weights that vanish.
    fn hold(&mut self, pattern: &Pattern, pieces: &[Piece], held: &[usize]) -> Decision {
        if held.iter().all(|&i| self.h[i] == 0.0) {
            return Decision::Clear;
        }
        let alone = Move::of(self.h, pattern, held, held);
        let mut samples = held.to_vec();
        samples.extend(alone.carried(self.h, pieces, &samples));
        let kept = (samples.len() > held.len())
            .then(|| Move::of(self.h, pattern, held, &samples))
            .filter(|kept| kept.arrives(self.h, held))
            .filter(|kept| kept.carried(self.h, pieces, &samples).is_empty());
        let sign = pattern.group(self.index).sign;
        let repelled = samples[held.len()..]
            .iter()
            .any(|&i| !pattern.opposite(sign, i));
        let clear = (samples.len() == held.len() || kept.is_some()) && !repelled;
        let chosen = kept.unwrap_or(alone);
        for (c, share) in self.c.iter_mut().zip(&chosen.shares) {
            *c += share;
        }
        for (i, (h, moved)) in self.h.iter_mut().zip(&chosen.moved).enumerate() {
            *h = if held.contains(&i) { 0.0 } else { *h + moved };
        }
        if clear {
            Decision::Clear
        } else {
            Decision::Open
        }
    }
}

/// Whether the flow tells on which side of a kink gradient descent goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It does.
    Clear,
    /// Gradient descent's own steps are too large for that: a neuron is at kinks that meet, or as near to a
    /// same-sign kink, which repels it to either side.
    Open,
}

/// A move of a neuron along some samples.
struct Move {
    /// Change of the coefficients, `n`.
    shares: Vec<f64>,
    /// Change of the pre-activations, `n`.
    moved: Vec<f64>,
}

impl Move {
    /// The shortest along `samples` that takes `h` to zero on `held` and leaves it on the others of them.
    fn of(h: &[f64], pattern: &Pattern, held: &[usize], samples: &[usize]) -> Self {
        let mut share: Vec<f64> = samples
            .iter()
            .map(|i| if held.contains(i) { -h[*i] } else { 0.0 })
            .collect();
        solve_semidefinite(&pattern.block(samples), samples.len(), &mut share);
        let mut shares = vec![0.0; h.len()];
        for (&i, &share) in samples.iter().zip(&share) {
            shares[i] = share;
        }
        let mut moved = vec![0.0; h.len()];
        rows_times(pattern.gram.iter(), &shares, &mut moved);
        Self { shares, moved }
    }

    /// Whether it arrives on `held`: dependent samples may not let it.
    fn arrives(&self, h: &[f64], held: &[usize]) -> bool {
        held.iter()
            .all(|&i| (h[i] + self.moved[i]).abs() <= ARRIVED * h[i].abs())
    }

    /// The pairs beside `samples` that it carries to their kinks or over them.
    fn carried(&self, h: &[f64], pieces: &[Piece], samples: &[usize]) -> Vec<usize> {
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

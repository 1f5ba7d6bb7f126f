//! Activation patterns of pre-activations on the host.

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::{GramError, Problem};

/// Which neurons are active on which samples: `h_ki > 0`; exactly 0 is inactive, as `φ'(0) = γ`.
///
/// A pair `(k, i)` is *same-sign* when the neuron's second-layer sign is the sample's label,
/// `s_k = y_i` (docs/theory.md §3, alignment).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivationPattern {
    samples: usize,
    /// One bit a pair, neuron by neuron.
    words: Vec<u64>,
}

/// How many pairs are active, by agreement of sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PatternCounts {
    /// Fraction of the same-sign pairs that are active; `NaN` if there is none.
    pub same_sign_active: f64,
    /// Fraction of the opposite-sign pairs that are active; `NaN` if there is none.
    pub opposite_sign_active: f64,
    /// Smallest fraction, over the samples, of the same-sign neurons that are active on it.
    pub same_sign_coverage_min: f64,
}

/// How many pairs differ between two patterns, by agreement of sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternChanges {
    /// Same-sign pairs.
    pub same_sign: usize,
    /// Opposite-sign pairs.
    pub opposite_sign: usize,
}

impl ActivationPattern {
    /// The pattern of pre-activations `H`, `2m × n`.
    pub fn new(pre_activations: ArrayView2<'_, f64>) -> Self {
        let (neurons, samples) = pre_activations.dim();
        let mut words = vec![0; (neurons * samples).div_ceil(64)];
        for (pair, &h) in pre_activations.iter().enumerate() {
            words[pair / 64] |= u64::from(h > 0.0) << (pair % 64);
        }
        Self { samples, words }
    }

    /// Whether neuron `k` is active on sample `i`; `false` for a pair that does not exist.
    pub fn is_active(&self, neuron: usize, sample: usize) -> bool {
        let pair = neuron * self.samples + sample;
        sample < self.samples
            && self
                .words
                .get(pair / 64)
                .is_some_and(|word| word >> (pair % 64) & 1 == 1)
    }

    /// Counts of active pairs.
    ///
    /// # Errors
    ///
    /// [`GramError::Shape`] for a pattern of another problem.
    pub fn counts(&self, problem: &Problem) -> Result<PatternCounts, GramError> {
        self.fits(problem)?;
        // Columns: opposite sign, same sign.
        let (mut pairs, mut active) = ([0_usize; 2], [0_usize; 2]);
        let mut coverage = f64::INFINITY;
        for (sample, &label) in problem.labels().iter().enumerate() {
            let mut covering = 0_usize;
            for neuron in 0..problem.neurons() {
                let same = problem.sign(neuron) == label;
                let on = self.is_active(neuron, sample);
                pairs[usize::from(same)] += 1;
                active[usize::from(same)] += usize::from(on);
                covering += usize::from(same && on);
            }
            coverage = coverage.min(covering as f64 / problem.width() as f64);
        }
        let fraction = |same: usize| active[same] as f64 / pairs[same] as f64;
        Ok(PatternCounts {
            same_sign_active: fraction(1),
            opposite_sign_active: fraction(0),
            same_sign_coverage_min: coverage,
        })
    }

    /// Pairs that differ from an earlier pattern.
    ///
    /// # Errors
    ///
    /// [`GramError::Shape`] for patterns of another problem.
    pub fn changes(&self, previous: &Self, problem: &Problem) -> Result<PatternChanges, GramError> {
        self.fits(problem)?;
        previous.fits(problem)?;
        let mut changes = PatternChanges {
            same_sign: 0,
            opposite_sign: 0,
        };
        for (index, (now, then)) in self.words.iter().zip(&previous.words).enumerate() {
            let mut changed = now ^ then;
            while changed != 0 {
                let pair = 64 * index + changed.trailing_zeros() as usize;
                changed &= changed - 1;
                let (neuron, sample) = (pair / self.samples, pair % self.samples);
                if problem.sign(neuron) == problem.labels()[sample] {
                    changes.same_sign += 1;
                } else {
                    changes.opposite_sign += 1;
                }
            }
        }
        Ok(changes)
    }

    fn fits(&self, problem: &Problem) -> Result<(), GramError> {
        let expected = [problem.neurons(), problem.samples()];
        let words = (expected[0] * expected[1]).div_ceil(64);
        if self.samples == expected[1] && self.words.len() == words {
            return Ok(());
        }
        Err(GramError::Shape {
            what: "activation pattern",
            expected,
            found: [64 * self.words.len() / self.samples.max(1), self.samples],
        })
    }
}

//! Activation patterns, packed one bit a neuron and sample.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::{MetricError, host};

const WORD: usize = u64::BITS as usize;

/// Which neurons are active on which samples.
///
/// Neuron `k` is active on sample `i` when its pre-activation is positive, `h_ki > 0`. A
/// pre-activation of exactly zero is inactive, as the slope at the kink is that of the negative
/// side, `φ'(0) = γ`. Kept on the host in one bit a pair, so that a run can hold the pattern of
/// its last record.
///
/// With the neurons' signs `s_k` (that of the second layer) and the labels `y_i`, a pair `(k, i)`
/// is *same-sign* when `s_k = y_i`. The paper's alignment claim is that after a finite time the
/// pattern on same-sign pairs stops changing; opposite-sign pairs may change for ever.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_metrics::ActivationPattern;
///
/// let device = Device::default();
/// let pre_activations = Tensor::<2>::from_floats([[0.5, -1.0], [0.0, 2.0]], &device);
/// let pattern = ActivationPattern::new(&pre_activations)?;
/// assert_eq!(pattern.active_count(), 2);
/// assert_eq!(pattern.is_active(1, 0), Some(false)); // exactly at the kink
///
/// let counts = pattern.counts(&[1.0, -1.0], &[1.0, -1.0])?;
/// assert_eq!((counts.same_sign_active, counts.opposite_sign_active), (2, 0));
/// # Ok::<(), implicit_bias_metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct ActivationPattern {
    neurons: usize,
    samples: usize,
    // One row of `row_words(samples)` words a neuron; the bits past the last sample are zero.
    words: Vec<u64>,
}

/// A pattern as it was read, by whatever serde format.
#[derive(Deserialize)]
struct Unchecked {
    neurons: usize,
    samples: usize,
    words: Vec<u64>,
}

impl TryFrom<Unchecked> for ActivationPattern {
    type Error = String;

    fn try_from(read: Unchecked) -> Result<Self, String> {
        let Unchecked {
            neurons,
            samples,
            words,
        } = read;
        let width = row_words(samples);
        let expected = neurons.checked_mul(width);
        let past = samples % WORD;
        let clean = |row: &[u64]| past == 0 || row.last().is_none_or(|last| last >> past == 0);
        if expected != Some(words.len()) || samples == 0 || !words.chunks_exact(width).all(clean) {
            return Err(format!(
                "expected the activation pattern of {neurons} neurons and {samples} samples, found \
                 {} words",
                words.len()
            ));
        }
        Ok(Self {
            neurons,
            samples,
            words,
        })
    }
}

/// How many pairs there are and how many are active, by agreement of sign.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct PatternCounts {
    /// Pairs with `s_k = y_i`.
    pub same_sign_pairs: usize,
    /// Those of them that are active.
    pub same_sign_active: usize,
    /// Pairs with `s_k ≠ y_i`.
    pub opposite_sign_pairs: usize,
    /// Those of them that are active.
    pub opposite_sign_active: usize,
    /// The least covered sample: over samples `i`, the minimum of the fraction of neurons with
    /// `s_k = y_i` that are active on it. Samples whose sign no neuron has are left out; `None`
    /// when that leaves no sample.
    pub same_sign_coverage_min: Option<f64>,
}

/// How many pairs changed between active and inactive, by agreement of sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PatternChanges {
    /// Changed pairs with `s_k = y_i`.
    pub same_sign: usize,
    /// Changed pairs with `s_k ≠ y_i`.
    pub opposite_sign: usize,
}

impl ActivationPattern {
    /// The pattern of the pre-activations `h_ki = ⟨w_k, x_i⟩`, `[neurons, samples]`.
    ///
    /// # Errors
    ///
    /// [`MetricError::Empty`], [`MetricError::NonFinite`], [`MetricError::Read`].
    pub fn new(pre_activations: &Tensor<2>) -> Result<Self, MetricError> {
        let [neurons, samples] = pre_activations.dims();
        let values = host::read(pre_activations, "pre-activations")?;
        let words = values.chunks_exact(samples).flat_map(pack).collect();
        Ok(Self {
            neurons,
            samples,
            words,
        })
    }

    /// Number of neurons, the rows.
    #[must_use]
    pub fn neurons(&self) -> usize {
        self.neurons
    }

    /// Number of samples, the columns.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Number of active pairs.
    #[must_use]
    pub fn active_count(&self) -> usize {
        self.words.iter().map(ones).sum()
    }

    /// Whether a neuron is active on a sample; `None` when either does not exist.
    #[must_use]
    pub fn is_active(&self, neuron: usize, sample: usize) -> Option<bool> {
        let inside = neuron < self.neurons && sample < self.samples;
        inside.then(|| bit(self.row(neuron), sample))
    }

    /// Number of pairs that are active in one of two patterns and inactive in the other.
    ///
    /// # Errors
    ///
    /// [`MetricError::Shape`] when the patterns differ in size.
    pub fn changes(&self, previous: &Self) -> Result<usize, MetricError> {
        self.same_size(previous)?;
        Ok(self
            .words
            .iter()
            .zip(&previous.words)
            .map(|(now, then)| ones(&(now ^ then)))
            .sum())
    }

    /// [`changes`](Self::changes), same-sign and opposite-sign pairs apart.
    ///
    /// `signs` are the neurons' `s_k = ±1`, `labels` the samples' `y_i = ±1`.
    ///
    /// # Errors
    ///
    /// [`MetricError::Shape`] when the patterns differ in size or a list in length,
    /// [`MetricError::Sign`] when an entry is not ±1.
    pub fn signed_changes(
        &self,
        previous: &Self,
        signs: &[f64],
        labels: &[f64],
    ) -> Result<PatternChanges, MetricError> {
        self.same_size(previous)?;
        let masks = Masks::new(self, signs, labels)?;
        let mut changes = PatternChanges {
            same_sign: 0,
            opposite_sign: 0,
        };
        for (neuron, &sign) in signs.iter().enumerate() {
            let rows = self.row(neuron).iter().zip(previous.row(neuron));
            for ((now, then), same) in rows.zip(masks.same(sign)) {
                changes.same_sign += ones(&((now ^ then) & same));
                changes.opposite_sign += ones(&((now ^ then) & !same));
            }
        }
        Ok(changes)
    }

    /// Pairs and active pairs, same-sign and opposite-sign apart, and the least covered sample.
    ///
    /// `signs` are the neurons' `s_k = ±1`, `labels` the samples' `y_i = ±1`.
    ///
    /// # Errors
    ///
    /// [`MetricError::Shape`] when a list has the wrong length, [`MetricError::Sign`] when an
    /// entry is not ±1.
    pub fn counts(&self, signs: &[f64], labels: &[f64]) -> Result<PatternCounts, MetricError> {
        let masks = Masks::new(self, signs, labels)?;
        let (mut same_sign_pairs, mut same_sign_active) = (0, 0);
        let mut covering = vec![0_usize; self.samples];
        for (neuron, &sign) in signs.iter().enumerate() {
            for (index, (word, same)) in self.row(neuron).iter().zip(masks.same(sign)).enumerate() {
                same_sign_pairs += ones(same);
                same_sign_active += ones(&(word & same));
                let mut rest = word & same;
                while rest != 0 {
                    covering[index * WORD + rest.trailing_zeros() as usize] += 1;
                    rest &= rest - 1;
                }
            }
        }
        let positive = signs.iter().filter(|&&sign| sign > 0.0).count();
        let coverage = covering.iter().zip(labels).filter_map(|(&active, &label)| {
            let neurons = if label > 0.0 {
                positive
            } else {
                self.neurons - positive
            };
            (neurons > 0).then(|| active as f64 / neurons as f64)
        });
        Ok(PatternCounts {
            same_sign_pairs,
            same_sign_active,
            opposite_sign_pairs: self.neurons * self.samples - same_sign_pairs,
            opposite_sign_active: self.active_count() - same_sign_active,
            same_sign_coverage_min: coverage.reduce(f64::min),
        })
    }

    fn row(&self, neuron: usize) -> &[u64] {
        let width = row_words(self.samples);
        &self.words[neuron * width..][..width]
    }

    fn same_size(&self, previous: &Self) -> Result<(), MetricError> {
        let (found, expected) = (
            [previous.neurons, previous.samples],
            [self.neurons, self.samples],
        );
        if found == expected {
            return Ok(());
        }
        Err(MetricError::Shape {
            what: "previous pattern".into(),
            expected: expected.into(),
            found: found.into(),
        })
    }
}

/// The samples of either class, as rows of bits to mask a neuron's row with.
struct Masks {
    positive: Vec<u64>,
    negative: Vec<u64>,
}

impl Masks {
    fn new(
        pattern: &ActivationPattern,
        signs: &[f64],
        labels: &[f64],
    ) -> Result<Self, MetricError> {
        host::length(signs.len(), pattern.neurons, "neuron signs")?;
        host::length(labels.len(), pattern.samples, "labels")?;
        host::signs(signs, "neuron signs")?;
        host::signs(labels, "labels")?;
        let flipped: Vec<f64> = labels.iter().map(|label| -label).collect();
        Ok(Self {
            positive: pack(labels).collect(),
            negative: pack(&flipped).collect(),
        })
    }

    fn same(&self, sign: f64) -> &[u64] {
        if sign > 0.0 {
            &self.positive
        } else {
            &self.negative
        }
    }
}

fn row_words(samples: usize) -> usize {
    samples.div_ceil(WORD)
}

/// One bit a value, set when it is positive.
fn pack(values: &[f64]) -> impl Iterator<Item = u64> + '_ {
    values.chunks(WORD).map(|chunk| {
        let bits = chunk.iter().enumerate();
        bits.fold(0, |word, (index, &value)| {
            word | (u64::from(value > 0.0) << index)
        })
    })
}

fn bit(row: &[u64], index: usize) -> bool {
    (row[index / WORD] >> (index % WORD)) & 1 == 1
}

fn ones(word: &u64) -> usize {
    word.count_ones() as usize
}

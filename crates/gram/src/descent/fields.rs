//! How a block counts, for each sample, the neurons that are on.

use crate::Problem;
use crate::kernel::{LANES, padded};

/// How counts of neurons lie in the low 52 bits of a word, which a double holds. Words are added as numbers, as no
/// count becomes too large for its bits. Eight words hold a chunk of samples: sample `i` of it in word `i % 8`, field
/// `i / 8`.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    /// The bits of a field, enough for all neurons.
    pub bits: u32,
    /// The fields of a word.
    pub number: usize,
    /// The chunks of all samples.
    pub chunks: usize,
    /// Where the counts of each lane group of samples lie.
    pub of_lanes: Vec<Field>,
}

/// A field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    /// Its bits.
    pub mask: u64,
    /// The factor that makes them a count, times `1 − γ`.
    pub scale: f64,
    pub chunk: usize,
}

impl Fields {
    pub fn of(problem: &Problem) -> Self {
        let bits = (usize::BITS - problem.neurons().leading_zeros()).clamp(1, 52);
        let number = (52 / bits) as usize;
        let lanes = padded(problem.samples()) / LANES;
        let of_lanes = (0..lanes).map(|lane| {
            let shift = bits * (lane % number) as u32;
            Field {
                mask: ((1 << bits) - 1) << shift,
                scale: 0.5_f64.powi(shift as i32) * (1.0 - problem.activation().slope()),
                chunk: lane / number,
            }
        });
        Self {
            bits,
            number,
            chunks: lanes.div_ceil(number),
            of_lanes: of_lanes.collect(),
        }
    }
}

/// What is on at a sample.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OfSample {
    /// Whether it has watched pairs.
    pub is_watched: bool,
    /// Whether its row of the matrix has what pairs that were on have added.
    pub is_lifted: bool,
    /// The number of neurons that are on.
    pub on: f64,
    /// `Σ_{k: (k,i) on} s_k h_ki`, but for what residuals add until `lift` has added it.
    pub score: f64,
}

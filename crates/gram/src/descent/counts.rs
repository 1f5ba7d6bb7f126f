//! How many neurons that are on at one sample have slope 1 at another, and what follows from it: the matrix of the
//! next step, and the margins.

use pulp::Simd;

use super::block::StepBlock;
use super::fields::Field;
use crate::Problem;
use crate::kernel::{LANES, Lanes, vectors, vectors_mut};

/// Vectors of a row that is short.
const SHORT: usize = 4;

/// Counts what is on at each sample.
#[inline(always)]
pub(super) fn count_on<S: Simd>(simd: S, block: &mut StepBlock) {
    let split = LANES / S::F64_LANES;
    match (block.fields.chunks * split, split) {
        (1, _) => count::<S, 1>(simd, block),
        (2, _) => count::<S, 2>(simd, block),
        (4, _) => count::<S, 4>(simd, block),
        (_, 1) => count::<S, 1>(simd, block),
        (_, 2) => count::<S, 2>(simd, block),
        (_, 4) => count::<S, 4>(simd, block),
        _ => count::<S, LANES>(simd, block),
    }
}

/// [`count_on`] with counts of `V` vectors a sample, or a multiple of it.
#[inline(always)]
fn count<S: Simd, const V: usize>(simd: S, block: &mut StepBlock) {
    let words = block.fields.chunks * (LANES / S::F64_LANES);
    let units = S::as_simd_u64s(block.units.as_flattened())
        .0
        .as_chunks::<V>()
        .0;
    let counts = S::as_mut_simd_u64s(block.counts.as_flattened_mut()).0;
    let counts = counts.as_chunks_mut::<V>().0;
    let of_samples = &mut *block.of_samples;
    let parts = words / V;
    let rows = of_samples.iter_mut().zip(counts.chunks_exact_mut(parts));
    for (of_sample, counts) in rows {
        if of_sample.is_watched {
            (of_sample.on, of_sample.score) = (0.0, 0.0);
            counts.fill([simd.splat_u64s(0); V]);
        }
    }
    let rows = &*block.places.rows;
    let h = &block.h.as_flattened()[..rows.len()];
    for &place in &block.on[..block.on_count] {
        let place = place as usize;
        let row = &rows[place];
        let sample = row.sample as usize;
        let of_sample = &mut of_samples[sample];
        of_sample.score += row.sign * h[place];
        of_sample.on += 1.0;
        for part in 0..parts {
            let units = &units[row.neuron as usize * parts + part];
            let counts = counts[sample * parts + part].iter_mut();
            for (counts, &units) in counts.zip(units) {
                *counts = simd.add_u64s(*counts, units);
            }
        }
    }
}

/// Gives the matrix of the next step what the pairs that are on add to it, and the scores what residuals add.
///
/// With `w_ij = G_ij ((1 − γ) U_ji + γ O_j)`, where `O_j` neurons are on at `j` and `U_ji` of them have slope 1 at `i`, the
/// matrix gains `(η (1 − γ)/(nm²)) y_i y_j w_ij`, and the score `(η/(nm)) Σ_i w_ij y_i r_i`.
#[inline(always)]
pub(super) fn lift<S: Simd>(simd: S, block: &mut StepBlock, problem: &Problem) {
    let split = LANES / S::F64_LANES;
    match (block.labels.len() * split, split) {
        (1, _) => lift_rows::<S, 1>(simd, block, problem),
        (2, _) => lift_rows::<S, 2>(simd, block, problem),
        (4, _) => lift_rows::<S, 4>(simd, block, problem),
        (_, 1) => lift_rows::<S, 1>(simd, block, problem),
        (_, 2) => lift_rows::<S, 2>(simd, block, problem),
        (_, 4) => lift_rows::<S, 4>(simd, block, problem),
        _ => lift_rows::<S, LANES>(simd, block, problem),
    }
}

/// [`lift`] for rows of a multiple of `V` vectors.
#[inline(always)]
fn lift_rows<S: Simd, const V: usize>(simd: S, block: &mut StepBlock, problem: &Problem) {
    let split = LANES / S::F64_LANES;
    let (slope, rate, words) = (
        problem.activation().slope(),
        problem.rate(),
        block.fields.chunks * split,
    );
    let fields = &*block.fields.of_lanes;
    let counts = S::as_simd_u64s(block.counts.as_flattened()).0;
    let gram = vectors::<S>(problem.inner_products().all_lanes());
    let gram = gram.as_chunks::<V>().0;
    let unlifted = vectors::<S>(&block.unlifted).as_chunks::<V>().0;
    let matrix = vectors_mut::<S>(&mut block.matrix).as_chunks_mut::<V>().0;
    let residuals = vectors::<S>(&block.residuals).as_chunks::<V>().0;
    let gains = vectors::<S>(&block.gains).as_chunks::<V>().0;
    let parts = residuals.len();
    let (positive, negative) = gains.split_at(parts);
    let rows = (block.of_samples.iter_mut())
        .zip(problem.labels())
        .zip(counts.chunks_exact(words))
        .zip(gram.chunks_exact(parts))
        .zip(matrix.chunks_exact_mut(parts));
    let mut unlifted = unlifted.chunks_exact(parts);
    for ((((of_sample, &label), counts), gram), lifted) in rows {
        if !of_sample.is_watched {
            continue;
        }
        let Some(row) = unlifted.next() else {
            break;
        };
        // Of a short row, more time than it takes is lost where this is not foreseen.
        let is_lifted = of_sample.on > 0.0;
        if parts * V > SHORT && !is_lifted && !of_sample.is_lifted {
            continue;
        }
        of_sample.is_lifted = is_lifted;
        let gains = if label > 0.0 { positive } else { negative };
        let below = simd.splat_f64s(slope * of_sample.on);
        let mut sum = simd.splat_f64s(0.0);
        let vectors = (gram.iter().zip(residuals).zip(gains)).zip(row.iter().zip(lifted));
        for (part, (((gram, residuals), gains), (row, lifted))) in vectors.enumerate() {
            for v in 0..V {
                let vector = part * V + v;
                let Field { mask, scale, chunk } = fields[vector / split];
                let (mask, scale) = (simd.splat_u64s(mask), simd.splat_f64s(scale));
                let words = counts[chunk * split + vector % split];
                let count = number_of(simd, simd.and_u64s(words, mask));
                let number = simd.mul_add_e_f64s(scale, count, below);
                let weight = simd.mul_f64s(gram[v], number);
                sum = simd.mul_add_e_f64s(weight, residuals[v], sum);
                lifted[v] = simd.mul_add_e_f64s(weight, gains[v], row[v]);
            }
        }
        of_sample.score += rate * simd.reduce_sum_f64s(sum);
    }
}

/// Whole numbers below 2⁵² as numbers.
#[inline(always)]
fn number_of<S: Simd>(simd: S, words: S::u64s) -> S::f64s {
    // In the low bits of the mantissa of 2⁵².
    const TWO_52: f64 = 4_503_599_627_370_496.0;
    let sum = simd.or_u64s(words, simd.splat_u64s(TWO_52.to_bits()));
    simd.sub_f64s(simd.transmute_f64s_u64s(sum), simd.splat_f64s(TWO_52))
}

/// `q_i = b_i + (y_i (1 − γ)/m) Σ_{k: (k,i) on} s_k h_ki`.
#[inline(always)]
pub(super) fn set_margins<S: Simd>(
    simd: S,
    block: &StepBlock,
    problem: &Problem,
    margins: &mut [Lanes],
) {
    let base = vectors::<S>(&block.base).iter();
    let changes = vectors::<S>(&block.changes);
    for ((q, &base), &change) in vectors_mut::<S>(margins).iter_mut().zip(base).zip(changes) {
        *q = simd.add_f64s(base, change);
    }
    let factor = (1.0 - problem.activation().slope()) / problem.divisor();
    let margins = margins.as_flattened_mut().iter_mut();
    for ((q, label), of_sample) in margins.zip(problem.labels()).zip(&block.of_samples) {
        *q += factor * label * of_sample.score;
    }
}

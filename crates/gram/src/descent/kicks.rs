//! What the pairs that are on add to the watched pairs of their neurons.

use pulp::Simd;

use super::block::StepBlock;
use super::places::Row;
use crate::kernel::{LANES, vectors, vectors_mut};

/// Most vectors that are held while the pairs of a neuron add to them.
const HELD: usize = 8;

/// Adds `g_j` to the sums of the places that are on, and what they add to the watched pairs of their neurons.
#[inline(always)]
pub(super) fn add_kicks<S: Simd>(simd: S, block: &mut StepBlock) {
    match LANES / S::F64_LANES {
        1 => add_split::<S, 1>(simd, block),
        2 => add_split::<S, 2>(simd, block),
        4 => add_split::<S, 4>(simd, block),
        _ => add_split::<S, LANES>(simd, block),
    }
}

/// [`add_kicks`] with lane groups of `SPLIT` vectors.
#[inline(always)]
fn add_split<S: Simd, const SPLIT: usize>(simd: S, block: &mut StepBlock) {
    let g = block.slopes.as_flattened();
    let all_kicks = vectors::<S>(&block.places.kicks).as_chunks::<SPLIT>().0;
    let h = vectors_mut::<S>(&mut block.h).as_chunks_mut::<SPLIT>().0;
    let (narrow, wide) = block.on[..block.on_count].split_at(block.narrow_on);
    // How many pairs of such a neuron are on is not worth foreseeing.
    let rows = &mut block.places.rows[..block.places.narrow * LANES];
    let kicks = &all_kicks[..rows.len()];
    let h_narrow = &mut h[..rows.len() / LANES];
    for &place in narrow {
        let place = place as usize;
        let row = &mut rows[place];
        let value = g[row.sample as usize];
        row.on_sum += value;
        let value = simd.splat_f64s(value);
        let h = &mut h_narrow[place / LANES];
        for (h, &kick) in h.iter_mut().zip(&kicks[place]) {
            *h = simd.mul_add_e_f64s(kick, value, *h);
        }
    }
    let rows = &mut block.places.rows[..];
    let values = &mut block.on_slopes[..wide.len()];
    for (&place, out) in wide.iter().zip(&mut *values) {
        let row = &mut rows[place as usize];
        *out = g[row.sample as usize];
        row.on_sum += *out;
    }
    let (mut on, mut values) = (wide, &*values);
    for run in &block.places.runs {
        let count = on.iter().take_while(|&&place| place < run.end).count();
        let (of_run, values_of_run);
        (of_run, on) = on.split_at(count);
        (values_of_run, values) = values.split_at(count);
        let h = h[run.group as usize..][..run.groups as usize].as_flattened_mut();
        add_run(
            simd,
            rows,
            (of_run, values_of_run),
            all_kicks.as_flattened(),
            h,
        );
    }
}

/// What the pairs of one neuron add to it, whose places are `h`.
#[inline(always)]
fn add_run<S: Simd>(
    simd: S,
    rows: &[Row],
    on: (&[u32], &[f64]),
    kicks: &[S::f64s],
    h: &mut [S::f64s],
) {
    for (tile, h) in h.chunks_mut(HELD).enumerate() {
        let kicks = &kicks[tile * HELD..];
        match h.len() {
            1 => add_tile::<S, 1>(simd, rows, on, kicks, h),
            2 => add_tile::<S, 2>(simd, rows, on, kicks, h),
            3 => add_tile::<S, 3>(simd, rows, on, kicks, h),
            4 => add_tile::<S, 4>(simd, rows, on, kicks, h),
            5 => add_tile::<S, 5>(simd, rows, on, kicks, h),
            6 => add_tile::<S, 6>(simd, rows, on, kicks, h),
            7 => add_tile::<S, 7>(simd, rows, on, kicks, h),
            _ => add_tile::<S, HELD>(simd, rows, on, kicks, h),
        }
    }
}

/// [`add_run`] of `V` vectors.
#[inline(always)]
fn add_tile<S: Simd, const V: usize>(
    simd: S,
    rows: &[Row],
    (on, values): (&[u32], &[f64]),
    kicks: &[S::f64s],
    h: &mut [S::f64s],
) {
    let split = LANES / S::F64_LANES;
    let Some(h) = h.first_chunk_mut::<V>() else {
        return;
    };
    let mut sums = *h;
    for (&place, &value) in on.iter().zip(values) {
        let kicks = &kicks[rows[place as usize].start as usize * split..][..V];
        let value = simd.splat_f64s(value);
        for (sum, &kick) in sums.iter_mut().zip(kicks) {
            *sum = simd.mul_add_e_f64s(kick, value, *sum);
        }
    }
    *h = sums;
}

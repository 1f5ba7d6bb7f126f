//! The product of a block's matrix with `g`.

use pulp::Simd;

use crate::kernel::LANES;

/// `rows += M g` for `M` by lanes of rows, then columns.
#[inline(always)]
pub(super) fn multiply<S: Simd>(simd: S, columns: &[S::f64s], g: &[f64], rows: &mut [S::f64s]) {
    // The vectors of one lane group are neighbours, whatever number of them that is.
    match LANES / S::F64_LANES {
        1 => multiply_split::<S, 1>(simd, columns, g, rows),
        2 => multiply_split::<S, 2>(simd, columns, g, rows),
        4 => multiply_split::<S, 4>(simd, columns, g, rows),
        _ => multiply_split::<S, LANES>(simd, columns, g, rows),
    }
}

/// [`multiply`] for lane groups of `SPLIT` vectors, by tiles of lane groups that share the reading
/// of `g`.
#[inline(always)]
fn multiply_split<S: Simd, const SPLIT: usize>(
    simd: S,
    columns: &[S::f64s],
    g: &[f64],
    rows: &mut [S::f64s],
) {
    let (columns, rows) = (columns.as_chunks().0, rows.as_chunks_mut().0);
    let samples = columns.len() / rows.len();
    let g = &g[..samples];
    // Four vectors with two sums each hide the latency of a multiply-add.
    for (rows, columns) in rows.chunks_mut(4).zip(columns.chunks(4 * samples)) {
        match rows.len() {
            4 => tile::<S, SPLIT, 4>(simd, columns, g, rows),
            3 => tile::<S, SPLIT, 3>(simd, columns, g, rows),
            2 => tile::<S, SPLIT, 2>(simd, columns, g, rows),
            _ => tile::<S, SPLIT, 1>(simd, columns, g, rows),
        }
    }
}

/// [`multiply`] for `GROUPS` lane groups at once. Each entry has two sums, over even and over odd
/// columns, whatever the tile is.
#[inline(always)]
fn tile<S: Simd, const SPLIT: usize, const GROUPS: usize>(
    simd: S,
    columns: &[[S::f64s; SPLIT]],
    g: &[f64],
    rows: &mut [[S::f64s; SPLIT]],
) {
    let samples = g.len();
    let columns: [_; GROUPS] = std::array::from_fn(|group| &columns[group * samples..][..samples]);
    let mut even: [_; GROUPS] = std::array::from_fn(|group| rows[group]);
    let mut odd = [[simd.splat_f64s(0.0); SPLIT]; GROUPS];
    let add = |sums: &mut [[S::f64s; SPLIT]; GROUPS], j: usize| {
        let factor = simd.splat_f64s(g[j]);
        for (sums, columns) in sums.iter_mut().zip(columns) {
            for (sum, &entry) in sums.iter_mut().zip(&columns[j]) {
                *sum = simd.mul_add_e_f64s(factor, entry, *sum);
            }
        }
    };
    let mut j = 0;
    while j + 1 < samples {
        add(&mut even, j);
        add(&mut odd, j + 1);
        j += 2;
    }
    if j < samples {
        add(&mut even, j);
    }
    for ((row, even), odd) in rows.iter_mut().zip(even).zip(odd) {
        *row = std::array::from_fn(|part| simd.add_f64s(even[part], odd[part]));
    }
}

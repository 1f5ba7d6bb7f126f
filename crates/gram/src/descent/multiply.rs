//! The product of a block's matrix with `g`.

use pulp::Simd;

/// Most vectors that are summed at once.
const HELD: usize = 8;

/// `out_i += Σ_j g_j rows_ji`, for rows as long as `out`.
#[inline(always)]
pub(super) fn multiply<S: Simd>(simd: S, rows: &[S::f64s], g: &[f64], out: &mut [S::f64s]) {
    let len = out.len();
    for (tile, out) in out.chunks_mut(HELD).enumerate() {
        let rows = &rows[tile * HELD..];
        match out.len() {
            1 => add_rows::<S, 1>(simd, rows, len, g, out),
            2 => add_rows::<S, 2>(simd, rows, len, g, out),
            3 => add_rows::<S, 3>(simd, rows, len, g, out),
            4 => add_rows::<S, 4>(simd, rows, len, g, out),
            5 => add_rows::<S, 5>(simd, rows, len, g, out),
            6 => add_rows::<S, 6>(simd, rows, len, g, out),
            7 => add_rows::<S, 7>(simd, rows, len, g, out),
            _ => add_rows::<S, HELD>(simd, rows, len, g, out),
        }
    }
}

/// [`multiply`] for the first `V` vectors of rows that are `len` vectors apart. There are two sums, over even and
/// over odd rows, which hide the latency of a multiply-add.
#[inline(always)]
fn add_rows<S: Simd, const V: usize>(
    simd: S,
    rows: &[S::f64s],
    len: usize,
    g: &[f64],
    out: &mut [S::f64s],
) {
    let Some(out) = out.first_chunk_mut::<V>() else {
        return;
    };
    let (mut even, mut odd) = (*out, [simd.splat_f64s(0.0); V]);
    let (pairs, last) = g.as_chunks::<2>();
    for (pair, &[first, second]) in pairs.iter().enumerate() {
        add_row(simd, &mut even, &rows[2 * pair * len..], first);
        add_row(simd, &mut odd, &rows[(2 * pair + 1) * len..], second);
    }
    if let [last] = *last {
        add_row(simd, &mut even, &rows[2 * pairs.len() * len..], last);
    }
    *out = std::array::from_fn(|v| simd.add_f64s(even[v], odd[v]));
}

#[inline(always)]
fn add_row<S: Simd, const V: usize>(simd: S, sums: &mut [S::f64s; V], row: &[S::f64s], g: f64) {
    let g = simd.splat_f64s(g);
    for (sum, &entry) in sums.iter_mut().zip(&row[..V]) {
        *sum = simd.mul_add_e_f64s(g, entry, *sum);
    }
}

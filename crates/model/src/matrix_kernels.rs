//! Products of small matrices and vectors, compiled for the vector instructions of the machine.
//!
//! Libraries of matrix products pack and share work out, which costs more than a product of a few
//! thousand multiplications.

use std::ops::Range;

use implicit_bias_scalar::vector::{LANES, Lanes};
use ndarray::ArrayView2;

/// `a b + c`, rounded once where `FUSED`.
#[inline(always)]
fn fma<const FUSED: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// `accumulated + a b` of eight pairs.
#[inline(always)]
fn add_products<const FUSED: bool>(accumulated: &mut Lanes, a: &Lanes, b: &Lanes) {
    for ((sum, a), b) in accumulated.iter_mut().zip(a).zip(b) {
        *sum = fma::<FUSED>(*a, *b, *sum);
    }
}

/// Entries of a product of a matrix and a vector that are computed together.
const PANEL: usize = 16;

/// A matrix `A` to multiply vectors by: sixteen rows at a time, without the zeros at their ends.
pub(crate) struct Operator {
    /// Of sixteen rows each: the columns that are not all zero, and where they begin in `entries`.
    panels: Vec<(Range<usize>, usize)>,
    entries: Vec<[f64; PANEL]>,
}

impl Operator {
    pub fn new(matrix: ArrayView2<'_, f64>) -> Self {
        let (rows, columns) = matrix.dim();
        let (mut panels, mut entries) = (Vec::new(), Vec::new());
        for first in (0..rows).step_by(PANEL) {
            let mut panel = vec![[0.0; PANEL]; columns];
            for (own, column) in panel.iter_mut().zip(matrix.columns()) {
                let column = column.into_iter().skip(first);
                own.iter_mut().zip(column).for_each(|(e, x)| *e = *x);
            }
            let used = used(&panel);
            panels.push((used.clone(), entries.len()));
            entries.extend(&panel[used]);
        }
        Self { panels, entries }
    }

    /// `A v`.
    pub fn times(&self, vector: &[f64], product: &mut [f64]) {
        pulp::Arch::new().dispatch(Times {
            operator: self,
            vector,
            product,
        });
    }
}

/// From the first of arrays that are not all zero to the last.
fn used<const N: usize>(arrays: &[[f64; N]]) -> Range<usize> {
    let is_used = |array: &[f64; N]| array.iter().any(|x| *x != 0.0);
    let first = arrays.iter().position(is_used).unwrap_or(0);
    let last = arrays.iter().rposition(is_used);
    first..last.map_or(first, |last| last + 1)
}

struct Times<'a> {
    operator: &'a Operator,
    vector: &'a [f64],
    product: &'a mut [f64],
}

impl pulp::WithSimd for Times<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        let panels = self.operator.panels.iter();
        for (product, (range, begin)) in self.product.chunks_mut(PANEL).zip(panels) {
            let entries = &self.operator.entries[*begin..begin + range.len()];
            let vector = &self.vector[range.clone()];
            // As many as the instructions take; others are not used.
            let mut sums = [[simd.splat_f64s(0.0); PANEL]; 2];
            let (pairs, last) = entries.as_chunks::<2>();
            let (factors, last_factor) = vector.as_chunks::<2>();
            for (pair, factors) in pairs.iter().zip(factors) {
                for ((entries, factor), sums) in pair.iter().zip(factors).zip(&mut sums) {
                    add_multiple(simd, sums, *factor, entries);
                }
            }
            for (entries, factor) in last.iter().zip(last_factor) {
                add_multiple(simd, &mut sums[0], *factor, entries);
            }
            let mut room = [0.0; PANEL];
            let own = S::as_mut_simd_f64s(&mut room).0.iter_mut();
            for ((place, even), odd) in own.zip(sums[0]).zip(sums[1]) {
                *place = simd.add_f64s(even, odd);
            }
            product.copy_from_slice(&room[..product.len()]);
        }
    }
}

/// `sums += factor · entries`.
#[inline(always)]
fn add_multiple<S: pulp::Simd>(
    simd: S,
    sums: &mut [S::f64s; PANEL],
    factor: f64,
    entries: &[f64; PANEL],
) {
    let factor = simd.splat_f64s(factor);
    let (entries, _) = S::as_simd_f64s(entries);
    for (sum, entry) in sums.iter_mut().zip(entries) {
        *sum = simd.mul_add_e_f64s(factor, *entry, *sum);
    }
}

/// `⟨row, vector⟩` of rows one after another. What a row's is does not depend on how many there are.
#[inline(always)]
fn inner_products_of<S: pulp::Simd, const COUNT: usize>(
    simd: S,
    rows: &[f64],
    vector: &[f64],
) -> [f64; COUNT] {
    let rows: [&[f64]; COUNT] = std::array::from_fn(|k| &rows[k * vector.len()..][..vector.len()]);
    let heads: [&[S::f64s]; COUNT] = rows.map(|row| S::as_simd_f64s(row).0);
    let (b, b_rest) = S::as_simd_f64s(vector);
    let mut even = [simd.splat_f64s(0.0); COUNT];
    let mut odd = even;
    for (pair, [first, second]) in b.as_chunks::<2>().0.iter().enumerate() {
        for k in 0..COUNT {
            let a = &heads[k][2 * pair..][..2];
            even[k] = simd.mul_add_e_f64s(a[0], *first, even[k]);
            odd[k] = simd.mul_add_e_f64s(a[1], *second, odd[k]);
        }
    }
    if let [last] = b.as_chunks::<2>().1 {
        for k in 0..COUNT {
            even[k] = simd.mul_add_e_f64s(heads[k][b.len() - 1], *last, even[k]);
        }
    }
    let mut products = [0.0; COUNT];
    for k in 0..COUNT {
        let a_rest = &rows[k][vector.len() - b_rest.len()..];
        let rest = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>();
        products[k] = simd.reduce_sum_f64s(simd.add_f64s(even[k], odd[k])) + rest;
    }
    products
}

/// Rows of the left factor that are multiplied together: enough sums side by side that none waits.
const ROWS: usize = 4;

/// A matrix `B` to multiply small ones by, `A B`: eight columns at a time, without the zeros at their
/// ends.
pub(crate) struct Factor {
    /// Of eight columns each: the rows that are not all zero, and where they begin in `lanes`.
    panels: Vec<(Range<usize>, usize)>,
    lanes: Vec<Lanes>,
    size: [usize; 2],
    /// Rows of `A`, side by side.
    room: Vec<[f64; ROWS]>,
}

impl Factor {
    pub fn new(matrix: ArrayView2<'_, f64>) -> Self {
        let (rows, columns) = matrix.dim();
        let (mut panels, mut lanes) = (Vec::new(), Vec::new());
        for first in (0..columns).step_by(LANES) {
            let mut panel = vec![[0.0; LANES]; rows];
            for (lanes, row) in panel.iter_mut().zip(matrix.rows()) {
                let entries = row.into_iter().skip(first);
                lanes.iter_mut().zip(entries).for_each(|(l, x)| *l = *x);
            }
            let used = used(&panel);
            panels.push((used.clone(), lanes.len()));
            lanes.extend(&panel[used]);
        }
        Self {
            panels,
            lanes,
            size: [rows, columns],
            room: Vec::new(),
        }
    }

    /// `A B`, both row after row.
    pub fn times(&mut self, left: &[f64], product: &mut [f64]) {
        pulp::Arch::new().dispatch(Product {
            left,
            right: self,
            product,
        });
    }
}

struct Product<'a> {
    left: &'a [f64],
    right: &'a mut Factor,
    product: &'a mut [f64],
}

impl Product<'_> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let [inner, columns] = self.right.size;
        let room = &mut self.right.room;
        room.resize(inner, [0.0; ROWS]);
        let left = self.left.chunks(ROWS * inner);
        for (left, product) in left.zip(self.product.chunks_mut(ROWS * columns)) {
            for (index, row) in left.chunks_exact(inner).enumerate() {
                let each = room.iter_mut().zip(row);
                each.for_each(|(side_by_side, a)| side_by_side[index] = *a);
            }
            for (panel, (range, begin)) in self.right.panels.iter().enumerate() {
                let right = &self.right.lanes[*begin..begin + range.len()];
                let mut sums = [[0.0; LANES]; ROWS];
                for (a, b) in room[range.clone()].iter().zip(right) {
                    for (sums, a) in sums.iter_mut().zip(a) {
                        add_products::<FUSED>(sums, &[*a; LANES], b);
                    }
                }
                for (sums, row) in sums.iter().zip(product.chunks_exact_mut(columns)) {
                    let own = row[panel * LANES..].iter_mut();
                    own.zip(sums).for_each(|(entry, sum)| *entry = *sum);
                }
            }
        }
    }
}

impl pulp::WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        if S::F64_LANES > 1 {
            self.run::<true>();
        } else {
            self.run::<false>();
        }
    }
}

/// `⟨row, vector⟩` of rows one after another.
pub(crate) fn inner_products(rows: &[f64], vector: &[f64], products: &mut [f64]) {
    pulp::Arch::new().dispatch(InnerProducts {
        rows,
        vector,
        products,
    });
}

struct InnerProducts<'a> {
    rows: &'a [f64],
    vector: &'a [f64],
    products: &'a mut [f64],
}

impl InnerProducts<'_> {
    /// Rows are read `COUNT` beside each other, as processors fetch several streams ahead.
    #[inline(always)]
    fn run<S: pulp::Simd, const COUNT: usize>(self, simd: S) {
        let size = self.vector.len();
        let (groups, last) = self.products.as_chunks_mut::<COUNT>();
        let rows = self.rows.chunks_exact(COUNT * size);
        for (rows, products) in rows.zip(&mut *groups) {
            *products = inner_products_of::<S, COUNT>(simd, rows, self.vector);
        }
        let rows = self.rows[groups.len() * COUNT * size..].chunks_exact(size);
        for (row, product) in rows.zip(last) {
            [*product] = inner_products_of::<S, 1>(simd, row, self.vector);
        }
    }
}

impl pulp::WithSimd for InnerProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        // Each has two sums, which have to fit the registers.
        if S::F64_LANES == 8 {
            self.run::<S, 8>(simd);
        } else {
            self.run::<S, 4>(simd);
        }
    }
}

/// `Σ_k f_k row_k` of rows one after another.
pub(crate) fn sums_of_multiples(factors: &[f64], rows: &[f64], sums: &mut [f64]) {
    pulp::Arch::new().dispatch(SumsOfMultiples {
        factors,
        rows,
        sums,
    });
}

struct SumsOfMultiples<'a> {
    factors: &'a [f64],
    rows: &'a [f64],
    sums: &'a mut [f64],
}

impl pulp::WithSimd for SumsOfMultiples<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        self.sums.fill(0.0);
        let rows = self.rows.chunks_exact(self.sums.len());
        for (factor, row) in self.factors.iter().zip(rows) {
            for (sum, x) in self.sums.iter_mut().zip(row) {
                *sum += factor * x;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2};

    fn waves(rows: usize, columns: usize) -> Array2<f64> {
        Array2::from_shape_fn((rows, columns), |(i, j)| ((31 * i + 7 * j) as f64).sin())
    }

    fn close(found: &[f64], expected: &Array1<f64>) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-14, "{found} {expected}");
        }
        assert_eq!(found.len(), expected.len());
    }

    #[test]
    fn products_are_those_of_the_library() {
        for columns in [1, 7, 8, 9, 30] {
            let mut matrix = waves(11, columns);
            // Zeros at both ends, and a row of nothing else.
            matrix.row_mut(4).fill(0.0);
            let half = columns / 2;
            matrix
                .row_mut(5)
                .iter_mut()
                .take(half)
                .for_each(|x| *x = 0.0);
            matrix
                .row_mut(6)
                .iter_mut()
                .skip(half)
                .for_each(|x| *x = 0.0);
            let vector = Array1::from_shape_fn(columns, |j| (j as f64).cos());
            let values = vector.as_slice().unwrap();
            let mut found = vec![f64::NAN; 11];
            Operator::new(matrix.view()).times(values, &mut found);
            close(&found, &matrix.dot(&vector));
            inner_products(matrix.as_slice().unwrap(), values, &mut found);
            close(&found, &matrix.dot(&vector));
            let factors = Array1::from_shape_fn(11, |j| (j as f64).exp().sin());
            let mut sums = vec![f64::NAN; columns];
            let rows = matrix.as_slice().unwrap();
            sums_of_multiples(factors.as_slice().unwrap(), rows, &mut sums);
            close(&sums, &factors.dot(&matrix));
            for rows in [1, 4, 6] {
                let left = waves(rows, 11);
                let mut product = vec![f64::NAN; rows * columns];
                Factor::new(matrix.view()).times(left.as_slice().unwrap(), &mut product);
                let expected = left.dot(&matrix).into_iter().collect();
                close(&product, &expected);
            }
        }
    }
}

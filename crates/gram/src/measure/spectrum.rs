//! Norms and stable rank from a Gram matrix, at any scale.

use implicit_bias_algebra::{Accum, Mat, MatRef, Par, frobenius_norm, matmul};

use crate::GramError;

/// Norms and stable rank of one matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spectrum {
    /// Frobenius norm.
    pub frobenius_norm: f64,
    /// Largest singular value.
    pub spectral_norm: f64,
    /// `frobenius_norm² / spectral_norm²`, at least 1; `NaN` for a zero matrix.
    pub stable_rank: f64,
}

impl Spectrum {
    /// The spectrum of zero.
    pub(super) const ZERO: Self = Self {
        frobenius_norm: 0.0,
        spectral_norm: 0.0,
        stable_rank: f64::NAN,
    };
}

/// `2^exponent` times a matrix whose largest entry is near 1; `None` for zero.
pub(super) struct Scaled(Option<(Mat<f64>, i32)>);

impl Scaled {
    pub fn new(matrix: MatRef<'_, f64>) -> Self {
        let entries = || matrix.col_iter().flat_map(|column| column.iter());
        let largest = entries().fold(0.0, |largest: f64, entry| largest.max(entry.abs()));
        if largest == 0.0 {
            return Self(None);
        }
        // Both powers of two are normal numbers: dividing by one rounds nothing.
        let exponent = (((largest.to_bits() >> 52) as i32) - 1023).clamp(-1022, 1022);
        let inverse = power_of_two(-exponent);
        let scaled = Mat::from_fn(matrix.nrows(), matrix.ncols(), |i, j| {
            matrix[(i, j)] * inverse
        });
        Self(Some((scaled, exponent)))
    }

    /// `‖A‖_F`.
    pub fn norm(&self) -> f64 {
        self.0.as_ref().map_or(0.0, |(matrix, exponent)| {
            frobenius_norm(matrix.as_ref()) * power_of_two(*exponent)
        })
    }

    /// `log ‖A‖_F`; `−∞` for zero.
    pub fn log_norm(&self) -> f64 {
        self.0
            .as_ref()
            .map_or(f64::NEG_INFINITY, |(matrix, exponent)| {
                frobenius_norm(matrix.as_ref()).ln() + f64::from(*exponent) * std::f64::consts::LN_2
            })
    }
}

/// Euclidean norm of a vector at any scale.
pub(super) fn norm_of(entries: &[f64]) -> f64 {
    let largest = entries
        .iter()
        .fold(0.0, |largest: f64, entry| largest.max(entry.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let sum: f64 = entries.iter().map(|entry| (entry / largest).powi(2)).sum();
    largest * sum.sqrt()
}

/// The part `Z` of the initial weights that never moves, by its rows' inner products.
#[derive(Clone, Debug)]
pub(super) struct Residual {
    /// `Z Zᵀ / 4^exponent`, lower triangle, and the exponent; `None` for zero.
    gram: Option<(Mat<f64>, i32)>,
    /// The rows' norms.
    pub norms: Vec<f64>,
}

impl Residual {
    pub fn new(rows: MatRef<'_, f64>) -> Self {
        let norms = rows
            .row_iter()
            .map(|row| norm_of(&row.iter().copied().collect::<Vec<_>>()))
            .collect();
        let gram = Scaled::new(rows)
            .0
            .map(|(scaled, exponent)| (products(scaled.as_ref()), exponent));
        Self { gram, norms }
    }
}

/// The spectrum of `[B, Z]`, a matrix with rows `B` and, in directions orthogonal to those, `Z`.
pub(super) fn spectrum(moving: Scaled, residual: Option<&Residual>) -> Result<Spectrum, GramError> {
    let residual = residual.and_then(|residual| residual.gram.as_ref());
    let (gram, exponent) = match (moving.0, residual) {
        (None, None) => return Ok(Spectrum::ZERO),
        (None, Some((gram, exponent))) => (gram.clone(), *exponent),
        // Without a residual the other side gives the same spectrum, and may be smaller.
        (Some((b, exponent)), None) if b.ncols() < b.nrows() => {
            (products(b.as_ref().transpose()), exponent)
        }
        (Some((b, exponent)), None) => (products(b.as_ref()), exponent),
        (Some((b, own)), Some((gram, other))) => {
            let exponent = own.max(*other);
            let factors = [own, *other].map(|e| 2f64.powi(2 * (e - exponent)));
            let mut sum = products(b.as_ref());
            for column in 0..sum.ncols() {
                for row in column..sum.nrows() {
                    sum[(row, column)] =
                        factors[0] * sum[(row, column)] + factors[1] * gram[(row, column)];
                }
            }
            (sum, exponent)
        }
    };
    let trace: f64 = (0..gram.nrows()).map(|index| gram[(index, index)]).sum();
    let largest = largest_eigenvalue(gram.as_ref())?;
    let scale = power_of_two(exponent);
    let spectrum = Spectrum {
        frobenius_norm: scale * trace.sqrt(),
        spectral_norm: scale * largest.sqrt(),
        // Rounding can leave a matrix of rank one an ulp below 1.
        stable_rank: (trace / largest).max(1.0),
    };
    if spectrum.frobenius_norm.is_finite() {
        Ok(spectrum)
    } else {
        Err(not_finite("norm of the weights", spectrum.frobenius_norm))
    }
}

fn power_of_two(exponent: i32) -> f64 {
    2f64.powi(exponent)
}

/// `A Aᵀ`.
fn products(a: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(a.nrows(), a.nrows());
    matmul(
        out.as_mut(),
        Accum::Replace,
        a,
        a.transpose(),
        1.0,
        Par::Seq,
    );
    out
}

/// Largest eigenvalue of a Gram matrix, from its lower triangle; on one thread, so that no recorded
/// number depends on how many there are.
fn largest_eigenvalue(gram: MatRef<'_, f64>) -> Result<f64, GramError> {
    implicit_bias_algebra::largest_eigenvalue(gram)
        .map_err(|_| not_finite("eigenvalues of W Wᵀ", f64::NAN))
}

pub(super) fn not_finite(what: &'static str, value: f64) -> GramError {
    GramError::NonFinite {
        what,
        row: 0,
        column: 0,
        value,
    }
}

//! Spectral norm and stable rank, of one block or of several and their stack.

use burn::tensor::Tensor;
use implicit_bias_algebra::Mat;

use crate::block_spectrum::BlockSpectrum;
use crate::gram::{self, Scaled};
use crate::{MetricError, host};

/// Spectra of the blocks of a network and of all their rows together.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Spectra {
    /// One spectrum a block, in the order passed.
    pub blocks: Vec<BlockSpectrum>,
    /// Spectrum of the blocks stacked row upon row; `None` when their numbers of columns differ.
    pub stacked: Option<BlockSpectrum>,
}

/// Largest singular value `‖A‖_2` of a matrix, `[rows, columns]`.
///
/// Computed as the root of the largest eigenvalue of the Gram matrix of the thinner side, `A Aᵀ`
/// or `AᵀA`, in `f64` on the host whatever the tensor's type and device: the result is exact to
/// about `1e-14` relative *for the weights as stored*, so `f32` weights cost only their own
/// rounding. The crate's README says why squaring loses nothing here.
///
/// # Errors
///
/// [`MetricError::Empty`], [`MetricError::ZeroMatrix`], [`MetricError::NonFinite`],
/// [`MetricError::Overflow`] when the norm itself is beyond `f64`,
/// [`MetricError::Read`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_metrics::spectral_norm;
///
/// let weight = Tensor::<2>::from_floats([[0.0, 3.0], [-4.0, 0.0]], &Device::default());
/// assert!((spectral_norm(&weight)? - 4.0).abs() < 1e-14);
/// # Ok::<(), implicit_bias_metrics::MetricError>(())
/// ```
pub fn spectral_norm(weight: &Tensor<2>) -> Result<f64, MetricError> {
    host::in_range(single(weight)?.spectral_norm, "spectral norm")
}

/// Stable rank `‖A‖_F² / ‖A‖_2²` of a matrix, `[rows, columns]`.
///
/// Between 1, when the matrix has rank one, and its rank, when all its nonzero singular values
/// are equal; unchanged by scaling, rotation and transposition, and continuous where the rank is
/// not. The paper's claim is about each block of neurons of one sign, not about their stack (see
/// [`spectra`]): on leaky ReLU networks it tends to 1, on ReLU networks it stays bounded.
///
/// Accuracy as in [`spectral_norm`].
///
/// # Errors
///
/// [`MetricError::ZeroMatrix`]: the stable rank of zero is undefined. [`MetricError::Empty`],
/// [`MetricError::NonFinite`], [`MetricError::Read`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_metrics::stable_rank;
///
/// let weight = Tensor::<2>::from_floats([[2.0, 0.0], [0.0, 1.0]], &Device::default());
/// assert!((stable_rank(&weight)? - 1.25).abs() < 1e-14);
/// # Ok::<(), implicit_bias_metrics::MetricError>(())
/// ```
pub fn stable_rank(weight: &Tensor<2>) -> Result<f64, MetricError> {
    Ok(single(weight)?.stable_rank)
}

/// Spectra of all blocks of a network, and of their stack, sharing the work.
///
/// `blocks` are `[rows_j, columns]`. Every eigenproblem is solved on its thinner side, and each
/// Gram matrix is formed once: while the stack has no more rows than columns, the blocks' `A Aᵀ`
/// are the diagonal blocks of its own; beyond that, its `AᵀA` is the sum of theirs. Blocks with
/// different numbers of columns have no stack.
///
/// The stack matters because the claim does not hold for it: a leaky network's blocks tend to
/// stable rank 1, their stack, on orthogonal data with balanced classes, to
/// `2 (1 + γ²) / (1 + γ)²` (derived for this project, not in the paper).
///
/// # Errors
///
/// As [`spectral_norm`], for the first block at fault ("block 1"); [`MetricError::Empty`] also
/// when there is no block.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_metrics::spectra;
///
/// let device = Device::default();
/// let w_pos = Tensor::<2>::from_floats([[1.0, 0.0], [1.0, 0.0]], &device);
/// let w_neg = Tensor::<2>::from_floats([[0.0, 1.0], [0.0, 1.0]], &device);
/// let spectra = spectra(&[w_pos, w_neg])?;
/// assert!((spectra.blocks[0].stable_rank - 1.0).abs() < 1e-14);
/// assert!((spectra.stacked.unwrap().stable_rank - 2.0).abs() < 1e-14);
/// # Ok::<(), implicit_bias_metrics::MetricError>(())
/// ```
pub fn spectra(blocks: &[Tensor<2>]) -> Result<Spectra, MetricError> {
    let blocks = blocks
        .iter()
        .enumerate()
        .map(|(index, block)| Scaled::read(block, &format!("block {index}")))
        .collect::<Result<Vec<_>, _>>()?;
    let Some(first) = blocks.first() else {
        return Err(MetricError::Empty {
            what: "blocks".into(),
        });
    };
    let columns = first.columns;
    let spectra = if blocks.iter().any(|block| block.columns != columns) {
        Spectra {
            blocks: blocks.iter().map(Scaled::spectrum).collect(),
            stacked: None,
        }
    } else if blocks.len() == 1 {
        let spectrum = first.spectrum();
        Spectra {
            blocks: vec![spectrum],
            stacked: Some(spectrum),
        }
    } else if blocks.iter().map(|block| block.rows).sum::<usize>() <= columns {
        stacked_by_rows(&blocks)
    } else {
        stacked_by_columns(&blocks)
    };
    // It is enough to check the largest norm: no block's exceeds that of the stack, and no
    // spectral norm its Frobenius norm.
    for spectrum in spectra.blocks.iter().chain(&spectra.stacked) {
        host::in_range(spectrum.frobenius_norm, "norm of the blocks")?;
    }
    Ok(spectra)
}

fn single(weight: &Tensor<2>) -> Result<BlockSpectrum, MetricError> {
    Ok(Scaled::read(weight, "weight")?.spectrum())
}

/// From the Gram matrix of the stack's rows.
fn stacked_by_rows(blocks: &[Scaled]) -> Spectra {
    let starts: Vec<usize> = blocks
        .iter()
        .scan(0, |next, block| {
            let start = *next;
            *next += block.rows;
            Some(start)
        })
        .collect();
    let rows = blocks.iter().map(|block| block.rows).sum();
    let scale = largest_scale(blocks);
    let mut spectra = Vec::with_capacity(blocks.len());
    // stack: rows×rows, its lower triangle
    let mut stack = Mat::zeros(rows, rows);
    for (lower, &row) in blocks.iter().zip(&starts) {
        for (upper, &column) in blocks
            .iter()
            .zip(&starts)
            .take_while(|&(_, &start)| start < row)
        {
            let part = stack
                .as_mut()
                .submatrix_mut(row, column, lower.rows, upper.rows);
            gram::cross(
                part,
                lower,
                upper,
                lower.scale / scale * (upper.scale / scale),
            );
        }
        let mut own = stack
            .as_mut()
            .submatrix_mut(row, row, lower.rows, lower.rows);
        gram::of_rows(own.as_mut(), lower);
        spectra.push(gram::spectrum(own.as_ref(), lower.scale));
        // Measured in the block's own scale, kept in the stack's.
        gram::rescale(own, lower.scale / scale);
    }
    let stacked = gram::spectrum(stack.as_ref(), scale);
    Spectra {
        blocks: spectra,
        stacked: Some(stacked),
    }
}

/// From the Gram matrix of the stack's columns.
fn stacked_by_columns(blocks: &[Scaled]) -> Spectra {
    let columns = blocks[0].columns;
    let scale = largest_scale(blocks);
    let mut spectra = Vec::with_capacity(blocks.len());
    // stack, own: columns×columns, their lower triangles
    let mut stack = Mat::zeros(columns, columns);
    let mut own = Mat::zeros(columns, columns);
    for block in blocks {
        gram::of_columns(own.as_mut(), block);
        spectra.push(if block.rows < columns {
            block.spectrum()
        } else {
            gram::spectrum(own.as_ref(), block.scale)
        });
        gram::rescale(own.as_mut(), block.scale / scale);
        stack += &own;
    }
    let stacked = gram::spectrum(stack.as_ref(), scale);
    Spectra {
        blocks: spectra,
        stacked: Some(stacked),
    }
}

fn largest_scale(blocks: &[Scaled]) -> f64 {
    blocks.iter().map(|block| block.scale).fold(0.0, f64::max)
}

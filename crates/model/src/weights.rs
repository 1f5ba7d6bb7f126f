//! Named weight blocks in host memory, and their file.

use std::collections::HashMap;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use ndarray::Array2;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::{Block, ModelError};

/// The weights of a network as named `f64` matrices in host memory, in the order of its blocks.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    blocks: Vec<(String, Array2<f64>)>,
}

impl Weights {
    /// Weights from named matrices.
    ///
    /// # Errors
    ///
    /// [`ModelError::NonFinite`] names the first entry that is not finite.
    pub fn new(blocks: Vec<(String, Array2<f64>)>) -> Result<Self, ModelError> {
        for (name, matrix) in &blocks {
            if let Some(((row, column), &value)) =
                matrix.indexed_iter().find(|(_, value)| !value.is_finite())
            {
                return Err(ModelError::NonFinite {
                    block: name.clone(),
                    row,
                    column,
                    value,
                });
            }
        }
        Ok(Self { blocks })
    }

    /// Weights from named matrices, as a descent left them. Entries may be non-finite.
    pub fn of_matrices(blocks: Vec<(String, Array2<f64>)>) -> Self {
        Self { blocks }
    }

    /// The weights of a network's blocks, brought to the host. Entries may be non-finite.
    pub fn of(blocks: &[Block]) -> Self {
        let matrix = |block: &Block| (block.name.clone(), Self::host(&block.weight));
        Self {
            blocks: blocks.iter().map(matrix).collect(),
        }
    }

    /// One weight matrix in host memory.
    pub(crate) fn host(weight: &Tensor<2>) -> Array2<f64> {
        let values = weight
            .clone()
            .without_autodiff()
            .into_data()
            .iter()
            .collect();
        Array2::from_shape_vec(weight.dims(), values)
            .expect("a tensor holds as many entries as its shape says")
    }

    /// The named blocks, in order.
    pub fn blocks(&self) -> &[(String, Array2<f64>)] {
        &self.blocks
    }

    /// The matrices of the blocks that `expected` names, in its order, where they have its shapes.
    ///
    /// # Errors
    ///
    /// [`ModelError::Shape`] names the first block that has not, with `[0, 0]` for one that is not
    /// there.
    pub fn shaped<const N: usize>(
        &self,
        expected: [(&str, [usize; 2]); N],
    ) -> Result<[&Array2<f64>; N], ModelError> {
        let mut found = Vec::with_capacity(N);
        for (name, shape) in expected {
            let block = self.blocks.iter().find(|(known, _)| known == name);
            let size = block.map_or([0, 0], |(_, matrix)| [matrix.nrows(), matrix.ncols()]);
            match block {
                Some((_, matrix)) if size == shape => found.push(matrix),
                _ => {
                    return Err(ModelError::Shape {
                        block: name.to_owned(),
                        expected: shape,
                        found: size,
                    });
                }
            }
        }
        Ok(<[_; N]>::try_from(found).expect("one for each that was asked for"))
    }

    /// The blocks as tensors on a device, in the device's float type.
    pub fn to_tensors(&self, device: &Device) -> Vec<Tensor<2>> {
        self.blocks
            .iter()
            .map(|(_, matrix)| to_tensor(matrix, device))
            .collect()
    }

    /// The content of a safetensors file with the blocks as float64 tensors `W_<name>`.
    pub fn to_safetensors(&self) -> Vec<u8> {
        let bytes: Vec<Vec<u8>> = self
            .blocks
            .iter()
            .map(|(_, matrix)| {
                matrix
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect()
            })
            .collect();
        let views = self
            .blocks
            .iter()
            .zip(&bytes)
            .map(|((name, matrix), bytes)| {
                let view = TensorView::new(Dtype::F64, matrix.shape().to_vec(), bytes);
                (format!("W_{name}"), view.expect("eight bytes an entry"))
            });
        safetensors::serialize(views, None::<HashMap<String, String>>)
            .expect("names are distinct and shapes match their bytes")
    }

    /// Reads the blocks `W_<name>`, each `[m, d]`, from a safetensors file; other tensors are
    /// ignored.
    ///
    /// # Errors
    ///
    /// [`ModelError::Io`] if the file cannot be read, [`ModelError::File`] if it is not
    /// safetensors, lacks a block, or holds it in another shape or type than a float matrix,
    /// [`ModelError::NonFinite`] if an entry is not finite.
    pub fn from_safetensors(path: &Path, names: &[&str]) -> Result<Self, ModelError> {
        let bytes = std::fs::read(path).map_err(|source| ModelError::Io {
            path: path.to_owned(),
            source,
        })?;
        let file = |reason: String| ModelError::File {
            path: path.to_owned(),
            reason,
        };
        let tensors = SafeTensors::deserialize(&bytes)
            .map_err(|error| file(format!("expected a safetensors file, found {error}")))?;
        let mut blocks = Vec::with_capacity(names.len());
        for name in names {
            let key = format!("W_{name}");
            let view = tensors.tensor(&key).map_err(|_| {
                let found = tensors.names().join(", ");
                file(format!("expected a tensor `{key}`, found [{found}]"))
            })?;
            let &[rows, columns] = view.shape() else {
                let found = view.shape();
                return Err(file(format!(
                    "`{key}`: expected shape [m, d], found {found:?}"
                )));
            };
            let values = read_floats(view.dtype(), view.data()).ok_or_else(|| {
                let found = view.dtype();
                file(format!(
                    "`{key}`: expected F64, F32, F16 or BF16 entries, found {found:?}; \
                     convert it to F32"
                ))
            })?;
            let matrix = Array2::from_shape_vec([rows, columns], values)
                .map_err(|error| file(format!("`{key}`: {error}")))?;
            blocks.push(((*name).to_owned(), matrix));
        }
        Self::new(blocks)
    }
}

/// A host matrix as a tensor on a device, in the device's float type.
pub fn to_tensor(matrix: &Array2<f64>, device: &Device) -> Tensor<2> {
    let values: Vec<f64> = matrix.iter().copied().collect();
    Tensor::from_data(
        TensorData::new(values, [matrix.nrows(), matrix.ncols()]),
        device,
    )
}

/// Little-endian floats as `f64`, or `None` for another type.
fn read_floats(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f64>> {
    let eight = |chunk: &[u8]| f64::from_le_bytes(chunk.try_into().expect("chunks of eight"));
    let four = |chunk: &[u8]| f32::from_le_bytes(chunk.try_into().expect("chunks of four"));
    let two = |chunk: &[u8]| <[u8; 2]>::try_from(chunk).expect("chunks of two");
    let half = |chunk: &[u8]| half::f16::from_le_bytes(two(chunk));
    let brain = |chunk: &[u8]| half::bf16::from_le_bytes(two(chunk));
    match dtype {
        Dtype::F64 => Some(bytes.chunks_exact(8).map(eight).collect()),
        Dtype::F32 => Some(
            bytes
                .chunks_exact(4)
                .map(|chunk| f64::from(four(chunk)))
                .collect(),
        ),
        Dtype::F16 => Some(
            bytes
                .chunks_exact(2)
                .map(|chunk| half(chunk).to_f64())
                .collect(),
        ),
        Dtype::BF16 => Some(
            bytes
                .chunks_exact(2)
                .map(|chunk| brain(chunk).to_f64())
                .collect(),
        ),
        _ => None,
    }
}

//! Gradients of the blocks by autodiff, whatever parameters a network keeps its blocks in.
//!
//! Autodiff gives gradients of parameters. A block may be such a parameter, or parameters in
//! another arrangement: the kernel of a convolution, `[out, in, k, k]`, as the matrix `[out, in k
//! k]`. Such a block `B(θ)` is linear and orthogonal, and so its gradient is its parameters'
//! gradients in its own arrangement, `∂L/∂B = B(∂L/∂θ)`: the blocks of the network whose parameters
//! are replaced by their gradients.

use burn::module::{ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use implicit_bias_model::{Block, Network};

use crate::EngineError;

/// Past this number entries repeat, so that single precision holds them exactly.
const DISTINCT: usize = 1_000_003;

/// How a network keeps its blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Arrangement {
    /// Every block is a parameter.
    Parameters,
    /// Some block is made of parameters in another arrangement.
    Rearranged,
}

/// How a network keeps its blocks, tried out: `B(Bᵀ V) = V` to the last bit, for some `V`, where
/// entries are only moved to other places.
///
/// # Errors
///
/// [`EngineError::Invalid`] names a block that is something else, whose gradient would silently be
/// another one.
pub(crate) fn arrangement<M: Network>(model: &M) -> Result<Arrangement, EngineError> {
    let blocks = model.blocks();
    if blocks.iter().all(|block| block.weight.is_require_grad()) {
        return Ok(Arrangement::Parameters);
    }
    let values: Vec<Tensor<2>> = blocks.iter().enumerate().map(numbered).collect();
    let product = |(block, values): (&Block, &Tensor<2>)| {
        (block.weight.clone() * values.clone().autodiff()).sum()
    };
    let sum = blocks.iter().zip(&values).map(product).reduce(|a, b| a + b);
    let Some(sum) = sum else {
        return Ok(Arrangement::Parameters);
    };
    let back = of_blocks(model, &sum.backward());
    let mut frozen = Frozen(false);
    model.visit(&mut frozen);
    for ((block, values), back) in blocks.iter().zip(values).zip(back) {
        let back = host_values(back);
        // A parameter that is not trained has no gradient, and needs none.
        let at_rest = frozen.0 && back.iter().all(|&entry| entry == 0.0);
        if back != host_values(values) && !at_rest {
            return Err(EngineError::Invalid {
                key: "network".into(),
                expected: format!(
                    "block `{}` to be a parameter of the network, or parameters in another shape \
                     or order",
                    block.name
                ),
                found: "a tensor computed from parameters in another way, whose gradient training \
                        does not follow; keep that matrix as the parameter"
                    .into(),
            });
        }
    }
    Ok(Arrangement::Rearranged)
}

/// The gradient of each block; zero for one that no score depends on.
pub(crate) fn block_gradients<M: Network>(
    model: &M,
    arrangement: Arrangement,
    gradients: &Gradients,
) -> Vec<Tensor<2>> {
    if arrangement == Arrangement::Rearranged {
        return of_blocks(model, gradients);
    }
    let of = |block: &Block| {
        let zeros = || block.weight.clone().without_autodiff().zeros_like();
        block.weight.grad(gradients).unwrap_or_else(zeros)
    };
    model.blocks().iter().map(of).collect()
}

/// The blocks of the network whose parameters are replaced by their gradients.
fn of_blocks<M: Network>(model: &M, gradients: &Gradients) -> Vec<Tensor<2>> {
    let replaced = model.clone().map(&mut ToGradients(gradients));
    let blocks = replaced.blocks().into_iter();
    blocks
        .map(|block| block.weight.without_autodiff())
        .collect()
}

/// A matrix of the shape of a block with entries of its own, 1, 2, …
fn numbered((index, block): (usize, &Block)) -> Tensor<2> {
    let [rows, columns] = block.weight.dims();
    let values: Vec<f64> = (0..rows * columns)
        .map(|entry| ((entry + 7919 * index) % DISTINCT + 1) as f64)
        .collect();
    let like = block.weight.clone().without_autodiff();
    Tensor::from_data(
        TensorData::new(values, [rows, columns]),
        (&like.device(), like.dtype()),
    )
}

/// Puts each parameter's gradient in its place, zero where there is none.
struct ToGradients<'a>(&'a Gradients);

impl ModuleMapper for ToGradients<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let value = param.val();
        let zeros = || value.clone().without_autodiff().zeros_like();
        let gradient = value.grad(self.0).unwrap_or_else(zeros);
        Param::initialized(param.id, gradient)
    }
}

/// Whether some parameter is not trained.
struct Frozen(bool);

impl ModuleVisitor for Frozen {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0 |= !param.val().is_require_grad();
    }
}

/// The entries of a tensor on the host, row after row.
pub(crate) fn host_values(tensor: Tensor<2>) -> Vec<f64> {
    tensor.into_data().iter().collect()
}

/// The entries of all blocks on the host, one block after another, row after row.
pub(super) fn host_weights<M: Network>(model: &M) -> Vec<f64> {
    let blocks = model.blocks().into_iter();
    let entries = blocks.flat_map(|block| host_values(block.weight.without_autodiff()));
    entries.collect()
}

/// How many of them there are.
pub(super) fn weight_count<M: Network>(model: &M) -> usize {
    block_lengths(model).into_iter().sum()
}

/// How many of them each block has.
pub(super) fn block_lengths<M: Network>(model: &M) -> Vec<usize> {
    let blocks = model.blocks().into_iter();
    blocks
        .map(|block| block.weight.shape().num_elements())
        .collect()
}

#[cfg(test)]
mod tests;

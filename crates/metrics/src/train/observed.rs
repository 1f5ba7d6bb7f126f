//! The output of a step, with what the metrics of this crate look at.

use burn::tensor::{ExecutionError, Int, Tensor};
use burn::train::metric::{
    AccuracyInput, Adaptor, ConfusionStatsInput, HammingScoreInput, LossInput, PerplexityInput,
    TopKAccuracyInput,
};
use burn::train::{ClassificationOutput, ItemLazy};

use super::margin::{MarginsInput, ScoredBatch};

/// The weights of a network, as a [`WeightMetric`](super::WeightMetric) takes them.
#[derive(Clone, Debug)]
pub struct BlocksInput {
    /// The blocks, each `[neurons, dimensions]`.
    pub blocks: Vec<Tensor<2>>,
}

/// The output of a training or inference step, with the weights it was computed with and, where
/// there are such, scores and targets.
///
/// It stands in for the output: `Observed<ClassificationOutput>` serves burn-train's own metrics of
/// loss, accuracy, precision, recall, top-k accuracy, perplexity and Hamming score as the output
/// itself does, and the metrics of this crate beside them. Tensors are handles, so that nothing is
/// copied.
#[derive(Clone, Debug)]
pub struct Observed<O> {
    output: O,
    blocks: Vec<Tensor<2>>,
    scored: Option<ScoredBatch>,
}

impl<O> Observed<O> {
    /// An output with the weights; it has no margins.
    ///
    /// `blocks` are all matrices whose norm normalizes the margins, each `[neurons, dimensions]`.
    pub fn new(output: O, blocks: Vec<Tensor<2>>) -> Self {
        Self {
            output,
            blocks,
            scored: None,
        }
    }

    /// With labels ±1, `[batch]`, and one score a sample, `[batch]`: margins are `y_i f(x_i)`.
    pub fn with_scores(mut self, scores: Tensor<1>, labels: Tensor<1>) -> Self {
        self.scored = Some(ScoredBatch::Binary { scores, labels });
        self
    }

    /// With classes, `[batch]`, and one score a class, `[batch, classes]`: margins are the score of
    /// the own class minus the best other.
    pub fn with_classes(mut self, scores: Tensor<2>, classes: Tensor<1, Int>) -> Self {
        self.scored = Some(ScoredBatch::Classes { scores, classes });
        self
    }

    /// The output itself.
    pub fn output(&self) -> &O {
        &self.output
    }
}

impl Observed<ClassificationOutput> {
    /// Burn's output of a classifier, whose logits and targets give the margins, with the weights.
    pub fn classification(output: ClassificationOutput, blocks: Vec<Tensor<2>>) -> Self {
        let (logits, targets) = (output.output.clone(), output.targets.clone());
        Self::new(output, blocks).with_classes(logits, targets)
    }
}

impl<O: ItemLazy> ItemLazy for Observed<O> {
    fn sync(self) -> Result<Self, ExecutionError> {
        if let Some(block) = self.blocks.first() {
            // The thread of the metrics then does not wait on a queue that has not been sent off.
            block.device().flush()?;
        }
        let blocks = self.blocks.into_iter().map(Tensor::without_autodiff);
        Ok(Self {
            output: self.output.sync()?,
            blocks: blocks.collect(),
            scored: self.scored.map(ScoredBatch::without_autodiff),
        })
    }
}

impl<O> Adaptor<BlocksInput> for Observed<O> {
    fn adapt(&self) -> BlocksInput {
        BlocksInput {
            blocks: self.blocks.clone(),
        }
    }
}

impl<O> Adaptor<MarginsInput> for Observed<O> {
    fn adapt(&self) -> MarginsInput {
        MarginsInput {
            blocks: self.blocks.clone(),
            scored: self.scored.clone(),
        }
    }
}

/// Passes on what metrics of burn-train ask of the output inside.
macro_rules! pass_on {
    ($($input:ty),*) => {$(
        impl<O: Adaptor<$input>> Adaptor<$input> for Observed<O> {
            fn adapt(&self) -> $input {
                self.output.adapt()
            }
        }
    )*};
}

pass_on!(
    LossInput,
    AccuracyInput,
    TopKAccuracyInput,
    PerplexityInput,
    ConfusionStatsInput,
    HammingScoreInput
);

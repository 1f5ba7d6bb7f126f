//! The metrics as those of burn-train, for its dashboard, loggers, early stopping and checkpoint
//! strategies.
//!
//! With the feature `train`. Three changes to a learner:
//!
//! 1. its step returns its output with what the metrics look at, an [`Observed`];
//! 2. the metrics are registered with `SupervisedTraining::metrics`;
//! 3. nothing else: [`Observed`] passes on what burn-train's own metrics ask of the output inside.
//!
//! ```
//! use burn::module::Module;
//! use burn::nn::{Linear, loss::CrossEntropyLossConfig};
//! use burn::tensor::{Int, Tensor};
//! use burn::train::{ClassificationOutput, InferenceStep, TrainOutput, TrainStep};
//! use implicit_bias_metrics::train::Observed;
//!
//! #[derive(Module, Debug)]
//! struct Perceptron {
//!     hidden: Linear,
//!     output: Linear,
//! }
//!
//! # type Batch = (Tensor<2>, Tensor<1, Int>);
//! impl Perceptron {
//!     fn classify(&self, (images, targets): Batch) -> ClassificationOutput {
//!         let hidden = burn::tensor::activation::relu(self.hidden.forward(images));
//!         let logits = self.output.forward(hidden);
//!         let loss = CrossEntropyLossConfig::new().init(&logits.device());
//!         let loss = loss.forward(logits.clone(), targets.clone());
//!         ClassificationOutput::new(loss, logits, targets)
//!     }
//!
//!     fn weights(&self) -> Vec<Tensor<2>> {
//!         vec![self.hidden.weight.val(), self.output.weight.val()]
//!     }
//! }
//!
//! impl TrainStep for Perceptron {
//!     type Input = Batch;
//!     type Output = Observed<ClassificationOutput>; // was ClassificationOutput
//!
//!     fn step(&self, batch: Batch) -> TrainOutput<Self::Output> {
//!         let output = self.classify(batch);
//!         let gradients = output.loss.backward();
//!         TrainOutput::new(self, gradients, Observed::classification(output, self.weights()))
//!     }
//! }
//!
//! impl InferenceStep for Perceptron {
//!     type Input = Batch;
//!     type Output = Observed<ClassificationOutput>;
//!
//!     fn step(&self, batch: Batch) -> Self::Output {
//!         Observed::classification(self.classify(batch), self.weights())
//!     }
//! }
//! ```
//!
//! and then, where the training is put together:
//!
//! ```text
//! .metrics((
//!     LossMetric::new(),
//!     AccuracyMetric::new(),
//!     StableRankMetric::of_block(0, "hidden"),
//!     NormalizedMarginMetric::min(2.0), // two layers trained, no biases: degree of homogeneity 2
//! ))
//! ```
//!
//! All are [`Numeric`](burn::train::metric::Numeric). `StableRankMetric` is there with the feature
//! `spectrum`, which is a default one. What is undefined (the stable rank of a
//! zero block, anything of weights that are not finite) is shown as `N/A`, never as a number.

mod entry;
mod margin;
mod observed;
mod weights;

pub use margin::{MarginsInput, NormalizedMarginMetric};
pub use observed::{BlocksInput, Observed};
pub use weights::{Alignment, AlignmentMetric, WeightMetric};
#[cfg(feature = "spectrum")]
pub use weights::{StableRank, StableRankMetric};

#[cfg(all(test, feature = "spectrum"))]
mod tests;

//! Early alignment of the neurons of two layers that are both trained: claims of Min, Mallada &
//! Vidal (ICLR 2024, arXiv:2307.12851).
//!
//! | claim | says |
//! |---|---|
//! | `early-alignment` | before the loss falls, every neuron is dead or active on exactly the samples of the sign of its outer weight, and it stays so |
//! | `early-rank` | the stable rank of the hidden layer ends at 2 at most |
//! | `early-loss` | the loss falls like `O(1/t)` |
//!
//! They are judged on every run of the ReLU network whose layers are both trained by plain gradient
//! descent on the logistic or the exponential loss and that records its neurons (`--neurons`), also
//! on data and from weights that the theorem is not about: the hypotheses beside each verdict say
//! so. All thresholds are this project's.

mod early_run;
mod hypotheses;
pub mod ids;
mod loss;
mod neurons;
mod rank;
#[cfg(test)]
mod tests;
mod theory;

pub use theory::THEORY;

//! Where attention ends: claims of Vasudeva, Deora & Thrampoulidis (arXiv:2402.05738) on one
//! self-attention layer, and of Huang, Liang & Yang (arXiv:2409.17335) on a transformer that tells the
//! next token.
//!
//! | claim | is judged on |
//! |---|---|
//! | `attention-…` | attention with a fixed decoder, whatever the descent, on losses with an exponential tail |
//! | `transformer-…` | the transformer by two stages, by normalized or plain gradient descent |
//!
//! Each says how something goes with the number of steps, as an exponent of it. They are judged on
//! descents that no theorem is about, too: that they are refuted there is what the papers find. All
//! thresholds are this project's.

mod attention;
mod exponent;
pub mod ids;
#[cfg(test)]
mod tests;
mod transformer;

pub use attention::THEORY as ATTENTION;
pub use transformer::THEORY as TRANSFORMER;

//! Where attention ends: matrices of the least norm that tell the best token of a sample from the
//! others.

mod attention;
mod program;
mod transformer;

pub(crate) use attention::ATTENTION;
pub use attention::{AttentionProgram, attention_program};
pub use program::{LeastNorm, least_norm};
pub(crate) use transformer::TRANSFORMER;
pub use transformer::{TransformerPrograms, realizable, transformer_programs};

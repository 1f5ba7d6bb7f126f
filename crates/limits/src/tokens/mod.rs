//! Where attention ends: matrices of the least norm that tell the best token of a sample from the
//! others.

mod attention;
mod transformer;

pub(crate) use attention::ATTENTION;
pub use attention::{AttentionProgram, attention_program};
pub(crate) use transformer::TRANSFORMER;
pub use transformer::{TransformerPrograms, realizable, transformer_programs};

//! The keys that every run has, whatever its network and its descent, a file a subject.

pub mod data;
pub mod descent;
pub mod network;
pub mod output;
pub mod preparation;

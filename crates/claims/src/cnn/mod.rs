//! Filters of a convolution on signals among noise: claims of Zhang, Gao, Zou & Cao (arXiv:2504.08628).
//!
//! | claim | says |
//! |---|---|
//! | `filters-signal` | most of the filters is along the signals |
//! | `filters-rank-follows` | the stable rank of all filters is nearer that of the clean data than that of all patches |
//! | `filters-rank-reaches` | it reaches the number `2K` of signals |
//!
//! They are about what a run reaches once it has fitted its samples, not about for ever: on clean
//! orthogonal patches the rank `2K` is a plateau, which the closed form leaves after astronomically many
//! steps (derived). So a rank below `2K` refutes nothing, as long as the signals are learned: filters
//! that leave 0 later change it. What refutes are filters that have learned the noise instead of the
//! signals. All thresholds are this project's.

pub mod ids;
#[cfg(test)]
mod tests;
mod theory;

pub use theory::THEORY;

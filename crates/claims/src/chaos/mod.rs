//! Gradient descent on quadratic neurons at large steps: a claim of Chen, Balasubramanian, Ghosal &
//! Agrawalla (arXiv:2310.01687), with the boundaries in the form derived here.
//!
//! On orthogonal samples the prediction of each obeys `u ← u (1 + a − u)²`, with `u = κ f`, `a = κ y` and
//! `κ = 2 η s ‖x‖²/n`, `s` being the weight of a neuron (derived). The largest `a` decides: below 1 all
//! predictions converge, up to 2 some go on moving within bounds, periodically or not, and beyond 2 they
//! leave all bounds.
//!
//! Which period a run has is not told: what is recorded is too sparse. A start outside the basin diverges
//! whatever `a` is, so that divergence refutes nothing. On samples that are not orthogonal the claim is
//! judged as well, with that hypothesis not met: that it is refuted there is what is found. All thresholds
//! are this project's.

pub mod ids;
#[cfg(test)]
mod tests;
mod theory;

pub use theory::THEORY;

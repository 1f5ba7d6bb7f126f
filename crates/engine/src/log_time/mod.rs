//! Any network in log time: gradient flow followed by gradients alone, to any step.
//!
//! With `g_i = −ℓ'(q̃_i)` and `p_i = g_i/Σ_j g_j` the path of gradient descent with small steps is
//! that of `dW/dτ = Σ_i p_i ∇q̃_i`, on which `dt/dτ = 1/(η g)` for `g` the mean of the `g_i`; `p` and
//! `log g` come from logarithms, so that nothing underflows (docs/theory.md §8, derived).
//!
//! | file | what |
//! |---|---|
//! | `clock` | which step a point of the path stands for |
//! | `trajectory` | midpoint steps with the Armijo test, and the weights between them |
//! | `flow` | two trajectories with two lengths of steps, whose distance estimates the error |
//!
//! The method is no error-controlled Runge–Kutta: networks slide along kinks, where error control
//! shortens steps without end. The Armijo test does not, and chattering about a kink in steps of
//! some length averages to the sliding motion.

mod clock;
mod flow;
mod trajectory;

pub use self::clock::{Clock, Pace};
pub(crate) use self::flow::{FlowOutcome, FlowStart, FlowState, LogTimeFlow};

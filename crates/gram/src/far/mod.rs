//! Gradient descent in `τ = log t`, to any horizon.
//!
//! Step `t` moves the margins by `O(1/t)`: below double precision's resolution near `t = 10¹⁵`,
//! and out of reach of any loop long before. [`FarFlow`] follows instead the flow that gradient
//! descent follows step by step, the modified equation of its Euler map, with error per step
//! `O(t⁻⁴)`; in log time, where a decade costs a few dozen Runge–Kutta steps. (derived;
//! docs/theory.md §5)
//!
//! | file | what |
//! |---|---|
//! | `field` | the modified equation, in rates `v = t g` that stay of order one |
//! | `coupling` | groups of neurons that move in parallel, and the matrix `Ã` of the margins |
//! | `selection` | which pairs slide: the velocity of least norm |
//! | `transition` | the pieces that one neuron takes at an event |
//! | `events` | when a pair reaches the kink or leaves it |
//! | `runge_kutta`, `tableau` | DOP853 |
//! | `flow` | steps and events put together, on the state in `flow/state` |
//! | `flow/start` | the first state, and whether the modified equation holds there |
//! | `flow/locate` | instants of events |
//! | `flow/epoch` | new pieces of neurons, and the epoch that begins with them |
//! | `flow/ambiguity` | the error of events |
//! | `flow/guard` | limits of the work |
//! | `estimate` | how far all this may be from gradient descent |
//! | `far_flow`, `outcome` | the public type, and how its advances end |
//! | `checkpoint`, `flow/checkpoint` | a flow as data, to go on from later |
//! | `linear` | symmetric solves that survive repeated samples |

mod checkpoint;
mod coupling;
mod estimate;
mod events;
mod far_flow;
mod field;
mod flow;
mod linear;
mod outcome;
mod runge_kutta;
mod selection;
mod tableau;
#[cfg(test)]
mod tests;
mod transition;

pub use self::checkpoint::FarCheckpoint;
pub use self::far_flow::FarFlow;
pub use self::outcome::{FarOutcome, FarWork, Stall};

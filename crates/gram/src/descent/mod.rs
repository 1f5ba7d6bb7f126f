//! Exact gradient descent in Gram coordinates.
//!
//! Gradient descent never leaves `W(0) + span{x_i}`, so `W(t) = W(0) + C(t) X` and with
//! `H = W Xᵀ` one step is (docs/theory.md §4, derived)
//!
//! ```text
//! c_i = (η/(nm)) y_i g_i        ΔC_ki = s_k D_ki c_i        H += ΔC · G
//! ```
//!
//! | file | what |
//! |---|---|
//! | `gram_descent` | the public type, and the choice between plain steps and blocks |
//! | `state` | `H`, `C` and the margins |
//! | `plain` | one step after the other, for every neuron |
//! | `tables` | what a plain step adds: `2m n²/4` additions from tables |
//! | `budget` | which pairs keep their sign over a block of steps, and how long that is proven |
//! | `block` | steps in `n` dimensions that watch the other pairs, `n²` and a little each |
//! | `places` | where these pairs lie in memory |
//! | `inner` | its inner loop |
//! | `multiply` | the product in it |
//! | `kicks` | what pairs that are on add to the watched pairs of their neurons |
//! | `fields` | how the neurons that are on are counted |
//! | `counts` | how many are on, what they add to the matrix of the next step, and the margins |
//! | `transfer` | products over all neurons, at the two ends of a block |
//! | `cost` | the costs of plain steps and of blocks |
//! | `checkpoint`, `block_checkpoint` | the state as data, to continue to the last bit |

mod block;
mod block_checkpoint;
mod budget;
mod checkpoint;
mod cost;
mod counts;
mod fields;
mod gram_descent;
mod inner;
mod kicks;
mod multiply;
mod places;
mod plain;
mod state;
mod tables;
#[cfg(test)]
mod tests;
mod transfer;

pub use self::checkpoint::DescentCheckpoint;
pub use self::gram_descent::{GramDescent, Outcome, Stepping, Work};

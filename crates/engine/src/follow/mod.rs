//! Any homogeneous system to any step: margins and their gradients from a trait or a closure.
//!
//! A system is asked for its margins at given weights and for sums of their gradients, and nothing
//! else: [`FollowEngine`] takes exact steps of gradient descent, then follows it in log time, by the
//! same code as the networks of this crate.
//!
//! | file | what |
//! |---|---|
//! | `system` | what a system answers, by a trait or a closure |
//! | `ask` | its answers, every number of them finite |
//! | `scaled` | a system at weights of any norm, asked at weights of norm 1 to 2 |
//! | `degree` | the degree of homogeneity, measured and checked; gradients held to differences |
//! | `answers` | what a system answers at some weights, as these checks look at it |
//! | `engine` | the engine of a system |

mod answers;
mod ask;
mod degree;
mod engine;
mod scaled;
mod system;

pub use self::degree::{Degree, check_degree};
pub use self::engine::{FollowEngine, FollowOptions};
pub use self::system::{MarginSystem, SystemError, margin_system};

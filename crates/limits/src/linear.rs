//! Where descents of a linear network `f(x) = ⟨w, x⟩` end: weights of maximum margin.
//!
//! On separable samples, gradient descent on the logistic or exponential loss turns towards the
//! weights of maximum margin in the Euclidean norm (Soudry et al., JMLR 2018); sign descent and
//! Adam without `ε` towards those in the maximum norm (Zhang, Zou & Cao, NeurIPS 2024,
//! arXiv:2406.10650).
//!
//! | file | what |
//! |---|---|
//! | `samples` | samples times labels, checked |
//! | `margin_l2`, `margin_linf` | weights of maximum margin in either norm |
//! | `outcome` | separable, not separable and why, or not solved |
//! | `interior_point` | both programs, solved by Clarabel |
//! | `active_set`, `vertex`, `ascent`, `uniqueness` | exact solutions of the linear program |
//! | `inseparable` | proofs that no weights separate |
//! | `adam_far`, `why_not` | how Adam without `ε`, and sign descent, go on to any step |
//! | `step_law`, `step_sum` | how fast they move, and how far in all |
//! | `dense` | linear equations, singular ones too |

mod active_set;
mod adam_far;
mod ascent;
mod dense;
mod error;
mod inseparable;
mod interior_point;
mod margin_l2;
mod margin_linf;
mod outcome;
mod samples;
mod step_law;
mod step_sum;
mod uniqueness;
mod vertex;
mod why_not;

pub use adam_far::{AdamFar, FarDescent};
pub use error::LinearError;
pub use margin_l2::{MarginL2, max_margin_l2};
pub use margin_linf::{MarginLinf, max_margin_linf};
pub use outcome::{Inseparable, MarginOutcome, Uniqueness};
pub use samples::{MAX_ENTRY, SignedSamples};
pub use step_law::{Pace, SignLikeDescent};
pub use step_sum::StepSizes;
pub use why_not::WhyNot;

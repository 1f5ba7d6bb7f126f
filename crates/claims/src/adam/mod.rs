//! Adam, sign descent and gradient descent on separable data with a linear network: claims of
//! Zhang, Zou & Cao (NeurIPS 2024, arXiv:2406.10650) and of Soudry et al. (2018).
//!
//! | claim | is judged on |
//! |---|---|
//! | `linf-margin` | every descent on a linear network whose loss has an exponential tail |
//! | `linf-rate` | Adam without `ε` and sign descent on all samples, `η_t = η (t + t₀)^{−a}`, `a ≤ 1` |
//! | `l2-margin` | all of these but those of `linf-rate` |
//!
//! `linf-margin` is judged on descents that no theorem sends there, too: that it is refuted on them
//! is what the paper finds. The hypotheses beside each verdict say whether a theorem is about the
//! run. All thresholds are this project's.

mod direction;
mod hypotheses;
pub mod ids;
mod linear_run;
mod rate;
#[cfg(test)]
mod tests;
mod theory;

pub use theory::THEORY;

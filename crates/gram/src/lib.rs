//! Exact gradient descent of two-layer networks in Gram coordinates, to any horizon, and its limit.
//!
//! Gradient descent on the two-layer network of Kou, Chen & Gu (NeurIPS 2023, arXiv:2310.18935)
//! sees its samples only through their inner products. This crate runs it there, at a cost that
//! depends neither on the dimension nor, once activation patterns have settled, on the width;
//! follows it in `log t` to any horizon; computes the direction in which it ends; and proves, for
//! one run, that it does.
//!
//! | module | content | docs/theory.md |
//! |---|---|---|
//! | [`Problem`] | inner products, labels, width, activation, loss, step size | §4 |
//! | [`GramDescent`] | every step, in blocks without unwatched sign changes | §4, §5 |
//! | [`FarFlow`] | `log t` in place of `t`, with an error estimate | §5 |
//! | [`limit`] | the convex program whose solution is the limit | §6 |
//! | [`certificate`](mod@certificate) | a proof that a pattern never changes again | derived here |
//! | [`Start`] | norms, spectra and margins from Gram coordinates | §4 |
//!
//! Everything here is derived for this project and checked against trajectories; the network and
//! the claims about it are the paper's. All numbers are `f64`; there is no Burn here.
//!
//! ```
//! use implicit_bias_data::{DataLaw, Mixture};
//! use implicit_bias_data::random::{Stream, gaussian_matrix};
//! use implicit_bias_gram::{FarFlow, FarOutcome, GramDescent, Limit, Outcome, Problem, certify};
//! use implicit_bias_scalar::{Activation, Loss};
//! use ndarray::{Axis, concatenate};
//!
//! let data = Mixture { samples: 10, dim: 2000, signal: 1.0, noise: 1.0 }.generate(0)?;
//! let [pos, neg] = [Stream::WeightsPos, Stream::WeightsNeg]
//!     .map(|stream| gaussian_matrix(50, 2000, 1e-3, 0, stream).expect("a small matrix"));
//! let start = concatenate(Axis(0), &[pos.view(), neg.view()])?.dot(&data.x().t());
//!
//! // A million steps, every one of them.
//! let problem = Problem::new(&data, 50, Activation::leaky_relu(0.1)?, Loss::Logistic, 0.1)?;
//! let mut descent = GramDescent::new(problem.clone(), start)?;
//! assert_eq!(descent.advance(1e6), Outcome::Reached);
//!
//! // Where it ends, and a proof that it ends there.
//! let h = descent.pre_activations();
//! let limit = Limit::solve(&problem, h.view())?;
//! assert!(limit.is_consistent());
//! println!("stable rank of W_pos -> {}", limit.stable_rank_pos()); // 1
//! // Prints "proven from step 1000000".
//! println!("{}", certify(&problem, &limit, h.view(), descent.step())?);
//!
//! // On to step 10^300.
//! let mut far = FarFlow::new(problem, 1e6, h, descent.coefficients())?;
//! assert_eq!(far.advance(1e300), FarOutcome::Reached);
//! let log_loss = Loss::Logistic.log_mean(&far.margins());
//! assert!((log_loss + 300.0 * 10f64.ln()).abs() < 10.0, "the loss is of order 1/t");
//! # assert!((limit.stable_rank_pos() - 1.0).abs() < 1e-9);
//! # let h = descent.pre_activations();
//! # assert!(certify(descent.problem(), &limit, h.view(), 1e6)?.is_proven());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod certificate;
mod descent;
mod error;
mod far;
mod inner_products;
mod kernel;
pub mod limit;
mod measure;
mod piece;
mod problem;
pub mod sparse;
mod threads;

pub use certificate::{Accuracy, Certificate, NotProven, Proof, certify, certify_within};
pub use descent::{DescentCheckpoint, GramDescent, Outcome, Stepping, Work};
pub use error::GramError;
pub use far::{FarCheckpoint, FarFlow, FarOutcome, FarWork, Stall};
pub use limit::{ActiveCuts, Added, KktResiduals, Limit, NeuronGroup, SlidingPair, TightestPair};
pub use measure::{
    ActivationPattern, BlockMeasures, GramState, Measures, PatternChanges, PatternCounts, Spectrum,
    Start, weights,
};
pub use problem::Problem;

/// The examples of the README, which are compiled and run with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

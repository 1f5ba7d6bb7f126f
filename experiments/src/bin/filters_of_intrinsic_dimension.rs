//! The filters of a convolution come to the stable rank of the signals.
//!
//! Claim (Zhang, Gao, Zou & Cao, arXiv:2504.08628): the stable rank of the filters follows that of the
//! clean data, the number of signals, and not that of the noisy data.
//!
//! Setting: 20 samples of 4 patches in 120 dimensions (ours). Expected: near 4 to noise 0.3 while that
//! of all patches goes to about 18; elsewhere at noise 0.6, for large initial weights, for other
//! activations and for noise along the signals; on clean data a plateau that ends.
//! Runtime: a minute on two cores; less with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::cnn;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&cnn::SYSTEM, cnn::filters_of_intrinsic_dimension)
}

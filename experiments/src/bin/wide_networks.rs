//! Neurons of wide networks end on the directions of the clusters, or of maxima of a sum over
//! samples.
//!
//! Claims (Tsoy & Konstantinov): neurons end on the clusters' directions, and near them further
//! once all samples are classified rightly.
//!
//! Setting: the authors', but for the width and the draw of the samples. Expected: supported for
//! lines at a right angle and small initial weights; refuted at 60° and from large ones.
//! Runtime: two minutes on two cores; seconds with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::simplicity;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&simplicity::SYSTEM, simplicity::wide_networks)
}

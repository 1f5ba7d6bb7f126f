//! Simplicity bias beyond separable data: claims of Tsoy & Konstantinov (ICML 2024,
//! arXiv:2405.17299) on two classes of two opposite clusters each, in the plane.
//!
//! | claim | says |
//! |---|---|
//! | `cluster-directions` | neurons end on the lines of the clusters of their class |
//! | `bias-intensifies` | from where all samples are classified rightly on they near them further |
//!
//! They are judged on every run in the plane of the ReLU network whose layers are both trained by
//! plain gradient descent on the logistic loss, that records its neurons (`--neurons`), and whose
//! data have opposite samples in a class. The claims are read from the authors' setting;
//! thresholds, and the choice of the 95 % quantile over the neurons, are this project's.

pub mod ids;
mod planar_run;
mod theory;
mod verdicts;

#[cfg(test)]
mod tests;

pub use theory::THEORY;

//! Tsoy & Konstantinov (arXiv:2405.17299): simplicity bias of two layers on four clusters in the
//! plane.
//!
//! The settings are those of the authors' code, with samples drawn here.

mod far;
mod figures;
mod four_neurons;
mod growth;
mod neurons;
mod setting;
mod wide;

use implicit_bias_lab::study::{Effort, Study, System};

pub use four_neurons::four_neurons;
pub use wide::wide_networks;

/// The system, for `reproduce`.
pub const SYSTEM: System = System {
    name: "simplicity",
    title: "Simplicity bias beyond separable data",
    origin: "An independent reproduction of Tsoy & Konstantinov (arXiv:2405.17299)",
    introduction: "Tsoy & Konstantinov (arXiv:2405.17299) train two-layer ReLU networks, both \
                   layers, on four clusters in the plane, two opposite ones a class, and find that \
                   neurons gather on few directions, the more so the longer they train. This \
                   report measures their angles in both of the settings of the authors' code, \
                   follows four neurons to times of 10³⁰⁰ by a law derived here, and shows where \
                   the claim fails. Criteria are this project's own.",
    studies: all,
};

/// All studies, in the order of the report.
fn all(effort: Effort) -> Vec<Study> {
    vec![four_neurons(effort), wide_networks(effort)]
}

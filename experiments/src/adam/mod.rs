//! Zhang, Zou & Cao (NeurIPS 2024, arXiv:2406.10650): where Adam ends up on separable data with a
//! linear network, beside gradient descent.
//!
//! The settings are this project's own, not the paper's.

mod far;
mod figures;
mod runs;
mod study;
mod table;

use implicit_bias_lab::study::{Effort, Study, System};

pub use study::adam_on_separable_data;

/// The system, for `reproduce`.
pub const SYSTEM: System = System {
    name: "adam",
    title: "Where Adam ends up on separable data",
    introduction: "Zhang, Zou & Cao (NeurIPS 2024, arXiv:2406.10650) prove that Adam without ε takes \
                   a linear network on separable data to the maximum margin in the maximum norm, \
                   where gradient descent goes to that in the Euclidean norm (Soudry et al. 2018). \
                   This report trains linear networks by both and their relatives, compares their \
                   margins with both maxima, and follows them to 10³⁰⁰ steps by laws derived here. \
                   All settings and criteria are this project's own.",
    studies: all,
};

/// All studies, in the order of the report.
fn all(effort: Effort) -> Vec<Study> {
    vec![adam_on_separable_data(effort)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use implicit_bias_lab::config::RunConfig;

    #[test]
    fn every_run_is_a_valid_configuration() {
        for effort in [Effort::Quick, Effort::Full] {
            for run in adam_on_separable_data(effort).runs {
                RunConfig::resolve(&run.settings)
                    .unwrap_or_else(|error| panic!("{}: {error}", run.label));
            }
        }
    }
}

//! Kou, Chen & Gu (NeurIPS 2023, arXiv:2310.18935): a claim or a figure a study.
//!
//! The settings are this project's own, not the paper's.

mod common;
mod far_horizon;
mod held_out;
mod initialization_scale;
mod leaky_relu_rank_one;
mod leaky_slope;
mod loss_and_norm_rates;
mod margin_equality;
mod mnist;
mod mnist_ten_classes;
mod near_orthogonality;
mod phase_of_the_limit;
mod relu_bounded_rank;

use implicit_bias_lab::study::{Effort, Study, System};

pub use far_horizon::far_horizon;
pub use initialization_scale::initialization_scale;
pub use leaky_relu_rank_one::leaky_relu_rank_one;
pub use leaky_slope::leaky_slope;
pub use loss_and_norm_rates::loss_and_norm_rates;
pub use margin_equality::margin_equality;
pub use mnist::mnist;
pub use mnist_ten_classes::{TEN_CLASSES, mnist_ten_classes};
pub use near_orthogonality::near_orthogonality;
pub use phase_of_the_limit::phase_of_the_limit;
pub use relu_bounded_rank::relu_bounded_rank;

/// The system, for `reproduce`; the studies of real images need files and have binaries alone.
pub const SYSTEM: System = System {
    name: "kou",
    title: "Where gradient descent ends up on nearly orthogonal data",
    origin: "",
    introduction: "Kou, Chen & Gu (NeurIPS 2023, arXiv:2310.18935) prove where plain gradient \
                   descent takes two-layer ReLU and leaky ReLU networks on nearly orthogonal data. \
                   This report trains such networks, measures what the theorems speak of, and \
                   judges each claim with a stated criterion. All settings and criteria are this \
                   project's own.",
    studies: all,
};

/// All studies, in the order of the report.
fn all(effort: Effort) -> Vec<Study> {
    vec![
        leaky_relu_rank_one(effort),
        relu_bounded_rank(effort),
        margin_equality(effort),
        loss_and_norm_rates(effort),
        initialization_scale(effort),
        leaky_slope(effort),
        near_orthogonality(effort),
        far_horizon(effort),
        phase_of_the_limit(effort),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use implicit_bias_lab::config::RunConfig;
    use implicit_bias_lab::study::StudyRun;

    #[test]
    fn every_run_of_every_study_is_a_valid_configuration() {
        for effort in [Effort::Quick, Effort::Full] {
            let of_images = [mnist(effort), mnist_ten_classes(effort)];
            for study in all(effort).into_iter().chain(of_images) {
                let runs: Vec<&StudyRun> = study.runs.iter().chain(&study.limits).collect();
                assert!(!runs.is_empty());
                for run in runs {
                    RunConfig::resolve(&run.settings)
                        .unwrap_or_else(|error| panic!("{}, {}: {error}", study.name, run.label));
                }
            }
        }
    }
}

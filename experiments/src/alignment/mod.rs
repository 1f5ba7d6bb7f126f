//! Min, Mallada & Vidal (ICLR 2024, arXiv:2307.12851): early alignment of the neurons of two layers
//! that are both trained.
//!
//! The settings are this project's own, but for those of the paper's MNIST experiment.

mod figures;
mod mnist;
mod runs;
mod study;
mod table;

use implicit_bias_lab::study::{Effort, Study, System};

pub use mnist::early_alignment_mnist;
pub use study::early_alignment;

/// The system, for `reproduce`.
pub const SYSTEM: System = System {
    name: "alignment",
    title: "Early neuron alignment",
    origin: "An independent reproduction of Min, Mallada & Vidal (ICLR 2024, arXiv:2307.12851)",
    introduction: "Min, Mallada & Vidal (ICLR 2024, arXiv:2307.12851) prove what small \
                   initialization does to a two-layer ReLU network whose layers are both trained \
                   by gradient flow: neurons first turn to the samples of one class each, then \
                   grow, and the network ends with a hidden layer of stable rank 2 at most. This \
                   report measures when, from initial weights down to 10⁻⁶⁰ and to 10¹⁵ steps, and \
                   where it fails. Criteria are this project's own.",
    studies: all,
};

/// All studies, in the order of the report; that of real images where they are at hand.
fn all(effort: Effort) -> Vec<Study> {
    vec![early_alignment(effort), mnist::where_at_hand(effort)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use implicit_bias_claims::Verdict;
    use implicit_bias_claims::alignment::ids::{EARLY_ALIGNMENT, EARLY_LOSS, EARLY_RANK};
    use implicit_bias_lab::config::RunConfig;
    use implicit_bias_lab::study::StudyResult;

    #[test]
    fn every_run_is_a_valid_configuration() {
        for effort in [Effort::Quick, Effort::Full] {
            for study in [early_alignment(effort), early_alignment_mnist(effort)] {
                for run in study.runs {
                    RunConfig::resolve(&run.settings)
                        .unwrap_or_else(|error| panic!("{}: {error}", run.label));
                }
            }
        }
    }

    /// Where the images are not, the study says how to get them.
    #[test]
    fn a_study_without_images_is_drawn() {
        let mut study = mnist::where_at_hand(Effort::Quick);
        study.runs.clear();
        let (_folder, found) = testing::done(&SYSTEM, &study);
        assert!(found.rows().is_empty());
    }

    /// Some of the runs: verdicts, times, and the closed forms.
    #[test]
    fn the_theorem_holds_where_it_is_about_and_is_refuted_elsewhere() {
        let mut study = early_alignment(Effort::Quick);
        let shown = [
            "μ = 0.5",
            "σ₀ = 10⁻²⁰",
            "orthogonal, n = 4",
            "μ = 0.1, ε = 2",
        ];
        study.runs.retain(|run| shown.contains(&run.label.as_str()));
        assert_eq!(study.runs.len(), shown.len());
        let (_folder, found) = testing::done(&SYSTEM, &study);
        let runs = study.runs.iter().zip(found.records());
        let results: Vec<_> = runs
            .map(|(run, record)| StudyResult { run, record })
            .collect();
        for result in &results {
            let is_about = result.run.panel != runs::ELSEWHERE;
            let of = |id| table::claim(result, id).expect("a claim").verdict;
            let expected = match is_about {
                true => Verdict::Supported,
                false => Verdict::Refuted,
            };
            let label = &result.run.label;
            assert_eq!(of(EARLY_ALIGNMENT), expected, "{label}");
            assert_eq!(of(EARLY_LOSS), Verdict::Supported, "{label}");
            // Orthogonal samples end at 2 itself, and large weights are not forgotten.
            let is_open = of(EARLY_RANK) == Verdict::Inconclusive;
            assert_eq!(is_open, !is_about, "{label}");
            if is_about {
                let [samples, cosine] = ["samples", "cosine"].map(|key| runs::setting(result, key));
                let rank = result
                    .record
                    .series
                    .last("stable_rank_hidden")
                    .expect("a rank");
                assert!(
                    (rank - runs::limiting_rank(samples, cosine)).abs() < 1e-6,
                    "{label}"
                );
                let times = runs::Times::of(result);
                assert!(times.aligned.expect("aligned") < times.fallen.expect("fallen"));
            }
        }
        for table in [table::times(&results), table::elsewhere(&results)] {
            assert_eq!(table.rows.len(), 2);
            for row in &table.rows {
                assert_eq!(row.len(), table.header.len(), "{row:?}");
            }
        }
    }
}

//! Tsoy & Konstantinov (ICML 2024, arXiv:2405.17299): simplicity bias of two layers on four
//! clusters in the plane.
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
    origin: "An independent reproduction of Tsoy & Konstantinov (ICML 2024, arXiv:2405.17299)",
    introduction: "Tsoy & Konstantinov (ICML 2024, arXiv:2405.17299) train two-layer ReLU \
                   networks, both layers, on four clusters in the plane, two opposite ones a \
                   class, and find that neurons gather on few directions, the more so the longer \
                   they train. This report measures their angles in both of the settings of the \
                   authors' code, follows four neurons to times of 10³⁰⁰ by a law derived here, \
                   and shows where the claim fails. Criteria are this project's own.",
    studies: all,
};

/// All studies, in the order of the report.
fn all(effort: Effort) -> Vec<Study> {
    vec![four_neurons(effort), wide_networks(effort)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use implicit_bias_claims::Verdict;
    use implicit_bias_claims::simplicity::ids::CLUSTER_DIRECTIONS;

    fn verdict(found: &implicit_bias_lab::study::Reproduction, run: usize) -> Verdict {
        let claims = &found.records()[run].claims;
        let claim = claims.iter().find(|claim| claim.id == CLUSTER_DIRECTIONS);
        claim.expect("a claim about the run").verdict
    }

    /// One of the three orders: the closed form of the margin, the law and the order of growth.
    #[test]
    fn four_neurons_end_on_the_axes_with_the_margin_of_the_closed_form() {
        let mut study = four_neurons(Effort::Quick);
        study.runs.truncate(1);
        let (_folder, found) = testing::done(&SYSTEM, &study);
        assert_eq!(verdict(&found, 0), Verdict::Supported);
        let run = (&study.runs[0], &found.records()[0]);
        let result = implicit_bias_lab::study::StudyResult {
            run: run.0,
            record: run.1,
        };
        let shown = (study.show.expect("tables"))(&[result], &[]);
        let number = |text: &str| -> f64 { text.replace('−', "-").parse().expect("a number") };
        let [directions, far] = &shown.tables[..] else {
            panic!("two tables")
        };
        let row = &directions.rows[0];
        assert!((number(&row[4]) - number(&row[5])).abs() < 5e-6, "{row:?}");
        assert!(number(&row[1]) < number(&row[2]), "{row:?}");
        let row = &far.rows[0];
        assert!(number(&row[4]).abs() < 0.01, "{row:?}");
        assert!(
            shown.paragraphs[0].starts_with("In 1 of 1 runs"),
            "{:?}",
            shown.paragraphs
        );
    }

    /// Narrow networks: on the lines at a right angle, off them at 60°, in the directions of `G`.
    #[test]
    fn neurons_end_where_the_sum_over_samples_is_largest() {
        let mut study = wide_networks(Effort::Quick);
        study.runs.truncate(2);
        for run in &mut study.runs {
            run.settings.set("width", 24);
            run.settings.set("steps", 2000.0);
        }
        let (_folder, found) = testing::done(&SYSTEM, &study);
        assert_eq!(verdict(&found, 0), Verdict::Supported);
        assert_eq!(verdict(&found, 1), Verdict::Refuted);
        let runs = study.runs.iter().zip(found.records());
        let results: Vec<_> = runs
            .map(|(run, record)| implicit_bias_lab::study::StudyResult { run, record })
            .collect();
        let shown = (study.show.expect("tables"))(&results, &[]);
        let gathered = &shown.tables[1];
        assert_eq!(gathered.rows.len(), 8);
        let degrees = |text: &str| -> f64 { text.trim_end_matches('°').parse().expect("degrees") };
        for row in &gathered.rows {
            let apart = (degrees(&row[2]) - degrees(&row[3])).rem_euclid(360.0);
            assert!(apart.min(360.0 - apart) < 5.0, "{row:?}");
        }
    }
}

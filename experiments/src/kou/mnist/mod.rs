//! The claims on real images: MNIST digits, raw, centred and with noise.

mod figures;
mod runs;
mod table;

use self::runs::{DIGITS, is_rank_claim, preparation};
use crate::kou::common::{PAPER, SLOPE, run_with, steps};
use crate::kou::held_out;
use implicit_bias_claims::{Claim, Verdict, kou::ids};
use implicit_bias_lab::RunRecord;
use implicit_bias_lab::config::Settings;
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult};

/// Samples of each digit.
const PER_CLASS: usize = 10;

/// Standard deviations of the noise added to pixels in `[0, 1]`.
const NOISE: [f64; 4] = [0.1, 0.3, 1.0, 3.0];

/// Initial scales.
const SCALES: [f64; 3] = [1e-4, 1e-2, 1e-1];

/// Stable rank, margins, verdicts, limits and held-out accuracy on MNIST, over preparation ×
/// initial scale, both activations.
pub fn mnist(effort: Effort) -> Study {
    let mut runs = Vec::new();
    for slope in [Some(SLOPE), None] {
        for (parameter, (name, settings)) in preparations().into_iter().enumerate() {
            for sigma in SCALES {
                let settings = settings
                    .clone()
                    .with("init-scale", sigma)
                    .with("width", effort.pick(10, 50))
                    .with("steps", steps(crate::kou::common::HORIZON))
                    .with("exact-steps", steps(effort.pick(1e4, 1e6)))
                    .with("record", 10);
                let label = format!("{name}, σ₀ = {sigma}");
                runs.push(run_with(slope, label, parameter as f64, settings));
            }
        }
    }
    let (width, exact) = effort.pick((10, "10⁴"), (50, "10⁶"));
    Study {
        name: "mnist",
        title: "Real images",
        statement: Statement {
            text: "Leaky ReLU: the stable rank of each block tends to 1. ReLU: it stays bounded. \
                   Both: all normalized margins become equal. Proven for nearly orthogonal data, \
                   which raw images are not; noise makes them so."
                .to_owned(),
            source: format!(
                "{PAPER}; which claims survive on which images is this project's question, on its \
                 own settings"
            ),
        },
        setting: format!(
            "MNIST digits {} (+1) against {} (−1), {PER_CLASS} of each, pixels in [0, 1], d = 784; \
             raw, centred by their mean, and raw with Gaussian noise of standard deviation σ in \
             each pixel; m = {width}, η = 0.1, σ₀ from 10⁻⁴ to 10⁻¹, T = 10¹⁵ in Gram coordinates, \
             exact to {exact}, then in log time (this project's settings)",
            DIGITS[0], DIGITS[1]
        ),
        paragraphs: vec![
            "Verdicts and limits speak of the data at hand: a claim that is refuted on raw images \
             is no counterexample to a theorem that asks for near-orthogonality."
                .to_owned(),
            "Held-out accuracy is the share of all test digits of the two classes, without noise, \
             scaled and centred as the training digits were, that the last weights classify \
             rightly."
                .to_owned(),
        ],
        runs,
        claims: &[],
        columns: &[],
        limits: Vec::new(),
        show: Some(show),
        figures: figures::all,
    }
}

/// What is done to the images, each with its name.
fn preparations() -> Vec<(String, Settings)> {
    let base = Settings::default()
        .with("data", "mnist")
        .with("positive", DIGITS[0].to_owned())
        .with("negative", DIGITS[1].to_owned())
        .with("per-class", PER_CLASS)
        .with("step-size", 0.1)
        .with("seed", 0);
    let centred = base.clone().with("centre", true);
    let noisy = NOISE.map(|noise| {
        let settings = base.clone().with("noise", noise);
        (format!("noise σ = {noise}"), settings)
    });
    [("raw".to_owned(), base), ("centred".to_owned(), centred)]
        .into_iter()
        .chain(noisy)
        .collect()
}

/// Whether every claim of a kind was supported on a run.
fn supported(record: &RunRecord, kind: impl Fn(&Claim) -> bool) -> bool {
    let mut claims = record.claims.iter().filter(|claim| kind(claim)).peekable();
    claims.peek().is_some() && claims.all(|claim| claim.verdict == Verdict::Supported)
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    // Without them the rest is still worth showing.
    let (accuracy, note) = match held_out::accuracies(results) {
        Ok(accuracy) => (accuracy, None),
        Err(error) => (
            Vec::new(),
            Some(format!("Held-out accuracy is not known: {error}.")),
        ),
    };
    let same_panel = |a: &StudyResult<'_>, b: &StudyResult<'_>| a.run.panel == b.run.panel;
    let paragraphs = results.chunk_by(same_panel).map(|of_panel| {
        let rank = count_by_preparation(of_panel, is_rank_claim);
        let margins = count_by_preparation(of_panel, |claim| claim.id == ids::MARGINS);
        format!(
            "{}: the claim on the stable rank is supported in both blocks for {rank}. Equal \
             margins are supported for {margins}.",
            of_panel[0].run.panel
        )
    });
    let verdict_table = table::verdict_table(results, &accuracy);
    Shown {
        paragraphs: paragraphs.chain(note).collect(),
        files: vec![
            (
                "mnist-claims.md".to_owned(),
                table::markdown(&verdict_table),
            ),
            ("mnist-runs.csv".to_owned(), table::csv(results, &accuracy)),
        ],
        tables: [vec![verdict_table], table::tables(results, &accuracy)].concat(),
        figures: Vec::new(),
    }
}

/// `raw 3 of 3, centred 2 of 3, …`: for how many runs of each preparation a claim is supported.
fn count_by_preparation(results: &[StudyResult<'_>], kind: impl Fn(&Claim) -> bool) -> String {
    let same = |a: &StudyResult<'_>, b: &StudyResult<'_>| preparation(a) == preparation(b);
    let counts = results.chunk_by(same).map(|group| {
        let count = group
            .iter()
            .filter(|result| supported(result.record, &kind))
            .count();
        format!("{} {count} of {}", preparation(&group[0]), group.len())
    });
    counts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;

//! The runs on MNIST in numbers: tables for the report, and a file for other programs.

use super::runs::{initial_scale, is_rank_claim, margin_gap, preparation};
use implicit_bias_claims::{Claim, Verdict, kou::ids};
use implicit_bias_lab::RunRecord;
use implicit_bias_lab::report::Table;
use implicit_bias_lab::study::StudyResult;
use implicit_bias_output::format_number;

/// Which claims survive on which images: a row a preparation, a mark an initial scale.
pub(super) fn verdict_table(results: &[StudyResult<'_>], accuracy: &[f64]) -> Table {
    let mut header = words(&["images", "R_min²/(n p)"]);
    let mut rows: Vec<Vec<String>> = Vec::new();
    let same_panel = |a: &StudyResult<'_>, b: &StudyResult<'_>| a.run.panel == b.run.panel;
    let same_images = |a: &StudyResult<'_>, b: &StudyResult<'_>| preparation(a) == preparation(b);
    let mut accuracy = accuracy.iter().copied();
    for (panel, of_panel) in results.chunk_by(same_panel).enumerate() {
        let name = of_panel[0].run.panel.split(',').next().unwrap_or_default();
        for column in [
            "rank",
            "equal margins",
            "limiting margin gap",
            "held-out accuracy",
        ] {
            header.push(format!("{name}: {column}"));
        }
        for (index, group) in of_panel.chunk_by(same_images).enumerate() {
            if panel == 0 {
                let ratio = group[0].record.manifest.data.ratio.unwrap_or(f64::INFINITY);
                rows.push(vec![
                    preparation(&group[0]).to_owned(),
                    format_number(ratio),
                ]);
            }
            let marks = |of: &dyn Fn(&Claim) -> bool| {
                let marks = group.iter().map(|result| mark(&result.record.claims, of));
                marks.collect::<Vec<_>>().join(" ")
            };
            let gaps = group.iter().map(|result| limiting_gap(result.record));
            let held_out: Vec<f64> = accuracy.by_ref().take(group.len()).collect();
            rows[index].extend([
                marks(&is_rank_claim),
                marks(&|claim| claim.id == ids::MARGINS),
                gaps.collect::<Vec<_>>().join(" "),
                range_of_shares(&held_out),
            ]);
        }
    }
    Table {
        caption: "Which claims survive on which images, a mark an initial scale from the smallest \
                  to the largest: ✓ supported, ✗ refuted, ? inconclusive within the horizon; of \
                  two blocks the worse. The gap (max − min)/mean of the limiting margins (derived) \
                  is 0 where all become equal, — where the limit program does not decide."
            .to_owned(),
        header,
        rows,
    }
}

/// `95.8 %`, or `91.4 … 94.1 %`.
fn range_of_shares(shares: &[f64]) -> String {
    let low = shares.iter().copied().fold(f64::INFINITY, f64::min);
    let high = shares.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let [low, high] = [low, high].map(|share| format!("{:.1}", 100.0 * share));
    match shares {
        [] => "—".to_owned(),
        _ if low == high => format!("{low} %"),
        _ => format!("{low} … {high} %"),
    }
}

/// The limiting margin gap where the limit program decides.
fn limiting_gap(record: &RunRecord) -> String {
    record
        .prediction
        .decisive()
        .map_or("—".to_owned(), |limit| {
            // Equal margins differ by rounding alone.
            let gap = limit.margin_gap();
            if gap < 1e-8 {
                "0".to_owned()
            } else {
                format!("{gap:.2}")
            }
        })
}

/// A table in Markdown, to paste.
pub(super) fn markdown(table: &Table) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule = vec!["---".to_owned(); table.header.len()];
    let rows = table.rows.iter().map(|row| line(row));
    line(&table.header) + &line(&rule) + &rows.collect::<String>()
}

/// For each activation a table of numbers and a table of verdicts.
pub(super) fn tables(results: &[StudyResult<'_>], accuracy: &[f64]) -> Vec<Table> {
    let same_panel = |a: &StudyResult<'_>, b: &StudyResult<'_>| a.run.panel == b.run.panel;
    let (mut numbers, mut verdicts) = (Vec::new(), Vec::new());
    let mut accuracy = accuracy.iter().copied();
    for of_panel in results.chunk_by(same_panel) {
        let panel = &of_panel[0].run.panel;
        numbers.push(Table {
            caption: format!(
                "{panel}: values at the last step and their limits (derived). SR: stable rank; \
                 margin gap: (max − min)/mean."
            ),
            header: words(&[
                "images",
                "σ₀",
                "R_min²/(n p)",
                "SR of W₊₁",
                "limit",
                "SR of W₋₁",
                "limit",
                "margin gap",
                "limit",
            ]),
            rows: of_panel.iter().map(numbers_of).collect(),
        });
        verdicts.push(Table {
            caption: format!(
                "{panel}: verdicts on the claims (✓ supported, ✗ refuted, ? inconclusive; on the \
                 rank of the two blocks the worse), and accuracy on held-out digits."
            ),
            header: words(&[
                "images",
                "σ₀",
                "rank",
                "margins",
                "loss",
                "norm",
                "alignment",
                "held-out accuracy",
            ]),
            rows: of_panel
                .iter()
                .map(|result| verdicts_of(result, accuracy.next()))
                .collect(),
        });
    }
    numbers.into_iter().chain(verdicts).collect()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// The first two cells of a row: what was run.
fn names(result: &StudyResult<'_>) -> Vec<String> {
    // A name is not broken into lines.
    let images = preparation(result).replace(' ', "\u{a0}");
    let scale = initial_scale(result).trim_start_matches("σ₀ = ");
    vec![images, scale.to_owned()]
}

fn numbers_of(result: &StudyResult<'_>) -> Vec<String> {
    let record = result.record;
    let limit = record.prediction.decisive().ok();
    let unknown = || "—".to_owned();
    let mut row = names(result);
    row.push(format_number(
        record.manifest.data.ratio.unwrap_or(f64::INFINITY),
    ));
    for column in ["stable_rank_pos", "stable_rank_neg"] {
        row.push(record.series.last(column).map_or_else(unknown, rank));
        let of_limit = limit.and_then(|limit| limit.of_column(column));
        row.push(of_limit.map_or_else(unknown, rank));
    }
    row.push(format_number(margin_gap(record)));
    row.push(limiting_gap(record));
    row
}

fn verdicts_of(result: &StudyResult<'_>, accuracy: Option<f64>) -> Vec<String> {
    let claims = &result.record.claims;
    let mut row = names(result);
    row.push(mark(claims, is_rank_claim));
    for id in [ids::MARGINS, ids::LOSS, ids::NORM, ids::ALIGNMENT] {
        row.push(mark(claims, |claim| claim.id == id));
    }
    row.push(accuracy.map_or("—".to_owned(), |share| format!("{:.1} %", 100.0 * share)));
    row
}

/// A stable rank with the digits that tell it from 1.
fn rank(value: f64) -> String {
    format!("{value:.4}")
}

/// The worst verdict on some claims, as a mark.
fn mark(claims: &[Claim], of: impl Fn(&Claim) -> bool) -> String {
    let verdicts: Vec<Verdict> = claims
        .iter()
        .filter(|claim| of(claim))
        .map(|claim| claim.verdict)
        .collect();
    if verdicts.is_empty() {
        "—"
    } else if verdicts.contains(&Verdict::Refuted) {
        "✗"
    } else if verdicts.contains(&Verdict::Inconclusive) {
        "?"
    } else {
        "✓"
    }
    .to_owned()
}

/// One line a run, numbers in full.
pub(super) fn csv(results: &[StudyResult<'_>], accuracy: &[f64]) -> String {
    let mut text = String::from(
        "activation,images,init_scale,ratio,stable_rank_pos,stable_rank_pos_limit,stable_rank_neg,\
         stable_rank_neg_limit,margin_gap,margin_gap_limit,verdict_rank,verdict_margins,held_out_accuracy,\
         run_dir\n",
    );
    for (index, result) in results.iter().enumerate() {
        let record = result.record;
        let limit = record.prediction.decisive().ok();
        let last = |column: &str| record.series.last(column);
        let limit_of = |column: &str| limit.and_then(|limit| limit.of_column(column));
        let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        let word = |of: &dyn Fn(&Claim) -> bool| match mark(&record.claims, of).as_str() {
            "✓" => "supported",
            "✗" => "refuted",
            "?" => "inconclusive",
            _ => "",
        };
        let fields = [
            // The panel's name has a comma.
            format!("\"{}\"", result.run.panel),
            preparation(result).to_owned(),
            initial_scale(result).trim_start_matches("σ₀ = ").to_owned(),
            number(record.manifest.data.ratio),
            number(last("stable_rank_pos")),
            number(limit_of("stable_rank_pos")),
            number(last("stable_rank_neg")),
            number(limit_of("stable_rank_neg")),
            number(Some(margin_gap(record))),
            number(limit.map(|limit| limit.margin_gap())),
            word(&is_rank_claim).to_owned(),
            word(&|claim| claim.id == ids::MARGINS).to_owned(),
            number(accuracy.get(index).copied()),
            record.path.display().to_string(),
        ];
        text += &fields.join(",");
        text.push('\n');
    }
    text
}

//! The runs on MNIST in numbers: tables for the report, and a file for other programs.

use super::super::StudyResult;
use super::{initial_scale, is_rank_claim, margin_gap, preparation};
use crate::claims::{Claim, ClaimId, Verdict};
use crate::figures::format_number;
use crate::report::Table;

/// One table an activation.
pub(super) fn tables(results: &[StudyResult<'_>], accuracy: &[f64]) -> Vec<Table> {
    let header = [
        "images",
        "σ₀",
        "R_min²/(n p)",
        "SR of W₊₁",
        "limit",
        "SR of W₋₁",
        "limit",
        "margin gap",
        "limit",
        "rank",
        "margins",
        "loss",
        "norm",
        "alignment",
        "held-out accuracy",
    ];
    let mut tables: Vec<Table> = Vec::new();
    for (index, result) in results.iter().enumerate() {
        if index == 0 || result.run.panel != results[index - 1].run.panel {
            tables.push(Table {
                caption: format!(
                    "{}: values at the last step and their limits (derived), verdicts on the claims (✓ \
                     supported, ✗ refuted, ? inconclusive; of two blocks the worse), accuracy on held-out \
                     digits. SR: stable rank; margin gap: (max − min)/mean.",
                    result.run.panel
                ),
                header: header.map(str::to_owned).to_vec(),
                rows: Vec::new(),
            });
        }
        if let Some(table) = tables.last_mut() {
            table.rows.push(row(result, accuracy.get(index).copied()));
        }
    }
    tables
}

fn row(result: &StudyResult<'_>, accuracy: Option<f64>) -> Vec<String> {
    let record = result.record;
    let limit = record.prediction.decisive().ok();
    let last = |column: &str| record.series.last(column).map_or("—".to_owned(), rank);
    let limit_of = |column: &str| {
        let value = limit.and_then(|limit| limit.of_column(column));
        value.map_or("—".to_owned(), rank)
    };
    let mut row = vec![
        preparation(result).to_owned(),
        initial_scale(result).trim_start_matches("σ₀ = ").to_owned(),
        format_number(record.manifest.data.ratio.unwrap_or(f64::INFINITY)),
        last("stable_rank_pos"),
        limit_of("stable_rank_pos"),
        last("stable_rank_neg"),
        limit_of("stable_rank_neg"),
        format_number(margin_gap(record)),
        limit.map_or("—".to_owned(), |limit| {
            // Equal margins differ by rounding alone.
            let gap = limit.margin_gap();
            if gap < 1e-8 {
                "0".to_owned()
            } else {
                format_number(gap)
            }
        }),
        mark(&record.claims, is_rank_claim),
    ];
    for id in [
        ClaimId::Margins,
        ClaimId::Loss,
        ClaimId::Norm,
        ClaimId::Alignment,
    ] {
        row.push(mark(&record.claims, |claim| claim.id == id));
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
            word(&|claim| claim.id == ClaimId::Margins).to_owned(),
            number(accuracy.get(index).copied()),
            record.path.display().to_string(),
        ];
        text += &fields.join(",");
        text.push('\n');
    }
    text
}

//! One line of the table of claims, and the words in it.

use implicit_bias_claims::{Claim, Hypotheses, Shown, Verdict};
use implicit_bias_output::format_number;

use super::sources::{source_lines, source_of};

/// The names of the columns.
pub(super) const HEADER: [&str; 7] = [
    "claim",
    "setting",
    "measured",
    "limit",
    "predicted",
    "verdict",
    "hypotheses",
];

/// One line of the table of claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRow {
    /// Which claim, and of which block: `rank-one, W₊₁`.
    pub claim: String,
    /// On which run: `leaky ReLU, γ = 0.1`.
    pub setting: String,
    /// The number measured at the last step.
    pub measured: String,
    /// The limit of that number by the limit program; `—` where the program does not decide.
    pub limit: String,
    /// What the claim predicts for it.
    pub predicted: String,
    /// The outcome.
    pub verdict: Verdict,
    /// Whether the theorem's hypotheses hold there: `not met: ratio 0.03600`; `—` where nobody
    /// measured them.
    pub hypotheses: String,
    /// Whose claim it is, as its theory says; empty where it is of none. No column: a sentence
    /// below the table.
    pub source: String,
}

impl ClaimRow {
    /// The line of a claim that was judged in a setting.
    pub fn new(claim: &Claim, setting: impl Into<String>) -> Self {
        let name = claim.id;
        let claim_text = match &claim.block {
            Some(block) => format!("{name}, {}", block_name(block)),
            None => name.to_string(),
        };
        let measured = claim.measured.unwrap_or(f64::NAN);
        Self {
            claim: claim_text,
            setting: setting.into(),
            measured: match claim.shown {
                // Four decimals, so that the distance to 1 shows.
                Shown::NearOne if measured.is_finite() => format!("{measured:.4}"),
                _ => format_number(measured),
            },
            limit: limit_text(claim),
            predicted: claim.predicted.clone(),
            verdict: claim.verdict,
            hypotheses: claim
                .hypotheses
                .as_ref()
                .map_or("—".to_owned(), Hypotheses::brief),
            source: source_of(name).to_owned(),
        }
    }

    /// Whose the claims of a table are, a sentence for each source.
    pub(crate) fn sources(rows: &[Self]) -> Vec<String> {
        source_lines(
            rows.iter()
                .map(|row| (row.claim.as_str(), row.source.as_str())),
        )
    }
}

/// The predicted limit of a claim for a table.
pub(super) fn limit_text(claim: &Claim) -> String {
    match (&claim.limit, claim.shown) {
        (None, _) => "—".into(),
        // As many decimals as the measured number has, unless they would hide the distance to 1.
        (Some(limit), Shown::NearOne) if (limit.predicted - 1.0).abs() > 1e-9 => {
            let excess = limit.predicted - 1.0;
            if excess < 1e-4 {
                format!("1 + {}", format_number(excess))
            } else {
                format!("{:.4}", limit.predicted)
            }
        }
        (Some(_), Shown::NearOne) => "1".into(),
        // A gap below the residual of the program is zero.
        (Some(limit), Shown::Gap) if limit.predicted <= 1e-8 => "0".into(),
        (Some(limit), _) => format_number(limit.predicted),
    }
}

/// The symbol and the word of a verdict.
pub(super) fn verdict_words(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Supported => ("✓", "supported"),
        Verdict::Refuted => ("✗", "refuted"),
        Verdict::Inconclusive => ("?", "inconclusive"),
    }
}

/// A weight block as a reader should see it.
pub(crate) fn block_name(block: &str) -> &str {
    match block {
        "pos" => "W₊₁",
        "neg" => "W₋₁",
        other => other,
    }
}

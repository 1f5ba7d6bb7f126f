//! What fitted labels cost on fresh samples.

use crate::benign::ids::{BENIGN, HARMFUL};
use crate::claim::{Claim, Verdict};
use crate::proportion::proportion_interval;
use crate::run::RunView;
use crate::settings::{BENIGN_ERROR, HARMFUL_ERROR};
use crate::words::{interval, number};

/// The claims on fresh samples, benign and harmful; `None` of a run without held-out samples.
pub(super) fn judge(run: &RunView<'_>) -> [Option<Claim>; 2] {
    let fresh = run.facts.law.numbers.get("held-out");
    let error = run.series.last("held_out_error");
    let Some((&fresh, error)) = fresh.zip(error) else {
        return [None, None];
    };
    let hits = (error * fresh).round() as u64;
    let interval = proportion_interval(hits, fresh as u64);
    let fitted = run.series.last("accuracy") == Some(1.0);
    [
        Some(benign(error, interval, fitted)),
        Some(harmful(error, interval, fitted)),
    ]
}

const QUANTITY: &str = "share of fresh samples with clean labels that are misclassified";

fn words(error: f64, [low, high]: [f64; 2]) -> String {
    format!(
        "the share of misclassified fresh samples is {}, 95 % interval {}",
        number(error),
        interval(number(low), number(high))
    )
}

/// What keeps a verdict on a run that has not fitted its labels.
fn unfitted(mut claim: Claim, found: &str) -> Claim {
    claim.reason = format!("{found}, but not all training labels are fitted.");
    claim
}

fn benign(error: f64, interval: [f64; 2], fitted: bool) -> Claim {
    let mut claim = Claim::draft(
        BENIGN,
        "Benign overfitting: all labels are fitted, and the error on fresh samples is small, \
         exp(−C α² d/k).",
        QUANTITY,
        "small",
    );
    claim.measured = Some(error);
    let found = words(error, interval);
    if !fitted {
        return unfitted(claim, &found);
    }
    let [low, high] = interval;
    let limits = format!(
        "supported up to {}, refuted from {} on (this project's settings)",
        number(BENIGN_ERROR),
        number(HARMFUL_ERROR)
    );
    claim.verdict = if high <= BENIGN_ERROR {
        Verdict::Supported
    } else if low >= HARMFUL_ERROR {
        Verdict::Refuted
    } else {
        Verdict::Inconclusive
    };
    claim.reason = format!("{found}; {limits}.");
    claim
}

fn harmful(error: f64, interval: [f64; 2], fitted: bool) -> Claim {
    let mut claim = Claim::draft(
        HARMFUL,
        "Harmful overfitting: all labels are fitted, and the error on fresh samples is at least 1/8.",
        QUANTITY,
        "≥ 1/8",
    );
    claim.measured = Some(error);
    let found = words(error, interval);
    if !fitted {
        return unfitted(claim, &found);
    }
    let [low, high] = interval;
    (claim.verdict, claim.reason) = if low >= HARMFUL_ERROR {
        (Verdict::Supported, format!("{found}."))
    } else if high < HARMFUL_ERROR {
        (Verdict::Refuted, format!("{found}, below 1/8."))
    } else {
        (
            Verdict::Inconclusive,
            format!("{found}, on both sides of 1/8."),
        )
    };
    claim
}

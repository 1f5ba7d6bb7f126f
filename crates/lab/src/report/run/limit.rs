//! The predicted limit of a run in a report.

use implicit_bias_limits::EVIDENCE;
use implicit_bias_output::format_number;
use implicit_bias_record::{LimitOf, NamedLimit, Prediction};

use crate::conclusion::RunRecord;
use crate::figures::quantity_label;
use crate::report::contents::{LimitSummary, Setting};

/// What a reader should know of the predicted limit: numbers, then how far to trust them.
pub(super) fn limit_summary(record: &RunRecord) -> LimitSummary {
    let limit = match &record.prediction {
        Prediction::Solved(limit) => limit,
        Prediction::Named(limit) => return named(record, limit),
        Prediction::Unsolved { reason, .. } => {
            return LimitSummary {
                status: format!("The limit program has no answer for this run: {reason}."),
                rows: Vec::new(),
            };
        }
    };
    let number = |value: f64| format!("{value:.6}");
    let rank = |rank: Option<f64>| rank.map_or("—".to_owned(), number);
    let last = |column| match record.series.last(column) {
        Some(value) if value.is_finite() => format!("{} at the last step", number(value)),
        _ => "undefined at the last step".to_owned(),
    };
    let mut rows = vec![
        Setting::new("stable rank of W₊₁", rank(limit.stable_rank_pos))
            .with_note(last("stable_rank_pos")),
        Setting::new("stable rank of W₋₁", rank(limit.stable_rank_neg))
            .with_note(last("stable_rank_neg")),
        Setting::new("stable rank, stacked", rank(limit.stable_rank))
            .with_note(last("stable_rank")),
        Setting::new(
            "smallest normalized margin",
            number(limit.normalized_margin_min),
        )
        .with_note(last("margin_min")),
        Setting::new(
            "largest normalized margin",
            number(limit.normalized_margin_max),
        )
        .with_note(last("margin_max")),
        Setting::new(
            "multipliers λ",
            format!(
                "{} to {}",
                format_number(limit.multiplier_min),
                format_number(limit.multiplier_max)
            ),
        )
        .with_note(if limit.all_multipliers_positive() {
            "all positive: all margins become equal".to_owned()
        } else {
            format!(
                "zero for {} of {} samples, whose margins may stay larger",
                limit.samples - limit.support,
                limit.samples
            )
        }),
        Setting::new("same-sign patterns", limit.groups.to_string()).with_note(format!(
            "{} pairs of a pattern and a sample of the other sign slide",
            limit.sliding_pairs
        )),
    ];
    rows.push(
        Setting::new("consistent", if limit.consistent { "yes" } else { "no" })
            .with_note("whether the solution keeps the same-sign pattern it assumes, strictly"),
    );
    rows.push(
        Setting::new("KKT residual", format_number(limit.kkt_residual))
            .with_note("how far from solved, relative"),
    );
    let pattern = Setting::new("pattern of the last step", limit.certificate.as_str());
    rows.push(match limit.of {
        LimitOf::ThisRun => pattern,
        LimitOf::ExactDescent => {
            pattern.with_note("of exact descent from there on, not of this run")
        }
    });
    let status = match limit.doubt() {
        Some(doubt) => format!("These numbers are not the limit of this run: {doubt}."),
        None if limit.proven => {
            "The same-sign pattern is proven to last, so these numbers are the \
                                 limit of this run (the proof is evaluated in double precision)."
                .to_owned()
        }
        None => "Candidate, not proven: these numbers are the limit of this run if the same-sign \
                 pattern of its last step lasts. Patterns have been seen to change after many \
                 decades of rest."
            .to_owned(),
    };
    LimitSummary { status, rows }
}

/// The same of a limit of directions.
fn named(record: &RunRecord, limit: &NamedLimit) -> LimitSummary {
    let mut rows: Vec<Setting> = limit
        .series
        .iter()
        .map(|(column, value)| {
            let last = record.series.last(column).map_or_else(
                || "not recorded".to_owned(),
                |last| format!("{last:.6} at the last step"),
            );
            Setting::new(quantity_label(column), format!("{value:.6}")).with_note(last)
        })
        .collect();
    let numbers = limit.numbers.iter();
    rows.extend(
        numbers.map(|(name, value)| Setting::new(name.replace('_', " "), format_number(*value))),
    );
    rows.push(Setting::new(
        "KKT residual",
        format_number(limit.kkt_residual),
    ));
    let unique = match limit.unique {
        Some(true) => "It is the only solution.",
        Some(false) => "Other weights are as good, so that it says little of where the run ends.",
        None => "Whether other weights are as good is not known.",
    };
    if limit.status == EVIDENCE {
        let status = format!(
            "The {}: {}, that this is where the direction of the run tends. Because {}.",
            limit.limit, limit.status, limit.source
        );
        return LimitSummary { status, rows };
    }
    LimitSummary {
        status: format!(
            "The {}, a candidate for the limit of the direction: {}. {unique}",
            limit.limit, limit.source
        ),
        rows,
    }
}

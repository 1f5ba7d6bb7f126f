//! What figures of a sweep show of its runs.

use implicit_bias_settings::nearest;

use super::table::SweepTable;
use crate::LabError;

/// A final quantity of every run, for a figure.
pub(super) struct Quantity {
    pub name: String,
    pub title: String,
    pub label: String,
    /// Where the colours begin; `None` for the smallest value.
    pub least: Option<f64>,
    pub decimals: usize,
    /// Whether an axis of it is logarithmic.
    pub log: bool,
    /// One a run.
    pub values: Vec<f64>,
}

/// What of every run there is.
type OfRun<'a> = &'a dyn Fn(usize) -> f64;

/// The quantities that are drawn unasked.
pub(super) fn standard(table: &SweepTable<'_>) -> Vec<Quantity> {
    let quantity =
        |name: &str, title: &str, label: &str, (least, decimals), of: OfRun<'_>| Quantity {
            name: name.to_owned(),
            title: title.to_owned(),
            label: label.to_owned(),
            least: Some(least),
            decimals,
            log: false,
            values: (0..table.len()).map(of).collect(),
        };
    vec![
        quantity(
            "stable-rank",
            "Stable rank at the last step, the larger of both blocks",
            "stable rank",
            (1.0, 2),
            &|run| {
                let of = |block| table.number(run, &format!("stable_rank_{block}"));
                of("pos").max(of("neg"))
            },
        ),
        quantity(
            "margin-gap",
            "Relative gap (max − min)/mean of the normalized margins at the last step",
            "relative margin gap",
            (0.0, 3),
            &|run| {
                let of = |column| table.number(run, &format!("margin_{column}"));
                (of("max") - of("min")) / of("mean")
            },
        ),
    ]
}

/// Positive values of which the largest is this many times the smallest are shown by their
/// logarithm.
const WIDE: f64 = 1e3;

/// A column of the table that was asked for.
pub(super) fn of_column(table: &SweepTable<'_>, column: &str) -> Result<Quantity, LabError> {
    let numeric = table.numeric();
    if !numeric.contains(&column) {
        let nearest = nearest(column, &numeric);
        let meant = nearest.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return Err(LabError::Config {
            key: "figure".into(),
            expected: format!("a column of numbers, one of {}", numeric.join(", ")),
            found: format!("`{column}`{meant}"),
        });
    }
    let values: Vec<f64> = (0..table.len())
        .map(|run| table.number(run, column))
        .collect();
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let [least, most] = finite.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| {
        [low.min(value), high.max(value)]
    });
    let words = column.replace('_', " ");
    let log = least > 0.0 && most / least >= WIDE;
    let span = if log {
        (most / least).log10()
    } else {
        most - least
    };
    // Three digits of what differs.
    let decimals = (2.0 - span.log10().floor()).clamp(0.0, 6.0);
    Ok(Quantity {
        name: column.replace('_', "-"),
        title: format!("{words} of the last record"),
        label: words,
        least: None,
        decimals: if decimals.is_finite() {
            decimals as usize
        } else {
            3
        },
        log,
        values,
    })
}

//! One data set by three routes: weight space, Gram coordinates, log time.

use implicit_bias_gram::Limit;
use implicit_bias_lab::study::{LimitResult, StudyResult};
use implicit_bias_output::format_step;
use implicit_bias_record::Series;

/// The routes: the labels of the runs.
pub(super) const WEIGHT_SPACE: &str = "weight space";
pub(super) const GRAM: &str = "Gram coordinates";
pub(super) const FAR: &str = "to 10³⁰⁰";

/// The routes of one activation, with its limit.
pub(super) struct Routes<'a> {
    pub panel: &'a str,
    pub weight_space: Option<&'a Series>,
    pub gram: &'a Series,
    pub far: Option<&'a Series>,
    pub limit: Result<&'a Limit, &'a str>,
    pub certificate: Option<String>,
}

impl<'a> Routes<'a> {
    /// The routes by activation, in the order of the limits.
    pub fn of(results: &[StudyResult<'a>], limits: &'a [LimitResult<'a>]) -> Vec<Self> {
        let found = limits.iter().filter_map(|limit| {
            let route = |label: &str| {
                let is_it = |result: &&StudyResult<'a>| {
                    result.run.panel == limit.run.panel && result.run.label == label
                };
                results
                    .iter()
                    .find(is_it)
                    .map(|result| &result.record.series)
            };
            Some(Self {
                panel: &limit.run.panel,
                weight_space: route(WEIGHT_SPACE),
                gram: route(GRAM)?,
                far: route(FAR),
                limit: match &limit.report {
                    Ok(report) => Ok(&report.limit),
                    Err(why) => Err(why),
                },
                certificate: limit.report.as_ref().ok().map(|report| {
                    format!(
                        "{}, and not seen to change since step {}",
                        report.certificate_text(),
                        format_step(report.settled_since)
                    )
                }),
            })
        });
        found.collect()
    }

    /// The limit, where the program's solution keeps the pattern it assumes.
    pub fn trusted_limit(&self) -> Option<&'a Limit> {
        self.limit.ok().filter(|limit| limit.is_consistent())
    }

    /// The first step that was followed in log time.
    pub fn handover(&self) -> Option<f64> {
        let estimates = self.gram.column("error_estimate")?;
        let far = estimates.iter().position(|&estimate| estimate > 0.0)?;
        Some(self.gram.steps()[far.saturating_sub(1)])
    }
}

pub(super) fn range(values: &[f64]) -> [f64; 2] {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    [low, high]
}

/// The row recorded at a step, as a function of the column.
pub(super) fn at(series: &Series, step: f64) -> Option<impl Fn(&str) -> f64> {
    let index = series.steps().iter().position(|&own| own == step)?;
    Some(move |column: &str| {
        series
            .column(column)
            .map_or(f64::NAN, |values| values[index])
    })
}

/// `(max − min)/mean` of the normalized margins.
pub(super) fn relative_gap(row: impl Fn(&str) -> f64) -> f64 {
    (row("margin_max") - row("margin_min")) / row("margin_mean")
}

/// The last step that both tables have, and the largest relative difference of a stable rank or a
/// margin at any step that both have, from step 1 on.
pub(super) fn apart(one: &Series, other: &Series) -> Option<[f64; 2]> {
    let mut last = None;
    let mut largest = 0.0_f64;
    for step in one.steps().into_iter().filter(|&step| step >= 1.0) {
        let (Some(a), Some(b)) = (at(one, step), at(other, step)) else {
            continue;
        };
        last = Some(step);
        for column in [
            "stable_rank_pos",
            "stable_rank_neg",
            "margin_min",
            "margin_max",
        ] {
            let difference = (a(column) - b(column)).abs() / a(column).abs();
            // `max` would drop a NaN.
            largest = if difference.is_nan() || largest.is_nan() {
                f64::NAN
            } else {
                largest.max(difference)
            };
        }
    }
    last.map(|step| [step, largest])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(rows: &[[f64; 5]]) -> Series {
        let columns = [
            "step",
            "stable_rank_pos",
            "stable_rank_neg",
            "margin_min",
            "margin_max",
        ];
        let mut series = Series::new(columns);
        rows.iter().for_each(|row| series.push(row.to_vec()));
        series
    }

    #[test]
    fn two_routes_are_compared_where_both_have_been() {
        let one = series(&[
            [0.0, 9.0, 9.0, 9.0, 9.0],
            [1.0, 2.0, 3.0, 4.0, 5.0],
            [5.0; 5],
        ]);
        let other = series(&[[0.0; 5], [1.0, 2.0, 3.0, 5.0, 5.0], [10.0; 5]]);
        // Step 0 does not count, steps 5 and 10 are in one table only.
        assert_eq!(apart(&one, &other), Some([1.0, 0.25]));
        let broken = series(&[[1.0, 2.0, f64::NAN, 4.0, 5.0]]);
        assert!(apart(&one, &broken).is_some_and(|[_, difference]| difference.is_nan()));
        assert_eq!(apart(&one, &series(&[[7.0; 5]])), None);
    }
}

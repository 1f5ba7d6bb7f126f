//! The numbers of the far horizon at powers of ten, and the limit.

use super::routes::{Routes, at, range, relative_gap};
use implicit_bias_lab::report::Table;
use implicit_bias_limits::margins_become_equal;
use implicit_bias_output::format_number;

/// The values at powers of ten, by the route that is the most direct at each, and the limit.
pub(super) fn table(route: &Routes<'_>) -> Table {
    let header = [
        "step t",
        "by",
        "SR of W₊₁",
        "SR of W₋₁",
        "SR of the stack",
        "smallest margin",
        "largest margin",
        "gap / mean",
        "log L",
        "error estimate",
    ];
    let columns = [
        "stable_rank_pos",
        "stable_rank_neg",
        "stable_rank",
        "margin_min",
        "margin_max",
    ];
    let mut rows = Vec::new();
    for exponent in [2, 3, 4, 5, 7, 9, 12, 15, 20, 25, 30, 100, 300] {
        let step: f64 = format!("1e{exponent}").parse().unwrap_or(f64::NAN);
        let series = [route.weight_space, Some(route.gram), route.far]
            .into_iter()
            .flatten()
            .find_map(|series| at(series, step).map(|row| (series, row)));
        let Some((series, row)) = series else {
            continue;
        };
        let by = if route
            .weight_space
            .is_some_and(|own| std::ptr::eq(own, series))
        {
            "weight-space steps"
        } else if row("error_estimate") > 0.0 {
            "log time"
        } else {
            "Gram steps"
        };
        let mut cells = vec![format_number(step), by.to_owned()];
        cells.extend(columns.map(|column| digits(row(column))));
        cells.extend([
            format_number(relative_gap(&row)),
            format_number(row("log_loss")),
            format_number(row("error_estimate")),
        ]);
        rows.push(cells);
    }
    if let Some(limit) = route.trusted_limit() {
        let [low, high] = range(&limit.normalized_margins());
        let values = [
            limit.stable_rank_pos(),
            limit.stable_rank_neg(),
            limit.stable_rank(),
            low,
            high,
        ];
        let mut cells = vec!["∞".to_owned(), "limit program".to_owned()];
        cells.extend(values.map(digits));
        let gap = if margins_become_equal(limit) {
            "0".to_owned()
        } else {
            "—".to_owned()
        };
        cells.extend([gap, "−∞".to_owned(), "—".to_owned()]);
        rows.push(cells);
    }
    Table {
        caption: format!(
            "{}: from the first steps to the limit. SR: stable rank; margins are normalized. The \
             error estimate is that of a margin, relative to the smallest one; 0 where every step \
             was taken.",
            route.panel
        ),
        header: header.map(str::to_owned).to_vec(),
        rows,
    }
}

/// Six digits after the point: differences from the limit are small.
fn digits(value: f64) -> String {
    if value.is_nan() {
        "—".to_owned()
    } else {
        format!("{value:.6}").replace('-', "−")
    }
}

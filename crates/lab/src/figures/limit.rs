//! Dashed lines at the limits predicted for a run.

use implicit_bias_output::format_number;
use implicit_bias_plot::{Dash, Layer, Style};
use implicit_bias_record::LimitOf;

use super::context::RunContext;

/// Limits nearer to each other than this, relative to their size, are one line.
const SAME: f64 = 1e-6;

/// A dashed line for each limit of the named columns, with its label and value; columns that share
/// a limit share the line.
pub(super) fn levels(
    context: &RunContext,
    columns: impl IntoIterator<Item = (String, String, Style)>,
) -> Vec<Layer> {
    let mut found: Vec<(Vec<String>, f64, Style)> = Vec::new();
    for (column, label, style) in columns {
        let Some(&limit) = context.limits.get(&column) else {
            continue;
        };
        let same = |(_, other, _): &&mut (Vec<String>, f64, Style)| {
            (*other - limit).abs() <= SAME * limit.abs()
        };
        match found.iter_mut().find(same) {
            Some((labels, ..)) => labels.push(label),
            None => found.push((vec![label], limit, style)),
        }
    }
    let level = |(labels, limit, style): (Vec<String>, f64, Style)| {
        let labels = labels.join(", ");
        let text = format!("{labels} {} {}", word(context), format_number(limit));
        let style = style.with_dash(Dash::Dashed).with_width(0.9);
        Layer::level(text.trim_start(), limit, style)
    };
    found.into_iter().map(level).collect()
}

/// What a limit is called in a label.
pub(super) fn word(context: &RunContext) -> &'static str {
    match context.limits_of {
        LimitOf::ThisRun if context.limits_proven => "limit",
        LimitOf::ThisRun => "candidate limit",
        LimitOf::ExactDescent => "limit of exact descent",
    }
}

/// What the captions say of dashed lines.
pub(super) fn caption(context: &RunContext) -> &'static str {
    match context.limits_of {
        LimitOf::ThisRun if context.limits_proven => {
            " Thin dashed lines are the limits proven for this run (derived)."
        }
        LimitOf::ThisRun if !context.limits_of_pattern => {
            " Thin dashed lines are candidates for the limits: those of the maximum margin to which \
             such descents tend, not proven for this run."
        }
        LimitOf::ThisRun => {
            " Thin dashed lines are candidates for the limits: those of the run's last activation \
             pattern, which is not proven to last (derived)."
        }
        LimitOf::ExactDescent => {
            " Thin dashed lines are the limits of exact gradient descent from the run's last \
             activation pattern on (derived), not of the run itself, which loses updates to \
             rounding."
        }
    }
}

/// The lines of the smallest and the largest limiting margin: one, where all are equal.
pub(super) fn margin_levels(context: &RunContext) -> Vec<Layer> {
    let limits = ["margin_min", "margin_max"].map(|column| context.limits.get(column).copied());
    let equal = match limits {
        [Some(min), Some(max)] => (max - min).abs() <= SAME * max.abs(),
        _ => true,
    };
    let columns = if equal {
        vec![("margin_min", "")]
    } else {
        vec![("margin_min", "smallest"), ("margin_max", "largest")]
    };
    let columns = columns
        .into_iter()
        .map(|(column, label)| (column.to_owned(), label.to_owned(), Style::of(2)));
    levels(context, columns)
}

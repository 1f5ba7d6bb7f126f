//! One data set from the first step to 10³⁰ and 10³⁰⁰, by three routes, with the limit.

mod figures;
mod routes;
mod table;

use self::routes::{FAR, GRAM, Routes, WEIGHT_SPACE, apart, at, range, relative_gap};
use crate::kou::common::{PAPER, SLOPE};
use crate::kou::common::{base, run_with, steps};
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult};
use implicit_bias_limits::margins_become_equal;
use implicit_bias_output::format_number;

/// The horizon that is drawn.
const DRAWN: f64 = 1e30;

/// The horizon to which the loss is followed.
const FARTHEST: f64 = 1e300;

/// Stable ranks and margins of both activations over thirty decades: weight-space steps, steps in
/// Gram coordinates, then log time, with the limit program's solution.
pub fn far_horizon(effort: Effort) -> Study {
    let (in_weight_space, exact) = effort.pick((1e4, 1e5), (1e5, 1e7));
    let mut runs = Vec::new();
    let mut limits = Vec::new();
    for slope in [Some(SLOPE), None] {
        let mut add = |label: &str, settings| {
            runs.push(run_with(slope, label.to_owned(), 0.0, settings));
        };
        add(
            WEIGHT_SPACE,
            base(effort)
                .with("engine", "tensor")
                .without("exact-steps")
                .with("steps", steps(in_weight_space)),
        );
        let gram = base(effort)
            .with("engine", "gram")
            .with("exact-steps", steps(exact))
            .with("steps", steps(DRAWN));
        add(GRAM, gram.clone());
        if effort == Effort::Full {
            add(
                FAR,
                gram.clone()
                    .with("steps", steps(FARTHEST))
                    // The powers of ten and their doubles and halves are enough.
                    .with("record", 0),
            );
        }
        limits.push(run_with(slope, "limit".to_owned(), 0.0, gram));
    }
    let (width, in_words, exact_words) = effort.pick((20, "10⁴", "10⁵"), (50, "10⁵", "10⁷"));
    Study {
        name: "far_horizon",
        title: "From the first step to 10³⁰, and the limit",
        statement: Statement {
            text: "Stable ranks and normalized margins tend to their limits like powers of 1/log \
                   t, so that a run of 10⁵ steps has gone a small part of the way."
                .to_owned(),
            source: format!(
                "the rates of margins and norm: {PAPER}; the limits themselves: the limit program, \
                 derived here"
            ),
        },
        setting: format!(
            "Gaussian mixture, n = 10, d = 2000, ‖μ‖ = 1, σ = 1; m = {width}, σ₀ = 10⁻⁴, η = 0.1; \
             weight space to {in_words}, Gram coordinates exactly to {exact_words}, log time from \
             there (this project's settings)",
        ),
        paragraphs: vec![
            "Three routes along one trajectory: gradient descent in weight space (the tensor \
             engine), the same steps in Gram coordinates, which are exact up to rounding, and past \
             those the flow of the modified equation in log t, with an error estimate. The limit \
             is a fourth computation, which knows nothing of the trajectory but its activation \
             pattern."
                .to_owned(),
        ],
        runs,
        claims: &[],
        limits,
        show: Some(show),
        columns: &[
            ("step", "T"),
            ("stable_rank_pos", "SR of W₊₁"),
            ("stable_rank_neg", "SR of W₋₁"),
            ("stable_rank", "SR of the stack"),
            ("log_loss", "log L"),
            ("error_estimate", "error estimate"),
        ],
        figures: |_| Vec::new(),
    }
}

fn show(results: &[StudyResult<'_>], limits: &[LimitResult<'_>]) -> Shown {
    let routes = Routes::of(results, limits);
    let mut paragraphs = Vec::new();
    for route in &routes {
        paragraphs.push(found(route));
    }
    Shown {
        paragraphs,
        figures: figures::figures(&routes),
        tables: routes.iter().map(table::table).collect(),
        files: Vec::new(),
    }
}

/// What came out for one activation, in sentences.
fn found(route: &Routes<'_>) -> String {
    let mut text = format!("{}: ", route.panel);
    match route.limit {
        Err(why) => text += &format!("the limit program has no answer ({why}). "),
        Ok(limit) => {
            let [low, high] = range(&limit.normalized_margins());
            let margins = if margins_become_equal(limit) {
                format!("all normalized margins {}", format_number(low))
            } else {
                format!(
                    "normalized margins {} to {}",
                    format_number(low),
                    format_number(high)
                )
            };
            text += &format!(
                "in the limit the stable ranks are {} of W₊₁, {} of W₋₁ and {} of the stack, \
                 {margins}",
                format_number(limit.stable_rank_pos()),
                format_number(limit.stable_rank_neg()),
                format_number(limit.stable_rank()),
            );
            text += if limit.is_consistent() {
                "; the program's solution keeps the same-sign pattern it assumes. "
            } else {
                "; but the program's solution leaves the same-sign pattern it assumes, so that \
                 this is not the limit. "
            };
        }
    }
    if let Some(certificate) = &route.certificate {
        text += &format!("Pattern: {certificate}. ");
    }
    if let Some(limit) = route.trusted_limit() {
        for step in [1e5, 1e15, DRAWN] {
            if let Some(row) = at(route.gram, step) {
                let distance = (row("stable_rank_pos") - limit.stable_rank_pos())
                    .abs()
                    .max((row("stable_rank_neg") - limit.stable_rank_neg()).abs());
                text += &format!(
                    "At step {} a block's stable rank is within {} of its limit, and the margins \
                     differ by {} of their mean. ",
                    format_number(step),
                    format_number(distance),
                    format_number(relative_gap(&row)),
                );
            }
        }
    }
    if let Some([step, difference]) = route.weight_space.and_then(|own| apart(own, route.gram)) {
        text += &format!(
            "Up to step {} the weight-space run and the Gram run have the same stable ranks and \
             margins to a relative {}.",
            format_number(step),
            format_number(difference)
        );
    }
    text.trim_end().to_owned()
}

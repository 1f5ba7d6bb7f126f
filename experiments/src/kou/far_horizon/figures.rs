//! The figures of the far horizon: three routes on one axis, and the distance left.

use super::routes::{Routes, range, relative_gap};
use implicit_bias_limits::margins_become_equal;
use implicit_bias_output::format_number;
use implicit_bias_plot::{Axis, Dash, Figure, Layer, Panel, Style};
use implicit_bias_record::Series;

/// About so many steps of the weight-space run are marked: more would hide the line.
const MARKS: usize = 12;

/// Stable ranks before this step are beyond the axis: they would flatten all that follows.
const SHOWN: f64 = 10.0;

/// Distances below this are rounding.
const ROUNDING: f64 = 1e-13;

const LEGEND: &str = "Marks: steps in weight space. Thick: the same steps in Gram coordinates. \
                      Thin, past the vertical line: the flow in log t.";

/// Ranks, margins, gap and distance, one panel an activation.
pub(super) fn figures(routes: &[Routes<'_>]) -> Vec<Figure> {
    let ranks = figure(
        routes,
        "stable-rank",
        "Stable rank of each block to 10³⁰ steps",
        |route| {
            let limits = route
                .trusted_limit()
                .map(|limit| [limit.stable_rank_pos(), limit.stable_rank_neg()]);
            let columns = ["stable_rank_pos", "stable_rank_neg"];
            let shown = columns.iter().flat_map(|column| {
                pairs(route.gram, |row| row(column))
                    .into_iter()
                    .filter(|[step, _]| *step >= SHOWN)
                    .map(|[_, rank]| rank)
            });
            let [low, high] = range(
                &shown
                    .chain(limits.into_iter().flatten())
                    .collect::<Vec<_>>(),
            );
            let air = 0.06 * (high - low).max(1e-6);
            let mut axis = Axis::linear("stable rank");
            if air.is_finite() {
                axis = axis.with_range(low - air, high + air);
            }
            (axis, curves(route, columns, ["W₊₁", "W₋₁"], limits))
        },
    );
    let margins = figure(
        routes,
        "margins",
        "Smallest and largest normalized margin to 10³⁰ steps",
        |route| {
            let limits = route
                .trusted_limit()
                .map(|limit| range(&limit.normalized_margins()));
            let columns = ["margin_min", "margin_max"];
            (
                Axis::linear("normalized margin"),
                curves(route, columns, ["smallest", "largest"], limits),
            )
        },
    );
    let gap = figure(
        routes,
        "margin-gap",
        "Normalized margin gap over mean margin, to 10³⁰ steps",
        |route| {
            let gap = |series: &Series| pairs(series, |row| relative_gap(row));
            let mut layers = routed(route, "gap", Style::of(0).with_marker(0), gap);
            let law: Option<Layer> = guide(&gap(route.gram), -1, "∝ 1/log t");
            layers.extend(law);
            (Axis::log("(max − min)/mean"), layers)
        },
    );
    vec![
        ranks.with_caption(format!(
            "{LEGEND} Dashed: the limits, from the limit program. The axes show what comes after \
             the first ten steps."
        )),
        margins.with_caption(format!(
            "{LEGEND} Dashed: the limits, from the limit program; one line where all margins \
             become equal."
        )),
        gap.sharing_y().with_caption(format!(
            "{LEGEND} The dotted line falls like 1/log t, the claimed bound."
        )),
        distances(routes),
    ]
}

fn figure(
    routes: &[Routes<'_>],
    name: &str,
    title: &str,
    content: impl Fn(&Routes<'_>) -> (Axis, Vec<Layer>),
) -> Figure {
    let panels = routes.iter().map(|route| {
        let (y, mut layers) = content(route);
        let last = route.gram.last("step").unwrap_or(10.0).max(10.0);
        layers.extend(route.handover().map(|at| Layer::Event {
            label: format!("log time from {}", format_number(at)),
            at,
        }));
        Panel::new(Axis::log("step t").with_range(1.0, last), y, layers).with_title(route.panel)
    });
    Figure::new(name, title, panels.collect())
}

/// Two columns by all routes, with their limits; equal limits share one line.
fn curves(
    route: &Routes<'_>,
    columns: [&str; 2],
    labels: [&str; 2],
    limits: Option<[f64; 2]>,
) -> Vec<Layer> {
    let mut layers = Vec::new();
    for (index, (column, label)) in columns.into_iter().zip(labels).enumerate() {
        let style = Style {
            dash: Dash::Solid,
            ..Style::of(index)
        };
        let style = style.with_marker(index);
        let of = |series: &Series| pairs(series, |row| row(column));
        layers.extend(routed(route, label, style, of));
    }
    let dashed = |index: usize| Style::of(index).with_dash(Dash::Dashed).with_width(0.9);
    match limits {
        Some([one, other]) if (one - other).abs() <= 1e-9 * one.abs() => {
            let label = format!("limit {}", format_number(one));
            layers.push(Layer::level(label, one, Style::reference()));
        }
        Some(limits) => {
            for (index, (limit, label)) in limits.into_iter().zip(labels).enumerate() {
                let label = format!("{label} limit {}", format_number(limit));
                layers.push(Layer::level(label, limit, dashed(index)));
            }
        }
        None => {}
    }
    layers
}

/// One quantity by all routes: marks for weight space, a thick line while steps are exact, a thin
/// one in log time.
fn routed(
    route: &Routes<'_>,
    label: &str,
    style: Style,
    of: impl Fn(&Series) -> Vec<[f64; 2]>,
) -> Vec<Layer> {
    let line = Style {
        marker: None,
        ..style
    };
    let all = of(route.gram);
    let handover = route.handover().unwrap_or(f64::INFINITY);
    let exact = all.iter().copied().filter(|[step, _]| *step <= handover);
    // The point of the handover is in both, or there would be a gap.
    let far = all.iter().copied().filter(|[step, _]| *step >= handover);
    let mut layers = vec![
        Layer::curve("", exact.collect(), line.with_width(2.4)),
        Layer::curve(label, far.collect(), line.with_width(1.1)),
    ];
    if handover.is_infinite() {
        layers.truncate(1);
        if let Layer::Curve { label: own, .. } = &mut layers[0] {
            *own = label.to_owned();
        }
    }
    if let Some(series) = route.weight_space {
        let points = of(series);
        let every = points.len().div_ceil(MARKS).max(1);
        layers.push(Layer::Points {
            label: String::new(),
            points: points.into_iter().step_by(every).collect(),
            errors: Vec::new(),
            joined: false,
            style,
        });
    }
    layers
}

/// A quantity of each recorded step from 1 on.
fn pairs(series: &Series, value: impl Fn(&dyn Fn(&str) -> f64) -> f64) -> Vec<[f64; 2]> {
    let columns = series.columns();
    let rows = series.rows().iter().filter(|row| row[0] >= 1.0);
    rows.map(|row| {
        let named = |name: &str| {
            columns
                .iter()
                .position(|column| column == name)
                .map_or(f64::NAN, |index| row[index])
        };
        [row[0], value(&named)]
    })
    .collect()
}

/// A line `∝ (log t)^power` through the last point, over the later half of `log t`.
fn guide(points: &[[f64; 2]], power: i32, label: &str) -> Option<Layer> {
    let &[last, value] = points.last()?;
    let factor = 1.5 * value / last.ln().powi(power);
    let law = |step: f64| [step, factor * step.ln().powi(power)];
    let useful = factor > 0.0 && factor.is_finite() && last > 1e4;
    useful.then(|| Layer::Guide {
        label: label.to_owned(),
        points: (10..=40)
            .map(|index| law(last.powf(f64::from(index) / 40.0)))
            .collect(),
    })
}

/// The distance from the limit against `log₁₀ t`, both axes logarithmic: powers of `1/log t` are
/// straight lines.
fn distances(routes: &[Routes<'_>]) -> Figure {
    let panels = routes.iter().map(|route| {
        let mut layers = Vec::new();
        if let Some(limit) = route.trusted_limit() {
            let [low, _] = range(&limit.normalized_margins());
            let mut quantities = vec![
                (
                    "W₊₁, stable rank",
                    "stable_rank_pos",
                    limit.stable_rank_pos(),
                ),
                (
                    "W₋₁, stable rank",
                    "stable_rank_neg",
                    limit.stable_rank_neg(),
                ),
            ];
            if margins_become_equal(limit) {
                quantities.push(("smallest margin, relative", "margin_min", low));
            }
            for (index, (label, column, target)) in quantities.into_iter().enumerate() {
                let scale = if column == "margin_min" { target } else { 1.0 };
                let far = |row: &dyn Fn(&str) -> f64| (row(column) - target).abs() / scale;
                let points: Vec<[f64; 2]> = pairs(route.gram, far)
                    .into_iter()
                    .filter(|&[step, distance]| step >= 10.0 && distance > ROUNDING)
                    .map(|[step, distance]| [step.log10(), distance])
                    .collect();
                // At a fixed pattern a block that tends to rank one does so like 1/log² t
                // (derived).
                if index == 0 && target - 1.0 < 1e-9 {
                    layers.extend(slope(&points, -2, "slope −2"));
                } else if column == "margin_min" {
                    layers.extend(slope(&points, -1, "slope −1"));
                }
                layers.push(Layer::curve(label, points, Style::of(index)));
            }
        }
        Panel::new(
            Axis::log("log₁₀ t"),
            Axis::log("distance from the limit"),
            layers,
        )
        .with_title(route.panel)
    });
    Figure::new(
        "distance",
        "Distance from the limit, to 10³⁰ steps",
        panels.collect(),
    )
    .with_caption(
        "Distance of each block's stable rank, and of the smallest margin (relative), from its \
         limit, against log₁₀ t; both axes are logarithmic, so that a power of 1/log t is a \
         straight line. Dotted: slopes −1 and −2.",
    )
}

/// A line of the given slope a little above the last point.
fn slope(points: &[[f64; 2]], power: i32, label: &str) -> Option<Layer> {
    let &[last, value] = points.last()?;
    let law = |at: f64| [at, 1.5 * value * (at / last).powi(power)];
    (last > 4.0).then(|| Layer::Guide {
        label: label.to_owned(),
        points: vec![law(0.2 * last), law(last)],
    })
}

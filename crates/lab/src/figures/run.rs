//! The figures of one run.

use implicit_bias_output::format_number;
use implicit_bias_plot::{Axis, Dash, Figure, Layer, Panel, Scale, Style};
use implicit_bias_record::Series;

use super::context::{RunContext, TIME};
use super::limit;
use super::margins::normalized_margins;
use super::residual::residual;

/// Draws up the figures of one run: loss, stable rank, margins, weight norm, activation patterns,
/// stable rank minus one, margin gap and, in single precision, what rounding leaves of updates,
/// each against the step on a log axis.
///
/// `series` is the run's table and `margins` its margins: `step`, then one column a sample. A
/// figure whose columns are absent or hold no number is left out.
pub fn run_figures(series: &Series, margins: &Series, context: &RunContext) -> Vec<Figure> {
    [
        loss(series, context),
        stable_rank(series, context),
        normalized_margins(margins, context),
        linf_margin(series, context),
        weight_norm(series, context),
        residual(series),
        activation(series),
        rank_gap(series, context),
        margin_gap(series, context),
        updates(series),
    ]
    .into_iter()
    .flatten()
    .map(|figure| Figure {
        title: [
            figure.title.as_str(),
            context.title.as_str(),
            context.activation.as_str(),
        ]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" — "),
        ..figure
    })
    .collect()
}

/// What a column of the series is called on an axis.
pub fn quantity_label(column: &str) -> String {
    match column {
        "loss" => "loss L(t)".into(),
        "weight_norm" => "weight norm ‖W(t)‖".into(),
        "stable_rank" => "stable rank, stacked".into(),
        "margin_min" => "smallest normalized margin".into(),
        "margin_max" => "largest normalized margin".into(),
        "margin_gap" => "normalized margin gap".into(),
        "kkt_residual" => "KKT residual".into(),
        "margin_linf_min" => "smallest margin over ‖w‖_∞".into(),
        _ => match column.strip_prefix("stable_rank_") {
            Some(block) => format!("stable rank of {}", block_label(block)),
            None => column.replace('_', " "),
        },
    }
}

fn block_label(block: &str) -> String {
    match block {
        "pos" => "W₊₁".into(),
        "neg" => "W₋₁".into(),
        other => other.into(),
    }
}

/// A block of the run: where there is one a class, the label of its class.
fn label_of(context: &RunContext, index: usize, block: &str) -> String {
    let own = context.classes.len() == context.blocks.len();
    let name = context.classes.get(index).filter(|_| own);
    name.map_or_else(
        || block_label(block),
        |class| format!("class {}", class.name),
    )
}

/// The points of a column against the step; `None` if there is nothing to draw on a log time axis.
pub(super) fn column(series: &Series, name: &str) -> Option<Vec<[f64; 2]>> {
    let values = series.column(name)?;
    pair(series, values.into_iter())
}

fn pair(series: &Series, values: impl Iterator<Item = f64>) -> Option<Vec<[f64; 2]>> {
    let points: Vec<[f64; 2]> = series
        .steps()
        .into_iter()
        .zip(values)
        .map(|(step, value)| [step, value])
        .collect();
    points
        .iter()
        .any(|[step, value]| *step > 0.0 && value.is_finite())
        .then_some(points)
}

/// The last point that has a place on two log axes.
fn last_positive(points: &[[f64; 2]]) -> Option<[f64; 2]> {
    points
        .iter()
        .rev()
        .find(|[step, value]| *step > 0.0 && *value > 0.0)
        .copied()
}

/// A guide proportional to `law(t)`, lifted a little above the last point, over the steps from
/// `first` on; `None` where there is nothing to compare it to.
fn guide(label: &str, points: &[[f64; 2]], first: f64, law: impl Fn(f64) -> f64) -> Option<Layer> {
    let [last, value] = last_positive(points)?;
    let factor = 1.6 * value / law(last);
    let points: Vec<[f64; 2]> = (0..=80)
        .map(|index| first * (last / first).powf(f64::from(index) / 80.0))
        .map(|step| [step, factor * law(step)])
        .collect();
    let useful = last > 3.0 * first && factor.is_finite();
    useful.then(|| Layer::Guide {
        label: label.into(),
        points,
    })
}

fn loss(series: &Series, context: &RunContext) -> Option<Figure> {
    let points = column(series, "loss")?;
    // The rate of gradient descent on separable data, which others do not have.
    let rate = context
        .of_paper
        .then(|| guide("slope −1", &points, 1.0, |t| 1.0 / t));
    let mut layers: Vec<Layer> = rate.flatten().into_iter().collect();
    layers.push(Layer::curve("loss", points, Style::of(0)));
    let panel = Panel::new(Axis::log(TIME), Axis::log(quantity_label("loss")), layers);
    let caption = if context.of_paper {
        "Both axes are logarithmic. The dotted line has slope −1, the rate 1/t."
    } else {
        "Both axes are logarithmic."
    };
    Some(Figure::new("loss", "Training loss", vec![panel]).with_caption(caption))
}

/// Columns of stable rank with their labels: each block, then the stack.
fn rank_columns(context: &RunContext) -> Vec<(String, String)> {
    let blocks = context.blocks.iter().enumerate();
    blocks
        .map(|(index, block)| {
            (
                format!("stable_rank_{block}"),
                label_of(context, index, block),
            )
        })
        .chain([("stable_rank".into(), "stacked".into())])
        .collect()
}

/// The style of a column of stable rank: of many classes, colours in their order.
fn rank_style(context: &RunContext, index: usize) -> Style {
    match context.classes.len() {
        0 => Style::of(index),
        classes if index < classes => Style::ordered(index, classes),
        _ => Style::reference(),
    }
}

fn stable_rank(series: &Series, context: &RunContext) -> Option<Figure> {
    let mut limits = Vec::new();
    let mut curves = Vec::new();
    for (index, (name, label)) in rank_columns(context).into_iter().enumerate() {
        let Some(points) = column(series, &name) else {
            continue;
        };
        let style = rank_style(context, index);
        limits.push((name, label.clone(), style));
        curves.push(Layer::curve(label, points, style.with_marker(index)));
    }
    if curves.is_empty() {
        return None;
    }
    let mut caption = String::from(if context.of_paper {
        "Stable rank ‖W‖²_F / ‖W‖²₂ of each sign block and of the two blocks stacked. The claims \
         are about the blocks."
    } else {
        "Stable rank ‖W‖²_F / ‖W‖²₂ of each block, and of blocks of one width stacked."
    });
    let mut levels = limit::levels(context, limits);
    if !levels.is_empty() {
        caption += limit::caption(context);
    }
    levels.extend(curves);
    let panel = Panel::new(Axis::log(TIME), Axis::linear("stable rank"), levels);
    Some(Figure::new("stable-rank", "Stable rank", vec![panel]).with_caption(caption))
}

/// The smallest margin over the largest weight; only series of linear networks have this column.
fn linf_margin(series: &Series, context: &RunContext) -> Option<Figure> {
    let name = "margin_linf_min";
    let points = column(series, name)?;
    let limit = (name.to_owned(), String::new(), Style::of(1));
    let mut layers = limit::levels(context, [limit]);
    let mut caption = String::from("min_i y_i ⟨w, x_i⟩ / ‖w‖_∞.");
    if !layers.is_empty() {
        caption += limit::caption(context);
    }
    let curve = Layer::curve("smallest margin", points, Style::of(0).with_width(2.0));
    layers.push(curve);
    let panel = Panel::new(Axis::log(TIME), Axis::linear(quantity_label(name)), layers);
    Some(
        Figure::new("margin-linf", "Margin in the maximum norm", vec![panel]).with_caption(caption),
    )
}

fn weight_norm(series: &Series, context: &RunContext) -> Option<Figure> {
    let points = column(series, "weight_norm")?;
    let mut layers = vec![Layer::curve("‖W(t)‖", points, Style::of(0).with_width(2.4))];
    let mut caption = String::from(
        "Frobenius norm of the weights; a straight line on these axes is growth like log t.",
    );
    if let Some(fit) = context.norm_fit {
        let [first, last] = fit.window.map(|step| step.max(1.0));
        let at = |step: f64| [step, fit.intercept + fit.slope * step.ln()];
        let style = Style::of(1).with_width(1.2);
        let label = format!("fit, {} a decade", format_number(fit.slope * 10f64.ln()));
        layers.push(Layer::curve(label, vec![at(first), at(last)], style));
        caption += &format!(
            " Dashed: {} + {} ln t, fitted over steps {} to {}.",
            format_number(fit.intercept),
            format_number(fit.slope),
            format_number(first),
            format_number(last)
        );
    }
    let panel = Panel::new(
        Axis::log(TIME),
        Axis::linear(quantity_label("weight_norm")),
        layers,
    );
    Some(Figure::new("weight-norm", "Weight norm", vec![panel]).with_caption(caption))
}

/// What rounding leaves of the updates; only series in single precision have these columns.
fn updates(series: &Series) -> Option<Figure> {
    let curves = [
        ("lost_updates", "lost updates"),
        ("effective_update", "effective update"),
    ];
    let layers: Vec<Layer> = curves
        .into_iter()
        .enumerate()
        .filter_map(|(index, (name, label))| {
            let points = column(series, name)?;
            Some(Layer::curve(label, points, Style::of(index)))
        })
        .collect();
    if layers.is_empty() {
        return None;
    }
    let panel = Panel::new(Axis::log(TIME), Axis::linear("fraction"), layers);
    Some(
        Figure::new("updates", "What rounding leaves of updates", vec![panel]).with_caption(
            "Single precision. Lost updates: of the weights with an update that is not zero, the \
             fraction that a step does not change. Effective update: the norm of a step over that \
             of η∇L. Where the first is far from 0 or the second from 1, this is no longer \
             gradient descent.",
        ),
    )
}

fn activation(series: &Series) -> Option<Figure> {
    let pairs = [
        ("same_sign", "same sign"),
        ("opposite_sign", "opposite sign"),
    ];
    let mut active = Vec::new();
    let mut changes = Vec::new();
    let mut most = 0.0_f64;
    for (index, (name, label)) in pairs.into_iter().enumerate() {
        if let Some(points) = column(series, &format!("{name}_active")) {
            active.push(Layer::curve(label, points, Style::of(index)));
        }
        if let Some(points) = column(series, &format!("{name}_changes")) {
            most = points.iter().map(|[_, count]| *count).fold(most, f64::max);
            if index == 0
                && let Some([step, _]) = last_positive(&points)
            {
                let label = format!("last change by t = {}", format_number(step));
                changes.push(Layer::Event { label, at: step });
            }
            changes.push(Layer::Points {
                label: label.into(),
                points,
                errors: Vec::new(),
                // The counts depend on how far apart the records are: a line would mean nothing.
                joined: false,
                style: Style::of(index).with_marker(index),
            });
        }
    }
    if active.is_empty() && changes.is_empty() {
        return None;
    }
    // Counts fall from thousands to a few: a log axis then, where no change has no mark.
    let logarithmic = most > 100.0;
    let y = Axis {
        label: "changes since last record".into(),
        scale: if logarithmic {
            Scale::Log10
        } else {
            Scale::Linear
        },
        range: None,
    };
    let mut caption = String::from(
        "Activation pattern, on pairs of a neuron and a sample of the same and of the opposite \
         sign. Left: fraction of active pairs. Right: pairs that changed since the last recorded \
         step; the vertical line is the last record with a change on same-sign pairs.",
    );
    if logarithmic {
        caption += " On the log axis a record without a change has no mark.";
    }
    let fraction = Axis::linear("fraction active").with_range(-0.03, 1.03);
    // One time axis for both: changes may be few, and early.
    let last = series.last("step").unwrap_or(1.0).max(2.0);
    let time = || Axis::log(TIME).with_range(1.0, last);
    let left = Panel::new(time(), fraction, active).with_title("Active pairs");
    let right = Panel::new(time(), y, changes).with_title("Changes");
    let figure = Figure::new("activation", "Activation patterns", vec![left, right]);
    Some(figure.with_caption(caption))
}

fn rank_gap(series: &Series, context: &RunContext) -> Option<Figure> {
    if !context.rank_one {
        return None;
    }
    let mut layers = Vec::new();
    let mut to_one = true;
    for (index, block) in context.blocks.iter().enumerate() {
        let name = format!("stable_rank_{block}");
        let Some(mut points) = column(series, &name) else {
            continue;
        };
        points.iter_mut().for_each(|point| point[1] -= 1.0);
        if last_positive(&points).is_none() {
            continue;
        }
        let style = Style::of(index);
        let limit = context.limits.get(&name).map(|limit| limit - 1.0);
        if let Some(gap) = limit.filter(|gap| *gap > 1e-6) {
            to_one = false;
            let word = limit::word(context);
            let text = format!("{} {word} {}", block_label(block), format_number(gap));
            layers.push(Layer::level(
                text,
                gap,
                style.with_dash(Dash::Dashed).with_width(0.9),
            ));
        }
        layers.push(Layer::curve(
            block_label(block),
            points,
            style.with_marker(index),
        ));
    }
    let mut caption = String::from("Of each block, both axes logarithmic.");
    let first = layers.iter().find_map(|layer| match layer {
        Layer::Curve { points, .. } => Some(points.clone()),
        _ => None,
    })?;
    // The law holds for a limit of exactly 1; next to another limit it would mislead.
    if !to_one {
        caption += limit::caption(context);
    } else if let Some(law) = guide("∝ 1/log² t", &first, 3.0, |t| t.ln().powi(-2)) {
        layers.insert(0, law);
        caption += " The dotted line falls like 1/log² t, the rate at a fixed activation pattern.";
    }
    let panel = Panel::new(Axis::log(TIME), Axis::log("stable rank − 1"), layers);
    Some(Figure::new("rank-gap", "Stable rank minus one", vec![panel]).with_caption(caption))
}

fn margin_gap(series: &Series, context: &RunContext) -> Option<Figure> {
    let (low, high) = (series.column("margin_min")?, series.column("margin_max")?);
    let points = pair(series, high.iter().zip(&low).map(|(high, low)| high - low))?;
    last_positive(&points)?;
    let limits = ["margin_min", "margin_max"].map(|column| context.limits.get(column));
    let gap = match limits {
        // Smaller ones are rounding.
        [Some(min), Some(max)] => Some(max - min).filter(|gap| *gap > 1e-6 * max),
        _ => None,
    };
    let mut layers = Vec::new();
    let (word, title) = match context.margins_not_normalized {
        false => ("normalized margin", "Normalized margin gap"),
        true => ("margin", "Margin gap"),
    };
    let mut caption = format!("Largest minus smallest {word}, both axes logarithmic.");
    if let Some(gap) = gap {
        let style = Style::of(0).with_dash(Dash::Dashed).with_width(0.9);
        layers.push(Layer::level(
            format!("{} {}", limit::word(context), format_number(gap)),
            gap,
            style,
        ));
        caption += limit::caption(context);
    } else if context.of_paper
        && let Some(law) = guide("∝ 1/log t", &points, 3.0, |t| t.ln().recip())
    {
        // The law is for a gap that closes; next to another limit it would mislead.
        layers.push(law);
        caption += " The dotted line falls like 1/log t, the claimed bound.";
    }
    layers.push(Layer::curve("gap", points, Style::of(0)));
    let panel = Panel::new(Axis::log(TIME), Axis::log(format!("{word} gap")), layers);
    Some(Figure::new("margin-gap", title, vec![panel]).with_caption(caption))
}

#[cfg(test)]
#[path = "run_tests.rs"]
pub(super) mod tests;

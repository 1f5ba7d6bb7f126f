//! The normalized margins of all samples of a run, a line each.

use implicit_bias_plot::{Axis, Dash, Figure, Layer, Panel, Style};
use implicit_bias_record::Series;

use super::context::{ClassSamples, RunContext, TIME};
use super::limit;

/// More curves than this in one panel are thinned out.
const MOST_CURVES: usize = 200;

/// Samples that are drawn alike.
struct Group {
    label: String,
    samples: Vec<usize>,
    style: Style,
}

/// The groups of so many samples: of one label ±1, or of one class.
fn groups(context: &RunContext, samples: usize) -> Vec<Group> {
    if !context.classes.is_empty() {
        let count = context.classes.len();
        let group = |(number, class): (usize, &ClassSamples)| Group {
            label: format!("class {}", class.name),
            samples: class.samples.clone(),
            style: Style {
                marker: None,
                ..Style::ordered(number, count)
            },
        };
        return context.classes.iter().enumerate().map(group).collect();
    }
    let signs = [1.0, -1.0].into_iter().enumerate();
    let group = |(index, sign): (usize, f64)| {
        // A sample without a known label is drawn with the first class.
        let of_sign = |sample: &usize| {
            let label = context.labels.get(*sample).copied().unwrap_or(1.0);
            (label > 0.0) == (sign > 0.0)
        };
        Group {
            label: if context.labels.is_empty() {
                "samples".into()
            } else {
                format!("y = {}", if sign > 0.0 { "+1" } else { "−1" })
            },
            samples: (0..samples).filter(of_sign).collect(),
            // Blue and orange differ in greyscale too.
            style: Style::of(4 * index).with_dash(Dash::of(index)),
        }
    };
    signs.map(group).collect()
}

pub(super) fn normalized_margins(margins: &Series, context: &RunContext) -> Option<Figure> {
    let samples = margins.columns().len().saturating_sub(1);
    let finals = margins
        .rows()
        .last()
        .map(|row| row[1..].to_vec())
        .unwrap_or_default();
    let kept = thin_out(&finals, MOST_CURVES);
    let steps = margins.steps();
    let mut layers = Vec::new();
    for group in groups(context, samples) {
        let curve = |&sample: &usize| {
            let rows = steps.iter().zip(margins.rows());
            rows.map(|(&step, row)| [step, row[sample + 1]])
                .collect::<Vec<_>>()
        };
        let drawn = kept.iter().filter(|sample| group.samples.contains(sample));
        let drawn: Vec<usize> = drawn.copied().collect();
        let curves: Vec<_> = drawn.iter().map(curve).collect();
        let names = drawn.iter().map(|sample| format!("sample {sample}"));
        if curves
            .iter()
            .flatten()
            .any(|[t, margin]| *t > 0.0 && margin.is_finite())
        {
            // Dashes tell few lines apart, not hundreds.
            let style = match kept.len() {
                0..=30 => group.style,
                _ => group.style.with_dash(Dash::Solid),
            };
            layers.push(Layer::Bundle {
                label: group.label,
                curves,
                names: names.collect(),
                style,
            });
        }
    }
    if layers.is_empty() {
        return None;
    }
    let mut levels = limit::margin_levels(context);
    let caption = caption(context, kept.len(), samples, !levels.is_empty());
    levels.extend(layers);
    let (name, title) = match context.margins_not_normalized {
        false => ("normalized margin", "Normalized margins"),
        true => ("margin", "Margins"),
    };
    let panel = Panel::new(Axis::log(TIME), Axis::linear(name), levels);
    Some(Figure::new("margins", title, vec![panel]).with_caption(caption))
}

fn caption(context: &RunContext, kept: usize, samples: usize, with_limits: bool) -> String {
    let margin = match context.classes.is_empty() {
        true => "y f(W; x)",
        false => "(score of the own class − best other)",
    };
    let margins = match (context.margins_not_normalized, context.of_paper) {
        (true, _) => format!("Margins {margin}"),
        (_, true) => format!("Normalized margins {margin} / ‖W‖_F"),
        _ => {
            format!("Normalized margins {margin} / ‖W‖_F^L, L the network's degree of homogeneity")
        }
    };
    let mut caption = format!("{margins}, one thin line a sample, by class.");
    if kept < samples {
        caption += &format!(
            " Of {samples} samples {kept} are drawn, evenly spaced in the order of the data, with \
             the smallest and the largest final margin always among them."
        );
    }
    if with_limits {
        caption += limit::caption(context);
    }
    caption
}

/// At most `most` indices, evenly spaced, those of the smallest and the largest value among them.
pub(super) fn thin_out(values: &[f64], most: usize) -> Vec<usize> {
    let count = values.len();
    if count <= most {
        return (0..count).collect();
    }
    let spaced = most.saturating_sub(2).max(1);
    let mut kept: Vec<usize> = (0..spaced).map(|index| index * count / spaced).collect();
    let finite = || (0..count).filter(|&index| values[index].is_finite());
    kept.extend(finite().min_by(|&a, &b| values[a].total_cmp(&values[b])));
    kept.extend(finite().max_by(|&a, &b| values[a].total_cmp(&values[b])));
    kept.sort_unstable();
    kept.dedup();
    kept
}

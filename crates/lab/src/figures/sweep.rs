//! Figures across runs: curves by parameter, and final values against a parameter.

use super::context::TIME;
use super::run::{column, quantity_label};
use implicit_bias_plot::{Axis, Dash, Figure, Layer, Panel, Style};
use implicit_bias_record::Series;

/// One run of a sweep, for [`curves_by_parameter`].
#[derive(Clone, Debug)]
pub struct CurveEntry<'a> {
    /// The panel it belongs to, by title: `ReLU`.
    pub panel: String,
    /// The value of the parameter as a reader should see it: `σ₀ = 0.01`.
    pub label: String,
    /// The run's table.
    pub series: &'a Series,
}

/// One point of a sweep, for [`final_against`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PointEntry {
    /// The panel it belongs to, by title: `ReLU`.
    pub panel: String,
    /// The curve it belongs to, by label: `W₊₁`.
    pub curve: String,
    /// Value of the parameter, positive.
    pub x: f64,
    /// The final value.
    pub y: f64,
    /// Lower and upper end of its spread (over seeds, say), if there is one.
    pub spread: Option<[f64; 2]>,
}

/// The different values of a key, in the order of their first appearance.
fn distinct<T>(entries: &[T], key: impl Fn(&T) -> &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in entries.iter().map(key) {
        if !found.iter().any(|known| known == name) {
            found.push(name.into());
        }
    }
    found
}

/// One curve a value of a parameter, against the step, with a panel a kind of run; the panels share
/// the vertical axis.
///
/// Shade and marker tell the value, in the order of `entries`; of several columns the first is
/// solid and the others have dash patterns of their own. Absent columns are left out.
///
/// ```
/// use implicit_bias_lab::figures::{CurveEntry, curves_by_parameter};
/// use implicit_bias_record::Series;
/// let mut series = Series::new(["step", "stable_rank_pos"]);
/// series.push(vec![1.0, 1.5]);
/// series.push(vec![10.0, 1.1]);
/// let entry = CurveEntry { panel: "ReLU".into(), label: "σ₀ = 0.1".into(), series: &series };
/// let figure = curves_by_parameter("sigma", "Initial scale", &["stable_rank_pos"], &[entry]);
/// assert_eq!(figure.panels.len(), 1);
/// ```
pub fn curves_by_parameter(
    name: &str,
    title: &str,
    columns: &[&str],
    entries: &[CurveEntry<'_>],
) -> Figure {
    let values = distinct(entries, |entry| &entry.label);
    let y_label = match columns {
        [only] => quantity_label(only),
        [_, ..] if columns.iter().all(|name| name.starts_with("stable_rank")) => {
            "stable rank".into()
        }
        _ => columns
            .first()
            .map(|first| quantity_label(first))
            .unwrap_or_default(),
    };
    let panels = distinct(entries, |entry| &entry.panel)
        .into_iter()
        .map(|panel| {
            let mut layers = Vec::new();
            for entry in entries.iter().filter(|entry| entry.panel == panel) {
                let rank = values
                    .iter()
                    .position(|label| *label == entry.label)
                    .unwrap_or(0);
                let style = Style::ordered(rank, values.len());
                for (index, column_name) in columns.iter().enumerate() {
                    let Some(points) = column(entry.series, column_name) else {
                        continue;
                    };
                    let (label, style) = if index == 0 {
                        (entry.label.as_str(), style)
                    } else {
                        let plain = Style {
                            marker: None,
                            ..style
                        };
                        ("", plain.with_dash(Dash::of(index)).with_width(1.0))
                    };
                    layers.push(Layer::curve(label, points, style));
                }
            }
            Panel::new(Axis::log(TIME), Axis::linear(y_label.as_str()), layers).with_title(panel)
        });
    let panels: Vec<Panel> = panels.collect();
    let caption = match columns {
        [_, _, ..] => {
            let dashes = ["solid", "dashed", "dash-dotted", "dotted", "long dashes"];
            let named = columns
                .iter()
                .zip(dashes)
                .map(|(column, dash)| format!("{dash}: {}", quantity_label(column)));
            let text = named.collect::<Vec<_>>().join("; ");
            let mut letters = text.chars();
            let first = letters
                .next()
                .map(|letter| letter.to_uppercase().to_string());
            format!("{}{}.", first.unwrap_or_default(), letters.as_str())
        }
        _ => String::new(),
    };
    Figure::new(name, title, panels)
        .with_caption(caption)
        .sharing_y()
}

/// Final values against a parameter on a log axis, points joined by lines, one curve a label and
/// one panel a kind of run; the panels share the vertical axis.
///
/// Points are joined in the order of the parameter. For another scale see [`Figure::with_log_y`];
/// to put two quantities side by side see [`Figure::beside`].
pub fn final_against(
    name: &str,
    title: &str,
    x_label: &str,
    y_label: &str,
    entries: &[PointEntry],
) -> Figure {
    let curves = distinct(entries, |entry| &entry.curve);
    let panels = distinct(entries, |entry| &entry.panel)
        .into_iter()
        .map(|panel| {
            let layers = curves.iter().enumerate().filter_map(|(index, curve)| {
                let mut points: Vec<&PointEntry> = entries
                    .iter()
                    .filter(|entry| entry.panel == panel && entry.curve == *curve)
                    .collect();
                points.sort_by(|a, b| a.x.total_cmp(&b.x));
                let spreads = points
                    .iter()
                    .map(|entry| entry.spread.unwrap_or([entry.y; 2]));
                let some = points.iter().any(|entry| entry.spread.is_some());
                let errors = if some { spreads.collect() } else { Vec::new() };
                (!points.is_empty()).then(|| Layer::Points {
                    label: curve.clone(),
                    points: points.iter().map(|entry| [entry.x, entry.y]).collect(),
                    errors,
                    joined: true,
                    style: Style::of(index).with_marker(index),
                })
            });
            Panel::new(Axis::log(x_label), Axis::linear(y_label), layers.collect())
                .with_title(panel)
        });
    Figure::new(name, title, panels.collect()).sharing_y()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(scale: f64) -> Series {
        let mut series = Series::new(["step", "stable_rank_pos", "stable_rank_neg"]);
        for exponent in 0..50 {
            let t = 10f64.powf(f64::from(exponent) / 10.0);
            series.push(vec![
                t,
                1.0 + scale / (1.0 + t.ln()),
                1.0 + 1.1 * scale / (1.0 + t.ln()),
            ]);
        }
        series
    }

    #[test]
    fn one_panel_a_kind_and_one_label_a_value() {
        let (a, b) = (series(1.0), series(0.3));
        let entry = |panel: &str, label: &str, series| CurveEntry {
            panel: panel.into(),
            label: label.into(),
            series,
        };
        let entries = [
            entry("ReLU", "σ₀ = 1", &a),
            entry("ReLU", "σ₀ = 0.1", &b),
            entry("leaky ReLU", "σ₀ = 0.1", &b),
        ];
        let columns = ["stable_rank_pos", "stable_rank_neg", "stable_rank_absent"];
        let figure = curves_by_parameter("sigma", "Scale", &columns, &entries);
        assert_eq!(figure.panels.len(), 2);
        assert_eq!(figure.panels[0].layers.len(), 4);
        // The same value has the same style in every panel.
        let Layer::Curve { style: left, .. } = &figure.panels[0].layers[2] else {
            panic!()
        };
        let Layer::Curve { style: right, .. } = &figure.panels[1].layers[0] else {
            panic!()
        };
        assert_eq!(left, right);
        let svg = figure.render().unwrap();
        assert_eq!(svg.matches(">σ₀ = 0.1</text>").count(), 2);
        assert_eq!(
            svg.matches(">stable rank</text>").count(),
            1,
            "a shared axis is named once"
        );
    }

    #[test]
    fn points_are_joined_in_the_order_of_the_parameter() {
        let point = |x: f64| PointEntry {
            x,
            y: x,
            curve: "c".into(),
            ..PointEntry::default()
        };
        let figure = final_against("f", "t", "x", "y", &[point(3.0), point(1.0), point(2.0)]);
        let Layer::Points { points, errors, .. } = &figure.panels[0].layers[0] else {
            panic!()
        };
        assert_eq!(points, &[[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]);
        assert!(errors.is_empty());
    }
}

//! The numbers of a figure as JSON, for a page that shows them.

use crate::axis::{Axis, Scale};
use crate::cells::Cells;
use crate::columns::{Columns, On, quoted};
use crate::figure::{Figure, Layer};
use crate::style::{Dash, Style};
use crate::trace::Frame;

/// A figure for a page of HTML: its SVG and the numbers that it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageFigure {
    /// The SVG of [`Figure::render`] with the elements of each layer, and those of its label, in a
    /// group `<g data-layer="panel.layer">`, both counted from 0.
    pub svg: String,
    /// JSON without the letter `<`, so that it can stand in a `<script type="application/json">`.
    ///
    /// `columns` are lists of 64-bit floats, little end first, in base64: every number to the last
    /// bit, in 11 bytes instead of 19, equal columns once. Layers refer to them by their index. Of
    /// a line of many rows some are kept, evenly spaced; `of` says of how many.
    /// `frame` is `[left, right, top, bottom]` in units of the SVG, `range` the values at the ends
    /// of an axis.
    pub numbers: String,
}

/// Where a panel was drawn, and from which to which value.
pub(crate) struct Placed {
    pub frame: Frame,
    pub x: [f64; 2],
    pub y: [f64; 2],
}

/// The numbers of a figure whose panels were drawn at these places.
pub(crate) fn numbers(figure: &Figure, places: &[Placed]) -> String {
    let layers = figure.panels.iter().flat_map(|panel| &panel.layers);
    let lines = layers.map(|layer| match layer {
        Layer::Bundle { curves, .. } => curves.len(),
        _ => 1,
    });
    let mut columns = Columns::for_lines(lines.sum());
    let mut panels = Vec::new();
    for (panel, place) in figure.panels.iter().zip(places) {
        let Frame {
            left,
            right,
            top,
            bottom,
        } = place.frame;
        let mut layers = Vec::new();
        for (index, layer) in panel.layers.iter().enumerate() {
            let name = name_of(&panel.layers, index);
            let on = On(Some([panel.x.scale, panel.y.scale]));
            layers.push(layer_text(layer, &name, on, &mut columns));
        }
        panels.push(format!(
            "{{\"title\":{},\"frame\":[{left},{right},{top},{bottom}],\"x\":{},\"y\":{},\
             \"layers\":[{}]}}",
            quoted(&panel.title),
            axis(&panel.x, place.x),
            axis(&panel.y, place.y),
            layers.join(",\n")
        ));
    }
    format!(
        "{{\"name\":{},\"columns\":[\"{}\"],\n\"panels\":[{}]}}",
        quoted(&figure.name),
        columns.texts.join("\",\n\""),
        panels.join(",\n")
    )
}

fn axis(axis: &Axis, [low, high]: [f64; 2]) -> String {
    format!(
        "{{\"label\":{},\"log\":{},\"range\":[{},{}]}}",
        quoted(&axis.label),
        axis.scale == Scale::Log10,
        number(low),
        number(high)
    )
}

/// One layer of this name.
fn layer_text(layer: &Layer, name: &str, on: On, columns: &mut Columns) -> String {
    let (kind, style, lines) = match layer {
        Layer::Curve { points, style, .. } => (
            "curve",
            Some(*style),
            vec![columns.line("", points, &[], on)],
        ),
        Layer::Points {
            points,
            errors,
            joined,
            style,
            ..
        } => {
            let kind = if *joined { "joined" } else { "points" };
            (
                kind,
                Some(*style),
                vec![columns.line("", points, errors, on)],
            )
        }
        Layer::Bundle {
            curves,
            names,
            style,
            ..
        } => {
            let lines = curves.iter().enumerate().map(|(index, points)| {
                let name = names.get(index).map_or("", String::as_str);
                columns.line(name, points, &[], on)
            });
            ("bundle", Some(*style), lines.collect())
        }
        Layer::Level { value, style, .. } => {
            let line = columns.line("", &[[f64::NAN, *value]], &[], on);
            ("level", Some(*style), vec![line])
        }
        Layer::Guide { points, .. } => ("guide", None, vec![columns.line("", points, &[], on)]),
        Layer::Event { at, .. } => {
            let line = columns.line("", &[[*at, f64::NAN]], &[], on);
            ("event", None, vec![line])
        }
        Layer::Band { points, style } => {
            let lower: Vec<_> = points.iter().map(|&[x, low, _]| [x, low]).collect();
            let kept = columns.kept(&lower, on).into_iter();
            let kept: Vec<[f64; 3]> = kept.map(|row| points[row]).collect();
            let middle: Vec<_> = kept.iter().map(|&[x, ..]| [x, f64::NAN]).collect();
            let ends: Vec<_> = kept.iter().map(|&[_, low, high]| [low, high]).collect();
            (
                "band",
                Some(*style),
                vec![columns.line("", &middle, &ends, On(None))],
            )
        }
        Layer::Matrix { values, .. } => ("matrix", None, rows_of_matrix(values, columns)),
        Layer::Cells(cells) => ("cells", None, rows_of_cells(cells, columns)),
        // Pictures are pixels: their values are not written.
        Layer::Image { .. } | Layer::Pictures(_) => ("picture", None, Vec::new()),
    };
    let (colour, dash) = match style {
        Some(style) => (style.colour.code(), style.dash),
        None => ("#7a7a7a".to_owned(), Dash::Dotted),
    };
    format!(
        "{{\"kind\":\"{kind}\",\"name\":{},\"colour\":\"{colour}\",\"dash\":\"{}\",\"lines\":[{}]}}",
        quoted(name),
        dash.code().unwrap_or(""),
        lines.join(",")
    )
}

/// What a layer is called: its label; without one, the label of the nearest layer of its colour,
/// and how it is drawn.
fn name_of(layers: &[Layer], index: usize) -> String {
    let label = |layer: &Layer| layer.label().unwrap_or_default().to_owned();
    let own = label(&layers[index]);
    let Some(style) = style_of(&layers[index]).filter(|_| own.is_empty()) else {
        return own;
    };
    let drawn = match &layers[index] {
        Layer::Band { .. } => "band",
        Layer::Points { .. } => "marks",
        _ => style.dash.word(),
    };
    let alike = layers.iter().enumerate().filter(|(_, layer)| {
        let colour = style_of(layer).map(|style| style.colour);
        colour == Some(style.colour) && !label(layer).is_empty()
    });
    let nearest = alike.min_by_key(|(other, _)| other.abs_diff(index));
    match nearest {
        Some((_, layer)) => format!("{}, {drawn}", label(layer)),
        None => drawn.to_owned(),
    }
}

/// The style of a layer that has one.
fn style_of(layer: &Layer) -> Option<Style> {
    match layer {
        Layer::Curve { style, .. }
        | Layer::Points { style, .. }
        | Layer::Bundle { style, .. }
        | Layer::Level { style, .. }
        | Layer::Band { style, .. } => Some(*style),
        _ => None,
    }
}

/// The rows of a matrix as lines against the number of the column.
fn rows_of_matrix(values: &[Vec<f64>], columns: &mut Columns) -> Vec<String> {
    let row = |(index, entries): (usize, &Vec<f64>)| {
        let points = entries.iter().enumerate();
        let points: Vec<_> = points.map(|(at, &value)| [at as f64, value]).collect();
        columns.line(&format!("row {index}"), &points, &[], On(None))
    };
    values.iter().enumerate().map(row).collect()
}

/// The rows of cells as lines against the left edges, and the edges of both axes as two more.
fn rows_of_cells(cells: &Cells, columns: &mut Columns) -> Vec<String> {
    let edges =
        |values: &[f64]| -> Vec<[f64; 2]> { values.iter().map(|&edge| [edge, f64::NAN]).collect() };
    let mut lines = vec![
        columns.line("x edges", &edges(&cells.x), &[], On(None)),
        columns.line("y edges", &edges(&cells.y), &[], On(None)),
    ];
    lines.extend(cells.values.iter().enumerate().map(|(index, row)| {
        let points: Vec<_> = cells.x.iter().zip(row).map(|(&x, &v)| [x, v]).collect();
        columns.line(&format!("row {index}"), &points, &[], On(None))
    }));
    lines
}

/// A number as JSON has it; `null` for what is not finite.
fn number(value: f64) -> String {
    if value.is_finite() {
        format!("{value:e}")
    } else {
        "null".to_owned()
    }
}

#[cfg(test)]
#[path = "numbers_tests.rs"]
mod tests;

//! Layout: ranges, margins, axes; the layers themselves are drawn in `layers`.

use crate::PlotError;
use crate::axis::{Axis, Scale};
use crate::canvas::Canvas;
use crate::figure::{Figure, Layer, Panel};
use crate::labels::{LABEL_INDENT, LABEL_LIMIT, LABEL_SPACING, TEXT, shorten, text_width};
use crate::numbers::{PageFigure, Placed, numbers};
use crate::pictures::Pictures;
use crate::scale::{Map, Tick, drawable, range_of, ticks};
use crate::svg::{Anchor, Stroke, Svg};
use crate::trace::Frame;

/// Font size of the numbers on the axes.
const NUMBERS: f64 = 11.5;

/// Everything about a panel that is known before its place in the figure.
struct Prepared<'a> {
    panel: &'a Panel,
    x: [f64; 2],
    y: [f64; 2],
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    left: f64,
    right: f64,
}

impl Figure {
    /// Draws the figure as the text of an SVG file.
    ///
    /// The text has no ids and no style sheet, refers to nothing outside itself, and is the same,
    /// byte for byte, whenever the figure is. Its colours are for white paper; text takes the
    /// `color` of the page it is put into.
    ///
    /// # Errors
    ///
    /// [`PlotError`] if there is no panel, or if an axis has a fixed range that is empty, not
    /// finite, or not positive where the axis is logarithmic. Data never cause an error: what
    /// cannot be drawn is left out, and an empty panel says so.
    pub fn render(&self) -> Result<String, PlotError> {
        Ok(self.draw(false)?.0)
    }

    /// Draws the figure for a page that shows its numbers: what is seen is what [`render`] draws.
    ///
    /// [`render`]: Self::render
    ///
    /// # Errors
    ///
    /// As [`render`](Self::render).
    pub fn render_for_page(&self) -> Result<PageFigure, PlotError> {
        let (svg, places) = self.draw(true)?;
        let numbers = numbers(self, &places);
        Ok(PageFigure { svg, numbers })
    }

    /// The SVG, in which layers have groups of their own or not, and where its panels are.
    fn draw(&self, grouped: bool) -> Result<(String, Vec<Placed>), PlotError> {
        let fail = |reason: String| PlotError {
            name: self.name.clone(),
            reason,
        };
        if self.panels.is_empty() {
            return Err(fail("expected at least one panel, found none".into()));
        }
        for axis in self.panels.iter().flat_map(|panel| [&panel.x, &panel.y]) {
            check_range(axis).map_err(fail)?;
        }
        let mut svg = Svg::new(grouped);
        let width = [310.0, 250.0, 205.0][self.panels.len().min(3) - 1];
        let labels = self
            .panels
            .iter()
            .map(|p| label_texts(p).count())
            .max()
            .unwrap_or(0);
        // A panel with many labels grows rather than letting them touch.
        let height = match self
            .panels
            .iter()
            .filter_map(pictures_of)
            .map(Pictures::size)
            .max()
        {
            // Square pictures: as many pixels high as they are wide.
            Some((rows, columns)) => width * rows as f64 / columns as f64,
            None => (LABEL_SPACING * labels as f64).max(205.0),
        };
        let top = if self.panels.iter().any(|p| !p.title.is_empty()) {
            28.0
        } else {
            12.0
        };
        let prepared = self.prepare();
        let mut places = Vec::new();
        let mut left = 2.0;
        for (index, part) in prepared.iter().enumerate() {
            left += part.left;
            let frame = Frame {
                left,
                right: left + width,
                top,
                bottom: top + height,
            };
            draw_panel(&mut svg, index, part, frame);
            let (x, y) = (part.x, part.y);
            places.push(Placed { frame, x, y });
            left += width + part.right;
        }
        let total = left + 2.0;
        let svg = svg.finish(total, top + height + 44.0, &self.title, &self.caption);
        Ok((svg, places))
    }

    fn prepare(&self) -> Vec<Prepared<'_>> {
        let ranges: Vec<_> = self
            .panels
            .iter()
            .map(|panel| (x_range(panel), panel))
            .collect();
        let y_of = |panel: &Panel| y_range(std::slice::from_ref(panel));
        let shared = self.share_y.then(|| y_range(&self.panels));
        let mut prepared = Vec::new();
        for (index, (x, panel)) in ranges.into_iter().enumerate() {
            let y = shared.unwrap_or_else(|| y_of(panel));
            let mut y_ticks = match pictures_of(panel) {
                Some(pictures) => row_texts(pictures),
                None => ticks(panel.y.scale, sorted(y), 5),
            };
            let numbers = !(self.share_y && index > 0);
            if !numbers {
                y_ticks.iter_mut().for_each(|tick| {
                    tick.label = tick.label.take().map(|_| String::new());
                });
            }
            let widest = widest(y_ticks.iter().filter_map(|tick| tick.label.as_deref()));
            let left = if numbers {
                let label = if panel.y.label.is_empty() { 0.0 } else { 20.0 };
                label + widest * NUMBERS + 10.0
            } else {
                10.0
            };
            let shown = label_texts(panel).map(|label| shorten(label, LABEL_LIMIT));
            let widest = shown.map(|label| text_width(&label)).fold(0.0, f64::max);
            let bar = panel
                .layers
                .iter()
                .any(|layer| matches!(layer, Layer::Matrix { .. } | Layer::Cells(_)));
            let right = match widest {
                _ if bar => 92.0,
                0.0 => 18.0,
                _ => LABEL_INDENT + widest * TEXT + 4.0,
            };
            let x_ticks = match pictures_of(panel) {
                Some(pictures) => column_texts(pictures),
                None => ticks(panel.x.scale, sorted(x), 6),
            };
            prepared.push(Prepared {
                panel,
                x,
                y,
                x_ticks,
                y_ticks,
                left,
                right,
            });
        }
        prepared
    }
}

fn check_range(axis: &Axis) -> Result<(), String> {
    let Some([low, high]) = axis.range else {
        return Ok(());
    };
    if low < high && drawable(axis.scale, low) && drawable(axis.scale, high) {
        return Ok(());
    }
    Err(format!(
        "axis `{}`: expected a {} range from low to high, found {low} to {high}",
        axis.label,
        if axis.scale == Scale::Log10 {
            "positive"
        } else {
            "finite"
        }
    ))
}

fn sorted([a, b]: [f64; 2]) -> [f64; 2] {
    [a.min(b), a.max(b)]
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> f64 {
    texts.map(text_width).fold(0.0, f64::max)
}

/// The labels that go to the right of a panel.
fn label_texts(panel: &Panel) -> impl Iterator<Item = &str> {
    panel.layers.iter().filter_map(|layer| match layer {
        Layer::Curve { label, .. }
        | Layer::Points { label, .. }
        | Layer::Bundle { label, .. }
        | Layer::Level { label, .. }
        | Layer::Guide { label, .. } => (!label.is_empty()).then_some(label.as_str()),
        Layer::Event { .. }
        | Layer::Band { .. }
        | Layer::Matrix { .. }
        | Layer::Cells(_)
        | Layer::Image { .. }
        | Layer::Pictures(_) => None,
    })
}

/// Whether a point can be drawn at all: the other axis then takes it into account.
fn shown(panel: &Panel, [x, y]: [f64; 2]) -> bool {
    drawable(panel.x.scale, x) && drawable(panel.y.scale, y)
}

/// The points that an axis must show; guides and events adapt to what is there.
fn extent(panel: &Panel) -> Vec<[f64; 2]> {
    let mut points = Vec::new();
    for layer in &panel.layers {
        match layer {
            Layer::Curve { points: own, .. } => points.extend_from_slice(own),
            Layer::Points {
                points: own,
                errors,
                ..
            } => {
                points.extend_from_slice(own);
                for (&[x, _], bar) in own.iter().zip(errors) {
                    points.extend(bar.iter().map(|&end| [x, end]));
                }
            }
            Layer::Bundle { curves, .. } => points.extend(curves.iter().flatten()),
            Layer::Cells(cells) => points.extend(cells.corners()),
            Layer::Image { x, y, .. } => points.extend([[x[0], y[0]], [x[1], y[1]]]),
            Layer::Band { points: own, .. } => {
                points.extend(own.iter().flat_map(|&[x, low, high]| [[x, low], [x, high]]));
            }
            Layer::Level { .. }
            | Layer::Guide { .. }
            | Layer::Event { .. }
            | Layer::Matrix { .. }
            | Layer::Pictures(_) => {}
        }
    }
    points.retain(|&point| shown(panel, point));
    points
}

fn x_range(panel: &Panel) -> [f64; 2] {
    if let Some(range) = panel.x.range {
        return range;
    }
    if let Some((_, columns)) = matrix_size(panel) {
        return [-0.5, columns as f64 - 0.5];
    }
    // Markers at the ends need air; a line may start on the axis.
    let marked = panel
        .layers
        .iter()
        .any(|layer| matches!(layer, Layer::Points { .. }));
    let padding = if marked { 0.05 } else { 0.0 };
    range_of(
        panel.x.scale,
        extent(panel).into_iter().map(|[x, _]| x),
        padding,
    )
}

fn y_range(panels: &[Panel]) -> [f64; 2] {
    let Some(first) = panels.first() else {
        return [0.0, 1.0];
    };
    if let Some(range) = first.y.range {
        return range;
    }
    if let Some((rows, _)) = matrix_size(first) {
        return [rows as f64 - 0.5, -0.5];
    }
    let values = panels.iter().flat_map(|panel| {
        let levels = panel.layers.iter().filter_map(|layer| match layer {
            Layer::Level { value, .. } => Some(*value),
            _ => None,
        });
        extent(panel)
            .into_iter()
            .map(|[_, y]| y)
            .chain(levels)
            .collect::<Vec<_>>()
    });
    range_of(first.y.scale, values, 0.06)
}

/// The pictures of a panel that shows some.
fn pictures_of(panel: &Panel) -> Option<&Pictures> {
    panel.layers.iter().find_map(|layer| match layer {
        Layer::Pictures(pictures) => Some(pictures),
        _ => None,
    })
}

/// The texts beside the rows of pictures, placed as ticks are.
fn row_texts(pictures: &Pictures) -> Vec<Tick> {
    let rows = pictures.rows.iter().enumerate();
    rows.map(|(row, (text, _))| Tick {
        value: row as f64,
        label: Some(text.clone()),
    })
    .collect()
}

/// The texts below the columns of pictures, placed as ticks are.
fn column_texts(pictures: &Pictures) -> Vec<Tick> {
    let texts = pictures.column_texts().into_iter();
    texts
        .map(|(value, text)| Tick {
            value,
            label: Some(text),
        })
        .collect()
}

fn matrix_size(panel: &Panel) -> Option<(usize, usize)> {
    panel.layers.iter().find_map(|layer| match layer {
        Layer::Pictures(pictures) => Some(pictures.size()),
        Layer::Matrix { values, .. } => {
            let columns = values.iter().map(Vec::len).max().unwrap_or(0);
            Some((values.len().max(1), columns.max(1)))
        }
        _ => None,
    })
}

fn draw_panel(svg: &mut Svg, index: usize, part: &Prepared<'_>, frame: Frame) {
    let panel = part.panel;
    let x = Map::new(panel.x.scale, part.x, frame.left, frame.right);
    let y = Map::new(panel.y.scale, part.y, frame.bottom, frame.top);
    let is_matrix = matrix_size(panel).is_some();
    if !is_matrix {
        draw_grid(svg, part, frame, &x, &y);
    }
    let mut canvas = Canvas::new(svg, x, y, frame, index);
    let drawn = panel
        .layers
        .iter()
        .enumerate()
        .map(|(index, layer)| canvas.draw_numbered(index, layer))
        .filter(|drawn| *drawn)
        .count();
    canvas.draw_labels();
    let middle = [
        0.5 * (frame.left + frame.right),
        0.5 * (frame.top + frame.bottom),
    ];
    if drawn == 0 {
        svg.text(middle, TEXT, Anchor::Middle, "no data to draw");
    }
    draw_axes(svg, part, frame, &x, &y);
    if !panel.title.is_empty() {
        svg.bold(
            [middle[0], frame.top - 9.0],
            TEXT,
            Anchor::Middle,
            &panel.title,
        );
    }
}

fn draw_grid(svg: &mut Svg, part: &Prepared<'_>, frame: Frame, x: &Map, y: &Map) {
    let labelled = |ticks: &[Tick], map: &Map| {
        let places = ticks.iter().filter(|tick| tick.label.is_some());
        places
            .filter_map(|tick| map.place(tick.value))
            .collect::<Vec<_>>()
    };
    let columns = labelled(&part.x_ticks, x).into_iter();
    let rows = labelled(&part.y_ticks, y).into_iter();
    let lines: Vec<_> = columns
        .map(|at| vec![[at, frame.top], [at, frame.bottom]])
        .chain(rows.map(|at| vec![[frame.left, at], [frame.right, at]]))
        .collect();
    svg.path(&lines, &Stroke::new("currentColor", 0.6).opacity(0.13));
}

fn draw_axes(svg: &mut Svg, part: &Prepared<'_>, frame: Frame, x: &Map, y: &Map) {
    let ink = Stroke::new("currentColor", 0.9);
    let (left, bottom) = (frame.left, frame.bottom);
    let mut marks = vec![vec![
        [left, frame.top],
        [left, bottom],
        [frame.right, bottom],
    ]];
    for tick in &part.x_ticks {
        let Some(at) = x.place(tick.value) else {
            continue;
        };
        let length = if tick.label.is_some() { 4.0 } else { 2.2 };
        marks.push(vec![[at, bottom], [at, bottom + length]]);
        if let Some(label) = &tick.label {
            svg.text([at, bottom + 16.0], NUMBERS, Anchor::Middle, label);
        }
    }
    for tick in &part.y_ticks {
        let Some(at) = y.place(tick.value) else {
            continue;
        };
        let length = if tick.label.is_some() { 4.0 } else { 2.2 };
        marks.push(vec![[left - length, at], [left, at]]);
        if let Some(label) = tick.label.as_deref().filter(|label| !label.is_empty()) {
            svg.text(
                [left - 6.5, at + 0.35 * NUMBERS],
                NUMBERS,
                Anchor::End,
                label,
            );
        }
    }
    if pictures_of(part.panel).is_none() {
        svg.path(&marks, &ink);
    }
    let middle = [0.5 * (left + frame.right), 0.5 * (frame.top + bottom)];
    svg.text(
        [middle[0], bottom + 35.0],
        TEXT,
        Anchor::Middle,
        &part.panel.x.label,
    );
    let numbered = part
        .y_ticks
        .iter()
        .any(|tick| tick.label.as_deref().is_some_and(|l| !l.is_empty()));
    if numbered && !part.panel.y.label.is_empty() {
        svg.upward(
            [left - part.left + 11.0, middle[1]],
            TEXT,
            &part.panel.y.label,
        );
    }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;

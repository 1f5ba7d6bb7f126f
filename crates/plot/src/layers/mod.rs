//! How each kind of layer is drawn.

mod cells;
mod pictures;

use crate::canvas::Canvas;
use crate::figure::Layer;
use crate::labels::{LABEL_LIMIT, shorten};
use crate::scale::Map;
use crate::style::{Colour, Dash, Marker, Style, viridis};
use crate::svg::{Anchor, Point, Stroke};
use crate::trace::Frame;

impl Canvas<'_> {
    /// Draws a layer with its number in the panel; whether it showed any data.
    pub fn draw_numbered(&mut self, index: usize, layer: &Layer) -> bool {
        self.layer[1] = index;
        self.svg.open_layer(self.layer);
        let drawn = self.draw(layer);
        self.svg.close_layer();
        drawn
    }

    fn draw(&mut self, layer: &Layer) -> bool {
        match layer {
            Layer::Curve {
                label,
                points,
                style,
            } => self.curve(label, points, *style),
            Layer::Points {
                label,
                points,
                errors,
                joined,
                style,
            } => self.points(label, points, errors, *joined, *style),
            Layer::Bundle {
                label,
                curves,
                style,
                ..
            } => self.bundle(label, curves, *style),
            Layer::Level {
                label,
                value,
                style,
            } => self.level(label, *value, *style),
            Layer::Guide { label, points } => self.guide(label, points),
            Layer::Event { label, at } => self.event(label, *at),
            Layer::Band { points, style } => self.band(points, *style),
            Layer::Matrix { label, values } => self.matrix(label, values),
            Layer::Cells(cells) => self.cells(cells),
            Layer::Image {
                picture,
                tint,
                x,
                y,
            } => self.image(picture, *tint, *x, *y),
            Layer::Pictures(pictures) => self.pictures(pictures),
        }
    }

    fn curve(&mut self, label: &str, points: &[[f64; 2]], style: Style) -> bool {
        let traced = self.trace(points);
        self.svg.path(&traced.pieces, &style.stroke());
        // A point between two gaps would be invisible as a line.
        for piece in traced.pieces.iter().filter(|piece| piece.len() == 1) {
            self.svg
                .marker(Marker::Circle, piece[0], &style.colour.code());
        }
        if let Some(marker) = style.marker {
            for point in self.few(&traced.points, marker) {
                self.svg.marker(marker, point, &style.colour.code());
            }
        }
        self.label(label, traced.end(), style);
        !traced.pieces.is_empty()
    }

    /// Five of the points, about evenly spaced; where depends on the marker, so that curves that
    /// coincide do not hide each other's markers.
    fn few(&self, points: &[Point], marker: Marker) -> Vec<Point> {
        let width = self.frame.right - self.frame.left;
        let shift = marker as usize as f64 / 6.0;
        let mut chosen: Vec<Point> = Vec::new();
        for index in 0..5 {
            let wanted = self.frame.left + width * (f64::from(index) + 0.15 + 0.7 * shift) / 5.0;
            let distance = |point: &&Point| (point[0] - wanted).abs();
            let nearest = points
                .iter()
                .min_by(|a, b| distance(a).total_cmp(&distance(b)));
            if let Some(&point) = nearest.filter(|point| distance(point) < 0.1 * width)
                && chosen.last() != Some(&point)
            {
                chosen.push(point);
            }
        }
        chosen
    }

    fn points(
        &mut self,
        label: &str,
        points: &[[f64; 2]],
        errors: &[[f64; 2]],
        joined: bool,
        style: Style,
    ) -> bool {
        let traced = self.trace(points);
        let colour = style.colour.code();
        if joined {
            self.svg.path(&traced.pieces, &style.stroke());
        }
        for (&[x, _], &[low, high]) in points.iter().zip(errors) {
            let bar = self.trace(&[[x, low], [x, high]]);
            let caps = bar
                .pieces
                .iter()
                .flatten()
                .map(|&[x, y]| vec![[x - 3.0, y], [x + 3.0, y]]);
            let lines: Vec<_> = bar.pieces.iter().cloned().chain(caps).collect();
            self.svg.path(&lines, &Stroke::new(&colour, 1.0));
        }
        let marker = style.marker.unwrap_or(Marker::Circle);
        for &point in &traced.points {
            self.svg.marker(marker, point, &colour);
        }
        let end = traced.points.last().copied();
        let style = Style {
            marker: Some(marker),
            ..style
        };
        self.label(
            label,
            end,
            if joined { style } else { style.with_width(0.0) },
        );
        end.is_some()
    }

    fn bundle(&mut self, label: &str, curves: &[Vec<[f64; 2]>], style: Style) -> bool {
        // The more lines, the fainter each of them.
        let opacity = (6.0 / curves.len().max(1) as f64).clamp(0.22, 0.8);
        let stroke = Stroke::new(style.colour.code(), 0.8)
            .opacity(opacity)
            .dash(style.dash.code());
        let mut ends = Vec::new();
        self.svg.open_group(&stroke);
        for curve in curves {
            let traced = self.trace(curve);
            self.svg.bare_path(&traced.pieces);
            ends.extend(traced.end());
        }
        self.svg.close_group();
        ends.sort_by(|a, b| a[1].total_cmp(&b[1]));
        let end = ends.get(ends.len() / 2).copied();
        self.label(label, end, style);
        end.is_some()
    }

    fn level(&mut self, label: &str, value: f64, style: Style) -> bool {
        if self.y.contains(value)
            && let Some(y) = self.y.place(value)
        {
            let end = [self.frame.right, y];
            self.svg
                .path(&[vec![[self.frame.left, y], end]], &style.stroke());
            self.label(label, Some(end), style);
        }
        false
    }

    fn guide(&mut self, label: &str, points: &[[f64; 2]]) -> bool {
        let style = Style {
            colour: Colour::Grey,
            dash: Dash::Dotted,
            marker: None,
            width: 1.2,
        };
        let traced = self.trace(points);
        self.svg.path(&traced.pieces, &style.stroke());
        self.label(label, traced.end(), style);
        false
    }

    fn event(&mut self, label: &str, at: f64) -> bool {
        if self.x.contains(at)
            && let Some(x) = self.x.place(at)
        {
            let Frame {
                left,
                right,
                top,
                bottom,
            } = self.frame;
            let stroke = Stroke::new(Colour::Grey.code(), 0.9).dash(Dash::Dashed.code());
            self.svg.path(&[vec![[x, top], [x, bottom]]], &stroke);
            let (place, anchor) = if x < 0.5 * (left + right) {
                ([x + 4.0, top + 9.0], Anchor::Start)
            } else {
                ([x - 4.0, top + 9.0], Anchor::End)
            };
            self.svg
                .text(place, 11.0, anchor, &shorten(label, LABEL_LIMIT));
        }
        false
    }

    fn band(&mut self, points: &[[f64; 3]], style: Style) -> bool {
        let clamp = |y: f64| y.clamp(self.frame.top, self.frame.bottom);
        let placed: Vec<[f64; 3]> = points
            .iter()
            .filter(|[x, ..]| self.x.contains(*x))
            .filter_map(|&[x, low, high]| {
                let ends = self.y.place(low).zip(self.y.place(high))?;
                Some([self.x.place(x)?, clamp(ends.0), clamp(ends.1)])
            })
            .collect();
        let there = placed.iter().map(|&[x, low, _]| [x, low]);
        let back = placed.iter().rev().map(|&[x, _, high]| [x, high]);
        let outline: Vec<Point> = there.chain(back).collect();
        self.svg.area(&outline, &style.colour.code(), 0.18);
        !placed.is_empty()
    }

    fn matrix(&mut self, label: &str, values: &[Vec<f64>]) -> bool {
        let finite = || {
            values
                .iter()
                .flatten()
                .copied()
                .filter(|value| value.is_finite())
        };
        let low = finite().fold(f64::INFINITY, f64::min);
        let high = finite().fold(f64::NEG_INFINITY, f64::max);
        if low > high {
            return false;
        }
        for (row, entries) in values.iter().enumerate() {
            for (column, &value) in entries.iter().enumerate().filter(|(_, v)| v.is_finite()) {
                let edges = |map: &Map, index: usize| {
                    let ends = [-0.5, 0.5].map(|half| map.place(index as f64 + half));
                    ends[0].zip(ends[1]).map(|(a, b)| (a.min(b), (b - a).abs()))
                };
                let Some(((x, width), (y, height))) =
                    edges(&self.x, column).zip(edges(&self.y, row))
                else {
                    continue;
                };
                let place = if high > low {
                    (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0)
                } else {
                    0.5
                };
                // A hair of overlap hides the seams between cells.
                self.svg
                    .rect([x, y], width + 0.3, height + 0.3, &viridis(place));
            }
        }
        self.colour_bar(label, low, high);
        true
    }
}

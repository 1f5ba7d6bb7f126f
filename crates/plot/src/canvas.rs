//! A pair of axes to draw on, and the labels beside it.

use crate::labels::{LABEL_INDENT, LABEL_LIMIT, LABEL_SPACING, TEXT, shorten, spread};
use crate::scale::Map;
use crate::style::{Style, viridis};
use crate::svg::{Anchor, Point, Stroke, Svg};
use crate::trace::{Frame, Trace, trace};
use implicit_bias_output::format_number;

/// A label waiting for its place.
struct EndLabel {
    text: String,
    end: Point,
    style: Style,
    layer: [usize; 2],
}

/// A pair of axes in the figure.
pub(crate) struct Canvas<'a> {
    pub(crate) svg: &'a mut Svg,
    pub(crate) x: Map,
    pub(crate) y: Map,
    pub(crate) frame: Frame,
    labels: Vec<EndLabel>,
    /// The panel and the layer that is drawn.
    pub(crate) layer: [usize; 2],
}

impl Style {
    pub(crate) fn stroke(&self) -> Stroke {
        Stroke::new(self.colour.code(), self.width).dash(self.dash.code())
    }
}

impl<'a> Canvas<'a> {
    pub fn new(svg: &'a mut Svg, x: Map, y: Map, frame: Frame, panel: usize) -> Self {
        Self {
            svg,
            x,
            y,
            frame,
            labels: Vec::new(),
            layer: [panel, 0],
        }
    }

    pub(crate) fn trace(&self, points: &[[f64; 2]]) -> Trace {
        trace(points, &self.x, &self.y, self.frame)
    }

    pub(crate) fn label(&mut self, text: &str, end: Option<Point>, style: Style) {
        if let Some(end) = end.filter(|_| !text.is_empty()) {
            self.labels.push(EndLabel {
                text: text.into(),
                end,
                style,
                layer: self.layer,
            });
        }
    }

    pub(crate) fn colour_bar(&mut self, label: &str, low: f64, high: f64) {
        const STEPS: usize = 40;
        let Frame {
            right, top, bottom, ..
        } = self.frame;
        let (left, height) = (right + 12.0, (bottom - top) / STEPS as f64);
        for step in 0..STEPS {
            let place = (step as f64 + 0.5) / STEPS as f64;
            let y = bottom - (step + 1) as f64 * height;
            self.svg
                .rect([left, y], 11.0, height + 0.3, &viridis(place));
        }
        let mut write = |y: f64, value: f64| {
            self.svg
                .text([left + 15.0, y], 11.0, Anchor::Start, &format_number(value));
        };
        write(bottom, low);
        write(top + 9.0, high);
        self.svg
            .upward([left + 26.0, 0.5 * (top + bottom)], TEXT, label);
    }

    /// Draws the labels to the right of the frame: a leader from the end of the curve, a sample of
    /// how it is drawn, then the text in the colour of text, which every reader can read.
    pub fn draw_labels(&mut self) {
        let Frame {
            right, top, bottom, ..
        } = self.frame;
        let wanted: Vec<f64> = self.labels.iter().map(|label| label.end[1]).collect();
        let places = spread(&wanted, LABEL_SPACING, top + 3.0, bottom - 3.0);
        for (label, y) in std::mem::take(&mut self.labels).into_iter().zip(places) {
            self.svg.open_layer(label.layer);
            let colour = label.style.colour.code();
            let [end_x, end_y] = label.end;
            let edge = [right + 2.0, end_y];
            let thin = Stroke::new(&colour, 0.6).opacity(0.6);
            self.svg.path(&[vec![edge, [right + 12.0, y]]], &thin);
            // Where the curve ends early, dots: a line would look like more of the curve.
            let dash = if right - end_x > 8.0 {
                Some("0.8 4")
            } else {
                None
            };
            self.svg
                .path(&[vec![[end_x, end_y], edge]], &thin.dash(dash));
            let sample = [[right + 12.0, y], [right + LABEL_INDENT - 5.0, y]];
            if label.style.width > 0.0 {
                let stroke = label.style.stroke();
                self.svg.path(&[sample.to_vec()], &stroke);
            }
            if let Some(marker) = label.style.marker {
                let middle = 0.5 * (sample[0][0] + sample[1][0]);
                self.svg.marker(marker, [middle, y], &colour);
            }
            let text = shorten(&label.text, LABEL_LIMIT);
            self.svg.text(
                [right + LABEL_INDENT, y + 0.35 * TEXT],
                TEXT,
                Anchor::Start,
                &text,
            );
            self.svg.close_layer();
        }
    }
}

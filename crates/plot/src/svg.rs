//! The few elements of SVG that a figure needs, written by hand.
//!
//! Written without a plotting library on purpose: `plotters` places everything on whole pixels and
//! has no `stroke-dasharray`, so that smooth curves get stairs and every dash becomes an element.
//! There are no ids and no style sheets, so any number of figures can share one HTML page.

use std::fmt::Write;

use crate::style::Marker;

/// A point in pixels, y downwards.
pub(crate) type Point = [f64; 2];

/// How a line is drawn.
#[derive(Clone, Debug)]
pub(crate) struct Stroke {
    pub colour: String,
    pub width: f64,
    pub dash: Option<&'static str>,
    pub opacity: f64,
}

impl Stroke {
    pub fn new(colour: impl Into<String>, width: f64) -> Self {
        Self {
            colour: colour.into(),
            width,
            dash: None,
            opacity: 1.0,
        }
    }

    pub fn opacity(mut self, opacity: f64) -> Self {
        self.opacity = opacity;
        self
    }

    pub fn dash(mut self, dash: Option<&'static str>) -> Self {
        self.dash = dash;
        self
    }

    fn attributes(&self) -> String {
        let mut text = format!(
            " stroke=\"{}\" stroke-width=\"{}\"",
            self.colour,
            px(self.width)
        );
        if let Some(dash) = self.dash {
            let _ = write!(text, " stroke-dasharray=\"{dash}\"");
        }
        if self.opacity < 1.0 {
            let _ = write!(text, " stroke-opacity=\"{}\"", px(self.opacity));
        }
        text
    }
}

/// Where a text is relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// The text of an SVG file under construction.
#[derive(Debug, Default)]
pub(crate) struct Svg {
    body: String,
    /// Whether the elements of a layer are in a group that names it.
    grouped: bool,
}

impl Svg {
    /// An empty drawing; with groups that name layers, where a page wants them.
    pub fn new(grouped: bool) -> Self {
        Self {
            body: String::new(),
            grouped,
        }
    }

    /// Begins the elements of a layer of a panel.
    pub fn open_layer(&mut self, [panel, layer]: [usize; 2]) {
        if self.grouped {
            let _ = writeln!(self.body, "<g data-layer=\"{panel}.{layer}\">");
        }
    }

    /// Ends the elements of a layer.
    pub fn close_layer(&mut self) {
        if self.grouped {
            self.body.push_str("</g>\n");
        }
    }

    /// Closes the file: `label` is its accessible name, `description` what a screen reader adds.
    pub fn finish(self, width: f64, height: f64, label: &str, description: &str) -> String {
        let (width, height, label) = (px(width.ceil()), px(height.ceil()), escape(label));
        let description = if description.is_empty() {
            String::new()
        } else {
            format!("<desc>{}</desc>\n", escape(description))
        };
        // The `paper` rectangle keeps the figure readable on a dark page; a report overrides it.
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{label}\" \
             font-family=\"system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif\" \
             fill=\"currentColor\">\n<title>{label}</title>\n{description}\
             <rect class=\"paper\" width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n\
             {}</svg>\n",
            self.body
        )
    }

    /// Opens a group of lines that are all drawn with one stroke.
    pub fn open_group(&mut self, stroke: &Stroke) {
        let _ = writeln!(
            self.body,
            "<g fill=\"none\" stroke-linejoin=\"round\"{}>",
            stroke.attributes()
        );
    }

    /// Closes the group.
    pub fn close_group(&mut self) {
        self.body.push_str("</g>\n");
    }

    /// Lines through points, one element, with the stroke of the group around it.
    pub fn bare_path(&mut self, pieces: &[Vec<Point>]) {
        let text = path_text(pieces);
        if !text.is_empty() {
            let _ = writeln!(self.body, "<path d=\"{text}\"/>");
        }
    }

    /// Lines through points, one element.
    pub fn path(&mut self, pieces: &[Vec<Point>], stroke: &Stroke) {
        let text = path_text(pieces);
        if !text.is_empty() {
            let _ = writeln!(
                self.body,
                "<path d=\"{text}\" fill=\"none\" stroke-linejoin=\"round\"{}/>",
                stroke.attributes()
            );
        }
    }

    /// A filled polygon.
    pub fn area(&mut self, points: &[Point], colour: &str, opacity: f64) {
        if points.len() > 2 {
            let text = path_text(&[points.to_vec()]);
            let opacity = px(opacity);
            let _ = writeln!(
                self.body,
                "<path d=\"{text}Z\" fill=\"{colour}\" fill-opacity=\"{opacity}\"/>"
            );
        }
    }

    /// A filled rectangle.
    pub fn rect(&mut self, [x, y]: Point, width: f64, height: f64, colour: &str) {
        let [x, y, width, height] = [x, y, width, height].map(px);
        let _ = writeln!(
            self.body,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{colour}\"/>"
        );
    }

    /// A PNG file in base64, its pixels shown as squares.
    pub fn png(&mut self, [x, y]: Point, [width, height]: [f64; 2], base64: &str) {
        let [x, y, width, height] = [x, y, width, height].map(px);
        let _ = writeln!(
            self.body,
            "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
             preserveAspectRatio=\"none\" image-rendering=\"pixelated\" \
             href=\"data:image/png;base64,{base64}\"/>"
        );
    }

    /// One line of text.
    pub fn text(&mut self, [x, y]: Point, size: f64, anchor: Anchor, text: &str) {
        self.write_text(x, y, size, anchor, "", text);
    }

    /// One line of text in a colour of its own, centred on its point.
    pub fn inked(&mut self, [x, y]: Point, size: f64, colour: &str, text: &str) {
        let fill = format!(" fill=\"{colour}\"");
        self.write_text(x, y, size, Anchor::Middle, &fill, text);
    }

    /// A bold line of text.
    pub fn bold(&mut self, [x, y]: Point, size: f64, anchor: Anchor, text: &str) {
        self.write_text(x, y, size, anchor, " font-weight=\"600\"", text);
    }

    /// A line of text that reads upwards, centred on its point.
    pub fn upward(&mut self, [x, y]: Point, size: f64, text: &str) {
        let turn = format!(" transform=\"rotate(-90 {} {})\"", px(x), px(y));
        self.write_text(x, y, size, Anchor::Middle, &turn, text);
    }

    fn write_text(&mut self, x: f64, y: f64, size: f64, anchor: Anchor, more: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let (x, y, size, text) = (px(x), px(y), px(size), escape(text));
        let _ = writeln!(
            self.body,
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{anchor}{more}>{text}</text>"
        );
    }

    /// A marker of about five pixels.
    pub fn marker(&mut self, marker: Marker, [x, y]: Point, colour: &str) {
        let corners = |offsets: &[Point]| {
            let points = offsets.iter().map(|[dx, dy]| [x + dx, y + dy]).collect();
            path_text(&[points])
        };
        let shape = match marker {
            Marker::Circle => {
                let (x, y) = (px(x), px(y));
                let _ = writeln!(
                    self.body,
                    "<circle cx=\"{x}\" cy=\"{y}\" r=\"2.6\" fill=\"{colour}\"/>"
                );
                return;
            }
            Marker::Square => corners(&[[-2.4, -2.4], [2.4, -2.4], [2.4, 2.4], [-2.4, 2.4]]),
            Marker::Triangle => corners(&[[0.0, -3.4], [3.2, 2.3], [-3.2, 2.3]]),
            Marker::Diamond => corners(&[[0.0, -3.6], [3.2, 0.0], [0.0, 3.6], [-3.2, 0.0]]),
            Marker::Wedge => corners(&[[0.0, 3.4], [3.2, -2.3], [-3.2, -2.3]]),
            Marker::Cross => {
                let (size, stroke) = (2.6, Stroke::new(colour, 1.5));
                self.path(
                    &[
                        vec![[x - size, y - size], [x + size, y + size]],
                        vec![[x - size, y + size], [x + size, y - size]],
                    ],
                    &stroke,
                );
                return;
            }
        };
        let _ = writeln!(self.body, "<path d=\"{shape}Z\" fill=\"{colour}\"/>");
    }
}

/// The commands of a path: `M` to the first point of each piece, `L` to the others.
fn path_text(pieces: &[Vec<Point>]) -> String {
    let mut text = String::new();
    for piece in pieces.iter().filter(|piece| piece.len() > 1) {
        for (index, point) in piece.iter().enumerate() {
            let [x, y] = point.map(px);
            // `L` may be left out between the points of one line.
            let command = ["M", "L", " "][index.min(2)];
            let _ = write!(text, "{command}{x},{y}");
        }
    }
    text
}

/// A length in pixels with at most two decimals.
fn px(value: f64) -> String {
    debug_assert!(value.is_finite(), "a coordinate must be finite");
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".into()
    } else {
        text.into()
    }
}

/// Text for XML: its five special characters escaped, characters XML forbids left out.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\t' | '\n' | '\r' => safe.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_element() {
        assert_eq!(
            escape("<script>&\"'\u{0}"),
            "&lt;script&gt;&amp;&quot;&#39;"
        );
    }

    #[test]
    fn lengths_are_short_and_have_no_negative_zero() {
        assert_eq!(
            [1.0, -0.001, 2.346, 10.5].map(px),
            ["1", "0", "2.35", "10.5"]
        );
    }

    #[test]
    fn a_piece_of_one_point_draws_no_line() {
        assert_eq!(
            path_text(&[vec![[1.0, 2.0]], vec![[0.0, 0.0], [1.0, 1.0]]]),
            "M0,0L1,1"
        );
    }
}

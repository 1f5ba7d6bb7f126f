//! Heat maps on the values of two axes, with the numbers in the cells.

use crate::canvas::Canvas;
use crate::cells::Cells;
use crate::labels::{TEXT, text_width};
use crate::style::{Dash, viridis};
use crate::svg::{Anchor, Stroke};

/// Font size of the numbers in the cells; a cell without room for its number has none.
const NUMBERS: f64 = 9.0;

impl Canvas<'_> {
    /// Draws the cells; whether there were any.
    pub(crate) fn cells(&mut self, cells: &Cells) -> bool {
        let [low, high] = cells.range;
        let mut numbers = Vec::new();
        let mut drawn = false;
        for (rows, values) in cells.y.windows(2).zip(&cells.values) {
            for (columns, &value) in cells.x.windows(2).zip(values) {
                let place = |edge| (self.x.place(edge), self.y.place(edge));
                let ends = [
                    place(columns[0]).0,
                    place(columns[1]).0,
                    place(rows[0]).1,
                    place(rows[1]).1,
                ];
                let [Some(left), Some(right), Some(bottom), Some(top)] = ends else {
                    continue;
                };
                if !value.is_finite() {
                    continue;
                }
                let (width, height) = (right - left, bottom - top);
                let shade = if high > low {
                    ((value - low) / (high - low)).clamp(0.0, 1.0)
                } else {
                    0.5
                };
                // A hair of overlap hides the seams between cells.
                self.svg
                    .rect([left, top], width + 0.3, height + 0.3, &viridis(shade));
                let text = format!("{value:.0$}", cells.decimals);
                if width >= text_width(&text) * NUMBERS && height >= NUMBERS {
                    let ink = if shade > 0.6 { "#000" } else { "#fff" };
                    let y = 0.5 * (top + bottom) + 0.35 * NUMBERS;
                    numbers.push(([0.5 * (left + right), y], ink, text));
                }
                drawn = true;
            }
        }
        if drawn {
            self.colour_bar(&cells.label, low, high);
            self.boundary(cells);
        }
        for (middle, ink, text) in numbers {
            self.svg.inked(middle, NUMBERS, ink, &text);
        }
        drawn
    }

    /// The vertical line, dark on light so that it shows on every colour, and its words.
    fn boundary(&mut self, cells: &Cells) {
        let Some((at, [left, right])) = &cells.boundary else {
            return;
        };
        let Some(x) = self.x.place(*at).filter(|_| self.x.contains(*at)) else {
            return;
        };
        let line = [[x, self.frame.top], [x, self.frame.bottom]].to_vec();
        self.svg
            .path(std::slice::from_ref(&line), &Stroke::new("#fff", 3.0));
        let dashes = Dash::Dashed.code();
        self.svg
            .path(&[line], &Stroke::new("#000", 1.3).dash(dashes));
        let y = self.frame.top + TEXT;
        self.svg.text([x - 5.0, y], 11.0, Anchor::End, left);
        self.svg.text([x + 5.0, y], 11.0, Anchor::Start, right);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Axis, Figure, Layer, Panel};

    fn figure(values: Vec<Vec<f64>>) -> Figure {
        let cells = Cells {
            label: "rank".into(),
            x: vec![0.1, 1.0, 10.0],
            y: vec![1.0, 2.0],
            values,
            range: [1.0, 3.0],
            decimals: 2,
            boundary: Some((1.0, ["ratio 1".into(), "theorem <here>".into()])),
        };
        let axes = [Axis::log("x"), Axis::linear("y")];
        let [x, y] = axes;
        Figure::new("f", "t", vec![Panel::new(x, y, vec![Layer::Cells(cells)])])
    }

    #[test]
    fn every_finite_cell_has_its_colour_and_its_number() {
        let svg = figure(vec![vec![1.0, 2.5]]).render().unwrap();
        for text in [">1.00<", ">2.50<", "theorem &lt;here&gt;", ">rank<"] {
            assert_eq!(svg.matches(text).count(), 1, "{text}");
        }
        let dark = viridis(0.0);
        assert!(svg.contains(&format!("fill=\"{dark}\"")));
        let holed = figure(vec![vec![f64::NAN, 2.5]]).render().unwrap();
        assert!(!holed.contains("NaN") && holed.contains(">2.50<"));
    }

    #[test]
    fn nothing_to_show_is_said() {
        for values in [Vec::new(), vec![vec![f64::NAN, f64::INFINITY]]] {
            let svg = figure(values).render().unwrap();
            assert!(svg.contains("no data to draw"));
        }
    }
}

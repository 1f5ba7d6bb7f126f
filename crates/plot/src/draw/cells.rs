//! A heat map on the values of two axes, with the numbers in it.

use super::{Canvas, TEXT};
use crate::figures::Scale;
use crate::figures::labels::text_width;
use crate::figures::style::{Dash, viridis};
use crate::figures::svg::{Anchor, Stroke};

/// Font size of the numbers in the cells; a cell without room for its number has none.
const NUMBERS: f64 = 9.0;

/// A heat map whose cells lie between given values of both axes, their own numbers written in them.
///
/// Unlike a matrix it has ordinary axes, linear or logarithmic, so that lines drawn over it mean
/// what they mean elsewhere. Leave room above the last row for the text of
/// [`boundary`](Self::boundary).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cells {
    /// Label of the colour bar.
    pub label: String,
    /// Edges of the columns, rising: one more than there are columns.
    pub x: Vec<f64>,
    /// Edges of the rows, rising: one more than there are rows.
    pub y: Vec<f64>,
    /// The values, row by row from the lowest one; a value that is not finite leaves its cell
    /// empty.
    pub values: Vec<Vec<f64>>,
    /// The values at both ends of the colour bar; values beyond have the colour of the end.
    pub range: [f64; 2],
    /// Digits after the point of the numbers in the cells.
    pub decimals: usize,
    /// A vertical line, and the words to its left and to its right above the cells.
    pub boundary: Option<(f64, [String; 2])>,
}

impl Cells {
    /// Edges of cells around rising centres: half-way between neighbours on an axis of this scale,
    /// and as far on the other side of the ends.
    pub fn edges(centres: &[f64], scale: Scale) -> Vec<f64> {
        let place = |&centre: &f64| match scale {
            Scale::Linear => centre,
            Scale::Log10 => centre.log10(),
        };
        let value = |place: f64| match scale {
            Scale::Linear => place,
            Scale::Log10 => 10f64.powf(place),
        };
        let places: Vec<f64> = centres.iter().map(place).collect();
        let [Some(first), Some(last)] = [places.first(), places.last()] else {
            return Vec::new();
        };
        let between: Vec<f64> = places
            .windows(2)
            .map(|pair| 0.5 * (pair[0] + pair[1]))
            .collect();
        // A cell alone has half a unit, or half a decade, on either side.
        let low = 2.0 * first - between.first().unwrap_or(&(first + 0.5));
        let high = 2.0 * last - between.last().unwrap_or(&(last - 0.5));
        let edges = std::iter::once(low).chain(between).chain([high]);
        edges.map(value).collect()
    }

    /// The corners, which the axes must show.
    pub(in crate::figures) fn corners(&self) -> Vec<[f64; 2]> {
        let ends = |edges: &[f64]| edges.first().copied().zip(edges.last().copied());
        match (ends(&self.x), ends(&self.y)) {
            (Some((left, right)), Some((low, high))) => vec![[left, low], [right, high]],
            _ => Vec::new(),
        }
    }
}

impl Canvas<'_> {
    /// Draws the cells; whether there were any.
    pub(super) fn cells(&mut self, cells: &Cells) -> bool {
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
    use crate::figures::{Axis, Figure, Layer, Panel};

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
    fn edges_lie_half_way_on_the_axis() {
        let close = |found: Vec<f64>, expected: &[f64]| {
            assert_eq!(found.len(), expected.len());
            for (edge, expected) in found.iter().zip(expected) {
                assert!((edge / expected - 1.0).abs() < 1e-12, "{edge} {expected}");
            }
        };
        close(
            Cells::edges(&[1.0, 4.0, 16.0], Scale::Log10),
            &[0.5, 2.0, 8.0, 32.0],
        );
        close(Cells::edges(&[1.0, 4.0], Scale::Log10), &[0.5, 2.0, 8.0]);
        close(
            Cells::edges(&[2.0, 4.0, 5.0], Scale::Linear),
            &[1.0, 3.0, 4.5, 5.5],
        );
        close(Cells::edges(&[3.0], Scale::Linear), &[2.5, 3.5]);
        assert!(Cells::edges(&[], Scale::Log10).is_empty());
    }

    #[test]
    fn nothing_to_show_is_said() {
        for values in [Vec::new(), vec![vec![f64::NAN, f64::INFINITY]]] {
            let svg = figure(values).render().unwrap();
            assert!(svg.contains("no data to draw"));
        }
    }
}

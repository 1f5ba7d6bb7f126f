//! A heat map on the values of two axes.

use crate::axis::Scale;

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
    pub(crate) fn corners(&self) -> Vec<[f64; 2]> {
        let ends = |edges: &[f64]| edges.first().copied().zip(edges.last().copied());
        match (ends(&self.x), ends(&self.y)) {
            (Some((left, right)), Some((low, high))) => vec![[left, low], [right, high]],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}

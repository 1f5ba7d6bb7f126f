//! The columns of a figure's numbers, and which rows of a line they keep.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::axis::Scale;
use crate::scale::drawable;

/// A line has no more rows than this on a page: a panel is not many more pixels wide.
pub(crate) const MOST_ROWS: usize = 600;
/// Nor has a figure many more numbers than this, shared among its lines;
const MOST_NUMBERS: usize = 10_000;
/// but a line has as many rows as this.
pub(crate) const LEAST_ROWS: usize = 64;

/// JSON in the making: columns are collected until the end.
pub(crate) struct Columns {
    pub texts: Vec<String>,
    most_rows: usize,
}

impl Columns {
    /// For a figure of so many lines.
    pub fn for_lines(lines: usize) -> Self {
        let most_rows = (MOST_NUMBERS / lines.max(1)).clamp(LEAST_ROWS, MOST_ROWS);
        Self {
            texts: Vec::new(),
            most_rows,
        }
    }

    /// The index of a column.
    fn of(&mut self, values: impl Iterator<Item = f64>) -> usize {
        let bytes: Vec<u8> = values.flat_map(f64::to_le_bytes).collect();
        let text = STANDARD.encode(bytes);
        let known = self.texts.iter().position(|column| *column == text);
        known.unwrap_or_else(|| {
            self.texts.push(text);
            self.texts.len() - 1
        })
    }

    /// The rows that a page keeps: all, or of many those that are drawn, evenly spaced, with the
    /// first and the last among them.
    pub fn kept(&self, points: &[[f64; 2]], on: On) -> Vec<usize> {
        let count = points.len();
        if count <= self.most_rows || on.0.is_none() {
            return (0..count).collect();
        }
        let drawn: Vec<usize> = (0..count).filter(|&row| on.shows(points[row])).collect();
        let [Some(&first), Some(&last)] = [drawn.first(), drawn.last()] else {
            return drawn;
        };
        if drawn.len() <= self.most_rows {
            return drawn;
        }
        let at = |row: usize| on.place(points[row][0]);
        let intervals = self.most_rows - 1;
        if drawn.windows(2).all(|pair| at(pair[0]) < at(pair[1])) {
            // The first row of each of as many equal intervals of the axis.
            let interval =
                |row: usize| (at(row) - at(first)) / (at(last) - at(first)) * intervals as f64;
            let mut kept = drawn;
            kept.dedup_by_key(|row| interval(*row).floor());
            return kept;
        }
        let spaced = |place: usize| drawn[place * (drawn.len() - 1) / intervals];
        (0..self.most_rows).map(spaced).collect()
    }

    /// One line of a layer: its name, its columns and of how many rows they are.
    pub fn line(&mut self, name: &str, points: &[[f64; 2]], errors: &[[f64; 2]], on: On) -> String {
        let kept = self.kept(points, on);
        let x = self.of(kept.iter().map(|&row| points[row][0]));
        let y = self.of(kept.iter().map(|&row| points[row][1]));
        let (name, of) = (quoted(name), points.len());
        let mut text = format!("{{\"name\":{name},\"of\":{of},\"x\":{x},\"y\":{y}");
        if errors.len() == points.len() && !errors.is_empty() {
            let low = self.of(kept.iter().map(|&row| errors[row][0]));
            let high = self.of(kept.iter().map(|&row| errors[row][1]));
            text += &format!(",\"low\":{low},\"high\":{high}");
        }
        text + "}"
    }
}

/// The scales of both axes that a line is drawn on; `None` where nothing is left out.
#[derive(Clone, Copy)]
pub(crate) struct On(pub Option<[Scale; 2]>);

impl On {
    fn shows(self, [x, y]: [f64; 2]) -> bool {
        self.0
            .is_none_or(|[of_x, of_y]| drawable(of_x, x) && drawable(of_y, y))
    }

    /// A value where it is on the first axis, in units of its own.
    fn place(self, x: f64) -> f64 {
        match self.0 {
            Some([Scale::Log10, _]) => x.log10(),
            _ => x,
        }
    }
}

/// A text in quotes, with no letter that could end the element that the JSON stands in.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '<' | '>' | '&' | '\u{0}'..='\u{1f}' | '\u{2028}' | '\u{2029}' => {
                quoted += &format!("\\u{:04x}", u32::from(letter));
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

//! Numbers in the cells of a table, with a decimal point or a decimal comma.

use crate::file::labels::finite;

/// What the commas in the cells of a table are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Commas {
    /// A cell has one that can only be a decimal comma.
    pub decimal: bool,
    /// The first row with one that may also stand between thousands, as in `1,234`.
    pub unclear: Option<u64>,
    /// The first row with a decimal point.
    pub point: Option<u64>,
}

impl Commas {
    /// Whether there is any.
    pub fn any(self) -> bool {
        self.decimal || self.unclear.is_some()
    }

    /// Notes the cell of a row.
    pub fn note(&mut self, cell: &str, row: u64) {
        if cell.contains(',') && decimal_comma(cell).is_some() {
            if is_unclear(cell) {
                self.unclear.get_or_insert(row);
            } else {
                self.decimal = true;
            }
        } else if self.point.is_none() && cell.contains('.') && finite(cell).is_some() {
            self.point = Some(row);
        }
    }
}

/// A cell as a number: `with_commas` where a comma may be a decimal comma.
pub(super) fn number(cell: &str, with_commas: bool) -> Option<f64> {
    finite(cell).or_else(|| decimal_comma(cell).filter(|_| with_commas))
}

/// A number with one comma, and no point, as a decimal comma.
fn decimal_comma(cell: &str) -> Option<f64> {
    let (whole, rest) = cell.split_once(',')?;
    if whole.contains('.') || !rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if rest.contains(['.', ',']) {
        return None;
    }
    finite(&format!("{whole}.{rest}"))
}

/// Whether a comma in a number may stand between thousands: three digits follow, and up to three,
/// of which the first is no zero, come before.
pub(super) fn is_unclear(cell: &str) -> bool {
    let cell = cell.trim_start_matches(['+', '-']);
    cell.split_once(',').is_some_and(|(whole, rest)| {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        (1..=3).contains(&whole.len())
            && !whole.starts_with('0')
            && rest.len() == 3
            && digits(whole)
            && digits(rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_is_a_decimal_comma_where_it_can_be() {
        for (cell, value) in [
            ("1,5", Some(1.5)),
            ("-0,25e3", Some(-250.0)),
            (",5", Some(0.5)),
            ("5,", None),
            ("5,e3", None),
            ("1,234", Some(1.234)),
            ("1.5", Some(1.5)),
            ("1,234,567", None),
            ("1.234,5", None),
            ("1,234.5", None),
            ("1, 5", None),
            ("a,b", None),
            (",", None),
            ("inf", None),
            ("1e999", None),
        ] {
            assert_eq!(number(cell, true), value, "{cell}");
        }
        assert_eq!(number("1,5", false), None);
    }

    #[test]
    fn three_digits_after_a_comma_may_be_thousands() {
        for (cell, unclear) in [
            ("1,234", true),
            ("-123,456", true),
            ("0,123", false),
            ("1234,567", false),
            ("1,23", false),
            ("1,2345", false),
            ("1,23e", false),
            ("1,234e1", false),
        ] {
            assert_eq!(is_unclear(cell), unclear, "{cell}");
        }
    }
}

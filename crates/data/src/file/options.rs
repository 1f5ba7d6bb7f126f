//! How to read a file, where the file itself does not say.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::DataError;

/// How to read a file of samples, where the file itself does not say.
///
/// The default leaves everything to the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileOptions {
    /// Where the labels are, if not in the file of the samples.
    pub label_file: Option<PathBuf>,
    /// The array of samples in an `.npz` file.
    pub samples_array: Option<String>,
    /// The array of labels in an `.npz` file.
    pub labels_array: Option<String>,
    /// What is said about a table.
    pub table: TableOptions,
}

/// How to read a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// The column of labels: its name, or its position: `1` or `first`, `-1` or `last`; `y` without.
    pub label_column: Option<String>,
    /// Columns to leave out, each by name or position.
    pub drop_columns: Vec<String>,
    /// Whether the first line is a sample and not the names of the columns; `None` to tell by what
    /// it holds.
    pub no_header: Option<bool>,
    /// What separates the fields; `None` to tell by the first lines.
    pub separator: Option<Separator>,
}

/// The column of labels of a table, where no other is named.
pub(super) const LABEL_COLUMN: &str = "y";

/// The column of `columns` that a text names by position, counted from 0: `1` is the first, `-1`
/// the last, and so are the words `first` and `last`; `None` for other text and other positions.
pub(super) fn position(text: &str, columns: usize) -> Option<usize> {
    let number = match text.trim() {
        "first" => 1,
        "last" => -1,
        text => text.parse::<i64>().ok()?,
    };
    let from_start = usize::try_from(number.unsigned_abs()).ok()?;
    let column = match number {
        1.. => from_start - 1,
        _ => columns.checked_sub(from_start)?,
    };
    (column < columns).then_some(column)
}

/// What separates the fields of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    /// One character of ASCII.
    Character(u8),
    /// Spaces and tabs, any number of them.
    Blanks,
}

impl Separator {
    /// A comma.
    pub const COMMA: Self = Self::Character(b',');
    /// A tab.
    pub const TAB: Self = Self::Character(b'\t');
    /// Those that are looked for, the likelier first.
    pub(super) const KNOWN: [Self; 5] = [
        Self::COMMA,
        Self::Character(b';'),
        Self::TAB,
        Self::Character(b'|'),
        Self::Blanks,
    ];

    /// The separators that have a name.
    const NAMES: [(&str, Self); 5] = [
        ("comma", Self::COMMA),
        ("semicolon", Self::Character(b';')),
        ("tab", Self::TAB),
        ("bar", Self::Character(b'|')),
        ("space", Self::Blanks),
    ];
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (Self::NAMES.iter().find(|(_, known)| known == self), self) {
            (Some((name, _)), _) => f.write_str(name),
            (None, Self::Character(character)) => write!(f, "{}", char::from(*character)),
            (None, Self::Blanks) => f.write_str("space"),
        }
    }
}

impl FromStr for Separator {
    type Err = DataError;

    /// A separator by name (`comma`, `semicolon`, `tab`, `bar`, `space`) or as itself.
    fn from_str(text: &str) -> Result<Self, DataError> {
        if let Some((_, known)) = Self::NAMES.iter().find(|(name, _)| *name == text) {
            return Ok(*known);
        }
        match text.as_bytes() {
            [b' '] => Ok(Self::Blanks),
            b"\\t" => Ok(Self::TAB),
            [character] if character.is_ascii_punctuation() && !b"\"'+-.#".contains(character) => {
                Ok(Self::Character(*character))
            }
            [b'\t'] => Ok(Self::TAB),
            _ => Err(DataError::Argument {
                flag: "--separator",
                expected: "comma, semicolon, tab, space, bar, or one such character as :"
                    .to_owned(),
                found: format!("`{}`", text.escape_debug()),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_one_and_from_the_end() {
        for (text, column) in [
            ("1", Some(0)),
            (" 3 ", Some(2)),
            ("first", Some(0)),
            ("last", Some(2)),
            ("-1", Some(2)),
            ("-3", Some(0)),
            ("0", None),
            ("4", None),
            ("-4", None),
            ("1.0", None),
            ("y", None),
            ("-9223372036854775808", None),
        ] {
            assert_eq!(position(text, 3), column, "{text}");
        }
        assert_eq!(position("last", 0), None);
    }

    #[test]
    fn separators_have_names_that_read_back() {
        for text in [",", ";", "\t", "\\t", "|", " ", ":", "space", "semicolon"] {
            let separator: Separator = text.parse().unwrap();
            assert_eq!(
                separator.to_string().parse::<Separator>().unwrap(),
                separator
            );
        }
        for text in ["", ",,", "a", "1", "\"", "é", "-", "."] {
            assert!(text.parse::<Separator>().is_err(), "{text}");
        }
    }
}

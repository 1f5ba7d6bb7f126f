//! The beginning of a table: what comes before its first record, and what separates its fields.

use std::io::{BufRead, Read};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use super::blanks::Blanks;
use super::number::number;
use crate::DataError;
use crate::file::options::Separator;
use crate::file::packed::open_text;
use crate::file::reading::io_error;

/// Bytes that are looked at, unless they hold fewer than [`LINES`] lines.
const LOOK: usize = 1 << 16;
/// Lines that are looked at in any case, in so many bytes at most.
const LINES: usize = 3;
const MOST: usize = 1 << 26;

/// Records by which a separator is judged.
const RECORDS: usize = 64;

/// What comes before the first record of a table, and the beginning of its text.
pub(super) struct Head {
    text: Vec<u8>,
    /// Bytes before the first record: a mark, empty lines, comments, `sep=;`.
    pub start: usize,
    /// Lines before it.
    pub lines: u64,
    /// The separator that a line `sep=;` names.
    separator: Option<Separator>,
    /// Lines of comments before the first record.
    pub comments: usize,
    /// The last of them, without its mark.
    pub comment: Option<String>,
}

impl Head {
    /// Reads the beginning of a table.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let mut reader = open_text(path)?;
        let mut text = Vec::new();
        let mut whole = false;
        let mut look = LOOK;
        while !whole && text.len() < MOST {
            let more = (look - text.len()) as u64;
            let count = reader.by_ref().take(more).read_to_end(&mut text);
            whole = (count.map_err(|source| io_error(path, source))? as u64) < more;
            let ends = text.iter().filter(|&&byte| byte == b'\n' || byte == b'\r');
            if ends.count() >= LINES {
                break;
            }
            look *= 2;
        }
        if !whole
            && let Some(end) = text
                .iter()
                .rposition(|&byte| byte == b'\n' || byte == b'\r')
        {
            text.truncate(end + 1);
        }
        let mut head = Self {
            text,
            start: 0,
            lines: 0,
            separator: None,
            comments: 0,
            comment: None,
        };
        head.pass_over();
        Ok(head)
    }

    /// Passes over what comes before the first record.
    fn pass_over(&mut self) {
        if self.text.starts_with(b"\xef\xbb\xbf") {
            self.start = 3;
        }
        while let Some((line, next)) = self.line() {
            let text = line.trim_ascii();
            if let Some(separator) = named_separator(text) {
                self.separator = Some(separator);
            } else if let Some(mark) = text.first() {
                if !matches!(mark, b'#' | b'%') {
                    return;
                }
                let rest = String::from_utf8_lossy(text);
                let rest = rest.trim_start_matches(['#', '%']).trim().to_owned();
                self.comment = Some(rest);
                self.comments += 1;
            }
            self.start = next;
            self.lines += 1;
        }
    }

    /// The line at `start`, and where the next one begins; `None` at the end.
    fn line(&self) -> Option<(&[u8], usize)> {
        let rest = &self.text[self.start..];
        let end = rest
            .iter()
            .position(|&byte| byte == b'\n' || byte == b'\r')?;
        let width = if rest[end..].starts_with(b"\r\n") {
            2
        } else {
            1
        };
        Some((&rest[..end], self.start + end + width))
    }

    /// The first records as fields separated by `separator`.
    pub fn records(&self, separator: Separator, most: usize) -> Vec<ByteRecord> {
        let mut reader = records_of(&self.text[self.start..], separator);
        let mut records = Vec::new();
        let mut record = ByteRecord::new();
        while records.len() < most && reader.read_byte_record(&mut record).unwrap_or(false) {
            records.push(record.clone());
        }
        records
    }

    /// The separator that a line names or that divides the first lines best, and `true` where it
    /// was found by that; `usual` where none does.
    pub fn separator(&self, usual: Separator) -> (Separator, bool) {
        if let Some(separator) = self.separator {
            return (separator, true);
        }
        let mut best: Option<(Separator, Fit)> = None;
        for separator in Separator::KNOWN {
            let fit = self.fit(separator);
            let better = |best: &Fit| {
                let [rank, known] = [&fit, best].map(|fit| (fit.is_even, fit.share, -fit.strange));
                rank > known || rank == known && separator == usual
            };
            if fit.fields > 1 && best.as_ref().is_none_or(|(_, best)| better(best)) {
                best = Some((separator, fit));
            }
        }
        match best {
            // Of uneven lines the usual separator says best what is wrong with them.
            Some((_, fit)) if !fit.is_even && self.fit(usual).fields > 1 => (usual, false),
            Some((separator, _)) => (separator, separator != usual),
            None => (usual, false),
        }
    }

    /// Whether the first line has a separator in it, or goes on in quotes.
    fn may_divide(&self, separator: Separator) -> bool {
        let text = &self.text[self.start..];
        let end = text.iter().position(|&byte| byte == b'\n' || byte == b'\r');
        let mut line = text[..end.unwrap_or(text.len())].iter();
        line.any(|&byte| match separator {
            Separator::Character(character) => byte == character || byte == b'"',
            Separator::Blanks => matches!(byte, b' ' | b'\t' | b'"'),
        })
    }

    /// How well a separator divides the first lines.
    fn fit(&self, separator: Separator) -> Fit {
        if !self.may_divide(separator) {
            return Fit::default();
        }
        let mut reader = records_of(&self.text[self.start..], separator);
        let mut record = ByteRecord::new();
        if !reader.read_byte_record(&mut record).unwrap_or(false) {
            return Fit::default();
        }
        let fields = record.len();
        let named = filled(&record);
        let (mut even, mut longer, mut other) = (0, 0, 0);
        let (mut numbers, mut cells, mut strange) = (0, 0, 0);
        for _ in 0..RECORDS {
            if !reader.read_byte_record(&mut record).unwrap_or(false) {
                break;
            }
            let is_comment = record.len() != fields && record[0].trim_ascii().starts_with(b"#");
            if is_comment || filled(&record) == 0 {
                continue;
            }
            match record.len() {
                count if count < named => other += 1,
                _ if filled(&record) <= fields => even += 1,
                count if count == fields + 1 && fields > 1 => longer += 1,
                _ => other += 1,
            }
            cells += record.len();
            for field in &record {
                let text = std::str::from_utf8(field).unwrap_or_default().trim();
                numbers += usize::from(number(text, separator != Separator::COMMA).is_some());
                strange += i64::from(text.contains([';', '\t', '|']));
            }
        }
        Fit {
            fields: fields + usize::from(longer > 0 && even == 0),
            is_even: other == 0 && (even == 0 || longer == 0),
            share: (1000 * numbers).checked_div(cells).unwrap_or(0),
            strange,
        }
    }
}

/// How well a separator divides some lines.
#[derive(Default)]
struct Fit {
    /// Fields of a line.
    fields: usize,
    /// Whether all lines have as many, or one more than the first.
    is_even: bool,
    /// Numbers among a thousand cells.
    share: usize,
    /// Cells with a character in them that may be the separator.
    strange: i64,
}

/// The number of fields of a record up to the last one with a value.
pub(super) fn filled(record: &ByteRecord) -> usize {
    let last = record
        .iter()
        .rposition(|field| !field.trim_ascii().is_empty());
    last.map_or(0, |last| last + 1)
}

/// The separator that a line `sep=;` of Excel names.
fn named_separator(line: &[u8]) -> Option<Separator> {
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let line = line.strip_suffix(b"\"").unwrap_or(line);
    if !line.get(..4)?.eq_ignore_ascii_case(b"sep=") {
        return None;
    }
    match &line[4..] {
        // A tab at the end of a line was trimmed.
        [] => Some(Separator::TAB),
        text => std::str::from_utf8(text).ok()?.parse().ok(),
    }
}

/// The records of a text.
fn records_of(text: &[u8], separator: Separator) -> csv::Reader<Box<dyn Read + '_>> {
    records(stream(Box::new(text), separator), separator)
}

/// The bytes of a text, with one space for any number of blanks where these are the separator.
pub(super) fn stream<'a>(text: Box<dyn BufRead + 'a>, separator: Separator) -> Box<dyn Read + 'a> {
    match separator {
        Separator::Character(_) => Box::new(text),
        Separator::Blanks => Box::new(Blanks::new(text)),
    }
}

/// The records of a [`stream`] that stands at the first of them, of any number of fields each.
pub(super) fn records<'a>(
    stream: Box<dyn Read + 'a>,
    separator: Separator,
) -> csv::Reader<Box<dyn Read + 'a>> {
    let delimiter = match separator {
        Separator::Character(character) => character,
        Separator::Blanks => b' ',
    };
    let mut builder = ReaderBuilder::new();
    builder
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter);
    builder.from_reader(stream)
}

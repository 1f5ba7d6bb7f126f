//! LIBSVM text, also called SVMlight: `LABEL INDEX:VALUE INDEX:VALUE …`, one sample a line.
//!
//! Indices rise within a line and count from 1, or from 0 where an index 0 occurs; entries that are
//! not there are 0. `qid:N` after the label and what follows a `#` are no data.

use std::io::BufRead;
use std::path::Path;

use ndarray::Array2;

use super::labels::{LABEL_EXPECTED, LabelList, Labels, finite, is_missing};
use super::packed::open_text;
use super::reading::{MODEST_ENTRIES, check_count};
use crate::DataError;
use crate::room::require_room;

/// The longest line that is read.
const MAX_LINE: u64 = 1 << 26;

/// What a file has, as far as samples are concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// The number of samples.
    pub samples: usize,
    /// The smallest and the largest index.
    indices: Option<(u32, u32)>,
    /// Samples with a `qid`.
    pub queries: usize,
}

impl Extent {
    /// Whether indices count from 0.
    pub fn counts_from_zero(&self) -> bool {
        self.indices.is_some_and(|(least, _)| least == 0)
    }

    /// The dimension.
    pub fn dim(&self) -> usize {
        let first = usize::from(!self.counts_from_zero());
        self.indices
            .map_or(0, |(_, most)| most as usize + 1 - first)
    }
}

/// Whether a text begins as LIBSVM text: a label and at least one pair, and nothing else.
pub(super) fn looks_like(text: &str) -> bool {
    let mut lines = text.lines().map(without_comment);
    lines.by_ref().take(50).find_map(|line| {
        let mut tokens = line.split_ascii_whitespace();
        let label = tokens.next()?;
        let mut pairs = tokens.peekable();
        pairs.peek()?;
        let is_pair = |token: &str| {
            let parts = token.split_once(':');
            parts.is_some_and(|(index, value)| {
                let is_index = !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit());
                (is_index || index == "qid") && value.parse::<f64>().is_ok()
            })
        };
        // The last token may be cut off where the text is only the beginning of a file.
        let first = pairs.next().is_some_and(is_pair);
        let last = pairs.next_back();
        let rest = pairs.all(is_pair) && last.is_none_or(|token| token.contains(':'));
        Some(!label.contains(':') && first && rest)
    }) == Some(true)
}

/// All labels, and the extent of the samples.
pub(super) fn labels(path: &Path) -> Result<(Labels, Extent), DataError> {
    let mut lines = Lines::open(path)?;
    let mut labels = LabelList::default();
    let mut extent = Extent::default();
    while lines.next()? {
        let line = lines.sample()?;
        if !labels.push(line.label) {
            return Err(lines.error("fewer labels", "more than 2^32"));
        }
        extent.samples += 1;
        extent.queries += usize::from(line.has_query);
        let mut last = None;
        for pair in line.pairs.split_ascii_whitespace() {
            let index = index_of(pair).filter(|index| last.is_none_or(|last| *index > last));
            let Some(index) = index else {
                let found = format!("`{}`", short(pair));
                let expected = "INDEX:VALUE with indices that rise within the line";
                return Err(lines.error(expected, found));
            };
            last = Some(index);
            let (least, most) = extent.indices.unwrap_or((index, index));
            extent.indices = Some((least.min(index), most.max(index)));
        }
    }
    Ok((labels.finish(finite), extent))
}

/// The rows `keep`, which rise, as a dense matrix.
pub(super) fn rows(path: &Path, keep: &[usize], expected: usize) -> Result<Array2<f64>, DataError> {
    let (_, extent) = labels(path)?;
    check_count(extent.samples, expected)?;
    let dim = extent.dim();
    let entries = require_room(keep.len(), dim)? as u64;
    let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if entries > MODEST_ENTRIES && entries > length.saturating_mul(100) {
        return Err(DataError::Format {
            path: path.to_owned(),
            expected: format!(
                "at most {MODEST_ENTRIES} entries, with the zeros, or 100 a byte of the file"
            ),
            found: format!(
                "{} × {dim}; take fewer samples with --per-class",
                keep.len()
            ),
        });
    }
    let first = u32::from(!extent.counts_from_zero());
    let mut x = Array2::zeros((keep.len(), dim));
    let mut lines = Lines::open(path)?;
    let mut wanted = keep.iter().copied().zip(x.outer_iter_mut()).peekable();
    let mut sample = 0;
    while lines.next()? {
        let line = lines.sample()?;
        if let Some((_, mut row)) = wanted.next_if(|(index, _)| *index == sample) {
            for pair in line.pairs.split_ascii_whitespace() {
                let value = pair.split_once(':').and_then(|(_, value)| finite(value));
                match (index_of(pair), value) {
                    (Some(index), Some(value)) => row[(index - first) as usize] = value,
                    _ => {
                        let found = format!("`{}`", short(pair));
                        return Err(lines.error("INDEX:VALUE with a finite value", found));
                    }
                }
            }
        }
        sample += 1;
    }
    Ok(x)
}

/// The index of a pair.
fn index_of(pair: &str) -> Option<u32> {
    let (index, _) = pair.split_once(':')?;
    let digits = !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
    index
        .parse()
        .ok()
        .filter(|index| digits && *index < u32::MAX)
}

/// A line up to a `#`.
fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default()
}

/// The beginning of a token, for a message.
fn short(token: &str) -> String {
    token
        .chars()
        .take(24)
        .flat_map(char::escape_debug)
        .collect()
}

/// A sample.
struct Line<'a> {
    label: &'a str,
    pairs: &'a str,
    has_query: bool,
}

/// The lines of a file that hold a sample.
struct Lines<'a> {
    path: &'a Path,
    reader: Box<dyn BufRead>,
    line: Vec<u8>,
    number: u64,
}

impl<'a> Lines<'a> {
    fn open(path: &'a Path) -> Result<Self, DataError> {
        Ok(Self {
            path,
            reader: open_text(path)?,
            line: Vec::new(),
            number: 0,
        })
    }

    /// Goes to the next line with a sample; `false` at the end.
    fn next(&mut self) -> Result<bool, DataError> {
        loop {
            self.line.clear();
            let mut limited = std::io::Read::take(&mut self.reader, MAX_LINE);
            let count = limited.read_until(b'\n', &mut self.line);
            self.number += 1;
            let count = count.map_err(|error| self.error("readable text", error.to_string()))?;
            if count == 0 {
                return Ok(false);
            }
            if count as u64 == MAX_LINE {
                return Err(self.error(format!("a line of less than {MAX_LINE} bytes"), "more"));
            }
            let text = self
                .line
                .strip_prefix(b"\xef\xbb\xbf")
                .unwrap_or(&self.line);
            let has_sample = std::str::from_utf8(text).map(|text| {
                let text = without_comment(text);
                !text.trim_ascii().is_empty()
            });
            match has_sample {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(_) => return Err(self.error("text in UTF-8", "other bytes")),
            }
        }
    }

    /// The sample of the present line.
    fn sample(&self) -> Result<Line<'_>, DataError> {
        let text = self
            .line
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(&self.line);
        let text = std::str::from_utf8(text).expect("it was looked at before");
        let text = without_comment(text);
        let trimmed = text.trim_ascii();
        let (label, pairs) = trimmed
            .split_once(|c: char| c.is_ascii_whitespace())
            .unwrap_or((trimmed, ""));
        let starts_blank = text.starts_with([' ', '\t']);
        if label.contains(':') || is_missing(label) {
            let found = match starts_blank || label.contains(':') {
                true => "none".to_owned(),
                false => format!("`{}`", short(label)),
            };
            return Err(self.error(LABEL_EXPECTED, found));
        }
        if label.contains(',') {
            let expected = "one label for every sample (files of several labels are not read)";
            return Err(self.error(expected, format!("`{}`", short(label))));
        }
        let pairs = pairs.trim_ascii_start();
        let query = pairs.strip_prefix("qid:");
        let after = query.map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
        Ok(Line {
            label,
            has_query: query.is_some(),
            pairs: after.unwrap_or(pairs),
        })
    }

    /// An error at the present line.
    fn error(&self, expected: impl Into<String>, found: impl Into<String>) -> DataError {
        DataError::Table {
            path: self.path.to_owned(),
            line: self.number,
            expected: expected.into(),
            found: found.into(),
        }
    }
}

#[cfg(test)]
mod tests;

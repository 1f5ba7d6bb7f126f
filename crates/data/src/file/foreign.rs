//! Formats that are not read: how they are told, and what is said of them.

mod known;

use std::path::Path;

use self::known::{
    ARFF, EXCEL, IMAGE, JSON, JSON_LINES, KNOWN, MAGIC, MARKUP, OPEN_DOCUMENT, PICKLE, SAFETENSORS,
    TAR, TORCH, UTF_16, UTF_16_BE, UTF_16_LE,
};
use crate::DataError;

pub(super) use self::known::{Foreign, GZIPPED_TWICE, GZIPPED_ZIP, IMAGES, SPARSE};

/// The format that the first bytes of a file are of, unless they are text.
pub(super) fn by_bytes(start: &[u8]) -> Option<Foreign> {
    if let Some((_, format)) = MAGIC.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Some(*format);
    }
    if start.get(257..262) == Some(b"ustar") {
        return Some(TAR);
    }
    // The length of the header, then the header, which is JSON.
    if let Some((length, rest)) = start.split_first_chunk::<8>()
        && (2..100 << 20).contains(&u64::from_le_bytes(*length))
        && rest.starts_with(b"{\"")
    {
        return Some(SAFETENSORS);
    }
    match start {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(UTF_16),
        _ => of_two_bytes(start),
    }
}

/// Text in UTF-16 without a mark: every other byte of its beginning is 0.
fn of_two_bytes(start: &[u8]) -> Option<Foreign> {
    let pairs = start.as_chunks::<2>().0;
    let pairs = &pairs[..pairs.len().min(64)];
    if pairs.len() < 4 {
        return None;
    }
    let text = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    let all = |at: usize| pairs.iter().all(|pair| text(pair[at]) && pair[1 - at] == 0);
    match (all(0), all(1)) {
        (true, _) => Some(UTF_16_LE),
        (_, true) => Some(UTF_16_BE),
        _ => None,
    }
}

/// The format of a text by its beginning, unless it may be a table.
pub(super) fn by_text(start: &str) -> Option<Foreign> {
    let lines = || start.lines().map(str::trim);
    let mut told = lines().filter(|line| !line.is_empty() && !line.starts_with('%'));
    let first = told.next()?.to_ascii_lowercase();
    if first.starts_with("@relation") || first.starts_with("@attribute") {
        return Some(ARFF);
    }
    if first.starts_with('<') {
        return Some(MARKUP);
    }
    let json = |line: &str| {
        let mut characters = line.chars().filter(|character| !character.is_whitespace());
        match (characters.next(), characters.next()) {
            (Some('{'), next) => matches!(next, None | Some('"' | '}')),
            (Some('['), next) => {
                matches!(next, None | Some('{' | '[' | '"' | '-' | ']' | '0'..='9'))
            }
            _ => false,
        }
    };
    if !json(&first) {
        return None;
    }
    let second = told.next();
    let lines = first.ends_with('}') && second.is_some_and(|line| line.starts_with('{'));
    Some(if lines { JSON_LINES } else { JSON })
}

/// The format that the extension of a file names, for contents that nothing else tells.
pub(super) fn by_extension(extension: &str) -> Option<Foreign> {
    let has = |format: &&Foreign| format.extensions.contains(&extension);
    KNOWN.iter().find(has).copied()
}

/// The format of a zip archive by the names of its entries.
pub(super) fn by_entries(names: &[String]) -> Option<Foreign> {
    let any = |test: &dyn Fn(&str) -> bool| names.iter().any(|name| test(name));
    if any(&|name| name == "[Content_Types].xml" || name.starts_with("xl/")) {
        return Some(EXCEL);
    }
    if any(&|name| name == "mimetype") && any(&|name| name == "content.xml") {
        return Some(OPEN_DOCUMENT);
    }
    if any(&|name| name == "data.pkl" || name.ends_with("/data.pkl")) {
        return Some(TORCH);
    }
    let extension = |name: &str| {
        let (_, extension) = name.rsplit_once('.')?;
        by_extension(&extension.to_ascii_lowercase())
    };
    let is_image = |name: &str| extension(name) == Some(IMAGE);
    let mut files = names.iter().filter(|name| !name.ends_with('/')).peekable();
    if files.peek().is_some() && files.all(|name| is_image(name)) {
        return Some(IMAGES);
    }
    None
}

/// Whether a name is that of an image.
pub(super) fn is_image(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let known = extension.and_then(|extension| by_extension(&extension.to_ascii_lowercase()));
    known == Some(IMAGE)
}

impl Foreign {
    /// Whether files of this format may look like a table.
    pub fn may_be_text(&self) -> bool {
        *self == PICKLE
    }

    /// The error of a file in this format; `around` says what is around it, as in "in gzip".
    pub fn refuse(&self, path: &Path, around: &str) -> DataError {
        let stem = path.with_extension("");
        let with = |extension: &str| {
            let new = format!("{}.{extension}", stem.display());
            match Path::new(&new) == path {
                true => python_text(&format!("{}-new.{extension}", stem.display())),
                false => python_text(&new),
            }
        };
        let out = match stem.extension() {
            // Of `a.csv.xz` what is left after the last part has a name already.
            Some(_) => python_text(&stem.display().to_string()),
            None => with("out"),
        };
        let out = if self.name.starts_with("text") {
            let extension = path.extension().unwrap_or_default().to_string_lossy();
            with(&format!("utf8.{extension}"))
        } else {
            out
        };
        let names = [
            ("{npz}", with("npz")),
            ("{csv}", with("csv")),
            ("{out}", out),
            ("{in}", python_text(&path.display().to_string())),
        ];
        let convert = filled(self.convert, &names);
        DataError::Foreign {
            path: path.to_owned(),
            format: format!("{}{around}", self.name),
            convert,
        }
    }
}

/// A text with what stands for names in it, in one pass: a name may hold anything.
fn filled(text: &str, names: &[(&str, String)]) -> String {
    let mut parts = text.split_inclusive('}');
    let fill = |part: &str| {
        let slot = names.iter().find(|(slot, _)| part.ends_with(slot));
        slot.map_or_else(
            || part.to_owned(),
            |(slot, name)| format!("{}{name}", &part[..part.len() - slot.len()]),
        )
    };
    parts.by_ref().map(fill).collect()
}

/// A text as Python writes it.
fn python_text(text: &str) -> String {
    let escaped: String = text.chars().flat_map(char::escape_debug).collect();
    format!("'{}'", escaped.replace("\\\"", "\""))
}

#[cfg(test)]
mod tests;

//! The `.npy` format: a short header, then the entries.
//!
//! The header is a Python literal, and a general parser of those recurses as deep as a hostile
//! file asks. NumPy writes three fixed keys with flat values, and only those are read here.

use std::io::{self, Read};

use half::f16;
use ndarray::ArrayViewD;

use super::reading::Mismatch;

/// NumPy itself refuses longer headers.
const MAX_HEADER: usize = 10_000;
const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// The type of an entry.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scalar {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F16,
    F32,
    F64,
    /// Text of at most so many bytes, padded with zeros.
    Bytes(usize),
    /// Text of at most so many characters of four bytes each, padded with zeros.
    Characters(usize),
}

/// The longest text of an entry, in bytes or characters.
const MAX_TEXT: usize = 4096;

/// A parsed header.
#[derive(Debug, PartialEq)]
pub(crate) struct Header {
    scalar: Scalar,
    big_endian: bool,
    /// Whether the first index runs fastest.
    pub fortran_order: bool,
    /// The shape, whose product may overflow.
    pub shape: Vec<u64>,
    /// Bytes from the start of the file to the first entry.
    pub len: u64,
}

impl Header {
    /// Reads up to the first entry.
    pub fn read(mut reader: impl Read) -> Result<Self, Mismatch> {
        let unreadable =
            |error: io::Error| Mismatch::new("a readable .npy header", error.to_string());
        let mut prelude = [0; 8];
        reader.read_exact(&mut prelude).map_err(unreadable)?;
        if !prelude.starts_with(MAGIC) {
            return Err(Mismatch::new("the .npy format", "other bytes"));
        }
        let mut size = [0; 4];
        let size_width = match prelude[6] {
            1 => 2,
            2 | 3 => 4,
            version => {
                let found = format!("version {version}");
                return Err(Mismatch::new("version 1, 2 or 3 of the .npy format", found));
            }
        };
        reader
            .read_exact(&mut size[..size_width])
            .map_err(unreadable)?;
        let size = u32::from_le_bytes(size) as usize;
        if size > MAX_HEADER {
            let expected = format!("an .npy header of at most {MAX_HEADER} bytes");
            return Err(Mismatch::new(expected, format!("{size} bytes")));
        }
        let mut text = vec![0; size];
        reader.read_exact(&mut text).map_err(unreadable)?;
        let len = (prelude.len() + size_width + size) as u64;
        let text = String::from_utf8_lossy(&text);
        Parser { rest: &text }.header(len)
    }

    /// Bytes per entry.
    pub fn item_size(&self) -> usize {
        match self.scalar {
            Scalar::Bool | Scalar::I8 | Scalar::U8 => 1,
            Scalar::I16 | Scalar::U16 | Scalar::F16 => 2,
            Scalar::I32 | Scalar::U32 | Scalar::F32 => 4,
            Scalar::I64 | Scalar::U64 | Scalar::F64 => 8,
            Scalar::Bytes(width) => width,
            Scalar::Characters(width) => 4 * width,
        }
    }

    /// Whether the entries are integers of which `f64` does not hold all.
    pub fn is_of_long_integers(&self) -> bool {
        matches!(self.scalar, Scalar::I64 | Scalar::U64)
    }

    /// Whether the entries are text.
    pub fn is_text(&self) -> bool {
        matches!(self.scalar, Scalar::Bytes(_) | Scalar::Characters(_))
    }

    /// The text of one entry, without the zeros at its end; `None` for bytes that are no text.
    pub fn text(&self, entry: &[u8]) -> Option<String> {
        if matches!(self.scalar, Scalar::Bytes(_)) {
            let end = entry
                .iter()
                .rposition(|&byte| byte != 0)
                .map_or(0, |last| last + 1);
            return String::from_utf8(entry[..end].to_vec()).ok();
        }
        let (characters, _) = entry.as_chunks::<4>();
        let code = |&bytes: &[u8; 4]| match self.big_endian {
            true => u32::from_be_bytes(bytes),
            false => u32::from_le_bytes(bytes),
        };
        let text: Option<String> = characters.iter().map(code).map(char::from_u32).collect();
        text.map(|text| text.trim_end_matches('\0').to_owned())
    }

    /// Appends the entries in `bytes`, a whole number of them, to `values`. They are numbers.
    pub fn decode(&self, bytes: &[u8], values: &mut Vec<f64>) {
        macro_rules! decode {
            ($number:ty) => {{
                let (entries, _) = bytes.as_chunks::<{ size_of::<$number>() }>();
                if self.big_endian {
                    values.extend(entries.iter().map(|&b| <$number>::from_be_bytes(b) as f64))
                } else {
                    values.extend(entries.iter().map(|&b| <$number>::from_le_bytes(b) as f64))
                }
            }};
        }
        match self.scalar {
            Scalar::Bool => values.extend(bytes.iter().map(|&b| f64::from(u8::from(b != 0)))),
            Scalar::I8 => decode!(i8),
            Scalar::I16 => decode!(i16),
            Scalar::I32 => decode!(i32),
            Scalar::I64 => decode!(i64),
            Scalar::U8 => decode!(u8),
            Scalar::U16 => decode!(u16),
            Scalar::U32 => decode!(u32),
            Scalar::U64 => decode!(u64),
            Scalar::F16 => {
                let (entries, _) = bytes.as_chunks::<2>();
                values.extend(entries.iter().map(|&b| match self.big_endian {
                    true => f16::from_be_bytes(b).to_f64(),
                    false => f16::from_le_bytes(b).to_f64(),
                }));
            }
            Scalar::F32 => decode!(f32),
            Scalar::F64 => decode!(f64),
            Scalar::Bytes(_) | Scalar::Characters(_) => {
                unreachable!("text is refused where numbers are asked for")
            }
        }
    }
}

/// Writes an array as little-endian float64 in C order.
pub(crate) fn write(mut writer: impl io::Write, array: &ArrayViewD<'_, f64>) -> io::Result<()> {
    let shape = array
        .shape()
        .iter()
        .map(|size| format!("{size}, "))
        .collect::<String>();
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({shape}), }}");
    // The format asks for entries aligned to 64 bytes, and for a newline before them.
    let size = (10 + header.len() + 1).next_multiple_of(64) - 10;
    writer.write_all(MAGIC)?;
    writer.write_all(&[1, 0])?;
    writer.write_all(&(size as u16).to_le_bytes())?;
    writeln!(writer, "{header:<width$}", width = size - 1)?;
    let mut buffer = Vec::new();
    for lane in array.rows() {
        buffer.clear();
        buffer.extend(lane.iter().flat_map(|entry| entry.to_le_bytes()));
        writer.write_all(&buffer)?;
    }
    Ok(())
}

/// A reader of `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`.
struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn header(mut self, len: u64) -> Result<Header, Mismatch> {
        let (mut dtype, mut fortran_order, mut shape) = (None, None, None);
        self.token("{")?;
        while !self.eat("}") {
            let key = self.string()?;
            self.token(":")?;
            match key {
                "descr" => dtype = Some(self.dtype()?),
                "fortran_order" => fortran_order = Some(self.boolean()?),
                "shape" => shape = Some(self.shape()?),
                _ => {
                    return Err(Mismatch::new(
                        "the keys of an .npy header",
                        format!("{key:?}"),
                    ));
                }
            }
            if !self.eat(",") {
                self.token("}")?;
                break;
            }
        }
        match (dtype, fortran_order, shape) {
            (Some((scalar, big_endian)), Some(fortran_order), Some(shape)) => Ok(Header {
                scalar,
                big_endian,
                fortran_order,
                shape,
                len,
            }),
            _ => Err(Mismatch::new(
                "the keys descr, fortran_order and shape in the .npy header",
                "fewer",
            )),
        }
    }

    fn eat(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn token(&mut self, token: &str) -> Result<(), Mismatch> {
        if self.eat(token) {
            Ok(())
        } else {
            Err(self.mismatch(format!("`{token}`")))
        }
    }

    fn mismatch(&self, expected: String) -> Mismatch {
        let found: String = self.rest.trim_start().chars().take(20).collect();
        Mismatch::new(
            format!("{expected} in the .npy header"),
            format!("{found:?}"),
        )
    }

    fn string(&mut self) -> Result<&'a str, Mismatch> {
        for quote in ["'", "\""] {
            if self.eat(quote) {
                let (string, rest) = self
                    .rest
                    .split_once(quote)
                    .ok_or_else(|| self.mismatch(quote.to_owned()))?;
                self.rest = rest;
                return Ok(string);
            }
        }
        Err(self.mismatch("a string".to_owned()))
    }

    fn boolean(&mut self) -> Result<bool, Mismatch> {
        if self.eat("True") {
            Ok(true)
        } else if self.eat("False") {
            Ok(false)
        } else {
            Err(self.mismatch("True or False".to_owned()))
        }
    }

    fn shape(&mut self) -> Result<Vec<u64>, Mismatch> {
        let mut shape = Vec::new();
        self.token("(")?;
        while !self.eat(")") {
            let text = self.rest.trim_start();
            let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, rest) = text.split_at(digits);
            shape.push(
                number
                    .parse()
                    .map_err(|_| self.mismatch("a size".to_owned()))?,
            );
            // As Python 2 writes a long integer.
            self.rest = rest.strip_prefix('L').unwrap_or(rest);
            if !self.eat(",") {
                self.token(")")?;
                break;
            }
        }
        Ok(shape)
    }

    fn dtype(&mut self) -> Result<(Scalar, bool), Mismatch> {
        let expected = "type bool, integer, float16, float32, float64 or string";
        if self.eat("[") {
            let found = "a structured type; save its fields as arrays of their own";
            return Err(Mismatch::new(expected, found));
        }
        let descr = self.string()?;
        let unsupported = || Mismatch::new(expected, other_type(descr));
        let (order, code) = descr.split_at_checked(1).ok_or_else(unsupported)?;
        let scalar = match code {
            "b1" => Scalar::Bool,
            "i1" => Scalar::I8,
            "i2" => Scalar::I16,
            "i4" => Scalar::I32,
            "i8" => Scalar::I64,
            "u1" => Scalar::U8,
            "u2" => Scalar::U16,
            "u4" => Scalar::U32,
            "u8" => Scalar::U64,
            "f2" => Scalar::F16,
            "f4" => Scalar::F32,
            "f8" => Scalar::F64,
            _ => text_type(code).ok_or_else(unsupported)?,
        };
        match order {
            "<" | "|" => Ok((scalar, false)),
            ">" => Ok((scalar, true)),
            _ => Err(unsupported()),
        }
    }
}

/// The type of text such as `S10` or `U3`.
fn text_type(code: &str) -> Option<Scalar> {
    let (kind, width) = code.split_at_checked(1)?;
    let digits = !width.is_empty() && width.bytes().all(|byte| byte.is_ascii_digit());
    let width = width
        .parse()
        .ok()
        .filter(|&width| digits && width <= MAX_TEXT)?;
    match kind {
        "S" => Some(Scalar::Bytes(width)),
        "U" => Some(Scalar::Characters(width)),
        _ => None,
    }
}

/// A type that is not read, in words, with the Python that changes it.
fn other_type(descr: &str) -> String {
    let shown = format!("{descr:?}");
    match descr.get(1..).and_then(|code| code.chars().next()) {
        Some('O') => "Python objects, which only Python reads; save X.astype(float) and \
                      y.astype(str) or y.astype(int)"
            .to_owned(),
        Some('V') => format!("{shown}, raw bytes, as bfloat16 is saved; save X.astype('float32')"),
        Some('c') => format!("{shown}, complex numbers; save X.real and X.imag as coordinates"),
        Some('M' | 'm') => format!("{shown}, times; save X.astype('int64')"),
        Some('f') => format!("{shown}; save X.astype('float64')"),
        Some('S' | 'U') => format!("{shown}; strings may have {MAX_TEXT} characters at most"),
        _ => shown,
    }
}

#[cfg(test)]
mod tests;

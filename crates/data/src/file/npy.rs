//! The `.npy` format: a short header, then the entries.
//!
//! The header is a Python literal, and a general parser of those recurses as deep as a hostile
//! file asks. NumPy writes three fixed keys with flat values, and only those are read here.

use std::io::{self, Read};

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
    F32,
    F64,
}

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
            Scalar::I16 | Scalar::U16 => 2,
            Scalar::I32 | Scalar::U32 | Scalar::F32 => 4,
            Scalar::I64 | Scalar::U64 | Scalar::F64 => 8,
        }
    }

    /// Appends the entries in `bytes`, a whole number of them, to `values`.
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
            Scalar::F32 => decode!(f32),
            Scalar::F64 => decode!(f64),
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
            self.rest = rest;
            if !self.eat(",") {
                self.token(")")?;
                break;
            }
        }
        Ok(shape)
    }

    fn dtype(&mut self) -> Result<(Scalar, bool), Mismatch> {
        let expected = "type bool, integer, float32 or float64";
        if self.eat("[") {
            return Err(Mismatch::new(expected, "a structured type"));
        }
        let descr = self.string()?;
        let unsupported = || {
            let found = if descr.ends_with('O') {
                "Python objects".to_owned()
            } else {
                format!("{descr:?}")
            };
            Mismatch::new(expected, found)
        };
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
            "f4" => Scalar::F32,
            "f8" => Scalar::F64,
            _ => return Err(unsupported()),
        };
        match order {
            "<" | "|" => Ok((scalar, false)),
            ">" => Ok((scalar, true)),
            _ => Err(unsupported()),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{ArrayD, array};

    use super::*;

    fn parse(text: &str) -> Result<Header, Mismatch> {
        Parser { rest: text }.header(0)
    }

    fn refusal(text: &str) -> String {
        let Mismatch { expected, found } = parse(text).unwrap_err();
        format!("expected {expected}, found {found}")
    }

    #[test]
    fn headers_as_various_writers_lay_them_out() {
        let expected = Header {
            scalar: Scalar::F32,
            big_endian: true,
            fortran_order: true,
            shape: vec![3, 4],
            len: 0,
        };
        for text in [
            "{'descr': '>f4', 'fortran_order': True, 'shape': (3, 4), }      \n",
            "{'shape':(3,4),'fortran_order':True,'descr':'>f4'}",
            "{\"descr\": \">f4\", \"fortran_order\": True, \"shape\": ( 3 , 4 , ) } ",
        ] {
            assert_eq!(parse(text).unwrap(), expected, "{text}");
        }
        let scalar = parse("{'descr': '|b1', 'fortran_order': False, 'shape': ()}").unwrap();
        assert_eq!((scalar.shape.len(), scalar.item_size()), (0, 1));
    }

    #[test]
    fn broken_headers_name_what_is_missing() {
        assert_eq!(
            refusal("[]"),
            "expected `{` in the .npy header, found \"[]\""
        );
        assert_eq!(
            refusal("{'descr': '<f8', 'shape': (1,)}"),
            "expected the keys descr, fortran_order and shape in the .npy header, found fewer"
        );
        assert_eq!(
            refusal("{'fortran_order': 1}"),
            "expected True or False in the .npy header, found \"1}\""
        );
        assert_eq!(
            refusal("{'shape': (-1,)}"),
            "expected a size in the .npy header, found \"(-1,)}\"".replace('(', "")
        );
        assert_eq!(
            refusal("{'shape': (99999999999999999999,)}"),
            "expected a size in the .npy header, found \"99999999999999999999\""
        );
        assert_eq!(
            refusal("{'extra': 1}"),
            "expected the keys of an .npy header, found \"extra\""
        );
        assert_eq!(
            refusal("{'descr"),
            "expected ' in the .npy header, found \"descr\""
        );
    }

    #[test]
    fn other_types_are_refused_by_name() {
        let types = "expected type bool, integer, float32 or float64, found ";
        for (descr, found) in [
            ("'<c16'", "\"<c16\""),
            ("'<f2'", "\"<f2\""),
            ("'=f8'", "\"=f8\""),
            ("'<U3'", "\"<U3\""),
            ("''", "\"\""),
            ("'é'", "\"é\""),
            ("'|O'", "Python objects"),
            ("[('a', '<f8')]", "a structured type"),
        ] {
            let text = format!("{{'descr': {descr}, ");
            assert_eq!(refusal(&text), format!("{types}{found}"));
        }
    }

    #[test]
    fn a_prelude_that_lies_is_refused_before_it_is_believed() {
        let read = |bytes: &[u8]| {
            let Mismatch { expected, found } = Header::read(bytes).unwrap_err();
            format!("expected {expected}, found {found}")
        };
        assert_eq!(
            read(b"PK\x03\x04 not it"),
            "expected the .npy format, found other bytes"
        );
        assert_eq!(
            read(b"\x93NUMPY\x04\x00...."),
            "expected version 1, 2 or 3 of the .npy format, found version 4"
        );
        assert_eq!(
            read(b"\x93NUMPY\x02\x00\xff\xff\xff\xff"),
            "expected an .npy header of at most 10000 bytes, found 4294967295 bytes"
        );
        assert!(read(b"\x93NUM").starts_with("expected a readable .npy header"));
    }

    #[test]
    fn what_is_written_is_aligned_and_reads_back() {
        for array in [
            array![[1.0, -2.5], [f64::MIN_POSITIVE, 1e300]].into_dyn(),
            array![1.0, 2.0, 3.0].into_dyn(),
            ArrayD::from_elem(vec![], 7.0),
            array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
                .reversed_axes()
                .into_dyn(),
        ] {
            let mut bytes = Vec::new();
            write(&mut bytes, &array.view()).unwrap();
            let mut rest = &bytes[..];
            let header = Header::read(&mut rest).unwrap();
            assert_eq!(header.len % 64, 0);
            assert_eq!(header.len as usize + rest.len(), bytes.len());
            assert_eq!(
                header.shape,
                array.shape().iter().map(|&n| n as u64).collect::<Vec<_>>()
            );
            let mut values = Vec::new();
            header.decode(rest, &mut values);
            assert_eq!(values, array.iter().copied().collect::<Vec<_>>());
        }
    }
}

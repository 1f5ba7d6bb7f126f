//! Tables whose fields are separated by any number of spaces and tabs.

use std::io::{self, BufRead, Read};

/// A reader that leaves one space of any number of spaces and tabs, and none at either end of a
/// line. Within quotes that begin a field all stays as it is.
pub(super) struct Blanks<R> {
    reader: R,
    state: State,
}

/// What was read so far of a line.
struct State {
    place: Place,
    /// Whether blanks were passed over since the last character.
    pending: bool,
}

/// Where in a line the last character was.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Start,
    Field,
    Quoted,
    /// At a quote within quotes: their end, or the first of two that stand for one.
    Quote,
}

impl<R: BufRead> Blanks<R> {
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            state: State {
                place: Place::Start,
                pending: false,
            },
        }
    }
}

impl State {
    /// Takes one byte; gives it, after a space where one is due, or nothing for a blank.
    fn step(&mut self, byte: u8, mut give: impl FnMut(u8)) {
        if self.place == Place::Quoted {
            if byte == b'"' {
                self.place = Place::Quote;
            }
            return give(byte);
        }
        match byte {
            b' ' | b'\t' => self.pending = true,
            b'\n' | b'\r' => {
                self.pending = false;
                self.place = Place::Start;
                give(byte);
            }
            _ => {
                let begins = self.pending || self.place == Place::Start;
                if self.pending && self.place != Place::Start {
                    give(b' ');
                }
                self.pending = false;
                let doubled = self.place == Place::Quote && !begins;
                self.place = match byte {
                    b'"' if begins || doubled => Place::Quoted,
                    _ => Place::Field,
                };
                give(byte);
            }
        }
    }
}

impl<R: BufRead> Read for Blanks<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if bytes.len() < 2 {
            // A byte may come with a space before it.
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut given = 0;
        while given == 0 {
            let read = self.reader.fill_buf()?;
            let count = read.len().min(bytes.len() / 2);
            if count == 0 {
                return Ok(0);
            }
            for &byte in &read[..count] {
                self.state.step(byte, |byte| {
                    bytes[given] = byte;
                    given += 1;
                });
            }
            self.reader.consume(count);
        }
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collapsed(text: &str) -> String {
        let mut out = String::new();
        let mut reader = io::BufReader::with_capacity(8, Blanks::new(text.as_bytes()));
        reader.read_to_string(&mut out).unwrap();
        out
    }

    #[test]
    fn one_space_is_left_of_many_and_none_at_the_ends() {
        for (text, expected) in [
            ("  a   b\t \tc  \n", "a b c\n"),
            ("a b\r\n  1  2 \r\n\r\n", "a b\r\n1 2\r\n\r\n"),
            ("\"a  b\"   \"c \"\" d\"  e", "\"a  b\" \"c \"\" d\" e"),
            ("a\"  b  \" c", "a\" b \" c"),
            ("\"\n  x \" y", "\"\n  x \" y"),
            ("", ""),
            ("   ", ""),
        ] {
            assert_eq!(collapsed(text), expected, "{text:?}");
        }
    }
}

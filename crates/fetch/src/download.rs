use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::dataset::RemoteFile;
use crate::error::FetchError;
use crate::found::Found;
use crate::mirror::{Answer, Mirror};
use crate::outcome::Event;
use crate::verify::{corrupt, inspect};

/// The bytes of a file and how many of them an earlier transfer had left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received {
    pub(crate) bytes: u64,
    pub(crate) resumed_from: u64,
}

/// The transfer of one file from one mirror into a `.part`.
pub(crate) struct Download<'a> {
    pub(crate) file: &'a RemoteFile<'a>,
    pub(crate) mirror: &'a Mirror,
    pub(crate) part: &'a Path,
    pub(crate) watcher: &'a mut dyn FnMut(Event<'_>),
}

impl Download<'_> {
    /// Completes the `.part` and verifies it.
    ///
    /// A transfer that broke off keeps its `.part`, for the next run or mirror; a complete one that
    /// is not the file is removed.
    pub(crate) fn run(mut self) -> Result<Received, FetchError> {
        let mut offset = kept_bytes(self.part)?;
        if offset > self.file.packed_limit() {
            self.discard()?;
            offset = 0;
        }
        // At most two turns: only a turn with an offset starts another, and that one has none.
        loop {
            let (start, total, bytes) = match self.mirror.get(self.file.name, offset)? {
                Answer::Bytes { start, total, body } => {
                    let bytes = self.receive(start, total, &mut body.into_reader())?;
                    (start, total, bytes)
                }
                Answer::NoRest => (offset, Some(offset), offset),
            };
            let Some(found) = self.inspect()? else {
                return Ok(Received {
                    bytes,
                    resumed_from: start,
                });
            };
            let ends_early = matches!(found, Found::EndsEarly { .. });
            let resumed = start > 0;
            if ends_early && !(resumed && total.is_some()) {
                return Err(FetchError::Truncated {
                    url: self.mirror.url(self.file.name),
                    expected: total.filter(|total| *total > bytes),
                    found: bytes,
                });
            }
            self.discard()?;
            // The beginning may have been another server's, or another version of the file.
            if !resumed {
                return Err(corrupt(self.file, self.mirror.url(self.file.name), found));
            }
            offset = 0;
        }
    }

    /// Writes `body` into the `.part` from `start` on, and returns the bytes there are then.
    fn receive(
        &mut self,
        start: u64,
        total: Option<u64>,
        body: &mut dyn Read,
    ) -> Result<u64, FetchError> {
        let limit = self.file.packed_limit();
        if let Some(total) = total.filter(|total| *total > limit) {
            return Err(self.too_large(total));
        }
        let mut buffer = vec![0; 1 << 16];
        let mut count = self.read(body, &mut buffer, start, total)?;
        // A login page in place of a file must not overwrite what an earlier transfer has brought.
        if start == 0
            && let Some(found) = Found::not_gzip(&buffer[..count])
        {
            return Err(corrupt(self.file, self.mirror.url(self.file.name), found));
        }
        let mut done = start;
        let mut output = self.open(start)?;
        while count > 0 {
            done += count as u64;
            if done > limit {
                drop(output);
                self.discard()?;
                return Err(self.too_large(done));
            }
            output
                .write_all(&buffer[..count])
                .map_err(FetchError::io("write", self.part))?;
            (self.watcher)(Event::Progress {
                file: self.file.name,
                done,
                total,
            });
            count = self.read(body, &mut buffer, done, total)?;
        }
        if total.is_some_and(|total| done < total) {
            return Err(self.truncated(total, done));
        }
        Ok(done)
    }

    fn read(
        &self,
        body: &mut dyn Read,
        buffer: &mut [u8],
        done: u64,
        total: Option<u64>,
    ) -> Result<usize, FetchError> {
        loop {
            let error = match body.read(buffer) {
                Ok(count) => return Ok(count),
                Err(error) => error,
            };
            match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::UnexpectedEof => return Err(self.truncated(total, done)),
                _ => return Err(self.mirror.failure(self.file.name, error.into())),
            }
        }
    }

    fn open(&self, start: u64) -> Result<File, FetchError> {
        let open = || {
            let mut output = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(self.part)?;
            output.set_len(start)?;
            output.seek(SeekFrom::Start(start))?;
            Ok(output)
        };
        open().map_err(FetchError::io("write", self.part))
    }

    fn inspect(&self) -> Result<Option<Found>, FetchError> {
        inspect(self.file, self.part, true).map_err(FetchError::io("read", self.part))
    }

    fn discard(&self) -> Result<(), FetchError> {
        fs::remove_file(self.part).map_err(FetchError::io("remove", self.part))
    }

    fn truncated(&self, expected: Option<u64>, found: u64) -> FetchError {
        FetchError::Truncated {
            url: self.mirror.url(self.file.name),
            expected,
            found,
        }
    }

    fn too_large(&self, found: u64) -> FetchError {
        FetchError::TooLarge {
            url: self.mirror.url(self.file.name),
            limit: self.file.packed_limit(),
            found,
        }
    }
}

/// The bytes that an earlier transfer has left in `part`.
pub(crate) fn kept_bytes(part: &Path) -> Result<u64, FetchError> {
    match fs::metadata(part) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(error) => Err(FetchError::io("read", part)(error)),
    }
}

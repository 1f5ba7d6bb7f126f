use std::fs;
use std::path::{Path, PathBuf};

use implicit_bias_data::mnist;

use crate::dataset::{DataSet, RemoteFile};
use crate::download::{Download, Received, kept_bytes};
use crate::error::FetchError;
use crate::lock::Lock;
use crate::mirror::Mirror;
use crate::options::Options;
use crate::outcome::{Event, Fetched, FetchedFile, Origin};
use crate::verify::verify;

/// Brings the files of `set` into `dir`, which is made if need be, and tells `watcher` about it.
///
/// Nothing is written where all files are in place.
///
/// # Errors
///
/// [`FetchError::Mirror`] if a mirror is not a URL, [`FetchError::Busy`] if another process fetches
/// into `dir`, [`FetchError::Io`] if `dir` cannot be read or written, and [`FetchError::Mirrors`]
/// if no mirror has served some file, with what each of them did instead. Files that were complete
/// before an error stay in place.
pub fn fetch(
    set: &DataSet<'_>,
    dir: &Path,
    options: &Options,
    watcher: &mut dyn FnMut(Event<'_>),
) -> Result<Fetched, FetchError> {
    let mirrors = if options.mirrors.is_empty() {
        set.mirrors.to_vec()
    } else {
        options.mirrors.iter().map(String::as_str).collect()
    };
    let mut mirrors = mirrors
        .into_iter()
        .map(|mirror| Mirror::new(mirror, options))
        .collect::<Result<Vec<_>, _>>()?;
    let mut lock = None;
    let mut files = Vec::with_capacity(set.files.len());
    for (index, file) in set.files.iter().enumerate() {
        let mut place = Place::of(dir, file)?;
        if !matches!(place, Place::Good(_)) && lock.is_none() {
            fs::create_dir_all(dir).map_err(FetchError::io("make the folder", dir))?;
            lock = Some(Lock::of(dir)?);
            // Another process may have brought it in the meantime.
            place = Place::of(dir, file)?;
        }
        let (path, origin) = match place {
            Place::Good(path) => (path, Origin::AlreadyThere),
            Place::Empty => download(&set.files[index..], dir, None, &mut mirrors, watcher)?,
            Place::Bad(path, error) => {
                watcher(Event::Replacing {
                    file: file.name,
                    error: &error,
                });
                let rest = &set.files[index..];
                download(rest, dir, Some(path), &mut mirrors, watcher)?
            }
        };
        let name = file.name.to_owned();
        files.push(FetchedFile { name, path, origin });
        if let Some(file) = files.last() {
            watcher(Event::Ready(file));
        }
    }
    Ok(Fetched {
        dir: dir.to_owned(),
        files,
    })
}

/// What is in the place of a file.
enum Place {
    Empty,
    Good(PathBuf),
    Bad(PathBuf, FetchError),
}

impl Place {
    fn of(dir: &Path, file: &RemoteFile<'_>) -> Result<Self, FetchError> {
        let Some(path) = mnist::find(dir, file.name) else {
            return Ok(Self::Empty);
        };
        match verify(file, &path) {
            Ok(()) => Ok(Self::Good(path)),
            Err(error @ FetchError::Corrupt { .. }) => Ok(Self::Bad(path, error)),
            Err(error) => Err(error),
        }
    }
}

/// Downloads the first of the `files`, from the first of the `mirrors` that serves it, which is put
/// in front of the others.
fn download(
    files: &[RemoteFile<'_>],
    dir: &Path,
    bad: Option<PathBuf>,
    mirrors: &mut [Mirror],
    watcher: &mut dyn FnMut(Event<'_>),
) -> Result<(PathBuf, Origin), FetchError> {
    let file = &files[0];
    let part = dir.join(format!("{}.part", file.name));
    let mut failures = Vec::new();
    for index in 0..mirrors.len() {
        let url = mirrors[index].url(file.name);
        watcher(Event::Started {
            file: file.name,
            url: &url,
        });
        let download = Download {
            file,
            mirror: &mirrors[index],
            part: &part,
            watcher,
        };
        match download.run() {
            Ok(Received {
                bytes,
                resumed_from,
            }) => {
                mirrors[..=index].rotate_right(1);
                let path = dir.join(file.name);
                let replaced = put_in_place(&part, &path, bad)?;
                let origin = Origin::Downloaded {
                    url,
                    bytes,
                    resumed_from,
                    replaced,
                };
                return Ok((path, origin));
            }
            Err(error) if error.is_of_mirror() => {
                watcher(Event::Failed {
                    file: file.name,
                    error: &error,
                });
                failures.push(error);
            }
            Err(error) => return Err(error),
        }
    }
    let kept = kept_bytes(&part)?;
    Err(FetchError::Mirrors {
        dir: dir.to_owned(),
        missing: files
            .iter()
            .filter(|file| !matches!(Place::of(dir, file), Ok(Place::Good(_))))
            .map(|file| file.name.to_owned())
            .collect(),
        kept: (kept > 0).then_some((part, kept)),
        failures,
    })
}

/// Gives the verified `part` its name, and moves the `bad` file that had it, if any, aside.
///
/// A crash between the two leaves the complete `part`, which the next run finds and verifies.
fn put_in_place(
    part: &Path,
    path: &Path,
    bad: Option<PathBuf>,
) -> Result<Option<PathBuf>, FetchError> {
    let aside = match bad {
        None => None,
        Some(bad) => {
            let mut aside = bad.clone().into_os_string();
            aside.push(".replaced");
            fs::rename(&bad, &aside).map_err(FetchError::io("move aside", &bad))?;
            Some(PathBuf::from(aside))
        }
    };
    implicit_bias_output::put_in_place(part, path).map_err(FetchError::io("put in place", path))?;
    Ok(aside)
}

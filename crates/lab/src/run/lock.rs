//! One process at a time in a run directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::LabError;

/// The file that is locked; it holds the process number of its owner.
pub(super) const FILE: &str = "lock";

/// How often a lock that is held is tried again: who only looks whether it is held has it for
/// microseconds.
const TRIES: u32 = 5;

/// From one try to the next.
const PAUSE: Duration = Duration::from_millis(5);

/// A run directory of this process, until it is dropped.
///
/// The system's own lock on an open file: it ends with the process, however that ends, so that a
/// file left by a process that is gone locks nobody out.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
    /// Why nothing is locked, on a file system without locks.
    unlocked: Option<io::Error>,
}

/// Who is in a run directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// No process that is known of.
    Nobody,
    /// The process of this number, where that is known.
    Process(Option<u32>),
}

impl Owner {
    /// Who is in a directory at this moment, without keeping anybody out.
    pub fn of(directory: &Path) -> Self {
        let path = directory.join(FILE);
        let Ok(mut file) = File::open(&path) else {
            return Self::Nobody;
        };
        match file.try_lock_shared() {
            Ok(()) => Self::Nobody,
            Err(TryLockError::WouldBlock) => Self::Process(number_in(&mut file)),
            // Without locks the number alone tells.
            Err(TryLockError::Error(_)) => match number_in(&mut file) {
                Some(number) if is_this_program(number) => Self::Process(Some(number)),
                _ => Self::Nobody,
            },
        }
    }
}

impl Lock {
    /// Takes the directory. On a file system without locks it is not kept from others, which
    /// [`notice`](Self::notice) says.
    ///
    /// # Errors
    ///
    /// [`LabError::Locked`] names the process that has it; [`LabError::Write`] if the file cannot
    /// be made.
    pub fn take(directory: &Path) -> Result<Self, LabError> {
        let path = directory.join(FILE);
        let io = |source| LabError::Write {
            path: path.clone(),
            source,
        };
        let locked = |owner| LabError::Locked {
            path: directory.to_owned(),
            owner,
        };
        let mut tries = 0;
        loop {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(io)?;
            let unlocked = match file.try_lock() {
                Ok(()) => None,
                Err(TryLockError::WouldBlock) if tries < TRIES => {
                    tries += 1;
                    std::thread::sleep(PAUSE);
                    continue;
                }
                // The owner may not have written its number yet.
                Err(TryLockError::WouldBlock) => return Err(locked(number_in(&mut file))),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {
                    continue;
                }
                Err(TryLockError::Error(error)) if says_no_locks(&error) => {
                    let other = number_in(&mut file).filter(|&number| is_this_program(number));
                    if other.is_some_and(|number| number != std::process::id()) {
                        return Err(locked(other));
                    }
                    Some(error)
                }
                Err(TryLockError::Error(error)) => return Err(io(error)),
            };
            // Between opening and locking, another owner may have ended and removed the file.
            if !is_still(&file, &path).map_err(io)? {
                continue;
            }
            file.set_len(0).map_err(io)?;
            file.seek(SeekFrom::Start(0)).map_err(io)?;
            writeln!(file, "{}", std::process::id()).map_err(io)?;
            return Ok(Self {
                file,
                path,
                unlocked,
            });
        }
    }

    /// What a user must know of a file system without locks; once a process.
    pub fn notice(&self) -> Option<String> {
        static TOLD: AtomicBool = AtomicBool::new(false);
        let error = self.unlocked.as_ref()?;
        let first = !TOLD.swap(true, Ordering::Relaxed);
        first.then(|| {
            format!(
                "warning: {}: this file system has no locks ({error}): nothing keeps a second \
                 process out of the directory, so start one at a time",
                self.path.parent().unwrap_or(&self.path).display()
            )
        })
    }
}

/// The process number in the file of a lock.
fn number_in(file: &mut File) -> Option<u32> {
    let mut owner = String::new();
    file.take(20).read_to_string(&mut owner).ok()?;
    owner.trim().parse().ok()
}

/// Whether an error says that the file system has no locks. Systems that hand a call on to a file
/// system that does not know it have several numbers for that.
fn says_no_locks(error: &io::Error) -> bool {
    if error.kind() == io::ErrorKind::Unsupported {
        return true;
    }
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        /// `ENOTSUPP`, which the Linux kernel means for itself and network file systems let out.
        const INSIDE_LINUX: i32 = 524;
        let numbers = [
            Errno::NOSYS,
            Errno::NOTSUP,
            Errno::OPNOTSUPP,
            Errno::NOLCK,
            Errno::INVAL,
            Errno::NOTTY,
        ];
        let numbers = numbers.map(Errno::raw_os_error);
        error
            .raw_os_error()
            .is_some_and(|number| numbers.contains(&number) || number == INSIDE_LINUX)
    }
    #[cfg(not(unix))]
    false
}

/// Whether a process of this number runs this program, as far as the system tells.
fn is_this_program(number: u32) -> bool {
    let program = |process: &str| std::fs::read_link(format!("/proc/{process}/exe")).ok();
    let own = program("self");
    own.is_some() && own == program(&number.to_string())
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while it is held, so that nobody's lock but this one goes.
        let _ = std::fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

/// Whether the path still names the open file.
#[cfg(unix)]
fn is_still(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let open = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (open.dev(), open.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Elsewhere an open file cannot be removed.
#[cfg(not(unix))]
fn is_still(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_owner_who_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        let error = Lock::take(folder.path()).unwrap_err();
        let own = format!("process {}", std::process::id());
        assert!(error.to_string().contains(&own), "{error}");
        drop(lock);
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
        drop(Lock::take(folder.path()).unwrap());
    }

    #[test]
    fn who_looks_sees_the_owner_and_keeps_nobody_out() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Owner::of(folder.path()), Owner::Nobody);
        std::fs::write(folder.path().join(FILE), "999999999\n").unwrap();
        assert_eq!(Owner::of(folder.path()), Owner::Nobody, "it is gone");
        let lock = Lock::take(folder.path()).unwrap();
        let own = Owner::Process(Some(std::process::id()));
        assert_eq!(Owner::of(folder.path()), own);
        drop(lock);
        // While somebody looks all the time, every one who asks gets it.
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    Owner::of(folder.path());
                    std::thread::sleep(PAUSE / 20);
                }
            });
            for _ in 0..200 {
                drop(Lock::take(folder.path()).unwrap());
            }
            ended.store(true, Ordering::Relaxed);
        });
    }

    #[cfg(unix)]
    #[test]
    fn every_number_that_says_there_are_no_locks_is_known() {
        use rustix::io::Errno;
        for number in [Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOLCK, Errno::INVAL] {
            assert!(says_no_locks(&number.into()), "{number}");
        }
        assert!(says_no_locks(&io::Error::from_raw_os_error(524)));
        for number in [Errno::IO, Errno::NOSPC, Errno::ACCESS, Errno::STALE] {
            assert!(!says_no_locks(&number.into()), "{number}");
        }
    }

    #[test]
    fn a_lock_left_by_a_process_that_is_gone_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "999999999\nrest of an older file").unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert_eq!(text, format!("{}\n", std::process::id()));
        drop(lock);
    }

    #[test]
    fn of_many_who_ask_at_once_one_at_a_time_gets_it() {
        let folder = tempfile::tempdir().unwrap();
        let inside = std::sync::atomic::AtomicUsize::new(0);
        let order = Ordering::SeqCst;
        let taken: usize = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let mut taken = 0;
                        for _ in 0..200 {
                            if let Ok(lock) = Lock::take(folder.path()) {
                                assert_eq!(inside.fetch_add(1, order), 0);
                                inside.fetch_sub(1, order);
                                taken += 1;
                                drop(lock);
                            }
                        }
                        taken
                    })
                })
                .collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap())
                .sum()
        });
        assert!(taken > 0);
    }
}

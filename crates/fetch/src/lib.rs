//! Downloads the named data sets of `implicit-bias`: verified, resumable, never half written.
//!
//! A [`DataSet`] is a list of gzipped files, each with the SHA-256 and the size of what it unpacks
//! to, and the mirrors that serve it. [`fetch`] brings the missing ones into a folder:
//!
//! - A file arrives as `NAME.part` and takes its name only once it has been unpacked to exactly the
//!   published bytes and written to the disk. What a server sends is bounded, packed and unpacked.
//! - A transfer that breaks off leaves its `.part`, and the next one asks for the rest only.
//! - Files in place are verified, not downloaded. A file in place that is not the published one
//!   keeps its place until the good one is there, then it is moved to `NAME.replaced`.
//! - One process at a time fetches into a folder: it holds a lock on the file `.fetch.lock` there.
//!
//! The caller draws its own progress bar from the [`Event`]s.
//!
//! ```no_run
//! use implicit_bias_data::mnist;
//! use implicit_bias_fetch::{Event, MNIST, Options, fetch};
//!
//! let dir = mnist::default_dir().expect("a home directory");
//! let fetched = fetch(&MNIST, &dir, &Options::default(), &mut |event| {
//!     if let Event::Progress { file, done, total } = event {
//!         eprintln!("{file}: {done} of {total:?} bytes");
//!     }
//! })?;
//! for file in &fetched.files {
//!     println!("{}: {:?}", file.path.display(), file.origin);
//! }
//! # Ok::<(), implicit_bias_fetch::FetchError>(())
//! ```

mod dataset;
mod download;
mod error;
mod fetch;
mod found;
mod lock;
mod mirror;
mod options;
mod outcome;
mod verify;

pub use dataset::{CIFAR10, DataSet, Hashed, MNIST, RemoteFile};
pub use error::FetchError;
pub use fetch::fetch;
pub use found::Found;
pub use options::Options;
pub use outcome::{Event, Fetched, FetchedFile, Origin};
pub use verify::verify;

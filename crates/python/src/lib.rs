//! The Python module `implicit_bias._native`: what the package `implicit_bias` is made of.
//!
//! Everything here takes plain values and arrays and gives them back; objects, their defaults and
//! how they look are in `python/implicit_bias`.
//!
//! | file | what |
//! |---|---|
//! | `keys` | keyword arguments as settings, by the lists of the command line |
//! | `train` | one run, and one that goes on |
//! | `record` | what a run directory holds |
//! | `questions` | `check` and `limit` |
//! | `many` | sweeps, and the systems of the literature |
//! | `follow` | a network of the user's own, by a function |
//! | `curves` | curves against the step, as a figure |
//! | `arrays` | arrays of NumPy, in and out; measures of them |
//! | `watch` | work without the interpreter's lock, and in reach of Ctrl-C |
//! | `error` | what goes wrong, as exceptions |
//! | `words` | messages of the command line with the names of keys as Python spells them |

mod arrays;
mod curves;
mod error;
mod follow;
mod keys;
mod many;
mod questions;
mod record;
mod train;
mod watch;
mod words;

use pyo3::prelude::*;

/// The part of the package that is compiled.
#[pymodule]
mod _native {
    #[pymodule_export]
    use crate::arrays::{
        margins_of_classes, margins_of_signs, stable_rank, weight_norm, write_arrays,
    };
    #[pymodule_export]
    use crate::curves::curves;
    #[pymodule_export]
    use crate::follow::Follower;
    #[pymodule_export]
    use crate::keys::{arrays_of_networks, help_of, keys};
    #[pymodule_export]
    use crate::many::{reproduce, sweep};
    #[pymodule_export]
    use crate::questions::{check, limit};
    #[pymodule_export]
    use crate::record::{Record, print_figure};
    #[pymodule_export]
    use crate::train::{resume_run, train};
    #[pymodule_export]
    use crate::watch::panic_of;

    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("VERSION", env!("CARGO_PKG_VERSION"))
    }
}

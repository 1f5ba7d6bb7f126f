//! Work that takes long: without the interpreter's lock, and in reach of Ctrl-C.

use std::any::Any;
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use implicit_bias_lab::{LabError, Progress};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::error::to_python;

/// From one look at signals to the next.
const LOOK: Duration = Duration::from_millis(50);

/// As much as the main thread of a program has.
const STACK: usize = 8 * 1024 * 1024;

/// The process that worked first, whose threads a copy of it by `fork` does not have; 0 before.
static OWNER: AtomicU32 = AtomicU32::new(0);

/// Refuses to wait for threads that are those of the process this one was forked from.
fn require_own_threads() -> PyResult<()> {
    let own = process::id();
    match OWNER.compare_exchange(0, own, Ordering::Relaxed, Ordering::Relaxed) {
        Err(owner) if owner != own => Err(PyRuntimeError::new_err(format!(
            "fork: expected a process that was started anew, found one forked from process {owner} \
             after that had computed, whose threads it does not have; take \
             multiprocessing.get_context(\"spawn\"), or the keys threads and jobs in one process"
        ))),
        _ => Ok(()),
    }
}

/// What work tells and is told.
pub struct Watch {
    /// How far it is.
    pub progress: Progress,
    stopped: AtomicBool,
}

impl Watch {
    /// Whether nobody asked to stop.
    pub fn goes_on(&self) -> bool {
        !self.stopped.load(Ordering::Relaxed)
    }
}

/// Does `work` on a thread of its own while this one looks for signals; the first exception that
/// they raise tells the work to stop and is raised once it has. `show` is called with what goes on
/// and the fraction that is done. A panic is a `RuntimeError`, and so
/// is a process that was forked from one that had worked.
pub fn watched<T: Send>(
    py: Python<'_>,
    name: &str,
    show: Option<&Py<PyAny>>,
    work: impl FnOnce(&Watch) -> Result<T, LabError> + Send,
) -> PyResult<T> {
    require_own_threads()?;
    let watch = Watch {
        progress: Progress::hidden(name),
        stopped: AtomicBool::new(false),
    };
    let (raised, result) = py.detach(|| {
        thread::scope(|scope| {
            let (done, ended) = channel::<()>();
            let watch = &watch;
            let worker = thread::Builder::new().name(name.to_owned());
            let worker = worker.stack_size(STACK).spawn_scoped(scope, move || {
                // Dropped when the work ends, by a panic too.
                let _done = done;
                work(watch)
            });
            let Ok(worker) = worker else {
                return (None, None);
            };
            let mut raised = None;
            while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                let looked = Python::attach(|py| look(py, watch, show));
                if let Err(error) = looked {
                    watch.stopped.store(true, Ordering::Relaxed);
                    raised.get_or_insert(error);
                }
            }
            (raised, Some(worker.join()))
        })
    });
    match (raised, result) {
        (_, None) => Err(PyRuntimeError::new_err("the system gives no more threads")),
        (_, Some(Err(panic))) => Err(PyRuntimeError::new_err(format!(
            "internal error: {}",
            words(panic.as_ref())
        ))),
        (Some(error), _) => Err(error),
        (None, Some(Ok(result))) => result.map_err(to_python),
    }
}

/// One look: signals, then what is shown.
fn look(py: Python<'_>, watch: &Watch, show: Option<&Py<PyAny>>) -> PyResult<()> {
    py.check_signals()?;
    if let Some(show) = show {
        show.call1(py, watch.progress.now())?;
    }
    Ok(())
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic")
}

/// Panics with some words while it is watched: for the test of what becomes of a panic.
#[pyfunction]
pub fn panic_of(py: Python<'_>, words: String) -> PyResult<()> {
    watched(py, "panic", None, |_| -> Result<(), LabError> {
        panic!("{words}")
    })
}

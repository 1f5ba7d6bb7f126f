//! Ctrl-C and SIGTERM: the first is a request, the second an end.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown, register_usize};

/// Whether the user asked to stop.
pub struct Interrupt {
    came: Arc<AtomicBool>,
    which: Arc<AtomicUsize>,
}

impl Interrupt {
    /// From now on the first signal is noted, and the second ends the process at once, with the
    /// exit code that is usual for it: no file is ever half written, so that this does no harm.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn watch() -> io::Result<Self> {
        let interrupt = Self {
            came: Arc::default(),
            which: Arc::default(),
        };
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds the flag unset.
            register_conditional_shutdown(signal, 128 + signal, Arc::clone(&interrupt.came))?;
            register_usize(signal, Arc::clone(&interrupt.which), signal as usize)?;
            register(signal, Arc::clone(&interrupt.came))?;
        }
        Ok(interrupt)
    }

    /// Whether a signal came.
    pub fn came(&self) -> bool {
        self.came.load(Ordering::Relaxed)
    }

    /// 128 and the signal's number: 130 after Ctrl-C, 143 after SIGTERM.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(128 + self.which.load(Ordering::Relaxed) as u8)
    }
}

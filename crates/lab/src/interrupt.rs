//! Ctrl-C, SIGTERM and a terminal that goes away: the first is a request, a later one an end.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGABRT, SIGINT, SIGTERM};

/// Signals that follow the first within this time are the same request: `timeout` sends each signal
/// to the process and to its group, and the end of a session brings SIGTERM and SIGHUP together.
const ONE_REQUEST: Duration = Duration::from_secs(1);

/// Whether the user asked to stop.
#[derive(Debug)]
pub struct Interrupt {
    /// The number of the first signal, 0 before one came.
    first: Arc<AtomicUsize>,
}

impl Interrupt {
    /// From now on the first SIGINT, SIGTERM or SIGHUP is noted, and one that comes a second or
    /// more after it ends the process at once, with the exit code that is usual for it: no file is
    /// ever half written, so that this costs steps and nothing else.
    ///
    /// SIGHUP is left alone where it was ignored when the process began, as `nohup` asks for.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn watch() -> io::Result<Self> {
        let interrupt = Self {
            first: Arc::default(),
        };
        let first = Arc::clone(&interrupt.first);
        listen(Requests::new(move |signal| {
            first.store(signal, Ordering::Relaxed);
        }))?;
        Ok(interrupt)
    }

    /// Whether a signal came.
    pub fn came(&self) -> bool {
        self.first.load(Ordering::Relaxed) != 0
    }

    /// 128 and the signal's number: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(128 + self.first.load(Ordering::Relaxed) as u8)
    }
}

impl Interrupt {
    /// Asks a process that this one started to stop as well.
    pub fn hand_on(&self, child: &std::process::Child) {
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process};
            // One that is gone needs no signal.
            if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::TERM);
            }
        }
        // Elsewhere the console tells both.
        #[cfg(not(unix))]
        let _ = child;
    }
}

/// From now on an abort ends the process with this exit code instead of a signal: where memory cannot
/// be had, the standard library says so on standard error and aborts.
///
/// # Errors
///
/// Those of the system.
pub fn exit_instead_of_abort(code: u8) -> io::Result<()> {
    let always = Arc::new(AtomicBool::new(true));
    signal_hook::flag::register_conditional_shutdown(SIGABRT, i32::from(code), always)?;
    Ok(())
}

/// Which signals are a request and which an end.
struct Requests<F> {
    began: Option<Instant>,
    note: F,
}

impl<F: FnMut(usize)> Requests<F> {
    fn new(note: F) -> Self {
        Self { began: None, note }
    }

    /// Takes a signal that came `now`; whether it is to end the process at once.
    fn take(&mut self, signal: i32, now: Instant) -> bool {
        match self.began {
            None => {
                self.began = Some(now);
                (self.note)(signal as usize);
                false
            }
            Some(began) => now.duration_since(began) >= ONE_REQUEST,
        }
    }
}

/// Hands signals to `requests`, on a thread of its own.
#[cfg(unix)]
fn listen(mut requests: Requests<impl FnMut(usize) + Send + 'static>) -> io::Result<()> {
    use signal_hook::consts::SIGHUP;
    use signal_hook::iterator::Signals;
    let hang_up = (!is_ignored(SIGHUP)).then_some(SIGHUP);
    let signals = [SIGINT, SIGTERM].into_iter().chain(hang_up);
    let mut signals = Signals::new(signals)?;
    let thread = std::thread::Builder::new().name("signals".to_owned());
    thread.stack_size(64 * 1024).spawn(move || {
        for signal in signals.forever() {
            if requests.take(signal, Instant::now()) {
                signal_hook::low_level::exit(128 + signal);
            }
        }
    })?;
    Ok(())
}

/// Hands signals to `requests`, on a thread of its own that looks for them.
#[cfg(not(unix))]
fn listen(mut requests: Requests<impl FnMut(usize) + Send + 'static>) -> io::Result<()> {
    let signals: Vec<(i32, Arc<AtomicUsize>)> = [SIGINT, SIGTERM]
        .map(|signal| (signal, Arc::default()))
        .into();
    for (signal, came) in &signals {
        signal_hook::flag::register_usize(*signal, Arc::clone(came), 1)?;
    }
    std::thread::Builder::new().spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(50));
            for (signal, came) in &signals {
                let came = came.swap(0, Ordering::Relaxed) != 0;
                if came && requests.take(*signal, Instant::now()) {
                    signal_hook::low_level::exit(128 + signal);
                }
            }
        }
    })?;
    Ok(())
}

/// Whether a signal was ignored when the process began, as far as the system tells.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    is_in(&status, signal)
}

/// Whether a signal is in the set `SigIgn` of a status of the Linux kernel.
#[cfg(unix)]
fn is_in(status: &str, signal: i32) -> bool {
    let set = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    set.is_some_and(|set| set >> (signal - 1) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_within_a_second_is_the_same_request() {
        let mut noted = Vec::new();
        let mut requests = Requests::new(|signal| noted.push(signal));
        let began = Instant::now();
        let after = |milliseconds| began + Duration::from_millis(milliseconds);
        assert!(!requests.take(SIGTERM, after(0)));
        assert!(!requests.take(SIGTERM, after(1)));
        assert!(!requests.take(SIGINT, after(999)));
        assert!(requests.take(SIGTERM, after(1000)));
        assert!(requests.take(SIGINT, after(5000)));
        assert_eq!(noted, [SIGTERM as usize], "the first decides");
    }

    #[cfg(unix)]
    #[test]
    fn signals_that_are_ignored_are_read_from_the_status() {
        let status = "Name:\tx\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001001\n";
        assert!(is_in(status, 1) && is_in(status, 13));
        assert!(!is_in(status, 2) && !is_in("", 1));
    }
}

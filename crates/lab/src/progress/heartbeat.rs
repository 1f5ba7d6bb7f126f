//! Something that is done over and over beside the work, until it ends.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Calls a function at each interval, until it is dropped.
#[derive(Debug)]
pub(super) struct Heartbeat {
    /// Dropped with it, which ends the thread.
    _ends: Sender<()>,
}

impl Heartbeat {
    /// Calls `beat` after every `interval`; `None` where the system gives no thread for it.
    pub fn start(interval: Duration, beat: impl Fn() + Send + 'static) -> Option<Self> {
        let (ends, ended) = channel();
        let thread = std::thread::Builder::new().name("progress".to_owned());
        let run = move || {
            while ended.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                beat();
            }
        };
        thread.stack_size(128 * 1024).spawn(run).ok()?;
        Some(Self { _ends: ends })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_beats_until_it_is_dropped() {
        let (beat, beats) = channel();
        let heartbeat = Heartbeat::start(Duration::from_millis(1), move || {
            let _ = beat.send(());
        });
        assert!(heartbeat.is_some());
        for _ in 0..3 {
            beats.recv_timeout(Duration::from_secs(60)).unwrap();
        }
        drop(heartbeat);
        // The thread ends, and its end of the channel with it.
        let deadline = Duration::from_secs(60);
        while beats.recv_timeout(deadline).is_ok() {}
        assert_eq!(
            beats.recv_timeout(deadline),
            Err(RecvTimeoutError::Disconnected)
        );
    }
}

//! What a user sees of work that goes on: a bar on a terminal, elsewhere a line a minute.

mod heartbeat;
mod pace;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use self::heartbeat::Heartbeat;
use self::pace::Pace;
pub(crate) use self::pace::duration_words;

/// Resolution of the bar.
const TICKS: u64 = 10_000;

/// From one line to the next, where there is no terminal.
const MINUTE: Duration = Duration::from_secs(60);

/// A bar over one run or many, with the time left where that is known.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: ProgressBar,
    state: Arc<Mutex<State>>,
    part: Part,
    /// Ends with the last clone; `None` on a terminal.
    _heartbeat: Option<Arc<Heartbeat>>,
}

/// What a bar is about: all of it, or one of several parts of equal length.
#[derive(Clone, Debug)]
struct Part {
    /// Before every message.
    prefix: String,
    /// The fractions of the whole at its begin and its end.
    begin: f64,
    end: f64,
}

impl Part {
    fn whole() -> Self {
        Self {
            prefix: String::new(),
            begin: 0.0,
            end: 1.0,
        }
    }

    /// A fraction of this as one of the whole.
    fn of_whole(&self, fraction: f64) -> f64 {
        self.begin + (self.end - self.begin) * fraction.clamp(0.0, 1.0)
    }
}

/// What is going on.
#[derive(Debug)]
struct State {
    message: String,
    began: Instant,
    pace: Pace,
}

impl State {
    /// The line of a moment: what is going on, how much of it is done, for how long it has gone on
    /// and how long it will, where that is known.
    fn line(&self, now: Instant) -> String {
        let left = self.pace.left(now);
        let left = left.map_or(String::new(), |left| {
            format!(", about {} left", duration_words(left))
        });
        format!(
            "{}: {:.1} %, {} so far{left}",
            self.message,
            100.0 * self.pace.fraction(),
            duration_words(now.duration_since(self.began)),
        )
    }
}

impl Progress {
    /// A bar at zero. Where standard error is no terminal there is no bar, and a line a minute.
    pub fn new(message: &str) -> Self {
        Self::with_lines(message, MINUTE, print_to_stderr)
    }

    /// The same, with a line for `print` every so often.
    fn with_lines(
        message: &str,
        interval: Duration,
        print: impl Fn(&str) + Send + 'static,
    ) -> Self {
        let now = Instant::now();
        let state = Arc::new(Mutex::new(State {
            message: message.to_owned(),
            began: now,
            pace: Pace::new(now, 0.0),
        }));
        let bar = ProgressBar::new(TICKS);
        let style = ProgressStyle::with_template("{msg} [{bar:32}] {percent:>3}%{left}")
            .expect("the template is a valid one");
        let of_bar = Arc::clone(&state);
        let left = move |_: &ProgressState, words: &mut dyn std::fmt::Write| {
            let left = lock(&of_bar).pace.left(Instant::now());
            if let Some(left) = left {
                // Where the bar cannot take it there is nothing to do.
                let _ = write!(words, "  about {} left", duration_words(left));
            }
        };
        bar.set_style(style.progress_chars("=> ").with_key("left", left));
        bar.set_message(message.to_owned());
        let heartbeat = if bar.is_hidden() {
            let of_line = Arc::clone(&state);
            let line = move || print(&lock(&of_line).line(Instant::now()));
            Heartbeat::start(interval, line).map(Arc::new)
        } else {
            bar.enable_steady_tick(Duration::from_millis(500));
            None
        };
        Self {
            bar,
            state,
            part: Part::whole(),
            _heartbeat: heartbeat,
        }
    }

    /// One that shows nothing: whoever made it looks at [`now`](Self::now) and shows that.
    pub fn hidden(message: &str) -> Self {
        let now = Instant::now();
        Self {
            bar: ProgressBar::hidden(),
            state: Arc::new(Mutex::new(State {
                message: message.to_owned(),
                began: now,
                pace: Pace::new(now, 0.0),
            })),
            part: Part::whole(),
            _heartbeat: None,
        }
    }

    /// The bar of one of `count` parts, `name` the `index`-th, from 0: what is a fraction of the
    /// part there is moves the one bar by as much less, and messages say which part it is.
    pub fn part(&self, name: &str, index: usize, count: usize) -> Self {
        let of_whole = |parts: usize| self.part.of_whole(parts as f64 / count as f64);
        let part = Self {
            part: Part {
                prefix: format!("{name}, {} of {count}: ", index + 1),
                begin: of_whole(index),
                end: of_whole(index + 1),
            },
            ..self.clone()
        };
        part.set(0.0);
        part
    }

    /// Does what prints to standard output without the bar in its way.
    pub fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// What is going on, and the fraction of it that is done.
    pub fn now(&self) -> (String, f64) {
        let state = lock(&self.state);
        (state.message.clone(), state.pace.fraction())
    }

    /// Moves the bar to a fraction of the whole.
    pub fn set(&self, fraction: f64) {
        let fraction = self.part.of_whole(fraction);
        lock(&self.state).pace.note(Instant::now(), fraction);
        self.bar.set_position((fraction * TICKS as f64) as u64);
    }

    /// Says what is going on and how much of it is done. What is new starts its own time left.
    pub fn stage(&self, message: &str, fraction: f64) {
        if lock(&self.state).message != self.worded(message) {
            let done = self.part.of_whole(fraction);
            lock(&self.state).pace = Pace::new(Instant::now(), done);
            self.set_message(message);
        }
        self.set(fraction);
    }

    /// Shows what is going on.
    pub fn set_message(&self, message: &str) {
        let message = self.worded(message);
        message.clone_into(&mut lock(&self.state).message);
        self.bar.set_message(message);
    }

    fn worded(&self, message: &str) -> String {
        format!("{}{message}", self.part.prefix)
    }

    /// Prints a line above the bar, on standard error.
    pub fn line(&self, text: &str) {
        // `ProgressBar::println` drops the text of a hidden bar.
        if self.bar.is_hidden() {
            print_to_stderr(text)
        } else {
            self.bar.println(text)
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().expect("nothing panics while it has the state")
}

/// Prints a line on standard error; a reader that has gone away is no reason to stop.
pub fn print_to_stderr(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_a_terminal_lines_come_until_the_work_is_done() {
        use std::io::IsTerminal;
        use std::sync::mpsc::{RecvTimeoutError, channel};
        if std::io::stderr().is_terminal() {
            return eprintln!("skipped: a bar is shown here");
        }
        let (line, lines) = channel();
        let print = move |text: &str| {
            let _ = line.send(text.to_owned());
        };
        let progress = Progress::with_lines("sweep", Duration::from_millis(1), print);
        let clone = progress.clone();
        progress.set(0.5);
        let deadline = Duration::from_secs(60);
        let is_half = |text: &str| text.starts_with("sweep: 50.0 %, 0 s so far");
        while !is_half(&lines.recv_timeout(deadline).unwrap()) {}
        drop(progress);
        lines.recv_timeout(deadline).unwrap();
        drop(clone);
        while lines.recv_timeout(deadline).is_ok() {}
        let end = lines.recv_timeout(deadline);
        assert_eq!(end, Err(RecvTimeoutError::Disconnected));
    }

    #[test]
    fn parts_share_one_bar() {
        let whole = Progress::hidden("reproduce");
        let second = whole.part("frei", 1, 4);
        second.set_message("runs");
        assert_eq!(whole.now(), ("frei, 2 of 4: runs".to_owned(), 0.25));
        second.set(0.5);
        assert_eq!(whole.now().1, 0.375);
        let last = whole.part("adam", 3, 4);
        last.stage("limits", 0.5);
        assert_eq!(whole.now(), ("adam, 4 of 4: limits".to_owned(), 0.875));
        // A part of a part, and what goes on about as much as there is.
        last.part("gd", 1, 2).set(2.0);
        assert_eq!(whole.now().1, 1.0);
    }

    #[test]
    fn a_line_says_what_is_done_and_what_is_left_where_that_is_known() {
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs(seconds);
        let mut state = State {
            message: "train: steps".to_owned(),
            began,
            pace: Pace::new(began, 0.0),
        };
        assert_eq!(
            state.line(after(60)),
            "train: steps: 0.0 %, 1 min so far",
            "nothing is known yet"
        );
        for second in 1..=600_u32 {
            let fraction = f64::from(second) / 2400.0;
            state.pace.note(after(u64::from(second)), fraction);
        }
        assert_eq!(
            state.line(after(600)),
            "train: steps: 25.0 %, 10 min so far, about 30 min left"
        );
    }
}

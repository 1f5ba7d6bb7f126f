//! A progress bar on standard error, silent when that is not a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Resolution of the bar.
const TICKS: u64 = 10_000;

/// A bar with the time left, over one run or many.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar at zero. indicatif itself stays silent where standard error is no terminal.
    pub fn new(message: &str) -> Self {
        let bar = ProgressBar::new(TICKS);
        let style = ProgressStyle::with_template("{msg} [{bar:32}] {percent:>3}%  {eta} left")
            .expect("the template is a valid one");
        bar.set_style(style.progress_chars("=> "));
        bar.set_message(message.to_owned());
        bar.enable_steady_tick(Duration::from_millis(500));
        Self { bar }
    }

    /// Moves the bar to a fraction of the whole.
    pub fn set(&self, fraction: f64) {
        self.bar
            .set_position((fraction.clamp(0.0, 1.0) * TICKS as f64) as u64);
    }

    /// Says what is going on and how much of it is done. What is new starts its own time left.
    pub fn stage(&self, message: &str, fraction: f64) {
        if self.bar.message() != message {
            self.set_message(message);
            self.bar.reset();
        }
        self.set(fraction);
    }

    /// Shows what is going on.
    pub fn set_message(&self, message: &str) {
        self.bar.set_message(message.to_owned());
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

/// Prints a line on standard error; a reader that has gone away is no reason to stop.
pub fn print_to_stderr(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}

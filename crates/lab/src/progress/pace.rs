//! How long work will go on, from how fast it went.

use std::time::{Duration, Instant};

/// Nothing is known before this.
const AT_LEAST: Duration = Duration::from_secs(5);

/// Nor before this part of the whole is done.
const LEAST_PART: f64 = 0.005;

/// Rates of two stretches of time that differ by more than this factor tell nothing of the next one
/// (ours).
const STEADY: f64 = 1.3;

/// Marks that are kept; with more, every other one is forgotten.
const MARKS: usize = 256;

/// The fraction of some work that was done, from time to time.
#[derive(Debug)]
pub(super) struct Pace {
    marks: Vec<(Instant, f64)>,
    fraction: f64,
}

impl Pace {
    /// Work of which this fraction was done before.
    pub fn new(now: Instant, fraction: f64) -> Self {
        Self {
            marks: vec![(now, fraction)],
            fraction,
        }
    }

    /// The fraction that is done.
    pub fn fraction(&self) -> f64 {
        self.fraction
    }

    /// Notes what is done by now.
    pub fn note(&mut self, now: Instant, fraction: f64) {
        self.fraction = fraction;
        let (began, last) = (self.marks[0].0, self.marks[self.marks.len() - 1].0);
        let apart = now.duration_since(began) / MARKS as u32;
        if now.duration_since(last) < apart.max(Duration::from_millis(20)) {
            return;
        }
        self.marks.push((now, fraction));
        if self.marks.len() > MARKS {
            let mut index = 0;
            self.marks.retain(|_| {
                index += 1;
                index % 2 == 1
            });
        }
    }

    /// How long the rest will take: at the rate of the last quarter of the time so far, where that
    /// is about the rate of the quarter before; `None` where that is not known yet.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        let (began, first) = self.marks[0];
        let total = now.duration_since(began);
        if total < AT_LEAST || self.fraction - first < LEAST_PART {
            return None;
        }
        let at = |part: f64| {
            let time = began + total.mul_f64(part);
            let after = self.marks.partition_point(|mark| mark.0 <= time);
            self.marks[after.saturating_sub(1)]
        };
        let (early, late) = (at(0.5), at(0.75));
        let rate = |from: (Instant, f64), to: (Instant, f64)| {
            (to.1 - from.1) / to.0.duration_since(from.0).as_secs_f64()
        };
        let (before, last) = (rate(early, late), rate(late, (now, self.fraction)));
        let steady = last <= STEADY * before && before <= STEADY * last;
        let left = (1.0 - self.fraction) / last;
        (last > 0.0 && steady && left.is_finite()).then(|| Duration::from_secs_f64(left.min(1e12)))
    }
}

/// A duration in the two units that matter: `12 min`, `3 h 20 min`, `2 d 4 h`.
pub(crate) fn duration_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let two = |[large, small]: [u64; 2], [of_large, of_small]: [&str; 2]| match small {
        0 => format!("{large} {of_large}"),
        _ => format!("{large} {of_large} {small} {of_small}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => two([seconds / 3600, seconds / 60 % 60], ["h", "min"]),
        _ => two([seconds / 86_400, seconds / 3600 % 24], ["d", "h"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said to be left after each of some seconds, of work that has done `done` of itself by
    /// then.
    fn left(done: impl Fn(f64) -> f64, seconds: f64) -> Option<f64> {
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs_f64(seconds);
        let mut pace = Pace::new(began, done(0.0));
        let mut time = 0.0;
        while time < seconds {
            time += 0.01;
            pace.note(after(time), done(time));
        }
        assert!(pace.marks.len() <= MARKS);
        pace.left(after(seconds)).map(|left| left.as_secs_f64())
    }

    #[test]
    fn steady_work_is_known_after_a_while_and_right() {
        assert_eq!(left(|t| t / 1000.0, 4.0), None);
        let found = left(|t| t / 1000.0, 100.0).unwrap();
        assert!((found - 900.0).abs() < 20.0, "{found}");
        // Half of it had been done before.
        let found = left(|t| 0.5 + t / 1000.0, 100.0).unwrap();
        assert!((found - 400.0).abs() < 10.0, "{found}");
        // The first half is skipped in a second.
        let skipped = |t: f64| {
            if t < 1.0 {
                0.5 * t
            } else {
                0.5 + (t - 1.0) / 1000.0
            }
        };
        let found = left(skipped, 100.0).unwrap();
        assert!((found - 400.0).abs() < 10.0, "{found}");
    }

    #[test]
    fn what_changes_its_pace_or_stands_still_is_not_known() {
        // Each decade of steps takes ten times as long.
        assert_eq!(left(|t| (1.0 + t).log10() / 10.0, 200.0), None);
        assert_eq!(left(|_| 0.0, 100.0), None);
        assert_eq!(left(|t| t.min(30.0) / 100.0, 100.0), None);
    }

    #[test]
    fn durations_are_in_the_units_that_matter() {
        for (seconds, words) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3600, "1 h"),
            (3600 * 3 + 1200, "3 h 20 min"),
            (86_400 * 2 + 3600 * 4, "2 d 4 h"),
        ] {
            assert_eq!(duration_words(Duration::from_secs(seconds)), words);
        }
    }
}

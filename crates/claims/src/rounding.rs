//! Whether rounding takes updates away from a run in single precision.

use crate::settings::UPDATES_LOST;
use implicit_bias_record::{LimitOf, Series};

/// The first recorded step from which on rounding takes a noticeable part of the updates, if there
/// is one.
///
/// Noticeable is one weight in a hundred with an update that a step does not change, or a step
/// whose length is off by a hundredth (ours): a step as much shorter moves the exponent of the loss
/// by a hundredth, a fifth of the tolerance of its claim, and no threshold of a verdict is finer,
/// but for those of exact limits. Later steps lose more, since gradients shrink like `1/t`.
pub fn updates_lost_from(series: &Series) -> Option<f64> {
    let lost = series.column("lost_updates")?;
    let effective = series.column("effective_update");
    let off = |row: usize| {
        let length = effective.as_ref().map_or(1.0, |column| column[row]);
        lost[row] >= UPDATES_LOST || (length - 1.0).abs() >= UPDATES_LOST
    };
    let steps = series.steps();
    (0..steps.len()).find(|&row| off(row)).map(|row| steps[row])
}

/// Whose limit the program of a run with these tables has: exact descent's where the run loses
/// updates to rounding.
pub fn limit_of(series: &Series) -> LimitOf {
    match updates_lost_from(series) {
        Some(_) => LimitOf::ExactDescent,
        None => LimitOf::ThisRun,
    }
}

/// Whether a run was in single precision: only such a run records what rounding takes.
pub(crate) fn is_single_precision(series: &Series) -> bool {
    series.column("lost_updates").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(lost: [f64; 3], effective: [f64; 3]) -> Series {
        let mut series = Series::new(["step", "lost_updates", "effective_update"]);
        for (row, step) in [0.0, 10.0, 100.0].into_iter().enumerate() {
            series.push(vec![step, lost[row], effective[row]]);
        }
        series
    }

    #[test]
    fn a_hundredth_of_the_updates_or_of_a_step_counts() {
        let none = [0.0, 0.002, 0.009];
        let whole = [1.0, 1.000_001, 0.992];
        assert_eq!(updates_lost_from(&series(none, whole)), None);
        assert_eq!(
            updates_lost_from(&series([0.0, 0.0, 0.01], whole)),
            Some(100.0)
        );
        assert_eq!(
            updates_lost_from(&series(none, [1.0, 0.98, 1.0])),
            Some(10.0)
        );
    }

    #[test]
    fn double_precision_has_nothing_to_lose() {
        let series = Series::new(["step", "loss"]);
        assert_eq!(updates_lost_from(&series), None);
        assert!(!is_single_precision(&series));
    }
}

//! The far horizon: the laws of the descents from where their runs end.

use implicit_bias_lab::report::Table;
use implicit_bias_lab::study::StudyResult;
use implicit_bias_output::format_number;

use super::runs::POLYAK_PAST;
use super::table::{Rate, rates};

/// Where the horizon is.
const FAR: f64 = 1e300;

/// The law of a descent: `log(L − L*)` and `‖W‖` go straight in `t`, or in `log t` for gradient
/// descent (derived).
pub(super) struct Law<'a> {
    rate: &'a Rate,
}

impl<'a> Law<'a> {
    /// The law of a descent; `None` where it has none, past the boundary of Polyak's steps.
    pub fn of(rate: &'a Rate) -> Option<Self> {
        (rate.label != POLYAK_PAST).then_some(Self { rate })
    }

    fn is_plain(&self) -> bool {
        self.rate.predicted_slope.is_nan()
    }

    /// From one step to a later one.
    fn time(&self, from: f64, to: f64) -> f64 {
        if self.is_plain() {
            (to / from).ln()
        } else {
            to - from
        }
    }

    /// How much `log(L − L*)` changes from one step to a later one.
    pub fn gap_change(&self, from: f64, to: f64) -> f64 {
        // Of gradient descent t (L − L*) tends to a constant.
        let slope = if self.is_plain() {
            -1.0
        } else {
            self.rate.predicted_slope
        };
        slope * self.time(from, to)
    }

    /// How much `‖W‖` changes from one step to a later one.
    pub fn norm_change(&self, from: f64, to: f64) -> f64 {
        self.rate.predicted_per_step * self.time(from, to)
    }
}

/// The table of the far horizon.
pub(super) fn table(results: &[StudyResult<'_>]) -> Table {
    let rates = rates(results);
    let laws = rates.iter().filter_map(|rate| Some((rate, Law::of(rate)?)));
    let rows = laws.map(|(rate, law)| {
        let [middle, last] = rate.ends;
        let gap = middle.log_gap + law.gap_change(middle.step, last.step);
        let norm = last.norm + law.norm_change(last.step, FAR);
        vec![
            rate.label.clone(),
            format_number(gap),
            format_number(last.log_gap),
            format_number(last.log_gap + law.gap_change(last.step, FAR)),
            format_number(norm),
            format_number(rate.lag / norm),
        ]
    });
    let header = [
        "descent",
        "log(L − L*) at T by the law from T/2",
        "at T",
        "at 10³⁰⁰",
        "‖W‖ at 10³⁰⁰",
        "D at 10³⁰⁰",
    ];
    Table {
        caption: "The far horizon by the laws of the descents (derived) from the last step T of their \
                  runs, which the law from the middle of the run on foretells. D is what W lacks of the \
                  direction of maximum margin, over ‖W‖."
            .to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

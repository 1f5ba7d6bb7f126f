//! What the tables of a run of several classes say about its margins and ranks.

use super::train::ClassRun;

/// How unequal margins are, each number relative to the mean of all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gaps {
    /// `(max − min)/mean` over all samples.
    pub all: f64,
    /// The widest range within a class.
    pub within: f64,
    /// The range of the means of the classes.
    pub across: f64,
}

impl Gaps {
    /// The gaps of normalized margins, one a sample, of the given classes.
    pub fn of(margins: &[f64], class: &[usize]) -> Self {
        let classes = class.iter().max().map_or(0, |last| last + 1);
        let of_class = |wanted: usize| -> Vec<f64> {
            let samples = margins.iter().zip(class);
            samples
                .filter(|(_, class)| **class == wanted)
                .map(|(margin, _)| *margin)
                .collect()
        };
        let by_class: Vec<Vec<f64>> = (0..classes).map(of_class).collect();
        let means: Vec<f64> = by_class.iter().map(|margins| mean(margins)).collect();
        let mean = mean(margins);
        Self {
            all: spread(margins) / mean,
            within: by_class
                .iter()
                .map(|margins| spread(margins) / mean)
                .fold(f64::NAN, f64::max),
            across: spread(&means) / mean,
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Smallest and largest of some values.
pub(super) fn range(values: &[f64]) -> [f64; 2] {
    values.iter().fold([f64::NAN; 2], |[low, high], &value| {
        [low.min(value), high.max(value)]
    })
}

fn spread(values: &[f64]) -> f64 {
    let [low, high] = range(values);
    high - low
}

impl ClassRun {
    /// The gaps at every recorded step.
    pub(super) fn gaps(&self, class: &[usize]) -> Vec<(f64, Gaps)> {
        let rows = self.trajectory.margins.rows().iter();
        rows.map(|row| (row[0], Gaps::of(&row[1..], class)))
            .collect()
    }

    /// The last row at least a decade of steps before another.
    pub(super) fn decade_before(&self, row: usize) -> Option<usize> {
        let steps = self.trajectory.margins.steps();
        let earlier = steps.iter().take(row);
        let latest = earlier.rev().position(|&step| step <= steps[row] / 10.0)?;
        (steps[row - 1 - latest] > 0.0).then(|| row - 1 - latest)
    }

    /// `(max − min)/mean` of the growth of the margins `q_i`, not normalized, over the decade of
    /// steps before a row; `NaN` where there is none.
    ///
    /// Margins that grow at one rate end equal, however far apart they are (`q_i = b_i log t +
    /// const`, derived): while that law holds, this is the gap that the normalized margins tend to.
    pub(super) fn growth_gap(&self, row: usize) -> f64 {
        let Some(earlier) = self.decade_before(row) else {
            return f64::NAN;
        };
        let norms = self.trajectory.series.column("weight_norm");
        let norms = norms.unwrap_or_default();
        let margins = |row: usize| {
            let normalized = self.trajectory.margins.rows()[row][1..].iter();
            normalized.map(|margin| margin * norms[row]).collect()
        };
        let [now, before]: [Vec<f64>; 2] = [row, earlier].map(margins);
        let growth: Vec<f64> = now.iter().zip(before).map(|(now, q)| now - q).collect();
        spread(&growth) / mean(&growth)
    }

    /// The values of a column a class, `stable_rank_0`, …, in the row of a table.
    pub(super) fn by_class(&self, column: &str, classes: usize, row: usize) -> Vec<f64> {
        let value = |class| {
            let values = self.trajectory.series.column(&format!("{column}_{class}"));
            values
                .and_then(|values| values.get(row).copied())
                .unwrap_or(f64::NAN)
        };
        (0..classes).map(value).collect()
    }

    /// The number of the last row; `None` if nothing was recorded.
    pub(super) fn last_row(&self) -> Option<usize> {
        self.trajectory.series.len().checked_sub(1)
    }
}

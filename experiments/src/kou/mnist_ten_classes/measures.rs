//! What the tables of a run of several classes say about its margins and ranks.

use std::collections::HashSet;

use implicit_bias_lab::study::StudyResult;
use implicit_bias_lab::{LabError, RunRecord};
use implicit_bias_model::Weights;
use implicit_bias_record::Series;
use ndarray::Array2;

/// The tables of a run of several classes.
pub(super) struct ClassTables<'a> {
    /// The run, in a few words.
    pub name: &'a str,
    /// A row a recorded step, a column a quantity.
    pub series: &'a Series,
    /// The normalized margins, a column a sample.
    pub margins: &'a Series,
    /// The names of the classes.
    pub names: &'a [String],
    /// The class of each sample.
    pub class: Vec<usize>,
}

impl<'a> ClassTables<'a> {
    /// The tables of a run of the study.
    pub fn of(result: &StudyResult<'a>) -> Self {
        let record = result.record;
        let classes = record.manifest.data.classes.as_ref();
        Self {
            name: &result.run.label,
            series: &record.series,
            margins: &record.margins,
            names: classes.map_or(&[], |classes| &classes.names),
            class: classes.map_or(Vec::new(), |classes| classes.class_numbers()),
        }
    }
}

/// How many different activation patterns on the training samples the neurons of each block have
/// at the end of a run. A block whose neurons share one has rank one in the limit (docs/theory.md
/// §6, derived).
///
/// # Errors
///
/// Those of the data and the weights, read again.
pub(super) fn patterns(record: &RunRecord) -> Result<Vec<usize>, LabError> {
    let data = record.config.load_data()?;
    Ok(count_patterns(&record.weights()?, data.x()))
}

/// The number of different activation patterns on samples `x` among the rows of each block.
pub(super) fn count_patterns(weights: &Weights, x: &Array2<f64>) -> Vec<usize> {
    let count = |(_, block): &(String, Array2<f64>)| {
        let pre_activations = block.dot(&x.t());
        let rows = pre_activations.outer_iter();
        let patterns: HashSet<Vec<bool>> = rows
            .map(|row| row.iter().map(|&h| h > 0.0).collect())
            .collect();
        patterns.len()
    };
    weights.blocks().iter().map(count).collect()
}

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

impl ClassTables<'_> {
    /// The gaps at every recorded step.
    pub(super) fn gaps(&self) -> Vec<(f64, Gaps)> {
        let rows = self.margins.rows().iter();
        rows.map(|row| (row[0], Gaps::of(&row[1..], &self.class)))
            .collect()
    }

    /// The last row at least a decade of steps before another.
    pub(super) fn decade_before(&self, row: usize) -> Option<usize> {
        let steps = self.margins.steps();
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
        let norms = self.series.column("weight_norm");
        let norms = norms.unwrap_or_default();
        let margins = |row: usize| {
            let normalized = self.margins.rows()[row][1..].iter();
            normalized.map(|margin| margin * norms[row]).collect()
        };
        let [now, before]: [Vec<f64>; 2] = [row, earlier].map(margins);
        let growth: Vec<f64> = now.iter().zip(before).map(|(now, q)| now - q).collect();
        spread(&growth) / mean(&growth)
    }

    /// The values of a column a class, `stable_rank_0`, …, in the row of a table.
    pub(super) fn by_class(&self, column: &str, row: usize) -> Vec<f64> {
        let value = |class| {
            let values = self.series.column(&format!("{column}_{class}"));
            values
                .and_then(|values| values.get(row).copied())
                .unwrap_or(f64::NAN)
        };
        (0..self.names.len()).map(value).collect()
    }

    /// The number of the last row; `None` if nothing was recorded.
    pub(super) fn last_row(&self) -> Option<usize> {
        self.series.len().checked_sub(1)
    }
}

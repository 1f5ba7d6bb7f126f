//! Trajectories that independent programs computed.

use std::path::{Path, PathBuf};

use implicit_bias_data::{DataError, read_npz_arrays};
use implicit_bias_engine::Trajectory;
use ndarray::{ArrayD, Axis};

/// The quantities that a golden file records, one value a step.
const SERIES: [&str; 5] = [
    "loss",
    "weight_norm",
    "stable_rank_pos",
    "stable_rank_neg",
    "stable_rank",
];

/// The recorded steps of a trajectory, with everything measured at them.
#[derive(Clone, Debug)]
pub struct Golden {
    /// The file; its `X`, `y`, `W_pos` and `W_neg` are the problem.
    pub path: PathBuf,
    /// Slope of the activation.
    pub slope: f64,
    /// Step size.
    pub step_size: f64,
    /// The recorded steps, from 0.
    pub steps: Vec<f64>,
    columns: Vec<(&'static str, Vec<f64>)>,
    margins: ArrayD<f64>,
}

/// The folder of this package's golden files.
pub fn golden_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// The folder of reference trajectories beside the repository, which not every checkout has.
pub fn shared_reference_folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference");
    folder.is_dir().then_some(folder)
}

impl Golden {
    /// Reads a golden file.
    ///
    /// # Errors
    ///
    /// Those of the reader.
    pub fn read(path: PathBuf) -> Result<Self, DataError> {
        let [slope, step_size, steps] = read_npz_arrays(&path, ["slope", "step_size", "steps"])?;
        let columns =
            read_npz_arrays(&path, SERIES)?.map(|column| column.into_raw_vec_and_offset());
        let [margins] = read_npz_arrays(&path, ["normalized_margins"])?;
        let columns = SERIES
            .into_iter()
            .zip(columns.map(|(values, _)| values))
            .collect();
        Ok(Self {
            slope: slope.sum(),
            step_size: step_size.sum(),
            steps: steps.into_raw_vec_and_offset().0,
            columns,
            margins,
            path,
        })
    }

    /// The values of a recorded quantity, one a step.
    ///
    /// # Panics
    ///
    /// If the file does not record it.
    pub fn column(&self, name: &str) -> &[f64] {
        let column = self.columns.iter().find(|(known, _)| *known == name);
        &column.expect("one of the recorded quantities").1
    }

    /// The normalized margins of all samples at the recorded step of this index.
    pub fn normalized_margins(&self, index: usize) -> Vec<f64> {
        self.margins
            .index_axis(Axis(0), index)
            .iter()
            .copied()
            .collect()
    }

    /// The recorded steps up to a horizon.
    pub fn steps_until(&self, horizon: f64) -> &[f64] {
        let count = self.steps.partition_point(|&step| step <= horizon);
        &self.steps[..count]
    }

    /// The largest relative error of a trajectory, with the quantity and the step it is at, over
    /// all quantities and all steps that the trajectory records.
    ///
    /// A trajectory that records other steps, or lacks a quantity, is infinitely wrong.
    pub fn largest_error(&self, trajectory: &Trajectory) -> (f64, String) {
        let steps = trajectory.series.steps();
        if steps.is_empty() || !self.steps.starts_with(&steps) {
            return (f64::INFINITY, "steps".to_owned());
        }
        let mut largest = (0.0, "nothing".to_owned());
        let mut compare = |name: &str, row: usize, found: f64, expected: f64| {
            let error = ((found - expected) / expected).abs();
            // A NaN is the largest error of all, and stays so.
            if error > largest.0 || error.is_nan() {
                largest = (error, format!("{name} at step {}", steps[row]));
            }
        };
        for (name, expected) in &self.columns {
            let found = trajectory.series.column(name);
            let found = found.unwrap_or_else(|| vec![f64::NAN; steps.len()]);
            for (row, (&found, &expected)) in found.iter().zip(expected).enumerate() {
                compare(name, row, found, expected);
            }
        }
        let pairs = trajectory
            .margins
            .rows()
            .iter()
            .zip(self.margins.axis_iter(Axis(0)));
        for (row, (found, expected)) in pairs.enumerate() {
            for (sample, &expected) in expected.iter().enumerate() {
                let found = found.get(sample + 1).copied().unwrap_or(f64::NAN);
                compare(&format!("margin {sample}"), row, found, expected);
            }
        }
        largest
    }
}

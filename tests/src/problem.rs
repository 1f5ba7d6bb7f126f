//! Problems put together by hand.

use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_data::{DataError, Dataset, Geometry};
use implicit_bias_engine::{Trajectory, drive};
use implicit_bias_lab::config::{RunConfig, Settings, Steps};
use implicit_bias_lab::{LabError, Prepared, Report, RunOptions, RunRecord, execute};
use implicit_bias_model::Weights;
use implicit_bias_record::StopReason;
use ndarray::{Array1, Array2};
use tempfile::TempDir;

/// Data and initial weights in memory, with the settings of the descent.
#[derive(Clone, Debug)]
pub struct TestProblem {
    /// Samples `X`, `n × d`.
    pub x: Array2<f64>,
    /// Labels, `±1`.
    pub y: Vec<f64>,
    /// Initial `W_{+1}`, `m × d`.
    pub pos: Array2<f64>,
    /// Initial `W_{−1}`, `m × d`.
    pub neg: Array2<f64>,
    /// Activation, loss, step size and gradient; what names data or weights is not read.
    pub settings: Settings,
}

impl TestProblem {
    /// Data and initial weights as a run has them.
    ///
    /// # Errors
    ///
    /// Those of the data and the weights.
    pub fn prepared(&self) -> Result<Prepared, LabError> {
        let data = Dataset::new(self.x.clone(), Array1::from(self.y.clone()))?;
        Ok(Prepared {
            geometry: Geometry::of(&data),
            raw_geometry: None,
            held_out: None,
            data: data.into(),
            weights: Weights::new(vec![
                ("pos".into(), self.pos.clone()),
                ("neg".into(), self.neg.clone()),
            ])?,
            width: self.pos.nrows(),
        })
    }

    /// Descends, recording the steps of `schedule`; the final weights come with it.
    ///
    /// # Errors
    ///
    /// Those of the data, the configuration and the engine.
    pub fn descend(&self, schedule: &[f64]) -> Result<(Trajectory, Weights), LabError> {
        let prepared = self.prepared()?;
        let mut ready = prepared.engine(&RunConfig::resolve(&self.settings)?, 1)?;
        let trajectory = drive(ready.engine.as_mut(), schedule, &mut ())?;
        Ok((trajectory, ready.engine.weights()))
    }

    /// As [`descend`](Self::descend), for a descent that must reach the end of its schedule.
    ///
    /// # Panics
    ///
    /// If it does not: the test that asked is wrong or has failed.
    pub fn complete(&self, schedule: &[f64]) -> (Trajectory, Weights) {
        let (trajectory, weights) = self
            .descend(schedule)
            .unwrap_or_else(|error| panic!("the problem is a valid one: {error}"));
        assert!(
            matches!(trajectory.stop, StopReason::Completed { .. }),
            "{}",
            trajectory.stop
        );
        assert_eq!(trajectory.series.steps(), schedule);
        assert_eq!(trajectory.margins.steps(), schedule);
        (trajectory, weights)
    }
}

/// The final `W_{+1}` and `W_{−1}`.
pub fn pos_neg(weights: &Weights) -> (&Array2<f64>, &Array2<f64>) {
    (block(weights, "pos"), block(weights, "neg"))
}

/// A block by name.
///
/// # Panics
///
/// If there is none: the two-layer network always has `pos` and `neg`.
pub fn block<'a>(weights: &'a Weights, name: &str) -> &'a Array2<f64> {
    let named = weights.blocks().iter().find(|(known, _)| known == name);
    &named.expect("the two-layer network has this block").1
}

/// A matrix of independent `N(0, scale²)` entries.
///
/// # Errors
///
/// [`DataError::TooLarge`] for an absurd size.
pub fn gaussian(shape: (usize, usize), scale: f64, seed: u64) -> Result<Array2<f64>, DataError> {
    gaussian_matrix(shape.0, shape.1, scale, seed, Stream::WeightsPos)
}

/// A number of steps.
///
/// # Panics
///
/// If it is not a whole one.
pub fn steps(number: f64) -> Steps {
    Steps::try_from(number).expect("tests ask for whole numbers of steps")
}

/// Executes settings in a folder of its own, which lives as long as the first value returned.
///
/// # Errors
///
/// Those of the run.
///
/// # Panics
///
/// If there is no temporary folder.
pub fn scratch_run(settings: &Settings) -> Result<(TempDir, RunRecord), LabError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let record = execute(
        &RunConfig::resolve(settings)?,
        RunOptions {
            keep_checkpoint: false,
            parent: folder.path(),
            threads: 1,
            progress: &mut |_| true,
            stage: &mut |_, _| {},
            announce: &mut |_| {},
            warn: &mut |_| {},
        },
        Report::Written,
    )?;
    Ok((folder, record))
}

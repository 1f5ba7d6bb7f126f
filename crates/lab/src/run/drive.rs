//! An engine taken along a schedule.

use implicit_bias_metrics::MetricError;

use crate::{Engine, LabError, Series, StopReason};

/// A run has diverged when its loss is this many times its initial one (or 1, if that is larger).
const DIVERGED: f64 = 1e8;

/// About how many floating-point operations pass between two calls of the watcher.
const CHUNK_OPERATIONS: f64 = 2e9;

/// What was recorded, and why the run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectory {
    /// One row a recorded step, one column a quantity.
    pub series: Series,
    /// One row a recorded step, one column a sample: normalized margins.
    pub margins: Series,
    /// Why the run ended.
    pub stop: StopReason,
}

/// Who looks on while a run goes: progress bars, files, interruption.
pub trait Watcher {
    /// Called after every chunk of steps; `false` interrupts the run.
    fn advanced(&mut self, _step: f64) -> bool {
        true
    }

    /// Called after every recorded step, with the tables so far.
    ///
    /// # Errors
    ///
    /// Ends the run with that error.
    fn recorded(&mut self, _series: &Series, _margins: &Series) -> Result<(), LabError> {
        Ok(())
    }
}

/// Nobody looks on.
impl Watcher for () {}

/// Advances `engine` along `schedule` (increasing steps) and records each of them.
///
/// Works for any engine, so for any architecture: this is the loop of every command and experiment.
///
/// # Errors
///
/// Those of the engine and of the watcher. A diverging run is a [`StopReason`], with what was
/// recorded kept.
pub fn drive(
    engine: &mut dyn Engine,
    schedule: &[f64],
    watcher: &mut dyn Watcher,
) -> Result<Trajectory, LabError> {
    let mut tables: Option<(Series, Series)> = None;
    let mut initial_loss = f64::NAN;
    let mut stop = None;
    let chunk = (CHUNK_OPERATIONS / engine.operations_per_step())
        .max(1.0)
        .floor();
    for &target in schedule {
        while engine.step() < target && stop.is_none() {
            stop = engine.advance(target.min(engine.step() + chunk))?;
            if stop.is_none() && !watcher.advanced(engine.step()) {
                stop = Some(StopReason::Interrupted {
                    step: engine.step(),
                });
            }
        }
        let step = engine.step();
        let observation = match engine.observe() {
            Ok(observation) if !matches!(stop, Some(StopReason::NonFinite { .. })) => observation,
            Err(LabError::Metric(MetricError::NonFinite { .. } | MetricError::Overflow { .. }))
            | Ok(_) => {
                stop = Some(StopReason::NonFinite { step });
                break;
            }
            Err(error) => return Err(error),
        };
        let (series, margins) = tables.get_or_insert_with(|| {
            initial_loss = observation.loss;
            (
                Series::new(observation.columns()),
                Series::new(observation.margin_columns()),
            )
        });
        series.push(observation.row());
        margins.push(observation.margin_row());
        watcher.recorded(series, margins)?;
        if observation.loss > DIVERGED * initial_loss.max(1.0) {
            stop = stop.or(Some(StopReason::Diverged { step }));
        }
        if stop.is_some() {
            break;
        }
    }
    let (series, margins) = tables.unwrap_or_default();
    let stop = stop.unwrap_or(StopReason::Completed {
        step: engine.step(),
    });
    Ok(Trajectory {
        series,
        margins,
        stop,
    })
}

//! An engine taken along a schedule.

use implicit_bias_gram::GramError;
use implicit_bias_metrics::MetricError;

use crate::EngineError;
use crate::engine::Engine;
use crate::observation::Observation;
use implicit_bias_record::{Series, StopReason};

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
    /// What may go wrong while it looks on.
    type Error: From<EngineError>;

    /// Called after every chunk of steps; `false` interrupts the run.
    fn advanced(&mut self, _step: f64) -> bool {
        true
    }

    /// Called after every chunk of steps, with the engine and the tables so far: a moment from
    /// which the run could go on. `last` where it is about to be interrupted.
    ///
    /// # Errors
    ///
    /// Ends the run with that error.
    fn between(
        &mut self,
        _engine: &dyn Engine,
        _series: &Series,
        _margins: &Series,
        _last: bool,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Called before the last steps to the end of the schedule are taken, with the engine and the
    /// tables there: a moment that a run with a later end passes as well.
    ///
    /// # Errors
    ///
    /// Ends the run with that error.
    fn before_the_end(
        &mut self,
        _engine: &dyn Engine,
        _series: &Series,
        _margins: &Series,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Called after every recorded step that the run survives, with the engine there.
    fn observed(&mut self, _engine: &mut dyn Engine) {}

    /// Called after every recorded step, with the tables so far.
    ///
    /// # Errors
    ///
    /// Ends the run with that error.
    fn recorded(&mut self, _series: &Series, _margins: &Series) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// Nobody looks on.
impl Watcher for () {
    type Error = EngineError;
}

/// Advances `engine` along `schedule` (increasing steps) and records each of them.
///
/// Works for any engine, so for any architecture: this is the loop of every command and experiment.
///
/// # Errors
///
/// Those of the engine and of the watcher. A diverging run is a [`StopReason`], with what was
/// recorded kept.
pub fn drive<W: Watcher>(
    engine: &mut dyn Engine,
    schedule: &[f64],
    watcher: &mut W,
) -> Result<Trajectory, W::Error> {
    drive_from(engine, None, schedule, watcher)
}

/// [`drive`] for an engine in the middle of a run that has recorded `tables` so far: series and
/// margins.
///
/// # Errors
///
/// As [`drive`].
pub fn drive_from<W: Watcher>(
    engine: &mut dyn Engine,
    mut tables: Option<(Series, Series)>,
    schedule: &[f64],
    watcher: &mut W,
) -> Result<Trajectory, W::Error> {
    let recorded = tables.as_ref().and_then(|(series, _)| series.last("step"));
    let left = |target: &&f64| recorded.is_none_or(|recorded| **target > recorded);
    let end = schedule.last().copied();
    let mut stop = None;
    for &target in schedule.iter().filter(left) {
        let is_end = end == Some(target);
        stop = advance(engine, (target, is_end), tables.as_ref(), watcher)?;
        let broken = matches!(stop, Some(StopReason::NonFinite { .. }));
        let Some(observation) = observe(engine)?.filter(|_| !broken) else {
            let step = engine.step();
            stop = Some(StopReason::NonFinite { step });
            break;
        };
        let last = tables.as_ref().and_then(|(series, _)| series.last("step"));
        if stop.is_some() && last == Some(observation.step) {
            // A run that stops where it is has that row already.
            break;
        }
        let (series, margins) = tables.get_or_insert_with(|| {
            (
                Series::new(observation.columns()),
                Series::new(observation.margin_columns()),
            )
        });
        series.push(observation.row());
        margins.push(observation.margin_row());
        watcher.recorded(series, margins)?;
        let initial_loss = series.first("loss").unwrap_or(f64::NAN);
        if observation.loss > DIVERGED * initial_loss.max(1.0) {
            let step = engine.step();
            stop = stop.or(Some(StopReason::Diverged { step }));
        }
        if stop.is_some() {
            break;
        }
        watcher.observed(engine);
    }
    // Not even the first observation was finite: tables without rows.
    let (series, margins) =
        tables.unwrap_or_else(|| (Series::new(["step"]), Series::new(["step"])));
    let stop = stop.unwrap_or(StopReason::Completed {
        step: engine.step(),
    });
    Ok(Trajectory {
        series,
        margins,
        stop,
    })
}

/// Takes an engine to a step, which may be the end of the schedule, in chunks after which the watcher looks on; why it ended before, if
/// it did.
fn advance<W: Watcher>(
    engine: &mut dyn Engine,
    (target, is_end): (f64, bool),
    tables: Option<&(Series, Series)>,
    watcher: &mut W,
) -> Result<Option<StopReason>, W::Error> {
    while engine.step() < target {
        // Infinite where steps are no longer taken one by one.
        let chunk = (CHUNK_OPERATIONS / engine.operations_per_step())
            .max(1.0)
            .floor();
        if is_end
            && engine.step() + chunk >= target
            && let Some((series, margins)) = tables
        {
            watcher.before_the_end(engine, series, margins)?;
        }
        let stop = engine.advance(target.min(engine.step() + chunk))?;
        if stop.is_some() {
            return Ok(stop);
        }
        let goes_on = watcher.advanced(engine.step());
        if let Some((series, margins)) = tables {
            watcher.between(engine, series, margins, !goes_on)?;
        }
        if !goes_on {
            let step = engine.step();
            return Ok(Some(StopReason::Interrupted { step }));
        }
    }
    Ok(None)
}

/// What is measured at the present step; `None` where a number is not finite.
fn observe(engine: &mut dyn Engine) -> Result<Option<Observation>, EngineError> {
    match engine.observe() {
        Ok(observation) => Ok(Some(observation)),
        Err(
            EngineError::Metric(MetricError::NonFinite { .. } | MetricError::Overflow { .. })
            | EngineError::Gram(GramError::NonFinite { .. }),
        ) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use implicit_bias_model::Weights;

    /// An engine whose loss is a function of the step, and which may break at a step.
    struct Scripted {
        step: f64,
        loss: fn(f64) -> f64,
        breaks_at: f64,
        longest_advance: f64,
    }

    impl Engine for Scripted {
        fn name(&self) -> &'static str {
            "scripted"
        }
        fn homogeneity(&self) -> Option<f64> {
            Some(1.0)
        }
        fn step(&self) -> f64 {
            self.step
        }
        fn advance(&mut self, to: f64) -> Result<Option<StopReason>, EngineError> {
            self.longest_advance = self.longest_advance.max(to - self.step);
            self.step = to.min(self.breaks_at);
            let step = self.step;
            Ok((step < to).then_some(StopReason::NonFinite { step }))
        }
        fn observe(&mut self) -> Result<Observation, EngineError> {
            Ok(Observation {
                step: self.step,
                loss: (self.loss)(self.step),
                log_loss: (self.loss)(self.step).ln(),
                weight_norm: 1.0,
                blocks: Vec::new(),
                stable_rank: f64::NAN,
                normalized_margins: vec![1.0, 2.0],
                classes: Vec::new(),
                gradient_norm: 0.0,
                accuracy: 1.0,
                pattern: None,
                error_estimate: 0.0,
                updates: None,
                probes: Vec::new(),
            })
        }
        fn weights(&mut self) -> Weights {
            Weights::new(Vec::new()).expect("nothing is finite")
        }
        fn operations_per_step(&self) -> f64 {
            1e8
        }
    }

    fn scripted(loss: fn(f64) -> f64) -> Scripted {
        Scripted {
            step: 0.0,
            loss,
            breaks_at: f64::INFINITY,
            longest_advance: 0.0,
        }
    }

    #[test]
    fn records_exactly_the_schedule_in_chunks() {
        let mut engine = scripted(|step| 1.0 / (1.0 + step));
        let run = drive(&mut engine, &[0.0, 3.0, 100.0], &mut ()).unwrap();
        assert_eq!(run.series.steps(), [0.0, 3.0, 100.0]);
        assert_eq!(run.margins.columns(), ["step", "sample_0", "sample_1"]);
        assert_eq!(run.stop, StopReason::Completed { step: 100.0 });
        assert_eq!(engine.longest_advance, CHUNK_OPERATIONS / 1e8);
    }

    #[test]
    fn a_growing_loss_stops_the_run_and_keeps_the_row_that_shows_it() {
        let mut engine = scripted(|step| (2.0 * step).exp());
        let run = drive(&mut engine, &[0.0, 1.0, 10.0, 100.0], &mut ()).unwrap();
        assert_eq!(run.series.steps(), [0.0, 1.0, 10.0]);
        assert_eq!(run.stop, StopReason::Diverged { step: 10.0 });
    }

    #[test]
    fn a_broken_engine_stops_the_run_and_keeps_what_was_recorded() {
        let mut engine = Scripted {
            breaks_at: 7.0,
            ..scripted(|_| 1.0)
        };
        let run = drive(&mut engine, &[0.0, 5.0, 10.0], &mut ()).unwrap();
        assert_eq!(run.series.steps(), [0.0, 5.0]);
        assert_eq!(run.stop, StopReason::NonFinite { step: 7.0 });
    }

    #[test]
    fn before_the_end_a_run_is_where_a_longer_one_passes() {
        #[derive(Default)]
        struct Passes {
            before_the_end: Vec<(f64, usize)>,
            between: Vec<f64>,
        }
        impl Watcher for Passes {
            type Error = EngineError;

            fn before_the_end(
                &mut self,
                engine: &dyn Engine,
                series: &Series,
                _margins: &Series,
            ) -> Result<(), EngineError> {
                self.before_the_end.push((engine.step(), series.len()));
                Ok(())
            }

            fn between(
                &mut self,
                engine: &dyn Engine,
                _series: &Series,
                _margins: &Series,
                _last: bool,
            ) -> Result<(), EngineError> {
                self.between.push(engine.step());
                Ok(())
            }
        }
        // 20 steps a chunk: the short run ends in the middle of one.
        let (mut short, mut long) = (Passes::default(), Passes::default());
        drive(&mut scripted(|_| 1.0), &[0.0, 10.0, 77.0], &mut short).unwrap();
        drive(&mut scripted(|_| 1.0), &[0.0, 10.0, 100.0], &mut long).unwrap();
        assert_eq!(short.before_the_end, [(70.0, 2)]);
        assert!(long.between.contains(&70.0) && !long.between.contains(&77.0));
    }

    #[test]
    fn a_watcher_interrupts_between_chunks() {
        struct Impatient;
        impl Watcher for Impatient {
            type Error = EngineError;

            fn advanced(&mut self, step: f64) -> bool {
                step < 40.0
            }
        }
        let mut engine = scripted(|_| 1.0);
        let run = drive(&mut engine, &[0.0, 5.0, 1000.0], &mut Impatient).unwrap();
        assert_eq!(run.stop, StopReason::Interrupted { step: 45.0 });
        assert_eq!(run.series.steps(), [0.0, 5.0, 45.0]);
    }
}

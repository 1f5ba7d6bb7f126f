//! A network of the user's own, by a function of Python: exact steps, then log time.
//!
//! The interpreter's lock is held in the user's function alone, which is called on the thread that
//! called `follow`: a default of its own, as a precision or a signal handler, is that of the caller.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use implicit_bias_engine::{
    Engine, EngineError, FollowEngine, FollowOptions, MarginSystem, SystemError, Watcher,
    drive_from,
};
use implicit_bias_model::Loss;
use implicit_bias_output::format_step;
use implicit_bias_record::{Series, StopReason, schedule};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::arrays::table;
use crate::error::invalid;
use crate::words::in_python;

/// The residual of a direction, its complementarity, and the multipliers `[n]`.
type Residual<'py> = (f64, f64, Bound<'py, PyArray1<f64>>);

/// Most numbers in the gradients of all samples, which a KKT residual keeps: 8 GB.
const MOST_NUMBERS: f64 = 1e9;

/// From one checkpoint to the next while a run goes on.
const EVERY: Duration = Duration::from_secs(10);

/// A system whose margins and sums of gradients are functions of Python, each from an array to an
/// array of float64.
struct PythonSystem {
    margins: Py<PyAny>,
    pull_back: Py<PyAny>,
    samples: usize,
}

/// Asks a function and copies what it returns.
fn ask(function: &Py<PyAny>, of: &[f64], into: &mut [f64]) -> Result<(), SystemError> {
    Python::attach(|py| {
        // A function that is all compiled code looks for no signals itself.
        py.check_signals()?;
        let found = function.call1(py, (PyArray1::from_slice(py, of),))?;
        let found: PyReadonlyArray1<'_, f64> = found.extract(py)?;
        let view = found.as_array();
        if view.len() != into.len() {
            return Err(invalid(format!(
                "expected {} numbers, found {}",
                into.len(),
                view.len()
            )));
        }
        into.iter_mut().zip(view).for_each(|(to, from)| *to = *from);
        Ok(())
    })
    .map_err(|error: PyErr| error.into())
}

impl MarginSystem for PythonSystem {
    fn samples(&self) -> usize {
        self.samples
    }

    fn margins(&mut self, weights: &[f64], margins: &mut [f64]) -> Result<(), SystemError> {
        ask(&self.margins, weights, margins)
    }

    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) -> Result<(), SystemError> {
        ask(&self.pull_back, cotangent, gradient)
    }
}

/// What ends a run with an exception.
struct Ended(PyErr);

impl From<EngineError> for Ended {
    fn from(error: EngineError) -> Self {
        Self(raised(error))
    }
}

/// The exception of the user's function as it is; `ValueError` for what the user gave.
fn raised(error: EngineError) -> PyErr {
    match error {
        EngineError::System(error) => match error.downcast::<PyErr>() {
            Ok(error) => *error,
            Err(error) => PyRuntimeError::new_err(error.to_string()),
        },
        error if error.is_input() => PyValueError::new_err(in_python(&error.to_string())),
        error => PyRuntimeError::new_err(in_python(&error.to_string())),
    }
}

/// One run of a user's network.
#[pyclass]
pub struct Follower {
    run: Mutex<FollowedRun>,
}

struct FollowedRun {
    engine: FollowEngine,
    tables: Option<(Series, Series)>,
    stop: Option<StopReason>,
}

impl Follower {
    fn run(&self) -> PyResult<MutexGuard<'_, FollowedRun>> {
        self.run
            .try_lock()
            .map_err(|_| PyRuntimeError::new_err("follow: this run is at work"))
    }
}

#[pymethods]
impl Follower {
    #[new]
    #[pyo3(signature = (margins, pull_back, samples, weights, blocks, loss, step_size, sum, exact_steps, degree, kkt_steps))]
    #[expect(clippy::too_many_arguments, reason = "they are arguments of Python")]
    fn new(
        py: Python<'_>,
        margins: Py<PyAny>,
        pull_back: Py<PyAny>,
        samples: usize,
        weights: PyReadonlyArray1<'_, f64>,
        blocks: Vec<(String, [usize; 2])>,
        loss: &str,
        step_size: f64,
        sum: bool,
        exact_steps: f64,
        degree: Option<f64>,
        kkt_steps: Vec<f64>,
    ) -> PyResult<Self> {
        let losses = [Loss::Logistic, Loss::Exponential];
        let Some(loss) = losses.into_iter().find(|known| known.name() == loss) else {
            return Err(invalid(format!(
                "loss: expected logistic or exponential, found `{loss}`"
            )));
        };
        let system = PythonSystem {
            margins,
            pull_back,
            samples,
        };
        let options = FollowOptions {
            loss,
            step_size,
            sum,
            exact_steps,
            degree,
            kkt_steps,
            blocks,
        };
        let weights = weights.as_array().to_vec();
        let engine = py.detach(|| FollowEngine::new(Box::new(system), weights, options));
        let run = FollowedRun {
            engine: engine.map_err(raised)?,
            tables: None,
            stop: None,
        };
        Ok(Self {
            run: Mutex::new(run),
        })
    }

    /// Goes on to step `steps`. `show` is called with what goes on and the fraction done, `save` with
    /// a checkpoint and the tables up to there: now and then, at the end, and before an exception.
    #[pyo3(signature = (steps, per_decade, kkt_steps, show=None, save=None))]
    fn advance(
        &self,
        py: Python<'_>,
        steps: f64,
        per_decade: u32,
        kkt_steps: Vec<f64>,
        show: Option<Py<PyAny>>,
        save: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        let mut run = self.run()?;
        let run = &mut *run;
        if !(1.0..=1e300).contains(&steps) || steps.fract() != 0.0 {
            return Err(invalid(format!(
                "steps: expected a whole number of steps from 1 to 1e300, found {steps:?}"
            )));
        }
        if steps < run.engine.step() {
            return Err(invalid(format!(
                "steps: expected at least the {} steps of the run, found {}",
                format_step(run.engine.step()),
                format_step(steps)
            )));
        }
        let mut planned = schedule(steps, per_decade);
        planned.extend(kkt_steps.into_iter().filter(|step| *step <= steps));
        planned.sort_by(f64::total_cmp);
        planned.dedup();
        let mut watcher = Watching {
            last: run.engine.checkpoint().unwrap_or_default(),
            tables: run.tables.clone(),
            horizon: steps,
            saved: Instant::now(),
            show,
            save,
        };
        let (engine, tables) = (&mut run.engine, run.tables.take());
        let ended = py.detach(|| drive_from(engine, tables, &planned, &mut watcher));
        match ended {
            Ok(trajectory) => {
                run.tables = Some((trajectory.series, trajectory.margins));
                run.stop = Some(trajectory.stop);
                watcher.last = run.engine.checkpoint().unwrap_or_default();
                watcher.tables = run.tables.clone();
                watcher.save()
            }
            Err(Ended(error)) => {
                // Back to where it was between two steps: the run can go on from there.
                run.engine.restore(&watcher.last).map_err(raised)?;
                run.tables = watcher.tables.clone();
                watcher.save()?;
                Err(error)
            }
        }
    }

    /// Goes back to a checkpoint, with the tables up to there.
    fn restore(
        &self,
        checkpoint: &[u8],
        columns: Vec<String>,
        series: PyReadonlyArray2<'_, f64>,
        margins: PyReadonlyArray2<'_, f64>,
    ) -> PyResult<()> {
        let mut run = self.run()?;
        run.engine.restore(checkpoint).map_err(raised)?;
        let samples = margins.as_array().ncols();
        let of_margins = std::iter::once("step".to_owned())
            .chain((0..samples.saturating_sub(1)).map(|index| format!("sample_{index}")));
        let fill = |mut table: Series, values: PyReadonlyArray2<'_, f64>| {
            for row in values.as_array().rows() {
                table.push(row.to_vec());
            }
            table
        };
        run.tables = (!columns.is_empty()).then(|| {
            (
                fill(Series::new(columns), series),
                fill(Series::new(of_margins), margins),
            )
        });
        Ok(())
    }

    /// The series: its columns and `[rows, columns]`.
    fn series<'py>(&self, py: Python<'py>) -> PyResult<(Vec<String>, Bound<'py, PyArray2<f64>>)> {
        let run = self.run()?;
        let none = Series::new(["step"]);
        let series = run.tables.as_ref().map_or(&none, |(series, _)| series);
        Ok(table(py, series))
    }

    /// Normalized margins, `[rows, 1 + n]`, the step first.
    fn margins<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let run = self.run()?;
        let none = Series::new(["step"]);
        let margins = run.tables.as_ref().map_or(&none, |(_, margins)| margins);
        Ok(table(py, margins).1)
    }

    /// The present weights, flat.
    fn weights<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        Ok(self.run()?.engine.host_weights().into_pyarray(py))
    }

    /// The margins `q_i` of the present weights.
    fn present_margins<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let mut run = self.run()?;
        let engine = &mut run.engine;
        let margins = py.detach(|| engine.margins()).map_err(raised)?;
        Ok(margins.into_pyarray(py))
    }

    /// Residual, complementarity and multipliers of the present direction; `None` where undefined.
    fn kkt<'py>(&self, py: Python<'py>) -> PyResult<Option<Residual<'py>>> {
        let mut run = self.run()?;
        let engine = &mut run.engine;
        let (samples, weights) = (engine.samples(), engine.host_weights().len());
        if samples as f64 * weights as f64 > MOST_NUMBERS {
            return Err(invalid(format!(
                "kkt_residual: expected at most {MOST_NUMBERS:e} numbers in the gradients of all \
                 samples, found {samples} of {weights} weights"
            )));
        }
        let found = py.detach(|| engine.measure_kkt()).map_err(raised)?;
        Ok(found.map(|found| {
            let multipliers = found.multipliers.into_pyarray(py);
            (found.residual, found.complementarity, multipliers)
        }))
    }

    /// Why the last advance ended, as one word and in words.
    fn stop(&self) -> PyResult<Option<(String, String)>> {
        let stop = self.run()?.stop;
        Ok(stop.map(|stop| (stop.word().to_owned(), stop.to_string())))
    }

    /// The degree of homogeneity, and whether margins and gradients are known less precisely than in
    /// double precision.
    fn degree(&self) -> PyResult<(f64, bool)> {
        let degree = self.run()?.engine.degree();
        Ok((degree.value, degree.is_rough()))
    }

    /// What a reader of the run should know.
    fn notes(&self) -> PyResult<Vec<String>> {
        let run = self.run()?;
        Ok(run
            .engine
            .notes()
            .iter()
            .map(|note| in_python(note))
            .collect())
    }
}

/// Looks on while a run goes.
struct Watching {
    /// The last moment between two steps, and the tables there.
    last: Vec<u8>,
    tables: Option<(Series, Series)>,
    horizon: f64,
    saved: Instant,
    show: Option<Py<PyAny>>,
    save: Option<Py<PyAny>>,
}

impl Watching {
    fn save(&mut self) -> PyResult<()> {
        let Some(save) = &self.save else {
            return Ok(());
        };
        self.saved = Instant::now();
        Python::attach(|py| {
            let none = (Series::new(Vec::<String>::new()), Series::new(["step"]));
            let (series, margins) = self.tables.as_ref().unwrap_or(&none);
            let ((columns, series), (_, margins)) = (table(py, series), table(py, margins));
            let bytes = PyBytes::new(py, &self.last);
            save.call1(py, (bytes, columns, series, margins))?;
            Ok(())
        })
    }

    fn look(&self, step: f64) -> PyResult<()> {
        let fraction = (1.0 + step).log10() / (1.0 + self.horizon).log10();
        Python::attach(|py| {
            py.check_signals()?;
            if let Some(show) = &self.show {
                show.call1(py, (format!("follow: step {step:.0e}"), fraction))?;
            }
            Ok(())
        })
    }
}

impl Watcher for Watching {
    type Error = Ended;

    fn between(
        &mut self,
        engine: &dyn Engine,
        _series: &Series,
        _margins: &Series,
        _last: bool,
    ) -> Result<(), Ended> {
        self.last = engine.checkpoint().unwrap_or_default();
        self.look(engine.step()).map_err(Ended)?;
        if self.save.is_some() && self.saved.elapsed() > EVERY {
            self.save().map_err(Ended)?;
        }
        Ok(())
    }

    fn observed(&mut self, engine: &mut dyn Engine) {
        self.last = engine.checkpoint().unwrap_or_default();
    }

    fn recorded(&mut self, series: &Series, margins: &Series) -> Result<(), Ended> {
        let tables = self.tables.get_or_insert_with(|| {
            let like = |table: &Series| Series::new(table.columns().to_vec());
            (like(series), like(margins))
        });
        for (own, all) in [(&mut tables.0, series), (&mut tables.1, margins)] {
            all.rows()[own.len()..]
                .iter()
                .for_each(|row| own.push(row.clone()));
        }
        Ok(())
    }
}

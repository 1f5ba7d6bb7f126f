//! The steps of a run, from an engine that is ready to the files of a run that ended.

use implicit_bias_engine::{Engine, drive_from};
use implicit_bias_limits::KktResidual;
use implicit_bias_model::Weights;
use implicit_bias_output::to_json;
use implicit_bias_record::{Series, StopReason, schedule};
use ndarray::Array2;

use super::checkpoint;
use super::directory::RunDirectory;
use super::manifest::Manifest;
use super::options::RunOptions;
use super::prepare::Prepared;
use super::snapshots::Snapshots;
use super::updater::DirectoryUpdater;
use crate::LabError;
use crate::config::RunConfig;

/// What a run is said to be at while it takes its steps.
const STEPS: &str = "steps";

/// A run that ended, before anything is concluded from it.
pub(crate) struct EndedRun<'a> {
    pub config: &'a RunConfig,
    pub prepared: &'a Prepared,
    pub directory: &'a RunDirectory,
    pub manifest: Manifest,
    pub series: Series,
    pub margins: Series,
    /// The last weights.
    pub weights: Weights,
    /// The residual of the last direction, or why it was not measured; `None` where there is none.
    pub kkt: Option<Result<KktResidual, String>>,
    /// Earlier steps, rising, with their pre-activations.
    pub states: Vec<(f64, Array2<f64>)>,
}

/// What [`RunOptions`] are told besides the steps.
pub(crate) struct Messages<'a> {
    pub stage: &'a mut dyn FnMut(&str, f64),
    pub announce: &'a mut dyn FnMut(&str),
}

/// A run at its start or in its middle.
pub(super) struct RunInProgress<'a> {
    pub config: &'a RunConfig,
    pub prepared: &'a Prepared,
    pub directory: &'a RunDirectory,
    pub engine: Box<dyn Engine>,
    pub manifest: Manifest,
    /// What was recorded so far.
    pub tables: Option<(Series, Series)>,
    /// Rows of the tables on disk.
    pub rows: usize,
    pub snapshots: Snapshots<'a>,
}

impl RunInProgress<'_> {
    /// Takes the steps that are left and writes everything that a finished run has; what is
    /// concluded from it is written by `conclude`.
    ///
    /// The manifest comes last of all: a run that says how it ended has everything that it is to
    /// have.
    pub fn finish<T>(
        self,
        options: RunOptions<'_>,
        conclude: impl FnOnce(EndedRun<'_>, &mut Messages<'_>) -> Result<(T, Manifest), LabError>,
    ) -> Result<T, LabError> {
        let Self {
            config,
            prepared,
            directory,
            mut engine,
            manifest,
            tables,
            rows,
            snapshots,
        } = self;
        let mut messages = Messages {
            stage: options.stage,
            announce: options.announce,
        };
        let mut updater = DirectoryUpdater::new(
            config,
            directory,
            manifest,
            prepared.sha256(config),
            snapshots,
            rows,
            options.progress,
        );
        let schedule = schedule(config.steps.get(), config.record);
        (messages.stage)(STEPS, 0.0);
        let trajectory = drive_from(engine.as_mut(), tables, &schedule, &mut updater)?;
        let completed = matches!(trajectory.stop, StopReason::Completed { .. });
        let (series, margins) = (trajectory.series, trajectory.margins);
        if completed && options.keep_checkpoint && updater.ends_on_the_way() {
            updater.checkpoint_of_the_end(engine.as_ref(), &series, &margins)?;
        }
        let seconds = updater.seconds();
        let DirectoryUpdater {
            mut manifest,
            snapshots,
            ..
        } = updater;
        manifest.wall_seconds = seconds;
        manifest.stop = Some(trajectory.stop);
        manifest.notes = engine.notes().to_vec();
        for note in &manifest.notes {
            (messages.announce)(note);
        }
        directory.write("series.csv", series.to_csv().as_bytes())?;
        directory.write("margins.csv", margins.to_csv().as_bytes())?;
        let weights = engine.weights();
        let kkt = config.has_residual().then(|| {
            (messages.stage)("residual of the direction", 0.0);
            engine.kkt(!config.kkt)
        });
        directory.write("weights.safetensors", &weights.to_safetensors())?;
        let ended = EndedRun {
            config,
            prepared,
            directory,
            manifest,
            series,
            margins,
            weights,
            kkt: kkt.flatten(),
            states: snapshots.states(),
        };
        let (concluded, manifest) = conclude(ended, &mut messages)?;
        directory.write("manifest.json", &to_json(&manifest))?;
        match manifest.stop {
            Some(StopReason::Interrupted { .. }) => {}
            _ if completed && options.keep_checkpoint => checkpoint::remove_previous(directory)?,
            _ => checkpoint::remove(directory)?,
        }
        Ok(concluded)
    }
}

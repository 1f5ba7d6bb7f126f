//! The spine: a run, what is concluded from it, its report.

use std::path::Path;

use implicit_bias_output::sha256;

use crate::LabError;
use crate::conclusion::{RunRecord, conclude, notices_at_the_start};
use crate::config::RunConfig;
use crate::run::{
    self, EndedRun, HeldDirectory, Manifest, Messages, Place, ResumeOutcome, ResumeRequest,
    RunDirectory, RunOptions, read_manifest,
};

/// Whether a run that ends leaves figures and `report.html`; `report` makes them later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// It does.
    Written,
    /// It does not.
    LeftOut,
}

/// Runs a configuration and leaves a finished run directory.
///
/// The directory is readable at any moment: configuration and manifest are there from the start,
/// the tables follow every two seconds, a checkpoint for [`resume`] every
/// [`checkpoint_interval`](RunConfig::checkpoint_interval), and each file is replaced by rename.
///
/// # Errors
///
/// Those of the configuration, the data, the engine and the file system. A diverging run is a
/// [`StopReason`](implicit_bias_record::StopReason) in the record.
pub fn execute(
    config: &RunConfig,
    options: RunOptions<'_>,
    report: Report,
) -> Result<RunRecord, LabError> {
    execute_in(config, Place::default(), options, report)
}

/// The same in some place.
fn execute_in(
    config: &RunConfig,
    place: Place<'_>,
    options: RunOptions<'_>,
    report: Report,
) -> Result<RunRecord, LabError> {
    let conclude = |ended: EndedRun<'_>, messages: &mut Messages<'_>| {
        conclude_and_report(ended, messages, report)
    };
    run::execute(config, place, options, &notices_at_the_start, conclude)
}

/// What [`resume`] came to.
#[derive(Clone, Debug)]
pub enum Resumed {
    /// The run had ended before; nothing was done.
    AlreadyEnded(RunRecord),
    /// The run went on.
    WentOn(RunRecord),
}

/// Goes on with the run of a directory from its last checkpoint, or from its start if it has none.
/// The finished directory is, but for the times in its manifest, byte for byte that of a run that
/// was never cut off.
///
/// Steps beyond the run's horizon extend it, also where it had ended.
///
/// # Errors
///
/// [`LabError::Read`] and [`LabError::Content`] name the file that is missing, damaged or edited;
/// [`LabError::Config`] for steps short of those taken; [`LabError::Checkpoint`] where data or
/// initial weights have changed; [`LabError::Locked`] if another process is at it; and those of a
/// run.
pub fn resume(
    path: &Path,
    request: &ResumeRequest,
    options: RunOptions<'_>,
    report: Report,
) -> Result<Resumed, LabError> {
    resume_in(path, None, request, options, report)
}

/// The same in a directory that is held already.
fn resume_in(
    path: &Path,
    held: Option<HeldDirectory>,
    request: &ResumeRequest,
    options: RunOptions<'_>,
    report: Report,
) -> Result<Resumed, LabError> {
    let reopened = run::resume(
        path,
        held,
        request,
        options,
        &notices_at_the_start,
        |ended, messages| conclude_and_report(ended, messages, report),
    )?;
    match reopened {
        ResumeOutcome::AlreadyEnded => Ok(Resumed::AlreadyEnded(RunRecord::read(path)?)),
        ResumeOutcome::WentOn(record) => Ok(Resumed::WentOn(record)),
    }
}

/// Runs a configuration in a directory of its own, or goes on with what is there of it. Nothing is
/// looked at before other processes are kept out, so that two that do the same runs share them. One
/// that is not there yet begins where `shorter`, the directory of a shorter run of the same
/// configuration, ended.
///
/// # Errors
///
/// [`LabError::Content`] for a directory of another configuration, [`LabError::Locked`] for one that
/// another process is at, and those of [`execute`] and [`resume`].
pub(crate) fn begin_or_resume(
    config: &RunConfig,
    path: &Path,
    shorter: Option<&Path>,
    options: RunOptions<'_>,
    report: Report,
) -> Result<Resumed, LabError> {
    let held = RunDirectory::open(path).hold(options.warn)?;
    if !path.join("manifest.json").exists() {
        let place = Place {
            held: Some(held),
            shorter,
        };
        return execute_in(config, place, options, report).map(Resumed::WentOn);
    }
    let manifest = read_manifest(path)?;
    if !manifest.has_configuration(config) {
        return Err(LabError::Content {
            path: path.to_owned(),
            reason: "expected a run of this configuration, found one of another".to_owned(),
        });
    }
    let moved = manifest.config_sha256 != sha256(config.to_toml());
    let request = ResumeRequest {
        checkpoint_interval: Some(config.checkpoint_interval),
        config: moved.then(|| config.clone()),
        ..ResumeRequest::default()
    };
    resume_in(path, Some(held), &request, options, report)
}

impl RunRecord {
    /// Judges and draws again what a run directory holds, and writes claims, figures and report.
    ///
    /// # Errors
    ///
    /// [`LabError::Write`] if a file cannot be written, [`LabError::Plot`] or
    /// [`LabError::Report`] if one cannot be made.
    pub fn rewrite_conclusions(&self) -> Result<(), LabError> {
        let directory = RunDirectory::open(&self.path);
        self.write_verdicts(&directory)?;
        self.write_report(&directory)
    }
}

/// Everything that a finished run has beside its tables and weights.
fn conclude_and_report(
    ended: EndedRun<'_>,
    messages: &mut Messages<'_>,
    report: Report,
) -> Result<(RunRecord, Manifest), LabError> {
    let (directory, prepared) = (ended.directory, ended.prepared);
    let record = conclude(ended, messages)?;
    if report == Report::Written {
        (messages.stage)("figures and report", 0.0);
        record.write_report(directory)?;
    }
    if let Some(format) = record.config.export {
        record.export(format, &prepared.data)?;
    }
    let manifest = record.manifest.clone();
    Ok((record, manifest))
}

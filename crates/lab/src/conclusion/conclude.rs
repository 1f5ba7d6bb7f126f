//! From a run that ended to its record.

use super::conditions::data_notice;
use super::predict::{predict, reached};
use super::record::RunRecord;
use crate::LabError;
use crate::run::{EndedRun, Messages};

/// Solves the limit program of a run that ended, judges the claims, and writes both.
///
/// # Errors
///
/// [`LabError::Write`] names the file that cannot be written.
pub(crate) fn conclude(
    run: EndedRun<'_>,
    messages: &mut Messages<'_>,
) -> Result<RunRecord, LabError> {
    (messages.stage)("limit", 0.0);
    let EndedRun {
        config,
        prepared,
        directory,
        manifest,
        series,
        margins,
        weights,
        kkt,
        states,
    } = run;
    let data = &prepared.data;
    // A limit that is known by name comes before the direction reached.
    let is_known = config.has_direction_limit(data.samples());
    let where_to = match kkt.filter(|_| !is_known) {
        Some(kkt) => reached(&manifest, &series, kkt),
        None => predict(config, &manifest, data, &weights, &states, &series),
    };
    let where_to = where_to.with_data(config, data);
    let path = directory.path().to_owned();
    let mut record = RunRecord::new(path, config.clone(), manifest, series, margins, where_to);
    for notice in &record.outcome {
        (messages.announce)(notice);
    }
    let notices = record.notices.clone();
    let notes = &mut record.manifest.notes;
    notes.extend(data_notice(prepared));
    notes.extend(notices);
    record.write_verdicts(directory)?;
    Ok(record)
}

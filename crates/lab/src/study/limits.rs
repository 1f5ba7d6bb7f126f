//! The limits of many configurations at once, without run directories.

use std::path::Path;

use super::definition::{LimitResult, StudyRun};
use crate::config::RunConfig;
use crate::limit::{LimitReport, find_limit};
use crate::pool::{all_threads, in_parallel, share};
use crate::run::Prepared;
use crate::{LabError, Progress};
use implicit_bias_output::{replace_unsynced, sha256, sha256_bytes};

/// Finds the limits of all runs, as many at a time as there are cores; the results are in the order
/// of the runs.
///
/// A run without a limit, for one that diverges, is no error but a result. Each is kept in `kept`, a
/// folder that need not be there, and found in it by a later call, so that a study which was cut off
/// goes on; without a folder none is.
///
/// # Errors
///
/// The first error of a configuration or its data; [`LabError::Write`] where one cannot be kept;
/// [`LabError::Interrupted`] where some were left.
pub fn find_limits<'a>(
    runs: &'a [StudyRun],
    kept: Option<&Path>,
    progress: &Progress,
    interrupted: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<LimitResult<'a>>, LabError> {
    // The cost grows with the dimension.
    let costs: Vec<f64> = runs
        .iter()
        .map(|run| run.settings.number("dim").unwrap_or(1.0))
        .collect();
    let jobs = all_threads().min(runs.len());
    share(jobs)?;
    let goes_on = || !interrupted();
    let results = in_parallel(&costs, jobs, progress, &goes_on, &|index, _| {
        find(&runs[index], kept)
    });
    let found = results
        .into_iter()
        .map(|result| result.unwrap_or(Err(LabError::Interrupted)));
    found.collect()
}

fn find<'a>(run: &'a StudyRun, kept: Option<&Path>) -> Result<LimitResult<'a>, LabError> {
    let config = RunConfig::resolve(&run.settings)?;
    let prepared = Prepared::new(&config)?;
    let result = |report| LimitResult {
        run,
        ratio: prepared.geometry.ratio,
        report,
    };
    let path = kept.map(|folder| {
        let start = prepared.sha256(&config);
        folder.join(sha256(format!("{start}\n{}", config.to_toml())))
    });
    if let Some(report) = path.as_deref().and_then(read) {
        return Ok(result(report));
    }
    let report = find_limit(&config, &prepared, &mut |_| true).map_err(|error| error.to_string());
    if let Some(path) = &path {
        keep(path, &report)?;
    }
    Ok(result(report))
}

/// Bytes of the hash before a limit that is kept.
const HASH: usize = 32;

/// A limit that is kept; `None` for none, or for a file that is damaged or of another version.
fn read(path: &Path) -> Option<Result<LimitReport, String>> {
    let bytes = std::fs::read(path).ok()?;
    let (hash, content) = bytes.split_at_checked(HASH)?;
    let whole = sha256_bytes(content) == hash;
    let (version, report): (String, _) = postcard::from_bytes(content).ok().filter(|_| whole)?;
    (version == env!("CARGO_PKG_VERSION")).then_some(report)
}

fn keep(path: &Path, report: &Result<LimitReport, String>) -> Result<(), LabError> {
    let content = postcard::to_stdvec(&(env!("CARGO_PKG_VERSION"), report));
    let content = content.expect("plain data have bytes");
    let bytes = [&sha256_bytes(&content)[..], &content].concat();
    let folder = path.parent().expect("it is in a folder");
    let written = std::fs::create_dir_all(folder).and_then(|()| replace_unsynced(path, &bytes));
    written.map_err(|source| LabError::Write {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Settings, Steps};
    use implicit_bias_limits::margins_become_equal;

    fn run(label: &str, settings: Settings) -> StudyRun {
        StudyRun {
            judged: true,
            panel: "leaky ReLU".into(),
            label: label.into(),
            parameter: 0.1,
            settings: settings.with("samples", 6).with("width", 4),
        }
    }

    #[test]
    fn limits_come_in_the_order_of_their_runs_and_a_missing_one_is_said() {
        let small = Settings::default().with("dim", 40);
        let unstable = small
            .clone()
            .with("step-size", 1e308)
            .with("steps", Steps::try_from(1e4).unwrap());
        let large = small.clone().with("dim", 400);
        let runs = [
            run("small", small),
            run("unstable", unstable),
            run("large", large),
        ];
        let found = find_limits(&runs, None, &Progress::new("test"), &|| false).unwrap();
        let labels: Vec<&str> = found
            .iter()
            .map(|result| result.run.label.as_str())
            .collect();
        assert_eq!(labels, ["small", "unstable", "large"]);
        // The ratio of Gaussian samples grows with the dimension.
        assert!(found[0].ratio < found[2].ratio);
        assert!(
            found[1]
                .report
                .as_ref()
                .is_err_and(|why| why.contains("step-size"))
        );
        for result in [&found[0], &found[2]] {
            let config = RunConfig::resolve(&result.run.settings).unwrap();
            let alone =
                find_limit(&config, &Prepared::new(&config).unwrap(), &mut |_| true).unwrap();
            let report = result.report.as_ref().unwrap();
            assert_eq!(report.limit, alone.limit);
            // All margins of the solution are 1 exactly where no multiplier is 0.
            let equal = report
                .limit
                .margins()
                .iter()
                .all(|margin| (margin - 1.0).abs() < 1e-9);
            assert_eq!(margins_become_equal(&report.limit), equal);
        }
    }

    #[test]
    fn limits_that_are_kept_are_found_again_and_damaged_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("limits");
        let sound = Settings::default().with("dim", 40);
        let unstable = sound.clone().with("step-size", 1e308).with("steps", 10_000);
        let runs = [run("sound", sound), run("unstable", unstable)];
        let find = || {
            let found = find_limits(&runs, Some(&kept), &Progress::new("test"), &|| false);
            found
                .unwrap()
                .into_iter()
                .map(|result| result.report)
                .collect::<Vec<_>>()
        };
        let words = |reports: &[Result<LimitReport, String>]| format!("{reports:?}");
        let first = find();
        assert_eq!(std::fs::read_dir(&kept).unwrap().count(), 2);
        assert_eq!(words(&find()), words(&first));
        // What is kept is taken, not computed again.
        let mut other = first[0].clone().unwrap();
        other.step = 7.0;
        let files = || {
            std::fs::read_dir(&kept)
                .unwrap()
                .map(|file| file.unwrap().path())
        };
        let of_sound = files()
            .find(|path| matches!(read(path), Some(Ok(_))))
            .unwrap();
        keep(&of_sound, &Ok(other)).unwrap();
        assert_eq!(find()[0].as_ref().unwrap().step, 7.0);
        // A file that a power cut damaged is as good as none.
        for path in files() {
            let mut bytes = std::fs::read(&path).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            std::fs::write(&path, bytes).unwrap();
        }
        assert_eq!(words(&find()), words(&first));
    }

    #[test]
    fn bad_settings_are_an_error() {
        let bad = Settings::default().with("slope", 2.0);
        assert!(find_limits(&[run("bad", bad)], None, &Progress::new("test"), &|| false).is_err());
        let found = find_limits(&[], None, &Progress::new("test"), &|| false).unwrap();
        assert!(found.is_empty());
        let sound = [run("sound", Settings::default().with("dim", 40))];
        let stopped = find_limits(&sound, None, &Progress::new("test"), &|| true);
        assert!(matches!(stopped, Err(LabError::Interrupted)));
    }
}

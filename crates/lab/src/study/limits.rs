//! The limits of many configurations at once, without run directories.

use super::definition::{LimitResult, StudyRun};
use crate::config::RunConfig;
use crate::limit::find_limit;
use crate::pool::{all_threads, in_parallel, share};
use crate::run::Prepared;
use crate::{LabError, Progress};

/// Finds the limits of all runs, as many at a time as there are cores; the results are in the order
/// of the runs.
///
/// A run without a limit, for one that diverges, is no error but a result.
///
/// # Errors
///
/// The first error of a configuration or its data; [`LabError::Interrupted`] where some were left.
pub fn find_limits<'a>(
    runs: &'a [StudyRun],
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
        find(&runs[index])
    });
    let found = results
        .into_iter()
        .map(|result| result.unwrap_or(Err(LabError::Interrupted)));
    found.collect()
}

fn find(run: &StudyRun) -> Result<LimitResult<'_>, LabError> {
    let config = RunConfig::resolve(&run.settings)?;
    let prepared = Prepared::new(&config)?;
    Ok(LimitResult {
        run,
        ratio: prepared.geometry.ratio,
        report: find_limit(&config, &prepared, &mut |_| true).map_err(|error| error.to_string()),
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
        let found = find_limits(&runs, &Progress::new("test"), &|| false).unwrap();
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
    fn bad_settings_are_an_error() {
        let bad = Settings::default().with("slope", 2.0);
        assert!(find_limits(&[run("bad", bad)], &Progress::new("test"), &|| false).is_err());
        let found = find_limits(&[], &Progress::new("test"), &|| false).unwrap();
        assert!(found.is_empty());
        let sound = [run("sound", Settings::default().with("dim", 40))];
        let stopped = find_limits(&sound, &Progress::new("test"), &|| true);
        assert!(matches!(stopped, Err(LabError::Interrupted)));
    }
}

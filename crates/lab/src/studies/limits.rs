//! The limits of many configurations at once, without run directories.

use implicit_bias_gram::Limit;

use super::{StudyResult, StudyRun};
use crate::config::RunConfig;
use crate::figures::Figure;
use crate::report::Table;
use crate::run::{Prepared, cores, in_parallel};
use crate::{LabError, LimitReport, Progress, find_limit};

/// What a study shows besides its own figures, from its runs and the limits that it asked for.
pub type Show = fn(&[StudyResult<'_>], &[LimitResult<'_>]) -> Shown;

/// What a [`Show`] adds to its section of the report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// What was found, a paragraph an entry, without markup.
    pub paragraphs: Vec<String>,
    /// Figures, after those of the study.
    pub figures: Vec<Figure>,
    /// Tables, after that of the final values.
    pub tables: Vec<Table>,
    /// Files for the folder of figures, by name.
    pub files: Vec<(String, String)>,
}

/// A multiplier below this share of the largest is zero to rounding.
const ZERO_MULTIPLIER: f64 = 1e-9;

/// Whether all normalized margins become equal: every multiplier of the program is positive
/// (theory.md §6, derived).
pub(super) fn margins_become_equal(limit: &Limit) -> bool {
    let multipliers = limit.multipliers();
    let largest = multipliers.iter().copied().fold(0.0, f64::max);
    multipliers
        .iter()
        .all(|&multiplier| multiplier > ZERO_MULTIPLIER * largest)
}

/// The limit of one configuration.
#[derive(Clone, Debug)]
pub struct LimitResult<'a> {
    /// What was asked for.
    pub run: &'a StudyRun,
    /// The near-orthogonality ratio `R_min²/(n p)` of its data; infinite where `p = 0`.
    pub ratio: f64,
    /// The limit, consistent and settled or not; where there is none, why.
    pub report: Result<LimitReport, String>,
}

/// Finds the limits of all runs, as many at a time as there are cores; the results are in the order of
/// the runs.
///
/// A run without a limit, for one that diverges, is no error but a result.
///
/// # Errors
///
/// The first error of a configuration or its data.
pub(crate) fn find_limits<'a>(
    runs: &'a [StudyRun],
    progress: &Progress,
) -> Result<Vec<LimitResult<'a>>, LabError> {
    // The cost grows with the dimension.
    let costs: Vec<f64> = runs
        .iter()
        .map(|run| run.settings.dim.unwrap_or(1) as f64)
        .collect();
    let results = in_parallel(&costs, cores(), progress, &|| true, &|index, _| {
        find(&runs[index])
    });
    results.into_iter().flatten().collect()
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

    fn run(label: &str, settings: Settings) -> StudyRun {
        StudyRun {
            panel: "leaky ReLU".into(),
            label: label.into(),
            parameter: 0.1,
            settings: Settings {
                samples: Some(6),
                width: Some(4),
                ..settings
            },
        }
    }

    #[test]
    fn limits_come_in_the_order_of_their_runs_and_a_missing_one_is_said() {
        let small = Settings {
            dim: Some(40),
            ..Settings::default()
        };
        let unstable = Settings {
            step_size: Some(1e308),
            steps: Some(Steps::try_from(1e4).unwrap()),
            ..small.clone()
        };
        let large = Settings {
            dim: Some(400),
            ..small.clone()
        };
        let runs = [
            run("small", small),
            run("unstable", unstable),
            run("large", large),
        ];
        let found = find_limits(&runs, &Progress::new("test")).unwrap();
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
        let bad = Settings {
            slope: Some(2.0),
            ..Settings::default()
        };
        assert!(find_limits(&[run("bad", bad)], &Progress::new("test")).is_err());
        assert!(find_limits(&[], &Progress::new("test")).unwrap().is_empty());
    }
}

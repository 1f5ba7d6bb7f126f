//! Many independent runs at once.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::conclusion::RunRecord;
use crate::config::{DataSource, EngineKind, InitSource, RunConfig};
use crate::pool::{all_threads, in_parallel, share};
use crate::run::RunOptions;
use crate::spine::{Report, Resumed, begin_or_resume};
use crate::{LabError, Progress};
use implicit_bias_record::StopReason;

/// Most runs of which each gets figures and a report of its own.
const MOST_REPORTS: usize = 500;

/// Runs all configurations, as many at a time as there are threads, under one progress bar, each in a
/// directory of its own in `parent`, where it goes on with what is there of it; the records come
/// back in the order of the configurations.
///
/// # Errors
///
/// The first error of a run, once the runs in flight have ended; [`LabError::Interrupted`] where
/// `interrupted` told them to stop, with a checkpoint each.
pub fn execute_all(
    configs: &[RunConfig],
    parent: &Path,
    progress: &Progress,
    interrupted: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<RunRecord>, LabError> {
    let names = names(configs);
    let costs: Vec<f64> = configs.iter().map(cost).collect();
    let jobs = all_threads().min(configs.len());
    let threads = share(jobs)?;
    // A report a run takes longer than many a run does; `report` makes that of any run later.
    let report = if configs.len() > MOST_REPORTS {
        Report::LeftOut
    } else {
        Report::Written
    };
    let failed = AtomicBool::new(false);
    let goes_on = || !failed.load(Ordering::Relaxed) && !interrupted();
    let results = in_parallel(&costs, jobs, progress, &goes_on, &|index, advance| {
        let result = begin_or_resume(
            &configs[index],
            &parent.join(&names[index]),
            None,
            RunOptions {
                parent,
                threads,
                keep_checkpoint: false,
                progress: &mut |fraction| {
                    advance(fraction);
                    goes_on()
                },
                stage: &mut |_, _| {},
                announce: &mut |_| {},
                warn: &mut |text| progress.line(text),
            },
            report,
        );
        failed.fetch_or(result.is_err(), Ordering::Relaxed);
        result
    });
    // An error leaves later runs undone, so it comes first whatever its place.
    let mut records = Vec::with_capacity(configs.len());
    for result in results.into_iter().flatten() {
        let (Resumed::AlreadyEnded(record) | Resumed::WentOn(record)) = result?;
        records.push(record);
    }
    let left = |record: &RunRecord| matches!(record.stop(), Some(StopReason::Interrupted { .. }));
    if records.len() < configs.len() || records.iter().any(left) {
        return Err(LabError::Interrupted);
    }
    Ok(records)
}

/// A name for the directory of each run.
fn names(configs: &[RunConfig]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(configs.len());
    for config in configs {
        let name = config.run_name();
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut all = std::iter::once(name.clone()).chain(numbered);
        names.extend(all.find(|name| !names.contains(name)));
    }
    names
}

/// About how much a run costs, in arbitrary units: the products of a step, in weight space or in
/// Gram coordinates, which are exact for so many steps only.
pub(crate) fn cost(config: &RunConfig) -> f64 {
    let (samples, dim) = match &config.data {
        DataSource::Law(law) => law.law().shape(),
        DataSource::File { choice, .. } => {
            let classes = config.data.class_names().map_or(2, <[String]>::len);
            (classes * choice.per_class.unwrap_or(50), 784)
        }
    };
    let width = match config.init {
        InitSource::Drawn { .. } => config.width().unwrap_or(1),
        InitSource::File(_) => 100,
    };
    let (samples, dim) = (samples as f64, dim as f64);
    let steps = config.steps.get();
    let (columns, steps) = match config.engine {
        EngineKind::Tensor => (2.0 * dim, steps),
        EngineKind::Gram => (samples, steps.min(config.exact_steps.get())),
        EngineKind::Auto => (samples.min(2.0 * dim), steps.min(config.exact_steps.get())),
    };
    // A step has some overhead even where the products are tiny.
    (width as f64 * samples * columns + 1e5) * steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn interrupted_runs_leave_checkpoints_and_the_same_call_goes_on() {
        let config = |seed: u64| {
            let settings = Settings::default()
                .with("engine", "tensor")
                .with("dim", 200)
                .with("width", 20)
                .with("steps", 20_000)
                .with("seed", seed);
            RunConfig::resolve(&settings).unwrap()
        };
        let configs = [config(1), config(2)];
        let folder = tempfile::tempdir().unwrap();
        let [cut, whole] = ["cut", "whole"].map(|name| folder.path().join(name));
        let progress = Progress::new("test");
        let asked = AtomicUsize::new(0);
        // Each run asks after every chunk of its steps, of which there are more.
        let soon = || asked.fetch_add(1, Ordering::Relaxed) > 8;
        let stopped = execute_all(&configs, &cut, &progress, &soon);
        assert!(matches!(stopped, Err(LabError::Interrupted)));
        let names = names(&configs);
        let checkpoints = names
            .iter()
            .filter(|name| cut.join(name).join("checkpoint").exists());
        assert!(checkpoints.count() > 0, "what was in flight has one");
        let records = execute_all(&configs, &cut, &progress, &|| false).unwrap();
        let others = execute_all(&configs, &whole, &progress, &|| false).unwrap();
        for ((record, other), name) in records.iter().zip(&others).zip(&names) {
            assert_eq!(record.series, other.series);
            assert_eq!(record.claims, other.claims);
            let page = |folder: &Path| std::fs::read(folder.join(name).join("report.html"));
            assert!(page(&cut).unwrap() == page(&whole).unwrap());
        }
    }
}

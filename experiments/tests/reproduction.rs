//! Runs that end early, in a report of studies.

use std::path::Path;

use implicit_bias_experiments::kou;
use implicit_bias_lab::config::Settings;
use implicit_bias_lab::study::{Effort, Headline, Reproduction, Watch};
use implicit_bias_lab::{Progress, RunDirectory};
use implicit_bias_record::StopReason;

/// Two equal samples with opposite labels stall the Gram engine; a huge step size makes it diverge.
fn study(folder: &Path, step_size: f64) -> Reproduction {
    let data = folder.join("contradiction.csv");
    std::fs::write(&data, "a,b,y\n1,0.2,1\n1,0.2,-1\n0.1,1,1\n").unwrap();
    let mut study = kou::leaky_slope(Effort::Quick);
    study.runs.truncate(1);
    study.limits.clear();
    let settings = &mut study.runs[0].settings;
    *settings = Settings::default()
        .with("data", data)
        .with("activation", settings.get("activation").cloned())
        .with("width", 4)
        .with("step-size", step_size)
        .with("steps", 1e300)
        .with("exact-steps", 1e3);
    let directory = RunDirectory::create(&folder.join("out")).unwrap();
    let headline = Headline {
        origin: "",
        title: "test",
        introduction: "A test.",
        command: "test",
    };
    let progress = Progress::new("test");
    Reproduction::of(&[study], &headline, directory, Watch::to_the_end(&progress)).unwrap()
}

#[test]
fn a_stalled_run_is_named_and_fails_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let found = study(folder.path(), 0.1);
    let stop = found.records()[0].stop().unwrap();
    assert!(matches!(stop, StopReason::Stalled { .. }), "{stop}");
    assert!(found.completed());
    let text = found.early_stops_text();
    assert!(text.contains(&format!("({stop})")), "{text}");
}

#[test]
fn a_diverged_run_is_named_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let found = study(folder.path(), 1e30);
    assert!(!found.completed(), "{}", found.early_stops_text());
    assert_eq!(found.early_stops_text().lines().count(), 1);
}

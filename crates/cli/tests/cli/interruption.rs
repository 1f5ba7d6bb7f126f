//! Being cut off: by the system, or by the reader of the output.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{folder, program, run};

/// Kills a run of far too many steps as soon as it has written a table.
#[test]
fn a_killed_run_leaves_a_directory_that_report_reads() {
    let folder = folder();
    let mut child = program(folder.path())
        .args([
            "train", "--engine", "tensor", "--dim", "50", "--steps", "1e12", "--out", "run",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let table = folder.path().join("run/margins.csv");
    let deadline = Instant::now() + Duration::from_secs(60);
    while !table.exists() && Instant::now() < deadline {
        std::thread::yield_now();
    }
    child.kill().expect("it still runs");
    child.wait().expect("it ended");
    assert!(table.exists(), "no table within a minute");

    let outcome = run(folder.path(), &["report", "run"]).ok();
    assert!(
        outcome.stdout.contains("stopped: cut off"),
        "{}",
        outcome.stdout
    );
    assert!(folder.path().join("run/report.html").is_file());
}

/// The two tables of a record are two files, renamed into place one after the other.
#[test]
fn a_run_cut_off_between_its_two_tables_is_read_up_to_the_last_whole_record() {
    let folder = folder();
    run(
        folder.path(),
        &["train", "--dim", "50", "--steps", "100", "--out", "run"],
    )
    .ok();
    let path = |name: &str| folder.path().join("run").join(name);
    let read = |name: &str| fs::read_to_string(path(name)).expect("a finished run");
    let manifest = read("manifest.json");
    let (start, _) = manifest.split_once("\"stop\":").expect("it ended");
    fs::write(path("manifest.json"), format!("{start}\"stop\": null }}")).expect("writable");
    let margins = read("margins.csv");
    let (all_but_one, _) = margins.trim_end().rsplit_once('\n').expect("many rows");
    fs::write(path("margins.csv"), format!("{all_but_one}\n")).expect("writable");

    let outcome = run(folder.path(), &["report", "run"]).ok();
    assert!(
        outcome.stdout.contains("stopped: cut off"),
        "{}",
        outcome.stdout
    );

    // A run that says it ended has no such excuse.
    fs::write(path("manifest.json"), manifest).expect("writable");
    let outcome = run(folder.path(), &["report", "run"]);
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome
            .stderr
            .starts_with("error: run/margins.csv: expected"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn damaged_tables_are_named_with_the_line() {
    let folder = folder();
    run(
        folder.path(),
        &["train", "--dim", "50", "--steps", "100", "--out", "run"],
    )
    .ok();
    let path = folder.path().join("run/series.csv");
    let series = fs::read_to_string(&path).expect("a finished run");
    fs::write(&path, &series[..series.len() - 40]).expect("writable");
    let outcome = run(folder.path(), &["report", "run"]);
    assert_eq!(outcome.code, Some(2));
    let rows = series.lines().count();
    assert!(
        outcome
            .stderr
            .contains(&format!("run/series.csv: line {rows}: ")),
        "{}",
        outcome.stderr
    );
}

/// `implicit-bias … | head -0`: nobody reads, which is not the program's failure.
#[test]
fn a_closed_pipe_on_stdout_is_no_panic() {
    let folder = folder();
    for arguments in [
        ["devices"].as_slice(),
        &["train", "--dim", "50", "--steps", "100", "--json"],
        &["train", "--help"],
    ] {
        let mut child = program(folder.path())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
    }
}

//! Runs that are cut off and go on, held byte by byte to runs that are not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Outcome, folder, program, read, run};

/// Every file of a run directory but the manifest, which alone knows times.
pub fn files(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in run.read_dir().expect("a run directory") {
        let path = entry.expect("readable").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        // Whether there was time for a second checkpoint depends on the machine.
        let differs = name == "manifest.json" || name == "checkpoint.previous";
        if path.is_file() && !differs {
            files.insert(name, fs::read(&path).expect("readable"));
        } else if path.is_dir() {
            for (inner, bytes) in self::files(&path) {
                files.insert(format!("{name}/{inner}"), bytes);
            }
        }
    }
    files
}

pub fn assert_same(found: &Path, expected: &Path) {
    let (found, expected) = (files(found), files(expected));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected));
    for (name, bytes) in &found {
        assert!(bytes == &expected[name], "{name} differs");
    }
}

/// Starts a command that is to be cut off.
pub fn start(folder: &Path, arguments: &[&str]) -> Child {
    program(folder)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

pub fn wait_for(what: &Path, child: &mut Child) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !what.exists() && Instant::now() < deadline {
        assert!(
            child.try_wait().expect("a child").is_none(),
            "it ended before {}",
            what.display()
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(what.exists(), "no {} within a minute", what.display());
}

pub fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(status.expect("kill is everywhere").success());
}

pub fn end(child: Child) -> Outcome {
    let clock = Instant::now();
    let output = child.wait_with_output().expect("it ends");
    Outcome {
        code: output.status.code(),
        stdout: String::new(),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        time: clock.elapsed(),
    }
}

/// A run of some seconds on each engine; the Gram engine goes far.
const GRAM: [&str; 11] = [
    "train",
    "--dim",
    "200",
    "--activation",
    "relu",
    "--steps",
    "1e30",
    "--exact-steps",
    "2e6",
    "--checkpoint-interval",
    "0",
];
const TENSOR: [&str; 11] = [
    "train",
    "--engine",
    "tensor",
    "--dim",
    "100",
    "--width",
    "20",
    "--steps",
    "6e4",
    "--checkpoint-interval",
    "0",
];

pub fn to<'a>(arguments: &[&'a str], out: &'a str) -> Vec<&'a str> {
    [arguments, &["--out", out]].concat()
}

#[test]
fn a_signal_finishes_the_step_and_the_run_goes_on_as_if_it_had_not_come() {
    for (arguments, name, code) in [(GRAM, "-INT", 130), (TENSOR, "-TERM", 143)] {
        let folder = folder();
        let path = |name: &str| folder.path().join(name);
        run(folder.path(), &to(&arguments, "whole")).ok();

        let mut child = start(folder.path(), &to(&arguments, "cut"));
        wait_for(&path("cut/checkpoint"), &mut child);
        signal(&child, name);
        let outcome = end(child);
        assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
        assert!(
            outcome.stderr.contains("implicit-bias resume cut"),
            "{}",
            outcome.stderr
        );
        assert!(read(path("cut/manifest.json")).contains("\"interrupted\""));
        assert!(path("cut/report.html").exists() && !path("cut/lock").exists());

        run(folder.path(), &["resume", "cut"]).ok();
        assert_same(&path("cut"), &path("whole"));
        let again = run(folder.path(), &["resume", "cut"]).ok();
        assert!(
            again.stderr.contains("nothing to do: completed at step"),
            "{}",
            again.stderr
        );
        assert_same(&path("cut"), &path("whole"));
    }
}

/// Kills a run over and over, each time a little later, most often while it writes a checkpoint.
#[test]
fn a_run_that_is_killed_over_and_over_ends_as_one_that_is_not() {
    for (arguments, kills) in [(GRAM, 8), (TENSOR, 8)] {
        let folder = folder();
        let path = |name: &str| folder.path().join(name);
        run(folder.path(), &to(&arguments, "whole")).ok();
        let mut child = start(folder.path(), &to(&arguments, "cut"));
        wait_for(&path("cut/manifest.json"), &mut child);
        for kill in 1..=kills {
            std::thread::sleep(Duration::from_millis(37 * kill % 150));
            let _ = child.kill();
            child.wait().expect("it ended");
            child = start(
                folder.path(),
                &["resume", "cut", "--checkpoint-interval", "0"],
            );
        }
        let outcome = end(child);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        // Temporary files of a write that was cut off are nobody's.
        assert_same(&path("cut"), &path("whole"));
    }
}

#[test]
fn a_longer_run_is_the_shorter_one_extended() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let short = ["train", "--dim", "100", "--steps", "1e4"];
    run(folder.path(), &to(&short, "extended")).ok();
    let longer = ["train", "--dim", "100", "--steps", "1e6"];
    run(folder.path(), &to(&longer, "whole")).ok();
    run(folder.path(), &["resume", "extended", "--steps", "1e6"]).ok();
    assert_same(&path("extended"), &path("whole"));
    let fewer = run(folder.path(), &["resume", "extended", "--steps", "100"]);
    assert_eq!(fewer.code, Some(2));
    assert!(
        fewer
            .stderr
            .contains("steps: expected at least the 1000000 steps"),
        "{}",
        fewer.stderr
    );
}

#[test]
fn two_processes_do_not_share_a_run_directory() {
    let folder = folder();
    let mut child = start(
        folder.path(),
        &to(
            &[
                "train",
                "--engine",
                "tensor",
                "--steps",
                "1e12",
                "--checkpoint-interval",
                "0",
            ],
            "run",
        ),
    );
    wait_for(&folder.path().join("run/checkpoint"), &mut child);
    let other = run(folder.path(), &["resume", "run"]);
    assert_eq!(other.code, Some(2));
    let owner = format!("in use by process {}", child.id());
    assert!(other.stderr.contains(&owner), "{}", other.stderr);
    child.kill().expect("it still runs");
    child.wait().expect("it ended");
}

#[test]
fn damaged_and_edited_files_are_named() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    run(folder.path(), &to(&GRAM, "whole")).ok();
    let mut child = start(folder.path(), &to(&GRAM, "cut"));
    wait_for(&path("cut/checkpoint.previous"), &mut child);
    signal(&child, "-INT");
    end(child);
    // As a kill in the middle of a write leaves it.
    fs::write(path("cut/.writing-abc"), "half").expect("writable");

    let config = read(path("cut/config.toml"));
    fs::write(path("cut/config.toml"), config.replace("0.1", "0.2")).expect("writable");
    let edited = run(folder.path(), &["resume", "cut"]);
    assert_eq!(edited.code, Some(2));
    assert!(
        edited
            .stderr
            .starts_with("error: cut/config.toml: expected"),
        "{}",
        edited.stderr
    );
    fs::write(path("cut/config.toml"), config).expect("writable");

    let checkpoint = fs::read(path("cut/checkpoint")).expect("there is one");
    fs::write(path("cut/checkpoint"), &checkpoint[..checkpoint.len() / 2]).expect("writable");
    let fallen_back = run(folder.path(), &["resume", "cut"]).ok();
    assert!(
        fallen_back.stderr.contains("cut/checkpoint: expected"),
        "{}",
        fallen_back.stderr
    );
    assert_same(&path("cut"), &path("whole"));
}

#[test]
fn what_is_no_run_directory_is_left_alone() {
    let folder = folder();
    fs::create_dir(folder.path().join("empty")).expect("writable");
    for name in ["empty", "missing"] {
        let outcome = run(folder.path(), &["resume", name]);
        assert_eq!(outcome.code, Some(2));
        assert!(
            outcome
                .stderr
                .starts_with(&format!("error: {name}/manifest.json: ")),
            "{}",
            outcome.stderr
        );
    }
    assert_eq!(
        folder
            .path()
            .join("empty")
            .read_dir()
            .expect("a folder")
            .count(),
        0
    );
    assert!(!folder.path().join("missing").exists());
}

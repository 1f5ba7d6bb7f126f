//! Sweeps: the same bytes whoever does them, and nothing done twice.

use std::fs;
use std::path::Path;

use crate::resume::{assert_same, files, signal, start, wait_for};
use crate::support::{Outcome, finish, folder, program, read, run};

/// Both engines, numbers and names, in eight runs.
pub const PLAN: &str = "\
samples = 5
dim = 40
width = 3
steps = 300
seeds = 2
[grid]
engine = ['tensor', 'gram']
[[list]]
activation = 'relu'
[[list]]
slope = 0.2
";

pub fn plan(folder: &Path, text: &str) {
    fs::write(folder.join("plan.toml"), text).expect("writable");
}

pub fn sweep(folder: &Path, more: &[&str]) -> Outcome {
    run(folder, &[&["sweep", "plan.toml"], more].concat())
}

pub fn rows(folder: &Path, sweep: &str) -> Vec<String> {
    let text = read(folder.join(sweep).join("sweep.csv"));
    text.lines().map(str::to_owned).collect()
}

#[test]
fn jobs_shards_and_threads_change_no_byte() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    plan(folder.path(), PLAN);
    let outcome = sweep(folder.path(), &["--out", "one", "--jobs", "1"]).ok();
    assert!(
        outcome.stdout.contains("8 runs: 8 completed"),
        "{}",
        outcome.stdout
    );
    sweep(folder.path(), &["--out", "many", "--jobs", "7"]).ok();
    assert_same(&path("many"), &path("one"));

    for shard in ["3/3", "1/3", "2/3"] {
        sweep(folder.path(), &["--out", "parts", "--shard", shard]).ok();
        assert!(!path("parts/sweep.csv").exists());
    }
    run(
        folder.path(),
        &["sweep", "collect", "plan.toml", "--out", "parts"],
    )
    .ok();
    assert_same(&path("parts"), &path("one"));

    // A run by itself is that of the sweep, whatever the threads; it keeps its last checkpoint and
    // is drawn.
    let large =
        "samples = 150\ndim = 160\nwidth = 90\nsteps = 40\nstep-size = 0.01\nactivation = 'relu'\n";
    plan(
        folder.path(),
        &format!("{large}[grid]\nengine = ['tensor', 'gram']"),
    );
    sweep(folder.path(), &["--out", "large"]).ok();
    for (index, threads) in ["1", "3"].into_iter().enumerate() {
        for engine in ["tensor", "gram"] {
            fs::write(path("alone.toml"), large).expect("writable");
            let out = format!("alone-{engine}-{index}");
            let mut command = program(folder.path());
            command.args(["train", "alone.toml", "--engine", engine, "--out", &out]);
            finish(command.env("RAYON_NUM_THREADS", threads)).ok();
            let alone = files(&path(&out));
            let config = &alone["config.toml"];
            let of_sweep = files(&path("large"));
            let (same, _) = of_sweep
                .iter()
                .find(|(name, bytes)| name.ends_with("config.toml") && *bytes == config)
                .expect("the sweep has that run");
            let run = same.trim_end_matches("config.toml");
            for name in [
                "series.csv",
                "margins.csv",
                "weights.safetensors",
                "claims.json",
                "limit.json",
            ] {
                assert!(
                    alone[name] == of_sweep[&format!("{run}{name}")],
                    "{engine} {threads} {name}"
                );
            }
        }
    }
}

#[test]
fn what_has_ended_is_skipped_and_what_is_added_is_done() {
    let folder = folder();
    plan(folder.path(), PLAN);
    let first = sweep(folder.path(), &["--json"]).ok().json();
    assert_eq!(first["ended"], 8);
    assert_eq!(first["sweep_dir"], "runs/plan");
    let manifests = || {
        let runs = folder.path().join("runs/plan/runs");
        let mut texts: Vec<String> = runs
            .read_dir()
            .expect("a folder")
            .map(|entry| read(entry.expect("readable").path().join("manifest.json")))
            .collect();
        texts.sort();
        texts
    };
    let before = manifests();
    let again = sweep(folder.path(), &["--json"]).ok().json();
    assert_eq!((&again["ended"], &again["skipped"]), (&0.into(), &8.into()));
    assert_eq!(manifests(), before);
    plan(folder.path(), &PLAN.replace("seeds = 2", "seeds = 3"));
    let collected = run(folder.path(), &["sweep", "collect", "plan.toml"]);
    assert_eq!(collected.code, Some(1), "four runs are missing");
    assert!(
        collected.stdout.contains("12 runs: 8 completed, 4 missing"),
        "{}",
        collected.stdout
    );
    let more = sweep(folder.path(), &["--json"]).ok().json();
    assert_eq!((&more["ended"], &more["skipped"]), (&4.into(), &8.into()));
    assert_eq!(rows(folder.path(), "runs/plan").len(), 13);
}

#[test]
fn a_run_that_fails_leaves_the_others_and_is_not_tried_again_unasked() {
    let folder = folder();
    plan(
        folder.path(),
        "width = 2\nsteps = 50\n[[list]]\ndata = 'a.csv'\n[[list]]\ndim = 10\nseed = 3",
    );
    let outcome = sweep(folder.path(), &[]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stderr.contains("failed: ") && outcome.stderr.contains("a.csv"),
        "{}",
        outcome.stderr
    );
    let table = rows(folder.path(), "runs/plan");
    assert!(
        table[1].contains(",failed,") && table[1].contains("a.csv"),
        "{}",
        table[1]
    );
    assert!(table[2].contains(",completed,"), "{}", table[2]);

    fs::write(folder.path().join("a.csv"), "y,x1,x2\n1,1,0\n-1,0,1\n").expect("writable");
    let again = sweep(folder.path(), &[]);
    assert_eq!(again.code, Some(1), "it is told, not tried");
    assert!(again.stderr.contains("--retry-failed"), "{}", again.stderr);
    let tried = sweep(folder.path(), &["--retry-failed", "--json"])
        .ok()
        .json();
    assert_eq!((&tried["ended"], &tried["skipped"]), (&1.into(), &1.into()));
    assert_eq!(
        folder
            .path()
            .join("runs/plan/failed")
            .read_dir()
            .expect("a folder")
            .count(),
        0
    );
}

#[test]
fn an_interrupted_sweep_goes_on_as_if_it_had_not_been() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    plan(
        folder.path(),
        "dim = 100\nwidth = 20\nsteps = 2e4\nengine = 'tensor'\ncheckpoint-interval = 0\nseeds = 6",
    );
    sweep(folder.path(), &["--out", "whole"]).ok();
    let arguments = ["sweep", "plan.toml", "--out", "cut"];
    let mut child = start(folder.path(), &arguments);
    wait_for(&path("cut/runs"), &mut child);
    std::thread::sleep(std::time::Duration::from_millis(100));
    signal(&child, "-TERM");
    assert_eq!(child.wait().expect("it ended").code(), Some(143));
    assert!(
        rows(folder.path(), "cut")
            .iter()
            .any(|row| row.contains(",unfinished,"))
    );
    // Killed without notice, twice.
    for _ in 0..2 {
        let mut child = start(folder.path(), &arguments);
        std::thread::sleep(std::time::Duration::from_millis(120));
        let _ = child.kill();
        child.wait().expect("it ended");
    }
    sweep(folder.path(), &["--out", "cut"]).ok();
    assert_same(&path("cut"), &path("whole"));
}

#[test]
fn plans_and_flags_that_make_no_sense_are_refused() {
    let folder = folder();
    for (text, said) in [
        (
            "steps = 3",
            "error: plan.toml: expected `seeds`, a table `grid` or tables `list`, found none",
        ),
        (
            "[grid]\nslope = [0.1, 3.0]",
            "error: plan.toml: the run with slope = 3.0: slope: expected",
        ),
        ("seeds = 2\n[grid]\nwidht = [1]", "unknown field `widht`"),
    ] {
        plan(folder.path(), text);
        let outcome = sweep(folder.path(), &[]);
        assert_eq!(outcome.code, Some(2));
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    }
    let missing = run(folder.path(), &["sweep", "missing.toml"]);
    assert_eq!(missing.code, Some(2));
    assert!(
        missing.stderr.starts_with("error: missing.toml: "),
        "{}",
        missing.stderr
    );
    plan(folder.path(), "seeds = 2");
    for flags in [["--shard", "0/2"], ["--shard", "3/2"], ["--jobs", "0"]] {
        assert_eq!(sweep(folder.path(), &flags).code, Some(2));
    }
    let many = run(
        folder.path(),
        &["sweep", "slurm", "plan.toml", "--tasks", "3"],
    );
    assert_eq!(many.code, Some(2));
    assert!(
        many.stderr.starts_with("error: tasks: expected at most"),
        "{}",
        many.stderr
    );
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn a_slurm_script_names_the_plan_and_its_folder_from_the_root() {
    let folder = folder();
    plan(folder.path(), "seeds = 5");
    let outcome = run(
        folder.path(),
        &[
            "sweep",
            "slurm",
            "plan.toml",
            "--tasks",
            "2",
            "--cores",
            "4",
        ],
    )
    .ok();
    let root = folder.path().canonicalize().expect("it exists");
    for line in [
        "#SBATCH --array=1-2".to_owned(),
        "#SBATCH --cpus-per-task=4".to_owned(),
        format!("sweep '{}/plan.toml' \\", root.display()),
        format!("--out='{}/runs/plan' \\", root.display()),
        "--shard \"$SLURM_ARRAY_TASK_ID/2\"".to_owned(),
    ] {
        assert!(outcome.stdout.contains(&line), "{line}\n{}", outcome.stdout);
    }
}

//! Sweeps: the same bytes whoever does them, and nothing done twice.

use std::fs;
use std::path::Path;

use crate::resume::{assert_same, files, signal, start, wait_for};
use crate::support::{Outcome, finish, folder, program, read, run};

/// Both engines, numbers and names, in eight runs.
const PLAN: &str = "\
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

fn plan(folder: &Path, text: &str) {
    fs::write(folder.join("plan.toml"), text).expect("writable");
}

fn sweep(folder: &Path, more: &[&str]) -> Outcome {
    run(folder, &[&["sweep", "plan.toml"], more].concat())
}

fn rows(folder: &Path, sweep: &str) -> Vec<String> {
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

/// A table as columns by name, of text.
fn column(folder: &Path, sweep: &str, name: &str) -> Vec<String> {
    let rows = rows(folder, sweep);
    let header: Vec<&str> = rows[0].split(',').collect();
    let places: Vec<usize> = (0..header.len()).filter(|&i| header[i] == name).collect();
    let [place] = places[..] else {
        panic!("one column {name} in {header:?}")
    };
    let field = |row: &String| row.split(',').nth(place).expect("a field").to_owned();
    rows[1..].iter().map(field).collect()
}

#[test]
fn the_table_has_all_keys_those_that_vary_first_and_no_name_twice() {
    let folder = folder();
    plan(
        folder.path(),
        "dim = 60\nsamples = 5\nsteps = '1e30'\nexact-steps = 1000\n\
         [grid]\nwidth = [3, 4]\nloss = ['logistic', 'exponential']",
    );
    sweep(folder.path(), &[]).ok();
    let table = rows(folder.path(), "runs/plan");
    assert!(table[0].starts_with("run,key_loss,width,"), "{}", table[0]);
    for (name, value) in [
        ("steps", "1e+30"),
        ("exact-steps", "1000"),
        ("slope", "0.1"),
        ("activation", "leaky-relu"),
        ("seed", "0"),
        ("step", "1e+30"),
        ("optimizer", "gd"),
    ] {
        let found = column(folder.path(), "runs/plan", name);
        assert!(
            found.iter().all(|field| field == value),
            "{name}: {found:?}"
        );
    }
    let loss = column(folder.path(), "runs/plan", "key_loss");
    assert_eq!(loss, ["logistic", "logistic", "exponential", "exponential"]);
    let values = column(folder.path(), "runs/plan", "loss");
    assert!(
        values.iter().all(|value| value.parse::<f64>().is_ok()),
        "{values:?}"
    );
    let header: Vec<&str> = table[0].split(',').collect();
    for name in &header {
        assert_eq!(
            header.iter().filter(|other| other == &name).count(),
            1,
            "{name}"
        );
    }
}

#[test]
fn more_steps_go_on_from_the_shorter_runs_and_end_as_if_they_had_not() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    plan(folder.path(), PLAN);
    sweep(folder.path(), &["--out", "grown"]).ok();
    plan(folder.path(), &PLAN.replace("steps = 300", "steps = 4321"));
    let dry = sweep(folder.path(), &["--out", "grown", "--dry-run"]).ok();
    assert!(
        dry.stdout.contains("8 of them go on from shorter runs"),
        "{}",
        dry.stdout
    );
    sweep(folder.path(), &["--out", "grown"]).ok();
    sweep(folder.path(), &["--out", "anew"]).ok();
    let runs = path("anew/runs");
    for run in runs.read_dir().expect("a folder") {
        let name = run.expect("readable").file_name();
        assert_same(&path("grown/runs").join(&name), &runs.join(&name));
    }
    assert_eq!(read(path("grown/sweep.csv")), read(path("anew/sweep.csv")));
    // The shorter ones are there still, and were not done again.
    assert_eq!(path("grown/runs").read_dir().expect("a folder").count(), 16);

    // Cut off before its own first checkpoint, an extended run still goes on from the shorter one.
    let long = "dim = 80\nwidth = 12\nengine = 'tensor'\nsteps = STEPS\nseeds = 1\n";
    plan(folder.path(), &long.replace("STEPS", "3e4"));
    sweep(folder.path(), &["--out", "one"]).ok();
    plan(folder.path(), &long.replace("STEPS", "1.2e5"));
    for _ in 0..3 {
        let mut child = start(folder.path(), &["sweep", "plan.toml", "--out", "one"]);
        std::thread::sleep(std::time::Duration::from_millis(150));
        let _ = child.kill();
        child.wait().expect("it ended");
    }
    sweep(folder.path(), &["--out", "one"]).ok();
    sweep(folder.path(), &["--out", "two"]).ok();
    assert_eq!(read(path("one/sweep.csv")), read(path("two/sweep.csv")));
}

#[test]
fn two_sweeps_at_once_in_one_folder_share_the_runs_and_fail_none() {
    let folder = folder();
    let text = "samples = 5\ndim = 40\nwidth = 3\nsteps = 300\nseeds = 40\n";
    plan(folder.path(), text);
    sweep(folder.path(), &["--out", "alone"]).ok();
    for round in 0..6 {
        let out = format!("both{round}");
        let arguments = ["sweep", "plan.toml", "--out", &out];
        let children = [0, 1].map(|_| start(folder.path(), &arguments));
        for child in children {
            let outcome = crate::resume::end(child);
            assert!(!outcome.stderr.contains("failed"), "{}", outcome.stderr);
            assert!(matches!(outcome.code, Some(0 | 1)), "{}", outcome.stderr);
        }
        let failed = folder.path().join(&out).join("failed");
        assert!(!failed.exists(), "round {round}");
        sweep(folder.path(), &["--out", &out]).ok();
        assert_same(&folder.path().join(&out), &folder.path().join("alone"));
    }
}

#[test]
fn a_sweep_over_precisions_is_done_in_processes() {
    let folder = folder();
    plan(
        folder.path(),
        "samples = 5\ndim = 40\nwidth = 3\nsteps = 200\nengine = 'tensor'\nseeds = 3\n\
         [grid]\nprecision = ['f32', 'f64']",
    );
    let outcome = sweep(folder.path(), &["--jobs", "2", "--json"]).ok().json();
    assert_eq!(
        (&outcome["ended"], &outcome["failed"]),
        (&6.into(), &0.into())
    );
    assert_eq!(outcome["states"]["completed"], 6);
    let again = sweep(folder.path(), &["--json"]).ok().json();
    assert_eq!((&again["ended"], &again["skipped"]), (&0.into(), &6.into()));
    // An interruption reaches the other process.
    plan(
        folder.path(),
        "dim = 60\nsteps = 1e12\nengine = 'tensor'\n[grid]\nprecision = ['f32', 'f64']",
    );
    let mut child = start(folder.path(), &["sweep", "plan.toml", "--out", "cut"]);
    wait_for(&folder.path().join("cut/runs"), &mut child);
    std::thread::sleep(std::time::Duration::from_millis(300));
    signal(&child, "-TERM");
    assert_eq!(child.wait().expect("it ended").code(), Some(143));
    let runs = folder.path().join("cut/runs").read_dir().expect("a folder");
    let checkpoints = runs.filter(|run| {
        let run = run.as_ref().expect("readable").path();
        run.join("checkpoint").exists() && !run.join("lock").exists()
    });
    assert_eq!(checkpoints.count(), 1);
}

#[test]
fn a_sweep_says_how_it_stands() {
    let folder = folder();
    let text = "dim = 60\nengine = 'tensor'\n[[list]]\nsteps = 100\n[[list]]\nsteps = 1e12\n\
                [[list]]\nsteps = 100\nseed = 2\n[[list]]\nsteps = 300\ndata = 'missing.csv'\n";
    plan(folder.path(), text);
    let status = |json: bool| {
        let more: &[&str] = if json { &["--json"] } else { &[] };
        run(
            folder.path(),
            &[&["sweep", "status", "plan.toml"], more].concat(),
        )
        .ok()
    };
    let before = status(true).json();
    assert_eq!((&before["runs"], &before["left"]), (&4.into(), &4.into()));
    assert!(before["seconds_left"].is_null() && before["operations_left"].as_f64() > Some(1e12));
    assert!(
        status(false)
            .stdout
            .contains("left: not known before a run has ended")
    );
    let dry = sweep(folder.path(), &["--dry-run"]).ok();
    assert!(dry.stdout.contains("4 to do"), "{}", dry.stdout);
    assert!(dry.stdout.contains("cost: at most "), "{}", dry.stdout);
    assert!(!folder.path().join("runs").exists(), "nothing is written");

    // The long run goes first, the others beside it.
    let mut child = start(folder.path(), &["sweep", "plan.toml", "--jobs", "2"]);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let stands = loop {
        let stands = status(true).json();
        let failed = stands["failed"].as_array().expect("a list").len();
        if stands["ended"] == 2 && failed == 1 {
            break stands;
        }
        assert!(std::time::Instant::now() < deadline, "{stands}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    assert_eq!(stands["running"][0]["process"], child.id());
    assert_eq!(stands["left"], 0);
    assert!(stands["seconds_left"].as_f64() > Some(1.0), "{stands}");
    let words = status(false).stdout;
    assert!(
        words.contains("4 runs: 2 ended, 1 running, 1 failed, 0 left"),
        "{words}"
    );
    assert!(
        words.contains(&format!(", process {}", child.id())),
        "{words}"
    );
    assert!(words.contains("missing.csv"), "{words}");
    signal(&child, "-INT");
    assert_eq!(child.wait().expect("it ended").code(), Some(130));
    let words = status(false).stdout;
    assert!(
        words.contains("0 running, 1 failed, 1 (1 of them begun) left"),
        "{words}"
    );
}

#[test]
fn figures_of_any_column_and_one_page_a_sweep() {
    let folder = folder();
    plan(
        folder.path(),
        "dim = 40\nsamples = 5\nsteps = 200\n[grid]\nwidth = [2, 3, 4]\n\
         slope = [0.1, 0.3]",
    );
    let outcome = sweep(
        folder.path(),
        &["--figure", "weight_norm", "--figure", "loss"],
    )
    .ok();
    for name in ["weight-norm", "loss", "stable-rank"] {
        let figure = format!("runs/plan/figures/{name}.svg");
        assert!(outcome.stdout.contains(&figure), "{}", outcome.stdout);
        assert!(folder.path().join(figure).exists());
    }
    let page = read(folder.path().join("runs/plan/report.html"));
    assert_eq!(page.matches("<figure").count(), 4);
    assert!(page.contains("6 runs: 6 completed. They differ in slope, width."));
    let collect = ["sweep", "collect", "plan.toml", "--figure"];
    let unknown = run(folder.path(), &[&collect[..], &["wieght_norm"]].concat());
    assert_eq!(unknown.code, Some(2));
    assert!(
        unknown.stderr.contains("did you mean `weight_norm`"),
        "{}",
        unknown.stderr
    );
    let words = run(folder.path(), &[&collect[..], &["verdict_loss"]].concat());
    assert_eq!(words.code, Some(2));
    assert!(
        words
            .stderr
            .contains("figure: expected a column of numbers"),
        "{}",
        words.stderr
    );
}

#[test]
fn two_sweeps_are_compared_run_by_run() {
    let folder = folder();
    plan(folder.path(), PLAN);
    for out in ["a", "b"] {
        sweep(folder.path(), &["--out", out]).ok();
    }
    let same = run(folder.path(), &["sweep", "compare", "a", "b"]).ok();
    assert!(
        same.stdout
            .contains("8 in both, by run; 8 of them are equal"),
        "{}",
        same.stdout
    );
    plan(folder.path(), &PLAN.replace("steps = 300", "steps = 500"));
    sweep(folder.path(), &["--out", "c"]).ok();
    let longer = run(
        folder.path(),
        &["sweep", "compare", "a", "c/sweep.csv", "--json"],
    );
    assert_eq!(longer.code, Some(1));
    let found = longer.json();
    assert_eq!(found["both"], 8);
    assert_eq!(found["settings"][0]["key"], "steps");
    let columns = found["columns"].as_array().expect("a list");
    assert!(
        columns
            .iter()
            .any(|column| column["column"] == "loss" && column["runs"] == 8)
    );
    let missing = run(folder.path(), &["sweep", "compare", "a", "nowhere"]);
    assert_eq!(missing.code, Some(2));
}

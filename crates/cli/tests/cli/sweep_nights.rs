//! Sweeps over nights: extended, shared, asked about, compared and pruned.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::resume::{assert_same, end, signal, start, wait_for};
use crate::support::{finish, folder, read, run};
use crate::sweep::{PLAN, plan, rows, sweep};

const BINARY: &str = env!("CARGO_BIN_EXE_implicit-bias");

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
    // So that it shows which runs began with these.
    for run in path("grown/runs").read_dir().expect("a folder") {
        let manifest = run.expect("readable").path().join("manifest.json");
        let own = format!("\"implicit_bias\": \"{}\"", env!("CARGO_PKG_VERSION"));
        let older = read(manifest.clone()).replace(&own, "\"implicit_bias\": \"0.0.1\"");
        fs::write(manifest, older).expect("writable");
    }
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
        let manifest = read(path("grown/runs").join(&name).join("manifest.json"));
        assert!(manifest.contains("0.0.1") && manifest.contains("continued_by"));
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
        for run in path("one/runs").read_dir().expect("a folder") {
            let run = run.expect("readable").path();
            let begun = run.join("manifest.json").exists();
            assert!(
                !begun || run.join("checkpoint").exists(),
                "{}",
                run.display()
            );
        }
    }
    sweep(folder.path(), &["--out", "one"]).ok();
    sweep(folder.path(), &["--out", "two"]).ok();
    assert_eq!(read(path("one/sweep.csv")), read(path("two/sweep.csv")));
}

/// Few steps do not pay for the set-up of Gram coordinates, more do.
const TWO_ENGINES: &str = "samples = 22\ndim = 6\nwidth = 5\nseeds = 2\n";

#[test]
fn a_run_that_would_have_another_engine_with_more_steps_begins_at_step_0() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let engines = |sweep: &str| column(folder.path(), sweep, "engine");
    plan(folder.path(), &format!("{TWO_ENGINES}steps = 30"));
    sweep(folder.path(), &["--out", "grown"]).ok();
    assert_eq!(engines("grown"), ["tensor", "tensor"]);
    for run in path("grown/runs").read_dir().expect("a folder") {
        let manifest = run.expect("readable").path().join("manifest.json");
        let own = format!("\"implicit_bias\": \"{}\"", env!("CARGO_PKG_VERSION"));
        let older = read(manifest.clone()).replace(&own, "\"implicit_bias\": \"0.0.1\"");
        fs::write(manifest, older).expect("writable");
    }
    let begun_with_them = |steps: &str, engine: &str, shorter: usize| {
        plan(folder.path(), &format!("{TWO_ENGINES}steps = {steps}"));
        let dry = sweep(folder.path(), &["--out", "grown", "--dry-run"]).ok();
        assert_eq!(
            dry.stdout.contains("go on from shorter runs"),
            shorter > 0,
            "{}",
            dry.stdout
        );
        sweep(folder.path(), &["--out", "grown"]).ok();
        sweep(folder.path(), &["--out", steps]).ok();
        assert_eq!(engines("grown"), [engine; 2]);
        for run in path(steps).join("runs").read_dir().expect("a folder") {
            let whole = run.expect("readable").path();
            let run = path("grown/runs").join(whole.file_name().expect("a name"));
            assert_same(&run, &whole);
            let begun = read(run.join("manifest.json")).contains("continued_by");
            assert_eq!(begun, shorter > 0, "{}", run.display());
        }
        assert_eq!(
            read(path("grown/sweep.csv")),
            read(path(steps).join("sweep.csv"))
        );
    };
    begun_with_them("40", "tensor", 2);
    begun_with_them("3000", "gram", 0);
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
            let outcome = end(child);
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

/// Without an answer, or with another one than yes, nothing is removed.
#[test]
fn what_a_plan_no_longer_has_is_removed_after_asking() {
    let folder = folder();
    let plan = |seeds: u32| {
        let text = format!("dim = 20\nsteps = 50\nseeds = {seeds}\n");
        fs::File::create(folder.path().join("plan.toml"))
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .expect("writable");
    };
    plan(5);
    run(folder.path(), &["sweep", "plan.toml"]).ok();
    let nothing = run(folder.path(), &["sweep", "prune", "plan.toml"]).ok();
    assert!(
        nothing.stdout.contains("nothing to remove"),
        "{}",
        nothing.stdout
    );
    plan(2);
    fs::create_dir(folder.path().join("runs/plan/runs/mine")).expect("writable");
    let asked = run(folder.path(), &["sweep", "prune", "plan.toml"]);
    assert_eq!(asked.code, Some(2));
    assert!(
        asked.stderr.contains("yes: expected this flag"),
        "{}",
        asked.stderr
    );
    let entries = || {
        folder
            .path()
            .join("runs/plan/runs")
            .read_dir()
            .unwrap()
            .count()
    };
    assert_eq!(entries(), 6);
    let answered = |answer: &str| {
        let script = format!("echo {answer} | {BINARY} sweep prune plan.toml");
        let mut command = Command::new("sh");
        finish(command.args(["-c", &script]).current_dir(folder.path()))
    };
    let no = answered("n");
    assert_eq!(no.code, Some(1));
    let asks = "remove 3 runs that the plan does not have";
    assert!(no.stderr.contains(asks), "{}", no.stderr);
    assert_eq!(entries(), 6);
    let removed = answered("y").ok();
    assert!(
        removed.stdout.contains("removed 3 of 3 runs"),
        "{}",
        removed.stdout
    );
    assert_eq!(entries(), 3);
    let again = run(folder.path(), &["sweep", "plan.toml"]).ok();
    assert!(
        again.stdout.contains("0 runs ended, 2 had ended before"),
        "{}",
        again.stdout
    );
}

#[test]
fn claims_of_a_sweep_are_a_table_for_a_paper() {
    let folder = folder();
    plan(
        folder.path(),
        "dim = 60\nsamples = 5\nsteps = '1e6'\nexact-steps = 1000\nwidth = 4\nseeds = 2\n\
         [grid]\nslope = [0.1, 0.5]",
    );
    sweep(folder.path(), &[]).ok();
    let text = |name: &str| {
        fs::read_to_string(folder.path().join("runs/plan").join(name)).expect("a table")
    };
    let markdown = text("claims.md");
    let (table, sources) = markdown.split_once("\n\n").expect("whose the claims are");
    assert!(
        sources.starts_with("Claims of Kou, Chen &amp; Gu ("),
        "{markdown}"
    );
    let lines: Vec<&str> = table.lines().collect();
    assert!(
        lines[0]
            .starts_with("| claim | setting | runs | measured | limit | predicted | supported |"),
        "{markdown}"
    );
    let of = |claim: &str| -> Vec<Vec<&str>> {
        let rows = lines
            .iter()
            .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
        rows.filter(|cells| cells[1] == claim).collect()
    };
    let loss = of("loss");
    assert_eq!(loss.len(), 2, "a row a setting: {markdown}");
    // What the table counts is what sweep.csv says run by run.
    let slopes = column(folder.path(), "runs/plan", "slope");
    let verdicts = column(folder.path(), "runs/plan", "verdict_loss");
    for (row, slope) in loss.iter().zip(["0.1", "0.5"]) {
        assert_eq!((row[2], row[3]), (format!("slope = {slope}").as_str(), "2"));
        let supported = slopes.iter().zip(&verdicts);
        let supported = supported.filter(|(own, verdict)| *own == slope && *verdict == "supported");
        assert_eq!(row[7], supported.count().to_string(), "{markdown}");
    }
    let latex = text("claims.tex");
    assert!(
        latex.contains("\\begin{tabular}") && latex.contains("slope = 0.5 & 2 &"),
        "{latex}"
    );
    assert_eq!(latex.matches("\\\\\n").count(), lines.len() - 1);
}

/// Two samples of each class in the plane, the first of them `first`.
fn write_table(path: &Path, first: &str) {
    let table = format!("a,b,y\n{first},1\n0.5,1,1\n-1,0.25,-1\n-0.5,-1,-1\n");
    fs::write(path, table).expect("a writable folder");
}

#[test]
fn the_data_of_a_sweep_are_known_by_their_content() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let of_data = |name: &str| {
        plan(
            folder.path(),
            &format!("data = '{name}'\nwidth = 3\nsteps = 50\nseeds = 2"),
        );
    };
    let directories = || {
        let entries = fs::read_dir(path("runs/plan/runs")).expect("runs");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("a name").file_name())
            .collect();
        names.sort();
        names
    };
    write_table(&path("first.csv"), "1,0.25");
    of_data("first.csv");
    sweep(folder.path(), &[]).ok();
    let (before, table) = (directories(), rows(folder.path(), "runs/plan"));
    // Moved: the same runs, which have ended.
    fs::create_dir(path("elsewhere")).expect("a writable folder");
    fs::rename(path("first.csv"), path("elsewhere/second.csv")).expect("moved");
    of_data("elsewhere/second.csv");
    let again = sweep(folder.path(), &[]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(
        again.stdout.starts_with("0 runs ended, 2 had ended before"),
        "{}",
        again.stdout
    );
    assert_eq!(directories(), before);
    let measured = |rows: &[String]| -> Vec<String> {
        let fields = rows
            .iter()
            .map(|row| row.split(',').rev().take(5).collect::<Vec<_>>().join(","));
        fields.collect()
    };
    assert_eq!(
        measured(&rows(folder.path(), "runs/plan")),
        measured(&table)
    );
    // One that was cut off goes on with the file where it is now, in its directory.
    let first = path("runs/plan/runs").join(&before[0]);
    let manifest = fs::read_to_string(first.join("manifest.json")).expect("a manifest");
    let mut manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    manifest["stop"] = serde_json::json!({ "reason": "interrupted", "step": 50 });
    fs::write(first.join("manifest.json"), manifest.to_string()).expect("a writable folder");
    let status = run(folder.path(), &["sweep", "status", "plan.toml"]);
    assert!(
        status.stdout.contains("2 runs: 1 ended"),
        "{}",
        status.stdout
    );
    let on = sweep(folder.path(), &[]);
    assert!(
        on.stdout.starts_with("1 runs ended, 1 had ended before"),
        "{}{}",
        on.stdout,
        on.stderr
    );
    assert_eq!(directories(), before);
    let config = fs::read_to_string(first.join("config.toml")).expect("a configuration");
    assert!(config.contains("elsewhere/second.csv"), "{config}");
    // A new value beside them has a directory as if the file had never moved.
    plan(
        folder.path(),
        "data = 'elsewhere/second.csv'\nwidth = 3\nsteps = 50\nseeds = 3",
    );
    sweep(folder.path(), &[]).ok();
    assert_eq!(directories().len(), 3);
    assert!(before.iter().all(|name| directories().contains(name)));
    // Changed under the same name: refused by every command, and nothing is run.
    write_table(&path("elsewhere/second.csv"), "1,0.75");
    let second = path("elsewhere/second.csv");
    // Where the runs were begun with it, the file is known by its first place.
    fs::copy(&second, path("first.csv")).expect("copied");
    of_data("first.csv");
    for command in [
        &["sweep", "plan.toml"][..],
        &["sweep", "status", "plan.toml"],
        &["sweep", "collect", "plan.toml"],
        &["sweep", "plan.toml", "--dry-run"],
    ] {
        let refused = run(folder.path(), command);
        assert_eq!(refused.code, Some(2), "{command:?}: {}", refused.stdout);
        for word in ["first.csv", "SHA-256", "put the old one back", "--out"] {
            assert!(
                refused.stderr.contains(word),
                "{command:?}: {}",
                refused.stderr
            );
        }
    }
    assert_eq!(directories().len(), 3);
    sweep(folder.path(), &["--out", "another"]).ok();
}

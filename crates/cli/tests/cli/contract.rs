//! What scripts rely on: JSON, columns, exit codes.

use std::path::Path;

use implicit_bias_data::read_npz_arrays;
use serde_json::Value;

use crate::support::{LEFT, TRAIN, folder, read, run, samples, train, write_data};

fn keys(value: &Value) -> Vec<&str> {
    let object = value.as_object().expect("a JSON object");
    object.keys().map(String::as_str).collect()
}

#[test]
fn train_prints_one_json_object_with_the_last_row_and_the_claims() {
    let folder = folder();
    let summary = train(folder.path(), &["--out", "run"]);
    assert_eq!(
        keys(&summary),
        ["run_dir", "stop_reason", "engine", "final", "claims"]
    );
    assert_eq!(summary["run_dir"], "run");
    assert_eq!(summary["stop_reason"], "completed");
    assert_eq!(summary["engine"], "gram");

    let series = read(folder.path().join("run/series.csv"));
    let header: Vec<&str> = series
        .lines()
        .next()
        .expect("a header")
        .split(',')
        .collect();
    let last: Vec<&str> = series.lines().last().expect("a row").split(',').collect();
    assert_eq!(keys(&summary["final"]), header);
    for (name, field) in header.iter().zip(last) {
        let number: f64 = field
            .parse()
            .expect("every quantity of this run is defined");
        assert_eq!(summary["final"][name].as_f64(), Some(number), "{name}");
    }
    let claims: Value =
        serde_json::from_str(&read(folder.path().join("run/claims.json"))).expect("claims as JSON");
    assert_eq!(summary["claims"], claims);
    let ids: Vec<&str> = claims
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|c| c["id"].as_str())
        .collect();
    assert_eq!(
        ids,
        [
            "loss",
            "norm",
            "margins",
            "rank-one",
            "rank-one",
            "alignment"
        ]
    );
    for claim in claims.as_array().expect("a list") {
        for key in [
            "id",
            "statement",
            "quantity",
            "measured",
            "predicted",
            "fits",
            "verdict",
            "reason",
        ] {
            assert!(claim.get(key).is_some(), "{key}: {claim}");
        }
        let verdict = claim["verdict"].as_str().expect("a word");
        assert!(
            ["supported", "refuted", "inconclusive"].contains(&verdict),
            "{verdict}"
        );
    }
}

#[test]
fn without_json_stdout_is_for_people_and_stderr_says_which_engine() {
    let folder = folder();
    let arguments: Vec<&str> = TRAIN.iter().copied().chain(["--out", "run"]).collect();
    let outcome = run(folder.path(), &arguments).ok();
    assert!(outcome.stdout.contains("verdict") && outcome.stdout.contains("run: run"));
    assert!(
        outcome.stderr.starts_with("engine gram: "),
        "{}",
        outcome.stderr
    );
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
}

#[test]
fn check_prints_the_geometry() {
    let folder = folder();
    // Norms 3 and 4 at a right angle, and their half-way point.
    let x = ndarray::array![[3.0, 0.0], [0.0, 4.0], [1.5, 2.0]];
    write_data(
        folder.path().join("data.npz"),
        &x,
        &ndarray::array![1.0, -1.0, 1.0],
    );
    let geometry = run(folder.path(), &["check", "data.npz", "--json"])
        .ok()
        .json();
    for (key, expected) in [
        ("n", 3.0),
        ("d", 2.0),
        ("r_min", 2.5),
        ("r_max", 4.0),
        ("p", 8.0),
        ("ratio", 6.25 / 24.0),
    ] {
        let found = geometry[key].as_f64().unwrap_or(f64::NAN);
        assert!(
            (found - expected).abs() <= 1e-15 * expected,
            "{key}: {found}"
        );
    }
    let text = run(folder.path(), &["check", "data.npz"]).ok().stdout;
    assert!(text.contains("R_min"), "{text}");
}

#[test]
fn zero_one_labels_are_read_on_the_explicit_flag() {
    let folder = folder();
    let (x, y) = samples();
    write_data(folder.path().join("pm.npz"), &x, &y);
    write_data(
        folder.path().join("zo.npz"),
        &x,
        &y.mapv(|label| (label + 1.0) / 2.0),
    );
    let mut plain = run(folder.path(), &["check", "pm.npz", "--json"])
        .ok()
        .json();
    let flagged = ["check", "zo.npz", "--labels", "zero-one", "--json"];
    let mut flagged = run(folder.path(), &flagged).ok().json();
    // The labels of the file are what the flag is about.
    assert_eq!(plain["labels"].take(), serde_json::json!({"-1": 2, "1": 2}));
    assert_eq!(
        flagged["labels"].take(),
        serde_json::json!({"0": 2, "1": 2})
    );
    assert_eq!(flagged.to_string(), plain.to_string());
}

#[test]
fn devices_are_listed_with_their_precisions() {
    let folder = folder();
    let listed = run(folder.path(), &["devices", "--json"]).ok().json();
    let devices = listed["devices"].as_array().expect("a list");
    assert!(!devices.is_empty());
    for device in devices {
        assert_eq!(
            keys(device),
            ["name", "backend", "precisions", "hardware"],
            "{device}"
        );
    }
    let backends = listed["backends"].as_array().expect("a list");
    let names: Vec<&str> = backends
        .iter()
        .map(|backend| backend["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["ndarray", "flex", "cuda", "vulkan", "wgpu"]);
    let table = run(folder.path(), &["devices"]).ok().stdout;
    for (backend, name) in backends.iter().zip(names) {
        let compiled = backend["compiled"].as_bool().expect("known");
        assert!(table.contains(name), "{table}");
        let found = devices.iter().filter(|device| device["backend"] == name);
        assert!(compiled || found.count() == 0, "{listed}");
    }
    // Every device listed can be asked for by its name, and one past the last cannot.
    for device in devices {
        let name = device["name"].as_str().expect("a name");
        let precision = device["precisions"][0].as_str().expect("a precision");
        let tiny = "train --samples 2 --dim 3 --width 1 --steps 1 --engine tensor --json --device";
        let mut arguments: Vec<&str> = tiny.split_whitespace().collect();
        arguments.extend([name, "--precision", precision]);
        run(folder.path(), &arguments).ok();
    }
    let outcome = run(folder.path(), &["train", "--device", "ndarray:1"]);
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome
            .stderr
            .contains("device: expected ndarray, of which there is one, found `ndarray:1`"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_diverging_run_fails_and_keeps_what_was_recorded() {
    let folder = folder();
    let mut arguments =
        "train --synthetic gaussian --samples 20 --dim 2 --width 3 --loss exponential"
            .split_whitespace()
            .collect::<Vec<_>>();
    arguments.extend([
        "--step-size",
        "1000",
        "--steps",
        "1e6",
        "--out",
        "run",
        "--json",
    ]);
    let outcome = run(folder.path(), &arguments);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    let summary = outcome.json();
    let reason = summary["stop_reason"].as_str().expect("a word");
    assert!(["diverged", "non-finite"].contains(&reason), "{reason}");
    // There is nothing to go on with.
    for name in LEFT {
        let there = folder.path().join("run").join(name).is_file();
        assert_eq!(there, name != "checkpoint", "{name}");
    }
    assert!(read(folder.path().join("run/series.csv")).lines().count() > 1);
    for claim in summary["claims"].as_array().expect("a list") {
        assert_eq!(claim["verdict"], "inconclusive", "{claim}");
    }
}

/// ReLU weights of zero never move, and have no direction: undefined quantities are `null` in JSON
/// and empty in CSV, and the run is a run.
#[test]
fn undefined_quantities_are_null_and_empty() {
    let folder = folder();
    let zero = ["--init-scale", "0", "--activation", "relu", "--out", "run"];
    let summary = train(folder.path(), &zero);
    assert!(summary["final"]["stable_rank_pos"].is_null(), "{summary}");
    assert_eq!(summary["final"]["weight_norm"], 0.0);
    let series = read(folder.path().join("run/series.csv"));
    assert!(
        series.lines().skip(1).all(|line| line.contains(",,")),
        "{series}"
    );
}

/// The golden file of 60 digits, through flags, files and JSON.
#[test]
fn a_golden_file_serves_as_data_and_initial_weights_at_once() {
    let folder = folder();
    let golden =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/leaky_60_digits.npz");
    let file = golden.to_str().expect("a UTF-8 path");
    let outcome = run(
        folder.path(),
        &[
            "train",
            "--data",
            file,
            "--init",
            file,
            "--slope",
            "0.2",
            "--step-size",
            "0.1",
            "--steps",
            "2000",
            "--precision",
            "f64",
            "--out",
            "run",
            "--json",
        ],
    );
    let summary = outcome.ok().json();
    let names = [
        "loss",
        "weight_norm",
        "stable_rank_pos",
        "stable_rank_neg",
        "stable_rank",
    ];
    let columns = read_npz_arrays(&golden, names).expect("a golden file is a valid one");
    for (name, column) in names.into_iter().zip(columns) {
        let expected = column.iter().last().copied().expect("a recorded step");
        let found = summary["final"][name].as_f64().expect("a number");
        assert!(
            (found / expected - 1.0).abs() <= 5e-14,
            "{name}: {found} for {expected}"
        );
    }
}

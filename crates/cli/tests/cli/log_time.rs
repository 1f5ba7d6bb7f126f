//! Log time for networks without Gram coordinates, and the residual of their directions.

use serde_json::Value;

use crate::resume::assert_same;
use crate::support::{folder, read, run};

/// A run of a second or so.
const DEEP: [&str; 15] = [
    "train",
    "--network",
    "deep",
    "--activation",
    "relu",
    "--samples",
    "6",
    "--dim",
    "30",
    "--width",
    "12",
    "--init-scale",
    "0.2",
    "--seed",
    "3",
];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    DEEP.iter().chain(more).copied().collect()
}

fn number(object: &Value, key: &str) -> f64 {
    object[key]
        .as_f64()
        .unwrap_or_else(|| panic!("{key} is a number: {object}"))
}

#[test]
fn a_deep_network_goes_to_step_1e300_with_an_estimate_and_a_residual() {
    let folder = folder();
    let flags = [
        "--steps", "1e300", "--kkt", "--record", "2", "--out", "far", "--json",
    ];
    let found = run(folder.path(), &with(&flags)).ok();
    assert!(
        found
            .stderr
            .contains("exact to step 10000, in log time from there")
    );
    let json = found.json();
    assert_eq!(json["stop_reason"], "completed");
    assert_eq!(json["engine"], "tensor");
    let last = &json["final"];
    assert_eq!(number(last, "step"), 1e300);
    let estimate = number(last, "error_estimate");
    assert!(0.0 < estimate && estimate < 0.01, "{estimate}");
    // L = c/(η t) up to powers of log t.
    assert!((number(last, "log_loss") + 300.0 * std::f64::consts::LN_10).abs() < 30.0);
    let (residual, complementarity) = (
        number(last, "kkt_residual"),
        number(last, "complementarity"),
    );
    assert!(0.0 < residual && residual < 1.0, "{residual}");
    assert!(
        0.0 < complementarity && complementarity < 0.01,
        "{complementarity}"
    );
    let limit: Value = serde_json::from_str(&read(folder.path().join("far/limit.json"))).unwrap();
    assert_eq!(limit["status"], "evidence, not proof");
    assert_eq!(number(&limit, "kkt_residual"), residual);
    assert_eq!(number(&limit, "step"), 1e300);
    assert!(read(folder.path().join("far/config.toml")).contains("exact-steps = 10000"));
    let report = read(folder.path().join("far/report.html"));
    assert!(report.contains("evidence, not proof") && report.contains("KKT residual"));
    // A directory says the same when it is read again.
    let before = read(folder.path().join("far/limit.json"));
    run(folder.path(), &["report", "far"]).ok();
    assert_eq!(read(folder.path().join("far/limit.json")), before);
}

#[test]
fn a_run_that_is_extended_into_log_time_keeps_exact_what_was_exact() {
    let folder = folder();
    let same = |one: &str, other: &str| {
        assert_same(&folder.path().join(one), &folder.path().join(other));
    };
    run(folder.path(), &with(&["--steps", "2e4", "--out", "short"])).ok();
    assert!(!read(folder.path().join("short/config.toml")).contains("exact-steps"));
    run(folder.path(), &["resume", "short", "--steps", "1e30"]).ok();
    let flags = ["--steps", "1e30", "--exact-steps", "2e4", "--out", "long"];
    run(folder.path(), &with(&flags)).ok();
    same("short", "long");
    run(folder.path(), &["resume", "long", "--steps", "1e50"]).ok();
    let flags = ["--steps", "1e50", "--exact-steps", "2e4", "--out", "longer"];
    run(folder.path(), &with(&flags)).ok();
    same("long", "longer");
    // Of fewer steps than a longer run takes exactly.
    run(folder.path(), &with(&["--steps", "5e3", "--out", "few"])).ok();
    run(folder.path(), &["resume", "few", "--steps", "1e30"]).ok();
    run(folder.path(), &with(&["--steps", "1e30", "--out", "whole"])).ok();
    same("few", "whole");
}

#[test]
fn what_log_time_does_not_know_is_refused_with_what_it_knows() {
    let folder = folder();
    for (more, words) in [
        (
            vec!["--optimizer", "adam"],
            "plain and normalized gradient descent",
        ),
        (
            vec!["--optimizer", "normalized-gd"],
            "a step-decay of 1 or more",
        ),
        (vec!["--loss", "hinge"], "losses with an exponential tail"),
        (vec!["--step-table", "1e3:0.05"], "without a step-table"),
        (vec!["--sensitivity"], "without a twin"),
        (vec!["--activation", "huberized-relu"], "homogeneous"),
    ] {
        let flags = [&more[..], &["--steps", "1e300", "--out", "refused"]].concat();
        let mut arguments = with(&flags);
        if more[0] == "--activation" {
            // Once, not twice.
            arguments.drain(3..5);
        }
        let found = run(folder.path(), &arguments);
        assert_eq!(found.code, Some(2), "{more:?}: {}", found.stderr);
        assert!(
            found.stderr.starts_with("error: steps: expected"),
            "{}",
            found.stderr
        );
        assert!(found.stderr.contains(words), "{more:?}: {}", found.stderr);
        assert!(!folder.path().join("refused/series.csv").exists());
    }
    let flags = ["--optimizer", "flow", "--exact-steps", "1e3"];
    let found = run(folder.path(), &with(&flags));
    assert_eq!(found.code, Some(2));
    assert!(
        found.stderr.contains("exact-steps: expected no such key"),
        "{}",
        found.stderr
    );
    let found = run(
        folder.path(),
        &with(&["--optimizer", "flow", "--loss", "squared"]),
    );
    assert_eq!(found.code, Some(2));
    assert!(
        found.stderr.contains("optimizer: expected"),
        "{}",
        found.stderr
    );
}

#[test]
fn gradient_flow_is_an_optimizer() {
    let folder = folder();
    let flags = [
        "--optimizer",
        "flow",
        "--steps",
        "1e50",
        "--out",
        "flow",
        "--json",
    ];
    let found = run(folder.path(), &with(&flags)).ok();
    assert!(found.stderr.contains("gradient flow in log time"));
    let series = read(folder.path().join("flow/series.csv"));
    let header: Vec<&str> = series.lines().next().unwrap().split(',').collect();
    let place = header
        .iter()
        .position(|name| *name == "error_estimate")
        .unwrap();
    for line in series.lines().skip(2) {
        let estimate: f64 = line.split(',').nth(place).unwrap().parse().unwrap();
        assert!(estimate > 0.0 && estimate < 0.01, "{line}");
    }
    assert!(!read(folder.path().join("flow/config.toml")).contains("exact-steps"));
    run(folder.path(), &["resume", "flow", "--steps", "1e60"]).ok();
    let flags = ["--optimizer", "flow", "--steps", "1e60", "--out", "longer"];
    run(folder.path(), &with(&flags)).ok();
    assert_same(&folder.path().join("flow"), &folder.path().join("longer"));
}

#[test]
fn the_limit_of_a_network_without_a_program_is_the_direction_reached() {
    let folder = folder();
    let mut arguments = with(&["--steps", "1e40", "--json"]);
    arguments[0] = "limit";
    let found = run(folder.path(), &arguments).ok();
    let json = found.json();
    assert_eq!(json["limit"], "direction reached");
    assert_eq!(json["status"], "evidence, not proof");
    for key in [
        "kkt_residual",
        "complementarity",
        "multiplier_min",
        "multiplier_max",
    ] {
        assert!((0.0..1.0).contains(&number(&json, key)), "{key}: {json}");
    }
    assert!(number(&json, "error_estimate") > 0.0);
    arguments.pop();
    let text = run(folder.path(), &arguments).ok().stdout;
    assert!(
        text.starts_with("EVIDENCE, not proof: the direction reached"),
        "{text}"
    );
    assert!(text.contains("step                  1e40"), "{text}");
    // The same of a run's directory, by its own horizon.
    run(folder.path(), &with(&["--steps", "1e40", "--out", "run"])).ok();
    let again = run(
        folder.path(),
        &["limit", "run", "--steps", "1e40", "--json"],
    )
    .ok();
    assert_eq!(again.json(), json);
    let adam = [&arguments[..], &["--optimizer", "adam"]].concat();
    let refused = run(folder.path(), &adam);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
}

#[test]
fn a_convolution_needs_samples_of_whole_patches() {
    let folder = folder();
    let convolution = |patches, out| {
        let flags = [
            "train",
            "--network",
            "convolution",
            "--patches",
            patches,
            "--samples",
            "5",
            "--dim",
            "30",
            "--width",
            "4",
            "--steps",
            "1e30",
            "--out",
            out,
        ];
        run(folder.path(), &flags)
    };
    let found = convolution("3", "whole").ok();
    assert!(
        found.stdout.contains("convolution over 3 patches"),
        "{}",
        found.stdout
    );
    let refused = convolution("7", "broken");
    assert_eq!(refused.code, Some(2));
    let expected = "error: patches: expected a divisor of the 30 coordinates of a sample, found 7";
    assert!(refused.stderr.contains(expected), "{}", refused.stderr);
}

/// The program of the last activation pattern: where runs go that have come far enough, from the run and
/// by `limit`.
#[test]
fn filters_go_where_the_program_of_their_pattern_says() {
    let folder = folder();
    let flags = "train --synthetic patches --samples 8 --dim 40 --parts 3 --signals 1 --signal 2 --noise 0.4 \
                 --network convolution --activation smoothed-leaky-relu --slope 0.2 --width 4 \
                 --init-scale 0.1 --step-size 1 --seed 2";
    let flags: Vec<&str> = flags.split_whitespace().collect();
    let with = |more: [&'static str; 4]| [&flags[..], &more].concat();
    let found = run(folder.path(), &with(["--steps", "1e300", "--out", "run"])).ok();
    assert!(
        found.stderr.contains("in log time from there"),
        "{}",
        found.stderr
    );
    let limit: Value = serde_json::from_str(&read(folder.path().join("run/limit.json"))).unwrap();
    assert_eq!(limit["limit"], "filters of the last activation pattern");
    assert_eq!(limit["status"], "candidate");
    assert!(number(&limit, "kkt_residual") < 1e-9);
    let series = read(folder.path().join("run/series.csv"));
    let mut rows = series.lines();
    let names: Vec<&str> = rows.next().unwrap().split(',').collect();
    let place = |name: &str| names.iter().position(|own| *own == name).unwrap();
    let (step, rank) = (place("step"), place("stable_rank"));
    let expected = number(&limit["series"], "stable_rank");
    let gap = |at: &str| {
        let mut rows = series.lines().map(|row| row.split(',').collect::<Vec<_>>());
        let row = rows.find(|row| row[step] == at).expect("a recorded step");
        (row[rank].parse::<f64>().unwrap() - expected).abs()
    };
    // What is left falls like 1/log t.
    let (early, late) = (gap("1e100"), gap("1e300"));
    assert!(late < 0.05 && late < 0.5 * early, "{early} {late}");
    let again = run(folder.path(), &["limit", "run", "--json"]).ok().json();
    assert_eq!(again["series"], limit["series"]);
    let text = run(folder.path(), &["limit", "run"]).ok().stdout;
    assert!(text.contains("CANDIDATE"), "{text}");
    // Early on the activation still bends where filters see patches, and slopes are others.
    run(folder.path(), &with(["--steps", "100", "--out", "early"])).ok();
    let limit: Value = serde_json::from_str(&read(folder.path().join("early/limit.json"))).unwrap();
    let reason = limit["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("where the activation bends"), "{limit}");
}

/// Gradients of more samples than there are weights span all of them: the residual is measured there, too.
#[test]
fn more_samples_than_weights_have_a_direction() {
    let folder = folder();
    let flags = "train --synthetic mixture --samples 100 --dim 4 --signal 0.5 --network two-layer-both --width 2 \
                 --activation relu --steps 1000 --init-scale 0.4 --seed 1 --out run";
    run(folder.path(), &flags.split_whitespace().collect::<Vec<_>>()).ok();
    let limit = read(folder.path().join("run/limit.json"));
    assert!(limit.contains("direction"), "{limit}");
}

//! `limit`: its contract, and what it says of runs and of data.

use std::fs;

use ndarray::Array2;
use serde_json::Value;

use crate::support::{TRAIN, folder, run, samples, train, weights, write_data, write_init};

const KEYS: [&str; 10] = [
    "stable_rank_pos",
    "stable_rank_neg",
    "stable_rank",
    "normalized_margin_min",
    "normalized_margin_max",
    "multiplier_min",
    "multiplier_max",
    "groups",
    "consistent",
    "kkt_residual",
];

fn number(object: &Value, key: &str) -> f64 {
    object[key]
        .as_f64()
        .unwrap_or_else(|| panic!("{key} is a number: {object}"))
}

#[test]
fn one_file_may_hold_data_and_weights_and_the_answer_has_the_keys_of_the_contract() {
    let folder = folder();
    // Orthogonal samples of norm 2, one neuron a block: closed forms.
    let (_, y) = samples();
    let x = Array2::from_shape_fn((4, 20), |(i, j)| if i == j { 2.0 } else { 0.0 });
    write_data(folder.path().join("data.npz"), &x, &y);
    write_init(
        folder.path().join("init.npz"),
        &weights((1, 20)).mapv(f64::abs),
        &weights((1, 20)).mapv(f64::abs),
    );
    let outcome = run(
        folder.path(),
        &[
            "limit",
            "data.npz",
            "--init",
            "init.npz",
            "--slope",
            "0.5",
            "--step-size",
            "0.5",
            "--json",
        ],
    )
    .ok();
    assert_eq!(outcome.stderr, "");
    let answer = outcome.json();
    for key in KEYS {
        assert!(answer.get(key).is_some(), "{key}: {answer}");
    }
    // With γ = 1/2 every margin constraint is (1 + γ²) 2² λ_i = 1, and ‖W‖_F² = Σ λ_i.
    let multiplier = 1.0_f64 / (1.25 * 4.0);
    let margin = 1.0 / (4.0 * multiplier).sqrt();
    let rank = 2.0 * 1.25 / 1.5_f64.powi(2);
    for (key, expected) in [
        ("stable_rank_pos", 1.0),
        ("stable_rank_neg", 1.0),
        ("stable_rank", rank),
        ("multiplier_min", multiplier),
        ("multiplier_max", multiplier),
        ("normalized_margin_min", margin),
        ("normalized_margin_max", margin),
        ("groups", 2.0),
    ] {
        let found = number(&answer, key);
        assert!(
            (found - expected).abs() < 1e-9,
            "{key}: {found} for {expected}"
        );
    }
    assert_eq!(answer["consistent"], true);
    assert!(number(&answer, "kkt_residual") < 1e-9);
    let certificate = answer["certificate"].as_str().expect("words");
    assert!(
        certificate.starts_with("proven from step "),
        "{certificate}"
    );
    // Nothing but the two input files is there.
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
}

#[test]
fn a_run_directory_stands_for_its_settings_whichever_engine_ran_it() {
    let folder = folder();
    train(folder.path(), &["--out", "tensor", "--engine", "tensor"]);
    train(folder.path(), &["--out", "gram", "--engine", "gram"]);
    let limit = |arguments: &[&str]| {
        let arguments: Vec<&str> = [&["limit"], arguments, &["--json"]].concat();
        run(folder.path(), &arguments).ok().json()
    };
    let direct: Vec<&str> = TRAIN
        .iter()
        .copied()
        // The run's own steps are no cap of its limit.
        .filter(|&argument| argument != "train" && argument != "--steps" && argument != "2000")
        .collect();
    let expected = limit(&direct);
    assert_eq!(limit(&["tensor"]), expected);
    assert_eq!(limit(&["gram"]), expected);
    let other = limit(&["gram", "--seed", "6"]);
    assert_ne!(other["stable_rank"], expected["stable_rank"]);
}

#[test]
fn people_are_told_the_limit_and_how_far_to_trust_it() {
    let folder = folder();
    let arguments = [&["limit"], &TRAIN[1..]].concat();
    let text = run(folder.path(), &arguments).ok().stdout;
    for words in [
        "stable rank",
        "normalized margin",
        "multipliers",
        "consistent",
        "KKT residual",
        "proven",
        "exact",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() < 150),
        "{text}"
    );
}

#[test]
fn a_horizon_too_short_to_settle_is_no_failure_but_is_said() {
    let folder = folder();
    let arguments = [&["limit", "--json"], &TRAIN[1..7], &["--steps", "2"]].concat();
    let answer = run(folder.path(), &arguments).ok().json();
    assert_eq!(number(&answer, "step"), 2.0);
    let settled = answer["certificate"]
        .as_str()
        .expect("words")
        .starts_with("proven");
    assert!(
        settled
            || answer["notes"][0]
                .as_str()
                .is_some_and(|note| note.contains("--steps"))
    );
}

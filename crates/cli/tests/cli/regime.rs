//! What is said of hypotheses, step sizes and contradictory samples.

use std::path::Path;

use implicit_bias_data::write_npz_arrays;
use ndarray::{Array1, Array2};
use serde_json::Value;

use crate::support::{Outcome, folder, read, run, samples, weights, write_data, write_init};

/// Eight samples in twelve dimensions, of which 0 and 3 are equal, up to the sign of a zero, and
/// have opposite labels.
fn write_contradiction(path: &Path) {
    let entry = |(i, j): (usize, usize)| ((5 * i + 1) as f64 * (j + 1) as f64).cos();
    let mut x = Array2::from_shape_fn((8, 12), entry);
    x[[0, 4]] = 0.0;
    let first = x.row(0).to_owned();
    x.row_mut(3).assign(&first);
    x[[3, 4]] = -0.0;
    let y = Array1::from_shape_fn(8, |i| if i % 2 == 0 { 1.0 } else { -1.0 });
    write_data(path.join("dup.npz"), &x, &y);
}

/// Forty samples of norm about 5,000 in three dimensions, which no step size of 0.1 can train on.
fn write_raw_table(path: &Path) {
    let entry = |(i, j): (usize, usize)| {
        let noise = ((7 * i + 3) as f64 * (j + 1) as f64).sin();
        3000.0 + 600.0 * noise + if i % 2 == 0 { 200.0 * j as f64 } else { 0.0 }
    };
    let x = Array2::from_shape_fn((40, 3), entry);
    let y = Array1::from_shape_fn(40, |i| if i % 2 == 0 { 1.0 } else { -1.0 });
    write_data(path.join("raw.npz"), &x, &y);
}

fn json_of(path: &Path, file: &str) -> Value {
    serde_json::from_str(&read(path.join(file))).expect("JSON")
}

fn train(folder: &Path, more: &[&str]) -> Outcome {
    run(folder, &[&["train"], more].concat())
}

const CONTRADICTION: &str = "samples 0 and 3 are equal and have opposite labels";

#[test]
fn check_names_contradictory_samples_and_the_step_size() {
    let folder = folder();
    write_contradiction(folder.path());
    let json = run(folder.path(), &["check", "dup.npz", "--json"])
        .ok()
        .json();
    assert_eq!(json["contradictions"]["count"], 1);
    assert_eq!(json["contradictions"]["pairs"], serde_json::json!([[0, 3]]));
    let number = |key: &str| json[key].as_f64().unwrap();
    let (n, r_max, p) = (number("n"), number("r_max"), number("p"));
    let expected = 4.0 * n / (r_max * r_max + (n - 1.0) * p);
    let found = number("step_size_bound_per_width");
    assert!(
        (found - expected).abs() < 1e-14 * expected,
        "{found} {expected}"
    );
    let text = run(folder.path(), &["check", "dup.npz"]).ok().stdout;
    assert!(
        text.contains(&format!("warning: {CONTRADICTION}")),
        "{text}"
    );
    assert!(text.contains("at the default width m = 50"), "{text}");
    // Without contradictions, nothing is named.
    let (x, y) = samples();
    write_data(folder.path().join("plain.npz"), &x, &y);
    let plain = run(folder.path(), &["check", "plain.npz", "--json"])
        .ok()
        .json();
    assert_eq!(plain["contradictions"]["count"], 0);
    let text = run(folder.path(), &["check", "plain.npz"]).ok().stdout;
    assert!(!text.contains("warning"), "{text}");
    // Noise of their own makes equal samples differ.
    let noisy = ["check", "dup.npz", "--noise", "0.1", "--json"];
    let noisy = run(folder.path(), &noisy).ok().json();
    assert_eq!(noisy["contradictions"]["count"], 0);
}

#[test]
fn train_and_limit_name_contradictory_samples() {
    let folder = folder();
    write_contradiction(folder.path());
    let arguments = [
        "--data", "dup.npz", "--width", "5", "--steps", "2e4", "--out", "run",
    ];
    let outcome = train(folder.path(), &arguments).ok();
    assert!(
        outcome.stderr.contains(&format!("data: {CONTRADICTION}")),
        "{}",
        outcome.stderr
    );
    let manifest = json_of(folder.path(), "run/manifest.json");
    let notes = manifest["notes"].as_array().unwrap();
    assert!(
        notes
            .iter()
            .any(|note| note.as_str().unwrap().contains(CONTRADICTION))
    );
    assert!(read(folder.path().join("run/report.html")).contains(CONTRADICTION));
    let claims = json_of(folder.path(), "run/claims.json");
    assert_ne!(claims[0]["verdict"], "supported", "{}", claims[0]);
    let limit = [
        "limit",
        "dup.npz",
        "--width",
        "5",
        "--steps",
        "1e4",
        "--exact-steps",
        "1e4",
    ];
    let limit = run(folder.path(), &limit);
    assert_ne!(limit.code, Some(0));
    assert!(limit.stderr.contains(CONTRADICTION), "{}", limit.stderr);
}

#[test]
fn a_run_that_oscillates_says_so_and_decides_nothing() {
    let folder = folder();
    write_raw_table(folder.path());
    let arguments = [
        "--data", "raw.npz", "--width", "10", "--steps", "1e4", "--out", "run",
    ];
    let outcome = train(folder.path(), &arguments).ok();
    for word in [
        "step size: η = 0.1 is ",
        "--step-size ",
        "loss: it rose in ",
    ] {
        assert!(outcome.stderr.contains(word), "{word}: {}", outcome.stderr);
    }
    let claims = json_of(folder.path(), "run/claims.json");
    for claim in claims.as_array().unwrap() {
        assert_eq!(claim["verdict"], "inconclusive", "{claim}");
        assert_eq!(claim["hypotheses"]["step_size"]["status"], "not-met");
    }
    let manifest = json_of(folder.path(), "run/manifest.json");
    let notes = manifest["notes"].as_array().unwrap();
    let has = |kind: &str| {
        notes
            .iter()
            .any(|note| note.as_str().unwrap().starts_with(kind))
    };
    assert!(has("step size: ") && has("loss: "), "{notes:?}");
    let report = read(folder.path().join("run/report.html"));
    assert!(report.contains("class=\"notices\"") && report.contains("loss: it rose in "));
    // The step size that the notice suggests is one it does not notice.
    let advice = outcome.stderr.split("--step-size ").nth(1).unwrap();
    let advice = advice.lines().next().unwrap();
    let small = [
        "--data",
        "raw.npz",
        "--width",
        "10",
        "--steps",
        "1e3",
        "--step-size",
        advice,
    ];
    let small = train(folder.path(), &small).ok();
    assert_eq!(small.stderr.lines().count(), 1, "{}", small.stderr);
    // A report made anew says the same.
    let again = run(folder.path(), &["report", "run"]).ok();
    assert!(
        again.stderr.contains("loss: it rose in "),
        "{}",
        again.stderr
    );
    assert_eq!(json_of(folder.path(), "run/claims.json"), claims);
    assert_eq!(read(folder.path().join("run/report.html")), report);
}

#[test]
fn a_run_whose_updates_are_lost_in_double_precision_says_so() {
    let folder = folder();
    let data = [
        "--synthetic",
        "gaussian",
        "--samples",
        "10",
        "--dim",
        "100",
        "--width",
        "5",
    ];
    for engine in ["gram", "tensor"] {
        let steps = [
            "--steps",
            "1e4",
            "--step-size",
            "1e6",
            "--engine",
            engine,
            "--out",
            engine,
        ];
        let outcome = train(folder.path(), &[&data[..], &steps[..]].concat()).ok();
        let said = "at rest: from step 1 on no recorded quantity changes any more";
        assert!(
            outcome.stderr.contains(said),
            "{engine}: {}",
            outcome.stderr
        );
        let claims = json_of(folder.path(), &format!("{engine}/claims.json"));
        for claim in claims.as_array().unwrap() {
            assert_eq!(claim["verdict"], "inconclusive", "{engine}: {claim}");
        }
    }
}

#[test]
fn tiny_samples_refute_nothing() {
    let folder = folder();
    let (x, y) = samples();
    write_data(folder.path().join("tiny.npz"), &(1e-150 * x), &y);
    let arguments = [
        "--data", "tiny.npz", "--width", "5", "--steps", "1e4", "--json",
    ];
    let summary = train(folder.path(), &arguments).ok().json();
    for claim in summary["claims"].as_array().unwrap() {
        assert_eq!(claim["verdict"], "inconclusive", "{claim}");
    }
}

#[test]
fn an_outlier_that_the_loss_never_recovers_from_decides_nothing() {
    let folder = folder();
    let (mut x, y) = samples();
    x.row_mut(3).mapv_inplace(|entry| 1e6 * entry);
    write_data(folder.path().join("outlier.npz"), &x, &y);
    let arguments = [
        "--data",
        "outlier.npz",
        "--width",
        "5",
        "--steps",
        "1e4",
        "--json",
    ];
    let outcome = train(folder.path(), &arguments);
    assert!(outcome.stderr.contains("step size: "), "{}", outcome.stderr);
    let summary = outcome.json();
    let (loss, log_2) = (summary["final"]["loss"].as_f64().unwrap(), 2_f64.ln());
    if loss > log_2 {
        for claim in summary["claims"].as_array().unwrap() {
            assert_eq!(claim["verdict"], "inconclusive", "{claim}");
        }
    }
}

#[test]
fn an_overflowing_exponential_loss_is_no_panic() {
    let folder = folder();
    let arguments = [
        "--synthetic",
        "gaussian",
        "--samples",
        "6",
        "--dim",
        "20",
        "--width",
        "4",
        "--loss",
        "exponential",
        "--init-scale",
        "1000",
        "--steps",
        "1000",
        "--json",
    ];
    let outcome = train(folder.path(), &arguments);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stderr.contains("no step size is small enough"),
        "{}",
        outcome.stderr
    );
    assert_eq!(outcome.json()["stop_reason"], "non-finite");
}

#[test]
fn verdicts_carry_the_hypotheses_and_old_runs_get_them() {
    let folder = folder();
    let data = [
        "--samples",
        "6",
        "--dim",
        "2000",
        "--width",
        "4",
        "--steps",
        "2000",
        "--step-size",
        "0.02",
    ];
    let outcome = train(folder.path(), &[&data[..], &["--out", "run"]].concat()).ok();
    assert!(
        outcome.stdout.contains("met for C ≤ "),
        "{}",
        outcome.stdout
    );
    for name in ["near-orthogonality", "loss", "initialization", "step size"] {
        assert!(
            outcome.stdout.lines().any(|line| line.starts_with(name)),
            "{name}"
        );
    }
    let claims_file = folder.path().join("run/claims.json");
    let manifest = json_of(folder.path(), "run/manifest.json");
    let claims = json_of(folder.path(), "run/claims.json");
    for claim in claims.as_array().unwrap() {
        let hypotheses = &claim["hypotheses"];
        assert_eq!(hypotheses["met"], true, "{hypotheses}");
        let ratio = &hypotheses["near_orthogonality"]["measured"];
        assert_eq!(ratio.as_f64(), manifest["data"]["ratio"].as_f64());
        for key in ["near_orthogonality", "loss", "initialization", "step_size"] {
            let one = &hypotheses[key];
            assert!(
                one["name"].is_string() && one["sentence"].is_string(),
                "{one}"
            );
            assert_eq!(one["status"], "met");
        }
    }
    // A run of an earlier version: verdicts without hypotheses. `report` and `resume` give them.
    let mut old = claims.clone();
    for claim in old.as_array_mut().unwrap() {
        claim.as_object_mut().unwrap().remove("hypotheses");
    }
    std::fs::write(&claims_file, old.to_string()).unwrap();
    run(folder.path(), &["report", "run"]).ok();
    assert_eq!(json_of(folder.path(), "run/claims.json"), claims);
    std::fs::write(&claims_file, old.to_string()).unwrap();
    run(folder.path(), &["resume", "run", "--steps", "3000"]).ok();
    assert!(json_of(folder.path(), "run/claims.json")[0]["hypotheses"].is_object());
}

#[test]
fn initial_weights_from_a_file_are_an_unknown_hypothesis() {
    let folder = folder();
    let (x, y) = samples();
    write_data(folder.path().join("data.npz"), &x, &y);
    let block = weights((3, 20));
    write_init(folder.path().join("init.npz"), &block, &block);
    let arguments = [
        "--data", "data.npz", "--init", "init.npz", "--steps", "1000", "--json",
    ];
    let summary = train(folder.path(), &arguments).ok().json();
    let initialization = &summary["claims"][0]["hypotheses"]["initialization"];
    assert_eq!(initialization["status"], "unknown");
    assert!(initialization["measured"].is_null());
}

#[test]
fn a_refuted_verdict_says_that_it_contradicts_nothing() {
    let folder = folder();
    // A zero sample keeps the loss above (log 2)/n.
    let (mut x, y) = samples();
    x.row_mut(2).fill(0.0);
    write_data(folder.path().join("zero.npz"), &x, &y);
    let arguments = [
        "--data", "zero.npz", "--width", "5", "--steps", "1e6", "--out", "run",
    ];
    let outcome = train(folder.path(), &arguments).ok();
    assert!(
        outcome.stderr.contains("data: sample 2 is zero"),
        "{}",
        outcome.stderr
    );
    let claims = json_of(folder.path(), "run/claims.json");
    let loss = &claims[0];
    assert_eq!(
        (loss["id"].as_str(), loss["verdict"].as_str()),
        (Some("loss"), Some("refuted"))
    );
    let reason = loss["reason"].as_str().unwrap();
    let meaning = "Refuted on these data; the theorem's hypothesis is not met (near-orthogonality \
                   ratio 0), so this contradicts nothing.";
    assert!(reason.ends_with(meaning), "{reason}");
    assert!(
        outcome.stdout.contains("so this contradicts nothing"),
        "{}",
        outcome.stdout
    );
    let report = read(folder.path().join("run/report.html"));
    assert!(report.contains("so this contradicts nothing") && report.contains("id=\"hypotheses\""));
}

/// Of an archive of weights alone each array is accounted for.
#[test]
fn arrays_of_initial_weights_that_are_not_read_are_told() {
    let folder = folder();
    let (x, y) = samples();
    write_data(folder.path().join("data.npz"), &x, &y);
    let block = weights((2, 20));
    let of = |name| (name, block.view().into_dyn());
    let alone = [of("W_pos"), of("W_neg"), of("W_0"), of("bias")];
    write_npz_arrays(folder.path().join("alone.npz"), &alone).expect("a writable folder");
    let with_samples = [
        of("W_pos"),
        of("W_neg"),
        of("W_0"),
        ("X", x.view().into_dyn()),
    ];
    write_npz_arrays(folder.path().join("more.npz"), &with_samples).expect("a writable folder");
    let said = |init: &str| {
        let flags = ["--data", "data.npz", "--init", init, "--steps", "10"];
        train(folder.path(), &flags).ok().stderr
    };
    let words = "warning: init: W_0, bias are not read: the network has W_pos, W_neg\n";
    let found = said("alone.npz");
    assert!(found.contains(words), "{found}");
    assert!(!said("more.npz").contains("warning"));
}

//! The limit that a run directory carries: computed from weights and data, and read again.

use std::fs;
use std::path::Path;

use implicit_bias_claims::{DecidedBy, Verdict, kou::ids};
use implicit_bias_data::Dataset;
use implicit_bias_lab::config::{RunConfig, Settings, Steps};
use implicit_bias_lab::{Report, RunOptions, RunRecord, execute};

use implicit_bias_record::{PredictedLimit, Prediction};
use ndarray::array;

/// Two orthogonal samples of norms 1 and 2.
fn data() -> Dataset {
    Dataset::new(array![[1.0, 0.0], [0.0, 2.0]], array![1.0, -1.0]).unwrap()
}

fn settings(folder: &Path) -> Settings {
    let path = folder.join("data.npz");
    data().write_npz(&path).unwrap();
    Settings::default()
        .with("data", path)
        .with("width", 3)
        .with("init-scale", 1e-3)
        .with("activation", "leaky-relu")
        .with("slope", 0.5)
        .with("engine", "gram")
        .with("step-size", 0.5)
        .with("steps", Steps::try_from(1e5).unwrap())
}

fn run(settings: &Settings, folder: &Path) -> RunRecord {
    execute(
        &RunConfig::resolve(settings).unwrap(),
        RunOptions {
            keep_checkpoint: false,
            parent: folder,
            threads: 1,
            progress: &mut |_| true,
            stage: &mut |_, _| {},
            announce: &mut |_| {},
            warn: &mut |_| {},
        },
        Report::Written,
    )
    .unwrap()
}

fn solved(record: &RunRecord) -> &PredictedLimit {
    record.prediction.limit().expect("a solvable program")
}

/// In closed form: with orthogonal samples, sample `i` of norm `a_i` pulls the `m` neurons of its
/// own sign with slope 1 and the `m` others with slope `γ`, so that `q_i = λ_i a_i² (1 + γ²)/m`;
/// hence `λ_i = m/((1 + γ²) a_i²)` for margins of 1, and `‖W‖² = Σ λ_i`.
#[test]
fn two_orthogonal_samples_have_the_limit_of_the_closed_form() {
    let folder = tempfile::tempdir().unwrap();
    let record = run(&settings(folder.path()), folder.path());
    let limit = solved(&record);
    let (m, slope) = (3.0_f64, 0.5_f64);
    let multipliers = [1.0_f64, 2.0].map(|norm| m / ((1.0 + slope * slope) * norm * norm));
    let margin = 1.0 / (multipliers[0] + multipliers[1]).sqrt();
    assert!((limit.multiplier_max - multipliers[0]).abs() < 1e-12);
    assert!((limit.multiplier_min - multipliers[1]).abs() < 1e-12);
    assert!((limit.normalized_margin_min - margin).abs() < 1e-12);
    assert!(limit.margin_gap() < 1e-12 && limit.all_multipliers_positive());
    for rank in [limit.stable_rank_pos, limit.stable_rank_neg] {
        assert!((rank.unwrap() - 1.0).abs() < 1e-12, "{limit:?}");
    }
    assert_eq!((limit.step, limit.groups, limit.samples), (1e5, 2, 2));
    assert_eq!(limit.doubt(), None);
    for claim in &record.claims {
        assert_eq!(claim.verdict, Verdict::Supported, "{claim:#?}");
        let about_a_limit = matches!(claim.id, ids::MARGINS | ids::RANK_ONE);
        assert_eq!(claim.limit.is_some(), about_a_limit, "{claim:#?}");
        assert_eq!(
            claim.decided_by == DecidedBy::LimitProgram,
            about_a_limit,
            "{claim:#?}"
        );
    }
}

/// The certificate is tried at the first step of every decade, and a run read again keeps what it
/// found.
#[test]
fn the_pattern_is_proven_from_the_earliest_decade_at_which_the_proof_holds() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let record = run(&settings, folder.path());
    let certificate = solved(&record).certificate.clone();
    let from = certificate.strip_prefix("proven from step ").unwrap();
    let from: f64 = from.parse().unwrap();
    assert!(from < 1e5, "{certificate}");
    assert_eq!(
        solved(&RunRecord::read(&record.path).unwrap()).certificate,
        certificate
    );
    // It holds for a run that ends there, and not for one that ends a decade before.
    for (steps, proven) in [(from, true), (from / 10.0, false)] {
        let settings = settings
            .clone()
            .with("steps", Steps::try_from(steps).unwrap());
        let limit = solved(&run(&settings, folder.path())).clone();
        assert_eq!(limit.proven, proven, "{}", limit.certificate);
    }
}

#[test]
fn both_engines_leave_the_same_limit() {
    let folder = tempfile::tempdir().unwrap();
    let gram = run(&settings(folder.path()), folder.path());
    let tensor = run(
        &settings(folder.path())
            .with("engine", "tensor")
            .with("steps", Steps::try_from(5e3).unwrap()),
        folder.path(),
    );
    let (gram, tensor) = (solved(&gram), solved(&tensor));
    for column in [
        "stable_rank_pos",
        "stable_rank_neg",
        "stable_rank",
        "margin_min",
        "margin_max",
    ] {
        let (one, other) = (gram.of_column(column), tensor.of_column(column));
        assert!((one.unwrap() - other.unwrap()).abs() < 1e-12, "{column}");
    }
    assert_eq!(gram.of_column("loss"), None);
}

#[test]
fn a_run_read_again_has_its_limit_computed_and_else_as_written() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let written = run(&settings, folder.path());
    let limit = solved(&written).clone();
    let json = written.path.join("limit.json");
    let text = fs::read_to_string(&json).unwrap();
    assert!(text.contains("\"stable_rank_pos\"") && text.contains("\"certificate\""));
    let again = || RunRecord::read(&written.path).unwrap();

    // A run from before there was such a file: all of it but the steps before the last.
    fs::remove_file(&json).unwrap();
    let alone = PredictedLimit {
        certificate: "proven from step 100000".into(),
        ..limit.clone()
    };
    assert_eq!(*solved(&again()), alone);
    fs::write(&json, &text).unwrap();
    again().rewrite_conclusions().unwrap();
    assert_eq!(fs::read_to_string(&json).unwrap(), text);

    // Without data, or with others, the limit is the run's own.
    let others = Dataset::new(array![[1.0, 0.0], [0.5, 2.0]], array![1.0, -1.0]).unwrap();
    let data = settings.path("data").unwrap();
    fs::remove_file(&data).unwrap();
    for changed in [false, true] {
        if changed {
            others.write_npz(&data).unwrap();
        }
        let read = again();
        let read = solved(&read);
        assert!((read.normalized_margin_min - limit.normalized_margin_min).abs() < 1e-15);
        assert_eq!(read.certificate, limit.certificate);
        let claims = again().claims;
        assert!(claims.iter().any(|claim| claim.limit.is_some()));
    }
    // Without either, none; and a damaged file is none.
    for content in [None, Some("{\"stable_rank_pos\": 1"), Some("{}")] {
        match content {
            None => fs::remove_file(&json).unwrap(),
            Some(content) => fs::write(&json, content).unwrap(),
        }
        let Prediction::Unsolved { reason, .. } = again().prediction else {
            panic!("a limit from nowhere");
        };
        assert!(reason.contains("data"), "{reason}");
    }
    // The limit of another step is not this run's.
    fs::write(&json, text.replace("100000.0", "1000.0")).unwrap();
    assert_eq!(again().prediction.limit(), None);
}

#[test]
fn what_has_no_limit_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let contradictory = Dataset::new(array![[1.0], [1.0]], array![1.0, -1.0]).unwrap();
    let path = folder.path().join("contradictory.npz");
    contradictory.write_npz(&path).unwrap();
    let long = Dataset::new(array![[1e5, 0.0], [0.0, 2e5]], array![1.0, -1.0]).unwrap();
    let long_path = folder.path().join("long.npz");
    long.write_npz(&long_path).unwrap();
    let base = settings(folder.path());
    let cases = [
        (base.clone().with("data", path), ""),
        (
            base.clone()
                .with("data", long_path)
                .with("step-size", 1e308),
            "the run has no limit",
        ),
    ];
    for (settings, why) in cases {
        let record = run(&settings, folder.path());
        let Prediction::Unsolved { reason, .. } = &record.prediction else {
            panic!("{:?}", record.prediction);
        };
        assert!(!reason.is_empty() && reason.contains(why), "{reason}");
        let text = fs::read_to_string(record.path.join("limit.json")).unwrap();
        let back: Prediction = serde_json::from_str(&text).unwrap();
        assert_eq!(back, record.prediction);
        let report = fs::read_to_string(record.path.join("report.html")).unwrap();
        assert!(report.contains("has no answer for this run"));
    }
}

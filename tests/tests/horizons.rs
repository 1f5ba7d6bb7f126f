//! A verdict must not be taken back by a longer run: runs that once were judged too early, each
//! with the verdicts that a far horizon, and the proof that holds there, give.

use implicit_bias_claims::{Claim, ClaimId, DecidedBy, Verdict, kou::ids};
use implicit_bias_lab::RunRecord;
use implicit_bias_lab::config::Settings;
use implicit_bias_record::LimitOf;
use implicit_bias_tests::{scratch_run, steps};

fn run(settings: &Settings, horizon: f64) -> RunRecord {
    let settings = settings.clone().with("steps", steps(horizon));
    let (_folder, record) = scratch_run(&settings).expect("valid settings");
    for claim in &record.claims {
        println!(
            "{horizon:e}: {:?} {:?} {:?}: {}",
            claim.id, claim.block, claim.verdict, claim.reason
        );
    }
    record
}

fn of<'a>(record: &'a RunRecord, id: ClaimId, block: Option<&str>) -> &'a Claim {
    let found = |claim: &&Claim| claim.id == id && claim.block.as_deref() == block;
    record
        .claims
        .iter()
        .find(found)
        .expect("a claim of every run")
}

#[track_caller]
fn assert_verdict(record: &RunRecord, id: ClaimId, block: Option<&str>, verdict: Verdict) {
    let claim = of(record, id, block);
    assert_eq!(claim.verdict, verdict, "{claim:#?}");
}

#[track_caller]
fn assert_nothing_is_refuted(record: &RunRecord) {
    for claim in &record.claims {
        assert_ne!(claim.verdict, Verdict::Refuted, "{claim:#?}");
    }
}

/// A mixture of four samples in 30 dimensions with initial weights of this scale.
fn heavy(init_scale: f64, seed: u64) -> Settings {
    Settings::default()
        .with("samples", 4)
        .with("dim", 30)
        .with("width", 3)
        .with("init-scale", init_scale)
        .with("seed", seed)
}

/// Six Gaussian samples in 8 dimensions, with long steps.
fn crowded() -> Settings {
    Settings::default()
        .with("synthetic", "gaussian")
        .with("samples", 6)
        .with("dim", 8)
        .with("width", 4)
        .with("slope", 0.02)
        .with("step-size", 0.5)
        .with("seed", 1)
}

/// At 10⁴ the loss falls like t^−3.8, at 10⁶ like t^−1.01.
#[test]
fn a_loss_that_falls_faster_than_the_law_is_no_refutation() {
    let settings = heavy(100.0, 1);
    let early = run(&settings, 1e4);
    assert_nothing_is_refuted(&early);
    let loss = of(&early, ids::LOSS, None);
    assert!(loss.measured.is_some_and(|power| power < -3.0), "{loss:#?}");
    let late = run(&settings, 1e6);
    assert_nothing_is_refuted(&late);
    assert_verdict(&late, ids::LOSS, None, Verdict::Supported);
}

/// The initial weights are ten times heavier: what descent adds to them is not yet seen in their
/// norm.
#[test]
fn a_norm_that_has_yet_to_grow_is_no_refutation() {
    let settings = heavy(1000.0, 1);
    assert_nothing_is_refuted(&run(&settings, 1e4));
    let late = run(&settings, 1e100);
    assert_nothing_is_refuted(&late);
    assert_verdict(&late, ids::LOSS, None, Verdict::Supported);
}

/// At 10⁴ the limit of the pattern leaves the pattern; at 10⁶ the loss falls like t^−2.2; from 10⁴⁰
/// on the limit is proven, with stable ranks 1.16924 and 1.06108 and equal margins.
#[test]
fn a_pattern_that_must_break_refutes_nothing() {
    let settings = crowded();
    let early = run(&settings, 1e4);
    assert!(
        early
            .prediction
            .limit()
            .is_some_and(|limit| !limit.consistent)
    );
    assert_nothing_is_refuted(&early);
    assert_verdict(&early, ids::ALIGNMENT, None, Verdict::Inconclusive);
    let middle = run(&settings, 1e6);
    assert_verdict(&middle, ids::LOSS, None, Verdict::Inconclusive);
    let late = run(&settings, 1e100);
    assert!(late.prediction.limit().is_some_and(|limit| limit.proven));
    for id in [ids::LOSS, ids::NORM, ids::MARGINS, ids::ALIGNMENT] {
        assert_verdict(&late, id, None, Verdict::Supported);
        assert_ne!(of(&middle, id, None).verdict, Verdict::Refuted);
    }
    for (block, rank) in [("pos", 1.16924), ("neg", 1.06108)] {
        assert_verdict(&late, ids::RANK_ONE, Some(block), Verdict::Refuted);
        let limit = of(&late, ids::RANK_ONE, Some(block)).limit.clone();
        assert!(limit.is_some_and(|limit| (limit.predicted - rank).abs() < 1e-5));
        assert_ne!(
            of(&middle, ids::RANK_ONE, Some(block)).verdict,
            Verdict::Supported
        );
    }
}

/// At 10¹⁵ the stable rank of the positive block is on its way to 1.267, which belongs to a pattern
/// that breaks at 4 × 10⁴⁵; its limit is 1, proven from 10⁶⁰ on.
#[test]
fn a_limit_of_a_pattern_that_breaks_is_not_the_runs() {
    let settings = Settings::default()
        .with("synthetic", "gaussian")
        .with("samples", 4)
        .with("dim", 15)
        .with("width", 5)
        .with("slope", 0.2)
        .with("init-scale", 1.0)
        .with("step-size", 0.03)
        .with("exact-steps", steps(1e5))
        .with("seed", 4);
    let early = run(&settings, 1e15);
    for block in ["pos", "neg"] {
        assert_verdict(&early, ids::RANK_ONE, Some(block), Verdict::Inconclusive);
    }
    assert_verdict(&early, ids::LOSS, None, Verdict::Supported);
    let late = run(&settings, 1e100);
    for block in ["pos", "neg"] {
        assert_verdict(&late, ids::RANK_ONE, Some(block), Verdict::Supported);
        let claim = of(&late, ids::RANK_ONE, Some(block));
        assert_eq!(claim.decided_by, DecidedBy::LimitProgram);
    }
    assert!(late.prediction.limit().is_some_and(|limit| limit.proven));
}

/// At 10³ the stable ranks are 1.00004 and 1.0001; the limits, proven from 10¹² on, are 1.59504 and
/// 1.
#[test]
fn a_stable_rank_near_one_is_no_limit_of_one() {
    let settings = Settings::default()
        .with("samples", 10)
        .with("dim", 8)
        .with("width", 4)
        .with("slope", 0.02)
        .with("step-size", 0.5)
        .with("seed", 0);
    let early = run(&settings, 1e3);
    for block in ["pos", "neg"] {
        let claim = of(&early, ids::RANK_ONE, Some(block));
        assert!(
            claim.measured.is_some_and(|rank| rank < 1.001),
            "{claim:#?}"
        );
        assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
        assert!(claim.reason.contains("change sides"), "{}", claim.reason);
    }
    assert_verdict(&early, ids::ALIGNMENT, None, Verdict::Inconclusive);
    let late = run(&settings, 1e100);
    assert_verdict(&late, ids::RANK_ONE, Some("pos"), Verdict::Refuted);
    assert_verdict(&late, ids::RANK_ONE, Some("neg"), Verdict::Supported);
    let limit = late.prediction.limit().expect("a solvable program");
    assert!(limit.proven && (limit.stable_rank_pos.unwrap_or(0.0) - 1.59504).abs() < 1e-5);
}

/// Single precision loses updates from step 141 on here; what the program has for its last pattern
/// is exact descent's limit, and the run refutes nothing.
#[test]
fn single_precision_refutes_nothing_and_carries_no_limit_of_exact_descent() {
    let settings = heavy(10.0, 0).with("precision", "f32");
    let settings = settings.without("seed");
    let (folder, record) =
        scratch_run(&settings.with("steps", steps(1e5))).expect("valid settings");
    assert_nothing_is_refuted(&record);
    for claim in &record.claims {
        assert_eq!(claim.limit, None, "{claim:#?}");
        assert!(!claim.reason.contains("proven"), "{}", claim.reason);
    }
    let limit = record.prediction.limit().expect("a solvable program");
    assert_eq!(limit.of, LimitOf::ExactDescent);
    assert!(record.summary_text().contains("not the limit of this run"));
    let text =
        |name: &str| std::fs::read_to_string(record.path.join(name)).expect("a finished run");
    assert!(text("limit.json").contains("\"of\": \"exact descent from this run's last pattern\""));
    assert!(
        text("report.html").contains("from the last activation pattern on, and the run itself")
    );
    drop(folder);
}

/// A dead sample: the loss stays at (log 2)/6, in double precision and at any horizon.
#[test]
fn a_sample_on_which_every_neuron_is_dead_refutes_the_loss() {
    let settings = crowded()
        .with("width", 5)
        .with("activation", "relu")
        .without("slope")
        .with("step-size", 0.05)
        .with("seed", 2);
    for horizon in [1e5, 1e6] {
        let record = run(&settings, horizon);
        let loss = record.series.last("loss").expect("a loss");
        assert!((loss - std::f64::consts::LN_2 / 6.0).abs() < 1e-3, "{loss}");
        assert_verdict(&record, ids::LOSS, None, Verdict::Refuted);
        assert_verdict(&record, ids::MARGINS, None, Verdict::Refuted);
    }
}

//! Runs of which false things were once printed, held to what is true of them.
//!
//! `golden/truth/truth.json` has the true values: every step in 80-bit long double by a simulator
//! in C, strides of the gradient flow in log t beyond, and the limit by another solver.
//! `golden/truth/README.md` says how they are made. One test is one example, with all of its
//! commands; each prints what it compares.

use std::path::Path;

use implicit_bias_engine::Precision;
use implicit_bias_lab::config::RunConfig;
use implicit_bias_lab::{Prepared, find_limit};
use implicit_bias_tests::{LIMIT, TRUTH, hold_to_truth, scratch_run, true_settings};

/// A test for each example.
macro_rules! examples {
    ($($test:ident: $name:literal,)*) => {
        $(
            #[test]
            fn $test() {
                hold_to_truth($name, Precision::F64);
            }
        )*

        #[test]
        fn every_example_has_a_test() {
            let tested = [$($name),*];
            let examples = TRUTH.as_object().expect("examples");
            for name in examples.keys() {
                assert!(tested.contains(&name.as_str()), "no test of `{name}`");
            }
        }
    };
}

examples! {
    a_dead_sample_stays_dead: "a dead sample",
    what_two_hand_overs_prove_is_one_limit: "two proofs",
    a_loss_that_falls_faster_is_not_refuted: "large initial weights",
    a_norm_that_grows_late_is_not_refuted: "larger initial weights",
    what_single_precision_runs_on_is_told_right: "initial weights for single precision",
    a_small_slope_takes_its_time: "a small slope",
    rank_one_seen_late_is_not_refuted: "rank one seen late",
    rank_one_seen_early_is_not_supported: "rank one seen early",
    a_limit_is_that_of_the_last_pattern: "a limit that was another",
    events_are_at_whole_steps_87: "an event between steps, seed 87",
    events_are_at_whole_steps_99: "an event between steps, seed 99",
    events_are_at_whole_steps_76: "an event between steps, seed 76",
    a_neuron_decays_in_one_dimension: "one dimension, a neuron that decays",
    coefficients_cancel_in_one_dimension: "one dimension, cancelling coefficients",
    a_zero_sample_is_followed: "a zero sample",
    zero_weights_have_no_infinite_margin: "zero weights",
}

/// `limit` stops at a pattern that it calls settled: then that is the last one.
#[test]
fn a_settled_limit_is_the_true_one() {
    let example = &TRUTH["a limit that was another"];
    let command = serde_json::json!({"steps": 1e100, "exact-steps": 1e5, "engine": "gram"});
    let settings = true_settings(example, &command, Path::new("unused"));
    let config = RunConfig::resolve(&settings).expect("valid settings");
    let prepared = Prepared::new(&config).expect("valid data");
    let report = find_limit(&config, &prepared, &mut |_| true).expect("a limit");
    let truth = example["end"]["stable_rank_pos"].as_f64().expect("a rank");
    let found = report.limit.stable_rank_pos();
    println!(
        "step {:e}, settled since {:e}, consistent {}, {}: stable rank of W_pos {found}, in truth \
         {truth}",
        report.step,
        report.settled_since,
        report.limit.is_consistent(),
        report.certificate_text()
    );
    assert!(!report.is_settled() || (found - truth).abs() <= LIMIT * truth);
}

/// Log time follows a zero sample, whose margin is 0 for ever, to the step asked for.
#[test]
fn a_zero_sample_does_not_stall_log_time() {
    let example = &TRUTH["a zero sample"];
    let folder = tempfile::tempdir().expect("a temporary folder");
    let command = serde_json::json!({"steps": 1e15, "exact-steps": 1e4, "engine": "gram"});
    let settings = true_settings(example, &command, folder.path());
    let (_scratch, record) = scratch_run(&settings).expect("a valid command");
    println!(
        "{:?}: {}",
        record.manifest.stop,
        record.manifest.notes.join("; ")
    );
    assert_eq!(record.series.last("step"), Some(1e15));
}

//! The two engines against each other on random problems: one trajectory, whichever computes it.
//!
//! Not every problem can be told apart from its rounding: where a pre-activation comes to lie
//! within rounding of its kink, the engines may cross it at different steps, and then differ by
//! about the change of one step. The horizon is short enough that such a coincidence is rarer than
//! these tests.

use implicit_bias_engine::Trajectory;
use implicit_bias_lab::config::Settings;
use implicit_bias_tests::{TestProblem, gaussian, pos_neg};
use proptest::prelude::*;

/// Largest difference in a column, relative to its largest entry (and to 10⁻³ at least), beyond
/// what the Gram engine says by its `error_estimate` that rounding was amplified to.
fn assert_close(
    found: &Trajectory,
    expected: &Trajectory,
    tolerance: f64,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.stop, expected.stop);
    prop_assert_eq!(found.series.columns(), expected.series.columns());
    let estimates = found.series.column("error_estimate").expect("a column");
    let amplified = estimates.into_iter().fold(0.0, f64::max);
    prop_assert!(amplified < 1e-6, "{amplified}");
    for (found, expected) in [
        (&found.series, &expected.series),
        (&found.margins, &expected.margins),
    ] {
        let named = expected.columns().iter();
        for name in named.filter(|name| *name != "error_estimate") {
            let [found, expected] =
                [found, expected].map(|table| table.column(name).expect("a column"));
            let size = expected
                .iter()
                .fold(1e-3, |size: f64, value| size.max(value.abs()));
            for (row, (a, b)) in found.iter().zip(&expected).enumerate() {
                let close =
                    (a - b).abs() <= (tolerance + amplified) * size || a.is_nan() && b.is_nan();
                prop_assert!(close, "{name}, row {row}: {a} for {b}");
            }
        }
    }
    Ok(())
}

/// The label of a sample: +1 for a third of them, sample 0 among these.
fn label(sample: usize, seed: u64) -> f64 {
    if sample == 0 || (sample as u64 + seed).is_multiple_of(3) {
        1.0
    } else {
        -1.0
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn both_engines_take_the_same_steps(
        n in 2usize..12, d in 1usize..40, m in 1usize..9,
        slope in prop_oneof![Just(0.0), 0.01f64..0.9],
        step_size in prop_oneof![Just(0.1), 0.01f64..1.0],
        scale in prop_oneof![Just(0.01), 0.0f64..0.5],
        // Samples in a common direction slide and conflict.
        shift in prop_oneof![Just(0.0), 0.0f64..0.6],
        exponential in any::<bool>(),
        seed in 0u64..10_000,
    ) {
        let activation = if slope == 0.0 {
            "relu"
        } else {
            "leaky-relu"
        };
        let mut problem = TestProblem {
            x: gaussian((n, d), 1.0, seed).expect("a small matrix") + shift,
            y: (0..n).map(|i| label(i, seed)).collect(),
            pos: gaussian((m, d), scale, seed + 1).expect("a small matrix"),
            neg: gaussian((m, d), scale, seed + 2).expect("a small matrix"),
            settings: Settings::default()
.with("activation", activation)
.with("slope", (slope != 0.0).then_some(slope))
.with("loss", if exponential { "exponential" } else { "logistic" })
.with("step-size", step_size)
.with("precision", "f64")
.with("engine", "tensor"),
        };
        prop_assume!(problem.y.contains(&-1.0));
        let schedule = [0.0, 1.0, 2.0, 10.0, 100.0, 400.0];
        let (expected, weights) = problem.descend(&schedule).expect("a valid problem");
        problem.settings.set("engine", "gram");
        let (found, in_gram_coordinates) = problem.descend(&schedule).expect("a valid problem");
        // Past the root of the largest number one engine has sums that the other does not make, and
        // a run that overflows there ends in one alone.
        let norms = found.series.column("weight_norm").expect("a column");
        prop_assume!(norms.iter().all(|norm| *norm < 1e150));
        assert_close(&found, &expected, 1e-9)?;
        let (pos, neg) = pos_neg(&in_gram_coordinates);
        let (expected_pos, expected_neg) = pos_neg(&weights);
        for (found, expected) in [(pos, expected_pos), (neg, expected_neg)] {
            let size = expected.iter().fold(1e-3, |size: f64, w| size.max(w.abs()));
            let error = (found - expected).iter().fold(0.0, |e: f64, w| e.max(w.abs()));
            prop_assert!(error <= 1e-9 * size, "weights are off by {error:e}");
        }
    }
}

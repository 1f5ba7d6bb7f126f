//! The limit program against the reference limits, whose patterns come from really running gradient
//! descent.

mod descent_support;

use descent_support::{Run, references};

#[test]
fn reference_limits() {
    let mut compared = 0;
    for folder in references() {
        let text = std::fs::read_to_string(folder.join("limits.json")).unwrap();
        let limits: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&text).unwrap();
        for (name, expected) in &limits {
            let mut run = Run::reference(&folder.join(format!("{name}.npz")));
            compare(name, &mut run, expected);
            compared += 1;
        }
    }
    assert!(compared >= 4, "{compared}");
}

fn compare(name: &str, run: &mut Run, expected: &serde_json::Value) {
    run.advance_to(1e5);
    let limit = run.limit();
    assert_eq!(limit.group_count(), expected["groups"], "{name}: groups");
    assert_eq!(limit.is_consistent(), expected["consistent"], "{name}");
    assert!(limit.kkt_residual() < 1e-13, "{name}: {limit:?}");
    let smallest = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let margins = limit.normalized_margins();
    for (key, found) in [
        ("stable_rank_pos", limit.stable_rank_pos()),
        ("stable_rank_neg", limit.stable_rank_neg()),
        ("stable_rank", limit.stable_rank()),
        ("normalized_margin_min", smallest(&margins)),
        ("normalized_margin_max", largest(&margins)),
        ("multiplier_min", smallest(limit.multipliers())),
        ("multiplier_max", largest(limit.multipliers())),
    ] {
        let number = |key: &str| expected[key].as_f64().unwrap();
        // A multiplier that vanishes is compared with the largest one.
        let size = match key {
            "multiplier_min" => number("multiplier_max"),
            key => number(key),
        };
        let expected = number(key);
        assert!(
            (found - expected).abs() < 1e-6 * size,
            "{name}, {key}: {found}, expected {expected}"
        );
    }
}

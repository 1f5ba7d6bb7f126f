//! The measures, by hand.

use implicit_bias_model::Weights;
use implicit_bias_record::Series;
use ndarray::array;

use super::measures::{ClassTables, Gaps, count_patterns, range};

#[test]
fn gaps_are_relative_to_the_mean_of_all_margins() {
    // Class 0: 1 and 3, mean 2. Class 1: 4, 5 and 7, mean 16/3. Mean of all: 4.
    let gaps = Gaps::of(&[1.0, 4.0, 3.0, 5.0, 7.0], &[0, 1, 0, 1, 1]);
    assert_eq!((gaps.all, gaps.within), (6.0 / 4.0, 3.0 / 4.0));
    assert!((gaps.across - (16.0 / 3.0 - 2.0) / 4.0).abs() < 1e-15);
    let equal = Gaps::of(&[2.0; 4], &[0, 1, 2, 0]);
    assert_eq!((equal.all, equal.within, equal.across), (0.0, 0.0, 0.0));
}

#[test]
fn undefined_values_are_left_out_of_a_range() {
    assert_eq!(range(&[2.0, f64::NAN, -1.0]), [-1.0, 2.0]);
    assert!(range(&[]).iter().all(|end| end.is_nan()));
}

#[test]
fn margins_that_grow_alike_have_no_gap_of_growth() {
    // Margins q = (log t, 5 + log t, 2 log t), normalized by a norm that grows like 1 + log t.
    let mut series = Series::new(["step", "weight_norm"]);
    let mut margins = Series::new(["step", "sample_0", "sample_1", "sample_2"]);
    for step in [0.0, 1.0, 10.0, 50.0, 100.0] {
        let log = f64::ln(step).max(0.0);
        let norm = 1.0 + log;
        series.push(vec![step, norm]);
        margins.push(vec![step, log / norm, (5.0 + log) / norm, 2.0 * log / norm]);
    }
    let mut run = ClassTables {
        name: "ReLU",
        series: &series,
        margins: &margins,
        names: &[],
        class: vec![0; 3],
    };
    assert_eq!(
        (run.decade_before(4), run.decade_before(3)),
        (Some(2), Some(1))
    );
    assert_eq!((run.decade_before(1), run.decade_before(0)), (None, None));
    // Growth 1, 1 and 2 units a decade.
    assert!((run.growth_gap(4) - 0.75).abs() < 1e-12);
    assert!(run.growth_gap(1).is_nan());
    let mut alike = Series::new(["step", "sample_0", "sample_1"]);
    for row in margins.rows() {
        alike.push(row[..3].to_vec());
    }
    run.margins = &alike;
    assert!(run.growth_gap(4).abs() < 1e-12);
}

#[test]
fn patterns_are_counted_by_block() {
    let x = array![[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];
    let blocks = vec![
        ("0".into(), array![[1.0, 2.0], [3.0, 1.0], [0.5, 0.1]]),
        // Active on (1, 0, 1), on (1, 0, 0), which 0 is not, and on the first again.
        ("1".into(), array![[2.0, -1.0], [1.0, -1.0], [4.0, -2.0]]),
    ];
    let weights = Weights::new(blocks).unwrap();
    assert_eq!(count_patterns(&weights, &x), [1, 2]);
}

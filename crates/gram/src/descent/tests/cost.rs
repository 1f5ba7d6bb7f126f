//! The choices of the cost model against those that were measured.

use implicit_bias_data::{DataLaw, Mixture};
use implicit_bias_scalar::{Activation, Loss};

use super::super::cost::Cost;
use crate::Problem;

/// A problem of so many samples and neurons a block; costs depend on nothing else.
fn problem(samples: usize, width: usize) -> Problem {
    let law = Mixture {
        samples,
        dim: 4,
        signal: 1.0,
        noise: 1.0,
    };
    let data = law.generate(1).expect("a valid law");
    let activation = Activation::leaky_relu(0.1).expect("a valid slope");
    Problem::new(&data, width, activation, Loss::Logistic, 0.1).expect("a problem")
}

/// Samples, neurons a block, watched pairs, and whether a long block of them took less time a step than plain steps:
/// docs/gram.md, "Where blocks are chosen".
#[test]
fn blocks_are_chosen_where_they_were_measured_to_be_faster() {
    for (samples, width, watched, faster) in [
        (4, 50, 67, true),
        (10, 4, 3, true),
        (10, 50, 255, true),
        (10, 500, 2816, true),
        (32, 50, 255, true),
        (32, 50, 907, true),
        (100, 50, 1384, true),
        (100, 50, 2221, true),
        (100, 5, 142, true),
        (300, 50, 4823, true),
        (600, 20, 4780, false),
        (1000, 50, 13_245, false),
        (1000, 50, 17_120, false),
    ] {
        let cost = Cost::new(&problem(samples, width));
        assert_eq!(
            cost.is_cheaper(watched, 1e6),
            faster,
            "{samples} samples, width {width}, {watched} pairs"
        );
    }
}

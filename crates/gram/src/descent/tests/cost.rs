//! The choices of the cost model against those that were measured.

use implicit_bias_data::{DataLaw, Mixture};
use implicit_bias_scalar::{Activation, Loss};

use super::super::cost::Cost;
use crate::Problem;

/// A problem of so many samples, 50 neurons a block; costs depend on nothing else.
fn problem(samples: usize) -> Problem {
    let law = Mixture {
        samples,
        dim: 4,
        signal: 1.0,
        noise: 1.0,
    };
    let data = law.generate(1).expect("a valid law");
    let activation = Activation::leaky_relu(0.1).expect("a valid slope");
    Problem::new(&data, 50, activation, Loss::Logistic, 0.1).expect("a problem")
}

/// Samples, watched pairs, and whether a long block of them took less time a step than plain steps:
/// docs/gram.md, "Where blocks are chosen".
#[test]
fn blocks_are_chosen_where_they_were_measured_to_be_faster() {
    for (samples, watched, faster) in [
        (10, 50, true),
        (10, 247, true),
        (32, 249, true),
        (32, 858, true),
        (100, 1302, true),
        (100, 2127, true),
        (1000, 23_428, false),
        (1000, 27_153, false),
    ] {
        let cost = Cost::new(&problem(samples));
        assert_eq!(
            cost.is_cheaper(watched, 1e6),
            faster,
            "{samples} samples, {watched} pairs"
        );
    }
}

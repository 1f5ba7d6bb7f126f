//! The problems that are timed, and whose work is counted.

use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_data::{DataLaw, Mixture};
use implicit_bias_gram::{GramDescent, Problem};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Axis, concatenate};

/// A Gaussian mixture with signal 1 and noise 1, width 50, step size 0.1, initial weights of scale
/// 10⁻³.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub name: &'static str,
    pub samples: usize,
    pub dim: usize,
    pub slope: f64,
}

/// From no sliding at all to a thousand pairs that slide.
pub const ALL: [Case; 4] = [
    Case {
        name: "leaky_nearly_orthogonal",
        samples: 10,
        dim: 20_000,
        slope: 0.1,
    },
    Case {
        name: "leaky",
        samples: 10,
        dim: 784,
        slope: 0.1,
    },
    Case {
        name: "relu",
        samples: 10,
        dim: 784,
        slope: 0.0,
    },
    Case {
        name: "leaky_hundred_samples",
        samples: 100,
        dim: 784,
        slope: 0.1,
    },
];

impl Case {
    pub fn descent(self) -> GramDescent {
        let Self {
            samples,
            dim,
            slope,
            ..
        } = self;
        let law = Mixture {
            samples,
            dim,
            signal: 1.0,
            noise: 1.0,
        };
        let data = law.generate(1).expect("a valid law");
        let block = |stream| gaussian_matrix(50, dim, 1e-3, 1, stream).expect("a valid shape");
        let (pos, neg) = (block(Stream::WeightsPos), block(Stream::WeightsNeg));
        let weights = concatenate(Axis(0), &[pos.view(), neg.view()]).expect("equal widths");
        let activation = Activation::leaky_relu(slope).expect("a valid slope");
        let problem = Problem::new(&data, 50, activation, Loss::Logistic, 0.1).expect("a problem");
        GramDescent::new(problem, weights.dot(&data.x().t())).expect("a start")
    }
}

use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use crate::random::{Stream, fair_bit, gaussian_matrix, generator, index_below, zeros};
use crate::{DataError, Dataset};

/// A law to draw a [`Dataset`] from.
///
/// Labels are i.i.d. uniform on `±1`, conditioned on both classes being present. In TOML or JSON
/// the key `synthetic` names the law:
///
/// ```
/// use implicit_bias_data::Synthetic;
///
/// let json = r#"{"synthetic": "gaussian", "samples": 10, "dim": 784, "noise": 1.0}"#;
/// let law: Synthetic = serde_json::from_str(json).unwrap();
/// assert_eq!(law, Synthetic::Gaussian { samples: 10, dim: 784, noise: 1.0 });
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "synthetic", rename_all = "lowercase", deny_unknown_fields)]
pub enum Synthetic {
    /// Two Gaussian clusters, `x = y μ + ξ` with `μ = signal · e_1` and
    /// `ξ ~ N(0, noise² I_d)`.
    ///
    /// The law of `ξ` is rotation invariant, and so are initial weights and gradient descent:
    /// another direction of `μ` would give the same run in rotated coordinates.
    Mixture {
        /// Number of samples `n ≥ 2`.
        samples: usize,
        /// Dimension `d ≥ 1`.
        dim: usize,
        /// Distance `‖μ‖ ≥ 0` of each class mean from the origin.
        signal: f64,
        /// Standard deviation of each coordinate of `ξ`; not zero along with `signal`.
        noise: f64,
    },
    /// Noise without a signal, `x ~ N(0, noise² I_d)`, independent of the label.
    Gaussian {
        /// Number of samples `n ≥ 2`.
        samples: usize,
        /// Dimension `d ≥ 1`.
        dim: usize,
        /// Standard deviation of each coordinate, positive.
        noise: f64,
    },
    /// Exactly orthogonal samples, `x_i = r_i e_i`, so that `p = 0`.
    ///
    /// The norms `r_i` are spaced geometrically from `norm / √norm_spread` to
    /// `norm · √norm_spread`, both ends included, in an order that depends on the seed.
    Orthogonal {
        /// Number of samples `n ≥ 2`.
        samples: usize,
        /// Dimension `d ≥ n`.
        dim: usize,
        /// Geometric mean of the norms, positive.
        norm: f64,
        /// Ratio `R_max / R_min ≥ 1`; 1 makes all norms equal to `norm`.
        norm_spread: f64,
    },
}

impl Synthetic {
    /// The number of samples `n` and the dimension `d`.
    pub fn shape(&self) -> (usize, usize) {
        match *self {
            Self::Mixture { samples, dim, .. }
            | Self::Gaussian { samples, dim, .. }
            | Self::Orthogonal { samples, dim, .. } => (samples, dim),
        }
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`DataError::Argument`] for a parameter out of the range that its field states, and
    /// [`DataError::TooLarge`] above [`MAX_ENTRIES`](crate::MAX_ENTRIES) entries.
    pub fn validate(&self) -> Result<(), DataError> {
        let (samples, dim) = self.shape();
        require(samples >= 2, "--samples", "at least 2", samples)?;
        require(dim >= 1, "--dim", "at least 1", dim)?;
        if samples as u128 * dim as u128 > u128::from(crate::MAX_ENTRIES) {
            return Err(DataError::TooLarge {
                rows: samples,
                columns: dim,
            });
        }
        match *self {
            Self::Mixture { signal, noise, .. } => {
                let scale = |value: f64| value.is_finite() && value >= 0.0;
                require(
                    scale(signal),
                    "--signal",
                    "a finite number, 0 or more",
                    signal,
                )?;
                require(scale(noise), "--noise", "a finite number, 0 or more", noise)?;
                let trivial = signal == 0.0 && noise == 0.0;
                require(
                    !trivial,
                    "--noise",
                    "a positive number where --signal is 0",
                    noise,
                )
            }
            Self::Gaussian { noise, .. } => require(
                positive(noise),
                "--noise",
                "a finite positive number",
                noise,
            ),
            Self::Orthogonal {
                norm, norm_spread, ..
            } => {
                let expected = format!("at least the number of samples, {samples}");
                require(dim >= samples, "--dim", expected, dim)?;
                require(positive(norm), "--norm", "a finite positive number", norm)?;
                let spread = norm_spread.is_finite() && norm_spread >= 1.0;
                require(
                    spread,
                    "--norm-spread",
                    "a finite number, 1 or more",
                    norm_spread,
                )
            }
        }
    }

    /// Draws a data set. Equal seeds give equal bits on every machine.
    ///
    /// # Errors
    ///
    /// Those of [`validate`](Self::validate), and [`DataError::Scale`] or
    /// [`DataError::NotFinite`] for scales so extreme that squared norms leave the range of `f64`.
    pub fn generate(&self, seed: u64) -> Result<Dataset, DataError> {
        self.validate()?;
        let (samples, dim) = self.shape();
        let y = random_labels(samples, seed, Stream::Labels);
        let x = match *self {
            Self::Mixture { signal, noise, .. } => {
                let mut x = gaussian_matrix(samples, dim, noise, seed, Stream::Noise)?;
                x.column_mut(0).scaled_add(signal, &y);
                x
            }
            Self::Gaussian { noise, .. } => {
                gaussian_matrix(samples, dim, noise, seed, Stream::Noise)?
            }
            Self::Orthogonal {
                norm, norm_spread, ..
            } => {
                let mut x: Array2<f64> = zeros(samples, dim)?;
                let norms = shuffled(geometric(samples, norm, norm_spread), seed);
                for (i, norm) in norms.into_iter().enumerate() {
                    x[[i, i]] = norm;
                }
                x
            }
        };
        Dataset::new(x, y)
    }
}

fn positive(value: f64) -> bool {
    value.is_finite() && value > 0.0
}

fn require(
    holds: bool,
    flag: &'static str,
    expected: impl Into<String>,
    found: impl ToString,
) -> Result<(), DataError> {
    if holds {
        Ok(())
    } else {
        Err(DataError::Argument {
            flag,
            expected: expected.into(),
            found: found.to_string(),
        })
    }
}

/// Uniform on `±1`, both present.
pub(crate) fn random_labels(samples: usize, seed: u64, stream: Stream) -> Array1<f64> {
    let mut generator = generator(seed, stream);
    loop {
        let y = Array1::from_shape_simple_fn(samples, || {
            if fair_bit(&mut generator) { 1.0 } else { -1.0 }
        });
        // Redrawing the whole vector conditions the law; flipping one label would bend it.
        if y.iter().any(|&label| label != y[0]) {
            return y;
        }
    }
}

/// `count ≥ 2` norms in geometric progression, the ends computed apart so that they are exact.
fn geometric(count: usize, middle: f64, spread: f64) -> Vec<f64> {
    let last = count - 1;
    (0..count)
        .map(|j| match j {
            0 => middle / spread.sqrt(),
            j if j == last => middle * spread.sqrt(),
            j => middle * libm::pow(spread, j as f64 / last as f64 - 0.5),
        })
        .collect()
}

/// Fisher–Yates.
fn shuffled(mut values: Vec<f64>, seed: u64) -> Vec<f64> {
    let mut generator = generator(seed, Stream::Norms);
    for i in (1..values.len()).rev() {
        values.swap(i, index_below(&mut generator, i + 1));
    }
    values
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    use super::*;
    use crate::Geometry;

    fn refusal(law: Synthetic) -> String {
        law.generate(0).unwrap_err().to_string()
    }

    #[test]
    fn each_parameter_out_of_range_names_its_flag() {
        let mixture = |samples, dim, signal, noise| {
            refusal(Synthetic::Mixture {
                samples,
                dim,
                signal,
                noise,
            })
        };
        assert_eq!(
            mixture(1, 3, 1.0, 1.0),
            "--samples: expected at least 2, found 1"
        );
        assert_eq!(
            mixture(2, 0, 1.0, 1.0),
            "--dim: expected at least 1, found 0"
        );
        assert_eq!(
            mixture(2, 3, -1.0, 1.0),
            "--signal: expected a finite number, 0 or more, found -1"
        );
        assert_eq!(
            mixture(2, 3, 1.0, f64::NAN),
            "--noise: expected a finite number, 0 or more, found NaN"
        );
        assert_eq!(
            mixture(2, 3, 0.0, 0.0),
            "--noise: expected a positive number where --signal is 0, found 0"
        );
        assert_eq!(
            mixture(1 << 20, 1 << 20, 1.0, 1.0),
            "expected at most 536870912 entries (4 GiB of f64), found 1048576 × 1048576"
        );
        assert!(mixture(2, 3, 1e300, 1.0).contains("rescale"));
        assert_eq!(
            refusal(Synthetic::Gaussian {
                samples: 2,
                dim: 3,
                noise: 0.0
            }),
            "--noise: expected a finite positive number, found 0"
        );
        let orthogonal = |samples, dim, norm, norm_spread| {
            refusal(Synthetic::Orthogonal {
                samples,
                dim,
                norm,
                norm_spread,
            })
        };
        assert_eq!(
            orthogonal(4, 3, 1.0, 1.0),
            "--dim: expected at least the number of samples, 4, found 3"
        );
        assert_eq!(
            orthogonal(2, 3, 0.0, 1.0),
            "--norm: expected a finite positive number, found 0"
        );
        assert_eq!(
            orthogonal(2, 3, 1.0, 0.5),
            "--norm-spread: expected a finite number, 1 or more, found 0.5"
        );
    }

    #[test]
    fn two_samples_always_have_two_labels_and_both_orders_occur() {
        let law = Synthetic::Gaussian {
            samples: 2,
            dim: 1,
            noise: 1.0,
        };
        let first = (0..200)
            .filter(|&seed| law.generate(seed).unwrap().y()[0] > 0.0)
            .count();
        assert!((65..135).contains(&first), "{first}");
    }

    #[test]
    fn class_means_of_a_mixture_lie_two_signals_apart_along_the_first_axis() {
        let (samples, signal, noise) = (40_000, 1.5, 0.7);
        let data = Synthetic::Mixture {
            samples,
            dim: 3,
            signal,
            noise,
        }
        .generate(11)
        .unwrap();
        let (positive, negative) = data.class_counts();
        assert!(positive.abs_diff(negative) < 5 * 200);
        // mean of y x − its expectation μ, within five standard errors.
        let mean = data.y().dot(data.x()) / samples as f64;
        let error = 5.0 * noise / (samples as f64).sqrt();
        assert!((mean[0] - signal).abs() < error, "{mean}");
        assert!(mean[1].abs() < error && mean[2].abs() < error, "{mean}");
        let class_mean = |label: f64, count: usize| {
            let total: f64 = (0..samples)
                .filter(|&i| data.y()[i] == label)
                .map(|i| data.x()[[i, 0]])
                .sum();
            total / count as f64
        };
        let difference = class_mean(1.0, positive) - class_mean(-1.0, negative);
        assert!(
            (difference - 2.0 * signal).abs() < 2.0 * error,
            "{difference}"
        );
    }

    #[test]
    fn without_noise_a_mixture_has_rank_one() {
        let law = Synthetic::Mixture {
            samples: 5,
            dim: 4,
            signal: 2.0,
            noise: 0.0,
        };
        let geometry = Geometry::of(&law.generate(0).unwrap());
        assert_eq!(
            (geometry.rank, geometry.r_min, geometry.p),
            (Some(1), 2.0, 4.0)
        );
    }

    #[test]
    fn equal_norms_are_exactly_equal() {
        let law = Synthetic::Orthogonal {
            samples: 7,
            dim: 9,
            norm: 0.1,
            norm_spread: 1.0,
        };
        let geometry = Geometry::of(&law.generate(3).unwrap());
        assert_eq!(
            (geometry.r_min, geometry.r_max, geometry.p),
            (0.1, 0.1, 0.0)
        );
    }

    #[test]
    fn unknown_keys_and_laws_are_refused() {
        let parse = |json: &str| serde_json::from_str::<Synthetic>(json);
        let good = concat!(
            r#"{"synthetic": "orthogonal", "samples": 2, "dim": 3, "#,
            r#""norm": 1.0, "norm_spread": 2.0}"#,
        );
        let law = parse(good).unwrap();
        assert_eq!(parse(&serde_json::to_string(&law).unwrap()).unwrap(), law);
        assert!(parse(&good.replace("\"norm\"", "\"nrm\"")).is_err());
        assert!(parse(&good.replace("}", ", \"signal\": 1.0}")).is_err());
        assert!(parse(&good.replace("orthogonal", "diagonal")).is_err());
    }

    proptest! {
        #[test]
        fn orthogonal_data_have_no_products_and_the_asked_spread(
            samples in 2_usize..12, extra in 0_usize..4,
            norm in 1e-3..1e3, norm_spread in 1.0..100.0, seed: u64,
        ) {
            let dim = samples + extra;
            let law = Synthetic::Orthogonal { samples, dim, norm, norm_spread };
            let geometry = Geometry::of(&law.generate(seed).unwrap());
            prop_assert_eq!(geometry.p, 0.0);
            prop_assert_eq!(geometry.r_min, norm / norm_spread.sqrt());
            prop_assert_eq!(geometry.r_max, norm * norm_spread.sqrt());
            assert_relative_eq!(geometry.norm_ratio, norm_spread, max_relative = 1e-14);
            prop_assert_eq!(geometry.rank, Some(samples));
        }

        #[test]
        fn a_seed_is_a_data_set(samples in 2_usize..9, dim in 1_usize..9, seed: u64) {
            let law = Synthetic::Mixture { samples, dim, signal: 1.0, noise: 0.5 };
            let data = law.generate(seed).unwrap();
            prop_assert_eq!((data.samples(), data.dim()), (samples, dim));
            prop_assert_eq!(data.sha256(), law.generate(seed).unwrap().sha256());
            prop_assert_ne!(data.sha256(), law.generate(seed.wrapping_add(1)).unwrap().sha256());
        }
    }
}

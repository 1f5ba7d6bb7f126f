//! How fast Adam without `ε`, and sign descent, move once gradients fall geometrically.

/// A descent whose steps do not depend on the size of the gradient, with `g` the full gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum SignLikeDescent {
    /// `w ← w − η_t sign(g)`.
    Sign,
    /// `m ← β1 m + (1−β1) g`, `v ← β2 v + (1−β2) g²`, `w ← w − η_t m / √v`, without `ε`; a bias
    /// correction is forgotten in the long run.
    Adam {
        /// The decay `β1` of the mean.
        beta1: f64,
        /// The decay `β2` of the mean square.
        beta2: f64,
    },
}

/// The pace of a descent at one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// By how much margins grow in a step, `r = κ ρ`.
    pub margin_growth: f64,
    /// By how many step sizes the largest weight grows in a step, `ρ = |m|/√v`.
    pub steps_per_step: f64,
    /// The elasticity `d log ρ / d log κ`, at most 0.
    pub elasticity: f64,
}

impl SignLikeDescent {
    /// Whether the law is known to have one solution: `0 ≤ β1 ≤ β2 < 1`.
    pub fn is_regular(self) -> bool {
        match self {
            Self::Sign => true,
            Self::Adam { beta1, beta2 } => 0.0 <= beta1 && beta1 <= beta2 && beta2 < 1.0,
        }
    }

    /// The largest `κ = γ η` at which `β2` does not throttle, `(1 − β2)/2`; infinite for sign
    /// descent.
    ///
    /// Margins cannot grow by more than `−½ log β2` a step, some `(1 − β2)/2`: `v` would not follow
    /// the gradient.
    pub fn largest_unthrottled(self) -> f64 {
        match self {
            Self::Sign => f64::INFINITY,
            Self::Adam { beta2, .. } => (1.0 - beta2) / 2.0,
        }
    }

    /// The pace at a constant step size `η`, where weights of norm 1 have margin `γ`; `product` is
    /// `κ = γ η`.
    ///
    /// Let gradients fall by the factor `e^{−r}` a step in every coordinate that grows. The sums of
    /// geometric series are `m = g (1−β1)/(1−β1 e^r)` and `v = g² (1−β2)/(1−β2 e^{2r})`, so that
    ///
    /// ```text
    /// r = κ ρ,    ρ = (1−β1)/(1−β1 e^r) · √((1−β2 e^{2r})/(1−β2)).
    /// ```
    ///
    /// For `β1 ≤ β2` the right side falls with `r`, from 1 at `r = 0` to 0 at `r = −½ log β2`:
    /// there is one solution (derived). `None` unless [`is_regular`](Self::is_regular) and `κ` is
    /// positive and finite.
    pub fn pace(self, product: f64) -> Option<Pace> {
        if !(self.is_regular() && product > 0.0 && product.is_finite()) {
            return None;
        }
        let Self::Adam { beta1, beta2 } = self else {
            return Some(Pace {
                margin_growth: product,
                steps_per_step: 1.0,
                elasticity: 0.0,
            });
        };
        let law = Law { beta1, beta2 };
        // The root of ρ(κ x) − x, which falls with x.
        let [mut low, mut high] = [0.0, (-0.5 * beta2.ln() / product).min(1.0)];
        let mut middle = high;
        for _ in 0..200 {
            let excess = law.ratio(product * middle) - middle;
            if excess == 0.0 {
                break;
            }
            if excess > 0.0 {
                low = middle;
            } else {
                high = middle;
            }
            let slope = law.ratio(product * middle) * law.log_slope(product * middle) * product;
            let newton = middle - excess / (slope - 1.0);
            let next = if newton > low && newton < high {
                newton
            } else {
                0.5 * (low + high)
            };
            if (next - middle).abs() <= f64::EPSILON * middle {
                break;
            }
            middle = next;
        }
        let growth = product * middle;
        let feedback = growth * law.log_slope(growth);
        Some(Pace {
            margin_growth: growth,
            steps_per_step: middle,
            elasticity: feedback / (1.0 - feedback),
        })
    }

    /// How much larger `ρ` is where the pace falls slowly, `r_s ≈ r (1 + (t − s) b/t)` at step `s`,
    /// per `b r/t` and to first order: `2β/(1−β)²` is the mean of `j (j+1)` over the geometric
    /// weights of `m` and `v`, with `β = β1 e^r` and `β2 e^{2r}` (derived).
    pub(super) fn lag(self, pace: Pace) -> f64 {
        let Self::Adam { beta1, beta2 } = self else {
            return 0.0;
        };
        let mean = |ratio: f64| ratio / ((1.0 - ratio) * (1.0 - ratio));
        let growth = pace.margin_growth;
        let direct = mean(beta1 * growth.exp()) - mean(beta2 * (2.0 * growth).exp());
        // ρ = h(κ ρ) (1 + δ) answers with δ/(1 − r (log h)'), and that is 1 + elasticity.
        direct * (1.0 + pace.elasticity)
    }
}

struct Law {
    beta1: f64,
    beta2: f64,
}

impl Law {
    /// `ρ` as a function of `r`; 0 past its end.
    fn ratio(&self, growth: f64) -> f64 {
        let mean = 1.0 - self.beta1 * growth.exp_m1() / (1.0 - self.beta1);
        let square = 1.0 - self.beta2 * (2.0 * growth).exp_m1() / (1.0 - self.beta2);
        square.max(0.0).sqrt() / mean
    }

    /// `d log ρ / dr`.
    fn log_slope(&self, growth: f64) -> f64 {
        let odds = |ratio: f64| ratio / (1.0 - ratio);
        odds(self.beta1 * growth.exp()) - odds(self.beta2 * (2.0 * growth).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADAM: SignLikeDescent = SignLikeDescent::Adam {
        beta1: 0.9,
        beta2: 0.99,
    };

    /// Scalars `m` and `v` of a gradient that falls by the law's own factor.
    #[test]
    fn geometric_gradients_give_the_ratio_of_moments() {
        for (beta1, beta2) in [
            (0.9, 0.99),
            (0.9, 0.999),
            (0.5, 0.5),
            (0.0, 0.9),
            (0.0, 0.0),
        ] {
            let descent = SignLikeDescent::Adam { beta1, beta2 };
            for product in [1e-6, 1e-3, 0.1, 10.0] {
                let pace = descent.pace(product).unwrap();
                let growth = pace.margin_growth;
                // Moments over the gradient's own size, which falls by e^{−r} a step.
                let (mut mean, mut square) = (0.0, 0.0);
                for _ in 0..400_000 {
                    mean = beta1 * growth.exp() * mean + (1.0 - beta1);
                    square = beta2 * (2.0 * growth).exp() * square + (1.0 - beta2);
                }
                let ratio = mean / f64::sqrt(square);
                // Near the throttle the mean square takes longer than that to settle.
                if growth < 0.9 * -0.5 * f64::ln(beta2) {
                    assert!(
                        (ratio / pace.steps_per_step - 1.0).abs() < 1e-8,
                        "{product}"
                    );
                }
                assert!((growth / (product * pace.steps_per_step) - 1.0).abs() < 1e-15);
            }
        }
    }

    /// By hand: `ρ = 1 + r (β1/(1−β1) − β2/(1−β2))` at small, `r = −½ log β2` at large steps.
    #[test]
    fn small_and_large_steps() {
        let pace = ADAM.pace(1e-7).unwrap();
        assert!((pace.steps_per_step - (1.0 - 90e-7)).abs() < 1e-10);
        assert!((pace.elasticity + 90e-7).abs() < 1e-9);
        let pace = ADAM.pace(1e6).unwrap();
        assert!((pace.margin_growth + 0.5 * 0.99f64.ln()).abs() < 1e-12);
        assert_eq!(SignLikeDescent::Sign.pace(0.3).unwrap().margin_growth, 0.3);
    }

    #[test]
    fn elasticities_are_derivatives() {
        for product in [1e-4, 1e-3, 1e-2, 1.0] {
            let log = |factor: f64| ADAM.pace(product * factor).unwrap().steps_per_step.ln();
            let slope = (log(1e-4f64.exp()) - log((-1e-4f64).exp())) / 2e-4;
            let pace = ADAM.pace(product).unwrap();
            assert!((slope - pace.elasticity).abs() < 1e-6, "{product}: {slope}");
        }
    }

    #[test]
    fn what_has_no_law_has_no_pace() {
        let adam = |beta1, beta2| SignLikeDescent::Adam { beta1, beta2 };
        for descent in [
            adam(0.9, 0.8),
            adam(-0.1, 0.9),
            adam(0.9, 1.0),
            adam(f64::NAN, 0.9),
        ] {
            assert_eq!(descent.pace(0.1), None);
        }
        for product in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(ADAM.pace(product), None);
        }
    }
}

//! The law of balanced neurons on point clusters, to any time.

/// Euler's constant.
const EULER: f64 = 0.577_215_664_901_532_9;

/// From here on the exponential integral is summed by its asymptotic series.
const ASYMPTOTIC: f64 = 40.0;

/// `log Ei(p)`, `Ei(p) = γ + log p + Σ_k p^k/(k k!)`, for `p` where that is positive; accurate past
/// where `Ei` overflows.
fn log_exponential_integral(p: f64) -> f64 {
    let mut term = 1.0;
    if p >= ASYMPTOTIC {
        // e^p/p Σ k!/p^k, up to the smallest term.
        let mut sum = 0.0;
        for k in 1..=p as usize {
            sum += term;
            term *= k as f64 / p;
            if term < 1e-17 * sum {
                break;
            }
        }
        return p - p.ln() + sum.ln();
    }
    let mut sum = EULER + p.ln();
    for k in 1..200 {
        term *= p / f64::from(k);
        sum += term / f64::from(k);
    }
    sum.ln()
}

/// `log(log p + Ei(p))`; `p` must be so large that this is positive, from 0.5 on.
fn log_clock(p: f64) -> f64 {
    let log = log_exponential_integral(p);
    // log(e^a + b) for b far smaller late on.
    log + (p.ln() * (-log).exp()).ln_1p()
}

/// The law `2 (log p + Ei(p)) = t + c` of `ṗ = ½ p σ(−p)` (derived here): `p = |v_j| ‖w_j‖` of one
/// of four balanced neurons, each on a cluster of a quarter of the samples at distance 1, under
/// gradient flow on the mean logistic loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Law {
    /// `c`.
    constant: f64,
}

impl Law {
    /// The law through `p` at time `t`; `None` where `p` is below 0.5.
    pub fn through(p: f64, time: f64) -> Option<Self> {
        (p >= 0.5).then(|| Self {
            constant: 2.0 * log_clock(p).exp() - time,
        })
    }

    /// `p` at a later time, by bisection.
    pub fn at(&self, time: f64) -> f64 {
        let wanted = ((time + self.constant) / 2.0).ln();
        let (mut low, mut high) = (0.5, 1e6);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if log_clock(middle) < wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of a table: `Ei(1) = 1.8951178163559368`, `Ei(10) = 2492.2289762418777`, and across
    /// the change of the series.
    #[test]
    fn the_exponential_integral_is_that_of_tables() {
        for (p, value) in [
            (1.0, 1.895_117_816_355_936_8),
            (10.0, 2_492.228_976_241_877_7),
        ] {
            assert!((log_exponential_integral(p) - f64::ln(value)).abs() < 1e-14);
        }
        let [below, above] = [ASYMPTOTIC - 1e-9, ASYMPTOTIC].map(log_exponential_integral);
        assert!((above - below).abs() < 2e-9 && above > below);
    }

    /// The law is the solution: small Runge–Kutta steps of `ṗ = ½ p σ(−p)`.
    #[test]
    fn the_law_solves_its_equation() {
        let slope = |p: f64| 0.5 * p / (1.0 + p.exp());
        let (mut p, step) = (0.7, 1e-3);
        let law = Law::through(p, 3.0).unwrap();
        for _ in 0..100_000 {
            let k1 = slope(p);
            let k2 = slope(p + 0.5 * step * k1);
            let k3 = slope(p + 0.5 * step * k2);
            let k4 = slope(p + step * k3);
            p += step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
        }
        assert!(
            (law.at(103.0) / p - 1.0).abs() < 1e-9,
            "{} {p}",
            law.at(103.0)
        );
        // e^p/p ≈ t/2 far out.
        let far = law.at(1e300);
        assert!((far - far.ln() - (300.0 * 10_f64.ln() - 2_f64.ln())).abs() < 0.01);
        assert!(Law::through(0.4, 0.0).is_none());
    }
}

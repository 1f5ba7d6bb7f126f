//! Mixtures of values by attention, exact where one token has all but a vanishing share.
//!
//! With `s = softmax(a)` and values `v_t`, the mixture is `f = Σ_t s_t v_t`, and `∂f/∂a_t = s_t (v_t −
//! f)`. Once `1 − s_o` is below `10⁻¹⁶`, `v_o − f` cancels to nothing; written in differences to the
//! token of most attention it does not, and with an exponent of its own it does not underflow.

use implicit_bias_scalar::log_sum_of_exponentials;

/// The attention `s = softmax(a)` of one sample, as logarithms.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shares {
    /// The token of most attention.
    pub top: usize,
    /// `log s_t`.
    pub log_shares: Vec<f64>,
    /// `s_t`, 0 where that underflows.
    pub shares: Vec<f64>,
}

impl Shares {
    /// Replaces it by that of the logits `a`.
    pub fn set(&mut self, logits: &[f64]) {
        let mut top = 0;
        for (token, &logit) in logits.iter().enumerate() {
            if logit > logits[top] {
                top = token;
            }
        }
        self.top = top;
        let largest = logits[top];
        self.shares.clear();
        self.shares
            .extend(logits.iter().map(|a| (a - largest).exp()));
        let sum: f64 = self.shares.iter().sum();
        // 1 + what the others add: log1p keeps what is far below 1.
        let others: f64 = (self.shares.iter().enumerate())
            .filter(|(token, _)| *token != top)
            .map(|(_, share)| share)
            .sum();
        let log_sum = others.ln_1p();
        self.log_shares.clear();
        self.log_shares
            .extend(logits.iter().map(|a| a - largest - log_sum));
        self.shares.iter_mut().for_each(|share| *share /= sum);
    }

    /// `∂/∂a_t Σ_t s_t v_t`, up to the factor `e^scale` that is returned, for the differences
    /// `δ_t = v_t − v_top` of the values; zeros and `−∞` where all values are equal.
    ///
    /// The largest entry is of the order of 1 where it is not 0.
    pub fn slopes(&self, differences: &[f64], slopes: &mut Vec<f64>) -> f64 {
        let mut scale = f64::NEG_INFINITY;
        for (log_share, difference) in self.log_shares.iter().zip(differences) {
            if *difference != 0.0 {
                scale = scale.max(log_share + difference.abs().ln());
            }
        }
        slopes.clear();
        if scale == f64::NEG_INFINITY {
            slopes.resize(differences.len(), 0.0);
            return scale;
        }
        // s_t δ_t e^{−scale}: at most 1.
        let term = |(log_share, difference): (&f64, &f64)| {
            if *difference == 0.0 {
                return 0.0;
            }
            difference.signum() * (log_share + difference.abs().ln() - scale).exp()
        };
        slopes.extend(self.log_shares.iter().zip(differences).map(term));
        let mean: f64 = slopes.iter().sum();
        for (slope, share) in slopes.iter_mut().zip(&self.shares) {
            *slope -= share * mean;
        }
        scale
    }
}

/// `log Σ_t s_t w_t` for weights `w_t ≥ 0`, from `log s_t`; `−∞` where all weights are 0.
pub(crate) fn log_mean(log_shares: &[f64], weights: impl Fn(usize) -> f64) -> f64 {
    let log = |(token, log_share): (usize, &f64)| log_share + weights(token).ln();
    let logs: Vec<f64> = log_shares.iter().enumerate().map(log).collect();
    log_sum_of_exponentials(&logs)
}

/// The power of two that scales are carried with: 0 unless all are below `e^{−300}`.
pub(crate) fn common_exponent(scale: f64) -> i64 {
    /// Exponents are multiples of this: they seldom change.
    const STRIDE: f64 = 256.0;
    if scale > -300.0 || scale == f64::NEG_INFINITY {
        return 0;
    }
    (STRIDE * (scale / std::f64::consts::LN_2 / STRIDE).floor()) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_mixture() {
        let (logits, values) = ([0.3, -1.2, 2.0, 0.1], [1.0, -2.0, 0.5, 0.25]);
        let mut attention = Shares::default();
        attention.set(&logits);
        let top = attention.top;
        let differences: Vec<f64> = values.iter().map(|v| v - values[top]).collect();
        let mut slopes = Vec::new();
        let scale = attention.slopes(&differences, &mut slopes).exp();
        let mixture: f64 = attention
            .shares
            .iter()
            .zip(values)
            .map(|(s, v)| s * v)
            .sum();
        for ((slope, share), value) in slopes.iter().zip(&attention.shares).zip(values) {
            assert!((scale * slope - share * (value - mixture)).abs() < 1e-15);
        }
    }

    /// With two tokens `∂f/∂a_o = s_o (1 − s_o) (v_o − v_t)`, whose logarithm is known however small
    /// the other share is; `v_o − f` computed naively is 0 there.
    #[test]
    fn slopes_keep_their_digits_where_the_naive_ones_vanish() {
        let mut attention = Shares::default();
        let mut slopes = Vec::new();
        for gap in [1.0, 40.0, 700.0, 1e4, 1e12] {
            attention.set(&[0.0, gap]);
            let scale = attention.slopes(&[-3.0, 0.0], &mut slopes);
            let log = scale + slopes[1].ln();
            let exact = 3f64.ln() - gap - 2.0 * (-gap).exp().ln_1p();
            assert!((log - exact).abs() <= 1e-14 * exact.abs().max(1.0), "{gap}");
            assert!((slopes[0] + slopes[1]).abs() < 1e-15, "slopes sum to 0");
            let mixture = attention.shares[0] * -3.0;
            let naive = attention.shares[1] * (0.0 - mixture);
            assert_eq!(naive == 0.0, gap > 746.0);
        }
    }

    /// `log s_o = −log(1 + e^{−gap})`, where `log` of the rounded sum is 0.
    #[test]
    fn the_share_of_the_top_token_keeps_its_distance_from_one() {
        let mut attention = Shares::default();
        for gap in [1.0, 40.0, 700.0] {
            attention.set(&[0.0, gap]);
            let exact = -(-gap).exp().ln_1p();
            assert!(
                (attention.log_shares[1] / exact - 1.0).abs() < 1e-14,
                "{gap}"
            );
        }
    }

    #[test]
    fn equal_values_have_no_slope() {
        let mut attention = Shares::default();
        attention.set(&[1.0, 2.0]);
        let mut slopes = Vec::new();
        assert_eq!(
            attention.slopes(&[0.0, 0.0], &mut slopes),
            f64::NEG_INFINITY
        );
        assert_eq!(slopes, [0.0, 0.0]);
    }
}

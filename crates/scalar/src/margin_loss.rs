//! A loss by its formulas.

/// A loss `ℓ(q)` of the margin `q = y f(x)`, `y = ±1`, by its formulas.
///
/// Values and slopes should be exact to a few units in the last place, and their logarithms go on
/// where they underflow: directions of descents keep their digits there.
#[derive(Clone, Copy, Debug)]
pub struct MarginLoss {
    /// The name by which users choose it.
    pub name: &'static str,
    /// The formula, in a line.
    pub about: &'static str,
    /// `ℓ(q)`.
    pub value: fn(f64) -> f64,
    /// `−ℓ'(q)`.
    pub slope: fn(f64) -> f64,
    /// `log ℓ(q)`; `−∞` where the loss is 0.
    pub log_value: fn(f64) -> f64,
    /// `log |ℓ'(q)|`; `−∞` where the slope is 0.
    pub log_slope: fn(f64) -> f64,
    /// Whether it decreases, falls like `e^{−q}` up to a factor, and never vanishes.
    pub is_exponentially_tailed: bool,
}

/// Losses of one name are one loss: a process has no two.
impl PartialEq for MarginLoss {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for MarginLoss {}

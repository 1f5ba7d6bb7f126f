//! A loss by its formulas.

use implicit_bias_settings::Key;

/// The most keys that a loss may have.
pub const MOST_PARAMETERS: usize = 4;

/// The values of a loss's keys, in their order; 0 past the last one.
pub type Parameters = [f64; MOST_PARAMETERS];

/// A loss `ℓ(q)` of the margin `q = y f(x)`, `y = ±1`, by its formulas.
///
/// Every formula takes the margin and the values of the loss's keys. Values and slopes should be
/// exact to a few units in the last place, and their logarithms go on where they underflow:
/// directions of descents keep their digits there.
#[derive(Clone, Copy, Debug)]
pub struct MarginLoss {
    /// The name by which users choose it.
    pub name: &'static str,
    /// The formula, in a line.
    pub about: &'static str,
    /// Its keys, [`MOST_PARAMETERS`] at most, each a number with a constant default.
    pub keys: &'static [Key],
    /// `ℓ(q)`.
    pub value: fn(f64, Parameters) -> f64,
    /// `−ℓ'(q)`.
    pub slope: fn(f64, Parameters) -> f64,
    /// `log ℓ(q)`; `−∞` where the loss is 0.
    pub log_value: fn(f64, Parameters) -> f64,
    /// `log |ℓ'(q)|`; `−∞` where the slope is 0.
    pub log_slope: fn(f64, Parameters) -> f64,
    /// Whether it decreases, never vanishes, and `ℓ(q)` and `−ℓ'(q)` are each `e^{−q/T}` times a
    /// number that tends to a positive constant as `q → ∞`, for some `T > 0`, whatever the values of
    /// its keys are.
    ///
    /// `T` does not matter: it is a factor of all margins, and directions that descents tend to are
    /// the same. A tail `e^{−q²}` or `e^{−√q}` is none of these.
    pub is_exponentially_tailed: bool,
}

impl MarginLoss {
    /// The defaults of its keys.
    ///
    /// # Panics
    ///
    /// For more keys than [`MOST_PARAMETERS`], and for a key that is no number or has no default.
    pub const fn defaults(&self) -> Parameters {
        assert!(
            self.keys.len() <= MOST_PARAMETERS,
            "a loss has four keys at most"
        );
        let mut defaults = [0.0; MOST_PARAMETERS];
        let mut place = 0;
        while place < self.keys.len() {
            let Some(default) = self.keys[place].default_number() else {
                panic!("a key of a loss is a number with a default");
            };
            defaults[place] = default;
            place += 1;
        }
        defaults
    }
}

/// Losses of one name are one loss: a process has no two.
impl PartialEq for MarginLoss {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for MarginLoss {}

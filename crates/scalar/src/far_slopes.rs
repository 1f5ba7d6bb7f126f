//! What an activation is far from 0.

/// An activation that is nearly straight far from 0: `φ(z)/z` tends to one slope far below 0 and to
/// another one far above.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FarSlopes {
    /// `lim φ(z)/z` for `z → −∞` and for `z → ∞`.
    pub slopes: [f64; 2],
    /// Below the first number and above the second `φ'` is within a hundredth of these slopes; both 0
    /// for a kink at 0.
    pub bend: [f64; 2],
}

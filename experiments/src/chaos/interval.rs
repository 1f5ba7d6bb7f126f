//! Numbers known to lie between two others, and a proof that a cycle of three points is there.

use std::ops::{Add, Mul, Sub};

/// A number between `low` and `high`; operations round outwards by a unit in the last place, so that
/// what they give contains the exact result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    pub fn point(value: f64) -> Self {
        Self {
            low: value,
            high: value,
        }
    }

    /// Of what was rounded to nearest.
    fn outwards(low: f64, high: f64) -> Self {
        Self {
            low: low.next_down(),
            high: high.next_up(),
        }
    }

    /// 1 or −1 where every number of it has this sign; 0 where that is not sure.
    pub fn sign(self) -> i32 {
        i32::from(self.low > 0.0) - i32::from(self.high < 0.0)
    }
}

impl Add for Interval {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::outwards(self.low + other.low, self.high + other.high)
    }
}

impl Sub for Interval {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self::outwards(self.low - other.high, self.high - other.low)
    }
}

impl Mul for Interval {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let products = [
            self.low * other.low,
            self.low * other.high,
            self.high * other.low,
            self.high * other.high,
        ];
        let low = products.iter().copied().fold(f64::INFINITY, f64::min);
        let high = products.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self::outwards(low, high)
    }
}

/// `F(u)` of every number of an interval.
fn map(a: f64, u: Interval) -> Interval {
    let rest = Interval::point(1.0) + Interval::point(a) - u;
    u * rest * rest
}

/// A bracket in which `F³(u) = u` for some `u` with `F(u) ≠ u`, proven by signs at both ends and
/// intervals between them: that `u` has the least period 3, and with it there is a cycle of every
/// period, and an uncountable scrambled set (Li & Yorke 1975). `None` where no proof was found.
pub(super) fn period_three(a: f64) -> Option<Interval> {
    let cubed = |u: f64| {
        let point = Interval::point(u);
        map(a, map(a, map(a, point))) - point
    };
    // Signs on a grid, then bisection of each change of sign while they are sure.
    const GRID: usize = 4000;
    let at = |k: usize| 1e-3 + (2.0 + a) * k as f64 / GRID as f64;
    for k in 0..GRID {
        let (mut low, mut high) = (at(k), at(k + 1));
        let (of_low, of_high) = (cubed(low).sign(), cubed(high).sign());
        if of_low * of_high != -1 {
            continue;
        }
        loop {
            let middle = 0.5 * (low + high);
            match cubed(middle).sign() {
                0 => break,
                sign if sign == of_low => low = middle,
                _ => high = middle,
            }
        }
        let bracket = Interval { low, high };
        let is_fixed = (map(a, bracket) - bracket).sign() == 0;
        if !is_fixed {
            return Some(bracket);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use implicit_bias_data::random::Dice;

    /// The exact sum or product is the rounded one and its error, which two doubles hold.
    #[test]
    fn operations_contain_the_exact_result() {
        let mut dice = Dice::new(1);
        for _ in 0..100_000 {
            let [x, y] = [0, 1].map(|_| {
                let size = dice.between(1e-3, 1e3);
                if dice.below(2) == 0 { size } else { -size }
            });
            let product = Interval::point(x) * Interval::point(y);
            let error = x.mul_add(y, -(x * y));
            assert!(product.low < product.high);
            let inside = |interval: Interval, rounded: f64, error: f64| {
                (interval.low < rounded || error >= 0.0)
                    && (rounded < interval.high || error <= 0.0)
            };
            assert!(inside(product, x * y, error));
            let sum = Interval::point(x) + Interval::point(y);
            let rounded = x + y;
            let back = rounded - x;
            let error = (x - (rounded - back)) + (y - back);
            assert!(inside(sum, rounded, error));
            // Every product of numbers inside is inside.
            let wide = |x: f64| Interval {
                low: x - 0.1,
                high: x + 0.1,
            };
            let (one, other) = (dice.uniform() * 0.2 - 0.1, dice.uniform() * 0.2 - 0.1);
            let all = wide(x) * wide(y);
            let value = (x + one) * (y + other);
            assert!(all.low <= value && value <= all.high);
        }
    }

    #[test]
    fn a_cycle_of_three_points_is_proven_where_there_is_one_and_nowhere_else() {
        for a in [1.46, 1.5, 1.7, 1.9, 2.0] {
            let bracket = period_three(a).unwrap_or_else(|| panic!("{a}"));
            assert!(bracket.high - bracket.low < 1e-9, "{a}: {bracket:?}");
        }
        for a in [0.5, 1.0, 1.2, 1.3, 1.44, 1.45] {
            assert_eq!(period_three(a), None, "{a}");
        }
    }
}

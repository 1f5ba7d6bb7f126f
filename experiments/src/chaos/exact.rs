//! What is known of the map exactly: boundaries, cycles, and where orbits go for ever.

use super::map::{map, slope};

/// A point of a cycle and the `a` at which its multiplier is a given one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bifurcation {
    pub a: f64,
    pub u: f64,
}

/// `F^p(u)` with its derivatives by `u`, `a`, `uu` and `ua`.
fn jet(a: f64, u: f64, period: usize) -> [f64; 5] {
    let r = 1.0 + a;
    let (mut x, mut by_u, mut by_a, mut by_uu, mut by_ua) = (u, 1.0, 0.0, 0.0, 0.0);
    for _ in 0..period {
        let (f_u, f_a) = (slope(r, x), 2.0 * x * (r - x));
        let (f_uu, f_ua) = (6.0 * x - 4.0 * r, 2.0 * r - 4.0 * x);
        by_uu = f_uu * by_u * by_u + f_u * by_uu;
        by_ua = (f_uu * by_a + f_ua) * by_u + f_u * by_ua;
        by_a = f_u * by_a + f_a;
        by_u *= f_u;
        x = map(r, x);
    }
    [x, by_u, by_a, by_uu, by_ua]
}

/// The cycle of so many points whose multiplier is `multiplier`, by Newton's method in `(u, a)` from a
/// guess; `None` where it does not settle.
pub(super) fn bifurcation(
    guess: Bifurcation,
    period: usize,
    multiplier: f64,
) -> Option<Bifurcation> {
    let Bifurcation { mut a, mut u } = guess;
    for _ in 0..100 {
        let [x, by_u, by_a, by_uu, by_ua] = jet(a, u, period);
        let (first, second) = (x - u, by_u - multiplier);
        let (j11, j12, j21, j22) = (by_u - 1.0, by_a, by_uu, by_ua);
        let determinant = j11 * j22 - j12 * j21;
        let (du, da) = (
            (first * j22 - second * j12) / determinant,
            (second * j11 - first * j21) / determinant,
        );
        u -= du;
        a -= da;
        if !(u.is_finite() && a.is_finite()) {
            return None;
        }
        if du.abs() < 1e-14 && da.abs() < 1e-15 {
            break;
        }
    }
    let [x, by_u, ..] = jet(a, u, period);
    let is_one = (x - u).abs() < 1e-12 && (by_u - multiplier).abs() < 1e-8;
    is_one.then_some(Bifurcation { a, u })
}

/// The `a` at which the cycles of 1, 2, 4, … points double, `count` of them.
pub(super) fn doublings(count: usize) -> Vec<f64> {
    let mut found = Vec::new();
    // The fixed point u = a, with the multiplier 1 − 2a, doubles at a = 1.
    let mut at: f64 = 1.0;
    let mut width: f64 = 0.236;
    for level in 0..count {
        if level == 0 {
            found.push(1.0);
            continue;
        }
        // Somewhat past the last doubling the new cycle attracts, and its multiplier falls from 1.
        let a = at + 0.9 * width;
        let mut u = super::map::START;
        for _ in 0..400_000 {
            u = map(1.0 + a, u);
        }
        let Some(next) = bifurcation(Bifurcation { a, u }, 1 << level, -1.0) else {
            break;
        };
        width = (next.a - at) / 4.669_201_609;
        at = next.a;
        found.push(at);
    }
    found
}

/// Where doublings end: the last two extrapolated by Feigenbaum's constant.
pub(super) fn accumulation(doublings: &[f64]) -> Option<f64> {
    let [.., before, last] = doublings else {
        return None;
    };
    Some(last + (last - before) / (4.669_201_609_102_99 - 1.0))
}

/// The `a` at which the cycle of three points is born, its multiplier 1.
pub(super) fn period_three() -> Option<f64> {
    let a = 1.452;
    let mut u = super::map::START;
    for _ in 0..100_000 {
        u = map(1.0 + a, u);
    }
    bifurcation(Bifurcation { a, u }, 3, 1.0).map(|found| found.a)
}

/// Koenigs' limit `C = lim z_t/(1 − 2a)^t` of `z = u − a`, as `log|C|`, for `0 < a < 1`, `a ≠ ½`: then
/// `log|z_t| = log|C| + t log|1 − 2a|` at any step. From a step after which `z` is small.
pub(super) fn log_koenigs(a: f64, start: f64) -> f64 {
    let rate = (1.0 - 2.0 * a).abs();
    let mut z = start - a;
    let mut steps = 0.0;
    // To |z| near 10⁻⁸: what is left of the limit is of the order of z.
    while z.abs() > 1e-8 && steps < 1e7 {
        z = next(a, z);
        steps += 1.0;
    }
    // The rest in differences of logarithms: log|z'/z| − log|1 − 2a| = log1p(z (a − 2 + z)/(1 − 2a)).
    let mut log = z.abs().ln() - steps * rate.ln();
    while z.abs() > 1e-280 && z != 0.0 && steps < 2e7 {
        log += (z * (a - 2.0 + z) / (1.0 - 2.0 * a)).ln_1p();
        z = next(a, z);
        steps += 1.0;
    }
    log
}

/// `z ← z³ + (a − 2) z² + (1 − 2a) z`.
pub(super) fn next(a: f64, z: f64) -> f64 {
    z * (z * (z + a - 2.0) + 1.0 - 2.0 * a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doublings_are_at_their_closed_forms() {
        let found = doublings(6);
        assert_eq!(found.len(), 6, "{found:?}");
        assert!((found[1] - (5f64.sqrt() - 1.0)).abs() < 1e-13, "{found:?}");
        assert!((found[2] - 1.288_031_754_483).abs() < 1e-11, "{found:?}");
        assert!((found[3] - 1.299_227_939_65).abs() < 1e-10, "{found:?}");
        let end = accumulation(&found).unwrap();
        assert!((end - 1.302_283_46).abs() < 1e-7, "{end}");
        let three = period_three().unwrap();
        assert!((three - 1.450_441_0).abs() < 2e-7 && (three - 1.450_440_964_49).abs() < 1e-10);
    }

    #[test]
    fn the_koenigs_limit_tells_every_later_step() {
        for a in [0.2, 0.4, 0.7, 0.9] {
            let log = log_koenigs(a, 0.01);
            let mut z: f64 = 0.01 - a;
            for step in 1..=4000 {
                z = next(a, z);
                let exact = log + f64::from(step) * f64::abs(1.0 - 2.0 * a).ln();
                if z.abs() < 1e-6 && z.abs() > 1e-250 {
                    assert!((z.abs().ln() - exact).abs() < 2e-5, "{a} {step}");
                }
                if z.abs() < 1e-12 && z.abs() > 1e-250 {
                    assert!((z.abs().ln() - exact).abs() < 1e-10, "{a} {step}");
                }
            }
        }
    }
}

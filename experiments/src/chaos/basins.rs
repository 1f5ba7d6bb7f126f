//! Where orbits go from every start: basins, and the catapult.

use super::map;

/// What an orbit does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes to the fixed point, and the loss never rises.
    Monotone,
    /// It goes to the fixed point after the loss rose.
    Catapult,
    /// It stays bounded and goes to no point.
    Wanders,
    /// It leaves all bounds.
    Leaves,
}

/// Steps of an orbit.
const STEPS: usize = 1000;

/// What the orbit from `u` does in [`STEPS`] steps.
pub(super) fn fate(a: f64, start: f64) -> Fate {
    let r = 1.0 + a;
    let mut u = start;
    let mut rose = false;
    for _ in 0..STEPS {
        let next = map::map(r, u);
        // The loss is (u − a)² up to a factor; what rounding moves is no rise.
        rose |= (next - a).abs() > (u - a).abs() * (1.0 + 1e-12) + 1e-12;
        u = next;
        if !(0.0..=1e6).contains(&u) {
            return Fate::Leaves;
        }
    }
    match (u - a).abs() < 1e-6 {
        true if rose => Fate::Catapult,
        true => Fate::Monotone,
        false => Fate::Wanders,
    }
}

/// The starts `u` between which the first step raises the loss, and stays bounded: `a + z` with `z`
/// the roots of `z² + (a − 2) z + 2 − 2a`; none below `a = 2√2 − 2`.
pub(super) fn first_rise(a: f64) -> Option<[f64; 2]> {
    let square = a * a + 4.0 * a - 4.0;
    let root = (square >= 0.0).then(|| square.sqrt())?;
    Some([-1.0, 1.0].map(|sign| a + 0.5 * (2.0 - a + sign * root)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_raises_the_loss_between_its_bounds() {
        for a in [0.85, 0.95, 1.1, 1.5] {
            let [low, high] = first_rise(a).unwrap();
            let rises = |u: f64| (map::map(1.0 + a, u) - a).abs() > (u - a).abs();
            for (u, expected) in [
                (low - 1e-6, false),
                (low + 1e-6, true),
                (high - 1e-6, true),
                (high + 1e-6, false),
            ] {
                assert_eq!(rises(u), expected, "{a} {u}");
            }
        }
        assert_eq!(first_rise(0.8), None);
    }

    #[test]
    fn fates_are_those_of_the_phases() {
        for (a, start, expected) in [
            (0.5, 0.01, Fate::Monotone),
            // From small starts the loss never rises below a = 0.9358.
            (0.9, 0.01, Fate::Monotone),
            (0.95, 1.5, Fate::Catapult),
            (0.9, 1.6, Fate::Catapult),
            (1.2, 0.3, Fate::Wanders),
            (1.2, 3.3, Fate::Leaves),
            (2.2, 0.5, Fate::Leaves),
        ] {
            assert_eq!(fate(a, start), expected, "{a} {start}");
        }
    }
}

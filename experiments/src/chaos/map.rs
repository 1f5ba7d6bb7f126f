//! The map that a sample of an orthogonal set goes by: `F(u) = u (1 + a − u)²`.

/// `F(u)`, with `r = 1 + a`.
pub(super) fn map(r: f64, u: f64) -> f64 {
    let rest = r - u;
    u * rest * rest
}

/// `F'(u)`.
pub(super) fn slope(r: f64, u: f64) -> f64 {
    (r - u) * (r - 3.0 * u)
}

/// `u_0` that orbits begin at: small, as of small initial weights.
pub(super) const START: f64 = 0.01;

/// A mean over time with its standard error, by batches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mean {
    pub value: f64,
    pub error: f64,
}

/// Batches that a mean over time is taken in.
const BATCHES: usize = 50;

impl Mean {
    /// The mean of values in their order: correlations over less than a batch do not narrow its error.
    pub fn of(values: impl Iterator<Item = f64>, count: usize) -> Self {
        let size = (count / BATCHES).max(1);
        let mut batches = vec![0.0; BATCHES];
        for (index, value) in values.enumerate().take(size * BATCHES) {
            batches[index / size] += value / size as f64;
        }
        let value = batches.iter().sum::<f64>() / BATCHES as f64;
        let square = batches
            .iter()
            .map(|batch| (batch - value).powi(2))
            .sum::<f64>();
        let count = BATCHES as f64;
        Self {
            value,
            error: (square / (count - 1.0) / count).sqrt(),
        }
    }
}

/// The orbit from [`START`] past a transient; it ends where it leaves `[0, 2 + a]`.
pub(super) fn orbit(a: f64, transient: usize, steps: usize) -> impl Iterator<Item = f64> {
    let r = 1.0 + a;
    let mut u = START;
    for _ in 0..transient {
        u = map(r, u);
    }
    (0..steps)
        .map(move |_| {
            u = map(r, u);
            u
        })
        .take_while(move |u| *u <= 1.0 + r && u.is_finite())
}

/// The Lyapunov exponent `lim (1/t) Σ log|F'(u)|` of the orbit from [`START`].
pub(super) fn lyapunov(a: f64, steps: usize) -> Mean {
    let r = 1.0 + a;
    let logs = orbit(a, 10_000, steps).map(|u| slope(r, u).abs().ln());
    Mean::of(logs, steps)
}

/// The least period up to 64 that the orbit settles to, to `10⁻⁹`; `None` where it does not.
pub(super) fn period(a: f64) -> Option<usize> {
    const MOST: usize = 64;
    let late: Vec<f64> = orbit(a, 200_000, 4 * MOST).collect();
    if late.len() < 4 * MOST {
        return None;
    }
    (1..=MOST).find(|&period| {
        let pairs = late.iter().zip(late.iter().skip(period));
        pairs
            .take(2 * MOST)
            .all(|(one, next)| (one - next).abs() < 1e-9)
    })
}

/// How often orbits visit each of `rows` cells of `[low, high]`, for each of `columns` values of `a`
/// from end to end: `log(1 + visits)`, from the top row down.
pub(super) fn density(
    a: [f64; 2],
    [low, high]: [f64; 2],
    [columns, rows]: [usize; 2],
    steps: usize,
) -> Vec<f64> {
    /// Orbits side by side, for several numbers at a time.
    const LANES: usize = 8;
    let mut visits = vec![0_u32; columns * rows];
    for column in 0..columns {
        let share = (column as f64 + 0.5) / columns as f64;
        let r = 1.0 + a[0] + share * (a[1] - a[0]);
        let mut u: [f64; LANES] = std::array::from_fn(|lane| START * (1.0 + lane as f64));
        for step in 0..steps + 1000 {
            u = u.map(|u| map(r, u));
            if step < 1000 {
                continue;
            }
            for u in u {
                let place = (u - low) / (high - low) * rows as f64;
                if (0.0..rows as f64).contains(&place) {
                    visits[(rows - 1 - place as usize) * columns + column] += 1;
                }
            }
        }
    }
    visits
        .iter()
        .map(|&count| f64::from(1 + count).ln())
        .collect()
}

/// The density of an orbit's visits to `cells` cells of a width, from 0 up.
pub(super) fn histogram(a: f64, width: f64, cells: usize, steps: usize) -> Vec<f64> {
    let mut visits = vec![0_u32; cells];
    for u in orbit(a, 1000, steps) {
        if let Some(count) = visits.get_mut((u / width) as usize) {
            *count += 1;
        }
    }
    let each = visits.iter();
    each.map(|&count| f64::from(count) / (steps as f64 * width))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lyapunov_exponents_are_the_known_ones() {
        // r² = 4.84: ½ ln|9 − 2 r²| on the cycle of period 2.
        let two = lyapunov(1.2, 100_000);
        assert!((two.value - 0.5 * f64::abs(9.0 - 2.0 * 4.84).ln()).abs() < 1e-9);
        // The full map, conjugate to θ → 3θ.
        let full = lyapunov(2.0, 1_000_000);
        assert!(
            (full.value - 3f64.ln()).abs() < 4.0 * full.error + 1e-4,
            "{full:?}"
        );
        // Measured independently.
        for (a, expected) in [
            (1.302, -0.0278),
            (1.5, 0.4912),
            (1.8, 0.8065),
            (1.9, 0.8783),
        ] {
            let found = lyapunov(a, 1_000_000);
            assert!(
                (found.value - expected).abs() < 4.0 * found.error + 1e-3,
                "{a}: {found:?}"
            );
        }
    }

    #[test]
    fn periods_double_and_three_is_among_them() {
        for (a, expected) in [
            (0.5, Some(1)),
            (0.95, Some(1)),
            (1.1, Some(2)),
            (1.26, Some(4)),
            (1.295, Some(8)),
            (1.46, Some(3)),
            (1.7, Some(3)),
            (1.5, None),
            (2.5, None),
        ] {
            assert_eq!(period(a), expected, "{a}");
        }
    }
}

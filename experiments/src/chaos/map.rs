//! The map that a sample of an orthogonal set goes by: `F(u) = u (1 + a − u)²`.

use std::sync::atomic::{AtomicUsize, Ordering};

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
pub fn density(
    a: [f64; 2],
    [low, high]: [f64; 2],
    [columns, rows]: [usize; 2],
    steps: usize,
) -> Vec<f64> {
    /// Steps before visits are counted.
    const TRANSIENT: usize = 1000;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    // Of most counts the logarithm is known.
    let known: Vec<f64> = (0..=1024).map(|count| f64::from(1 + count).ln()).collect();
    let log = |count: u32| match known.get(count as usize) {
        Some(log) => *log,
        None => f64::from(1 + count).ln(),
    };
    let next = AtomicUsize::new(0);
    // Several columns at a time, in the order in which threads take them.
    let work = || {
        let mut found = Vec::new();
        let mut counts = vec![[0; ORBITS]; rows + 1];
        loop {
            let first = next.fetch_add(COLUMNS, Ordering::Relaxed);
            if first >= columns {
                return found;
            }
            let mut block = vec![[0.0; COLUMNS]; rows];
            for column in first..columns.min(first + COLUMNS) {
                let share = (column as f64 + 0.5) / columns as f64;
                let r = 1.0 + a[0] + share * (a[1] - a[0]);
                Visits::new(r, [low, high], &mut counts).go(TRANSIENT, steps);
                for (counts, own) in counts.iter().rev().skip(1).zip(&mut block) {
                    own[column - first] = log(counts.iter().sum());
                }
            }
            found.push((first, block));
        }
    };
    let found: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let own = work();
        let others = workers.into_iter().map(|worker| worker.join());
        let others = others.flat_map(|found| found.expect("counting does not panic"));
        own.into_iter().chain(others).collect()
    });
    let mut density = vec![0.0; columns * rows];
    for (first, block) in found {
        for (row, own) in density.chunks_exact_mut(columns).zip(block) {
            let row = row[first..].iter_mut();
            row.zip(own).for_each(|(place, log)| *place = log);
        }
    }
    density
}

/// Columns of a piece of work: neighbours in memory.
const COLUMNS: usize = 8;

/// Orbits side by side, for several numbers at a time.
const ORBITS: usize = 8;

/// A number of steps that the periods of most cycles divide.
const PERIOD: usize = 48;

/// The orbits of one map, and how often each visits each cell: counted apart, so that no count waits
/// for another of a cell that orbits visit together.
struct Visits<'a> {
    r: f64,
    u: [f64; ORBITS],
    low: f64,
    per_cell: f64,
    /// The last is that of all that is in no cell.
    counts: &'a mut [[u32; ORBITS]],
}

impl<'a> Visits<'a> {
    fn new(r: f64, [low, high]: [f64; 2], counts: &'a mut [[u32; ORBITS]]) -> Self {
        counts.fill([0; ORBITS]);
        Self {
            r,
            u: std::array::from_fn(|orbit| START * (1.0 + orbit as f64)),
            low,
            per_cell: (counts.len() - 1) as f64 / (high - low),
            counts,
        }
    }

    /// Takes the steps of the transient, then counts so many. Orbits that are back where they were, to
    /// the last bit, go there again.
    fn go(&mut self, transient: usize, steps: usize) {
        for _ in 0..transient {
            self.u = self.u.map(|u| map(self.r, u));
        }
        let before = self.u;
        let first = steps.min(PERIOD);
        self.count(first);
        if self.u != before || first < PERIOD {
            self.count(steps - first);
            return;
        }
        let times = (steps / PERIOD) as u32;
        let counts = self.counts.as_flattened_mut();
        counts.iter_mut().for_each(|count| *count *= times);
        self.count(steps % PERIOD);
    }

    fn count(&mut self, steps: usize) {
        let last = self.counts.len() - 1;
        for _ in 0..steps {
            self.u = self.u.map(|u| map(self.r, u));
            let cells = self.u.map(|u| {
                let place = (u - self.low) * self.per_cell;
                let is_in_one = place >= 0.0 && place < last as f64;
                if is_in_one { place as i32 } else { last as i32 }
            });
            for (orbit, cell) in cells.into_iter().enumerate() {
                self.counts[cell as usize][orbit] += 1;
            }
        }
    }
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

    /// Cycles, chaos and orbits that leave the cells, counted one after another.
    #[test]
    fn densities_are_those_of_single_orbits() {
        let (a, ends, size, steps) = ([0.9, 2.3], [0.5, 3.0], [40, 25], 500);
        let found = density(a, ends, size, steps);
        let mut visits = vec![0_u32; size[0] * size[1]];
        for column in 0..size[0] {
            let r = 1.0 + a[0] + (column as f64 + 0.5) / size[0] as f64 * (a[1] - a[0]);
            for orbit in 1..=ORBITS {
                let mut u = START * orbit as f64;
                for step in 0..1000 + steps {
                    u = map(r, u);
                    let cell = ((u - ends[0]) * (size[1] as f64 / (ends[1] - ends[0]))).floor();
                    if step >= 1000 && (0.0..size[1] as f64).contains(&cell) {
                        visits[(size[1] - 1 - cell as usize) * size[0] + column] += 1;
                    }
                }
            }
        }
        for (found, count) in found.iter().zip(visits) {
            assert_eq!(*found, f64::from(1 + count).ln());
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

//! From values to lengths: ranges, ticks and the map between them.

use crate::axis::Scale;
use implicit_bias_output::{format_number, power_of_ten};

/// Values beyond this are not drawn on a linear scale: differences of drawn values must stay finite.
const LARGEST: f64 = 1e306;

/// A mark on an axis; one without a label is a minor tick.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub value: f64,
    pub label: Option<String>,
}

/// The map from a value of an axis to a pixel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Map {
    scale: Scale,
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Map {
    /// Maps `range` to the pixels from `start` to `end`.
    pub fn new(scale: Scale, range: [f64; 2], start: f64, end: f64) -> Self {
        let [low, high] = range.map(|value| transform(scale, value));
        Self {
            scale,
            low,
            high,
            start,
            end,
        }
    }

    /// The pixel of a value, inside the axis or beyond; `None` if it cannot be drawn.
    pub fn place(&self, value: f64) -> Option<f64> {
        if !drawable(self.scale, value) {
            return None;
        }
        let part = (transform(self.scale, value) - self.low) / (self.high - self.low);
        let pixel = self.start + part * (self.end - self.start);
        pixel.is_finite().then_some(pixel)
    }

    /// Whether a value is on the axis, ends included.
    pub fn contains(&self, value: f64) -> bool {
        let (low, high) = (self.low.min(self.high), self.low.max(self.high));
        let slack = 1e-9 * (high - low);
        let value = transform(self.scale, value);
        value >= low - slack && value <= high + slack
    }
}

fn transform(scale: Scale, value: f64) -> f64 {
    match scale {
        Scale::Linear => value,
        Scale::Log10 => value.log10(),
    }
}

/// Whether an axis can show a value.
pub(crate) fn drawable(scale: Scale, value: f64) -> bool {
    match scale {
        Scale::Linear => value.abs() <= LARGEST,
        Scale::Log10 => value > 0.0 && value.is_finite(),
    }
}

/// The range that shows all the drawable values, with a little air of `padding` times its length;
/// never empty, whatever the values.
pub(crate) fn range_of(scale: Scale, values: impl Iterator<Item = f64>, padding: f64) -> [f64; 2] {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values.filter(|&value| drawable(scale, value)) {
        let value = transform(scale, value);
        low = low.min(value);
        high = high.max(value);
    }
    if low > high {
        (low, high) = (0.0, 1.0);
    }
    // A constant up to rounding is shown as a constant, in the middle.
    let smallest = match scale {
        Scale::Linear => 1e-9 * low.abs().max(high.abs()),
        Scale::Log10 => 1e-6,
    };
    let air = if high - low > smallest {
        padding * (high - low)
    } else {
        match scale {
            Scale::Linear if low == 0.0 => 1.0,
            Scale::Linear => 0.1 * low.abs().max(high.abs()),
            Scale::Log10 => 0.5,
        }
    };
    match scale {
        Scale::Linear => [low - air, high + air],
        Scale::Log10 => {
            let bound = |power: f64| 10f64.powf(power).clamp(f64::MIN_POSITIVE, f64::MAX);
            [bound(low - air), bound(high + air)]
        }
    }
}

/// The ticks of an axis, about `wanted` of them labelled, in increasing order.
pub(crate) fn ticks(scale: Scale, range: [f64; 2], wanted: usize) -> Vec<Tick> {
    match scale {
        Scale::Linear => linear_ticks(range, wanted),
        Scale::Log10 => log_ticks(range, wanted),
    }
}

fn linear_ticks([low, high]: [f64; 2], wanted: usize) -> Vec<Tick> {
    // Rather a few labels more than wanted than far fewer.
    let raw = 0.7 * (high - low) / wanted.max(2) as f64;
    let power = raw.log10().floor();
    let unit = 10f64.powf(power);
    let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * unit);
    let step = step
        .into_iter()
        .find(|step| *step >= raw * 0.999)
        .unwrap_or(10.0 * unit);
    let largest = low.abs().max(high.abs());
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let first = (low / step - 1e-9).ceil();
    (0..60)
        .map(|index| (first + f64::from(index)) * step)
        .take_while(|value| *value <= high + 1e-9 * step)
        .map(|value| {
            let value = if value.abs() < 1e-9 * step {
                0.0
            } else {
                value
            };
            let label = if !(1e-3..1e5).contains(&largest) {
                // The product carries rounding noise; twelve digits are free of it.
                format_number(format!("{value:.11e}").parse().unwrap_or(value))
            } else {
                format!("{value:.decimals$}").replace('-', "−")
            };
            Tick {
                value,
                label: Some(label),
            }
        })
        .collect()
}

fn log_ticks([low, high]: [f64; 2], wanted: usize) -> Vec<Tick> {
    let slack = 1e-9;
    let (first, last) = (low.log10(), high.log10());
    let inside = |value: f64| {
        let power = value.log10();
        power >= first - slack && power <= last + slack
    };
    let (bottom, top) = (first.floor() as i32, last.ceil() as i32);
    let decades: Vec<i32> = (bottom..=top).filter(|&k| inside(10f64.powi(k))).collect();
    let every = decades.len().div_ceil(wanted.max(2)).max(1) as i32;
    // Over hundreds of decades round exponents read better; rather a label more than far fewer.
    let every = [20, 50, 100, 200]
        .into_iter()
        .find(|&round| every > 10 && 10 * round >= 9 * every)
        .unwrap_or(every);
    // Few decades: the first finer set of labels that has at least two on the axis.
    let candidates: [&[i32]; 3] = [&[1], &[1, 2, 5], &[1, 2, 3, 4, 5, 6, 7, 8, 9]];
    let count = |digits: &[i32]| {
        let each = |k| {
            digits
                .iter()
                .filter(move |&&d| inside(f64::from(d) * 10f64.powi(k)))
        };
        (bottom..=top).flat_map(each).count()
    };
    let Some(labelled) = candidates.into_iter().find(|digits| count(digits) >= 2) else {
        return linear_ticks([low, high], 3);
    };
    let mut ticks = Vec::new();
    for k in bottom..=top {
        if decades.len() > 60 && k.rem_euclid(every) != 0 {
            continue;
        }
        // Over many decades the minor ticks are the decades without a label.
        for digit in if every > 1 { 1..=1 } else { 1..=9 } {
            let value = f64::from(digit) * 10f64.powi(k);
            if !inside(value) {
                continue;
            }
            let named = labelled.contains(&digit) && k.rem_euclid(every) == 0;
            let label = match digit {
                1 if labelled.len() == 1 => power_of_ten(k),
                _ if (-3..4).contains(&k) => format_short(digit, k),
                1 => power_of_ten(k),
                _ => format!("{digit}×{}", power_of_ten(k)),
            };
            ticks.push(Tick {
                value,
                label: named.then_some(label),
            });
        }
    }
    ticks
}

/// `digit × 10^k` in plain digits.
fn format_short(digit: i32, k: i32) -> String {
    let decimals = usize::try_from(-k).unwrap_or(0);
    format!("{:.decimals$}", f64::from(digit) * 10f64.powi(k))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, range: [f64; 2]) -> Vec<String> {
        ticks(scale, range, 6)
            .into_iter()
            .filter_map(|tick| tick.label)
            .collect()
    }

    #[test]
    fn decades_are_labelled_with_superscripts_and_digits_are_minor_ticks() {
        assert_eq!(
            labels(Scale::Log10, [1.0, 1e5]),
            ["10⁰", "10¹", "10²", "10³", "10⁴", "10⁵"]
        );
        assert_eq!(ticks(Scale::Log10, [1.0, 1e5], 6).len(), 5 * 9 + 1);
        assert_eq!(labels(Scale::Log10, [2e-4, 3e-2]), ["10⁻³", "10⁻²"]);
    }

    #[test]
    fn many_decades_are_labelled_at_equal_distances() {
        let found = labels(Scale::Log10, [1.0, 1e30]);
        assert_eq!(found, ["10⁰", "10⁶", "10¹²", "10¹⁸", "10²⁴", "10³⁰"]);
        let found = labels(Scale::Log10, [1.0, 1e300]);
        assert_eq!(
            found,
            ["10⁰", "10⁵⁰", "10¹⁰⁰", "10¹⁵⁰", "10²⁰⁰", "10²⁵⁰", "10³⁰⁰"]
        );
    }

    /// `10f64.powi(300)` is a little more than `1e300`, where an axis to step 10³⁰⁰ ends.
    #[test]
    fn the_last_decade_of_a_long_axis_has_a_place() {
        let range = range_of(Scale::Log10, [1.0, 1e300].into_iter(), 0.0);
        let map = Map::new(Scale::Log10, range, 0.0, 100.0);
        let ticks = ticks(Scale::Log10, range, 6);
        let last = ticks.last().expect("there are ticks");
        assert_eq!(last.label.as_deref(), Some("10³⁰⁰"));
        assert!((map.place(last.value).expect("a place") - 100.0).abs() < 1e-6);
    }

    #[test]
    fn less_than_a_decade_still_has_two_labels() {
        for range in [[0.11, 0.9], [0.3, 3.0], [1.1, 1.3], [4.0, 4.01], [3e7, 4e7]] {
            assert!(labels(Scale::Log10, range).len() >= 2, "{range:?}");
        }
        assert_eq!(labels(Scale::Log10, [0.15, 0.6]), ["0.2", "0.5"]);
    }

    #[test]
    fn linear_ticks_are_round_and_inside() {
        assert_eq!(
            labels(Scale::Linear, [0.97, 2.03]),
            ["1.0", "1.2", "1.4", "1.6", "1.8", "2.0"]
        );
        assert_eq!(labels(Scale::Linear, [-1.0, 1.0])[0], "−1.0");
        assert_eq!(labels(Scale::Linear, [0.0, 1e6])[1], "2×10⁵");
    }

    #[test]
    fn the_range_is_never_empty_or_infinite() {
        for scale in [Scale::Linear, Scale::Log10] {
            for values in [
                vec![],
                vec![f64::NAN],
                vec![0.0],
                vec![3.0; 4],
                vec![f64::INFINITY, 1.0],
                vec![-1e308, 1e308],
                vec![1e-320, 1e300],
                vec![-5.0, -5.0],
            ] {
                let [low, high] = range_of(scale, values.iter().copied(), 0.05);
                assert!(
                    low < high && low.is_finite() && high.is_finite(),
                    "{values:?}"
                );
                assert!(scale == Scale::Linear || low > 0.0);
                let ticks = ticks(scale, [low, high], 6);
                assert!(ticks.len() < 200 && ticks.iter().all(|tick| tick.value.is_finite()));
            }
        }
    }
}

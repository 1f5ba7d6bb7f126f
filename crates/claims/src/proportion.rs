//! Confidence intervals of proportions.

/// The normal quantile of the two-sided level 0.95.
const QUANTILE: f64 = 1.959_963_984_540_054;

/// The interval of a proportion of which `hits` out of `trials` independent trials were seen, at the
/// level 0.95.
///
/// Wilson's score interval, `(p̂ + z²/2n ± z √(p̂(1−p̂)/n + z²/4n²))/(1 + z²/n)`: the proportions of
/// which `hits` is no surprise by the normal approximation. It stays within `[0, 1]` and has a
/// width where no trial or every one is a hit.
///
/// # Panics
///
/// If there is no trial, or more hits than trials.
///
/// ```
/// use implicit_bias_claims::proportion_interval;
/// let [low, high] = proportion_interval(0, 10);
/// assert!(low == 0.0 && (high - 0.2775).abs() < 5e-5);
/// ```
pub fn proportion_interval(hits: u64, trials: u64) -> [f64; 2] {
    assert!(
        trials > 0 && hits <= trials,
        "a proportion needs a trial, and at most as many hits"
    );
    let n = trials as f64;
    let share = hits as f64 / n;
    let square = QUANTILE * QUANTILE;
    let centre = share + square / (2.0 * n);
    let half = QUANTILE * (share * (1.0 - share) / n + square / (4.0 * n * n)).sqrt();
    let scale = 1.0 + square / n;
    let low = if hits == 0 {
        0.0
    } else {
        (centre - half) / scale
    };
    let high = if hits == trials {
        1.0
    } else {
        (centre + half) / scale
    };
    [low, high]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_textbooks_and_mirror_images() {
        // Newcombe 1998, table I, method 3.
        for (hits, trials, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let found = proportion_interval(hits, trials);
            assert!((found[0] - low).abs() < 5e-5, "{found:?}");
            assert!((found[1] - high).abs() < 5e-5, "{found:?}");
            let mirrored = proportion_interval(trials - hits, trials);
            assert!((mirrored[0] + found[1] - 1.0).abs() < 1e-14);
            assert!((mirrored[1] + found[0] - 1.0).abs() < 1e-14);
        }
    }
}

//! Which steps are recorded.

/// The recorded steps up to a horizon: 0, every 1, 2, 5 × 10^k, `per_decade` log-spaced ones in
/// each decade, and the horizon itself, in increasing order without repetition.
///
/// ```
/// use implicit_bias_record::schedule;
/// assert_eq!(schedule(12.0, 0), vec![0.0, 1.0, 2.0, 5.0, 10.0, 12.0]);
/// ```
pub fn schedule(horizon: f64, per_decade: u32) -> Vec<f64> {
    let mut steps = vec![0.0, horizon];
    let decades = horizon.log10().floor() as i32;
    for decade in 0..=decades {
        steps.extend([1, 2, 5].map(|factor| decimal(factor, decade)));
        steps.extend((0..per_decade).map(|index| {
            (decimal(1, decade) * 10f64.powf(f64::from(index) / f64::from(per_decade))).round()
        }));
    }
    steps.retain(|&step| step <= horizon);
    steps.sort_by(f64::total_cmp);
    steps.dedup();
    steps
}

/// Whether a step is recorded whatever horizon beyond it a run has.
///
/// ```
/// use implicit_bias_record::is_on_the_way;
/// assert!(is_on_the_way(200.0, 0) && !is_on_the_way(300.0, 0));
/// ```
pub fn is_on_the_way(step: f64, per_decade: u32) -> bool {
    schedule((10.0 * step).min(f64::MAX), per_decade).contains(&step)
}

/// `factor × 10^exponent`, correctly rounded, as the literal would be (`powi` is not, past 10²²).
fn decimal(factor: u32, exponent: i32) -> f64 {
    format!("{factor}e{exponent}")
        .parse()
        .expect("a decimal literal")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_increasing_and_holds_what_the_contract_promises(
            horizon in 1u64..10_000_000,
            per_decade in 0u32..60,
        ) {
            let horizon = horizon as f64;
            let steps = schedule(horizon, per_decade);
            prop_assert!(steps.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!(steps[0], 0.0);
            prop_assert_eq!(*steps.last().unwrap(), horizon);
            prop_assert!(steps.iter().all(|step| step.fract() == 0.0));
            for k in 0..7 {
                for factor in [1.0, 2.0, 5.0] {
                    let step = factor * 10f64.powi(k);
                    prop_assert_eq!(steps.contains(&step), step <= horizon);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_on_the_way_is_recorded_on_the_way_to_every_later_horizon(
            step in 1u64..100_000,
            more in 1u64..1_000_000,
            per_decade in 0u32..30,
        ) {
            let step = step as f64;
            let found = schedule(step + more as f64, per_decade).contains(&step);
            prop_assert_eq!(is_on_the_way(step, per_decade), found);
        }
    }

    #[test]
    fn far_horizons_need_few_records() {
        let steps = schedule(1e300, 10);
        assert!(steps.len() < 300 * 14);
        assert!(steps.iter().all(|step| step.is_finite()));
    }
}

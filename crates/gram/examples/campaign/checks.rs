//! What is compared, and the counts.

use std::fmt;

use implicit_bias_gram::{
    Accuracy, FarFlow, FarOutcome, GramDescent, Limit, Outcome, certify_within,
};
use ndarray::{Array2, ArrayView2};

use crate::case::Case;

/// Steps at which log time takes over.
const STARTS: [f64; 3] = [1e3, 1e4, 1e5];
/// Where log time is compared with exact steps.
const COMPARED: [f64; 8] = [2e3, 5e3, 1e4, 2e4, 1e5, 2e5, 5e5, 1e6];
/// Where certificates are tried and log times compared with each other.
const FAR: [f64; 6] = [1e7, 1e9, 1e12, 1e15, 1e30, 1e100];
/// An `error_estimate` above which log time says nothing about the margins.
const NO_ESTIMATE: f64 = 1.0;
/// An `error_estimate` above which no verdict rests on log time.
const UNCERTAIN: f64 = 0.01;

/// How often what happened.
#[derive(Default)]
pub struct Counts {
    cases: u64,
    overflowed: u64,
    sensitive: u64,
    handed_over: u64,
    refused: u64,
    comparisons: u64,
    stalled: u64,
    beyond: u64,
    ten_times_beyond: u64,
    worst: f64,
    ratios: Vec<f64>,
    far_comparisons: u64,
    far_beyond: u64,
    no_estimate: u64,
    certificates: u64,
    false_certificates: u64,
    consistent: u64,
    consistent_wrong: u64,
}

impl Counts {
    /// Comparisons of log time with exact steps.
    #[allow(dead_code)] // of the test
    pub fn compared(&self) -> u64 {
        self.comparisons
    }

    /// Certificates given.
    #[allow(dead_code)] // of the test
    pub fn proven(&self) -> u64 {
        self.certificates
    }

    /// Whether nothing happened that must not.
    pub fn is_clean(&self) -> bool {
        self.ten_times_beyond + self.far_beyond + self.false_certificates == 0
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ratios = self.ratios.clone();
        ratios.sort_by(f64::total_cmp);
        let quantile = |p: f64| {
            ratios
                .get((p * ratios.len() as f64) as usize)
                .copied()
                .unwrap_or(f64::NAN)
        };
        writeln!(
            f,
            "cases {} (overflowed {}, sensitive to rounding {})",
            self.cases, self.overflowed, self.sensitive
        )?;
        writeln!(
            f,
            "hand-overs {}, put off {}, stalled {}",
            self.handed_over, self.refused, self.stalled
        )?;
        writeln!(
            f,
            "against exact steps {}: beyond the estimate {}, beyond ten times {}, \
             worst ratio {:.2e}; no estimate {}",
            self.comparisons, self.beyond, self.ten_times_beyond, self.worst, self.no_estimate
        )?;
        writeln!(
            f,
            "estimate over error: 5 % {:.1}, median {:.1}, 95 % {:.1e}",
            quantile(0.05),
            quantile(0.5),
            quantile(0.95)
        )?;
        writeln!(
            f,
            "log times against each other {}: beyond ten times {}",
            self.far_comparisons, self.far_beyond
        )?;
        writeln!(
            f,
            "certificates {}: false {}",
            self.certificates, self.false_certificates
        )?;
        write!(
            f,
            "consistent and not proven {}: not the proven end {}",
            self.consistent, self.consistent_wrong
        )
    }
}

/// Whether each same-sign pair is active.
fn pattern(case: &Case, h: ArrayView2<'_, f64>) -> Vec<bool> {
    let problem = &case.problem;
    h.indexed_iter()
        .map(|((k, i), &h)| problem.labels()[i] == problem.sign(k) && h > 0.0)
        .collect()
}

/// What a certificate or a consistent program said, and where.
struct Answer {
    from: String,
    step: f64,
    proven: bool,
    /// Whether the state it is about is known well enough for a verdict.
    known: bool,
    pattern: Vec<bool>,
    margins: Vec<f64>,
}

fn answer(
    case: &Case,
    from: String,
    step: f64,
    h: ArrayView2<'_, f64>,
    accuracy: Accuracy<'_>,
) -> Option<Answer> {
    let limit = Limit::solve(&case.problem, h).ok()?;
    if !limit.is_consistent() {
        return None;
    }
    let certificate = certify_within(&case.problem, &limit, h, step, accuracy).ok()?;
    Some(Answer {
        from,
        step,
        proven: certificate.is_proven(),
        known: accuracy.error_estimate <= UNCERTAIN,
        pattern: pattern(case, h),
        margins: limit.normalized_margins(),
    })
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    let least = b.iter().fold(f64::INFINITY, |least, q| least.min(q.abs()));
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
        / least.max(1.0)
}

/// An exact state at one of [`COMPARED`] and [`STARTS`].
struct State {
    step: f64,
    h: Array2<f64>,
    c: Array2<f64>,
    /// What rounding made of it, estimated.
    rounding: f64,
}

fn exact(case: &Case, start: Array2<f64>) -> Option<Vec<State>> {
    let mut steps: Vec<f64> = COMPARED.iter().chain(&STARTS).copied().collect();
    steps.sort_by(f64::total_cmp);
    steps.dedup();
    let mut descent = GramDescent::new(case.problem.clone(), start).ok()?;
    let mut states = Vec::new();
    for step in steps {
        if descent.advance(step) != Outcome::Reached {
            return None;
        }
        let [h, c] = descent.arrays();
        states.push(State {
            step,
            h,
            c,
            rounding: descent.rounding_estimate(),
        });
    }
    Some(states)
}

pub fn check(case: &Case, counts: &mut Counts) {
    counts.cases += 1;
    let Some(states) = exact(case, case.start.clone()) else {
        counts.overflowed += 1;
        return;
    };
    // A twin, off by a few units in the last place: what rounding makes of the exact phase.
    let twin = case.start.mapv(|h| h * (1.0 + 3e-15));
    let sensitive = exact(case, twin).is_none_or(|twin| {
        let margins = |states: &[State]| case.problem.margins(states[states.len() - 1].h.view());
        distance(&margins(&twin), &margins(&states)) > 1e-10
    });
    counts.sensitive += u64::from(sensitive);
    let mut answers = Vec::new();
    for state in &states {
        answers.extend(answer(
            case,
            "exact".into(),
            state.step,
            state.h.view(),
            Accuracy::default(),
        ));
    }
    let mut ends: Vec<(f64, Vec<f64>, f64)> = Vec::new();
    for start in STARTS {
        follow(
            case,
            counts,
            &states,
            start,
            sensitive,
            &mut answers,
            &mut ends,
        );
    }
    for (i, one) in ends.iter().enumerate() {
        for other in &ends[..i] {
            counts.far_comparisons += 1;
            let gap = distance(&one.1, &other.1);
            let allowed = 10.0 * (one.2 + other.2);
            if gap > allowed && !sensitive {
                counts.far_beyond += 1;
                println!(
                    "{case}: from {:e} and {:e} they end {gap:.1e} apart, allowed {allowed:.1e}",
                    one.0, other.0
                );
            }
        }
    }
    compare_answers(case, counts, &answers);
}

fn follow(
    case: &Case,
    counts: &mut Counts,
    states: &[State],
    start: f64,
    sensitive: bool,
    answers: &mut Vec<Answer>,
    ends: &mut Vec<(f64, Vec<f64>, f64)>,
) {
    let from = states
        .iter()
        .find(|state| state.step == start)
        .expect("kept");
    let far = FarFlow::new(case.problem.clone(), start, from.h.clone(), from.c.clone());
    let Ok(far) = far else {
        counts.refused += 1;
        return;
    };
    let mut far = far.with_start_error(from.rounding);
    counts.handed_over += 1;
    let mut worst: f64 = 0.0;
    let mut note = String::new();
    for State {
        step, h, rounding, ..
    } in states.iter().filter(|state| state.step > start)
    {
        if far.advance(*step) != FarOutcome::Reached {
            counts.stalled += 1;
            return;
        }
        let truth = case.problem.margins(h.view());
        // Exact steps round too, on both sides.
        let error = (distance(&far.margins(), &truth) - rounding).max(0.0);
        let estimate = far.error_estimate();
        if estimate.is_nan() || estimate > NO_ESTIMATE {
            counts.no_estimate += 1;
            continue;
        }
        counts.comparisons += 1;
        let ratio = error / estimate;
        if error > 0.0 {
            counts.ratios.push(1.0 / ratio);
        }
        counts.beyond += u64::from(ratio > 1.0);
        if ratio > worst {
            worst = ratio;
            note = format!(
                "at {step:e} error {error:.1e}, estimate {estimate:.1e}, {:?}",
                far.work()
            );
        }
    }
    if !sensitive {
        counts.worst = counts.worst.max(worst);
    }
    if worst > 10.0 && !sensitive {
        counts.ten_times_beyond += 1;
        println!("{case}: from {start:e} {note}");
    }
    for step in FAR {
        if let outcome @ (FarOutcome::Stalled { .. } | FarOutcome::NonFinite { .. }) =
            far.advance(step)
        {
            counts.stalled += 1;
            let least = far.margins().into_iter().fold(f64::INFINITY, f64::min);
            println!("{case}: from {start:e} {outcome:?}, smallest margin {least:.3e}");
            return;
        }
        let h = far.pre_activations();
        answers.extend(answer(
            case,
            format!("log time from {start:e}"),
            step,
            h.view(),
            Accuracy {
                error_estimate: far.error_estimate(),
                exact: Some(from.h.view()),
            },
        ));
    }
    ends.push((start, far.margins(), far.error_estimate()));
}

/// Whoever proves an end, all that is known to come later, and every other proof, must agree with
/// it.
fn compare_answers(case: &Case, counts: &mut Counts, answers: &[Answer]) {
    let end = answers
        .iter()
        .filter(|answer| answer.proven)
        .max_by(|a, b| a.step.total_cmp(&b.step));
    for one in answers {
        if one.proven {
            counts.certificates += 1;
            let other = answers.iter().find(|other| {
                (other.proven || (other.known && other.step >= one.step))
                    && (other.pattern != one.pattern
                        || distance(&other.margins, &one.margins) > 1e-6)
            });
            if let Some(other) = other {
                counts.false_certificates += 1;
                println!(
                    "{case}: proven by {} at {:e}, but {} has another end at {:e} (proven {})",
                    one.from, one.step, other.from, other.step, other.proven
                );
            }
        } else {
            counts.consistent += 1;
            let wrong = end.is_some_and(|end| distance(&end.margins, &one.margins) > 1e-6);
            counts.consistent_wrong += u64::from(wrong);
        }
    }
}

//! What came out, in tables and sentences.

use implicit_bias_lab::report::Table;
use implicit_bias_lab::study::StudyResult;
use implicit_bias_output::format_number;

use super::averages::averages;
use super::phases::{self, Phase, phases};
use super::runs::{DENSE, TEACHER};
use super::ulam::Density;
use super::{exact, interval, map};

/// Steps of a Lyapunov exponent.
const STEPS: usize = 2_000_000;

fn table(caption: &str, header: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table {
        caption: caption.to_owned(),
        header: header.iter().map(|&text| text.to_owned()).collect(),
        rows,
    }
}

fn signed(text: String) -> String {
    text.replace('-', "−")
}

/// The tables of the page.
pub(super) fn tables(results: &[StudyResult<'_>]) -> Vec<Table> {
    vec![
        networks(results),
        dense(results),
        boundaries(),
        exponents(),
        densities(),
        cycles(),
        far(),
    ]
}

fn networks(results: &[StudyResult<'_>]) -> Table {
    let rows = phases(results).into_iter().map(|seen| {
        vec![
            format_number(seen.eta),
            format_number(seen.a),
            seen.predicted.words(),
            seen.seen.words(),
            if seen.is_predicted {
                "as predicted"
            } else {
                "otherwise"
            }
            .to_owned(),
            match seen.mean {
                mean if mean.is_nan() => "—".to_owned(),
                mean => format!("{mean:.4}"),
            },
            seen.stopped.map_or("—".to_owned(), format_number),
        ]
    });
    table(
        "Networks of one neuron on 80 orthonormal samples with targets 1. The map predicts the phase \
         by a = η/40; seen: what predictions do past the last step.",
        &[
            "η",
            "a",
            "the map",
            "the network",
            "",
            "mean of f",
            "stopped at step",
        ],
        rows.collect(),
    )
}

fn dense(results: &[StudyResult<'_>]) -> Table {
    let rows = phases::dense(results).into_iter().map(|(width, seen)| {
        vec![
            width.to_string(),
            format_number(seen.eta),
            format!("{:.3}", seen.a),
            seen.predicted.words(),
            seen.seen.words(),
            match seen.seen {
                Phase::Open => "—",
                _ if seen.is_predicted => "as on orthogonal samples",
                _ => "refuted here",
            }
            .to_owned(),
        ]
    });
    table(
        "Networks on 80 Gaussian samples of norm near 1, with a teacher: \"the largest a = κ y of a sample \
         decides\" is about orthogonal samples, and is refuted where a network does otherwise. What \
         still moves less and less is not told.",
        &[
            "neurons",
            "η",
            "largest a",
            "orthogonal samples",
            "the network",
            "",
        ],
        rows.collect(),
    )
}

fn boundaries() -> Table {
    let doublings = exact::doublings(6);
    let mut rows = vec![
        [
            "monotone to",
            "2√2 − 2",
            &format!("{:.12}", 8f64.sqrt() - 2.0),
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    let closed = ["1", "√5 − 1", "—", "—", "—", "—"];
    for (level, (at, closed)) in doublings.iter().zip(closed).enumerate() {
        rows.push(vec![
            format!("period {} doubles at", 1 << level),
            closed.to_owned(),
            format!("{at:.12}"),
        ]);
    }
    if let Some(end) = exact::accumulation(&doublings) {
        rows.push(vec![
            "doublings end at".to_owned(),
            "—".to_owned(),
            format!("{end:.8}"),
        ]);
    }
    rows.push(vec![
        "weights change sign past".to_owned(),
        "3√3/2 − 1".to_owned(),
        format!("{:.12}", 1.5 * 3f64.sqrt() - 1.0),
    ]);
    if let Some(three) = exact::period_three() {
        rows.push(vec![
            "period 3 is born at".to_owned(),
            "—".to_owned(),
            format!("{three:.11}"),
        ]);
    }
    rows.push(vec![
        "no bound past".to_owned(),
        "2".to_owned(),
        "2.000000000000".to_owned(),
    ]);
    table(
        "Boundaries in a (derived): closed forms, and cycles of multiplier −1 or 1 by Newton's method.",
        &["what", "closed form", "a"],
        rows,
    )
}

fn exponents() -> Table {
    let rows = [0.9, 1.1, 1.2, 1.302, 1.303, 1.32, 1.5, 1.7, 1.8, 1.9, 2.0].map(|a| {
        let found = map::lyapunov(a, STEPS);
        let r = 1.0 + a;
        let closed = match a {
            2.0 => format!("ln 3 = {:.5}", 3f64.ln()),
            1.0..1.23 => format!(
                "½ ln|9 − 2r²| = {:.5}",
                0.5 * (9.0 - 2.0 * r * r).abs().ln()
            ),
            0.0..1.0 => format!("ln|1 − 2a| = {:.5}", (1.0 - 2.0 * a).abs().ln()),
            _ => "—".to_owned(),
        };
        let period = map::period(a).map_or("none to 64".to_owned(), |period| period.to_string());
        vec![
            format_number(a),
            period,
            signed(format!("{:.5}", found.value)),
            signed(format!("{:.5}", found.error)),
            signed(closed),
        ]
    });
    table(
        "Lyapunov exponents over two million steps with their standard errors by batches, beside \
         closed forms (derived). At a = 1.7, beyond the doublings, the orbit has period 3: \"chaotic \
         for all a in (a∞, 2]\" is refuted there.",
        &["a", "period", "λ", "standard error", "closed form"],
        rows.to_vec(),
    )
}

fn densities() -> Table {
    let rows = [1.5, 1.8, 1.9, 2.0].map(|a| {
        let density = Density::new(a);
        let exponent = map::lyapunov(a, STEPS);
        let mean = map::Mean::of(map::orbit(a, 1000, STEPS), STEPS);
        vec![
            format_number(a),
            signed(format!("{:.4}", density.lyapunov())),
            signed(format!("{:.4} ± {:.4}", exponent.value, exponent.error)),
            format!("{:.4}", density.mean() / a),
            format!("{:.4} ± {:.4}", mean.value / a, mean.error / a),
        ]
    });
    table(
        "Invariant densities by Ulam's method on 4096 cells (derived), off by what cells make of spikes: \
         exponent and mean of f/y by the density, beside those of an orbit of two million steps with \
         standard errors.",
        &[
            "a",
            "λ, density",
            "λ, orbit",
            "mean f/y, density",
            "mean f/y, orbit",
        ],
        rows.to_vec(),
    )
}

fn cycles() -> Table {
    let rows = [1.2, 1.46, 1.5, 1.7, 1.9, 2.0].map(|a| match interval::period_three(a) {
        Some(bracket) => vec![
            format_number(a),
            format!("{:.12}", 0.5 * (bracket.low + bracket.high)),
            format_number(bracket.high - bracket.low),
            "proven".to_owned(),
        ],
        None => vec![
            format_number(a),
            "—".to_owned(),
            "—".to_owned(),
            "not found".to_owned(),
        ],
    });
    table(
        "A point u with F³(u) = u and F(u) ≠ u, bracketed by signs in arithmetic that rounds outwards: \
         where there is one, there are cycles of every period and an uncountable scrambled set (Li & \
         Yorke 1975).",
        &["a", "u", "width of the bracket", "cycle of three points"],
        rows.to_vec(),
    )
}

fn far() -> Table {
    let mut rows: Vec<Vec<String>> = [0.2, 0.7, 0.9]
        .map(|a| {
            let log = exact::log_koenigs(a, map::START);
            let rate = f64::abs(1.0 - 2.0 * a).ln();
            vec![
                format_number(a),
                signed(format!("log|z| = {log:.6} + t · {rate:.6}")),
                signed(format_number(log + 1e6 * rate)),
                signed(format_number(log + 1e300 * rate)),
            ]
        })
        .to_vec();
    let mut z = map::START - 1.0;
    for _ in 0..10_000_000 {
        z = exact::next(1.0, z);
    }
    rows.push(vec![
        "1".to_owned(),
        "t z² → 1/4".to_owned(),
        format!("t z² = {:.6} at 10⁷", 1e7 * z * z),
        signed(format_number(0.5 * (0.25_f64.ln() - 1e300_f64.ln()))),
    ]);
    table(
        "The far horizon (derived): z = u − a below a = 1 by Koenigs' limit, at a = 1 by its law.",
        &["a", "law", "at step 10⁶", "log|z| at step 10³⁰⁰"],
        rows,
    )
}

/// What came out, in sentences.
pub(super) fn found(results: &[StudyResult<'_>]) -> Vec<String> {
    let all = phases(results);
    let right = all.iter().filter(|seen| seen.is_predicted).count();
    let mut said = vec![format!(
        "{right} of {} networks are in the phase of their map.",
        all.len()
    )];
    let squares = map::orbit(2.0, 1000, STEPS).map(|u| (u - 2.0).powi(2));
    let square = map::Mean::of(squares, STEPS);
    said.push(format!(
        "At a = 2 the map is θ → 3θ with u = 4 cos²θ, and E z² = 2 (derived): over two million steps \
         {:.4} ± {:.4}.",
        square.value, square.error
    ));
    for (panel, samples) in [(TEACHER, "orthonormal"), (DENSE, "Gaussian")] {
        let Some(averages) = averages(results, panel) else {
            continue;
        };
        said.push(format!(
            "With a teacher on {samples} samples, the largest a of a sample being {}, single predictions err by {:.4} ± \
             {:.4} of the targets on samples that were not trained on, predictions averaged over a \
             thousand steps by {:.4}, and those by averaged weights by {:.4}.",
            format_number(averages.largest),
            averages.single.value,
            averages.single.error,
            averages.of_mean,
            averages.of_mean_weights
        ));
    }
    said
}

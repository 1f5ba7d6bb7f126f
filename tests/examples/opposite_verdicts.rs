//! Counts verdicts that one run gives at one horizon and takes back at another.
//!
//! A case is a small random problem, drawn by a number; it is run to several horizons, each a run
//! of its own, as a user runs it. A claim that is supported at one horizon and refuted at another
//! is a verdict that was false: `opposite`. What was found is printed, a line a claim,
//! tab-separated: case, horizon, claim, block, verdict, what decided, the prediction, the last
//! change of the pattern.
//!
//! ```console
//! $ cargo run --release -p implicit-bias-tests --example opposite_verdicts -- 0 300
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use implicit_bias_claims::{Claim, Verdict};
use implicit_bias_data::random::Dice;
use implicit_bias_lab::config::{RunConfig, Settings};
use implicit_bias_lab::{LabError, Report, RunOptions, RunRecord, execute};
use implicit_bias_record::Prediction;
use implicit_bias_tests::steps;

/// Horizons of each case; past the exact steps the Gram engine goes in log time.
const HORIZONS: [f64; 5] = [1e3, 1e4, 1e6, 1e15, 1e100];

/// Steps that are taken exactly.
const EXACT: f64 = 1e5;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| match arguments.next() {
        None => default,
        Some(text) => text.parse().expect("a number of a case, then how many"),
    };
    let (first, count) = (number(0), number(300));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut judged, mut opposite) = (BTreeMap::new(), Vec::new());
    for case in first..first + count {
        let settings = draw(case);
        let mut known: BTreeMap<String, Vec<(f64, Verdict)>> = BTreeMap::new();
        for horizon in HORIZONS {
            let settings = settings.clone().with("steps", steps(horizon));
            let record = match run(&settings, folder.path()) {
                Ok(record) => record,
                Err(error) => {
                    println!("{case}\t{horizon:e}\t{error}");
                    continue;
                }
            };
            for claim in &record.claims {
                println!("{case}\t{horizon:e}\t{}", line(claim, &record));
                let of = format!("{:?} {:?}", claim.id, claim.block);
                known.entry(of).or_default().push((horizon, claim.verdict));
                *judged
                    .entry(format!("{:?} {:?}", claim.id, claim.verdict))
                    .or_insert(0) += 1;
            }
        }
        for (of, verdicts) in known {
            let has = |wanted| verdicts.iter().any(|&(_, verdict)| verdict == wanted);
            if has(Verdict::Supported) && has(Verdict::Refuted) {
                opposite.push(format!("case {case}, {of}: {verdicts:?}; {settings:?}"));
            }
        }
    }
    for (what, count) in judged {
        println!("{what}: {count}");
    }
    for found in &opposite {
        println!("opposite: {found}");
    }
    println!("{} opposite verdicts in {count} cases", opposite.len());
    if !opposite.is_empty() {
        std::process::exit(1);
    }
}

fn run(settings: &Settings, folder: &Path) -> Result<RunRecord, LabError> {
    execute(
        &RunConfig::resolve(settings)?,
        RunOptions {
            keep_checkpoint: false,
            parent: folder,
            threads: 1,
            progress: &mut |_| true,
            stage: &mut |_, _| {},
            announce: &mut |_| {},
            warn: &mut |_| {},
        },
        Report::LeftOut,
    )
}

fn line(claim: &Claim, record: &RunRecord) -> String {
    let prediction = match &record.prediction {
        Prediction::Named(_) => unreachable!("a two-layer network"),
        Prediction::Unsolved { reason, lasts } => format!("unsolved: {reason}, lasts {lasts:?}"),
        Prediction::Solved(limit) => format!(
            "consistent {}, proven {}, residual {:.0e}, ranks {:?} {:?}, gap {:.2e}",
            limit.consistent,
            limit.proven,
            limit.kkt_residual,
            limit.stable_rank_pos,
            limit.stable_rank_neg,
            limit.margin_gap()
        ),
    };
    let changes = record
        .series
        .column("same_sign_changes")
        .unwrap_or_default();
    let last_change = (record.series.steps().into_iter().zip(changes))
        .rfind(|&(_, pairs)| pairs > 0.0)
        .map_or(0.0, |(step, _)| step);
    format!(
        "{:?}\t{}\t{:?}\t{:?}\t{prediction}\t{last_change:e}\t{}",
        claim.id,
        claim.block.as_deref().unwrap_or("-"),
        claim.verdict,
        claim.decided_by,
        claim.reason
    )
}

/// The problem of a number.
fn draw(case: u64) -> Settings {
    let mut dice = Dice::new(case.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1));
    let leaky = dice.below(3) > 0;
    let slopes = [0.01, 0.02, 0.1, 0.2, 0.5, 0.9];
    let slope = slopes[dice.below(slopes.len())];
    let kinds = ["gaussian", "gaussian", "mixture"];
    Settings::default()
        .with("synthetic", kinds[dice.below(kinds.len())])
        .with("samples", 3 + dice.below(8))
        .with("dim", 2 + dice.below(39))
        .with("width", 1 + dice.below(6))
        .with("activation", if leaky { "leaky-relu" } else { "relu" })
        .with("slope", leaky.then_some(slope))
        .with("init-scale", decades(&mut dice, 1e-3, 1e2))
        .with("step-size", decades(&mut dice, 3e-3, 0.5))
        .with("exact-steps", steps(EXACT))
        .with("seed", case)
}

/// A number evenly in the logarithm, to two digits, so that it is easily typed.
fn decades(dice: &mut Dice, low: f64, high: f64) -> f64 {
    let value = dice.between(low, high);
    format!("{value:.1e}").parse().expect("a number")
}

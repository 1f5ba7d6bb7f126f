//! Zero hinge loss, small weights, benign and harmful overfitting: claims with their refutations.

use implicit_bias_claims::benign::ids::{BENIGN, HARMFUL, SMALL_WEIGHTS, ZERO_HINGE};
use implicit_bias_claims::{Claim, ClaimId};
use implicit_bias_lab::config::Settings;
use implicit_bias_lab::report::{Statement, Table};
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult, StudyRun};
use implicit_bias_output::format_number;

use super::figures;
use super::settings::{PAPER, Stop, run, trial};

/// The share of the signal varies.
const SIGNALS: &str = "signal";
/// The slope varies.
const SLOPES: &str = "slope";
/// What the theorems are not about.
const OUTSIDE: &str = "outside the assumptions";

/// The claims of the paper, each with runs on which it must be refuted.
pub fn benign_and_harmful_overfitting(effort: Effort) -> Study {
    Study {
        name: "benign_and_harmful_overfitting",
        title: "Noisy labels are fitted soon, with small weights; a strong signal makes it benign",
        statement: Statement {
            text: "On linearly separable samples the hinge loss is zero after at most C‖w*‖²/(η α² m) \
                   steps, with ‖W‖_F ≤ C‖w*‖/(α √m). For a strong signal the error on fresh samples \
                   is then exp(−C α² d/k), benign; for γ = O(α³/d) it is at least 1/8, harmful."
                .to_owned(),
            source: PAPER.to_owned(),
        },
        setting: "Found in the paper and the authors' code: 2m = 64 neurons of outputs ±1, leaky ReLU, \
                  sum of hinge losses, η = 1/(64 n), labels flipped with probability 0.1. Ours: n = 50, \
                  stop at zero hinge loss, 1000 fresh samples; initial weights of norm 0.005 a neuron, \
                  within the paper's assumption, which those of the code exceed; slope 0.1 where it does \
                  not vary. The derivative of leaky ReLU at 0 is its slope here, 1 in the paper: no \
                  pre-activation is exactly 0"
            .to_owned(),
        paragraphs: vec![
            "The theorems name no constants: verdicts take C = 1 for the weights and the steps, which \
             is this project's setting, and an error is small up to 0.05. Benign overfitting must be \
             refuted without a signal, harmful overfitting with one of γ = 10/d, the bound on the \
             weights from an initialization a hundred times as large and with steps a thousand times \
             as long, and zero loss on samples that nothing linear separates. These are of seed 4: in ten \
             dimensions nothing linear separates those of smaller seeds either, but the network is not \
             linear, and got to zero loss on some of them."
                .to_owned(),
        ],
        runs: runs(effort),
        claims: &[ZERO_HINGE, SMALL_WEIGHTS, BENIGN, HARMFUL],
        limits: Vec::new(),
        show: Some(show),
        columns: &[],
        figures: |_| Vec::new(),
    }
}

/// The first seed of which the network does not fit the samples in ten dimensions.
const INSEPARABLE: u64 = 4;

/// A trial within the assumptions of the paper.
fn inside(dim: usize) -> Settings {
    trial(50, dim, Stop::ZeroLoss, 0)
        .with("init-scale", 0.005 / (dim as f64).sqrt())
        .with("record", 10)
}

fn runs(effort: Effort) -> Vec<StudyRun> {
    let judged = |panel: &str, label: String, parameter: f64, settings: Settings| StudyRun {
        judged: true,
        ..run(panel, label, parameter, settings)
    };
    let mut runs = Vec::new();
    let dim = 200;
    for c in [0.0, 0.1, 1.0, 10.0] {
        let share = c / dim as f64;
        let settings = inside(dim).with("signal-share", share);
        runs.push(judged(SIGNALS, format!("γ = {c}/d"), c, settings));
    }
    for slope in effort.pick(vec![0.05, 0.3], vec![0.05, 0.1, 0.3, 0.9]) {
        let settings = inside(100).with("slope", slope);
        runs.push(judged(SLOPES, format!("α = {slope}"), slope, settings));
    }
    // The scale of the authors' code.
    let first = 1.0 / (64.0 * 10.0);
    for factor in effort.pick(vec![100.0], vec![100.0, 1000.0]) {
        let settings = inside(100).with("init-scale", factor * first);
        runs.push(judged(
            OUTSIDE,
            format!("initialization × {factor}"),
            factor,
            settings,
        ));
    }
    let step_size = 1000.0 / 3200.0;
    runs.push(judged(
        OUTSIDE,
        "step size × 1000".to_owned(),
        1000.0,
        inside(100).with("step-size", step_size),
    ));
    runs.push(judged(
        OUTSIDE,
        "d = 10, not separable".to_owned(),
        10.0,
        inside(10).with("steps", 20_000).with("seed", INSEPARABLE),
    ));
    runs
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    let signals: Vec<_> = results
        .iter()
        .filter(|result| result.run.panel == SIGNALS)
        .collect();
    Shown {
        paragraphs: Vec::new(),
        figures: vec![figures::over_steps(&signals)],
        tables: vec![table(results)],
        files: Vec::new(),
    }
}

fn claim<'a>(result: &StudyResult<'a>, id: ClaimId) -> Option<&'a Claim> {
    result.record.claims.iter().find(|claim| claim.id == id)
}

fn table(results: &[StudyResult<'_>]) -> Table {
    let rows = results.iter().map(|result| {
        let series = &result.record.series;
        let last = |column: &str| series.last(column).unwrap_or(f64::NAN);
        let slope = result.run.settings.number("slope").unwrap_or(f64::NAN);
        let measured = |id| claim(result, id).and_then(|claim| claim.measured);
        let number = |value: Option<f64>| value.map_or("—".to_owned(), format_number);
        let mut row = vec![
            format!("{}, {}", result.run.panel, result.run.label),
            format_number(last("step")),
            format_number(last("loss")),
            number(measured(ZERO_HINGE)),
            number(measured(SMALL_WEIGHTS).map(|share| share / slope)),
            format_number(1.0 / slope),
            format!("{:.3}", last("held_out_error")),
        ];
        let ids = [ZERO_HINGE, SMALL_WEIGHTS, BENIGN, HARMFUL];
        row.extend(ids.map(|id| {
            let verdict = claim(result, id).map(|claim| claim.verdict);
            verdict.map_or("—", super::settings::word).to_owned()
        }));
        row
    });
    let header = [
        "run",
        "T",
        "loss",
        "T η α² m/‖w*‖²",
        "‖W‖_F √m/‖w*‖",
        "1/α",
        "error",
        "zero-hinge",
        "small-weights",
        "benign",
        "harmful",
    ];
    Table {
        caption: "The last step T, and the verdicts; — where ‖w*‖ does not exist.".to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

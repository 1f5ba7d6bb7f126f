//! The study: its runs, and what it shows of them.

use implicit_bias_claims::tokens::ids::{DIRECTION, NORM, RATE, SPARSE};
use implicit_bias_lab::config::{RunConfig, Settings, Steps};
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult, StudyRun};
use implicit_bias_limits::tokens::attention_program;

use super::{figures, table};

/// The panel of the descents whose rates are told.
pub(super) const RATES: &str = "rates";
/// The panel of steps on both sides of the stability boundary.
pub(super) const STABILITY: &str = "stability";
/// The panel of the joint descent.
pub(super) const JOINT: &str = "attention and decoder";

pub(super) const GRADIENT: &str = "gradient descent, η = 1";
pub(super) const NORMALIZED: &str = "normalized, η = 0.1";
pub(super) const POLYAK_ONE: &str = "Polyak, c = 1";
pub(super) const POLYAK: &str = "Polyak, c = 2";

/// Tokens of a sample.
pub(super) const TOKENS: usize = 6;

/// Steps of a constant length that are `η μ_max/‖W_mm‖`, on both sides of 2.
const CURVATURES: [f64; 2] = [1.94, 2.05];

/// One attention layer on one data set of 10 samples of 6 tokens, by descents of three kinds.
pub fn attention_of_maximum_margin(effort: Effort) -> Study {
    Study {
        name: "attention_of_maximum_margin",
        title: "Attention turns to the matrix of maximum margin",
        statement: Statement {
            text: "Normalized gradient descent and Polyak's steps turn the attention matrix to that \
                   of maximum margin at the rate 1/t, and attention settles on the best token of each \
                   sample exponentially fast; the norm grows linearly, where under gradient descent \
                   it grows like log t."
                .to_owned(),
            source: "Vasudeva, Deora & Thrampoulidis, arXiv:2402.05738 (Polyak's constant and the \
                     query recalled, not verified); slopes and constants derived here"
                .to_owned(),
        },
        setting: format!(
            "10 samples of 6 Gaussian tokens in 30 dimensions, all but one token of a sample of equal \
             score; the query is the first token; W(0) ~ N(0, 10⁻⁸); logistic loss; T = {} (this \
             project's settings)",
            effort.pick("10⁴", "10⁵")
        ),
        paragraphs: vec![
            "The program min ‖W‖² over (x_o − x_t)ᵀ W z ≥ 1, for the best token x_o of each sample \
             and every other x_t, knows the data alone. Its dual tells the slopes: the excess of the \
             loss over its infimum falls by the factor e^(−η/‖W_mm‖) a step of normalized gradient \
             descent and e^(−1/c) of Polyak's, and gradient descent goes with t η (L − L*)/‖W_mm‖² \
             → 1 (derived)."
                .to_owned(),
            "Once attention to the best token is 1 to rounding, the differences that move it are \
             gone from a naive computation; here they are taken to the most attended token and carry \
             an exponent of their own, so that the excess falls below 10⁻³⁰⁰ and on."
                .to_owned(),
        ],
        runs: runs(effort),
        claims: &[DIRECTION, RATE, SPARSE, NORM],
        limits: Vec::new(),
        show: Some(show),
        columns: &[],
        figures: |_| Vec::new(),
    }
}

fn base(effort: Effort) -> Settings {
    Settings::default()
        .with("synthetic", "tokens")
        .with("samples", 10)
        .with("dim", 30)
        .with("parts", TOKENS as u64)
        .with("equal-scores", true)
        .with("network", "attention")
        .with("init-scale", 1e-4)
        .with("steps", steps(effort.pick(1e4, 1e5)))
        .with("seed", 1)
}

fn steps(number: f64) -> Steps {
    Steps::try_from(number).expect("a whole number of steps")
}

fn run(panel: &str, label: impl Into<String>, judged: bool, settings: Settings) -> StudyRun {
    StudyRun {
        judged,
        panel: panel.to_owned(),
        label: label.into(),
        parameter: 0.0,
        settings,
    }
}

fn runs(effort: Effort) -> Vec<StudyRun> {
    let base = base(effort);
    let with = |optimizer: &str| base.clone().with("optimizer", optimizer);
    let mut runs = vec![
        run(RATES, GRADIENT, true, base.clone().with("step-size", 1.0)),
        run(
            RATES,
            NORMALIZED,
            true,
            with("normalized-gd").with("step-size", 0.1),
        ),
        run(
            RATES,
            POLYAK,
            true,
            with("polyak").with("polyak-factor", 2.0),
        ),
        run(
            RATES,
            POLYAK_ONE,
            true,
            with("polyak").with("polyak-factor", 1.0),
        ),
    ];
    if let Some((norm, curvature)) = norm_and_curvature(&base) {
        for share in CURVATURES {
            let step_size = share * norm / curvature;
            let label = format!("η μ_max/‖W_mm‖ = {share}");
            let settings = with("normalized-gd").with("step-size", step_size);
            runs.push(run(STABILITY, label, false, settings));
        }
    }
    let joint = with("block-normalized-gd")
        .with("decoder", "trained")
        .with("step-size", 0.05)
        .with("second-step-size", 0.1)
        .with("second-step-decay", 2.0 / 3.0)
        .with("steps", steps(effort.pick(5e3, 5e4)));
    runs.push(run(JOINT, "joint", false, joint));
    runs
}

/// `‖W_mm‖` and `μ_max` of the data that settings ask for.
fn norm_and_curvature(settings: &Settings) -> Option<(f64, f64)> {
    let data = RunConfig::resolve(settings).ok()?.load_data().ok()?;
    let program = attention_program(&data, TOKENS).ok()?;
    Some((program.solution.norm, program.solution.curvature))
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    Shown {
        paragraphs: table::found(results),
        figures: figures::figures(results),
        tables: table::tables(results),
        files: Vec::new(),
    }
}

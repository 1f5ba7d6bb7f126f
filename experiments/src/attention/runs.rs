//! The runs.

use implicit_bias_lab::config::{RunConfig, Settings, Steps};
use implicit_bias_lab::study::{Effort, StudyRun};
use implicit_bias_limits::tokens::attention_program;

/// The panel of the descents whose rates are told.
pub(super) const RATES: &str = "rates";
/// The panel of steps on both sides of the stability boundary.
pub(super) const STABILITY: &str = "stability";
/// The panel of the joint descent.
pub(super) const JOINT: &str = "attention and decoder";

pub(super) const GRADIENT: &str = "gradient descent, η = 1";
pub(super) const NORMALIZED: &str = "normalized, η = 0.1";
/// Polyak's steps past their stability boundary.
pub(super) const POLYAK_PAST: &str = "Polyak, μ_max/c = 2.05";
pub(super) const POLYAK: &str = "Polyak, c = 2";

/// Tokens of a sample.
pub(super) const TOKENS: usize = 6;

/// Steps of a constant length that are `η μ_max/‖W_mm‖`, on both sides of 2.
const CURVATURES: [f64; 2] = [1.94, 2.05];

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

/// All runs.
pub(super) fn runs(effort: Effort) -> Vec<StudyRun> {
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
    ];
    if let Some((norm, curvature)) = norm_and_curvature(&base) {
        let past = with("polyak").with("polyak-factor", curvature / CURVATURES[1]);
        runs.push(run(RATES, POLYAK_PAST, true, past));
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

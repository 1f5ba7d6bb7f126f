//! The runs, and what each is expected to show.

use implicit_bias_claims::adam::ids::{L2_MARGIN, LINF_MARGIN, LINF_RATE};
use implicit_bias_claims::{ClaimId, Verdict};
use implicit_bias_lab::config::{Settings, Steps};
use implicit_bias_lab::study::{Effort, StudyRun};

/// Adam without `ε`, and sign descent.
pub(super) const SIGN_LIKE: &str = "Adam without ε, sign descent";
/// Gradient descent, with momentum, normalized.
pub(super) const GRADIENT: &str = "gradient descent";
/// Adam with `ε`, and Adam on one sample at a time.
pub(super) const OTHERS: &str = "Adam with ε, on batches";
/// Gradient descent in Gram coordinates.
pub(super) const FAR: &str = "far horizon";

/// The runs that end at a tenth of the steps.
pub(super) const TENTH: &str = "a tenth of the steps";

/// The label of gradient descent, which the far horizon goes on with.
pub(super) const GRADIENT_DESCENT: &str = "gradient descent, η = 0.1";

/// A run with the verdicts that it must have at the full horizon.
pub(super) struct Row {
    pub run: StudyRun,
    pub expected: &'static [(ClaimId, Verdict)],
}

const HOLDS: &[(ClaimId, Verdict)] = &[
    (LINF_MARGIN, Verdict::Supported),
    (LINF_RATE, Verdict::Supported),
];
/// Early on `β₂` throttles the growth, and no power has settled.
const HOLDS_SLOWLY: &[(ClaimId, Verdict)] = &[(LINF_MARGIN, Verdict::Supported)];
const NO_POWER: &[(ClaimId, Verdict)] = &[(LINF_RATE, Verdict::Refuted)];
const ELSEWHERE: &[(ClaimId, Verdict)] = &[
    (LINF_MARGIN, Verdict::Refuted),
    (L2_MARGIN, Verdict::Supported),
];
/// No theorem here says where it tends.
const NOT_THERE: &[(ClaimId, Verdict)] = &[(LINF_MARGIN, Verdict::Refuted)];
/// Gradients are below `ε`, and the run does not turn to where it tends yet.
const IN_L2: &[(ClaimId, Verdict)] = &[(L2_MARGIN, Verdict::Supported)];

/// The number of steps of all runs but the far one.
fn horizon(effort: Effort) -> f64 {
    effort.pick(2e4, 1e6)
}

/// What all runs share: 50 Gaussian samples in 50 dimensions.
fn base(effort: Effort) -> Settings {
    Settings::default()
        .with("synthetic", "gaussian")
        .with("samples", 50)
        .with("dim", 50)
        .with("network", "linear")
        .with("init-scale", 1.0)
        .with("steps", steps(horizon(effort)))
        .with("seed", 11)
}

fn steps(number: f64) -> Steps {
    Steps::try_from(number).expect("studies ask for whole numbers of steps")
}

fn falling(settings: Settings, size: f64, decay: f64) -> Settings {
    let settings = settings.with("step-size", size);
    if decay == 0.0 {
        return settings;
    }
    settings.with("step-decay", decay).with("step-offset", 2.0)
}

fn adam(effort: Effort, size: f64, decay: f64, epsilon: f64) -> Settings {
    let settings = base(effort)
        .with("optimizer", "adam")
        .with("beta2", 0.99)
        .with("epsilon", epsilon)
        .with("bias-correction", false);
    falling(settings, size, decay)
}

fn row(
    panel: &str,
    label: impl Into<String>,
    settings: Settings,
    expected: &'static [(ClaimId, Verdict)],
) -> Row {
    Row {
        run: StudyRun {
            judged: true,
            panel: panel.to_owned(),
            label: label.into(),
            parameter: 0.0,
            settings,
        },
        expected,
    }
}

/// All runs.
pub(super) fn rows(effort: Effort) -> Vec<Row> {
    let mut rows = Vec::new();
    for (size, decay, expected) in [
        (0.1, 0.3, HOLDS),
        (0.1, 0.5, HOLDS),
        (0.1, 0.7, HOLDS),
        (1.0, 0.3, HOLDS_SLOWLY),
        (1.0, 0.5, HOLDS),
        (1.0, 0.7, HOLDS),
        (1.0, 1.0, NO_POWER),
    ] {
        let label = format!("Adam, a = {decay}, η = {size}");
        let settings = adam(effort, size, decay, 0.0).with("sensitivity", true);
        rows.push(row(SIGN_LIKE, label, settings, expected));
    }
    let constant = adam(effort, 1e-3, 0.0, 0.0).with("sensitivity", true);
    rows.push(row(SIGN_LIKE, "Adam, constant η = 0.001", constant, HOLDS));
    let sign = base(effort).with("optimizer", "sign-gd");
    let sign = falling(sign, 0.1, 0.5).with("sensitivity", true);
    rows.push(row(
        SIGN_LIKE,
        "sign descent, a = 0.5, η = 0.1",
        sign,
        HOLDS,
    ));
    let gd = falling(base(effort), 0.1, 0.0);
    rows.push(row(
        GRADIENT,
        GRADIENT_DESCENT,
        gd.clone().with("engine", "tensor"),
        ELSEWHERE,
    ));
    let momentum = gd.clone().with("optimizer", "momentum");
    rows.push(row(GRADIENT, "with momentum, η = 0.1", momentum, ELSEWHERE));
    let normalized = falling(base(effort).with("optimizer", "normalized-gd"), 0.1, 0.5);
    rows.push(row(
        GRADIENT,
        "normalized, a = 0.5, η = 0.1",
        normalized,
        ELSEWHERE,
    ));
    for (size, decay, epsilon, words, expected) in [
        (1.0, 0.5, 1e-8, "ε = 10⁻⁸, a = 0.5", IN_L2),
        (1e-3, 0.0, 1e-8, "ε = 10⁻⁸, constant η", ELSEWHERE),
        (1e-3, 0.0, 1e-3, "ε = 10⁻³, constant η", ELSEWHERE),
    ] {
        let label = format!("Adam with {words}");
        rows.push(row(
            OTHERS,
            label,
            adam(effort, size, decay, epsilon),
            expected,
        ));
    }
    let corners = |settings: Settings| settings.with("synthetic", "hypercube").with("samples", 10);
    let one_by_one = corners(adam(effort, 0.1, 0.5, 0.0))
        .with("batch-size", 1)
        .with("batch-order", "cyclic");
    rows.push(row(
        OTHERS,
        "±1 data, one sample a step",
        one_by_one,
        NOT_THERE,
    ));
    let all_samples = corners(adam(effort, 0.1, 0.5, 0.0));
    rows.push(row(OTHERS, "±1 data, all samples", all_samples, HOLDS));
    let far = gd.with("steps", steps(1e300)).with("record", 2);
    rows.push(row(FAR, "gradient descent to 10³⁰⁰", far, ELSEWHERE));
    rows
}

/// All runs, with those that end at a tenth of the steps for the laws of the far horizon.
pub(super) fn runs(effort: Effort) -> Vec<StudyRun> {
    let mut runs: Vec<StudyRun> = rows(effort).into_iter().map(|row| row.run).collect();
    let long = runs.iter().filter(|run| run.panel == SIGN_LIKE);
    let tenths: Vec<StudyRun> = long
        .map(|run| StudyRun {
            panel: TENTH.to_owned(),
            judged: false,
            settings: (run.settings.clone())
                .with("steps", steps(0.1 * horizon(effort)))
                .with("sensitivity", false),
            ..run.clone()
        })
        .collect();
    runs.extend(tenths);
    runs
}

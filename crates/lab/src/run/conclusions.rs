//! The figures' context and the report of a run.

use implicit_bias_model::{Activation, Loss, TwoLayerConfig};

use super::RunRecord;
use crate::config::InitSource;
use crate::figures::{LogFit, RunContext, format_number};
use crate::report::{ReportFigure, RunReport, Setting};

/// What the figures of a run need to know besides its tables.
pub(super) fn run_context(record: &RunRecord) -> RunContext {
    RunContext {
        title: format!(
            "n = {}, d = {}",
            record.manifest.data.n, record.manifest.data.d
        ),
        activation: record.activation_words(),
        blocks: TwoLayerConfig::BLOCKS.map(str::to_owned).to_vec(),
        labels: record.manifest.data.label_values(),
        limits: Default::default(),
        norm_fit: norm_fit(record),
        rank_one: record.config.activation != Activation::RELU,
    }
}

/// The line through the weight norm against log t over the last two decades, if there are enough.
fn norm_fit(record: &RunRecord) -> Option<LogFit> {
    let horizon = record.series.last("step")?;
    // Two decades, as most claims; the norm's own criterion compares slopes, and draws no line.
    let window = [horizon / 100.0, horizon];
    let points: Vec<(f64, f64)> = record
        .series
        .steps()
        .into_iter()
        .zip(record.series.column("weight_norm")?)
        .filter(|&(step, norm)| step >= window[0].max(1.0) && norm.is_finite())
        .map(|(step, norm)| (step.ln(), norm))
        .collect();
    let (x, y): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
    let line = crate::claims::fit_line(&x, &y)?;
    Some(LogFit {
        intercept: line.intercept,
        slope: line.slope,
        window,
    })
}

/// The settings of a run, one line each.
pub(crate) fn settings_of(record: &RunRecord) -> Vec<Setting> {
    let (config, manifest) = (&record.config, &record.manifest);
    let data = &manifest.data;
    let init = match &config.init {
        InitSource::File(path) => path.display().to_string(),
        InitSource::Gaussian { scale, .. } => format!("N(0, σ₀²), σ₀ = {scale}"),
    };
    let loss = match config.loss {
        Loss::Logistic => "logistic, log(1 + e^−q)",
        Loss::Exponential => "exponential, e^−q",
    };
    let positive = data.labels.chars().filter(|&sign| sign == '+').count();
    let ratio = data.ratio.map_or("∞".to_owned(), format_number);
    vec![
        Setting::new("data", &data.source),
        Setting::new("samples n, dimension d", format!("{}, {}", data.n, data.d)).with_note(
            format!("{positive} positive, {} negative", data.n - positive),
        ),
        Setting::new("R_min, R_max", {
            format!(
                "{}, {}",
                format_number(data.r_min),
                format_number(data.r_max)
            )
        })
        .with_note("smallest and largest ‖x_i‖"),
        Setting::new("p", format_number(data.p)).with_note("largest |⟨x_i, x_k⟩|, i ≠ k"),
        Setting::new("near-orthogonality ratio", ratio).with_note(
            "R_min² / (n p); the theorems want it large, and the larger the smaller γ is",
        ),
        Setting::new("activation", record.activation_words()),
        Setting::new("width m", manifest.width.to_string()).with_note("neurons in each block"),
        Setting::new("initial weights", init),
        Setting::new("loss", loss),
        Setting::new("step size η", config.step_size.to_string()).with_note("constant, full batch"),
        Setting::new("horizon T", config.steps.to_string()).with_note("steps"),
        Setting::new("seed", config.seed.to_string()),
    ]
}

/// Versions and hashes of a run; no times, so that equal runs make equal reports.
pub(crate) fn provenance_of(record: &RunRecord) -> Vec<(String, String)> {
    let manifest = &record.manifest;
    let precision = format!("{:?}", manifest.precision).to_lowercase();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![
        pair("implicit-bias", &manifest.implicit_bias),
        pair("commit", manifest.commit.as_deref().unwrap_or("unknown")),
        pair("Burn", &manifest.burn),
        pair(
            "engine",
            &format!("{} ({})", manifest.engine, manifest.engine_reason),
        ),
        pair("device", &format!("{}, {precision}", manifest.device)),
        pair("data SHA-256", &manifest.data.sha256),
    ]
}

/// The report of a run.
pub(super) fn run_report_of(record: &RunRecord, figures: Vec<ReportFigure>) -> RunReport {
    RunReport {
        title: format!(
            "{} on {}",
            record.activation_words(),
            record.manifest.data.source
        ),
        paragraphs: vec![
            "A two-layer network with fixed second layer, trained by plain full-batch gradient \
             descent, and the claims of Kou, Chen & Gu (NeurIPS 2023, arXiv:2310.18935) judged on \
             it. The settings are this run's, not the paper's."
                .to_owned(),
            match record.config.loss {
                Loss::Logistic => "The claims are about the logistic loss, as here.",
                Loss::Exponential => {
                    "The paper's claims are about the logistic loss; this run has the exponential \
                     one, which has the same tail."
                }
            }
            .to_owned(),
            "Intervals are those of least squares with a correction for autocorrelated residuals. A \
             trajectory is no random sample: they say how well a law fits the window, not how often a \
             repetition would fall inside."
                .to_owned(),
        ],
        settings: settings_of(record),
        stop_reason: record
            .stop()
            .map_or("cut off".to_owned(), |stop| stop.to_string()),
        claims: record.claims.clone(),
        figures,
        last_row: record.last_row(),
        provenance: provenance_of(record),
        command: "implicit-bias train config.toml --out again".to_owned(),
    }
}

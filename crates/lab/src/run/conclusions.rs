//! The figures' context and the report of a run.

use std::collections::BTreeMap;

use implicit_bias_model::{Activation, Loss, TwoLayerConfig};

use super::RunRecord;
use crate::claims::Hypothesis;
use crate::config::InitSource;
use crate::figures::{LogFit, RunContext, format_number};
use crate::report::{LimitSummary, ReportFigure, RunReport, Setting};
use crate::{LimitOf, PredictedLimit, Prediction};

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
        limits: (record.prediction.limit())
            .filter(|limit| limit.doubt_of_solution().is_none())
            .map(limits_of_columns)
            .unwrap_or_default(),
        limits_of: (record.prediction.limit()).map_or(LimitOf::ThisRun, |limit| limit.of),
        limits_proven: (record.prediction.limit()).is_some_and(|limit| limit.proven),
        norm_fit: norm_fit(record),
        rank_one: record.config.activation != Activation::RELU,
    }
}

/// The limits of the columns that have one.
fn limits_of_columns(limit: &PredictedLimit) -> BTreeMap<String, f64> {
    let blocks = TwoLayerConfig::BLOCKS.map(|block| format!("stable_rank_{block}"));
    let others = ["stable_rank", "margin_min", "margin_max"].map(str::to_owned);
    let columns = blocks.into_iter().chain(others);
    columns
        .filter_map(|column| limit.of_column(&column).map(|value| (column, value)))
        .collect()
}

/// What a reader should know of the predicted limit: numbers, then how far to trust them.
fn limit_of(record: &RunRecord) -> LimitSummary {
    let limit = match &record.prediction {
        Prediction::Solved(limit) => limit,
        Prediction::Unsolved { reason, .. } => {
            return LimitSummary {
                status: format!("The limit program has no answer for this run: {reason}."),
                rows: Vec::new(),
            };
        }
    };
    let number = |value: f64| format!("{value:.6}");
    let rank = |rank: Option<f64>| rank.map_or("—".to_owned(), number);
    let last = |column| match record.series.last(column) {
        Some(value) if value.is_finite() => format!("{} at the last step", number(value)),
        _ => "undefined at the last step".to_owned(),
    };
    let mut rows = vec![
        Setting::new("stable rank of W₊₁", rank(limit.stable_rank_pos))
            .with_note(last("stable_rank_pos")),
        Setting::new("stable rank of W₋₁", rank(limit.stable_rank_neg))
            .with_note(last("stable_rank_neg")),
        Setting::new("stable rank, stacked", rank(limit.stable_rank))
            .with_note(last("stable_rank")),
        Setting::new(
            "smallest normalized margin",
            number(limit.normalized_margin_min),
        )
        .with_note(last("margin_min")),
        Setting::new(
            "largest normalized margin",
            number(limit.normalized_margin_max),
        )
        .with_note(last("margin_max")),
        Setting::new(
            "multipliers λ",
            format!(
                "{} to {}",
                format_number(limit.multiplier_min),
                format_number(limit.multiplier_max)
            ),
        )
        .with_note(if limit.all_multipliers_positive() {
            "all positive: all margins become equal".to_owned()
        } else {
            format!(
                "zero for {} of {} samples, whose margins may stay larger",
                limit.samples - limit.support,
                limit.samples
            )
        }),
        Setting::new("same-sign patterns", limit.groups.to_string()).with_note(format!(
            "{} pairs of a pattern and a sample of the other sign slide",
            limit.sliding_pairs
        )),
    ];
    rows.push(
        Setting::new("consistent", if limit.consistent { "yes" } else { "no" })
            .with_note("whether the solution keeps the same-sign pattern it assumes, strictly"),
    );
    rows.push(
        Setting::new("KKT residual", format_number(limit.kkt_residual))
            .with_note("how far from solved, relative"),
    );
    let pattern = Setting::new("pattern of the last step", limit.certificate.as_str());
    rows.push(match limit.of {
        LimitOf::ThisRun => pattern,
        LimitOf::ExactDescent => {
            pattern.with_note("of exact descent from there on, not of this run")
        }
    });
    let status = match limit.doubt() {
        Some(doubt) => format!("These numbers are not the limit of this run: {doubt}."),
        None if limit.proven => "The same-sign pattern is proven to last, so these numbers are the limit \
             of this run (the proof is evaluated in double precision)."
            .to_owned(),
        None => "Candidate, not proven: these numbers are the limit of this run if the same-sign pattern of \
             its last step lasts. Patterns have been seen to change after many decades of rest."
            .to_owned(),
    };
    LimitSummary { status, rows }
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
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![
        pair("implicit-bias", &manifest.implicit_bias),
        pair("commit", manifest.commit.as_deref().unwrap_or("unknown")),
        pair("Burn", &manifest.burn),
        pair(
            "engine",
            &format!("{} ({})", manifest.engine, manifest.engine_reason),
        ),
        pair(
            "device",
            &format!("{}, {}", manifest.device, manifest.precision),
        ),
        pair("data SHA-256", &manifest.data.sha256),
    ]
}

/// What a reader must know before the verdicts: of the data as the run noted it, of the steps as the
/// series shows it.
fn notices_of(record: &RunRecord) -> Vec<String> {
    let noted = record.manifest.notes.iter();
    let data = noted.filter(|note| note.starts_with("data: ")).cloned();
    data.chain(record.regime.notices()).collect()
}

/// The hypotheses of the theorems, one line each.
fn hypotheses_of(record: &RunRecord) -> Vec<Setting> {
    let hypotheses = record.hypotheses();
    let pairs = hypotheses.each().into_iter().zip(hypotheses.lines());
    let line = |(hypothesis, [name, status, measured, _]): (&Hypothesis, [String; 4])| {
        let value = match hypothesis.measured {
            Some(_) => format!("{status} ({measured})"),
            None => status,
        };
        Setting::new(name, value).with_note(hypothesis.sentence.as_str())
    };
    pairs.map(line).collect()
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
        notices: notices_of(record),
        hypotheses: hypotheses_of(record),
        stop_reason: record
            .stop()
            .map_or("cut off".to_owned(), |stop| {
                let shown = notices_of(record);
                let notes = record.manifest.notes.iter().filter(|note| !shown.contains(note));
                let notes = notes.map(String::as_str);
                let stop = stop.to_string();
                std::iter::once(stop.as_str()).chain(notes).collect::<Vec<_>>().join("; ")
            }),
        limit: Some(limit_of(record)),
        claims: record.claims.clone(),
        figures,
        last_row: record.last_row(),
        provenance: provenance_of(record),
        command: "implicit-bias train config.toml --out again".to_owned(),
    }
}

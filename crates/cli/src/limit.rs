//! `limit`: where gradient descent ends.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use implicit_bias_data::{Contradictions, cifar10, mnist};
use implicit_bias_lab::config::keys::output::THREADS;
use implicit_bias_lab::config::{RunConfig, Settings, overlay};
use implicit_bias_lab::{
    LabError, LimitReport, Prepared, Progress, RunRecord, direction_by_descent, direction_limit,
    find_limit,
};
use implicit_bias_limits::EVIDENCE;
use implicit_bias_output::{format_number, format_step};
use implicit_bias_record::NamedLimit;
use serde_json::{Value, json};

use crate::args::LimitArgs;
use crate::commands::{Outcome, print};
use crate::threads::compute_alone_on;

/// The last step where the flags give none: patterns of ReLU networks can change once in many
/// decades, and going on costs little.
const LAST_STEP: f64 = 1e300;

/// The limit of a run, by whichever of the two ways is known for it.
enum Answer {
    /// Of the two-layer network, by its program once the pattern settles.
    Program(Box<LimitReport>),
    /// Of the direction of any other descent.
    Direction(Box<NamedLimit>),
}

/// Where gradient descent ends: what `limit` says.
pub struct FoundLimit {
    config: RunConfig,
    prepared: Prepared,
    export: Option<PathBuf>,
    answer: Answer,
}

impl FoundLimit {
    /// Looks for the limit of some settings, on the data of `input` or of the run of that directory.
    /// `goes_on` is asked on the way; where it says no, the answer is that for the pattern reached.
    ///
    /// # Errors
    ///
    /// [`LabError::Config`] for settings that have no use here, and those of the run and of the
    /// program; [`LabError::Interrupted`] where there is no answer yet.
    pub fn of(
        input: Option<&Path>,
        settings: &Settings,
        progress: &Progress,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Self, LabError> {
        refuse_what_has_no_use(settings)?;
        let (config, record) = configuration(input, settings.clone())?;
        let export = export_path(settings, &config, record.as_ref())?;
        let prepared = Prepared::watched(&config, &mut |what, fraction| {
            progress.stage(&format!("limit: {what}"), fraction);
        })?;
        if let Some(record) = record {
            require_own_data(&config, &prepared, &record)?;
        }
        for note in config.data.notes()? {
            progress.line(&format!("data: {note}"));
        }
        let contradictions = Contradictions::of(&prepared.data);
        if !contradictions.is_empty() {
            progress.line(&format!("data: {contradictions}"));
        }
        progress.stage("limit", 0.0);
        let answer = if config.two_layer_descent().is_none() {
            Answer::Direction(Box::new(direction(&config, &prepared, progress, goes_on)?))
        } else {
            let report = find_limit(&config, &prepared, &mut |fraction| {
                progress.set(fraction);
                goes_on()
            })?;
            Answer::Program(Box::new(report))
        };
        Ok(Self {
            config,
            prepared,
            export,
            answer,
        })
    }

    /// Writes the solution where the settings ask for that, and says where it is.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn export(&self) -> Result<Option<&Path>, LabError> {
        let (Some(path), Answer::Program(report)) = (&self.export, &self.answer) else {
            return Ok(None);
        };
        report.export(&self.config, &self.prepared, path)?;
        Ok(Some(path))
    }

    /// The contract's JSON object.
    ///
    /// # Errors
    ///
    /// Those of the JSON writer.
    pub fn to_json(&self) -> Result<Value, serde_json::Error> {
        match &self.answer {
            Answer::Program(report) => Ok(summary(report)),
            Answer::Direction(limit) => serde_json::to_value(limit),
        }
    }

    /// The same for people.
    pub fn to_text(&self) -> String {
        match &self.answer {
            Answer::Program(report) => text(report),
            Answer::Direction(limit) => direction_text(limit),
        }
    }
}

/// `limit`: settles the same-sign pattern and solves the limit program.
pub fn limit(arguments: &LimitArgs) -> Outcome {
    let settings = &arguments.settings.0;
    let progress = Progress::new("limit");
    let found = FoundLimit::of(arguments.input.as_deref(), settings, &progress, &|| true);
    progress.finish();
    let found = found?;
    let exported = found.export()?;
    if settings.is_on("json") {
        print(format_args!("{}\n", found.to_json()?))?;
    } else {
        print(found.to_text())?;
        if let Some(path) = exported {
            print(format_args!(
                "weights, multipliers, margins: {}\n",
                path.display()
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses data of a run that are no longer those that it was started with. Flags may name other
/// data; then the run only lends its settings.
fn require_own_data(
    config: &RunConfig,
    prepared: &Prepared,
    record: &RunRecord,
) -> Result<(), LabError> {
    let source = |config: &RunConfig| (config.data.clone(), config.seed);
    let own = source(config) == source(&record.config);
    if own && prepared.data.sha256() != record.manifest.data.sha256 {
        return Err(LabError::Content {
            path: record.path.join("config.toml"),
            reason: format!(
                "expected the data of the run, found that {} has changed",
                config.data
            ),
        });
    }
    Ok(())
}

/// Where the solution is written to, if it is: `limit.npz` of a run directory or of this folder.
fn export_path(
    settings: &Settings,
    config: &RunConfig,
    record: Option<&RunRecord>,
) -> Result<Option<PathBuf>, LabError> {
    if !settings.has("export") {
        return Ok(None);
    }
    if config.two_layer_descent().is_none() {
        return Err(LabError::Config {
            key: "export".into(),
            expected:
                "the two-layer network under plain gradient descent, whose limit program has \
                       weights and multipliers"
                    .into(),
            found: format!("{} under {}", config.network.name, config.optimizer.name),
        });
    }
    let folder = record.map_or(Path::new(""), |record| record.path.as_path());
    let asked = settings.text("out").map(PathBuf::from);
    Ok(Some(asked.unwrap_or_else(|| folder.join("limit.npz"))))
}

/// The limit of the direction of a descent that has no activation pattern.
fn direction(
    config: &RunConfig,
    prepared: &Prepared,
    progress: &Progress,
    goes_on: &dyn Fn() -> bool,
) -> Result<NamedLimit, LabError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let reached = direction_by_descent(config, prepared, threads, &mut |fraction| {
        progress.set(fraction);
        goes_on()
    })?;
    match reached {
        Some((limit, notes)) => {
            notes.iter().for_each(|note| progress.line(note));
            Ok(limit)
        }
        None => direction_limit(config, prepared),
    }
}

/// The limit of a direction for people.
fn direction_text(limit: &NamedLimit) -> String {
    let (title, width) = if limit.status == EVIDENCE {
        ("EVIDENCE, not proof: the", 21)
    } else {
        ("CANDIDATE for the limit of the direction:", 18)
    };
    let mut text = format!("{title} {}\n", limit.limit);
    text += &format!("  {:<width$} {}\n", "because", limit.source);
    for (name, value) in limit.series.iter().chain(&limit.numbers) {
        let value = match (value.fract(), value.abs()) {
            (0.0, ..1e16) => format!("{value}"),
            (0.0, _) => format!("{value:e}"),
            (_, ..1e-3) => format!("{value:.4e}"),
            _ => format!("{value:.10}"),
        };
        text += &format!("  {name:<width$} {value}\n");
    }
    let unique = match limit.unique {
        Some(true) => "yes",
        Some(false) => "no: other weights are as good",
        None => "not known",
    };
    text += &format!("  {:<width$} {unique}\n", "the only one");
    let residual = match limit.kkt_residual {
        residual if residual.is_nan() => "not known".to_owned(),
        residual => format!("{residual:.1e}"),
    };
    text += &format!("  {:<width$} {residual}\n", "KKT residual");
    text
}

/// The configuration of the run to settle, and the run whose directory was given.
fn configuration(
    input: Option<&Path>,
    mut flags: Settings,
) -> Result<(RunConfig, Option<RunRecord>), LabError> {
    let record = match input {
        // The data set of that name comes before a folder of that name.
        Some(path)
            if path.is_dir()
                && [mnist::NAME, cifar10::NAME]
                    .iter()
                    .all(|name| path != Path::new(name)) =>
        {
            Some(RunRecord::read(path)?)
        }
        _ => None,
    };
    if let (Some(path), None) = (input, &record) {
        if flags.has("data") || flags.has("synthetic") {
            return Err(LabError::Config {
                key: "data".into(),
                expected: format!("no other data beside {}", path.display()),
                found: "--data or --synthetic".into(),
            });
        }
        flags.set("data", path);
    }
    if !flags.has("steps") {
        flags.set("steps", LAST_STEP);
    }
    let file = record.as_ref().map_or_else(Settings::default, |record| {
        record
            .config
            .to_settings()
            // How the run was computed does not matter to where it ends.
            .without("engine")
            .without("gradient")
            .without("device")
            .without("precision")
            .without("exact-steps")
    });
    let settings = overlay(flags, file);
    let config = RunConfig::resolve(&settings)?;
    compute_alone_on(settings.count(THREADS.name))?;
    if config.two_layer_descent().is_none() {
        return Ok((config, record));
    }
    let config = RunConfig::resolve(&settings.with("engine", "gram"))?;
    Ok((config, record))
}

/// Flags of `train` that would have no effect.
fn refuse_what_has_no_use(settings: &Settings) -> Result<(), LabError> {
    let engine = settings.text("engine") == Some("tensor");
    for (key, given, why) in [
        (
            "engine",
            engine,
            "gram: limits are found in Gram coordinates",
        ),
        (
            "device",
            settings.has("device"),
            "none: Gram coordinates are on the host",
        ),
        (
            "out",
            settings.has("out") && !settings.has("export"),
            "none: nothing is written without --export",
        ),
        (
            "record",
            settings.has("record"),
            "none: nothing is recorded",
        ),
        (
            "checkpoint-interval",
            settings.has("checkpoint-interval"),
            "none: nothing is written",
        ),
    ] {
        if given {
            return Err(LabError::Config {
                key: key.into(),
                expected: why.into(),
                found: "a value".into(),
            });
        }
    }
    Ok(())
}

/// Smallest and largest of some numbers.
fn range(values: &[f64]) -> [f64; 2] {
    [
        values.iter().copied().fold(f64::INFINITY, f64::min),
        values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    ]
}

/// The contract's JSON object; undefined quantities are null.
fn summary(report: &LimitReport) -> Value {
    let limit = &report.limit;
    let [margin_min, margin_max] = range(&limit.normalized_margins());
    let [multiplier_min, multiplier_max] = range(limit.multipliers());
    json!({
        "stable_rank_pos": limit.stable_rank_pos(),
        "stable_rank_neg": limit.stable_rank_neg(),
        "stable_rank": limit.stable_rank(),
        "normalized_margin_min": margin_min,
        "normalized_margin_max": margin_max,
        "multiplier_min": multiplier_min,
        "multiplier_max": multiplier_max,
        "groups": limit.group_count(),
        "consistent": limit.is_consistent(),
        "kkt_residual": limit.kkt_residual(),
        "certificate": report.certificate_text(),
        "proven": report.certificate.is_proven(),
        "status": status(report),
        "sliding_pairs": limit.sliding().len(),
        "step": report.step,
        "settled_since": report.settled_since,
        "error_estimate": report.error_estimate,
        "notes": report.notes,
    })
}

/// How far the limit can be trusted, in a word.
fn status(report: &LimitReport) -> &'static str {
    if report.is_settled() {
        "proven"
    } else if report.is_candidate() {
        "candidate"
    } else {
        "inconsistent"
    }
}

/// The same for people.
fn text(report: &LimitReport) -> String {
    let limit = &report.limit;
    let [margin_min, margin_max] = range(&limit.normalized_margins());
    let [multiplier_min, multiplier_max] = range(limit.multipliers());
    let zero = limit.multipliers().iter().filter(|&&x| x == 0.0).count();
    let samples = limit.multipliers().len();
    let margins = if zero == 0 {
        format!("{margin_min:.6}, the same for all {samples} samples")
    } else {
        format!("{margin_min:.6} … {margin_max:.6}, larger for {zero} of {samples} samples")
    };
    let multipliers = format!(
        "{} … {}{}",
        format_number(multiplier_min),
        format_number(multiplier_max),
        if zero == 0 {
            ""
        } else {
            ", 0 where the margin is larger"
        }
    );
    let consistent = if limit.is_consistent() {
        "yes: the solution keeps the same-sign pattern it assumes"
    } else {
        "no: the solution leaves the same-sign pattern it assumes, so this is not the limit"
    };
    let run = if report.error_estimate == 0.0 {
        format!("{} steps, all exact", format_step(report.step))
    } else {
        format!(
            "{} steps, in log time at the end (estimated error of a margin {})",
            format_step(report.step),
            format_number(report.error_estimate)
        )
    };
    let rows = [
        (
            "stable rank",
            format!(
                "{:.6} (positive block), {:.6} (negative block), {:.6} (stacked)",
                limit.stable_rank_pos(),
                limit.stable_rank_neg(),
                limit.stable_rank()
            ),
        ),
        ("normalized margin", margins),
        ("multipliers", multipliers),
        (
            "groups",
            format!(
                "{} same-sign patterns, {} sliding pairs (group, sample)",
                limit.group_count(),
                limit.sliding().len()
            ),
        ),
        ("consistent", consistent.to_owned()),
        ("KKT residual", format_number(limit.kkt_residual())),
        (
            "pattern",
            format!(
                "{}; not seen to change since step {}",
                report.certificate_text(),
                format_step(report.settled_since)
            ),
        ),
        ("run", run),
    ];
    let mut text = String::from(match status(report) {
        "proven" => "where gradient descent ends\n",
        "candidate" => {
            "CANDIDATE for where gradient descent ends: not proven, the pattern may still change\n"
        }
        _ => "NOT where gradient descent ends: the limit of a pattern that must still change\n",
    });
    for (name, value) in rows {
        text.push_str(&format!("  {name:<18} {value}\n"));
    }
    for note in &report.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    text
}

//! Where a run ends: the limit program, solved once the same-sign pattern has settled.

use std::path::Path;

use implicit_bias_data::write_npz_arrays;
use implicit_bias_engine::{Engine, GramEngine};
use implicit_bias_gram::{
    Accuracy, ActivationPattern, Certificate, GramError, Limit, certify_within,
};
use implicit_bias_limits::{Reached, certificate_text, direction_reached, predict_direction};
use implicit_bias_output::format_step;
use implicit_bias_record::{Family, NamedLimit, StopReason, schedule};
use ndarray::{ArrayView1, ArrayViewD, Axis, arr0};
use serde::{Deserialize, Serialize};

use crate::LabError;
use crate::config::{RunConfig, limits};
use crate::run::Prepared;

/// The first step at which the program is solved.
const FIRST: f64 = 1e3;

/// A pattern that fits no weights counts as settled when it has not changed while the step grew by
/// this factor.
const SETTLED: f64 = 100.0;

/// The limit of a run, and how far it can be trusted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LimitReport {
    /// The solution of the limit program for the pattern of step [`step`](Self::step).
    pub limit: Limit,
    /// Whether that pattern is proven to last.
    pub certificate: Certificate,
    /// The step whose same-sign pattern the program was solved for.
    pub step: f64,
    /// The recorded step since which that pattern has been seen.
    pub settled_since: f64,
    /// The error estimate of the run at that step; 0 where every step was exact.
    pub error_estimate: f64,
    /// What the engine noted on the way, and why the run ended if it was not for a settled pattern.
    pub notes: Vec<String>,
}

impl LimitReport {
    /// Whether the run was long enough: the program's solution keeps the signs it assumes, and the
    /// pattern is proven to last.
    pub fn is_settled(&self) -> bool {
        self.limit.is_consistent() && self.certificate.is_proven()
    }

    /// Whether the limit is no more than a candidate: consistent, and not proven.
    pub fn is_candidate(&self) -> bool {
        self.limit.is_consistent() && !self.certificate.is_proven()
    }

    /// Writes the solution as a NumPy file: `X` (`[n, d]`), `y`, `W_pos`, `W_neg` (`[m, d]`, of
    /// smallest margin 1), `multipliers`, `margins` and `normalized_margins` (`[n]`), `slope`. It is
    /// itself a data and an init file.
    ///
    /// # Errors
    ///
    /// [`LabError::Config`] for data of several classes, [`LabError::Data`] if the file cannot be
    /// written.
    pub fn export(
        &self,
        config: &RunConfig,
        prepared: &Prepared,
        path: &Path,
    ) -> Result<(), LabError> {
        let data = prepared.data.signs().ok_or_else(|| LabError::Config {
            key: "export".into(),
            expected: "labels ±1".into(),
            found: "classes by name".into(),
        })?;
        let weights = self.limit.coefficients().dot(data.x());
        let (pos, neg) = weights.view().split_at(Axis(0), weights.nrows() / 2);
        let slope = config.activation().map_or(f64::NAN, |phi| phi.slope());
        let (slope, normalized) = (arr0(slope), self.limit.normalized_margins());
        let vector = |values| ArrayView1::from(values).into_dyn();
        let arrays: [(&str, ArrayViewD<'_, f64>); 8] = [
            ("X", data.x().view().into_dyn()),
            ("y", data.y().view().into_dyn()),
            ("W_pos", pos.into_dyn()),
            ("W_neg", neg.into_dyn()),
            ("multipliers", vector(self.limit.multipliers())),
            ("margins", vector(self.limit.margins())),
            ("normalized_margins", vector(&normalized)),
            ("slope", slope.view().into_dyn()),
        ];
        Ok(write_npz_arrays(path, &arrays)?)
    }

    /// The certificate in words: `proven from step T`, or `not proven` and why.
    pub fn certificate_text(&self) -> String {
        certificate_text(&self.certificate)
    }
}

/// The limit of the direction of a descent that has no activation pattern, by a program that knows
/// the data alone.
///
/// # Errors
///
/// [`LabError::Config`] where no limit of the network under the descent is known, and where the
/// samples have none.
pub fn direction_limit(config: &RunConfig, prepared: &Prepared) -> Result<NamedLimit, LabError> {
    let refuse = |key: &str, expected: &str, found: String| LabError::Config {
        key: key.into(),
        expected: expected.into(),
        found,
    };
    let found = predict_direction(
        limits(),
        &config.descent_facts(prepared.data.samples()),
        &prepared.data,
        None,
    );
    let found = found.ok_or_else(|| {
        let known = "two layers under plain gradient descent on the logistic or the exponential loss, \
                     attention with a fixed decoder, a transformer in \
                     two stages, a convolution with Huberized or smoothed leaky ReLU, or a linear network under a descent \
                     of steepest steps whose sizes do not fall faster than 1/t, on a loss \
                     with an exponential tail";
        let facts = config.descent_facts(prepared.data.samples());
        let is_linear = facts.family == Family::Linear;
        let [key, found] = if is_linear && !facts.is_exponentially_tailed {
            [
                "loss".to_owned(),
                format!("the {} loss", config.loss_name()),
            ]
        } else if is_linear && !config.step_size.sums_to_infinity() {
            let keys = config.step_size.settings();
            let key = keys.iter().next().map_or("step-size", |(key, _)| key);
            [key.to_owned(), config.step_size.to_string()]
        } else if is_linear {
            ["optimizer".to_owned(), config.optimizer.name.to_owned()]
        } else {
            let [key, _, found] = config.not_plain().unwrap_or_default();
            [key, found]
        };
        refuse(&key, &format!("a run whose limit is known: {known}"), found)
    })?;
    found.map_err(|reason| {
        refuse(
            "data",
            "samples for which the limit has a solution",
            format!("others: {reason}"),
        )
    })
}

/// What the weights tell that a descent reaches at the configuration's last step: the limit for their
/// activation pattern where one is known, a candidate, and otherwise how far their direction is from a
/// Karush–Kuhn–Tucker point, which is evidence and no proof.
///
/// `progress` is told the fraction of the way in decades; `false` ends the run there. `None` for a run
/// whose data alone tell the limit, or of which no limit is known, or that takes every step of a
/// horizon past 2⁵³.
///
/// # Errors
///
/// Those of the engine; [`LabError::Config`] if the run diverges or its margins are not positive at
/// the end; [`LabError::Interrupted`] if `progress` ended it.
pub fn direction_by_descent(
    config: &RunConfig,
    prepared: &Prepared,
    threads: usize,
    progress: &mut dyn FnMut(f64) -> bool,
) -> Result<Option<(NamedLimit, Vec<String>)>, LabError> {
    let has_degree = config
        .activation_function()
        .is_none_or(|activation| activation.degree().is_some());
    let samples = prepared.data.samples();
    let known = config.known_limit(samples);
    let is_of_pattern = known.is_some_and(|limit| limit.is_of_pattern);
    let has_program = known.is_some() || config.family() != Family::Other;
    let has_residual = !has_program && has_degree && config.has_residual();
    let reaches = has_residual && config.no_log_time().is_none();
    if !(is_of_pattern || reaches) {
        return Ok(None);
    }
    let mut engine = prepared.engine(config, threads)?.engine;
    let initial = engine.observe()?;
    let horizon = config.steps.get();
    let no_limit = |expected: &str, found: String| LabError::Config {
        key: "steps".into(),
        expected: expected.into(),
        found,
    };
    for mark in schedule(horizon, 0) {
        match engine.advance(mark)? {
            None => {}
            Some(stop) if stop.is_complete() || matches!(stop, StopReason::Stalled { .. }) => break,
            Some(stop) => {
                let expected = "a descent that goes on to its last step";
                return Err(no_limit(expected, stop.to_string()));
            }
        }
        if !progress(mark.ln_1p() / horizon.ln_1p()) {
            return Err(LabError::Interrupted);
        }
    }
    let last = engine.observe()?;
    if is_of_pattern {
        let weights = engine.weights();
        let weights = Some(weights.blocks());
        let facts = config.descent_facts(samples);
        let found = predict_direction(limits(), &facts, &prepared.data, weights);
        let found = found.expect("the limit is about the descent");
        let limit = found.map_err(|why| no_limit("weights with a limit of their pattern", why))?;
        return Ok(Some((limit, engine.notes().to_vec())));
    }
    let Some(kkt) = engine.kkt(false) else {
        return Ok(None);
    };
    let margins = || last.normalized_margins.iter().copied();
    let reached = Reached {
        step: last.step,
        margin_min: margins().fold(f64::INFINITY, f64::min),
        margin_max: margins().fold(f64::NEG_INFINITY, f64::max),
        error_estimate: last.error_estimate,
        initial_share: initial.weight_norm / last.weight_norm,
    };
    let found = kkt.and_then(|kkt| direction_reached(&kkt, reached));
    let limit = found.map_err(|why| no_limit("enough steps for positive margins", why))?;
    Ok(Some((limit, engine.notes().to_vec())))
}

/// Runs gradient descent in Gram coordinates until the same-sign pattern settles, and solves the
/// limit program for it (docs/theory.md §6, derived).
///
/// Decade by decade from step 10³: the run stops where the program's solution keeps the signs it
/// assumes and the certificate proves that the pattern stays. A pattern that has not changed for
/// many decades may still change, so that rest alone does not end the run. At the configuration's
/// last step, or where the engine stalls, the answer is the program's for the pattern reached,
/// consistent or not; not proven, it is a candidate. A pattern without a limit ends the run after
/// two decades of rest.
///
/// `progress` is told the fraction of the way in decades; `false` ends the run there.
///
/// # Errors
///
/// Those of the engine; [`GramError::Program`] if the pattern has settled, or the run ended, and
/// there is no limit for it, as on data that no such network can interpolate; [`LabError::Config`]
/// if the run diverges.
pub fn find_limit(
    config: &RunConfig,
    prepared: &Prepared,
    progress: &mut dyn FnMut(f64) -> bool,
) -> Result<LimitReport, LabError> {
    let mut engine = prepared.gram_engine(config)?;
    let horizon = config.steps.get();
    let marks = schedule(horizon, 0);
    let mut seen: Option<(ActivationPattern, f64)> = None;
    let mut why = None;
    let mut latest: Option<Result<LimitReport, GramError>> = None;
    // The pattern that was solved for, by the mark since which it has been seen, and its limit.
    let mut solved: Option<(f64, Result<Limit, GramError>)> = None;
    for mark in marks.into_iter().filter(|&mark| mark > 0.0) {
        match engine.advance(mark)? {
            None => {}
            Some(StopReason::Stalled { .. }) => {
                why = Some("the engine could not go on".to_owned());
            }
            Some(stop) => {
                return Err(LabError::Config {
                    key: "step-size".into(),
                    expected: "one with which gradient descent has a limit".into(),
                    found: format!("{}, {stop}", config.step_size),
                });
            }
        }
        if !progress(mark.ln_1p() / horizon.ln_1p()) {
            why = Some("interrupted".to_owned());
        }
        let since = settled_since(&engine, &mut seen)?;
        let last = why.is_some() || mark == horizon;
        if !(last || is_power_of_ten(mark) && mark >= FIRST) {
            continue;
        }
        let known = solved.take().filter(|(of, _)| *of == since);
        let (_, limit) = solved.insert(known.unwrap_or_else(|| {
            let pre_activations = engine.pre_activations();
            (
                since,
                Limit::solve(engine.problem(), pre_activations.view()),
            )
        }));
        let report = report(&engine, limit.clone(), since);
        let settled = match &report {
            Ok(report) => report.is_settled(),
            // A pattern without a limit that has settled, as on data that cannot be interpolated.
            Err(_) => engine.step() >= SETTLED * since,
        };
        if !(settled || last) {
            latest = Some(report);
            continue;
        }
        let mut report = match (report, latest) {
            // A horizon just past a decade: the decade's answer is better than none.
            (Err(_), Some(Ok(report))) if why.is_some() => report,
            (report, _) => report?,
        };
        report.notes = engine.notes().to_vec();
        if !settled {
            let why = why.unwrap_or_else(|| "the last step asked for (--steps)".to_owned());
            report.notes.push(format!(
                "ended at step {}: {why}, before the pattern was proven to last",
                format_step(engine.step())
            ));
        }
        return Ok(report);
    }
    unreachable!("the last mark of a schedule is its horizon, at least 1")
}

/// The mark since which the present same-sign pattern has been seen.
fn settled_since(
    engine: &GramEngine,
    seen: &mut Option<(ActivationPattern, f64)>,
) -> Result<f64, LabError> {
    let pattern = ActivationPattern::new(engine.pre_activations().view());
    if let Some((known, since)) = seen
        && pattern.changes(known, engine.problem())?.same_sign == 0
    {
        return Ok(*since);
    }
    let since = engine.step();
    *seen = Some((pattern, since));
    Ok(since)
}

/// The limit with its certificate at the engine's present state.
fn report(
    engine: &GramEngine,
    limit: Result<Limit, GramError>,
    settled_since: f64,
) -> Result<LimitReport, GramError> {
    let (limit, step) = (limit?, engine.step());
    let pre_activations = engine.pre_activations();
    let error_estimate = engine.error_estimate();
    let accuracy = Accuracy {
        error_estimate,
        exact: engine.handed_over(),
    };
    let state = pre_activations.view();
    let certificate = certify_within(engine.problem(), &limit, state, step, accuracy)?;
    Ok(LimitReport {
        limit,
        certificate,
        step,
        settled_since,
        error_estimate,
        notes: Vec::new(),
    })
}

fn is_power_of_ten(step: f64) -> bool {
    format!("{step:e}").starts_with("1e")
}

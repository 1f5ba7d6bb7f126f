//! What came out, in tables and sentences.

use implicit_bias_engine::optimizers::POLYAK_FACTOR;
use implicit_bias_lab::report::Table;
use implicit_bias_lab::study::StudyResult;
use implicit_bias_output::format_number;

use super::law::Law;
use super::runs::{JOINT, POLYAK_PAST, RATES, STABILITY, TOKENS};

/// A recorded step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub step: f64,
    pub log_gap: f64,
    pub norm: f64,
}

/// The measured and the predicted rates of a descent.
pub(super) struct Rate {
    pub label: String,
    /// `log(L − L*)` a step over the later half of the run.
    pub slope: f64,
    pub predicted_slope: f64,
    /// `‖W‖` a step over the later half of the run; of gradient descent, for one unit of `log t`.
    pub per_step: f64,
    pub predicted_per_step: f64,
    /// `t ‖W/‖W‖ − W_mm/‖W_mm‖‖` at the last step.
    pub constant: f64,
    pub predicted_constant: f64,
    /// `t η (L − L*)/‖W_mm‖²` at the last step, of gradient descent.
    pub product: f64,
    /// `‖ρ_⊥‖`, what `W` lacks of the direction of maximum margin.
    pub lag: f64,
    /// The first recorded step of the later half of the run, and the last one.
    pub ends: [Row; 2],
}

/// A number of a column at the first recorded step that is at least `step`.
fn at(result: &StudyResult<'_>, column: &str, step: f64) -> f64 {
    let series = &result.record.series;
    let rows = series
        .steps()
        .into_iter()
        .zip(series.column(column).unwrap_or_default());
    let mut late = rows.filter(|(own, _)| *own >= step);
    late.next().map_or(f64::NAN, |(_, value)| value)
}

/// How much a column changes a unit of time, from half of the run on.
fn slope(result: &StudyResult<'_>, column: &str, time: fn(f64) -> f64) -> f64 {
    let series = &result.record.series;
    let last = series.last("step").unwrap_or(f64::NAN);
    let steps = series.steps();
    let middle = steps.iter().copied().find(|step| *step >= 0.5 * last);
    let middle = middle.unwrap_or(f64::NAN);
    let change = series.last(column).unwrap_or(f64::NAN) - at(result, column, middle);
    change / (time(last) - time(middle))
}

/// The law of the data of a run.
pub(super) fn law(result: &StudyResult<'_>) -> Option<Law> {
    let data = result.record.load_data().ok()?;
    Law::new(&data, TOKENS, result.record.config.loss).ok()
}

/// The rates of the descents of the first panel.
pub(super) fn rates(results: &[StudyResult<'_>]) -> Vec<Rate> {
    let of_rates = results.iter().filter(|result| result.run.panel == RATES);
    let rate = |result: &StudyResult<'_>| {
        let law = law(result)?;
        let config = &result.record.config;
        let (eta, norm) = (config.step_size.first, law.norm);
        let series = &result.record.series;
        let last = |column: &str| series.last(column).unwrap_or(f64::NAN);
        let divisor = POLYAK_FACTOR
            .number_in(&config.optimizer.settings)
            .unwrap_or(1.0);
        let (predicted_slope, per_step) = match config.optimizer.name {
            "normalized-gd" => (-eta / norm, eta),
            "polyak" => (-1.0 / divisor, norm / divisor),
            _ => (f64::NAN, norm),
        };
        let is_plain = config.optimizer.name == "gd";
        let weights = result.record.weights().ok()?;
        let (_, weights) = weights.blocks().first()?;
        let lag = law.lag(weights);
        let row = |step: f64| Row {
            step: at(result, "step", step),
            log_gap: at(result, "log_gap", step),
            norm: at(result, "weight_norm", step),
        };
        let time: fn(f64) -> f64 = if is_plain { f64::ln } else { |t| t };
        Some(Rate {
            label: result.run.label.clone(),
            slope: if is_plain {
                f64::NAN
            } else {
                slope(result, "log_gap", time)
            },
            predicted_slope,
            per_step: slope(result, "weight_norm", time),
            predicted_per_step: per_step,
            constant: last("step") * last("direction_distance_attention"),
            predicted_constant: if is_plain { f64::NAN } else { lag / per_step },
            product: if is_plain {
                last("step") * eta * last("log_gap").exp() / norm / norm
            } else {
                f64::NAN
            },
            lag,
            ends: [0.5 * last("step"), last("step")].map(row),
        })
    };
    of_rates.filter_map(rate).collect()
}

fn digits(value: f64) -> String {
    if value.is_nan() {
        return "—".to_owned();
    }
    format!("{value:.8}").replace('-', "−")
}

/// The tables of the page.
pub(super) fn tables(results: &[StudyResult<'_>]) -> Vec<Table> {
    let rates = rates(results);
    let rows = rates.iter().map(|rate| {
        vec![
            rate.label.clone(),
            digits(rate.slope),
            digits(rate.predicted_slope),
            digits(rate.per_step),
            digits(rate.predicted_per_step),
            format_number(rate.constant),
            format_number(rate.predicted_constant),
        ]
    });
    let header = [
        "descent",
        "log(L − L*) a step",
        "predicted",
        "‖W‖ a step",
        "predicted",
        "D t",
        "predicted",
    ];
    let rates = Table {
        caption:
            "Over the later half of the run; of gradient descent ‖W‖ for one unit of log t. D is \
                  the distance of both unit matrices. Predicted: derived from the program of the \
                  data."
                .to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    };
    let others = results.iter().filter(|result| result.run.panel != RATES);
    let rows = others.map(|result| {
        let number = |column: &str| {
            result
                .record
                .series
                .last(column)
                .map_or("—".to_owned(), format_number)
        };
        vec![
            format!("{}, {}", result.run.panel, result.run.label),
            number("step"),
            number("direction_distance_attention"),
            number("log_gap"),
            number("log_loss"),
            number("norm_attention"),
            number("norm_decoder"),
        ]
    });
    let header = ["run", "T", "D", "log(L − L*)", "log L", "‖W‖", "‖u‖"];
    let others = Table {
        caption: "At the last step: normalized gradient descent on both sides of the boundary \
                  η μ_max/‖W_mm‖ = 2, μ_max the largest eigenvalue of Σ λ V Vᵀ (derived), and attention \
                  and decoder trained together."
            .to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    };
    vec![rates, others]
}

/// What came out, in sentences.
pub(super) fn found(results: &[StudyResult<'_>]) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(law) = results.first().and_then(law) {
        let solution = &law.program.solution;
        let support = solution
            .multipliers
            .iter()
            .filter(|lambda| **lambda > 0.0)
            .count();
        said.push(format!(
            "The program has {} constraints, {support} of them with a multiplier; ‖W_mm‖ = {}, \
             μ_max = {}, residual {}.",
            law.program.pairs.len(),
            format_number(law.norm),
            format_number(solution.curvature),
            format_number(solution.kkt_residual)
        ));
    }
    let of = |panel: &'static str| {
        let of_panel = results.iter();
        of_panel.filter(move |result| result.run.panel == panel)
    };
    let both: Vec<String> = of(STABILITY)
        .map(|result| {
            let per_step = slope(result, "weight_norm", |t| t);
            let share = per_step / result.record.config.step_size.first;
            format!("{}: {share:.7}", result.run.label)
        })
        .collect();
    said.push(format!(
        "Steps of a constant length η are stable up to η μ_max/‖W_mm‖ = 2 (derived). Below it all of a \
         step goes along W_mm in the end, beyond it some of it goes to and fro: ‖W‖ grows a step by η \
         times {}.",
        both.join("; ")
    ));
    let rates = rates(results);
    if let Some(rate) = rates.iter().find(|rate| rate.product.is_finite()) {
        said.push(format!(
            "Of gradient descent t η (L − L*)/‖W_mm‖² is {} at the last step, on its way to 1 (derived).",
            format_number(rate.product)
        ));
    }
    let one = rates.iter().find(|rate| rate.label == POLYAK_PAST);
    if let Some(rate) = one {
        said.push(format!(
            "Past μ_max/c = 2, the boundary of Polyak's steps (derived), they have no such rate: log(L − L*) \
             changes by {} a step where −1/c would be {}.",
            digits(rate.slope),
            digits(rate.predicted_slope)
        ));
    }
    for result in of(JOINT) {
        let series = &result.record.series;
        let last = |column: &str| series.last(column).unwrap_or(f64::NAN);
        said.push(format!(
            "Trained together (recalled, not verified), with steps of the decoder that fall like \
             t^(−2/3), attention selects the best token of {} of the samples, and log L/t^(1/3) is {} \
             at the last step.",
            match last("selected") {
                1.0 => "all".to_owned(),
                share => format!("the fraction {}", format_number(share)),
            },
            format_number(last("log_loss") / last("step").cbrt())
        ));
    }
    said
}

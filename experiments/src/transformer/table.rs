//! What came out, in tables and sentences.

use implicit_bias_data::{DataLaw, Sentences, TrainingSet};
use implicit_bias_engine::optimizers::{FIRST_STEP_SIZE, FIRST_STEPS};
use implicit_bias_lab::report::Table;
use implicit_bias_lab::study::StudyResult;
use implicit_bias_limits::tokens::{TransformerPrograms, transformer_programs};
use implicit_bias_output::format_number;
use ndarray::Array2;

use super::runs::{NUMBERS, TWO_SUCCESSORS, TWO_TARGETS, VOCABULARY};

/// Sentences that were not seen, for the accuracy.
const UNSEEN: usize = 1000;

/// The measured and the predicted rates of a run in two stages.
pub(super) struct Rate {
    pub label: String,
    /// `log L` a step over the last tenth of the first stage.
    pub ov_slope: f64,
    pub predicted_ov_slope: f64,
    /// `log(L − L*)` a step over the last tenth of the second stage.
    pub kq_slope: f64,
    pub predicted_kq_slope: f64,
    /// `‖W_kq‖` over `η` times the steps of the second stage.
    pub norm: f64,
    /// The distance of the direction of `W_kq`, times the steps of the second stage.
    pub constant: f64,
    /// `1 − D²/2`, the cosine.
    pub cosine: f64,
    pub programs: TransformerPrograms,
    /// Accuracy on the sentences.
    pub seen: f64,
    /// Accuracy on others of the same language.
    pub unseen: f64,
}

/// How much a column changes a step, from the first to the last recorded step of `from..=to`: past the
/// end of a stage nothing changes any more.
fn slope(result: &StudyResult<'_>, column: &str, [from, to]: [f64; 2]) -> f64 {
    let series = &result.record.series;
    let values = series.column(column).unwrap_or_default();
    let rows = series.steps().into_iter().zip(values);
    let within: Vec<(f64, f64)> = rows
        .filter(|(step, _)| (from..=to).contains(step))
        .collect();
    match within.as_slice() {
        [(from, first), .., (to, last)] => (last - first) / (to - from),
        _ => f64::NAN,
    }
}

/// The rates of the runs in two stages.
pub(super) fn rates(results: &[StudyResult<'_>]) -> Vec<Rate> {
    let rate = |result: &StudyResult<'_>| {
        let config = &result.record.config;
        let settings = &config.optimizer.settings;
        let first = FIRST_STEPS.count_in(settings).ok()? as f64;
        let eta = FIRST_STEP_SIZE.number_in(settings).ok()?;
        let data = result.record.load_data().ok()?;
        let programs = transformer_programs(&data).ok()?;
        let series = &result.record.series;
        let last = |column: &str| series.last(column).unwrap_or(f64::NAN);
        let steps = last("step") - first;
        let distance = last("direction_distance_kq");
        Some(Rate {
            label: result.run.label.clone(),
            ov_slope: slope(result, "first_stage_log_loss", [0.9 * first, first]),
            predicted_ov_slope: -eta / (VOCABULARY - 1.0).sqrt(),
            kq_slope: slope(result, "log_gap", [first + 0.9 * steps, first + steps]),
            predicted_kq_slope: -config.step_size.first / programs.kq.norm,
            norm: last("norm_kq") / config.step_size.first / steps,
            constant: steps * distance,
            cosine: 1.0 - 0.5 * distance * distance,
            programs,
            seen: accuracy(result, &data)?,
            unseen: accuracy(result, &unseen(&data)?)?,
        })
    };
    let two_stage = results
        .iter()
        .filter(|result| result.record.config.optimizer.name == "two-stage");
    two_stage.filter_map(rate).collect()
}

/// Other sentences of the language of a run.
fn unseen(data: &TrainingSet) -> Option<TrainingSet> {
    let law = Sentences {
        samples: UNSEEN,
        vocabulary: VOCABULARY as usize,
        length: data.dim(),
        language: 0,
        two_targets: false,
        two_successors: false,
    };
    law.training_set(1_000_003).ok()
}

/// The fraction of sentences whose next token has the largest score, by the last weights.
///
/// Of sentences that have a query and an order of tokens which no sentence of the run told, only the
/// orders of the language can say it; a sentence counts where all its pairs were told.
fn accuracy(result: &StudyResult<'_>, data: &TrainingSet) -> Option<f64> {
    let weights = result.record.weights().ok()?;
    let [(_, ov), (_, kq)] = weights.blocks() else {
        return None;
    };
    let told = told(&result.record.load_data().ok()?)?;
    let classes = data.classes()?;
    let next = next_tokens(data)?;
    let (mut right, mut all) = (0, 0);
    for (row, &target) in data.x().rows().into_iter().zip(classes.class()) {
        let sentence: Vec<usize> = row.iter().map(|&token| token as usize).collect();
        let query = *sentence.last()?;
        let best = *sentence.iter().find(|&&token| next[token] == target)?;
        let others = sentence.iter().filter(|&&token| token != best);
        if !others
            .clone()
            .all(|&other| told.contains(&[query, best, other]))
        {
            continue;
        }
        all += 1;
        right += usize::from(answer(&sentence, ov, kq) == target);
    }
    (all > 0).then(|| right as f64 / all as f64)
}

fn next_tokens(data: &TrainingSet) -> Option<Vec<usize>> {
    let next = data.beside().arrays.get("next_token")?;
    Some(next.iter().map(|&token| token as usize).collect())
}

/// Which token goes before which under a query, as the sentences of a run say it.
fn told(data: &TrainingSet) -> Option<std::collections::HashSet<[usize; 3]>> {
    Some(transformer_programs(data).ok()?.pairs.into_iter().collect())
}

/// The token of the largest score, for embeddings that are unit vectors.
fn answer(sentence: &[usize], ov: &Array2<f64>, kq: &Array2<f64>) -> usize {
    let query = sentence[sentence.len() - 1];
    let logits: Vec<f64> = sentence.iter().map(|&token| kq[[token, query]]).collect();
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shares = logits.iter().map(|a| (a - largest).exp());
    let mut scores = vec![0.0; ov.nrows()];
    for (share, &token) in shares.zip(sentence) {
        scores
            .iter_mut()
            .zip(ov.column(token))
            .for_each(|(score, w)| *score += share * w);
    }
    let best = scores.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    best.map_or(0, |(token, _)| token)
}

fn digits(value: f64) -> String {
    format!("{value:.11}").replace('-', "−")
}

/// A run on data whose programs have no solution.
pub(super) struct Faulty {
    pub label: String,
    /// The loss of the first stage at its last step.
    pub first_loss: f64,
    /// The least that any weights reach.
    pub first_floor: f64,
    /// `L − L*` at the last step.
    pub gap: f64,
    /// `‖W_ov‖` over `η₀` times the steps of the first stage, `‖W_kq‖` over `η` times those of the second.
    pub norms: [f64; 2],
}

/// The runs whose data have a fault, in their order.
pub(super) fn faulty(results: &[StudyResult<'_>]) -> Vec<Faulty> {
    let row = |result: &StudyResult<'_>| {
        // A token of two successors of one weight gives each a half at best, of both its numbers; all
        // others give theirs everything (derived).
        let first_floor = match result.run.label.as_str() {
            TWO_SUCCESSORS => 2.0 * 2_f64.ln() / NUMBERS as f64,
            TWO_TARGETS => 0.0,
            _ => return None,
        };
        let config = &result.record.config;
        let settings = &config.optimizer.settings;
        let first = FIRST_STEPS.count_in(settings).ok()? as f64;
        let eta = FIRST_STEP_SIZE.number_in(settings).ok()?;
        let last = |column: &str| result.record.series.last(column).unwrap_or(f64::NAN);
        Some(Faulty {
            label: result.run.label.clone(),
            first_loss: last("first_stage_log_loss").exp(),
            first_floor,
            gap: last("log_gap").exp(),
            norms: [
                last("norm_ov") / eta / first,
                last("norm_kq") / config.step_size.first / (last("step") - first),
            ],
        })
    };
    results.iter().filter_map(row).collect()
}

fn faults(results: &[StudyResult<'_>]) -> Table {
    let rows = faulty(results).into_iter().map(|row| {
        let [ov, kq] = row.norms.map(format_number);
        vec![
            row.label,
            format!("{:.6}", row.first_loss),
            format!("{:.6}", row.first_floor),
            ov,
            format_number(row.gap),
            kq,
        ]
    });
    let header = [
        "run",
        "loss, first stage",
        "its infimum",
        "‖W_ov‖/(η₀ t)",
        "L − L*",
        "‖W_kq‖/(η t)",
    ];
    Table {
        caption:
            "Where a program has no solution, which the run proves of its data, a loss has a floor \
                  and is refuted to fall exponentially. The infimum is derived: a token of two \
                  successors gives each a half at best. The norm may grow in line all the same, by \
                  steps of one length towards the floor, and then along what rounding leaves of a \
                  gradient of 0."
                .to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

/// The tables of the page.
pub(super) fn tables(results: &[StudyResult<'_>]) -> Vec<Table> {
    let rates = rates(results);
    let rows = rates.iter().map(|rate| {
        vec![
            rate.label.clone(),
            digits(rate.ov_slope),
            digits(rate.predicted_ov_slope),
            digits(rate.kq_slope),
            digits(rate.predicted_kq_slope),
        ]
    });
    let header = [
        "run",
        "log L a step, first stage",
        "predicted",
        "log(L − L*) a step, second",
        "predicted",
    ];
    let slopes = Table {
        caption: "Over the last tenth of each stage; predicted: derived from the programs."
            .to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    };
    let rows = rates.iter().map(|rate| {
        let kq = &rate.programs.kq;
        let tight = kq.slack.iter().zip(&kq.multipliers);
        let tight = tight.filter(|(slack, lambda)| slack.abs() < 1e-9 && **lambda <= 1e-9);
        vec![
            rate.label.clone(),
            kq.multipliers.len().to_string(),
            tight.count().to_string(),
            format!("{:.6}", kq.norm),
            format!("{:.5}", rate.norm),
            format!("{:.7}", rate.cosine),
            format_number(rate.constant),
            format_number(rate.seen),
            format_number(rate.unseen),
        ]
    });
    let header = [
        "run",
        "constraints",
        "tight without multiplier",
        "‖W_kq*‖",
        "‖W_kq‖/(η t)",
        "cosine",
        "D t",
        "accuracy",
        "accuracy, unseen",
    ];
    let directions = Table {
        caption: format!(
            "The second stage at its last step, t counted from its first. D: distance of both unit \
             matrices. Unseen: of {UNSEEN} other sentences of the language those of which every order \
             of two tokens was told by some sentence of the run."
        ),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    };
    vec![slopes, directions, faults(results)]
}

/// What came out, in sentences.
pub(super) fn found(results: &[StudyResult<'_>]) -> Vec<String> {
    rates(results)
        .iter()
        .map(|rate| {
            let part = |a: f64, b: f64| format_number((a / b - 1.0).abs());
            format!(
                "{}: the slope of the first stage is that of the program to a part of {}, that of the \
                 second to {}; the accuracy on sentences that were not seen is {}.",
                rate.label,
                part(rate.ov_slope, rate.predicted_ov_slope),
                part(rate.kq_slope, rate.predicted_kq_slope),
                format_number(rate.unseen)
            )
        })
        .collect()
}

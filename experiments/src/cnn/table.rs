//! What came out, in tables and sentences.

use implicit_bias_data::{DataLaw, Dataset, Patches};
use implicit_bias_lab::Prepared;
use implicit_bias_lab::report::Table;
use implicit_bias_lab::study::StudyResult;
use implicit_bias_model::Weights;
use implicit_bias_output::format_number;
use implicit_bias_record::schedule;
use ndarray::{Array2, ArrayView1, Axis, concatenate};

use super::plateau::{Clean, Huberized, stable_rank};
use super::runs::{
    ALONG, AT_ONE_LOSS, CLEAN, DIM, FAR_RUNS, LENGTH, MORE_DIM, MORE_PATCHES, PATCHES, SAMPLES,
    SIGNALS, SOME_NOISE,
};

/// Samples that were not trained on.
const TEST: usize = 1000;

/// A rank within this of the clean data's follows it, where the signals are learned (ours).
const NEAR: f64 = 0.25;

/// Filters with a share of at least this along the signals have learned them (ours).
const LEARNED: f64 = 0.5;

/// One run.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub label: String,
    /// The stable rank of the filters of both classes.
    pub filters: f64,
    /// The stable rank of all patches.
    pub data: f64,
    /// The share of the filters along the signals.
    pub fraction: f64,
    pub training_error: f64,
    pub test_error: f64,
    /// Whether the rank is near the clean data's and the signals are learned.
    pub follows: bool,
}

/// The patches of samples, one a row.
fn patches(data: &Dataset, dim: usize) -> Array2<f64> {
    let x = data.x().clone();
    let rows = x.len() / dim;
    x.into_shape_with_order([rows, dim])
        .expect("patches lie one after another")
}

/// The scores of the patches of samples under the last weights of a run.
fn scores(result: &StudyResult<'_>, data: &Dataset, weights: &Weights) -> Option<Vec<f64>> {
    let phi = result.record.config.activation_function()?;
    let [(_, pos), (_, neg)] = weights.blocks() else {
        return None;
    };
    let patches = patches(data, DIM);
    let of = |block: &Array2<f64>| -> Vec<f64> {
        let products = patches.dot(&block.t());
        let sum = |z: ArrayView1<'_, f64>| z.iter().map(|&z| phi.apply(z)).sum::<f64>();
        products.rows().into_iter().map(sum).collect()
    };
    let (pos, neg) = (of(pos), of(neg));
    let each: Vec<f64> = pos.iter().zip(&neg).map(|(p, n)| p - n).collect();
    Some(
        each.chunks_exact(PATCHES)
            .map(|sample| sample.iter().sum())
            .collect(),
    )
}

fn error(scores: &[f64], data: &Dataset) -> f64 {
    let wrong = scores.iter().zip(data.y()).filter(|(f, y)| *f * *y <= 0.0);
    wrong.count() as f64 / data.samples() as f64
}

/// The law of a run's data, with other samples.
fn law(result: &StudyResult<'_>, noise: f64) -> Patches {
    Patches {
        samples: TEST,
        dim: DIM,
        patches: PATCHES,
        signals: SIGNALS,
        signal: LENGTH,
        noise,
        noise_on_signals: result.run.label == ALONG,
    }
}

/// The rows of the first table.
pub(super) fn rows(results: &[StudyResult<'_>]) -> Vec<Row> {
    results.iter().filter_map(row).collect()
}

fn row(result: &StudyResult<'_>) -> Option<Row> {
    let data = result.record.load_data().ok()?;
    let data = data.signs()?;
    let noise = result.run.settings.number("noise").unwrap_or(0.0);
    let test = law(result, noise).generate(1_000_003).ok()?;
    let weights = result.record.weights().ok()?;
    let (filters, fraction) = (
        result.record.series.last("stable_rank")?,
        result.record.series.last("signal_fraction")?,
    );
    let clean = 2.0 * SIGNALS as f64;
    Some(Row {
        label: result.run.label.clone(),
        filters,
        data: stable_rank(&patches(data, DIM)),
        fraction,
        training_error: error(&scores(result, data, &weights)?, data),
        test_error: error(&scores(result, &test, &weights)?, &test),
        follows: (filters - clean).abs() < NEAR && fraction > LEARNED,
    })
}

/// The loss at which runs are compared.
const LOSS: f64 = 0.01;

/// A run where its loss passes [`LOSS`].
#[derive(Clone, Debug)]
pub(super) struct AtOneLoss {
    pub noise: f64,
    /// The first recorded step with a smaller loss.
    pub step: f64,
    /// The stable rank of the filters, between records on a straight line against the logarithm of the
    /// loss.
    pub filters: f64,
    /// The stable rank of all patches.
    pub data: f64,
    pub fraction: f64,
}

/// The runs that are compared at one loss.
pub(super) fn at_one_loss(results: &[StudyResult<'_>]) -> Vec<AtOneLoss> {
    let row = |result: &StudyResult<'_>| {
        let series = &result.record.series;
        let column = |name: &str| series.column(name);
        let losses = column("loss")?;
        let next = losses.iter().position(|loss| *loss < LOSS)?;
        let before = next.checked_sub(1)?;
        let share = (LOSS / losses[before]).ln() / (losses[next] / losses[before]).ln();
        let between = |values: &[f64]| values[before] + share * (values[next] - values[before]);
        let data = result.record.load_data().ok()?;
        Some(AtOneLoss {
            noise: result.run.settings.number("noise").unwrap_or(0.0),
            step: series.steps()[next],
            filters: between(&column("stable_rank")?),
            data: stable_rank(&patches(data.signs()?, MORE_DIM)),
            fraction: between(&column("signal_fraction")?),
        })
    };
    let of_panel = results
        .iter()
        .filter(|result| result.run.panel == AT_ONE_LOSS);
    of_panel.filter_map(row).collect()
}

/// The table of these runs.
pub(super) fn table_at_one_loss(results: &[StudyResult<'_>]) -> Table {
    let rows = at_one_loss(results).into_iter().map(|row| {
        vec![
            format_number(row.noise),
            format_number(row.step),
            format!("{:.4}", row.filters),
            format!("{:.1}", row.data),
            (2 * SIGNALS).to_string(),
            format!("{:.4}", row.fraction),
        ]
    });
    let header = [
        "noise",
        "step",
        "filters",
        "all patches",
        "signals",
        "share along signals",
    ];
    Table {
        caption: format!(
            "60 samples of {MORE_PATCHES} patches in {MORE_DIM} dimensions, where the loss passes {LOSS}: \
             stable ranks from equal initial weights. The filters have the rank that they have without \
             noise, which need not be 2K."
        ),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

/// The closed form for the data without noise, and its initial weights.
pub(super) fn clean(results: &[StudyResult<'_>]) -> Option<Clean> {
    let result = results.iter().find(|result| result.run.label == CLEAN)?;
    let config = &result.record.config;
    let prepared = Prepared::new(config).ok()?;
    let [(_, pos), (_, neg)] = prepared.weights.blocks() else {
        return None;
    };
    let along = |block: &Array2<f64>| {
        Array2::from_shape_fn([block.nrows(), 2 * SIGNALS], |(r, k)| {
            LENGTH * block[[r, k]]
        })
    };
    let start = concatenate![Axis(0), along(pos), along(neg)];
    let filters = concatenate![Axis(0), pos.view(), neg.view()];
    let across = filters.view().split_at(Axis(1), 2 * SIGNALS).1.to_owned();
    let law = law(result, 0.0);
    let count = |k: usize| {
        (0..SAMPLES)
            .filter(|&sample| law.signal_of(sample) == k)
            .count()
    };
    let class = |k: usize| if k < SIGNALS { 1.0 } else { -1.0 };
    Some(Clean {
        start,
        across,
        class: (0..2 * SIGNALS).map(class).collect(),
        share: (0..2 * SIGNALS)
            .map(|k| count(k) as f64 / SAMPLES as f64)
            .collect(),
        length: LENGTH,
        step_size: config.step_size.first,
        activation: Huberized {
            exponent: 3.0,
            threshold: 1.0,
        },
    })
}

/// The largest difference of the stable rank of the run without noise from the closed form, over the
/// last decade of steps: in the few steps in which filters leave 0, steps are not small.
pub(super) fn closed_form_gap(results: &[StudyResult<'_>]) -> Option<f64> {
    let result = results.iter().find(|result| result.run.label == CLEAN)?;
    let series = &result.record.series;
    let rows = series
        .steps()
        .into_iter()
        .zip(series.column("stable_rank")?);
    let from = 0.1 * series.last("step")?;
    let late: Vec<(f64, f64)> = rows.filter(|(step, _)| *step >= from).collect();
    let log_t: Vec<f64> = late.iter().map(|(step, _)| step.ln()).collect();
    let exact = clean(results)?.stable_ranks(&log_t);
    let gaps = late
        .iter()
        .zip(exact)
        .map(|((_, rank), exact)| (rank - exact).abs());
    Some(gaps.fold(0.0, f64::max))
}

/// Steps of the table of the plateau.
fn far_steps() -> Vec<f64> {
    schedule(1e300, 0)
        .into_iter()
        .filter(|step| [1e3, 1e5, 1e10, 1e30, 1e100, 1e200, 1e300].contains(step))
        .collect()
}

/// The tables of the page.
pub(super) fn tables(results: &[StudyResult<'_>]) -> Vec<Table> {
    let of_row = |row: &Row| {
        let verdict = if row.follows {
            "follows the signals"
        } else {
            "elsewhere"
        };
        vec![
            row.label.clone(),
            format!("{:.3}", row.filters),
            format!("{:.1}", row.data),
            (2 * SIGNALS).to_string(),
            format!("{:.3}", row.fraction),
            format_number(row.training_error),
            format_number(row.test_error),
            verdict.to_owned(),
        ]
    };
    let header = [
        "run",
        "filters",
        "all patches",
        "signals",
        "share along signals",
        "training error",
        "test error",
        "",
    ];
    let first = Table {
        caption: format!(
            "Stable ranks at the last step, the share of ‖W‖² along the signals, and the error on {TEST} \
             samples that were not trained on. The rank follows the signals where it is within {NEAR} \
             of 2K and most of the filters is along them (our criteria)."
        ),
        header: header.map(str::to_owned).to_vec(),
        rows: rows(results).iter().map(of_row).collect(),
    };
    vec![first]
}

/// The stable rank far away: by the closed form of a run without noise, of runs in log time, and in the
/// limit.
pub(super) fn table_of_far(clean: Option<&Clean>, far: &[StudyResult<'_>]) -> Table {
    let steps = far_steps();
    let mut rows = Vec::new();
    if let Some(clean) = clean {
        let log_t: Vec<f64> = steps.iter().map(|step| step.ln()).collect();
        let ranks = clean.stable_ranks(&log_t);
        let mut row = vec!["no noise, closed form".to_owned()];
        row.extend(ranks.iter().map(|rank| format!("{rank:.4}")));
        row.push(format!("{:.4}", clean.limit()));
        rows.push(row);
    }
    for (result, (label, ..)) in far.iter().zip(FAR_RUNS) {
        let mut row = vec![format!("{label}, run")];
        row.extend(steps.iter().map(|step| match rank_at(result, *step) {
            Some(rank) => format!("{rank:.4}"),
            None => "—".to_owned(),
        }));
        let limits = result.record.prediction.of_columns().0;
        row.push(match limits.get("stable_rank") {
            Some(rank) => format!("{rank:.4}"),
            None => "not known".to_owned(),
        });
        rows.push(row);
    }
    let mut header = vec![String::new()];
    let power = |step: &f64| format!("10^{:.0}", step.log10());
    header.extend(steps.iter().map(power));
    header.push("limit".to_owned());
    Table {
        caption: "The stable rank of the filters far away: without noise by the closed form from the \
                  initial weights on (derived), and of runs that go on in log time. Limits of runs are \
                  those of the program of their last activation pattern (derived), and not known where \
                  its solution leaves the pattern or filters are still near 0."
            .to_owned(),
        header,
        rows,
    }
}

fn rank_at(result: &StudyResult<'_>, step: f64) -> Option<f64> {
    let series = &result.record.series;
    let row = series.steps().iter().position(|at| *at == step)?;
    series.column("stable_rank")?.get(row).copied()
}

/// What came out, in sentences.
pub(super) fn found(results: &[StudyResult<'_>]) -> Vec<String> {
    let mut said = Vec::new();
    let rows = rows(results);
    let of = |label: &str| rows.iter().find(|row| row.label == label);
    if let (Some(clean), Some(noisy)) = (of(CLEAN), of(SOME_NOISE)) {
        said.push(format!(
            "From no noise to noise 0.3 the stable rank of all patches goes from {:.1} to {:.1}, that of \
             the filters from {:.3} to {:.3}.",
            clean.data, noisy.data, clean.filters, noisy.filters
        ));
    }
    if let Some(gap) = closed_form_gap(results) {
        said.push(format!(
            "Without noise the run and the closed form differ by at most {} in stable rank over the last \
             decade of steps.",
            format_number(gap)
        ));
    }
    said
}

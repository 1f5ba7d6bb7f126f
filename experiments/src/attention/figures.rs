//! Directions, excesses of the loss, and attention over time.

use implicit_bias_lab::Prepared;
use implicit_bias_lab::study::StudyResult;
use implicit_bias_plot::{Axis, Figure, Layer, Panel, Style};
use implicit_bias_record::schedule;
use ndarray::{Array2, ArrayView1};

use super::runs::{NORMALIZED, RATES, TOKENS};
use super::table::law;

pub(super) fn figures(results: &[StudyResult<'_>]) -> Vec<Figure> {
    let mut figures = vec![directions(results), excesses(results)];
    figures.extend(shares(results));
    figures
}

fn points(result: &StudyResult<'_>, column: &str, sign: f64) -> Vec<[f64; 2]> {
    let series = &result.record.series;
    let rows = series
        .steps()
        .into_iter()
        .zip(series.column(column).unwrap_or_default());
    let shown = rows.map(|(step, value)| [step, sign * value]);
    shown
        .filter(|[step, value]| *step >= 1.0 && *value > 0.0)
        .collect()
}

fn layers(results: &[StudyResult<'_>], panel: &str, column: &str, sign: f64) -> Vec<Layer> {
    let of_panel = results.iter().filter(|result| result.run.panel == panel);
    let layer = |(index, result): (usize, &StudyResult<'_>)| {
        let points = points(result, column, sign);
        Layer::curve(result.run.label.as_str(), points, Style::of(index))
    };
    of_panel.enumerate().map(layer).collect()
}

fn directions(results: &[StudyResult<'_>]) -> Figure {
    let layers = layers(results, RATES, "direction_distance_attention", 1.0);
    let panel = Panel::new(Axis::log("step t"), Axis::log("distance D"), layers);
    Figure::new(
        "directions",
        "How far the direction is from that of maximum margin",
        vec![panel],
    )
    .with_caption(
        "D = ‖W/‖W‖ − W_mm/‖W_mm‖‖, both axes logarithmic. Normalized gradient descent and Polyak's \
         steps near it like 1/t, gradient descent far more slowly.",
    )
}

/// The attention to each token of two samples over the first thousand steps.
fn shares(results: &[StudyResult<'_>]) -> Option<Figure> {
    const SAMPLES: [usize; 2] = [0, 1];
    let result = results
        .iter()
        .find(|result| result.run.label == NORMALIZED)?;
    let program = law(result)?.program;
    let prepared = Prepared::new(&result.record.config).ok()?;
    let mut engine = prepared.engine(&result.record.config, 1).ok()?.engine;
    let mut curves = vec![vec![Vec::new(); TOKENS]; SAMPLES.len()];
    for mark in schedule(1e3, 20) {
        engine.advance(mark).ok()?;
        let weights = engine.weights();
        let (_, attention) = weights.blocks().first()?;
        for (sample, curves) in SAMPLES.iter().zip(&mut curves) {
            let shares = attention_to(prepared.data.x().row(*sample).to_slice()?, attention);
            let each = curves.iter_mut().zip(shares).filter(|_| mark >= 1.0);
            each.for_each(|(curve, share)| curve.push([mark, share]));
        }
    }
    let panel = |(sample, curves): (&usize, Vec<Vec<[f64; 2]>>)| {
        let layer = |(token, points): (usize, Vec<[f64; 2]>)| {
            let is_best = program.best[*sample] == token;
            let label = if is_best { "best token" } else { "" };
            let style = if is_best {
                Style::of(0).with_width(2.4)
            } else {
                Style::reference()
            };
            Layer::curve(label, points, style)
        };
        let layers = curves.into_iter().enumerate().map(layer).collect();
        let y = Axis::linear("attention s_t").with_range(0.0, 1.0);
        let panel = Panel::new(Axis::log("step t"), y, layers);
        panel.with_title(format!("sample {}", sample + 1))
    };
    let panels = SAMPLES.iter().zip(curves).map(panel).collect();
    Some(
        Figure::new(
            "attention",
            "Attention to the tokens of two samples",
            panels,
        )
        .with_caption(
            "The attention to each token under normalized gradient descent: that to the token of \
                 the largest score, and those to the others.",
        )
        .sharing_y(),
    )
}

/// `softmax_t(x_tᵀ W x_1)` of the tokens of a sample.
fn attention_to(sample: &[f64], attention: &Array2<f64>) -> Vec<f64> {
    let tokens: Vec<ArrayView1<'_, f64>> = sample
        .chunks_exact(attention.nrows())
        .map(ArrayView1::from)
        .collect();
    let looked_for = attention.dot(&tokens[0]);
    let logits: Vec<f64> = tokens.iter().map(|x| x.dot(&looked_for)).collect();
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|a| (a - largest).exp()).sum();
    logits.iter().map(|a| (a - largest).exp() / sum).collect()
}

fn excesses(results: &[StudyResult<'_>]) -> Figure {
    let panel = |column: &str, title: &str| {
        let layers = layers(results, RATES, column, -1.0);
        Panel::new(Axis::log("step t"), Axis::log(title), layers)
    };
    Figure::new(
        "excess",
        "The loss and attention, as logarithms",
        vec![
            panel("log_gap", "−log(L − L*)"),
            panel("log_unselected", "−log max(1 − s_o)"),
        ],
    )
    .with_caption(
        "Minus the logarithm of the excess of the loss over its infimum, and of the attention to \
         tokens other than the best: straight lines of slope 1 are exponential decay in t. Gradient \
         descent's grows like log t.",
    )
}

//! The figures of the runs on MNIST: curves, final values, and what images and weights look like.

use ndarray::ArrayView1;

use super::runs::{DIGITS, initial_scale, margin_gap, preparation};
use implicit_bias_lab::RunRecord;
use implicit_bias_lab::figures::{CurveEntry, curves_by_parameter};
use implicit_bias_lab::study::StudyResult;
use implicit_bias_output::format_number;
use implicit_bias_plot::{Axis, Dash, Figure, Layer, Panel, Picture, Pictures, Style, Tint};

/// Digits of each class, and neurons of each block, in the pictures.
const SHOWN: usize = 4;

pub(super) fn all(results: &[StudyResult<'_>]) -> Vec<Figure> {
    let mut figures = Vec::new();
    let same_panel = |a: &StudyResult<'_>, b: &StudyResult<'_>| a.run.panel == b.run.panel;
    for of_panel in results.chunk_by(same_panel) {
        figures.push(stable_rank_curves(of_panel));
    }
    let last_rank = |record: &RunRecord| {
        let last = |column| record.series.last(column);
        Some(last("stable_rank_pos")?.max(last("stable_rank_neg")?))
    };
    let limiting_rank = |record: &RunRecord| {
        let limit = record.prediction.decisive().ok()?;
        Some(limit.stable_rank_pos?.max(limit.stable_rank_neg?))
    };
    let families = "Solid: at the last step; dashed: in the limit, where the limit program \
                    decides. Raw and noisy images are joined; the points that stand alone are \
                    centred images.";
    figures.push(
        against_ratio(
            results,
            "stable-rank-ratio",
            "stable rank",
            last_rank,
            limiting_rank,
        )
        .with_caption(format!(
            "The larger stable rank of the two blocks. {families}"
        )),
    );
    let limiting_gap = |record: &RunRecord| {
        let limit = record.prediction.decisive().ok()?;
        Some(limit.margin_gap().max(0.0))
    };
    let last_gap = |record: &RunRecord| Some(margin_gap(record));
    figures.push(
        against_ratio(
            results,
            "margin-gap-ratio",
            "relative margin gap",
            last_gap,
            limiting_gap,
        )
        .with_caption(format!(
            "(max − min)/mean of the normalized margins: 0 where all margins become equal. \
                 {families}"
        )),
    );
    figures.extend(images(results));
    figures.extend(directions(results));
    figures
}

/// Stable rank against the step, a panel an initial scale and a curve a preparation.
fn stable_rank_curves(results: &[StudyResult<'_>]) -> Figure {
    let activation = &results[0].run.panel;
    let mut ordered: Vec<&StudyResult<'_>> = results.iter().collect();
    // By scale, and within it in the order of the preparations.
    ordered.sort_by(|a, b| {
        let scale =
            |result: &StudyResult<'_>| result.run.settings.number("init-scale").unwrap_or(0.0);
        scale(a).total_cmp(&scale(b))
    });
    let entries: Vec<CurveEntry<'_>> = ordered
        .into_iter()
        .map(|result| CurveEntry {
            panel: initial_scale(result).to_owned(),
            label: preparation(result).to_owned(),
            series: &result.record.series,
        })
        .collect();
    let name = if activation == "ReLU" {
        "stable-rank-relu"
    } else {
        "stable-rank-leaky-relu"
    };
    curves_by_parameter(
        name,
        &format!("Stable rank against the step, {activation}"),
        &["stable_rank_pos", "stable_rank_neg"],
        &entries,
    )
    .with_log_y()
}

/// A number read off a run, where it has one.
type Value<'a> = &'a dyn Fn(&RunRecord) -> Option<f64>;

/// A number at the last step and in the limit against the near-orthogonality ratio, a panel an
/// activation.
///
/// Raw images and those with noise are joined by a line, as one family; centred ones stand alone.
fn against_ratio(
    results: &[StudyResult<'_>],
    name: &str,
    what: &str,
    last: impl Fn(&RunRecord) -> Option<f64>,
    limit: impl Fn(&RunRecord) -> Option<f64>,
) -> Figure {
    let same_panel = |a: &StudyResult<'_>, b: &StudyResult<'_>| a.run.panel == b.run.panel;
    let mut panels = Vec::new();
    for of_panel in results.chunk_by(same_panel) {
        let mut scales: Vec<&str> = Vec::new();
        for scale in of_panel.iter().map(initial_scale) {
            if !scales.contains(&scale) {
                scales.push(scale);
            }
        }
        let mut layers = Vec::new();
        for (index, scale) in scales.into_iter().enumerate() {
            let style = Style::of(index).with_marker(index).with_dash(Dash::Solid);
            let dashed = style.with_dash(Dash::Dashed);
            let of_limit = format!("limit, {scale}");
            let kinds: [(&str, Style, Value<'_>); 2] =
                [(scale, style, &last), (&of_limit, dashed, &limit)];
            for (label, style, value) in kinds {
                let of_scale = of_panel
                    .iter()
                    .filter(|result| initial_scale(result) == scale);
                let (alone, family): (Vec<_>, Vec<_>) =
                    of_scale.partition(|result| result.record.config.preparation.centre);
                for (label, joined, group) in [(label, true, family), ("", false, alone)] {
                    let mut points: Vec<[f64; 2]> = group
                        .iter()
                        .filter_map(|result: &&StudyResult<'_>| {
                            Some([result.record.manifest.data.ratio?, value(result.record)?])
                        })
                        .collect();
                    points.sort_by(|a, b| a[0].total_cmp(&b[0]));
                    layers.push(Layer::Points {
                        label: label.to_owned(),
                        points,
                        errors: Vec::new(),
                        joined,
                        style,
                    });
                }
            }
        }
        let axes = [
            Axis::log("near-orthogonality ratio R_min²/(n p)"),
            Axis::linear(what),
        ];
        let [x, y] = axes;
        panels.push(Panel::new(x, y, layers).with_title(of_panel[0].run.panel.clone()));
    }
    let title = format!("Final and limiting {what} against near-orthogonality");
    Figure::new(name, title, panels).sharing_y()
}

/// The first run of each preparation.
fn one_a_preparation<'a, 'b>(results: &'b [StudyResult<'a>]) -> Vec<&'b StudyResult<'a>> {
    let mut chosen: Vec<&StudyResult<'_>> = Vec::new();
    for result in results {
        if !chosen
            .iter()
            .any(|known| preparation(known) == preparation(result))
        {
            chosen.push(result);
        }
    }
    chosen
}

fn picture(values: ArrayView1<'_, f64>) -> Picture {
    Picture {
        // Images of MNIST are square.
        width: (values.len() as f64).sqrt().round() as usize,
        values: values.to_vec(),
    }
}

/// The first samples of each class, as the network sees them.
fn images(results: &[StudyResult<'_>]) -> Option<Figure> {
    let mut rows = Vec::new();
    for result in one_a_preparation(results) {
        let data = result.record.config.load_data().ok()?;
        let data = data.signs()?;
        let of_class = |sign: f64| {
            let samples = data.x().outer_iter().zip(data.y());
            samples
                .filter(move |(_, label)| **label == sign)
                .take(SHOWN)
                .map(|(sample, _)| picture(sample))
        };
        let ratio = result.record.manifest.data.ratio.unwrap_or(f64::INFINITY);
        let label = format!("{} ({})", preparation(result), format_number(ratio));
        rows.push((label, of_class(1.0).chain(of_class(-1.0)).collect()));
    }
    let columns = DIGITS.map(|digit| format!("digit {digit}"));
    Some(
        pictures(
            "images",
            "Training images",
            vec![(String::new(), rows)],
            columns,
            Tint::Grey,
        )
        .with_caption(
            "The first four training images of each digit, as the network sees them; in \
                 brackets the near-orthogonality ratio R_min²/(n p) of the whole training set. \
                 Each image has its own scale of grey.",
        ),
    )
}

/// Neurons of each block as images, at the smallest initial scale.
fn directions(results: &[StudyResult<'_>]) -> Option<Figure> {
    let same_panel = |a: &StudyResult<'_>, b: &StudyResult<'_>| a.run.panel == b.run.panel;
    let mut panels = Vec::new();
    for of_panel in results.chunk_by(same_panel) {
        let mut rows = Vec::new();
        for result in one_a_preparation(of_panel) {
            let weights = result.record.weights().ok()?;
            let neurons = weights.blocks().iter().flat_map(|(_, block)| {
                // Evenly spaced by index: chosen by their place, not by their look.
                let width = block.nrows();
                (0..SHOWN.min(width)).map(move |k| picture(block.row(k * width / SHOWN.min(width))))
            });
            let ranks = ["stable_rank_pos", "stable_rank_neg"].map(|column| {
                let rank = result.record.series.last(column).unwrap_or(f64::NAN);
                format!("{rank:.2}")
            });
            let label = format!("{} ({})", preparation(result), ranks.join(", "));
            rows.push((label, neurons.collect()));
        }
        panels.push((of_panel[0].run.panel.clone(), rows));
    }
    let columns = ["W₊₁", "W₋₁"].map(|block| format!("neurons of {block}"));
    Some(
        pictures(
            "directions",
            "Learned first-layer \
                                directions",
            panels,
            columns,
            Tint::Diverging,
        )
        .with_caption(
            "Weights of four neurons of each block at the last step, evenly spaced by their index, \
             at the smallest initial scale; in brackets the stable ranks of W₊₁ and W₋₁. Each \
             neuron has its own scale: blue positive, orange negative. Where a block has stable \
             rank 1 all its neurons show the same picture; a ReLU neuron that no sample of its \
             sign activates does not grow, and still shows its random start and the samples that \
             pushed it there.",
        ),
    )
}

/// The rows of a panel, each with its label.
type PictureRows = Vec<(String, Vec<Picture>)>;

/// Rows of pictures, a panel an entry, with two groups of columns.
fn pictures(
    name: &str,
    title: &str,
    panels: Vec<(String, PictureRows)>,
    groups: [String; 2],
    tint: Tint,
) -> Figure {
    let [first, second] = groups;
    let panels = panels.into_iter().map(|(panel, rows)| {
        let half = rows.first().map_or(0, |(_, row)| row.len() / 2);
        let mut columns = vec![String::new(); 2 * half];
        if half > 0 {
            (columns[0], columns[half]) = (first.clone(), second.clone());
        }
        let layer = Layer::Pictures(Pictures {
            rows,
            columns,
            tint,
        });
        Panel::new(Axis::default(), Axis::default(), vec![layer]).with_title(panel)
    });
    Figure::new(name, title, panels.collect())
}

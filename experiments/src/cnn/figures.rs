//! Ranks over time, the plateau, and the filters.

use implicit_bias_lab::study::StudyResult;
use implicit_bias_plot::{Axis, Dash, Figure, Layer, Panel, Picture, Style, Tint};

use super::runs::{CLEAN, DIM, FAR_RUNS, MUCH_NOISE, SIGNALS, SOME_NOISE};
use super::table::clean;

pub(super) fn figures(results: &[StudyResult<'_>], far: &[StudyResult<'_>]) -> Vec<Figure> {
    let mut figures = vec![ranks(results)];
    figures.extend(plateau(results, far));
    figures.extend(filters(results));
    figures
}

fn points(result: &StudyResult<'_>, column: &str) -> Vec<[f64; 2]> {
    let series = &result.record.series;
    let rows = series
        .steps()
        .into_iter()
        .zip(series.column(column).unwrap_or_default());
    rows.filter(|(step, _)| *step >= 1.0)
        .map(|(step, value)| [step, value])
        .collect()
}

fn ranks(results: &[StudyResult<'_>]) -> Figure {
    let panel = |column: &str, y: Axis| {
        let layer = |(index, result): (usize, &StudyResult<'_>)| {
            Layer::curve(
                result.run.label.as_str(),
                points(result, column),
                Style::of(index),
            )
        };
        let mut layers: Vec<Layer> = results.iter().enumerate().map(layer).collect();
        if column == "stable_rank" {
            layers.push(Layer::level("2K", 2.0 * SIGNALS as f64, Style::reference()));
        }
        Panel::new(Axis::log("step t"), y, layers)
    };
    Figure::new(
        "ranks",
        "The stable rank of the filters, and their share along the signals",
        vec![
            panel("stable_rank", Axis::linear("stable rank").with_range(0.0, 14.0)),
            panel(
                "signal_fraction",
                Axis::linear("share along signals").with_range(0.0, 1.0),
            ),
        ],
    )
    .with_caption(
        "Both classes' filters stacked. The rank comes to 2K where signals are learned; where they are \
         not, the share along the signals is small whatever the rank is.",
    )
}

fn plateau(results: &[StudyResult<'_>], far: &[StudyResult<'_>]) -> Option<Figure> {
    const POINTS: usize = 240;
    let clean = clean(results)?;
    let end = 300.0 * std::f64::consts::LN_10;
    let log_t: Vec<f64> = (1..=POINTS)
        .map(|k| {
            let share = k as f64 / POINTS as f64;
            // Even in √log t: the plateau ends early.
            4.0 + (end - 4.0) * share * share
        })
        .collect();
    let decades = |log: &f64| log / std::f64::consts::LN_10;
    let exact = log_t.iter().map(decades).zip(clean.stable_ranks(&log_t));
    let exact = exact.map(|(x, rank)| [x, rank]).collect();
    let in_decades = |result: &StudyResult<'_>| -> Vec<[f64; 2]> {
        let steps = points(result, "stable_rank").into_iter();
        let steps = steps.filter(|[step, _]| *step >= 50.0);
        steps.map(|[step, rank]| [step.log10(), rank]).collect()
    };
    let mut layers = vec![
        Layer::level("limit without noise", clean.limit(), Style::reference()),
        Layer::level(
            "2K",
            2.0 * SIGNALS as f64,
            Style::reference().with_dash(Dash::Dotted),
        ),
        Layer::curve("no noise, closed form", exact, Style::of(0).with_width(2.6)),
    ];
    for (index, (result, (label, ..))) in far.iter().zip(FAR_RUNS).take(2).enumerate() {
        let name = format!("{label}, run");
        layers.push(Layer::curve(
            name.as_str(),
            in_decades(result),
            Style::of(index + 1),
        ));
    }
    let x = Axis::linear("log₁₀ t").with_range(0.0, 300.0);
    let y = Axis::linear("stable rank").with_range(0.0, 5.0);
    let panel = Panel::new(x, y, layers);
    Some(
        Figure::new("plateau", "The rank 2K is a plateau", vec![panel]).with_caption(
            "The stable rank of the filters: gradient descent, in log time from its last exact step on, and \
             without noise the closed form (derived). Where filters that come later leave 0, the rank \
             falls.",
        ),
    )
}

/// The filters as rows of a picture, one a run.
fn filters(results: &[StudyResult<'_>]) -> Option<Figure> {
    /// Coordinates that are shown: the signals, and some of the others.
    const SHOWN: usize = 40;
    let mut panels = Vec::new();
    for label in [CLEAN, SOME_NOISE, MUCH_NOISE] {
        let result = results.iter().find(|result| result.run.label == label)?;
        let weights = result.record.weights().ok()?;
        let blocks = weights.blocks().iter();
        let rows: Vec<f64> = blocks
            .flat_map(|(_, block)| block.rows().into_iter())
            .flat_map(|row| {
                row.iter()
                    .take(SHOWN.min(DIM))
                    .copied()
                    .collect::<Vec<f64>>()
            })
            .collect();
        let count = (rows.len() / SHOWN) as f64;
        let image = Layer::Image {
            picture: Picture {
                width: SHOWN,
                values: rows,
            },
            tint: Tint::Diverging,
            x: [0.0, SHOWN as f64],
            y: [0.0, count],
        };
        let x = Axis::linear("coordinate").with_range(0.0, SHOWN as f64);
        let y = Axis::linear("filter").with_range(0.0, count);
        panels.push(Panel::new(x, y, vec![image]).with_title(label));
    }
    Some(
        Figure::new("filters", "The filters at the last step", panels)
            .with_caption(
                "Each row is a filter, the class +1 above; of its coordinates the first four are along \
                 the signals. Blue is positive, orange negative, white 0.",
            )
            .sharing_y(),
    )
}

//! Heat maps, and errors over the dimension, the signal and the step.

use implicit_bias_lab::study::StudyResult;
use implicit_bias_plot::{Axis, Cells, Colour, Dash, Figure, Layer, Panel, Scale, Style};

use super::published::{HEAT_MAP, SIGNAL_AT_50, SIGNAL_AT_100};
use super::settings::{ALL_NEGATIVE, BOTH_SIGNS, ERRORS, LOSS, NEGATIVE};
use super::trials::{Trials, number};

/// Rising values of a key among some runs.
fn values(results: &[&StudyResult<'_>], of: impl Fn(&StudyResult<'_>) -> f64) -> Vec<f64> {
    let mut values: Vec<f64> = results.iter().map(|result| of(result)).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

/// Points with their intervals.
fn points(label: &str, trials: Vec<(f64, Trials)>, style: Style) -> Layer {
    let kept = trials.into_iter().filter(|(_, trials)| trials.count() > 0);
    let (points, errors) = kept
        .map(|(x, trials)| ([x, trials.mean()], trials.interval()))
        .unzip();
    Layer::Points {
        label: label.to_owned(),
        points,
        errors,
        joined: true,
        style,
    }
}

/// The error over `n` and `d/n`, with outputs ±1 and −1.
pub(super) fn heat_maps(results: &[StudyResult<'_>]) -> Figure {
    let panel = |name: &str| {
        let own: Vec<_> = results
            .iter()
            .filter(|result| result.run.panel == name)
            .collect();
        let samples = values(&own, |result| number(result, "samples"));
        let ratios = values(&own, |result| result.run.parameter);
        let cell = |n: f64, ratio: f64| {
            Trials::of(results, |result| {
                result.run.panel == name
                    && number(result, "samples") == n
                    && result.run.parameter == ratio
                    && number(result, "seed") < 5.0
            })
        };
        let row = |&ratio: &f64| samples.iter().map(|&n| cell(n, ratio).mean()).collect();
        let cells = Cells {
            label: "mean error on fresh samples".to_owned(),
            x: Cells::edges(&samples, Scale::Linear),
            y: Cells::edges(&ratios, Scale::Linear),
            values: ratios.iter().map(row).collect(),
            range: [0.0, 0.1],
            decimals: 3,
            boundary: None,
        };
        Panel::new(
            Axis::linear("samples n"),
            Axis::linear("d/n"),
            vec![Layer::Cells(cells)],
        )
        .with_title(name)
    };
    Figure::new(
        "heat-map",
        "The error on fresh samples over n and d/n",
        vec![panel(ERRORS), panel(NEGATIVE)],
    )
    .with_caption("Means of 5 trials, γ = 5/n, stop at zero training errors.")
}

/// The error over `d/n`, all `n` together, beside the published means.
pub(super) fn against_ratio(results: &[StudyResult<'_>]) -> Figure {
    let curve = |(index, name): (usize, &str)| {
        let own: Vec<_> = results
            .iter()
            .filter(|result| result.run.panel == name)
            .collect();
        let ratios = values(&own, |result| result.run.parameter);
        let of = |ratio: f64| {
            let trials = Trials::of(results, |result| {
                result.run.panel == name && result.run.parameter == ratio
            });
            (ratio + 0.06 * (index as f64 - 1.0), trials)
        };
        points(name, ratios.into_iter().map(of).collect(), Style::of(index))
    };
    let names = [ERRORS, LOSS, NEGATIVE];
    let mut layers: Vec<Layer> = names.into_iter().enumerate().map(curve).collect();
    let published = HEAT_MAP.iter().enumerate();
    let published = published.map(|(place, mean)| [place as f64 + 1.0, *mean]);
    layers.push(Layer::curve(
        "published",
        published.collect(),
        Style::reference().with_dash(Dash::Dashed),
    ));
    let y = Axis::linear("mean error on fresh samples").with_range(0.0, 0.16);
    let panel = Panel::new(Axis::linear("d/n"), y, layers);
    Figure::new("over-ratio", "The error on fresh samples over d/n", vec![panel]).with_caption(
        "All n of the study together, with 95 % intervals over the trials; at zero hinge loss n = 50 \
         alone. Published: means over n = 50 … 150 of the authors' file.",
    )
}

/// The error over the share of the signal.
pub(super) fn over_signal(results: &[StudyResult<'_>]) -> Figure {
    let panel = |name: &str| {
        let own: Vec<_> = results
            .iter()
            .filter(|result| result.run.panel == name)
            .collect();
        let samples = values(&own, |result| number(result, "samples"));
        let shares = values(&own, |result| result.run.parameter);
        let mut layers = Vec::new();
        for (rank, &n) in samples.iter().enumerate() {
            let style = Style {
                colour: Colour::Ordered { rank, of: 4 },
                ..Style::of(rank)
            };
            let of = |&share: &f64| {
                (
                    share + 4e-4 * (rank as f64 - 1.0),
                    Trials::of_point(results, name, n, share),
                )
            };
            layers.push(points(
                &format!("n = {n}"),
                shares.iter().map(of).collect(),
                Style {
                    dash: Dash::Solid,
                    ..style
                },
            ));
            let published = match n {
                50.0 => SIGNAL_AT_50,
                100.0 => SIGNAL_AT_100,
                _ => continue,
            };
            let published = published.iter().enumerate();
            let published = published.map(|(place, error)| [place as f64 / 100.0, *error]);
            let style = Style {
                marker: None,
                ..style
            };
            layers.push(Layer::curve(
                "",
                published.collect(),
                style.with_dash(Dash::Dashed),
            ));
        }
        layers.push(Layer::level("1/8", 0.125, Style::reference()));
        let x = Axis::linear("share γ of the signal");
        let y = Axis::linear("mean error on fresh samples").with_range(0.0, 0.6);
        Panel::new(x, y, layers).with_title(name)
    };
    Figure::new(
        "over-signal",
        "The error on fresh samples over the share of the signal",
        vec![panel(BOTH_SIGNS), panel(ALL_NEGATIVE)],
    )
    .with_caption(
        "d = 2n, with 95 % intervals over the trials. Dashed: the published plot, read by eye, at \
         n = 50 and 100. The theorem calls an error of 1/8 or more harmful.",
    )
    .sharing_y()
}

/// The error on fresh samples against the step, one curve a run.
pub(super) fn over_steps(results: &[&StudyResult<'_>]) -> Figure {
    let curves = results.iter().enumerate().map(|(rank, result)| {
        let series = &result.record.series;
        let errors = series.column("held_out_error").unwrap_or_default();
        let rows = series.steps().into_iter().zip(errors);
        let rows = rows
            .filter(|(step, _)| *step >= 1.0)
            .map(|(step, error)| [step, error]);
        let style = Style {
            colour: Colour::Ordered {
                rank,
                of: results.len(),
            },
            ..Style::of(rank)
        };
        Layer::curve(result.run.label.as_str(), rows.collect(), style)
    });
    let level = Layer::level("1/8", 0.125, Style::reference());
    let layers = curves.chain([level]).collect();
    let y = Axis::linear("error on fresh samples").with_range(0.0, 0.6);
    let panel = Panel::new(Axis::log("step t"), y, layers);
    Figure::new(
        "over-steps",
        "The error on fresh samples to zero hinge loss",
        vec![panel],
    )
    .with_caption("One trial a curve, n = 50, d = 200; each ends where the hinge loss is zero.")
}

//! Wide networks: the directions of their neurons for two angles and three initial scales.

use std::f64::consts::{FRAC_PI_3, SQRT_2};

use implicit_bias_claims::simplicity::ids::{BIAS_INTENSIFIES, CLUSTER_DIRECTIONS};
use implicit_bias_data::Dataset;
use implicit_bias_lab::report::{Statement, Table};
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult, StudyRun};
use implicit_bias_output::format_number;

use super::figures;
use super::neurons::{ACUTE, Neuron, ON_THE_WAY, RIGHT, SCALES, neurons};
use super::setting::{PAPER, base};

/// The epochs of the runs.
const EPOCHS: u64 = 8192;

/// Epochs at which neurons are shown on the way.
const SHOWN: [u64; 2] = [1, 300];

/// Neurons in the plane, for clusters at two angles, and from larger initial weights.
pub fn wide_networks(effort: Effort) -> Study {
    let [width, of_acute, of_scales] = effort.pick([128, 128, 64], [4096, 1024, 256]);
    let base = base()
        .with("samples", 496)
        .with("cluster-spread", 0.1 / SQRT_2)
        .with("cluster-radius", 0.2)
        .with("init-law", "uniform-fan-in")
        .with("init-scale", 0.007_812_5)
        .with("width", width)
        .with("step-size", 0.0625)
        .with("steps", EPOCHS as f64)
        .with("seed", 0);
    let run = |panel: &str, label: String, settings, judged| StudyRun {
        panel: panel.to_owned(),
        label,
        parameter: 0.0,
        settings,
        judged,
    };
    let acute = base
        .clone()
        .with("line-angle", FRAC_PI_3)
        .with("width", of_acute);
    let mut runs = vec![
        run(RIGHT, RIGHT.to_owned(), base.clone(), true),
        run(ACUTE, ACUTE.to_owned(), acute, true),
    ];
    let narrow = base.clone().with("width", of_scales);
    for (scale, words) in [(0.007_812_5, "2⁻⁷"), (0.125, "2⁻³"), (1.0, "1")] {
        let settings = narrow.clone().with("init-scale", scale);
        runs.push(run(SCALES, format!("scale {words}"), settings, true));
    }
    for epoch in SHOWN {
        let settings = base.clone().with("steps", epoch as f64);
        runs.push(run(ON_THE_WAY, format!("epoch {epoch}"), settings, false));
    }
    Study {
        name: "wide_networks",
        title: "Wide networks end with neurons on few directions",
        statement: Statement {
            text:
                "Neurons of a wide network end on the directions of the clusters of their class, \
                   and once all samples are classified rightly they near them further."
                    .to_owned(),
            source: PAPER.to_owned(),
        },
        setting: format!(
            "clusters ±e₁ against ±(cos α, sin α), not symmetric about their lines, n = 496 \
             samples within δ = 0.2, σ = 0.1/√2; PyTorch's default initialization times 2⁻⁷; mean \
             logistic loss, step size 2⁻⁴, 2¹³ epochs (found in the authors' code, but for the \
             draw of the samples); m = {width} (theirs: 4096), {of_acute} at α = π/3, {of_scales} \
             for the initial scales (ours)"
        ),
        paragraphs: vec![
            "At α = π/3 the claim must be refuted: as long as all slopes of the loss are alike, a \
             neuron turns to a maximum of G(θ) = Σ y_i max(0, ⟨u(θ), x_i⟩), u(θ) the direction, or \
             of −G where its outer weight is negative, and the maxima are orthogonal to the line \
             of the other class (derived here). From initial weights of scale 1 neurons hardly \
             turn at all."
                .to_owned(),
        ],
        runs,
        claims: &[CLUSTER_DIRECTIONS, BIAS_INTENSIFIES],
        limits: Vec::new(),
        show: Some(show),
        columns: &[],
        figures: |_| Vec::new(),
    }
}

/// The local maxima of `sign · G(θ)` on a grid of a twentieth of a degree, in degrees.
fn maxima(data: &Dataset, sign: f64) -> Vec<f64> {
    const PER_DEGREE: usize = 20;
    let count = 360 * PER_DEGREE;
    let value = |place: usize| {
        let angle = (place as f64 / PER_DEGREE as f64).to_radians();
        let (sin, cos) = angle.sin_cos();
        let samples = data.x().rows().into_iter().zip(data.y());
        let terms = samples.map(|(x, y)| y * (cos * x[0] + sin * x[1]).max(0.0));
        sign * terms.sum::<f64>()
    };
    let values: Vec<f64> = (0..count).map(value).collect();
    let is_top = |place: &usize| {
        let [before, after] = [count - 1, 1].map(|by| values[(place + by) % count]);
        values[*place] > before && values[*place] >= after && values[*place] > 0.0
    };
    let tops = (0..count).filter(is_top);
    tops.map(|place| place as f64 / PER_DEGREE as f64).collect()
}

/// The mean direction, in degrees and weighted by size, of the neurons of a sign nearest to each of
/// some angles, and the share of their size.
fn means(neurons: &[Neuron], is_positive: bool, angles: &[f64]) -> Vec<[f64; 2]> {
    let apart = |a: f64, b: f64| ((a - b + 540.0).rem_euclid(360.0) - 180.0).abs();
    let own = neurons
        .iter()
        .filter(|neuron| neuron.is_positive == is_positive);
    let total: f64 = neurons.iter().map(|neuron| neuron.size).sum();
    let mean = |angle: &f64| {
        let near = own.clone().filter(|neuron| {
            let degrees = neuron.angle.to_degrees();
            angles
                .iter()
                .all(|other| apart(degrees, *angle) <= apart(degrees, *other))
        });
        let (mut x, mut y, mut size) = (0.0, 0.0, 0.0);
        for neuron in near {
            x += neuron.size * neuron.angle.cos();
            y += neuron.size * neuron.angle.sin();
            size += neuron.size;
        }
        [y.atan2(x).to_degrees().rem_euclid(360.0), size / total]
    };
    angles.iter().map(mean).collect()
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    Shown {
        paragraphs: Vec::new(),
        figures: vec![figures::plane(results), figures::angles(results)],
        tables: vec![angles(results), directions(results)],
        files: Vec::new(),
    }
}

/// Angles to the axes and to the lines at the end of each run.
fn angles(results: &[StudyResult<'_>]) -> Table {
    let shown = results
        .iter()
        .filter(|result| result.run.panel != ON_THE_WAY);
    let rows = shown.map(|result| {
        let series = &result.record.series;
        let mut row = vec![
            result.run.label.clone(),
            result.run.settings.count("width").unwrap_or(0).to_string(),
        ];
        let columns = [
            "axis_angle_95",
            "line_angle_50",
            "line_angle_95",
            "line_angle_max",
        ];
        let number =
            |value: Option<f64>| value.map_or("—".to_owned(), |value| format!("{value:.4}"));
        row.push(number(series.first("axis_angle_95")));
        row.extend(columns.map(|column| number(series.last(column))));
        row.push(format_number(series.last("loss").unwrap_or(f64::NAN)));
        row
    });
    let header = [
        "run",
        "m",
        "axes, 95 %, at first",
        "axes, 95 %",
        "lines, median",
        "lines, 95 %",
        "lines, largest",
        "loss",
    ];
    Table {
        caption:
            "Angles of neurons in radians, to the nearest axis and to the line of their class (the \
                  principal direction of its samples): quantiles over the neurons at the last \
                  epoch, and the loss there."
                .to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

/// The directions at which neurons gather, beside the maxima of `G`.
fn directions(results: &[StudyResult<'_>]) -> Table {
    let shown = results.iter().filter(|result| {
        let panel = result.run.panel.as_str();
        panel == RIGHT || panel == ACUTE
    });
    let mut rows = Vec::new();
    for result in shown {
        let Ok(data) = result.record.config.load_data() else {
            continue;
        };
        let Some(data) = data.signs() else { continue };
        let neurons = neurons(result);
        for (is_positive, sign) in [(true, 1.0), (false, -1.0)] {
            let predicted = maxima(data, sign);
            for (angle, [found, share]) in
                predicted
                    .iter()
                    .zip(means(&neurons, is_positive, &predicted))
            {
                rows.push(vec![
                    result.run.label.clone(),
                    if is_positive { "+" } else { "−" }.to_owned(),
                    format!("{angle:.1}°"),
                    format!("{found:.1}°"),
                    format!("{:.1} %", 100.0 * share),
                ]);
            }
        }
    }
    let header = [
        "run",
        "sign of v",
        "maximum of ±G",
        "neurons",
        "share of the size",
    ];
    Table {
        caption: "Where neurons gather: the maxima of G for positive and of −G for negative outer \
                  weights (derived here), the mean direction of the neurons that are nearest to \
                  each at the last epoch, weighted by |v_j| ‖w_j‖, and their share of the sum of \
                  these."
            .to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::FRAC_PI_2;

    use implicit_bias_data::{CrossingLines, DataLaw};
    use implicit_bias_lab::config::RunConfig;

    #[test]
    fn every_run_is_a_valid_configuration() {
        for effort in [Effort::Quick, Effort::Full] {
            for run in wide_networks(effort).runs {
                RunConfig::resolve(&run.settings)
                    .unwrap_or_else(|error| panic!("{}: {error}", run.label));
            }
        }
    }

    /// Of points on two lines the maxima are orthogonal to the line of the other class.
    #[test]
    fn maxima_are_orthogonal_to_the_other_line() {
        for (angle, positive, negative) in [
            (FRAC_PI_2, [90.0, 270.0], [0.0, 180.0]),
            (FRAC_PI_3, [90.0, 270.0], [150.0, 330.0]),
        ] {
            let law = CrossingLines {
                samples: 8,
                signal: 1.0,
                angle,
                spread: 0.0,
                radius: 0.1,
                symmetric: true,
            };
            let data = law.generate(0).unwrap();
            for (sign, expected) in [(1.0, positive), (-1.0, negative)] {
                let found = maxima(&data, sign);
                assert_eq!(found.len(), 2, "{found:?}");
                for (found, expected) in found.iter().zip(expected) {
                    assert!((found - expected).abs() < 0.06, "{found} {expected}");
                }
            }
        }
    }
}

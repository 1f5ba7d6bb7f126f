//! Four neurons on the axes: the order in which they grow, their angles, and the far horizon.

use implicit_bias_claims::simplicity::ids::CLUSTER_DIRECTIONS;
use implicit_bias_lab::LabError;
use implicit_bias_lab::report::{Statement, Table};
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult, StudyRun};
use implicit_bias_output::format_number;

use super::far::Law;
use super::figures;
use super::growth::{EPOCHS, Growth, SCHEDULE, STEP_SIZE, time_of};
use super::setting::{PAPER, base};

/// The runs by the authors' schedule.
const SCHEDULED: &str = "four neurons";

/// The run with a constant step size, to step 10³⁰⁰.
const FAR_STEPS: &str = "far horizon";

/// Its step size.
const FAR_STEP_SIZE: f64 = 0.25;

/// Its exact steps, before log time.
const EXACT: f64 = 1e4;

/// Times to which the law is followed.
const FAR: [f64; 3] = [1e30, 1e100, 1e300];

/// The sizes of the four neurons, in the three orders of the authors' program.
const ORDERS: [&str; 3] = ["1,0.1,0.001,0.01", "1,0.1,0.01,0.001", "1,0.01,0.1,0.001"];

/// Four neurons on the axes, by the authors' schedule of step sizes.
pub fn four_neurons(_: Effort) -> Study {
    let on_axes = |order: &str| {
        base()
            .with("samples", 224)
            .with("cluster-symmetry", "symmetric")
            .with("cluster-spread", 0.005)
            .with("cluster-radius", 0.01)
            .with("init-law", "axes")
            .with("axis-scales", order)
            .with("width", 4)
            .with("seed", 0)
    };
    let run = |order: &str| StudyRun {
        panel: SCHEDULED.to_owned(),
        label: format!("sizes {}", order.replace(',', ", ")),
        parameter: 0.0,
        settings: on_axes(order)
            .with("init-scale", 1e-4)
            .with("step-size", STEP_SIZE)
            .with("step-schedule", SCHEDULE)
            .with("steps", EPOCHS as f64),
        judged: true,
    };
    let far = StudyRun {
        panel: FAR_STEPS.to_owned(),
        label: "constant step size".to_owned(),
        parameter: 0.0,
        settings: on_axes(ORDERS[0])
            .with("init-scale", 1e-2)
            .with("step-size", FAR_STEP_SIZE)
            .with("steps", 1e300)
            .with("exact-steps", EXACT)
            .with("record", 4),
        judged: false,
    };
    Study {
        name: "four_neurons",
        title: "Four neurons on the axes",
        statement: Statement {
            text: "Four neurons of very different initial sizes, one on each half-axis, grow one \
                   after another and end on the directions of the clusters, the more closely the \
                   longer they train."
                .to_owned(),
            source: PAPER.to_owned(),
        },
        setting: "clusters ±e₁ against ±e₂, symmetric about their lines, n = 224 samples within δ \
                  = 0.01, σ = 0.005; mean logistic loss; sizes 10⁻⁴ times those of the label; step \
                  size 2⁻⁷ λ(t), λ = 512 for 12 epochs, then 1, from epoch 8192 on rising, from \
                  16384 on doubling every 512 epochs; 2¹⁵ epochs (found in the authors' code, but \
                  for the draw of the samples, which is ours)"
            .to_owned(),
        paragraphs: vec![
            "Lines and closed forms are derived here: each neuron is balanced, |v_j| = ‖w_j‖, and \
             p = |v_j| ‖w_j‖ on a cluster without extent obeys ṗ = ½ p σ(−p) in the time that is \
             the sum of the step sizes, so that 2 (log p + Ei(p)) = time + c."
                .to_owned(),
        ],
        runs: ORDERS.iter().map(|order| run(order)).chain([far]).collect(),
        claims: &[CLUSTER_DIRECTIONS],
        limits: Vec::new(),
        show: Some(show),
        columns: &[],
        figures: |_| Vec::new(),
    }
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    let all = results;
    let is_scheduled = |result: &&StudyResult<'_>| result.run.panel == SCHEDULED;
    let results: Vec<StudyResult<'_>> = all.iter().filter(is_scheduled).copied().collect();
    let results = results.as_slice();
    let growths: Result<Vec<Growth>, LabError> = results.iter().map(Growth::of).collect();
    let growths = match growths {
        Ok(growths) => growths,
        Err(error) => {
            return Shown {
                paragraphs: vec![format!("The sizes of the neurons are not known: {error}.")],
                ..Shown::default()
            };
        }
    };
    let on_the_way = all.iter().find(|result| result.run.panel == FAR_STEPS);
    Shown {
        paragraphs: [
            found(&growths),
            on_the_way.and_then(far_steps).into_iter().collect(),
        ]
        .concat(),
        figures: vec![figures::growth(&growths), figures::four_angles(results)],
        tables: vec![directions(results), far(&growths)],
        files: Vec::new(),
    }
}

fn found(growths: &[Growth]) -> Vec<String> {
    let in_order = growths.iter().filter(|growth| {
        let mut by_size: Vec<(f64, Option<u64>)> =
            growth.at(0).iter().copied().zip(growth.grown()).collect();
        by_size.sort_by(|a, b| b.0.total_cmp(&a.0));
        let epochs = by_size.iter().map(|(_, grown)| grown.unwrap_or(u64::MAX));
        epochs.is_sorted()
    });
    let ratios = growths.iter().filter_map(|growth| {
        let sizes = growth.at(EPOCHS).iter().copied();
        Some(sizes.clone().reduce(f64::min)? / sizes.reduce(f64::max)?)
    });
    let mut said = vec![format!(
        "In {} of {} runs the neurons reach the size ½ in the order of their initial sizes.",
        in_order.count(),
        growths.len()
    )];
    if let Some(least) = ratios.reduce(f64::min) {
        said.push(format!(
            "At the end the smallest of the four is at least {least:.5} of the largest."
        ));
    }
    said
}

/// The largest and the last angle to the axes, and the normalized margin against its closed form.
fn directions(results: &[StudyResult<'_>]) -> Table {
    let rows = results.iter().map(|result| {
        let series = &result.record.series;
        let angles = series.column("axis_angle_max").unwrap_or_default();
        let largest = angles.iter().copied().fold(0.0, f64::max);
        let last = |name| series.last(name).unwrap_or(f64::NAN);
        let minors = parts(result).unwrap_or_default().into_iter();
        let minor = minors.map(|[_, minor]| minor).fold(0.0, f64::max);
        let limit = limiting_margin(result).unwrap_or(f64::NAN);
        vec![
            result.run.label.clone(),
            format!("{largest:.6}"),
            format!("{minor:.6}"),
            format!("{:.2e}", last("axis_angle_max")).replace('-', "−"),
            format!("{:.6}", last("margin_min")),
            format!("{limit:.6}"),
            format!("{:.4}", last("log_loss")).replace('-', "−"),
        ]
    });
    let header = [
        "run",
        "largest angle",
        "largest minor coordinate",
        "last angle",
        "normalized margin",
        "closed form",
        "log L",
    ];
    Table {
        caption: "Angles of neurons to the nearest axis, in radians: the largest over the run, \
                  beside the largest distance of a sample from its line, and the last one. The \
                  smallest normalized margin at the end, beside min_i(major − minor coordinate)/8 \
                  (derived here, as is the comparison of the angle)."
            .to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

/// The run to step 10³⁰⁰ in log time, against the law from its last exact step and the closed form
/// of the margin.
fn far_steps(result: &StudyResult<'_>) -> Option<String> {
    let series = &result.record.series;
    let (steps, norms) = (series.steps(), series.column("weight_norm")?);
    // Four balanced neurons: ‖W‖² = 2 Σ p.
    let size = |row: usize| norms[row] * norms[row] / 8.0;
    let begun = steps.iter().position(|step| *step >= EXACT)?;
    let last = steps.len() - 1;
    let law = Law::through(size(begun), FAR_STEP_SIZE * steps[begun])?;
    let predicted = law.at(FAR_STEP_SIZE * steps[last]);
    let limit = limiting_margin(result)?;
    Some(format!(
        "At a constant step size of {FAR_STEP_SIZE}, from sizes of 10⁻² times those of the first \
         run, log time leads to step {}: there the mean size of the four is {:.3}, and \
         {predicted:.3} by the law through step {} (relative difference {}; it is for clusters \
         without extent); the normalized margin is {:.9} against {limit:.9} of the closed form; \
         the largest angle to an axis is {}, with an estimated error of the margins of {}.",
        format_number(steps[last]),
        size(last),
        format_number(steps[begun]),
        format_number(predicted / size(last) - 1.0),
        series.last("margin_min")?,
        format_number(series.last("axis_angle_max")?),
        format_number(series.last("error_estimate")?),
    ))
}

/// `min_i(major − minor coordinate)/8` of the samples of a run.
fn limiting_margin(result: &StudyResult<'_>) -> Option<f64> {
    let parts = parts(result)?.into_iter();
    parts
        .map(|[major, minor]| (major - minor) / 8.0)
        .reduce(f64::min)
}

/// The larger and the smaller coordinate of each sample, without signs.
fn parts(result: &StudyResult<'_>) -> Option<Vec<[f64; 2]>> {
    let data = result.record.config.load_data().ok()?;
    let part = |x: ndarray::ArrayView1<'_, f64>| {
        let (a, b) = (x[0].abs(), x[1].abs());
        [a.max(b), a.min(b)]
    };
    Some(data.x().rows().into_iter().map(part).collect())
}

/// The mean size against the law from epoch 16384 on, and where the law leads to.
fn far(growths: &[Growth]) -> Table {
    let (half, time) = (EPOCHS / 2, time_of(EPOCHS / 2));
    let end = time_of(EPOCHS);
    let rows = growths.iter().map(|growth| {
        let mean = |epoch| {
            let sizes = growth.at(epoch);
            sizes.iter().sum::<f64>() / sizes.len() as f64
        };
        let law = Law::through(mean(half), time);
        let mut row = vec![growth.label.clone(), format!("{:.4}", mean(half))];
        let number =
            |value: Option<f64>| value.map_or("—".to_owned(), |value| format!("{value:.4}"));
        row.push(format!("{:.4}", mean(EPOCHS)));
        row.push(number(law.map(|law| law.at(end))));
        let off = law.map(|law| law.at(end) / mean(EPOCHS) - 1.0);
        row.push(off.map_or("—".to_owned(), format_number));
        row.extend(FAR.map(|time| number(law.map(|law| law.at(time)))));
        row
    });
    let header = [
        "run",
        "p at 2¹⁴",
        "p at 2¹⁵",
        "by the law",
        "error",
        "time 10³⁰",
        "10¹⁰⁰",
        "10³⁰⁰",
    ];
    Table {
        caption: format!(
            "Mean size p of the four neurons at epochs 2¹⁴ and 2¹⁵ (times {} and {}), the law \
             2 (log p + Ei(p)) = time + c through the first of them at the second, and at later \
             times (derived here; for clusters without extent).",
            format_number(time),
            format_number(end)
        ),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use implicit_bias_lab::config::RunConfig;

    #[test]
    fn every_run_is_a_valid_configuration() {
        for run in four_neurons(Effort::Quick).runs {
            RunConfig::resolve(&run.settings).unwrap();
        }
    }
}

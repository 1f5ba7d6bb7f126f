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

/// Times to which the law is followed.
const FAR: [f64; 3] = [1e30, 1e100, 1e300];

/// The sizes of the four neurons, in the three orders of the authors' program.
const ORDERS: [&str; 3] = ["1,0.1,0.001,0.01", "1,0.1,0.01,0.001", "1,0.01,0.1,0.001"];

/// Four neurons on the axes, by the authors' schedule of step sizes.
pub fn four_neurons(_: Effort) -> Study {
    let run = |order: &str| StudyRun {
        panel: "four neurons".to_owned(),
        label: format!("sizes {}", order.replace(',', ", ")),
        parameter: 0.0,
        settings: base()
            .with("samples", 224)
            .with("cluster-symmetry", "symmetric")
            .with("cluster-spread", 0.005)
            .with("cluster-radius", 0.01)
            .with("init-law", "axes")
            .with("axis-scales", order)
            .with("init-scale", 1e-4)
            .with("width", 4)
            .with("step-size", STEP_SIZE)
            .with("step-schedule", SCHEDULE)
            .with("steps", EPOCHS as f64)
            .with("seed", 0),
        judged: true,
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
        runs: ORDERS.map(run).to_vec(),
        claims: &[CLUSTER_DIRECTIONS],
        limits: Vec::new(),
        show: Some(show),
        columns: &[],
        figures: |_| Vec::new(),
    }
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
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
    Shown {
        paragraphs: found(&growths),
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
        let data = result.record.config.load_data().ok();
        let samples = data.as_ref().map(|data| data.x().rows());
        let parts: Vec<[f64; 2]> = samples
            .into_iter()
            .flatten()
            .map(|x| {
                let (a, b) = (x[0].abs(), x[1].abs());
                [a.max(b), a.min(b)]
            })
            .collect();
        let minor = parts.iter().map(|part| part[1]).fold(0.0, f64::max);
        let limit = parts
            .iter()
            .map(|[major, minor]| (major - minor) / 8.0)
            .fold(f64::INFINITY, f64::min);
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

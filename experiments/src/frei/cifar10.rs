//! The stable rank of the first steps on real images.

use implicit_bias_lab::config::Settings;
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, Study, StudyResult, StudyRun};
use implicit_bias_plot::{Axis, Colour, Figure, Layer, Panel, Style};

use super::settings::{PAPER, network, run, steps, usual_deviation};

/// Values of an image.
const DIM: usize = 3072;

/// The classes `+1` and `−1`: aeroplanes and cars.
const CLASSES: [&str; 2] = ["0", "1"];

/// Stable rank over the initialization on two classes of CIFAR-10; needs its archive.
pub fn cifar10_stable_rank(effort: Effort) -> Study {
    let (neurons, per_class, horizon) = effort.pick((32, 50, 10.0), (512, 500, 100.0));
    Study {
        name: "cifar10_stable_rank",
        title: "The stable rank of the first steps on real images",
        statement: Statement {
            text: "The stable rank of a two-layer network drops early in training on images, too, the \
                   more the smaller the initialization."
                .to_owned(),
            source: PAPER.to_owned(),
        },
        setting: format!(
            "Found: CIFAR-10, pixels over 255. Ours: classes {} (+1) against {} (−1), {per_class} of \
             each, {neurons} neurons with outputs ±1/√m, smoothed leaky ReLU with γ = 0.1, α = 0.01, \
             {horizon} steps",
            CLASSES[0], CLASSES[1]
        ),
        paragraphs: vec![
            "Images are far from nearly orthogonal, so that no theorem is about these runs, and no \
             claim is reported."
                .to_owned(),
        ],
        runs: runs(neurons, per_class, horizon),
        claims: &[],
        limits: Vec::new(),
        show: None,
        columns: &[("stable_rank", "SR"), ("loss", "loss")],
        figures: |results| vec![figure(results)],
    }
}

fn runs(neurons: usize, per_class: usize, horizon: f64) -> Vec<StudyRun> {
    let of = |share: f64| {
        let settings: Settings = network(neurons)
            .with("data", "cifar10")
            .with("positive", CLASSES[0].to_owned())
            .with("negative", CLASSES[1].to_owned())
            .with("per-class", per_class)
            .with("activation", "smoothed-leaky-relu")
            .with("init-scale", share * usual_deviation(neurons, DIM))
            .with("step-size", 0.01)
            .with("steps", steps(horizon))
            .with("record", 5);
        run("CIFAR-10", format!("c = {share}"), share, settings)
    };
    [0.01, 0.1, 1.0].into_iter().map(of).collect()
}

fn figure(results: &[StudyResult<'_>]) -> Figure {
    let layers = results.iter().enumerate().map(|(rank, result)| {
        let series = &result.record.series;
        let ranks = series.column("stable_rank").unwrap_or_default();
        let first = ranks.first().copied().unwrap_or(f64::NAN);
        let rows = series.steps().into_iter().zip(ranks);
        let style = Style {
            colour: Colour::Ordered {
                rank,
                of: results.len(),
            },
            ..Style::of(rank)
        };
        let rows = rows.map(|(step, value)| [step, value / first]);
        Layer::curve(result.run.label.as_str(), rows.collect(), style)
    });
    let y = Axis::log("stable rank(t)/stable rank(0)");
    let panel = Panel::new(Axis::linear("step t"), y, layers.collect());
    Figure::new(
        "curves",
        "The stable rank on two classes of CIFAR-10",
        vec![panel],
    )
    .with_caption("Initial weights c ω_TF.")
}

//! Stable rank by block, margins by class and how unequal they are, against the step.

use implicit_bias_lab::study::StudyResult;

use super::measures::{ClassTables, Gaps};
use implicit_bias_plot::{Axis, Figure, Layer, Panel, Style};

/// The axis label of time.
const TIME: &str = "step t";

pub(super) fn all(results: &[StudyResult<'_>]) -> Vec<Figure> {
    let runs: Vec<ClassTables<'_>> = results.iter().map(ClassTables::of).collect();
    vec![
        by_class(
            "stable-rank",
            "Stable rank of each class's block, minus 1",
            &Shown {
                column: "stable_rank",
                less: 1.0,
                axis: Axis::log("stable rank − 1"),
            },
            &runs,
        )
        .with_caption(
            "One curve a block, labelled by its class. On these axes rank one is infinitely far \
             below.",
        ),
        by_class(
            "margins",
            "Smallest normalized margin of each class",
            &Shown {
                column: "margin_min",
                less: 0.0,
                axis: Axis::linear("smallest normalized margin"),
            },
            &runs,
        )
        .with_caption(
            "The margin of a sample is the score of its class minus the best other, divided by \
             ‖W‖_F; of each class the sample with the smallest is shown.",
        ),
        gaps(&runs),
    ]
}

/// What a figure by class shows: a column a class, less a number, on an axis.
struct Shown {
    column: &'static str,
    less: f64,
    axis: Axis,
}

/// A panel a run with a curve a class.
fn by_class(name: &str, title: &str, shown: &Shown, runs: &[ClassTables<'_>]) -> Figure {
    let panel = |run: &ClassTables<'_>| {
        let (series, names) = (run.series, run.names);
        let curve = |(class, name): (usize, &String)| {
            let values = series.column(&format!("{}_{class}", shown.column))?;
            let points = series.steps().into_iter().zip(values);
            let points = points
                .map(|(step, value)| [step, value - shown.less])
                .collect();
            let style = Style::ordered(class, names.len());
            Some(Layer::curve(name.clone(), points, style))
        };
        let layers = names.iter().enumerate().filter_map(curve).collect();
        Panel::new(Axis::log(TIME), shown.axis.clone(), layers).with_title(run.name)
    };
    Figure::new(name, title, runs.iter().map(panel).collect()).sharing_y()
}

/// How unequal margins are: over all samples, within classes, across classes.
fn gaps(runs: &[ClassTables<'_>]) -> Figure {
    type Part = fn(&Gaps) -> f64;
    let parts: [(&str, Part); 3] = [
        ("all samples", |gaps| gaps.all),
        ("within a class", |gaps| gaps.within),
        ("across classes", |gaps| gaps.across),
    ];
    let panel = |run: &ClassTables<'_>| {
        let gaps = run.gaps();
        // While samples are still wrong the mean margin says nothing.
        let learnt = gaps
            .iter()
            .zip(run.series.column("accuracy").unwrap_or_default())
            .filter(|(_, accuracy)| *accuracy == 1.0);
        let learnt: Vec<&(f64, Gaps)> = learnt.map(|(row, _)| row).collect();
        let curve = |(index, (label, part)): (usize, (&str, Part))| {
            let points = learnt.iter().map(|(step, gaps)| [*step, part(gaps)]);
            Layer::curve(label, points.collect(), Style::of(index))
        };
        let layers = parts.into_iter().enumerate().map(curve).collect();
        let most = learnt.iter().map(|(_, gaps)| gaps.all);
        let y = Axis::linear("gap / mean margin");
        let y = match most.reduce(f64::max) {
            // From 0: that is what equal margins would reach.
            Some(most) if most > 0.0 => y.with_range(0.0, 1.05 * most),
            _ => y,
        };
        Panel::new(Axis::log(TIME), y, layers).with_title(run.name)
    };
    Figure::new(
        "margin-gap",
        "How unequal the margins are",
        runs.iter().map(panel).collect(),
    )
    .with_caption(
        "Ranges of normalized margins relative to their mean, from the first step on at which all \
         training samples are classified correctly: of all samples, the widest within a class, and \
         of the means of the classes.",
    )
    .sharing_y()
}

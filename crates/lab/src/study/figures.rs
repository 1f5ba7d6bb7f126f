//! The figures of several runs beside each other.

use implicit_bias_plot::Figure;

use super::definition::StudyResult;

/// The named figures, each with the panels of all runs side by side.
pub fn figures_side_by_side(results: &[StudyResult<'_>], names: &[&str]) -> Vec<Figure> {
    let all: Vec<Vec<Figure>> = results
        .iter()
        .map(|result| result.record.figures())
        .collect();
    let mut joined = Vec::new();
    for name in names {
        let of_run = |(figures, result): (&Vec<Figure>, &StudyResult<'_>)| {
            let mut figure = figures.iter().find(|figure| figure.name == *name)?.clone();
            if let [only] = figure.panels.as_mut_slice() {
                only.title = result.run.label.clone();
            }
            Some(figure)
        };
        let figures: Vec<Figure> = all.iter().zip(results).filter_map(of_run).collect();
        let captions: Vec<String> = figures
            .iter()
            .map(|figure| figure.caption.clone())
            .collect();
        let several = figures.len() > 1;
        let Some(mut figure) = figures.into_iter().reduce(Figure::beside) else {
            continue;
        };
        if several {
            // The title of one run's figure ends with its activation, which now titles the panel.
            if let Some((title, _)) = figure.title.rsplit_once(" — ") {
                figure.title = title.to_owned();
            }
            if captions.iter().any(|caption| *caption != captions[0]) {
                let labelled = results.iter().zip(&captions);
                let labelled =
                    labelled.map(|(result, caption)| format!("{}: {caption}", result.run.label));
                figure.caption = labelled.collect::<Vec<_>>().join(" ");
            }
        }
        joined.push(figure);
    }
    joined
}

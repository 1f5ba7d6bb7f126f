//! The study in sentences and tables.

use implicit_bias_lab::report::Table;
use implicit_bias_lab::study::StudyResult;
use implicit_bias_output::format_number;

use super::measures::{ClassTables, Gaps, patterns, range};

fn decimals(value: f64) -> String {
    if value.is_nan() {
        "—".to_owned()
    } else {
        format!("{value:.4}").replace('-', "−")
    }
}

/// Stable rank, margins and activation patterns of each class at the last step.
pub(super) fn by_class(runs: &[ClassTables<'_>], results: &[StudyResult<'_>]) -> Table {
    let mut header = vec!["class".to_owned()];
    let mut columns: Vec<Vec<String>> = Vec::new();
    for (run, result) in runs.iter().zip(results) {
        let kind = run.name.split(',').next().unwrap_or(run.name);
        for (column, heading) in [
            ("stable_rank", "SR"),
            ("margin_min", "smallest"),
            ("margin_max", "largest"),
        ] {
            header.push(format!("{heading}, {kind}"));
            let values = run.by_class(column, run.last_row().unwrap_or_default());
            columns.push(values.into_iter().map(decimals).collect());
        }
        header.push(format!("patterns, {kind}"));
        // Data that are gone leave the column out of the table's numbers, not the table.
        let counts = patterns(result.record).unwrap_or_default();
        let of_class = |class| counts.get(class).map_or("—".to_owned(), usize::to_string);
        columns.push((0..run.names.len()).map(of_class).collect());
    }
    let names = runs.first().map_or(&[][..], |run| run.names);
    let row = |(class, name): (usize, &String)| {
        let values = columns.iter().map(|column| column[class].clone());
        std::iter::once(name.clone()).chain(values).collect()
    };
    Table {
        caption: "At the last step: stable rank (SR) of each class's block, smallest and largest \
             normalized margin of its training samples, and how many different activation patterns \
             on all training samples the neurons of the block have."
            .to_owned(),
        header,
        rows: names.iter().enumerate().map(row).collect(),
    }
}

/// How ranks and gaps moved, at powers of ten and the last step.
pub(super) fn by_step(runs: &[ClassTables<'_>]) -> Table {
    let mut rows = Vec::new();
    for run in runs {
        for (index, (step, gaps)) in run.gaps().iter().enumerate() {
            let power = *step >= 1.0 && step.log10().fract() == 0.0;
            if !(power || Some(index) == run.last_row()) {
                continue;
            }
            let [low, high] = range(&run.by_class("stable_rank", index));
            let Gaps {
                all,
                within,
                across,
            } = *gaps;
            let mut row = vec![run.name.to_owned(), format_number(*step)];
            let growth = run.growth_gap(index);
            row.extend([low, high, all, within, across, growth].map(decimals));
            rows.push(row);
        }
    }
    Table {
        caption: "Range of the blocks' stable ranks (SR), and ranges of normalized margins \
                  relative to their mean: of all samples, the widest within a class, of the means \
                  of the classes. Growth: the range, relative to its mean, of how much the margins \
                  grew over the last decade of steps; it is the gap they tend to if they go on so, \
                  0 if they become equal."
            .to_owned(),
        header: [
            "network",
            "step t",
            "smallest SR",
            "largest SR",
            "gap, all",
            "within",
            "across",
            "gap of growth",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows,
    }
}

/// What a run showed, in a sentence of numbers.
pub(super) fn finding(run: &ClassTables<'_>, held_out: Option<f64>) -> String {
    let Some(last) = run.last_row() else {
        return format!("{}: nothing was recorded.", run.name);
    };
    let gaps = run.gaps();
    let [low, high] = range(&run.by_class("stable_rank", last));
    let (step, gap) = gaps[last];
    // The trend: everything here moves with log t.
    let trend = run.decade_before(last).map_or(String::new(), |row| {
        let [low, high] = range(&run.by_class("stable_rank", row));
        let (earlier, gap) = gaps[row];
        format!(
            " A decade before, at step {}, they were {} to {}, and the gaps {}, {} and {}; since \
             then margins grew by amounts that range by {} of their mean.",
            format_number(earlier),
            decimals(low),
            decimals(high),
            decimals(gap.all),
            decimals(gap.within),
            decimals(gap.across),
            decimals(run.growth_gap(last))
        )
    });
    let held_out = held_out.map_or(String::new(), |accuracy| {
        format!("; held-out accuracy {}", decimals(accuracy))
    });
    format!(
        "{}, step {}: stable ranks of the blocks from {} to {}; range of the normalized margins {} \
         of their mean over all samples, at most {} within a class, {} between the means of the \
         classes{held_out}.{trend}",
        run.name,
        format_number(step),
        decimals(low),
        decimals(high),
        decimals(gap.all),
        decimals(gap.within),
        decimals(gap.across),
    )
}

//! What the templates see: texts that are ready to print, anchors and numbers of figures.

use minijinja::{Value, context};

use super::claim_row::{ClaimRow, block_name, limit_text, verdict_words};
use super::contents::{LimitSummary, Quantity, ReportFigure, Section, Setting, Table};
use super::table::numeric_columns;
use implicit_bias_claims::{Claim, Fit, Hypotheses, Verdict};
use implicit_bias_output::{for_readers, format_number};

/// A list of what a function makes of each item.
pub(super) fn list<T>(items: &[T], view: impl Fn(&T) -> Value) -> Value {
    items.iter().map(view).collect()
}

pub(super) fn texts(items: &[String]) -> Value {
    list(items, |item| for_readers(item).into())
}

pub(super) fn pair((name, value): &(String, String)) -> Value {
    context! { name => name.as_str(), value => value.as_str() }
}

pub(super) fn setting(setting: &Setting) -> Value {
    context! {
        name => setting.name.as_str(),
        value => for_readers(&setting.value),
        note => for_readers(&setting.note),
    }
}

pub(super) fn limit(limit: &LimitSummary) -> Value {
    context! { status => for_readers(&limit.status), rows => list(&limit.rows, setting) }
}

pub(super) fn quantity(quantity: &Quantity) -> Value {
    context! {
        column => quantity.column.as_str(),
        meaning => quantity.meaning.as_str(),
        quantity => quantity.label.as_str(),
        value => format_number(quantity.value),
    }
}

fn verdict(verdict: Verdict) -> Value {
    let (symbol, word) = verdict_words(verdict);
    context! { symbol, word }
}

pub(super) fn claim(claim: &Claim) -> Value {
    context! {
        name => claim.id.as_str(),
        block => claim.block.as_deref().map(block_name).unwrap_or_default(),
        statement => claim.statement.as_str(),
        quantity => claim.quantity.as_str(),
        measured => format_number(claim.measured.unwrap_or(f64::NAN)),
        limit => limit_text(claim),
        distance => claim.limit.as_ref().map(|limit| format_number(limit.distance)),
        certificate => claim.limit.as_ref().map(|limit| limit.certificate.as_str()),
        decided_by => claim.decided_by.words(),
        predicted => claim.predicted.as_str(),
        fits => list(&claim.fits, |fit| fit_text(fit).into()),
        verdict => verdict(claim.verdict),
        reason => for_readers(&claim.reason),
        hypotheses => claim.hypotheses.as_ref().map(Hypotheses::brief),
    }
}

pub(super) fn row(row: &ClaimRow) -> Value {
    context! {
        claim => row.claim.as_str(),
        setting => row.setting.as_str(),
        measured => row.measured.as_str(),
        limit => row.limit.as_str(),
        predicted => row.predicted.as_str(),
        verdict => verdict(row.verdict),
        hypotheses => row.hypotheses.as_str(),
    }
}

/// Figures with their numbers, counted on from `first`.
pub(super) fn figures(figures: &[ReportFigure], first: usize) -> Value {
    let view = |(index, figure): (usize, &ReportFigure)| {
        context! {
            number => first + index,
            svg => figure.page().svg.as_str(),
            numbers => figure.page().numbers.as_str(),
            several => figure.panels() > 1,
            title => figure.title(),
            caption => for_readers(figure.caption()),
        }
    };
    figures.iter().enumerate().map(view).collect()
}

fn table(table: &Table) -> Value {
    context! {
        caption => table.caption.as_str(),
        header => texts(&table.header),
        rows => list(&table.rows, |row| texts(row)),
        numeric => numeric_columns(table),
    }
}

/// Sections with anchors of their own and figures numbered through all of them.
pub(super) fn sections(sections: &[Section]) -> Value {
    let mut taken: Vec<String> = Vec::new();
    let mut first = 1;
    let mut views = Vec::new();
    for section in sections {
        let anchor = free_anchor(&section.heading, &taken);
        taken.push(anchor.clone());
        let statement = section.statement.as_ref().map(|statement| {
            context! { text => statement.text.as_str(), source => statement.source.as_str() }
        });
        views.push(context! {
            anchor,
            heading => section.heading.as_str(),
            statement,
            setting => for_readers(&section.setting),
            paragraphs => texts(&section.paragraphs),
            figures => figures(&section.figures, first),
            tables => list(&section.tables, table),
            findings => list(&section.findings, |finding| context! {
                setting => finding.setting.as_str(),
                verdict => verdict(finding.verdict),
                reason => for_readers(&finding.reason),
            }),
        });
        first += section.figures.len();
    }
    Value::from(views)
}

/// A fit in one line: law, estimate, interval, window.
fn fit_text(fit: &Fit) -> String {
    let number = format_number;
    let expected = fit
        .expected
        .map(|value| format!("; expected {}", number(value)));
    format!(
        "{}: {} = {}, {} % interval [{}, {}], steps {} to {}, {} points{}",
        fit.law,
        fit.parameter,
        number(fit.estimate),
        // 0.95 · 100 is not 95 in binary.
        number((fit.level * 1e6).round() / 1e4),
        number(fit.low),
        number(fit.high),
        number(fit.window[0]),
        number(fit.window[1]),
        fit.points,
        expected.unwrap_or_default()
    )
}

/// An anchor made of the ASCII letters and digits of a heading, different from all that are taken
/// and, by its prefix, from those of the templates.
fn free_anchor(heading: &str, taken: &[String]) -> String {
    let letters = heading.to_lowercase();
    let words = letters.split(|letter: char| !letter.is_ascii_alphanumeric());
    let slug = words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    let slug = if slug.is_empty() {
        "section".into()
    } else {
        format!("section-{slug}")
    };
    let mut anchor = slug.clone();
    let mut count = 1;
    while taken.contains(&anchor) {
        count += 1;
        anchor = format!("{slug}-{count}");
    }
    anchor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_plain_and_unique() {
        let taken = ["section-loss".to_string(), "section-loss-2".to_string()];
        assert_eq!(free_anchor("Loss", &taken), "section-loss-3");
        assert_eq!(
            free_anchor("Initial scale σ₀ \"<x>", &taken),
            "section-initial-scale-x"
        );
        assert_eq!(free_anchor("γ", &[]), "section");
    }

    #[test]
    fn a_fit_reads_as_one_line() {
        let fit = Fit {
            law: "loss = c·t^a".into(),
            parameter: "a".into(),
            estimate: -1.002,
            low: -1.004,
            high: -0.9996,
            level: 0.95,
            window: [1e3, 1e5],
            points: 41,
            expected: Some(-1.0),
        };
        assert_eq!(
            fit_text(&fit),
            "loss = c·t^a: a = −1.002, 95 % interval [−1.004, −0.9996], steps 1000 to 10⁵, \
             41 points; expected −1"
        );
    }

    #[test]
    fn columns_of_numbers_are_recognised() {
        let table = Table {
            caption: String::new(),
            header: ["run", "rank", "note"].map(String::from).to_vec(),
            rows: vec![
                ["3rd run", "1.2×10⁻³", "—"].map(String::from).to_vec(),
                ["b", "−4", "ok"].map(String::from).to_vec(),
            ],
        };
        assert_eq!(numeric_columns(&table), [false, true, false]);
    }
}

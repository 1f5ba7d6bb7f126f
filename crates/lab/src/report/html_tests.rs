//! The pages: escaped, self-contained, with anchors that exist.

use super::*;
use crate::report::{
    ClaimRow, Finding, LimitSummary, Quantity, ReportFigure, Section, Setting, Statement, Table,
};
use implicit_bias_claims::{Claim, ClaimLimit, DecidedBy, Fit, Shown, Verdict, kou::ids};
use implicit_bias_plot::{Axis, Figure, Layer, Panel, Style};

const EVIL: &str = "<script>alert('x')</script>\"><img src=http://evil>{{ 7001*3 }}";

fn figure(text: &str) -> ReportFigure {
    let points = (1..50)
        .map(|t| [f64::from(t), 1.0 / f64::from(t)])
        .collect();
    let layers = vec![Layer::curve(text, points, Style::of(0))];
    let panel = Panel::new(Axis::log(text), Axis::log("loss"), layers).with_title(text);
    ReportFigure::new(&Figure::new("loss", text, vec![panel]).with_caption(text)).unwrap()
}

fn claim(text: &str) -> Claim {
    Claim {
        id: ids::RANK_ONE,
        shown: Shown::NearOne,
        block: Some("pos".into()),
        statement: text.into(),
        quantity: text.into(),
        measured: None,
        predicted: text.into(),
        limit: Some(ClaimLimit {
            predicted: 1.122_66,
            distance: 0.0125,
            certificate: text.into(),
        }),
        fits: vec![Fit {
            law: text.into(),
            parameter: "a".into(),
            estimate: -1.0,
            low: f64::NAN,
            high: -0.9,
            level: 0.95,
            window: [10.0, 1e6],
            points: 41,
            expected: None,
        }],
        verdict: Verdict::Inconclusive,
        decided_by: DecidedBy::LimitProgram,
        reason: text.into(),
        hypotheses: None,
    }
}

fn run(text: &str) -> RunReport {
    RunReport {
        of_paper: true,
        title: text.into(),
        paragraphs: vec![text.into()],
        settings: vec![Setting::new(text, text).with_note(text)],
        stop_reason: text.into(),
        notices: vec![text.into()],
        hypotheses: vec![Setting::new(text, text).with_note(text)],
        limit: Some(LimitSummary {
            status: text.into(),
            rows: vec![Setting::new(text, text).with_note(text)],
        }),
        claims: vec![claim(text)],
        figures: vec![figure(text), figure(text)],
        last_row: [(text, f64::NAN), ("loss", 1.25e-7)]
            .map(|(column, value)| Quantity {
                column: column.into(),
                label: text.into(),
                meaning: text.into(),
                value,
            })
            .to_vec(),
        provenance: vec![(text.into(), text.into())],
        command: text.into(),
    }
}

fn reproduction(text: &str) -> ReproductionReport {
    let section = Section {
        heading: text.into(),
        statement: Some(Statement {
            text: text.into(),
            source: text.into(),
        }),
        setting: text.into(),
        paragraphs: vec![text.into()],
        figures: vec![figure(text)],
        tables: vec![Table {
            caption: text.into(),
            header: vec![text.into(), "value".into()],
            rows: vec![vec![text.into(), "−1.5".into()]],
        }],
        findings: vec![Finding {
            setting: text.into(),
            verdict: Verdict::Refuted,
            reason: text.into(),
        }],
    };
    ReproductionReport {
        title: text.into(),
        origin: text.into(),
        summary: vec![text.into()],
        claims: vec![ClaimRow::new(&claim(text), text)],
        sections: vec![section.clone(), section],
        settings: vec![Setting::new(text, text)],
        provenance: vec![(text.into(), text.into())],
        command: text.into(),
    }
}

fn pages(text: &str) -> [String; 2] {
    [
        run_report(&run(text)).unwrap(),
        reproduction_report(&reproduction(text)).unwrap(),
    ]
}

#[test]
fn no_text_becomes_markup() {
    for page in pages(EVIL) {
        assert!(
            !page.contains("<script") && !page.contains("<img"),
            "{page}"
        );
        assert!(!page.contains("21003"), "text is not a template");
        assert!(page.contains("&lt;script&gt;"));
        // Attributes end where they should: no quote of the text is left bare inside a tag.
        assert!(!page.contains("'x')</script"));
    }
}

/// The values of an attribute in the whole page.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let key = format!(" {name}=\"");
    page.split(key.as_str())
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[test]
fn nothing_is_fetched_and_every_anchor_exists_once() {
    for page in pages("plain") {
        let mut ids = attributes(&page, "id");
        for link in attributes(&page, "href") {
            match link.strip_prefix('#') {
                Some(anchor) => assert!(ids.contains(&anchor), "{anchor}"),
                None => assert!(
                    ["data:,", "https://arxiv.org/abs/2310.18935"].contains(&link),
                    "{link}"
                ),
            }
        }
        assert!(attributes(&page, "src").is_empty());
        for word in [
            "@import", "url(", "<script", "<iframe", "<object", " onload",
        ] {
            assert!(!page.contains(word), "{word}");
        }
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "ids are unique although figures repeat");
    }
}

#[test]
fn the_pages_say_whose_settings_these_are() {
    let [run, reproduction] = pages("plain");
    assert!(run.contains("this project’s own, not the paper’s"));
    let of_another = "this project’s own where its section names no other source";
    assert!(reproduction.contains(of_another) && !reproduction.contains("not the paper’s"));
}

#[test]
fn verdicts_have_a_word_and_a_symbol_and_figures_a_name() {
    let [run, reproduction] = pages("plain");
    assert!(run.contains("?</span> inconclusive") && run.contains("interval [—, −0.9000]"));
    assert!(reproduction.contains("✗</span> refuted"));
    assert!(
        reproduction.contains("Figure 2."),
        "figures are numbered through the sections"
    );
    assert_eq!(run.matches("role=\"img\" aria-label=\"plain\"").count(), 2);
    assert!(run.contains("1.25×10⁻⁷"));
}

#[test]
fn equal_reports_give_equal_bytes() {
    assert_eq!(pages("plain"), pages("plain"));
}

#[test]
fn an_empty_report_is_still_a_page() {
    for page in [
        run_report(&RunReport::default()).unwrap(),
        reproduction_report(&ReproductionReport::default()).unwrap(),
    ] {
        assert!(page.starts_with("<!DOCTYPE html>") && page.trim_end().ends_with("</html>"));
    }
}

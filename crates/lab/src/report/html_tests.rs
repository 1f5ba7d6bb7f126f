//! The pages: escaped, self-contained, with anchors that exist.

use super::*;
use crate::figures::{laws, run_figures};
use crate::report::{
    ClaimRow, Finding, LimitSummary, Quantity, ReportFigure, Section, Setting, Statement, Table,
};
use implicit_bias_claims::{Claim, ClaimLimit, DecidedBy, Fit, Shown, Verdict, kou::ids};
use implicit_bias_output::format_exact;
use implicit_bias_plot::{Axis, Figure, Layer, Panel, Style};
use implicit_bias_record::Series;

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
        // The numbers of each figure, and the one script.
        let scripts = page.matches("<figure").count() + 1;
        assert_eq!(page.matches("<script").count(), scripts);
        assert_eq!(page.matches("</script").count(), scripts);
        assert!(!page.contains("<img"), "{page}");
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
        for word in ["@import", "url(", "<iframe", "<object", " onload"] {
            assert!(!page.contains(word), "{word}");
        }
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "ids are unique although figures repeat");
    }
}

/// The text between two others.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).expect(start);
    rest.split_once(end).expect(end).0
}

#[test]
fn the_policy_lets_the_script_of_the_page_run_and_nothing_else() {
    for page in pages(EVIL) {
        let script = between(&page, "<script type=\"module\">", "</script>");
        let hash = STANDARD.encode(sha256_bytes(script.as_bytes()));
        let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
        let expected = format!(
            "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'; \
             img-src data:"
        );
        assert_eq!(policy, expected);
        for word in ["eval(", "Function(", "innerHTML", "fetch(", "http:", "\r"] {
            let script = script.replace("http://www.w3.org/2000/svg", "");
            assert!(!script.contains(word), "{word}");
        }
    }
}

#[test]
fn the_page_has_the_numbers_of_the_tables() {
    let (series, margins, context) = laws(3);
    let figures = run_figures(&series, &margins, &context);
    let read = |text: &str| Series::from_csv(text).unwrap();
    let (series, margins) = (read(&series.to_csv()), read(&margins.to_csv()));
    let columns = [
        ("loss", "loss", series.column("loss")),
        ("weight-norm", "‖W(t)‖", series.column("weight_norm")),
        ("stable-rank", "W₋₁", series.column("stable_rank_neg")),
        ("margins", "y = +1", margins.column("sample_0")),
    ];
    for (name, label, expected) in columns {
        let figure = figures.iter().find(|figure| figure.name == name);
        let figure = ReportFigure::new(figure.unwrap()).unwrap();
        let numbers: serde_json::Value = serde_json::from_str(&figure.page().numbers).unwrap();
        let layers = numbers["panels"][0]["layers"].as_array().unwrap();
        let layer = layers.iter().find(|layer| layer["name"] == label).unwrap();
        let column = |axis: &str| -> Vec<f64> {
            let index = layer["lines"][0][axis].as_u64().unwrap();
            let text = numbers["columns"][usize::try_from(index).unwrap()].as_str();
            let bytes = STANDARD.decode(text.unwrap()).unwrap();
            let number = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().unwrap());
            bytes.chunks_exact(8).map(number).collect()
        };
        assert_eq!(column("x"), series.steps(), "{name}");
        // An empty field is NaN, which equals nothing.
        let text = |values: Vec<f64>| values.into_iter().map(format_exact).collect::<Vec<_>>();
        assert_eq!(text(column("y")), text(expected.unwrap()), "{name}");
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

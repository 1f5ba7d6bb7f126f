//! The figures of a run, on tables made from the laws of the paper.

use std::collections::BTreeMap;

use implicit_bias_record::LimitOf;

use super::*;
use crate::figures::margins::thin_out;
use crate::figures::{ClassSamples, LogFit};

/// Loss 1/t, norm log t, stable rank 1 + 1/log² t, margins that close like 1/log t.
pub(crate) fn laws(samples: usize) -> (Series, Series, RunContext) {
    let mut series = Series::new([
        "step",
        "loss",
        "weight_norm",
        "stable_rank_pos",
        "stable_rank_neg",
        "stable_rank",
        "margin_min",
        "margin_max",
        "same_sign_active",
        "opposite_sign_active",
        "same_sign_changes",
        "opposite_sign_changes",
    ]);
    let names = (0..samples).map(|index| format!("sample_{index}"));
    let mut margins = Series::new(std::iter::once("step".to_string()).chain(names));
    let mut steps = vec![0.0];
    steps.extend((0..=100).map(|index| 10f64.powf(f64::from(index) / 20.0).round()));
    steps.dedup();
    for t in steps {
        let log = (1.0 + t).ln();
        let spread = |index: usize| (index as f64 * 0.618).fract() - 0.5;
        let margin = |index: usize| 2.6 * (1.0 - 1.0 / (1.0 + log)) + spread(index) / (1.0 + log);
        let row: Vec<f64> = (0..samples).map(margin).collect();
        let low = row.iter().copied().fold(f64::INFINITY, f64::min);
        let high = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        margins.push(std::iter::once(t).chain(row).collect());
        let rank = |scale: f64| {
            if t == 0.0 {
                f64::NAN
            } else {
                1.0 + scale / (1.0 + log * log)
            }
        };
        series.push(vec![
            t,
            0.69 / (1.0 + 0.2 * t),
            1.0 + 0.5 * log,
            rank(8.0),
            rank(6.5),
            1.6 + rank(3.0) - 1.0,
            low,
            high,
            1.0 - 0.5 / (1.0 + t),
            0.2 + 0.3 / (1.0 + t),
            (300.0 / (1.0 + t)).floor(),
            (500.0 / (1.0 + t.sqrt())).floor(),
        ]);
    }
    let context = RunContext {
        title: "synthetic laws".into(),
        activation: "leaky ReLU, γ = 0.1".into(),
        blocks: vec!["pos".into(), "neg".into()],
        labels: (0..samples)
            .map(|index| if index % 2 == 0 { 1.0 } else { -1.0 })
            .collect(),
        classes: Vec::new(),
        limits: BTreeMap::from([("stable_rank".into(), 1.6)]),
        limits_of: LimitOf::ThisRun,
        limits_proven: true,
        limits_of_pattern: true,
        of_paper: true,
        margins_not_normalized: false,
        norm_fit: Some(LogFit {
            slope: 0.5,
            intercept: 1.0,
            window: [1e3, 1e5],
        }),
        rank_one: true,
    };
    (series, margins, context)
}

#[test]
fn every_figure_of_a_complete_run_is_drawn_without_a_bad_coordinate() {
    let (series, margins, context) = laws(10);
    let figures = run_figures(&series, &margins, &context);
    let names: Vec<&str> = figures.iter().map(|figure| figure.name.as_str()).collect();
    let expected = [
        "loss",
        "stable-rank",
        "margins",
        "weight-norm",
        "activation",
        "rank-gap",
        "margin-gap",
    ];
    assert_eq!(names, expected);
    for figure in figures {
        let svg = figure.render().unwrap();
        assert!(
            !svg.contains("NaN") && !svg.contains("inf"),
            "{}",
            figure.name
        );
        assert!(!svg.contains("no data to draw"), "{}", figure.name);
        assert_eq!(
            svg,
            figure.render().unwrap(),
            "equal figures give equal bytes"
        );
    }
}

#[test]
fn the_margins_of_several_classes_are_drawn_by_class() {
    let (series, margins, context) = laws(6);
    let class = |name: &str, samples: [usize; 2]| ClassSamples {
        name: name.to_owned(),
        samples: samples.to_vec(),
    };
    let context = RunContext {
        labels: Vec::new(),
        classes: vec![class("3", [0, 4]), class("5", [1, 2]), class("8", [3, 5])],
        of_paper: false,
        limits: BTreeMap::new(),
        ..context
    };
    let figures = run_figures(&series, &margins, &context);
    let figure = figures.iter().find(|figure| figure.name == "margins");
    let figure = figure.unwrap();
    let bundles = figure.panels[0].layers.iter().map(|layer| match layer {
        Layer::Bundle { label, curves, .. } => (label.as_str(), curves.len()),
        _ => panic!("bundles alone"),
    });
    let expected = [("class 3", 2), ("class 5", 2), ("class 8", 2)];
    assert_eq!(bundles.collect::<Vec<_>>(), expected);
    let Layer::Bundle { curves, .. } = &figure.panels[0].layers[1] else {
        panic!("a bundle a class")
    };
    let last = margins.rows().last().unwrap();
    assert_eq!(curves[1].last().unwrap()[1], last[3], "the third sample");
    assert!(figure.caption.contains("best other"), "{}", figure.caption);
}

#[test]
fn absent_columns_leave_their_figure_out() {
    let (_, margins, context) = laws(4);
    let mut series = Series::new(["step", "loss"]);
    series.push(vec![0.0, 0.7]);
    series.push(vec![1.0, 0.5]);
    let relu = RunContext {
        rank_one: false,
        ..context
    };
    let figures = run_figures(&series, &margins, &relu);
    let names: Vec<&str> = figures.iter().map(|figure| figure.name.as_str()).collect();
    assert_eq!(names, ["loss", "margins"]);
    assert!(run_figures(&Series::new(["step"]), &Series::new(["step"]), &relu).is_empty());
}

#[test]
fn a_run_that_only_has_step_zero_has_nothing_to_draw() {
    let (series, margins, context) = laws(4);
    let first = |table: &Series| {
        let mut short = Series::new(table.columns().to_vec());
        short.push(table.rows()[0].clone());
        short
    };
    assert!(run_figures(&first(&series), &first(&margins), &context).is_empty());
}

#[test]
fn thousands_of_samples_are_thinned_out_and_the_caption_says_so() {
    let (series, margins, context) = laws(3000);
    let figures = run_figures(&series, &margins, &context);
    let figure = figures
        .iter()
        .find(|figure| figure.name == "margins")
        .unwrap();
    assert!(
        figure.caption.contains("Of 3000 samples 199 are drawn"),
        "{}",
        figure.caption
    );
    let svg = figure.render().unwrap();
    assert!(svg.len() < 150_000, "{} bytes", svg.len());
    assert_eq!(svg.matches(">y = ").count(), 2, "one label a class");
}

#[test]
fn thinning_keeps_the_extremes() {
    let mut values: Vec<f64> = (0..1001)
        .map(|index| (f64::from(index) * 0.7).sin())
        .collect();
    values[503] = 9.0;
    values[777] = -9.0;
    values[12] = f64::NAN;
    let kept = thin_out(&values, 200);
    assert!(kept.len() <= 200 && kept.contains(&503) && kept.contains(&777));
    assert_eq!(thin_out(&values[..5], 200), [0, 1, 2, 3, 4]);
}

#[test]
fn the_slope_guide_is_parallel_to_a_law_of_one_over_t() {
    let points: Vec<[f64; 2]> = (1..1000)
        .map(|t| [f64::from(t), 3.0 / f64::from(t)])
        .collect();
    let Some(Layer::Guide { points: line, .. }) = guide("g", &points, 1.0, |t| 1.0 / t) else {
        panic!("no guide")
    };
    for [t, value] in line {
        assert!((value * t / 3.0 - 1.6).abs() < 1e-9);
    }
}

#[test]
fn a_limit_above_one_replaces_the_law_of_the_gap() {
    let (series, margins, mut context) = laws(4);
    context.limits.insert("stable_rank_pos".into(), 1.122_66);
    let figures = run_figures(&series, &margins, &context);
    let gap = figures
        .iter()
        .find(|figure| figure.name == "rank-gap")
        .unwrap();
    let svg = gap.render().unwrap();
    assert!(
        svg.contains("limit 0.1227") && !svg.contains("log²"),
        "{svg}"
    );
}

#[test]
fn updates_are_drawn_where_the_series_tells_of_them() {
    let columns = ["step", "loss", "lost_updates", "effective_update"];
    let mut series = Series::new(columns);
    series.push(vec![1.0, 0.5, 0.0, 1.0]);
    series.push(vec![10.0, 0.1, 0.75, 0.5]);
    let margins = Series::new(["step"]);
    let figures = run_figures(&series, &margins, &RunContext::default());
    let updates = figures.iter().find(|figure| figure.name == "updates");
    let layers = &updates.expect("a figure").panels[0].layers;
    let ends: Vec<f64> = layers
        .iter()
        .map(|layer| match layer {
            Layer::Curve { points, .. } => points[1][1],
            _ => panic!("not a curve"),
        })
        .collect();
    assert_eq!(ends, [0.75, 0.5]);
}

/// The labels of the dashed lines of a figure, with their values.
fn levels(figures: &[Figure], name: &str) -> Vec<(String, f64)> {
    let figure = figures.iter().find(|figure| figure.name == name).unwrap();
    let layers = figure.panels.iter().flat_map(|panel| &panel.layers);
    let level = |layer: &Layer| match layer {
        Layer::Level { label, value, .. } => Some((label.clone(), *value)),
        _ => None,
    };
    layers.filter_map(level).collect()
}

#[test]
fn limits_are_dashed_lines_and_equal_ones_share_a_line() {
    let (series, margins, mut context) = laws(4);
    context.limits = BTreeMap::from([
        ("stable_rank_pos".into(), 1.0),
        ("stable_rank_neg".into(), 1.0 + 1e-12),
        ("stable_rank".into(), 1.669),
        ("margin_min".into(), 2.5),
        ("margin_max".into(), 2.5 + 1e-12),
    ]);
    let figures = run_figures(&series, &margins, &context);
    let ranks = [
        ("W₊₁, W₋₁ limit 1".to_owned(), 1.0),
        ("stacked limit 1.669".to_owned(), 1.669),
    ];
    assert_eq!(levels(&figures, "stable-rank"), ranks);
    assert_eq!(
        levels(&figures, "margins"),
        [("limit 2.500".to_owned(), 2.5)]
    );
    assert_eq!(levels(&figures, "margin-gap"), []);
    context.limits.insert("margin_max".into(), 3.0);
    context.limits.insert("stable_rank_neg".into(), 1.25);
    let figures = run_figures(&series, &margins, &context);
    assert_eq!(levels(&figures, "stable-rank").len(), 3);
    let values = |name| levels(&figures, name).into_iter().map(|(_, value)| value);
    assert_eq!(values("margins").collect::<Vec<_>>(), [2.5, 3.0]);
    assert_eq!(values("margin-gap").collect::<Vec<_>>(), [0.5]);
    for figure in figures {
        let dashed =
            ["stable-rank", "margins", "margin-gap", "rank-gap"].contains(&figure.name.as_str());
        let told = figure.caption.contains("limits proven for this run");
        assert_eq!(told, dashed, "{}", figure.caption);
        assert!(!figure.render().unwrap().contains("NaN"));
    }
}

/// Draws limits that are not simply this run's: every line of one says `word`, and so many captions
/// `told`.
fn limits_are_called(change: impl Fn(&mut RunContext), word: &str, told: &str) {
    let (series, margins, mut context) = laws(4);
    context.limits = BTreeMap::from([("margin_min".into(), 2.5), ("margin_max".into(), 3.0)]);
    context.limits.insert("stable_rank_pos".into(), 1.122_66);
    change(&mut context);
    let mut captions = 0;
    for figure in run_figures(&series, &margins, &context) {
        let svg = figure.render().unwrap();
        let lines = svg.matches(" limit ").count() + svg.matches(">limit ").count();
        assert_eq!(lines, svg.matches(word).count(), "{}", figure.name);
        assert!(!figure.caption.contains("limits proven for this run"));
        captions += usize::from(figure.caption.contains(told));
    }
    assert_eq!(captions, 4);
}

/// No line of a limit without the word that it is not proven.
#[test]
fn limits_that_are_not_proven_are_called_candidates() {
    let unproven = |context: &mut RunContext| context.limits_proven = false;
    limits_are_called(unproven, "candidate limit", "not proven to last");
}

/// A run that rounding stopped: the lines say whose limits they are.
#[test]
fn limits_of_exact_descent_are_called_that() {
    let exact = |context: &mut RunContext| context.limits_of = LimitOf::ExactDescent;
    let told = "limits of exact gradient descent";
    limits_are_called(exact, "limit of exact descent", told);
}

#[test]
fn a_title_from_a_config_cannot_leave_its_place() {
    let (series, margins, mut context) = laws(4);
    context.title = "<script>alert(1)</script>\" onload=\"x".into();
    for figure in run_figures(&series, &margins, &context) {
        let svg = figure.render().unwrap();
        assert!(!svg.contains("<script") && !svg.contains("\" onload"));
        assert!(svg.contains("&lt;script&gt;"));
    }
}

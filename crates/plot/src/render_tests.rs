//! Rendering: well-formed files whatever the data, labels that keep their distance.

use super::*;
use crate::Style;

fn curve(points: Vec<[f64; 2]>) -> Layer {
    Layer::curve("curve", points, Style::of(0).with_marker(0))
}

fn figure(x: Axis, y: Axis, layers: Vec<Layer>) -> Figure {
    Figure::new("test", "Test", vec![Panel::new(x, y, layers)])
}

/// A parser just strict enough: balanced elements, quoted attributes, no bare `<` or `&`.
fn assert_well_formed(svg: &str) {
    let mut open = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        assert!(
            !rest[..start].contains('>'),
            "a bare > before {:.60}",
            &rest[start..]
        );
        let end = start + rest[start..].find('>').expect("every tag ends");
        let tag = &rest[start + 1..end];
        assert!(
            !tag.contains('<') && tag.matches('"').count().is_multiple_of(2),
            "{tag}"
        );
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap());
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?}");
    for bad in ["NaN", "inf", "id=", "url(", "<style", "<script", "href"] {
        assert!(!svg.contains(bad), "{bad} in {svg}");
    }
    let coordinates = svg
        .split("d=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    for path in coordinates {
        assert!(!path.contains('e'), "an exponent in {path}");
    }
}

#[test]
fn awkward_data_still_give_a_well_formed_file() {
    let nan = f64::NAN;
    let cases: [Vec<[f64; 2]>; 10] = [
        vec![],
        vec![[1.0, 2.0]],
        vec![[nan, nan]],
        vec![[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]],
        vec![[1.0, f64::INFINITY], [2.0, f64::NEG_INFINITY], [3.0, 4.0]],
        vec![[1.0, 1e308], [2.0, -1e308], [3.0, 1e300], [4.0, -1e300]],
        vec![[1.0, 1e-320], [2.0, 1e-310]],
        vec![[5.0, 1.0], [5.0, 2.0]],
        vec![[1.0, 0.0], [10.0, 0.0]],
        vec![[1.0, 1.0], [2.0, 1.0 + 1e-16], [1e30, 1.0 - 1e-16]],
    ];
    for points in cases {
        for x in [Axis::log("t"), Axis::linear("t")] {
            for y in [Axis::log("v"), Axis::linear("v")] {
                let bars = points
                    .iter()
                    .map(|&[_, value]| [value * 0.5, value * 2.0])
                    .collect();
                let band = points
                    .iter()
                    .map(|&[t, value]| [t, value, value * 2.0])
                    .collect();
                let layers = vec![
                    Layer::Band {
                        points: band,
                        style: Style::of(1),
                    },
                    curve(points.clone()),
                    Layer::Points {
                        label: "bars".into(),
                        points: points.clone(),
                        errors: bars,
                        joined: true,
                        style: Style::of(1),
                    },
                    Layer::Bundle {
                        label: "many".into(),
                        curves: vec![points.clone(); 3],
                        names: Vec::new(),
                        style: Style::of(2),
                    },
                    Layer::level("level", nan, Style::reference()),
                    Layer::level("level", -1.0, Style::reference()),
                    Layer::Guide {
                        label: "law".into(),
                        points: vec![[0.0, nan], [1.0, 1e300]],
                    },
                    Layer::Event {
                        label: "event".into(),
                        at: 0.0,
                    },
                    Layer::Event {
                        label: "event".into(),
                        at: nan,
                    },
                ];
                let svg = figure(x.clone(), y, layers).render().unwrap();
                assert_well_formed(&svg);
            }
        }
    }
}

#[test]
fn an_empty_panel_says_that_it_is_empty() {
    let svg = figure(
        Axis::log("t"),
        Axis::log("v"),
        vec![curve(vec![[0.0, 1.0]])],
    )
    .render();
    assert!(svg.unwrap().contains("no data to draw"));
}

#[test]
fn every_text_is_escaped() {
    let evil = "<script>alert('x')</script>&\"";
    let mut figure = figure(
        Axis::linear(evil),
        Axis::linear(evil),
        vec![Layer::curve(
            evil,
            vec![[0.0, 0.0], [1.0, 1.0]],
            Style::of(0),
        )],
    )
    .with_caption(evil);
    figure.title = evil.into();
    figure.panels[0].title = evil.into();
    assert_well_formed(&figure.render().unwrap());
}

/// The vertical places of the texts of the labels named `curve …`.
fn label_places(svg: &str) -> Vec<f64> {
    let lines = svg.lines().filter(|line| line.contains(">curve "));
    lines
        .map(|line| {
            line.split("y=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect()
}

#[test]
fn labels_of_coinciding_curves_keep_their_distance_however_many_there_are() {
    for count in [2, 8, 30] {
        let layers = (0..count)
            .map(|index| {
                let end = 1.0 + 1e-3 * (index % 3) as f64;
                Layer::curve(
                    format!("curve {index}"),
                    vec![[1.0, 1.5], [9.0, end]],
                    Style::of(0),
                )
            })
            .collect();
        let svg = figure(Axis::log("t"), Axis::linear("v"), layers)
            .render()
            .unwrap();
        let mut places = label_places(&svg);
        assert_eq!(places.len(), count);
        places.sort_by(f64::total_cmp);
        for pair in places.windows(2) {
            assert!(pair[1] - pair[0] >= TEXT, "{count}: {places:?}");
        }
    }
}

#[test]
fn a_fixed_range_cuts_the_curve_and_must_make_sense() {
    let line = || vec![curve(vec![[0.0, -50.0], [1.0, 50.0]])];
    let inside = figure(
        Axis::linear("t"),
        Axis::linear("v").with_range(0.0, 1.0),
        line(),
    );
    assert_well_formed(&inside.render().unwrap());
    for range in [
        [1.0, 1.0],
        [2.0, 1.0],
        [f64::NAN, 1.0],
        [0.0, f64::INFINITY],
    ] {
        let axis = Axis::linear("v").with_range(range[0], range[1]);
        let error = figure(Axis::linear("t"), axis, line())
            .render()
            .unwrap_err();
        assert!(
            error.to_string().starts_with("figure test: axis `v`"),
            "{error}"
        );
    }
    let zero = figure(
        Axis::linear("t"),
        Axis::log("v").with_range(0.0, 1.0),
        line(),
    );
    assert!(zero.render().is_err());
    assert!(Figure::new("none", "None", vec![]).render().is_err());
}

#[test]
fn a_matrix_has_a_cell_an_entry_and_a_colour_bar() {
    for values in [
        vec![vec![1.0, 0.2, f64::NAN], vec![0.2, 1.0, 0.1]],
        vec![vec![3.0; 2]; 2],
        vec![vec![-1e308, 1e308]],
        vec![vec![f64::NAN]],
        vec![],
    ] {
        let finite = values
            .iter()
            .flatten()
            .filter(|value| value.is_finite())
            .count();
        let layer = Layer::Matrix {
            label: "⟨xᵢ, xₖ⟩".into(),
            values,
        };
        let svg = figure(Axis::linear("sample"), Axis::linear("sample"), vec![layer]).render();
        let svg = svg.unwrap();
        assert_well_formed(&svg);
        let bar = if finite == 0 { 0 } else { 40 };
        assert_eq!(svg.matches("<rect x=").count(), finite + bar);
    }
}

#[test]
fn curves_of_different_lengths_differ_by_more_than_colour() {
    let line = |end: f64| vec![[1.0, 1.0], [100.0, end]];
    let layers = (0..4)
        .map(|index| Layer::curve("c", line(f64::from(index as u32)), Style::of(index)))
        .collect();
    let svg = figure(Axis::log("t"), Axis::linear("v"), layers)
        .render()
        .unwrap();
    for dash in ["5 2.5", "6 2 1.2 2", "1.4 2"] {
        assert!(
            svg.contains(&format!("stroke-dasharray=\"{dash}\"")),
            "{dash}"
        );
    }
}

//! The numbers of a page: every bit of them, and no letter that could leave their element.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::columns::{LEAST_ROWS, MOST_ROWS};
use crate::{Axis, Layer, Panel};

fn page(x: Axis, layers: Vec<Layer>) -> (PageFigure, serde_json::Value) {
    let panel = Panel::new(x, Axis::linear("y"), layers).with_title("p");
    let figure = Figure::new("f", "t", vec![panel]);
    let page = figure.render_for_page().unwrap();
    let read = serde_json::from_str(&page.numbers).unwrap();
    (page, read)
}

/// A column of the first panel's layer.
fn column(read: &serde_json::Value, layer: usize, line: usize, name: &str) -> Vec<f64> {
    let index = &read["panels"][0]["layers"][layer]["lines"][line][name];
    let text = &read["columns"][usize::try_from(index.as_u64().unwrap()).unwrap()];
    let bytes = STANDARD.decode(text.as_str().unwrap()).unwrap();
    let chunks = bytes.chunks_exact(8);
    chunks
        .map(|chunk| f64::from_le_bytes(chunk.try_into().unwrap()))
        .collect()
}

#[test]
fn numbers_keep_every_bit() {
    let points = vec![
        [0.0, 0.1 + 0.2],
        [1e-320, -0.0],
        [1e300, f64::MIN_POSITIVE / 3.0],
        [f64::MAX, f64::NAN],
        [2f64.powi(53) + 2.0, f64::NEG_INFINITY],
    ];
    let curve = Layer::curve("c", points.clone(), Style::of(0));
    let (_, read) = page(Axis::log("step t"), vec![curve]);
    let bits = |values: Vec<f64>| values.into_iter().map(f64::to_bits).collect::<Vec<_>>();
    for (index, name) in ["x", "y"].into_iter().enumerate() {
        let expected = points.iter().map(|point| point[index]).collect();
        assert_eq!(bits(column(&read, 0, 0, name)), bits(expected), "{name}");
    }
    assert_eq!(read["panels"][0]["x"]["log"], true);
}

#[test]
fn many_rows_are_thinned_between_their_ends_and_said() {
    let points: Vec<[f64; 2]> = (0..5000).map(|t| [f64::from(t), f64::from(t)]).collect();
    let curve = Layer::curve("c", points.clone(), Style::of(0));
    let bundle = Layer::Bundle {
        label: "b".into(),
        curves: vec![points; 200],
        names: vec!["sample 0".into()],
        style: Style::of(0),
    };
    let (_, read) = page(Axis::log("step t"), vec![curve.clone()]);
    let x = column(&read, 0, 0, "x");
    // On a logarithmic axis the first steps have intervals of their own.
    assert_eq!(x[..9], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    assert!(x[x.len() - 1] == 4999.0 && (MOST_ROWS / 2..=MOST_ROWS).contains(&x.len()));
    assert!(x.windows(2).all(|pair| pair[0] < pair[1]));
    let (_, read) = page(Axis::linear("step t"), vec![curve.clone()]);
    let x = column(&read, 0, 0, "x");
    assert_eq!((x.len(), x[0], x[x.len() - 1]), (MOST_ROWS, 0.0, 4999.0));
    assert_eq!(read["panels"][0]["layers"][0]["lines"][0]["of"], 5000);
    let (_, read) = page(Axis::log("step t"), vec![curve, bundle]);
    let rows = column(&read, 1, 199, "x").len();
    assert!((LEAST_ROWS / 2..=LEAST_ROWS).contains(&rows), "{rows}");
    assert_eq!(
        read["columns"].as_array().unwrap().len(),
        1,
        "equal columns"
    );
    let lines = &read["panels"][0]["layers"][1]["lines"];
    assert_eq!([&lines[0]["name"], &lines[1]["name"]], ["sample 0", ""]);
}

#[test]
fn points_in_any_order_are_thinned_by_their_order() {
    let points: Vec<[f64; 2]> = (0..5000).map(|t| [1.0, f64::from(t)]).collect();
    let scatter = Layer::Points {
        label: "s".into(),
        points,
        errors: Vec::new(),
        joined: false,
        style: Style::of(0),
    };
    let (_, read) = page(Axis::linear("x"), vec![scatter]);
    let y = column(&read, 0, 0, "y");
    assert_eq!((y.len(), y[0], y[y.len() - 1]), (MOST_ROWS, 0.0, 4999.0));
}

#[test]
fn texts_stay_in_their_element() {
    let evil = "</script><!--\"\\\u{0}\u{2028}&";
    let curve = Layer::curve(evil, vec![[1.0, 2.0]], Style::of(0));
    let (page, read) = page(Axis::log(evil), vec![curve]);
    for letter in ["<", ">", "&", "\u{0}", "\u{2028}"] {
        assert!(!page.numbers.contains(letter), "{letter:?}");
    }
    assert_eq!(read["panels"][0]["x"]["label"], evil);
    assert_eq!(read["panels"][0]["layers"][0]["name"], evil);
}

#[test]
fn a_page_has_the_drawing_of_the_file_and_groups_in_it() {
    let points = vec![[1.0, 2.0], [2.0, 3.0], [4.0, 3.5]];
    let dashed = Style::of(0).with_dash(Dash::Dashed);
    let layers = vec![
        Layer::curve("a", points.clone(), Style::of(0)),
        Layer::curve("", points.clone(), dashed),
        Layer::Points {
            label: "bars".into(),
            points: points.clone(),
            errors: vec![[1.0, 2.5]; 3],
            joined: false,
            style: Style::of(1),
        },
        Layer::level("level", 2.5, Style::reference()),
        // Of the colour of the layer after it, not of the one before.
        Layer::curve("", points.clone(), Style::of(3)),
        Layer::curve("d", points.clone(), Style::of(3)),
    ];
    let panel = Panel::new(Axis::log("x"), Axis::linear("y"), layers.clone()).with_title("p");
    let alone = Figure::new("f", "t", vec![panel]).render().unwrap();
    let (page, read) = page(Axis::log("x"), layers);
    let is_layer = |line: &&str| !line.starts_with("<g data-layer") && *line != "</g>";
    let bare: String = page
        .svg
        .lines()
        .filter(is_layer)
        .map(|l| format!("{l}\n"))
        .collect();
    assert_eq!(bare, alone);
    assert_eq!(
        page.svg.matches("<g data-layer=\"0.0\">").count(),
        2,
        "line and label"
    );
    let layers = &read["panels"][0]["layers"];
    assert_eq!(layers[1]["name"], "a, dashed");
    assert_eq!(
        layers[4]["name"].as_str(),
        Some(format!("d, {}", Style::of(3).dash.word()).as_str())
    );
    assert_eq!(column(&read, 2, 0, "high"), [2.5; 3]);
    assert_eq!(column(&read, 3, 0, "y"), [2.5]);
}

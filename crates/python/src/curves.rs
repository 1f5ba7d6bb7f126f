//! Curves against the step, as a figure.

use implicit_bias_plot::{Axis, Figure, Layer, Panel, Style};
use numpy::PyReadonlyArray2;
use pyo3::prelude::*;

use crate::error::invalid;

/// Curves `[points, 2]` with their labels as SVG; those without a label are drawn alike.
#[pyfunction]
pub fn curves(
    name: &str,
    title: &str,
    curves: Vec<(String, PyReadonlyArray2<'_, f64>)>,
) -> PyResult<String> {
    let points = |array: &PyReadonlyArray2<'_, f64>| -> Vec<[f64; 2]> {
        let rows = array.as_array();
        let rows = rows.rows().into_iter().map(|row| [row[0], row[1]]);
        // Step 0 has no place on a logarithmic axis, and a gap joins what was measured.
        rows.filter(|[step, value]| *step > 0.0 && value.is_finite())
            .collect()
    };
    let (alike, named): (Vec<_>, Vec<_>) = curves.iter().partition(|(label, _)| label.is_empty());
    let mut layers = Vec::new();
    if !alike.is_empty() {
        layers.push(Layer::Bundle {
            label: "samples".into(),
            names: Vec::new(),
            curves: alike.iter().map(|(_, array)| points(array)).collect(),
            style: Style::of(0),
        });
    }
    for (index, (label, array)) in named.into_iter().enumerate() {
        layers.push(Layer::curve(label, points(array), Style::of(index)));
    }
    let panel = Panel::new(Axis::log("step t"), Axis::linear(title), layers);
    let figure = Figure::new(name, title, vec![panel]);
    figure.render().map_err(invalid)
}

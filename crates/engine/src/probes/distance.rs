//! How far the weights are from where they began.

use implicit_bias_model::Weights;
use implicit_bias_record::Column;

use super::probe::Probe;

/// `‖W − W_0‖_F`, and the same over `‖W_0‖_F`: small in the lazy regime of Chizat, Oyallon & Bach
/// (2019), where a network stays near its linearization.
pub const DISTANCE: Probe = Probe {
    name: "distance",
    columns: &[
        Column::new(
            "distance_from_start",
            "‖W − W_0‖_F, W_0 the initial weights (--probes distance)",
        ),
        Column::new(
            "relative_distance_from_start",
            "‖W − W_0‖_F/‖W_0‖_F; empty where the initial weights are zero (--probes distance)",
        ),
    ],
    measure: |view| {
        let distance = norm(view.weights, Some(view.initial));
        let start = norm(view.initial, None);
        let relative = if start > 0.0 {
            distance / start
        } else {
            f64::NAN
        };
        vec![
            ("distance_from_start".to_owned(), distance),
            ("relative_distance_from_start".to_owned(), relative),
        ]
    },
};

/// `‖W − V‖_F`, without overflow of squares.
fn norm(weights: &Weights, from: Option<&Weights>) -> f64 {
    let blocks = weights.blocks().iter().enumerate();
    let differences = blocks.flat_map(|(place, (_, block))| {
        let other = from.map(|from| &from.blocks()[place].1);
        let entries = block.indexed_iter();
        entries.map(move |(at, w)| w - other.map_or(0.0, |other| other[at]))
    });
    let differences: Vec<f64> = differences.collect();
    crate::optimizers::norm(&differences)
}

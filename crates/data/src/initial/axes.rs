//! Neurons on the coordinate axes.

use implicit_bias_settings::{Invalid, Key, Settings};
use ndarray::Array2;

use super::law::InitialLaw;
use crate::random::zeros;

/// The norms of neurons on axes.
pub const AXIS_SCALES: Key = Key::text(
    "axis-scales",
    "S,…",
    "Norms of the neurons over σ₀, one a neuron, such as 1,0.1,0.001,0.01 (axes) [default: all 1]",
);

/// Neuron `j` on axis `j mod d` with norm `σ₀ s_j`, forward in the first round of the axes,
/// backward in the second, and so on; `v_j = ±‖w_j‖`, `−` on the first, third, … axis and `+` on
/// the others.
pub const AXES: InitialLaw = InitialLaw {
    name: "axes",
    about: "Balanced neurons on the coordinate axes, `v_j` negative on the first (two-layer-both)",
    keys: &[AXIS_SCALES],
    check: |settings| scales(settings).map(|_| ()),
    draw: |blocks| {
        let [width, dim] = blocks.two_layers("axes")?;
        let scales = scales(blocks.settings)?.unwrap_or_else(|| vec![1.0; width]);
        if scales.len() != width {
            let expected = format!("one number a neuron, {width}, the width");
            return Err(Invalid::new(AXIS_SCALES.name, expected, scales.len()).into());
        }
        let mut hidden = zeros(width, dim)?;
        let mut outer = Array2::zeros((1, width));
        for (neuron, scale) in scales.into_iter().enumerate() {
            let (axis, norm) = (neuron % dim, blocks.scale * scale);
            let is_forward = (neuron / dim).is_multiple_of(2);
            hidden[[neuron, axis]] = if is_forward { norm } else { -norm };
            outer[[0, neuron]] = if axis % 2 == 0 { -norm } else { norm };
        }
        Ok(vec![hidden, outer])
    },
    describe: |scale| format!("on the coordinate axes, v_j = ±‖w_j‖, σ₀ = {scale:?}"),
};

fn scales(settings: &Settings) -> Result<Option<Vec<f64>>, Invalid> {
    let Some(text) = AXIS_SCALES.text_in(settings)? else {
        return Ok(None);
    };
    let number = |piece: &str| {
        let number: Option<f64> = piece.trim().parse().ok();
        number.filter(|scale| *scale >= 0.0 && scale.is_finite())
    };
    let scales: Option<Vec<f64>> = text.split(',').map(number).collect();
    let expected = "finite numbers, at least 0, with commas between them";
    let scales =
        scales.ok_or_else(|| Invalid::new(AXIS_SCALES.name, expected, format!("`{text}`")));
    scales.map(Some)
}

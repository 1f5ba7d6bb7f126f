use implicit_bias_settings::Settings;
use ndarray::Array2;

use super::*;
use crate::DataError;

fn drawn(
    law: &InitialLaw,
    shapes: &[(&str, [usize; 2])],
    scale: f64,
    settings: &Settings,
) -> Result<Vec<Array2<f64>>, DataError> {
    let shapes: Vec<_> = shapes
        .iter()
        .map(|(name, shape)| ((*name).to_owned(), *shape))
        .collect();
    (law.draw)(&InitialBlocks {
        shapes: &shapes,
        scale,
        seed: 3,
        settings,
    })
}

const TWO_LAYERS: [(&str, [usize; 2]); 2] = [("hidden", [4, 2]), ("outer", [1, 4])];

#[test]
fn every_law_gives_every_block_its_shape_and_scales_with_the_scale() {
    for law in INITIAL_LAWS {
        let settings = Settings::default();
        let [once, twice] =
            [1.0, 2.0].map(|scale| drawn(law, &TWO_LAYERS, scale, &settings).unwrap());
        for ((once, twice), (_, shape)) in once.iter().zip(&twice).zip(TWO_LAYERS) {
            assert_eq!(once.shape(), shape, "{}", law.name);
            assert_eq!(&(once * 2.0), twice, "{}", law.name);
            assert!(once.iter().any(|w| *w != 0.0), "{}", law.name);
        }
    }
}

/// Down to scales whose squares are no numbers.
#[test]
fn balanced_layers_have_equal_norms_and_both_signs() {
    for scale in [1.0, 1e-60, 1e-250] {
        let weights = drawn(&BALANCED, &TWO_LAYERS, scale, &Settings::default()).unwrap();
        for (neuron, w) in weights[0].rows().into_iter().enumerate() {
            let norm = (w[0] / scale).hypot(w[1] / scale);
            let sign = if neuron % 2 == 0 { 1.0 } else { -1.0 };
            let v = weights[1][[0, neuron]] / scale;
            assert!(
                (v - sign * norm).abs() < 1e-14 * norm,
                "{scale}: {v} against {norm}"
            );
        }
    }
    let deep = [("1", [4, 2]), ("2", [4, 4]), ("outer", [1, 4])];
    for law in [BALANCED, AXES] {
        let error = drawn(&law, &deep, 1.0, &Settings::default()).unwrap_err();
        assert!(error.to_string().contains("two-layer-both"), "{error}");
    }
}

/// The variance of a uniform law on `±b` is `b²/3`.
#[test]
fn uniform_entries_fill_their_interval() {
    let shapes = [("hidden", [3000, 2]), ("outer", [1, 3000])];
    let weights = drawn(&UNIFORM_FAN_IN, &shapes, 0.5, &Settings::default()).unwrap();
    for (block, columns) in weights.iter().zip([2.0, 3000.0_f64]) {
        let bound = 0.5 / columns.sqrt();
        let largest = block.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
        assert!(largest <= bound && largest > 0.99 * bound);
        let variance = block.iter().map(|w| w * w).sum::<f64>() / block.len() as f64;
        // Four standard deviations: that of the square is 2/√45 of b².
        let deviation = 4.0 * 0.3 / (block.len() as f64).sqrt();
        assert!((variance / bound.powi(2) - 1.0 / 3.0).abs() < deviation);
    }
}

/// The four neurons of Tsoy & Konstantinov.
#[test]
fn neurons_go_round_the_axes() {
    let settings = Settings::default().with("axis-scales", "1, 0.1,0.001,0.01");
    let weights = drawn(&AXES, &TWO_LAYERS, 0.5, &settings).unwrap();
    let rows = [[0.5, 0.0], [0.0, 0.05], [-0.0005, 0.0], [0.0, -0.005]];
    assert_eq!(weights[0], ndarray::arr2(&rows));
    assert_eq!(weights[1], ndarray::arr2(&[[-0.5, 0.05, -0.0005, 0.005]]));
    for text in ["1,2", "1,x,1,1", "", "1,-1,1,1"] {
        let settings = Settings::default().with("axis-scales", text);
        let error = drawn(&AXES, &TWO_LAYERS, 0.5, &settings).unwrap_err();
        assert!(error.to_string().starts_with("axis-scales: "), "{error}");
    }
}

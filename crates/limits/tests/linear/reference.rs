//! Agreement with margins that an independent program computed.

use std::path::Path;

use implicit_bias_data::read_npz_arrays;
use implicit_bias_limits::linear::{SignedSamples, Uniqueness, max_margin_l2, max_margin_linf};
use ndarray::{ArrayD, Ix1, Ix2};

const TOLERANCE: f64 = 1e-10;

/// The largest difference of some numbers from others.
fn error<'a>(
    found: impl IntoIterator<Item = &'a f64>,
    expected: impl IntoIterator<Item = &'a f64>,
) -> f64 {
    let pairs = found.into_iter().zip(expected);
    pairs.fold(0.0, |largest: f64, (a, b)| {
        let error = (a - b).abs();
        if error.is_nan() {
            error
        } else {
            largest.max(error)
        }
    })
}

#[test]
fn both_limits_agree_with_the_shared_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/adam");
    if !folder.is_dir() {
        println!("skipped: there is no folder ../shared/reference/adam beside the repository");
        return;
    }
    for name in ["visible_gauss.npz", "visible_small.npz"] {
        let names = ["X", "y", "w_linf", "p_linf", "w_l2", "alpha_l2"];
        let [x, y, w_linf, p_linf, w_l2, alpha] =
            read_npz_arrays(folder.join(name), names).unwrap();
        let names = [
            "gamma_linf",
            "gamma_l2",
            "gamma_linf_of_w_l2",
            "gamma_l2_of_w_linf",
        ];
        let numbers = read_npz_arrays(folder.join(name), names).unwrap();
        let [gamma_linf, gamma_l2, linf_of_l2, l2_of_linf] = numbers.map(|number| number.sum());
        let x = x.into_dimensionality::<Ix2>().unwrap();
        let y = y.into_dimensionality::<Ix1>().unwrap();
        let samples = SignedSamples::labelled(x.view(), y.view()).unwrap();

        let linf = max_margin_linf(&samples).separable().expect("separable");
        let errors = [
            (linf.gamma_linf - gamma_linf).abs(),
            error(&linf.weights, &w_linf),
            error(&linf.multipliers, &p_linf),
            (linf.gamma_l2_of_w_linf - l2_of_linf).abs(),
            linf.kkt_residual,
        ];
        println!(
            "{name}, maximum norm: {errors:?}, gap {:.1e}",
            linf.duality_gap
        );
        assert!(errors.iter().all(|error| *error < TOLERANCE));
        assert_eq!(linf.unique, Uniqueness::Unique);
        assert_eq!(linf.active.len(), linf.free.len() + 1);

        let l2 = max_margin_l2(&samples).separable().expect("separable");
        let norm = |of: &ArrayD<f64>| of.iter().map(|w| w * w).sum::<f64>().sqrt();
        let direction = &w_l2 / norm(&w_l2);
        let errors = [
            (l2.gamma_l2 - gamma_l2).abs(),
            error(&l2.weights, &direction),
            error(&l2.multipliers, &(&alpha / alpha.sum())),
            (l2.gamma_linf_of_w_l2 - linf_of_l2).abs(),
            l2.kkt_residual,
        ];
        println!(
            "{name}, Euclidean norm: {errors:?}, gap {:.1e}",
            l2.duality_gap
        );
        assert!(errors.iter().all(|error| *error < TOLERANCE));
        assert_eq!(l2.multipliers_unique, Uniqueness::Unique);
    }
}

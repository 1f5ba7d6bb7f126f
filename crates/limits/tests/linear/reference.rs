//! Agreement with margins that an independent program computed.

use std::path::{Path, PathBuf};

use implicit_bias_data::read_npz_arrays;
use implicit_bias_limits::linear::{
    AdamFar, FarDescent, SignLikeDescent, SignedSamples, StepSizes, Uniqueness, max_margin_l2,
    max_margin_linf,
};
use implicit_bias_scalar::Loss;
use ndarray::{ArrayD, Ix1, Ix2};

use super::stepping::Stepping;

const TOLERANCE: f64 = 1e-10;

/// A file of the folder beside the repository, which not every checkout has.
fn shared(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/adam");
    if !folder.is_dir() {
        println!("skipped: there is no folder ../shared/reference/adam beside the repository");
        return None;
    }
    Some(folder.join(name))
}

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

/// Every step on the file's samples: the law from the state at 100,000, against that at 200,000.
#[test]
fn the_far_law_holds_on_the_shared_samples() {
    let Some(file) = shared("visible_gauss.npz") else {
        return;
    };
    let [x, y, start] = read_npz_arrays(&file, ["X", "y", "w0"]).unwrap();
    let x = x.into_dimensionality::<Ix2>().unwrap();
    let y = y.into_dimensionality::<Ix1>().unwrap();
    let start = start.into_dimensionality::<Ix1>().unwrap();
    let samples = SignedSamples::labelled(x.view(), y.view()).unwrap();
    let limit = max_margin_linf(&samples).separable().expect("separable");
    let rows = samples.rows().to_owned();
    let rule = SignLikeDescent::Adam {
        beta1: 0.9,
        beta2: 0.99,
    };
    let step_sizes = StepSizes {
        first: 0.1,
        offset: 1.0,
        decay: 0.5,
    };
    let descent = FarDescent {
        rule,
        step_sizes,
        loss: Loss::Logistic,
    };
    let mut run = Stepping::new(&rows, descent, start);
    run.advance(1e5);
    let far = AdamFar::new(&samples, &limit, descent, run.weights.view(), 1e5).expect("far");
    run.advance(2e5);
    let constant = (limit.gamma_linf - run.margin_linf()) * run.norm();
    let errors = [
        far.norm_linf_at(2e5).unwrap() / run.norm() - 1.0,
        far.margin_linf_at(2e5).unwrap() / run.margin_linf() - 1.0,
        far.gap_times_norm() / constant - 1.0,
    ];
    println!("constant {constant}, errors {errors:?}");
    assert!(errors[0].abs() < 1e-6 && errors[1].abs() < 1e-5 && errors[2].abs() < 1e-3);
}

#[test]
fn both_limits_agree_with_the_shared_files() {
    for name in ["visible_gauss.npz", "visible_small.npz"] {
        let Some(file) = shared(name) else {
            return;
        };
        let names = ["X", "y", "w_linf", "p_linf", "w_l2", "alpha_l2"];
        let [x, y, w_linf, p_linf, w_l2, alpha] = read_npz_arrays(&file, names).unwrap();
        let names = [
            "gamma_linf",
            "gamma_l2",
            "gamma_linf_of_w_l2",
            "gamma_l2_of_w_linf",
        ];
        let numbers = read_npz_arrays(&file, names).unwrap();
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

//! The tensor engine in single precision against a trajectory of more than double precision.
//!
//! A process computes in one precision on a device, so this test has a process of its own.
//!
//! # The bound
//!
//! The data and the initial weights are exact in single precision, with unit roundoff `u = 2⁻²⁴`. A
//! step rounds each weight once, an error of at most `u ‖W‖`; and it changes the weights by `η∇L`,
//! whose relative error is about `d u`, for a pre-activation is a sum of `d` products. While the
//! activation pattern is fixed, the loss is convex in the weights, and a step as short as this one does not
//! lengthen the difference of two trajectories. So after `t` steps
//!
//! ```text
//! ‖ΔW‖_F ≤ (t + d) u ‖W‖_F =: δ,   |Δq_i| ≤ √(2/m) R_max δ,   |Δ log L| ≤ max_i |Δq_i|,
//! ```
//!
//! the second by Cauchy and Schwarz over the `2m` neurons. (Before the pattern is fixed, a handful
//! of steps, weights are 10³ times smaller than later.) Measured errors are some hundred times
//! smaller, as roundings do not all point the same way.

use implicit_bias_lab::config::{GradientKind, Precision, RunConfig, Settings};
use implicit_bias_lab::{Prepared, drive};
use implicit_bias_tests::{Golden, golden_folder};

/// Unit roundoff of single precision.
const ROUNDOFF: f64 = 1.0 / (1 << 24) as f64;

fn stays_within_the_bound_of_its_roundings(gradient: GradientKind, horizon: f64) {
    let path = golden_folder().join("leaky_near_orthogonal.npz");
    let golden = Golden::read(path.clone()).expect("a golden file is a valid one");
    let config = RunConfig::resolve(&Settings {
        data: Some(path.clone()),
        init: Some(path),
        slope: Some(golden.slope),
        step_size: Some(golden.step_size),
        gradient: Some(gradient),
        precision: Some(Precision::F32),
        ..Settings::default()
    })
    .expect("the settings of a golden file are valid");
    let prepared = Prepared::new(&config).expect("so are its arrays");
    let mut ready = prepared.engine(&config, 1).expect("the device has f32");
    assert_eq!(ready.precision, Precision::F32);
    let steps = golden.steps_until(horizon);
    let trajectory = drive(ready.engine.as_mut(), steps, &mut ()).expect("a sound run");
    assert_eq!(trajectory.series.steps(), steps);

    let dim = prepared.data.dim() as f64;
    let lipschitz = (2.0 / prepared.width as f64).sqrt() * prepared.geometry.r_max;
    let norms = trajectory.series.column("weight_norm").expect("a column");
    let losses = trajectory.series.column("log_loss").expect("a column");
    let mut largest: f64 = 0.0;
    for (row, &step) in steps.iter().enumerate() {
        let norm = golden.column("weight_norm")[row];
        let drift = (step + dim) * ROUNDOFF * norm;
        let mut check = |what: &str, found: f64, expected: f64, bound: f64| {
            let error = (found - expected).abs();
            largest = largest.max(error / bound);
            assert!(
                error <= bound,
                "{gradient:?}, step {step}: {what} is off by {error:e}, more than {bound:e}"
            );
        };
        check("the weight norm", norms[row], norm, drift);
        let margins = golden.normalized_margins(row);
        let found = &trajectory.margins.rows()[row][1..];
        assert_eq!(found.len(), margins.len());
        for (found, expected) in found.iter().zip(margins) {
            check(
                "a margin",
                found * norms[row],
                expected * norm,
                lipschitz * drift,
            );
        }
        let loss = golden.column("loss")[row].ln();
        check("log L", losses[row], loss, lipschitz * drift);
    }
    println!("{gradient:?}: at most {largest:.1e} of the bound");
    // Double precision would be 10⁸ times nearer: this run did compute in single precision.
    assert!(
        largest > 1e-5,
        "{gradient:?}: only {largest:e} of the bound"
    );
}

#[test]
fn hand_derived_descent_stays_within_the_bound_of_its_roundings() {
    stays_within_the_bound_of_its_roundings(GradientKind::HandDerived, 10_000.0);
}

#[test]
fn autodiff_stays_within_the_bound_of_its_roundings() {
    stays_within_the_bound_of_its_roundings(GradientKind::Autodiff, 500.0);
}

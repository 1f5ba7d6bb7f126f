//! Systems of margins that several tests follow.

use implicit_bias_engine::{MarginSystem, margin_system};
use ndarray::{Array1, Array2};

/// `q_i = ⟨w, z_i⟩` for the rows `z_i` of a matrix.
pub fn linear(z: Array2<f64>) -> impl MarginSystem {
    margin_system(z.nrows(), move |w: &[f64]| {
        let z = z.clone();
        let q = z.dot(&Array1::from(w.to_vec())).to_vec();
        (q, move |v: &[f64]| {
            z.t().dot(&Array1::from(v.to_vec())).to_vec()
        })
    })
}

//! What a probe is.

use implicit_bias_model::Weights;
use implicit_bias_record::Column;
use ndarray::Array2;

use crate::observation::Observation;

/// What a probe sees at a recorded step.
pub struct ProbeView<'a> {
    /// The weights.
    pub weights: &'a Weights,
    /// The weights at step 0.
    pub initial: &'a Weights,
    /// The samples, `[n, d]`; a sample with parts is one row.
    pub x: &'a Array2<f64>,
    /// What every run records at the step.
    pub observation: &'a Observation,
}

/// Columns of `series.csv` that a run has where `--probes` names them.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    /// Its name, as users type it.
    pub name: &'static str,
    /// Its columns and what they mean.
    pub columns: &'static [Column],
    /// Measures the columns: the same ones, in the same order, at every step of a run. A value that
    /// there is not is `NaN`.
    pub measure: fn(&ProbeView<'_>) -> Vec<(String, f64)>,
}

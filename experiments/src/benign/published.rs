//! Numbers of the authors: read off their published files and figures, quoted with their source.

/// Means over `n = 50 … 150` of the heat map, for `d/n = 1, 2, …, 8` (published file of the authors'
/// code; 5 trials a cell, 11 cells).
pub(super) const HEAT_MAP: [f64; 8] = [
    0.0705, 0.0235, 0.0085, 0.0064, 0.0032, 0.0026, 0.0004, 0.0001,
];

/// Trials behind each of these means.
pub(super) const HEAT_MAP_TRIALS: usize = 55;

/// Means of 10 trials at `n = 50` by runs of the authors' code: `d/n`, then the mean.
pub(super) const CODE_AT_50: [(usize, f64); 5] =
    [(1, 0.041), (2, 0.024), (3, 0.012), (5, 0.0003), (8, 0.0001)];

/// Trials behind each of these means.
pub(super) const CODE_TRIALS: usize = 10;

/// Errors of the γ plot at `n = 50`, γ = 0, 0.01, …, 0.05, read off the figure by eye.
pub(super) const SIGNAL_AT_50: [f64; 6] = [0.506, 0.375, 0.25, 0.088, 0.056, 0.023];

/// The same at `n = 100`.
pub(super) const SIGNAL_AT_100: [f64; 6] = [0.50, 0.193, 0.038, 0.015, 0.010, 0.034];

/// How far a reading by eye of a mean of 10 trials may be off.
pub(super) const BY_EYE: f64 = 0.06;

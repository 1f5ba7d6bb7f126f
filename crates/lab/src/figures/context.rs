//! What the figures of a run need to know besides its tables.

use std::collections::BTreeMap;

use implicit_bias_record::LimitOf;

/// The straight line `intercept + slope · ln t`, fitted over a window of steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogFit {
    /// Growth a unit of natural log t.
    pub slope: f64,
    /// Value at t = 1.
    pub intercept: f64,
    /// First and last step of the window.
    pub window: [f64; 2],
}

/// The axis label of time.
pub(super) const TIME: &str = "step t";

/// A class of several with its samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassSamples {
    /// Its label in the data file.
    pub name: String,
    /// Its samples, in the order of the columns of `margins`.
    pub samples: Vec<usize>,
}

/// What the figures of a run need to know besides its tables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunContext {
    /// The run, in a few words.
    pub title: String,
    /// The activation, as a reader should see it: `leaky ReLU, γ = 0.1`.
    pub activation: String,
    /// Names of the weight blocks, as in the columns `stable_rank_<block>`.
    pub blocks: Vec<String>,
    /// The label ±1 of each sample, in the order of the columns of `margins`.
    pub labels: Vec<f64>,
    /// The classes, where they are chosen by name; such samples have no labels.
    pub classes: Vec<ClassSamples>,
    /// The limit predicted for a column of the series, where there is one.
    pub limits: BTreeMap<String, f64>,
    /// Whose limits these are.
    pub limits_of: LimitOf,
    /// Whether the pattern that they belong to is proven to last.
    pub limits_proven: bool,
    /// Whether the limits are those of the run's last activation pattern; otherwise they are those
    /// of a program that knows the data alone.
    pub limits_of_pattern: bool,
    /// The fit of the weight norm, if there is one.
    pub norm_fit: Option<LogFit>,
    /// Whether the claims of Kou, Chen & Gu are about the run.
    pub of_paper: bool,
    /// Whether margins are recorded as they are, as those of a network without a degree of
    /// homogeneity.
    pub margins_not_normalized: bool,
    /// Whether the claim is that each block's stable rank tends to 1 (leaky ReLU).
    pub rank_one: bool,
}

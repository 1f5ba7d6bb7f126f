//! A run as the theories see it: its tables, how it ended, and what is true of it.

use implicit_bias_record::{Family, Prediction, Series, StepNorm};
use implicit_bias_scalar::{Activation, Loss};
use std::collections::BTreeMap;

/// Whether the numbers of a run are those of a run that worked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RunEnd {
    /// Completed, or interrupted: what was recorded is a sound run up to its last step.
    Sound,
    /// The loss grew without bound from about this step on.
    Diverged {
        /// The step at which it was noticed.
        step: f64,
    },
    /// A number stopped being finite at this step.
    NonFinite {
        /// The step at which it was noticed.
        step: f64,
    },
}

/// The samples of a run, by numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleFacts {
    /// Number of samples `n`.
    pub samples: usize,
    /// Dimension `d`.
    pub dim: usize,
    /// `R_min`, the smallest norm.
    pub r_min: f64,
    /// `R_max`, the largest norm.
    pub r_max: f64,
    /// `p = max_{i≠k} |⟨x_i, x_k⟩|`.
    pub p: f64,
}

/// The network of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkFacts {
    /// The name by which users choose it: `two-layer`.
    pub name: String,
    /// Which of the networks that theorems are about it is.
    pub family: Family,
    /// The numbers among its settings and those of its activation, by key, defaults included:
    /// `depth`.
    pub numbers: BTreeMap<String, f64>,
    /// Its activation, where it has one of slope `γ`.
    pub activation: Option<Activation>,
    /// Names of the weight blocks, the endings of the columns `stable_rank_…`.
    pub blocks: Vec<String>,
    /// Neurons in each block, `m`, where that is said.
    pub width: usize,
    /// Standard deviation `σ₀` of Gaussian initial weights; `None` for weights from a file.
    pub init_scale: Option<f64>,
}

/// The descent of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct DescentFacts {
    /// The name by which users choose it: `adam`.
    pub optimizer: String,
    /// The numbers among its settings, by key, defaults included: `epsilon`.
    pub numbers: BTreeMap<String, f64>,
    /// Whether it is plain gradient descent on all samples.
    pub is_plain: bool,
    /// The norm in which its steps are steepest, late in the run and on all samples.
    pub step_norm: StepNorm,
    /// Whether every step sees all samples.
    pub is_full_batch: bool,
    /// The loss.
    pub loss: Loss,
    /// Whether the sum of the losses is descended instead of their mean.
    pub is_sum: bool,
    /// The factor `η` of the step sizes.
    pub step_size: f64,
    /// The exponent `a` of step sizes `η (t + t₀)^{−a}`, 0 where they are constant; `None` for
    /// others.
    pub step_decay: Option<f64>,
    /// The unit of rounding of the weights.
    pub unit_roundoff: f64,
}

/// The data law that the samples of a run were drawn from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LawFacts {
    /// The name by which users choose it; `None` for samples of a file.
    pub name: Option<String>,
    /// The numbers among its settings, by key, and those of held-out samples: `held-out`.
    pub numbers: BTreeMap<String, f64>,
}

/// What is true of a run besides its tables: it decides which theories are about it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFacts {
    /// Its samples.
    pub samples: SampleFacts,
    /// What they were drawn from.
    pub law: LawFacts,
    /// Its network.
    pub network: NetworkFacts,
    /// Its descent.
    pub descent: DescentFacts,
    /// Whether it was to stop where all training samples are classified rightly.
    pub stops_at_zero_errors: bool,
}

/// A run as the theories see it.
#[derive(Clone, Copy, Debug)]
pub struct RunView<'a> {
    /// What is true of it.
    pub facts: &'a RunFacts,
    /// `series.csv`.
    pub series: &'a Series,
    /// `margins.csv`.
    pub margins: &'a Series,
    /// How it ended.
    pub end: RunEnd,
    /// Its limit, or why that is not known.
    pub prediction: &'a Prediction,
    /// Numbers of its data that theories compare with, by name, or why they are not known: of a
    /// linear network, and under the hinge loss, the largest normalized margins of linear classifiers;
    /// `separable` is 0 where there is shown to be none.
    pub numbers: Result<&'a BTreeMap<String, f64>, &'a str>,
}

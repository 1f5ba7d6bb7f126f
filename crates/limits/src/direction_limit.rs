//! What a limit of directions is: the descents that it is about, and its solution.

use std::collections::BTreeMap;

use implicit_bias_data::{Dataset, TrainingSet};
use implicit_bias_record::{Family, StepNorm};
use implicit_bias_scalar::FarSlopes;
use ndarray::Array2;

use crate::linear::{Inseparable, MarginOutcome};

/// What is true of a descent, as far as its limit goes.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectionFacts {
    /// The name by which users choose its network.
    pub network: &'static str,
    /// The numbers among its network's settings, by key, defaults included: `depth`.
    pub numbers: BTreeMap<String, f64>,
    /// The names of its blocks of weights.
    pub blocks: Vec<String>,
    /// The name by which users choose its optimizer.
    pub optimizer: &'static str,
    /// The numbers among its settings, by key, defaults included: `beta1`.
    pub optimizer_numbers: BTreeMap<String, f64>,
    /// Which network it is a descent on.
    pub family: Family,
    /// The name by which users choose its loss.
    pub loss: &'static str,
    /// Whether the loss falls like `e^{−q/T}` for some `T > 0`.
    pub is_exponentially_tailed: bool,
    /// The norm in which its steps are steepest.
    pub norm: StepNorm,
    /// The slopes of its activation far from 0, where it has an activation with such.
    pub far_slopes: Option<FarSlopes>,
    /// Whether its activation, if it has one, has a degree of homogeneity.
    pub is_homogeneous: bool,
}

/// A limit of directions: a program, and the descents that it is about.
#[derive(Clone, Copy, Debug)]
pub struct DirectionLimit {
    /// Its name.
    pub name: &'static str,
    /// Who says that which descents tend there.
    pub source: &'static str,
    /// Whether its solution has directions of blocks of weights, which a run then records how far it
    /// is from: solved for once more as it begins.
    pub has_directions: bool,
    /// Whether it is that of the activation pattern of the weights that a run has reached, so that data
    /// alone do not tell it.
    pub is_of_pattern: bool,
    /// Whether it is about a descent.
    pub applies: fn(&DirectionFacts) -> bool,
    /// Its solution; why there is none, as a phrase: one that begins with `infeasible` says that it
    /// is proven that there is none.
    pub solve: fn(&DirectionProblem<'_>) -> Result<DirectionSolution, String>,
}

/// What a limit of directions is solved for.
#[derive(Clone, Copy, Debug)]
pub struct DirectionProblem<'a> {
    /// The samples.
    pub data: &'a TrainingSet,
    /// The descent.
    pub facts: &'a DirectionFacts,
    /// The weights that a run has reached, by block; `None` where there is no run.
    pub weights: Option<&'a [(String, Array2<f64>)]>,
}

impl<'a> DirectionProblem<'a> {
    /// The samples with labels ±1.
    ///
    /// # Errors
    ///
    /// A phrase, for other targets.
    pub fn signs(&self) -> Result<&'a Dataset, String> {
        let signs = self.data.signs();
        signs.ok_or_else(|| "the limit is about labels ±1, and the samples have others".to_owned())
    }
}

/// A solution, as named numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectionSolution {
    /// Numbers that are shown and written beside the others; those that are not finite are left out.
    pub numbers: BTreeMap<String, f64>,
    /// The limits of columns of `series.csv`, which figures draw as dashed lines; none where the
    /// solution is not the only one.
    pub series: BTreeMap<String, f64>,
    /// Whether it is the only one; `None` where that is not known.
    pub unique: Option<bool>,
    /// How far it is from satisfying its Karush–Kuhn–Tucker conditions; `NaN` where that is not known.
    pub kkt_residual: f64,
    /// The directions of blocks of weights, of which a run records how far it is from them in the
    /// columns `direction_distance_<block>`; none where that is not asked for.
    pub directions: Vec<(String, Array2<f64>)>,
}

/// The solution of a program, or in a phrase why there is none.
pub(crate) fn solved<T>(outcome: MarginOutcome<T>) -> Result<T, String> {
    match outcome {
        MarginOutcome::Separable(solution) => Ok(solution),
        MarginOutcome::Inseparable(Inseparable { exact: true, .. }) => {
            Err("infeasible: no weights separate the samples (proven)".to_owned())
        }
        MarginOutcome::Inseparable(Inseparable { margin_bound, .. }) => Err(format!(
            "not solved: no weights separate the samples by a normalized margin above \
             {margin_bound:.1e}"
        )),
        MarginOutcome::NotSolved(reason) => Err(format!("not solved: {reason}")),
    }
}

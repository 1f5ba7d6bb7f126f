//! The limit predicted for a finished run, and how far it can be trusted.

use std::fmt;

use implicit_bias_data::Dataset;
use implicit_bias_gram::{Accuracy, Certificate, GramError, Limit, Problem, certify_within};
use implicit_bias_model::Weights;
use ndarray::{Array2, ArrayView2, Axis, concatenate};
use serde::{Deserialize, Serialize};

use crate::claims::updates_lost_from;
use crate::config::RunConfig;
use crate::{Series, format_step};

mod lasting;

/// Most multiplications that pre-activations and inner products may cost: seconds on one core.
const MAX_PRODUCTS: f64 = 2e10;

/// Most samples of a program that a run solves unasked: past this it takes longer than the run.
const MAX_SAMPLES: usize = 256;

/// The largest [`PredictedLimit::kkt_residual`] with which the program decides anything: far above
/// rounding, far below every number that a verdict compares.
const DECISIVE_RESIDUAL: f64 = 1e-8;

/// How [`GramError::Program`] begins where no weights fit all samples.
const INFEASIBLE: &str = "infeasible";

/// A multiplier below this share of the largest one counts as zero: the same margin to rounding.
const POSITIVE: f64 = 1e-9;

/// Where the pattern of a run's last step leads: the solution of the limit program (theory.md §6,
/// derived), in the quantities of the series.
///
/// Names and meanings are those of `implicit-bias limit --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PredictedLimit {
    /// The step whose same-sign pattern the program was solved for.
    pub step: f64,
    /// Limiting stable rank of `W_{+1}`; `None` where the block's limit is zero.
    pub stable_rank_pos: Option<f64>,
    /// Limiting stable rank of `W_{−1}`.
    pub stable_rank_neg: Option<f64>,
    /// Limiting stable rank of both blocks stacked.
    pub stable_rank: Option<f64>,
    /// Smallest limiting normalized margin `q_i/‖W‖_F`.
    pub normalized_margin_min: f64,
    /// Largest limiting normalized margin.
    pub normalized_margin_max: f64,
    /// Mean of the limiting normalized margins.
    pub normalized_margin_mean: f64,
    /// Smallest multiplier `λ_i` of a margin's constraint.
    pub multiplier_min: f64,
    /// Largest multiplier.
    pub multiplier_max: f64,
    /// Samples `n`.
    pub samples: usize,
    /// Samples with a positive multiplier, so with the smallest margin.
    pub support: usize,
    /// Distinct same-sign patterns.
    pub groups: usize,
    /// Pairs of a group and an opposite-sign sample that hold each other at the kink.
    pub sliding_pairs: usize,
    /// Whether the solution keeps the same-sign pattern it assumes, strictly.
    pub consistent: bool,
    /// How far the solution is from satisfying its Karush–Kuhn–Tucker conditions.
    pub kkt_residual: f64,
    /// Whether the pattern is proven to last.
    pub proven: bool,
    /// `proven from step T`, or `not proven` and why.
    pub certificate: String,
    /// Whose limit this is.
    #[serde(default)]
    pub of: LimitOf,
}

/// Whose limit a [`PredictedLimit`] is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LimitOf {
    /// The run's that left the pattern.
    #[default]
    #[serde(rename = "this run")]
    ThisRun,
    /// Exact gradient descent's from the run's last pattern on: the run itself loses updates to rounding,
    /// and goes elsewhere or stands still.
    #[serde(rename = "exact descent from this run's last pattern")]
    ExactDescent,
}

impl PredictedLimit {
    /// Solves the program for the same-sign pattern of pre-activations `H = W Xᵀ` (`2m × n`) at `step`.
    ///
    /// `earlier` states, rising steps with their pre-activations, are where the certificate is tried
    /// once it holds at `step`: it is given for the first of them at which it holds. `error_at` is the
    /// `error_estimate` of the run at a step, 0 where every step was exact: a proof allows for it.
    ///
    /// # Errors
    ///
    /// Those of [`Limit::solve`] and [`certify_within`].
    pub fn of(
        problem: &Problem,
        pre_activations: ArrayView2<'_, f64>,
        step: f64,
        earlier: &[(f64, Array2<f64>)],
        error_at: &dyn Fn(f64) -> f64,
    ) -> Result<Self, GramError> {
        let limit = Limit::solve(problem, pre_activations)?;
        let exact = earlier
            .iter()
            .rev()
            .find(|(step, _)| error_at(*step) == 0.0);
        let certify = |state: ArrayView2<'_, f64>, step: f64| {
            let accuracy = Accuracy {
                error_estimate: error_at(step),
                exact: exact.map(|(_, state)| state.view()),
            };
            certify_within(problem, &limit, state, step, accuracy)
        };
        let mut certificate = certify(pre_activations, step)?;
        if certificate.is_proven() {
            for (step, state) in earlier {
                let first = certify(state.view(), *step)?;
                if first.is_proven() {
                    certificate = first;
                    break;
                }
            }
        }
        let defined = |value: f64| value.is_finite().then_some(value);
        let margins = limit.normalized_margins();
        let [margin_min, margin_max] = range(&margins);
        let [multiplier_min, multiplier_max] = range(limit.multipliers());
        let positive = |multiplier: &&f64| **multiplier > POSITIVE * multiplier_max;
        Ok(Self {
            step,
            stable_rank_pos: defined(limit.stable_rank_pos()),
            stable_rank_neg: defined(limit.stable_rank_neg()),
            stable_rank: defined(limit.stable_rank()),
            normalized_margin_min: margin_min,
            normalized_margin_max: margin_max,
            normalized_margin_mean: margins.iter().sum::<f64>() / margins.len() as f64,
            multiplier_min,
            multiplier_max,
            samples: margins.len(),
            support: limit.multipliers().iter().filter(positive).count(),
            groups: limit.group_count(),
            sliding_pairs: limit.sliding().len(),
            consistent: limit.is_consistent(),
            kkt_residual: limit.kkt_residual(),
            proven: certificate.is_proven(),
            certificate: certificate_text(&certificate),
            of: LimitOf::ThisRun,
        })
    }

    /// The limit of a column of `series.csv`: `stable_rank_pos`, `stable_rank_neg`, `stable_rank`,
    /// `margin_min` or `margin_max`; `None` for any other column, or where it is undefined.
    pub fn of_column(&self, column: &str) -> Option<f64> {
        match column {
            "stable_rank_pos" => self.stable_rank_pos,
            "stable_rank_neg" => self.stable_rank_neg,
            "stable_rank" => self.stable_rank,
            "margin_min" => Some(self.normalized_margin_min),
            "margin_max" => Some(self.normalized_margin_max),
            _ => None,
        }
    }

    /// Limiting relative gap of the normalized margins, `(max − min)/mean`.
    pub fn margin_gap(&self) -> f64 {
        (self.normalized_margin_max - self.normalized_margin_min) / self.normalized_margin_mean
    }

    /// Whether every sample has a positive multiplier, so that all limiting margins are equal.
    pub fn all_multipliers_positive(&self) -> bool {
        self.support == self.samples
    }

    /// Whether this is the same limit as another one, up to rounding.
    pub(crate) fn agrees_with(&self, other: &Self) -> bool {
        let columns = [
            "stable_rank_pos",
            "stable_rank_neg",
            "margin_min",
            "margin_max",
        ];
        let near = |column: &&str| match [self, other].map(|limit| limit.of_column(column)) {
            [Some(one), Some(other)] => (one - other).abs() <= DECISIVE_RESIDUAL * one.abs(),
            pair => pair == [None, None],
        };
        self.step == other.step && self.groups == other.groups && columns.iter().all(near)
    }

    /// Why the program decides nothing about the run, if it does not.
    pub fn doubt(&self) -> Option<String> {
        match self.of {
            LimitOf::ThisRun => self.doubt_of_solution(),
            LimitOf::ExactDescent => Some(
                "it is exact gradient descent's from the last activation pattern on, and the run itself \
                 loses updates to rounding in single precision"
                    .to_owned(),
            ),
        }
    }

    /// Why the solution is not the limit of any descent from the pattern on, if it is not.
    pub(crate) fn doubt_of_solution(&self) -> Option<String> {
        if !self.consistent {
            Some("its solution leaves the same-sign pattern of the last step".to_owned())
        } else if self.kkt_residual > DECISIVE_RESIDUAL || self.kkt_residual.is_nan() {
            Some(format!(
                "it is solved only to a residual of {:.1e}",
                self.kkt_residual
            ))
        } else {
            None
        }
    }
}

/// The limit of a run, or why there is none: the content of `limit.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Prediction {
    /// The solution of the limit program.
    Solved(PredictedLimit),
    /// There is none.
    Unsolved {
        /// Why, in a phrase.
        reason: String,
        /// Where it is because no weights with the present same-sign pattern fit all samples: whether the
        /// pattern looks like the last one, no pair being on its way to its kink; `None` if that is not
        /// known, or not asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<bool>,
    },
}

impl Prediction {
    /// The limit of the run that left `weights` at `step` after exact steps.
    ///
    /// Pre-activations are `H = W Xᵀ`, whatever engine took the steps. Sizes for which that or the
    /// program would take longer than a run may cost are left unsolved.
    pub fn of_weights(config: &RunConfig, data: &Dataset, weights: &Weights, step: f64) -> Self {
        Self::of_states(config, data, weights, step, &[], &|_| 0.0)
    }

    /// As [`of_weights`](Self::of_weights), with `earlier` states and errors as for [`PredictedLimit::of`].
    pub(crate) fn of_states(
        config: &RunConfig,
        data: &Dataset,
        weights: &Weights,
        step: f64,
        earlier: &[(f64, Array2<f64>)],
        error_at: &dyn Fn(f64) -> f64,
    ) -> Self {
        let [(_, pos), _] = weights.blocks() else {
            return Self::unsolved("the weights are not those of two blocks");
        };
        if let Some(reason) = too_large(data.samples(), data.dim(), pos.nrows()) {
            return Self::unsolved(reason);
        }
        let Some(state) = pre_activations(data, weights) else {
            return Self::unsolved("weights and data do not fit each other");
        };
        let problem = match Problem::new(
            data,
            pos.nrows(),
            config.activation,
            config.loss,
            config.step_size,
        ) {
            Ok(problem) => problem,
            Err(error) => return Self::unsolved(error.to_string()),
        };
        match PredictedLimit::of(&problem, state.view(), step, earlier, error_at) {
            Ok(limit) => Self::Solved(limit),
            // The reader knows that this is about the program.
            Err(GramError::Program(reason)) => {
                let lasts = (reason.starts_with(INFEASIBLE))
                    .then(|| lasting::lasts(&problem, state.view(), step, earlier))
                    .flatten();
                Self::Unsolved { reason, lasts }
            }
            Err(error) => Self::unsolved(error.to_string()),
        }
    }

    /// No limit, and why.
    pub fn unsolved(reason: impl Into<String>) -> Self {
        Self::Unsolved {
            reason: reason.into(),
            lasts: None,
        }
    }

    /// Whether there is no limit because no weights with the present pattern fit all samples.
    pub fn is_infeasible(&self) -> bool {
        matches!(self, Self::Unsolved { reason, .. } if reason.starts_with(INFEASIBLE))
    }

    /// As it is of a run with this `series`: exact descent's where the run loses updates to rounding.
    pub(crate) fn of_run(mut self, series: &Series) -> Self {
        if let Self::Solved(limit) = &mut self {
            limit.of = match updates_lost_from(series) {
                Some(_) => LimitOf::ExactDescent,
                None => LimitOf::ThisRun,
            };
        }
        self
    }

    /// The solution, if there is one.
    pub fn limit(&self) -> Option<&PredictedLimit> {
        match self {
            Self::Solved(limit) => Some(limit),
            Self::Unsolved { .. } => None,
        }
    }

    /// The solution, if the program is consistent and solved precisely enough to decide a claim; else
    /// why it does not.
    ///
    /// # Errors
    ///
    /// The reason, as a phrase.
    pub fn decisive(&self) -> Result<&PredictedLimit, String> {
        match self {
            Self::Solved(limit) => limit.doubt().map_or(Ok(limit), Err),
            Self::Unsolved { reason, .. } => Err(reason.clone()),
        }
    }
}

/// Why the limit of a run of this size is not computed unasked, if it is not.
pub(crate) fn too_large(samples: usize, dim: usize, width: usize) -> Option<String> {
    let (n, d, m) = (samples as f64, dim as f64, width as f64);
    if samples > MAX_SAMPLES {
        Some(format!(
            "{samples} samples, more than the {MAX_SAMPLES} for which it is solved unasked"
        ))
    } else if n * d * (n + 2.0 * m) > MAX_PRODUCTS {
        Some(format!(
            "n = {samples}, d = {dim}, m = {width} is more than it is solved for unasked"
        ))
    } else {
        None
    }
}

/// The certificate in words: `proven from step T`, or `not proven` and why.
pub(crate) fn certificate_text(certificate: &Certificate) -> String {
    match certificate.proof() {
        // Its own text would write 10³⁰⁰ in 301 digits.
        Some(proof) => format!(
            "proven from step {}{}",
            format_step(proof.from_step),
            proof.trust().unwrap_or_default()
        ),
        None => certificate.to_string(),
    }
}

/// `H = W Xᵀ`, the positive block above the negative one; `None` if these are not two blocks that fit each
/// other and the data.
pub(crate) fn pre_activations(data: &Dataset, weights: &Weights) -> Option<Array2<f64>> {
    let [(_, pos), (_, neg)] = weights.blocks() else {
        return None;
    };
    if pos.dim() != neg.dim() || pos.ncols() != data.dim() {
        return None;
    }
    let products = [pos, neg].map(|block| block.dot(&data.x().t()));
    concatenate(Axis(0), &[products[0].view(), products[1].view()]).ok()
}

/// Smallest and largest of some numbers.
fn range(values: &[f64]) -> [f64; 2] {
    [
        values.iter().copied().fold(f64::INFINITY, f64::min),
        values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    ]
}

impl fmt::Display for PredictedLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rank = |rank: Option<f64>| rank.map_or("—".to_owned(), |rank| format!("{rank:.5}"));
        if !self.proven && self.doubt().is_none() {
            write!(f, "candidate, not proven: ")?;
        }
        write!(
            f,
            "stable rank {} (pos), {} (neg), {} (stacked); ",
            rank(self.stable_rank_pos),
            rank(self.stable_rank_neg),
            rank(self.stable_rank)
        )?;
        if self.all_multipliers_positive() {
            write!(f, "margins {:.5}, all equal", self.normalized_margin_min)?;
        } else {
            write!(
                f,
                "margins {:.5} to {:.5}",
                self.normalized_margin_min, self.normalized_margin_max
            )?;
        }
        match self.doubt() {
            Some(doubt) => write!(f, "; not the limit of this run: {doubt}"),
            None => write!(f, "; {}", self.certificate),
        }
    }
}

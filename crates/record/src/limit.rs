//! The limit of a run as plain data: the content of `limit.json`.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// The largest [`PredictedLimit::kkt_residual`] with which the program decides anything: far above
/// rounding, far below every number that a verdict compares.
const DECISIVE_RESIDUAL: f64 = 1e-8;

/// How the reason begins where no weights fit all samples.
const INFEASIBLE: &str = "infeasible";

/// Where the pattern of a run's last step leads: the solution of the limit program (derived), in
/// the quantities of the series.
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
    /// Exact gradient descent's from the run's last pattern on: the run itself loses updates to
    /// rounding, and goes elsewhere or stands still.
    #[serde(rename = "exact descent from this run's last pattern")]
    ExactDescent,
}

impl PredictedLimit {
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
    pub fn agrees_with(&self, other: &Self) -> bool {
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
                "it is exact gradient descent's from the last activation pattern on, and the run \
                 itself loses updates to rounding in single precision"
                    .to_owned(),
            ),
        }
    }

    /// Why the solution is not the limit of any descent from the pattern on, if it is not.
    pub fn doubt_of_solution(&self) -> Option<String> {
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

/// The limit of a run's direction as named numbers: of a run that has no activation pattern.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedLimit {
    /// What it is: `maximum L2 margin`.
    pub limit: String,
    /// Who says that the run tends there, and under which conditions.
    pub source: String,
    /// Its numbers by name, beside the others in the file.
    #[serde(flatten)]
    pub numbers: BTreeMap<String, f64>,
    /// The limits of columns of `series.csv`.
    pub series: BTreeMap<String, f64>,
    /// Whether the solution is the only one; `None` where that is not known.
    pub unique: Option<bool>,
    /// How far the solution is from satisfying its Karush–Kuhn–Tucker conditions; `NaN`, which is
    /// `null` in files, where that is not known.
    #[serde(deserialize_with = "number_or_nan")]
    pub kkt_residual: f64,
    /// `candidate`: where theorems say that the run tends, not proven for the run.
    pub status: String,
}

fn number_or_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

impl fmt::Display for NamedLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: ", self.limit, self.status)?;
        for (name, value) in &self.series {
            write!(f, "{name} {value:.6}, ")?;
        }
        if self.series.is_empty() {
            for (name, value) in &self.numbers {
                match value.abs() {
                    0.0 | 1e-3..1e9 => write!(f, "{name} {value:.6}, ")?,
                    _ => write!(f, "{name} {value:.2e}, ")?,
                }
            }
        }
        let unique = match self.unique {
            Some(true) => "the only one",
            Some(false) => "not the only one",
            None => "perhaps not the only one",
        };
        write!(f, "{unique}")?;
        if self.kkt_residual.is_nan() {
            return Ok(());
        }
        write!(f, "; residual {:.1e}", self.kkt_residual)
    }
}

/// The limit of a run, or why there is none: the content of `limit.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Prediction {
    /// The solution of the limit program.
    Solved(PredictedLimit),
    /// The limit of the direction of a run without activation pattern.
    Named(NamedLimit),
    /// There is none.
    Unsolved {
        /// Why, in a phrase.
        reason: String,
        /// Where it is because no weights with the present same-sign pattern fit all samples:
        /// whether the pattern looks like the last one, no pair being on its way to its kink;
        /// `None` if that is not known, or not asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<bool>,
    },
}

impl Prediction {
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

    /// With what is known of whether the pattern that no weights fit looks like the last one.
    #[must_use]
    pub fn with_lasting(mut self, known: Option<bool>) -> Self {
        if let Self::Unsolved { lasts, .. } = &mut self {
            *lasts = known;
        }
        self
    }

    /// With a limit that is `of` this or another descent.
    #[must_use]
    pub fn with_limit_of(mut self, of: LimitOf) -> Self {
        if let Self::Solved(limit) = &mut self {
            limit.of = of;
        }
        self
    }

    /// The solution, if there is one.
    pub fn limit(&self) -> Option<&PredictedLimit> {
        match self {
            Self::Solved(limit) => Some(limit),
            Self::Named(_) | Self::Unsolved { .. } => None,
        }
    }

    /// The solution, if the program is consistent and solved precisely enough to decide a claim;
    /// else why it does not.
    ///
    /// # Errors
    ///
    /// The reason, as a phrase.
    pub fn decisive(&self) -> Result<&PredictedLimit, String> {
        match self {
            Self::Solved(limit) => limit.doubt().map_or(Ok(limit), Err),
            Self::Named(_) => Err("it is no limit of a pattern".to_owned()),
            Self::Unsolved { reason, .. } => Err(reason.clone()),
        }
    }

    /// The limits of columns of `series.csv`, and whether they are proven; none where the solution
    /// is in doubt.
    pub fn of_columns(&self) -> (BTreeMap<String, f64>, bool) {
        const COLUMNS: [&str; 5] = [
            "stable_rank_pos",
            "stable_rank_neg",
            "stable_rank",
            "margin_min",
            "margin_max",
        ];
        match self {
            Self::Solved(limit) if limit.doubt_of_solution().is_none() => {
                let of = |column: &str| Some((column.to_owned(), limit.of_column(column)?));
                (COLUMNS.into_iter().filter_map(of).collect(), limit.proven)
            }
            Self::Named(limit) => (limit.series.clone(), false),
            Self::Solved(_) | Self::Unsolved { .. } => (BTreeMap::new(), false),
        }
    }
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

//! What a claim is, before any of them is judged.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Deserializer, Serialize};

use crate::hypotheses::Hypotheses;

/// Which claim, by an identifier that no other theory uses.
///
/// A theory states its own as constants, `const MINE: ClaimId = ClaimId::new("mine")`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ClaimId(&'static str);

impl ClaimId {
    /// The claim of this identifier, lower-case words joined by hyphens.
    pub const fn new(id: &'static str) -> Self {
        Self(id)
    }

    /// The identifier.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for ClaimId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl<'de> Deserialize<'de> for ClaimId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// The identifiers that were read: they live as long as the process, each once.
        static READ: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        let id = String::deserialize(deserializer)?;
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        let known = read.get(id.as_str()).copied();
        Ok(Self(known.unwrap_or_else(|| {
            let id: &'static str = id.leak();
            read.insert(id);
            id
        })))
    }
}

/// How the numbers of a claim are written for a reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// With a few significant digits.
    #[default]
    Number,
    /// As a number whose distance to 1 matters.
    NearOne,
    /// As a gap of which what is below the residual of the limit program is 0.
    Gap,
}

/// How a claim ended on one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The run agrees with the claim within the stated tolerance.
    Supported,
    /// The run contradicts the claim, and a longer one would not change that.
    Refuted,
    /// The horizon is too short, or the data too few, to tell.
    Inconclusive,
}

/// A least-squares fit that a verdict rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The law that was fitted, in words: `loss = c·t^a`.
    pub law: String,
    /// The name of the fitted number: `a`.
    pub parameter: String,
    /// The estimate.
    pub estimate: f64,
    /// Lower end of the confidence interval.
    pub low: f64,
    /// Upper end of the confidence interval.
    pub high: f64,
    /// Level of the interval, 0.95.
    pub level: f64,
    /// First and last step of the window.
    pub window: [f64; 2],
    /// Number of recorded steps in the window.
    pub points: usize,
    /// What the claim says the number is, if it says one.
    pub expected: Option<f64>,
}

/// What a verdict was decided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecidedBy {
    /// Fits and criteria on what was recorded.
    #[default]
    Trajectory,
    /// The limit program (docs/theory.md §6, derived), the trajectory being seen to approach its
    /// answer.
    LimitProgram,
    /// The proof that the same-sign pattern never changes again (derived).
    Certificate,
    /// The limit of the direction by theorems about the descent, which the trajectory is seen to
    /// approach.
    DirectionLimit,
}

impl DecidedBy {
    /// In words, with who derived it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Trajectory => "trajectory",
            Self::LimitProgram => "limit program (derived)",
            Self::Certificate => "certificate (derived)",
            Self::DirectionLimit => "limit of the direction (literature)",
        }
    }
}

/// The predicted limit of what a claim measures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimLimit {
    /// The limit: by the limit program (docs/theory.md §6, derived), or by theorems about a descent.
    pub predicted: f64,
    /// The distance left at the last step, `|measured − predicted|`.
    pub distance: f64,
    /// Whether what it rests on is proven, a pattern that lasts for one: `proven from step T`, or
    /// `not proven: …`.
    pub certificate: String,
}

/// One claim, judged on one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Which claim.
    pub id: ClaimId,
    /// The weight block it is about, for the claims that speak of each block (`pos`, `neg`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<String>,
    /// The claim in one sentence.
    pub statement: String,
    /// How its numbers are written for a reader.
    #[serde(skip)]
    pub shown: Shown,
    /// What `measured` is, in words.
    pub quantity: String,
    /// The number measured on this run; `None` where it is undefined.
    pub measured: Option<f64>,
    /// What the claim predicts for it, in words: `1`, `≤ 4`, `−1`.
    pub predicted: String,
    /// The predicted limit of `measured` on this run and the distance left, where the limit program
    /// decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<ClaimLimit>,
    /// The fits the verdict rests on, the deciding one first.
    pub fits: Vec<Fit>,
    /// The outcome.
    pub verdict: Verdict,
    /// What decided.
    #[serde(default)]
    pub decided_by: DecidedBy,
    /// Why, in one sentence with numbers.
    pub reason: String,
    /// Whether the theorem's hypotheses hold on this run; `None` where nobody measured them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hypotheses: Option<Hypotheses>,
}

impl Claim {
    /// A claim before it is judged: inconclusive, with no number and no reason.
    pub fn draft(id: ClaimId, statement: &str, quantity: &str, predicted: &str) -> Self {
        Self {
            id,
            block: None,
            statement: statement.into(),
            shown: Shown::Number,
            quantity: quantity.into(),
            measured: None,
            predicted: predicted.into(),
            limit: None,
            fits: Vec::new(),
            verdict: Verdict::Inconclusive,
            decided_by: DecidedBy::Trajectory,
            reason: String::new(),
            hypotheses: None,
        }
    }
}

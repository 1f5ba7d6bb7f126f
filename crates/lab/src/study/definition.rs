//! What a study is: runs, what they are asked for, and how it is shown.

use implicit_bias_claims::ClaimId;
use implicit_bias_plot::Figure;

use crate::conclusion::RunRecord;
use crate::config::Settings;
use crate::figures::CurveEntry;
use crate::limit::LimitReport;
use crate::report::{Statement, Table};

/// How much time a study may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Narrow networks and few exact steps: all studies in seconds.
    Quick,
    /// The horizons that the verdicts are meant for: all studies in minutes.
    Full,
}

impl Effort {
    /// One of two values.
    pub fn pick<T>(self, quick: T, full: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

/// One run of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyRun {
    /// The kind of run, which gets a panel of its own: `ReLU`.
    pub panel: String,
    /// The value of the study's parameter as a reader should see it: `σ₀ = 0.01`.
    pub label: String,
    /// The value of the parameter.
    pub parameter: f64,
    /// What to run.
    pub settings: Settings,
    /// Whether its verdicts are in the table of claims: not those of a run that only serves another.
    pub judged: bool,
}

/// A run of a study that ended.
#[derive(Clone, Copy, Debug)]
pub struct StudyResult<'a> {
    /// What was asked for.
    pub run: &'a StudyRun,
    /// What came out.
    pub record: &'a RunRecord,
}

impl<'a> StudyResult<'a> {
    /// The run as a curve of a sweep.
    pub fn curve(&self) -> CurveEntry<'a> {
        CurveEntry {
            panel: self.run.panel.clone(),
            label: self.run.label.clone(),
            series: &self.record.series,
        }
    }
}

/// The limit of one configuration.
#[derive(Clone, Debug)]
pub struct LimitResult<'a> {
    /// What was asked for.
    pub run: &'a StudyRun,
    /// The near-orthogonality ratio `R_min²/(n p)` of its data; infinite where `p = 0`.
    pub ratio: f64,
    /// The limit, consistent and settled or not; where there is none, why.
    pub report: Result<LimitReport, String>,
}

/// What a study shows besides its own figures, from its runs and the limits that it asked for.
pub type Show = fn(&[StudyResult<'_>], &[LimitResult<'_>]) -> Shown;

/// What a [`Show`] adds to its section of the report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// What was found, a paragraph an entry, without markup.
    pub paragraphs: Vec<String>,
    /// Figures, after those of the study.
    pub figures: Vec<Figure>,
    /// Tables, after that of the final values.
    pub tables: Vec<Table>,
    /// Files for the folder of figures, by name.
    pub files: Vec<(String, String)>,
}

/// A claim or a question, the runs that answer it and the figures that show it.
#[derive(Clone, Debug)]
pub struct Study {
    /// The name of the experiment binary and of the figures' files.
    pub name: &'static str,
    /// The heading in the report.
    pub title: &'static str,
    /// The claim, and who makes it.
    pub statement: Statement,
    /// What the settings are, in a sentence.
    pub setting: String,
    /// What to expect and how to read the figures.
    pub paragraphs: Vec<String>,
    /// The runs.
    pub runs: Vec<StudyRun>,
    /// The claims that the study reports verdicts on; none for a sweep.
    pub claims: &'static [ClaimId],
    /// The configurations of which it asks for the limit alone, each run in Gram coordinates until
    /// its same-sign pattern settles; none for most.
    pub limits: Vec<StudyRun>,
    /// What it shows besides, from its runs and these limits, in their orders.
    pub show: Option<Show>,
    /// The columns of its table of final values, each with a short heading; without any, no table.
    pub columns: &'static [(&'static str, &'static str)],
    /// The figures of the finished runs, in the order of `runs`.
    pub figures: fn(&[StudyResult<'_>]) -> Vec<Figure>,
}

/// The studies of one system of the literature, which `reproduce` runs and writes up together.
#[derive(Clone, Copy, Debug)]
pub struct System {
    /// Its name on the command line: `kou`.
    pub name: &'static str,
    /// The title of the report.
    pub title: &'static str,
    /// What this is, with whose work it is about: `An independent reproduction of …`; empty for the
    /// paper.
    pub origin: &'static str,
    /// What the report is about, in whole sentences.
    pub introduction: &'static str,
    /// The studies, in the order of the report.
    pub studies: fn(Effort) -> Vec<Study>,
}

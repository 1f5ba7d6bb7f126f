//! What a report says, before any of it is HTML.

use super::claim_row::ClaimRow;
use crate::LabError;
use implicit_bias_claims::{Claim, Verdict};
use implicit_bias_plot::{Figure, PageFigure};

/// One line of a table of settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    /// What is set: `step size η`.
    pub name: String,
    /// Its value.
    pub value: String,
    /// What a reader should know about it; may be empty.
    pub note: String,
}

impl Setting {
    /// A setting without a note.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            note: String::new(),
        }
    }

    /// The same setting with a note.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// A figure in a report: its SVG, its numbers, its title and its caption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFigure {
    // Private: raw HTML may only come from our own renderer, which escapes every text.
    svg: String,
    page: PageFigure,
    panels: usize,
    title: String,
    caption: String,
}

impl ReportFigure {
    /// Renders a figure for a report.
    ///
    /// # Errors
    ///
    /// [`LabError::Plot`] where [`Figure::render`] has it.
    pub fn new(figure: &Figure) -> Result<Self, LabError> {
        Ok(Self {
            svg: figure.render()?,
            page: figure.render_for_page()?,
            panels: figure.panels.len(),
            title: figure.title.clone(),
            caption: figure.caption.clone(),
        })
    }

    /// The figure as an SVG file of its own.
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// The figure as it stands in a page: the same drawing in groups, and its numbers.
    pub fn page(&self) -> &PageFigure {
        &self.page
    }

    /// How many panels there are side by side.
    pub fn panels(&self) -> usize {
        self.panels
    }

    /// What is shown, in a few words.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What the reader needs to know besides.
    pub fn caption(&self) -> &str {
        &self.caption
    }
}

/// A table of numbers or words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What the table shows, in a sentence.
    pub caption: String,
    /// Names of the columns.
    pub header: Vec<String>,
    /// The rows, one text a column; columns of numbers are set flush right.
    pub rows: Vec<Vec<String>>,
}

/// A claim in words, and who makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The claim.
    pub text: String,
    /// Its source: the paper, or derived for this project.
    pub source: String,
}

/// How a claim ended in one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where: `leaky ReLU, W₊₁`.
    pub setting: String,
    /// The outcome.
    pub verdict: Verdict,
    /// Why, in one sentence with numbers.
    pub reason: String,
}

/// One section of a reproduction report; whatever is empty is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// Heading, from which the anchor is made.
    pub heading: String,
    /// The claim that the section is about.
    pub statement: Option<Statement>,
    /// What was run, in a sentence.
    pub setting: String,
    /// Text, one paragraph an entry, without markup.
    pub paragraphs: Vec<String>,
    /// Figures, numbered through the whole report.
    pub figures: Vec<ReportFigure>,
    /// Measured numbers.
    pub tables: Vec<Table>,
    /// Verdicts.
    pub findings: Vec<Finding>,
}

/// The limit predicted for a run, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitSummary {
    /// Whether the numbers are the limit of this run, in a sentence.
    pub status: String,
    /// The numbers, each with the run's own beside it; none where there is no limit.
    pub rows: Vec<Setting>,
}

/// Everything the report of one run says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunReport {
    /// The run, in a few words.
    pub title: String,
    /// Whether the claims of Kou, Chen & Gu are about the run.
    pub of_paper: bool,
    /// Text below the title, one paragraph an entry, without markup.
    pub paragraphs: Vec<String>,
    /// Data geometry, model, step size, engine, precision, seed, ….
    pub settings: Vec<Setting>,
    /// Why the run ended.
    pub stop_reason: String,
    /// What a reader must know before the verdicts, a sentence each.
    pub notices: Vec<String>,
    /// The hypotheses of the theorems: name, status with the measured number, sentence.
    pub hypotheses: Vec<Setting>,
    /// The predicted limit; `None` for a model without one.
    pub limit: Option<LimitSummary>,
    /// The claims, judged on this run.
    pub claims: Vec<Claim>,
    /// The figures.
    pub figures: Vec<ReportFigure>,
    /// The last row of the series, by column.
    pub last_row: Vec<Quantity>,
    /// Versions, commit, data hash, ….
    pub provenance: Vec<(String, String)>,
    /// The command line that makes this run again.
    pub command: String,
}

/// Everything the report of a reproduction says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReproductionReport {
    /// The title.
    pub title: String,
    /// What this is, with whose work it is about; empty for a reproduction of the paper.
    pub origin: String,
    /// What was run and what came out, one paragraph an entry, without markup.
    pub summary: Vec<String>,
    /// The table of claims at the top.
    pub claims: Vec<ClaimRow>,
    /// The claims, then the sweeps.
    pub sections: Vec<Section>,
    /// Settings of the first run; sections say what differs.
    pub settings: Vec<Setting>,
    /// Versions, commit, data hashes, ….
    pub provenance: Vec<(String, String)>,
    /// The command line that makes all of it again.
    pub command: String,
}

/// A column of a table at one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// Its name in the file.
    pub column: String,
    /// What it is.
    pub label: String,
    /// The same with its formula; empty where that is not known.
    pub meaning: String,
    /// Its value.
    pub value: f64,
}

/// Everything the report of a sweep says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SweepReport {
    /// The title.
    pub title: String,
    /// How many runs there are and what became of them, one paragraph an entry, without markup.
    pub summary: Vec<String>,
    /// Figures, failures, runs.
    pub sections: Vec<Section>,
}

/// A row of a page of contents of the reports of several systems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemEntry {
    /// Where its report is, beside the page.
    pub link: String,
    /// Its title.
    pub title: String,
    /// Whose system it is.
    pub origin: String,
    /// The number of runs.
    pub runs: usize,
    /// The numbers of verdicts: supported, refuted, inconclusive.
    pub verdicts: [usize; 3],
}

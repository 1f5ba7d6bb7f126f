//! Reports: one self-contained HTML page for a run, one for the whole reproduction, and the table
//! of claims as plain text, Markdown and LaTeX.
//!
//! The pages need no network and no scripts: figures are inline SVG, the style sheet is inline, and
//! a content security policy forbids everything else but one script of our own, by its hash, which
//! makes figures answer. Every text is escaped; the only raw HTML is the SVG and the numbers of a
//! [`ReportFigure`], which only
//! [`Figure::render_for_page`](implicit_bias_plot::Figure::render_for_page) can make.

mod claim_row;
mod contents;
mod html;
mod latex;
mod run;
mod sources;
mod table;
mod view;

pub use claim_row::ClaimRow;
pub(crate) use claim_row::block_name;
pub use contents::{
    Finding, LimitSummary, Quantity, ReportFigure, ReproductionReport, RunReport, Section, Setting,
    Statement, SweepReport, SystemEntry, Table,
};
pub use html::{reproduction_report, run_report, sweep_report, systems_page};
pub use latex::claims_table_latex;
pub(crate) use latex::comments;
pub(crate) use run::{provenance_of, settings_of};
pub(crate) use sources::{source_lines, source_of};
pub(crate) use table::paragraphs;
pub use table::{
    claims_legend, claims_sources, claims_table_markdown, claims_table_text, hypotheses_table_text,
};

//! A run in a terminal.

use implicit_bias_claims::{Claim, Verdict};
use implicit_bias_output::{for_readers, format_number};
use implicit_bias_record::Prediction;

use crate::conclusion::RunRecord;
use crate::report::claim_row::ClaimRow;
use crate::report::table::{
    claims_legend, claims_sources, claims_table_text, hypotheses_table_text,
};
use crate::run::Owner;

impl RunRecord {
    /// The table of claims and where the run is, for a terminal.
    pub fn summary_text(&self) -> String {
        let rows: Vec<ClaimRow> = self
            .claims
            .iter()
            .map(|claim| ClaimRow::new(claim, self.network_words()))
            .collect();
        let stop = match (self.stop(), self.owner) {
            (None, Owner::Process(_)) => self.stop_words(),
            _ => format!("stopped: {}", self.stop_words()),
        };
        let value = |column| {
            self.series
                .last(column)
                .map_or("—".to_owned(), format_number)
        };
        let limit = match &self.prediction {
            Prediction::Solved(limit) => format!("limit (derived): {limit}"),
            Prediction::Named(limit) => format!("limit: {limit}"),
            Prediction::Unsolved { reason, .. } => format!("limit (derived): not known: {reason}"),
        };
        let limit = for_readers(&limit);
        let verdicts = if rows.is_empty() {
            format!("{}: no claim is about this run\n", self.network_words())
        } else {
            let claims: Vec<_> = self.claims.iter().collect();
            format!(
                "{}\nmeasured\n{}\n{}\n",
                claims_table_text(&rows),
                claims_legend(&claims),
                claims_sources(&rows),
            )
        };
        format!(
            "{verdicts}{}{limit}\n{stop}; loss {}, weight norm \
             {}, stable rank {} (stacked)\nrun: {}\n",
            self.hypotheses_text(),
            value("loss"),
            value("weight_norm"),
            value("stable_rank"),
            self.path.display(),
        )
    }

    /// The hypotheses for a terminal, and what they say of refuted claims; empty without claims.
    fn hypotheses_text(&self) -> String {
        let mut text = String::new();
        for hypotheses in self.hypotheses() {
            text += &hypotheses_table_text(hypotheses);
            let of_these = |claim: &&Claim| claim.hypotheses.as_ref() == Some(hypotheses);
            let mut refuted = self.claims.iter().filter(of_these);
            if refuted.any(|claim| claim.verdict == Verdict::Refuted) {
                let meaning = hypotheses.of_a_refuted_claim();
                text += &format!("✗ refuted on these data; {meaning}\n");
            }
            text += "\n";
        }
        text
    }
}

//! The claims of a sweep: one line a claim and setting, over the seeds.

use implicit_bias_claims::{Claim, Hypotheses, Verdict};
use implicit_bias_output::format_number;
use toml::Value;

use super::plan::{Sweep, SweepRun};
use super::table::plain;
use crate::report::{Table, block_name, source_lines, source_of};

/// The names of the columns.
const HEADER: [&str; 9] = [
    "claim",
    "setting",
    "runs",
    "measured",
    "limit",
    "predicted",
    "supported",
    "refuted",
    "hypotheses",
];

/// What the runs of one setting say of one claim.
#[derive(Clone, Debug)]
struct Line {
    claim: String,
    source: &'static str,
    setting: String,
    predicted: String,
    runs: usize,
    measured: Range,
    limit: Range,
    supported: usize,
    refuted: usize,
    /// What a table says of the hypotheses in the first of the runs.
    hypotheses: String,
    /// In how many they are met.
    met: usize,
}

/// The smallest and the largest of some numbers; nothing before the first.
#[derive(Clone, Copy, Debug, Default)]
struct Range(Option<[f64; 2]>);

impl Range {
    fn add(&mut self, number: Option<f64>) {
        let Some(number) = number.filter(|number| number.is_finite()) else {
            return;
        };
        let [least, most] = self.0.unwrap_or([number; 2]);
        self.0 = Some([least.min(number), most.max(number)]);
    }

    /// `1.002`, or `1.002 … 1.1`.
    fn words(self) -> String {
        let Some(ends) = self.0 else {
            return "—".to_owned();
        };
        let [least, most] = ends.map(format_number);
        match least == most {
            true => least,
            false => format!("{least} … {most}"),
        }
    }
}

/// The claims of all runs that ended, gathered run by run.
#[derive(Clone, Debug, Default)]
pub(super) struct SweepClaims(Vec<Line>);

impl SweepClaims {
    /// Takes in the claims of a run that ended.
    pub fn add(&mut self, sweep: &Sweep, run: &SweepRun, claims: &[Claim]) {
        let setting = setting(sweep.keys(), run.values());
        for claim in claims {
            let name = match &claim.block {
                Some(block) => format!("{}, {}", claim.id, block_name(block)),
                None => claim.id.to_string(),
            };
            // Seeds of one setting follow each other: its line is among the last.
            let known = |line: &&mut Line| line.claim == name && line.setting == setting;
            let line = match self.0.iter_mut().rev().find(known) {
                Some(line) => line,
                None => {
                    self.0.push(Line::new(name, setting.clone(), claim));
                    self.0.last_mut().expect("just pushed")
                }
            };
            line.add(claim);
        }
    }

    /// The table; `None` where no claim is about any run.
    pub fn table(&self) -> Option<Table> {
        let mut lines: Vec<&Line> = self.0.iter().collect();
        // All settings of a claim below each other, claims in the order of the first run.
        let first = |line: &&Line| self.0.iter().position(|other| other.claim == line.claim);
        lines.sort_by_cached_key(first);
        (!lines.is_empty()).then(|| Table {
            caption: String::new(),
            header: HEADER.map(str::to_owned).to_vec(),
            rows: lines.into_iter().map(Line::cells).collect(),
        })
    }

    /// Whose the claims are, a sentence for each source.
    pub fn sources(&self) -> Vec<String> {
        source_lines(self.0.iter().map(|line| (line.claim.as_str(), line.source)))
    }
}

impl Line {
    fn new(name: String, setting: String, claim: &Claim) -> Self {
        Self {
            claim: name,
            source: source_of(claim.id),
            setting,
            predicted: claim.predicted.clone(),
            runs: 0,
            measured: Range::default(),
            limit: Range::default(),
            supported: 0,
            refuted: 0,
            hypotheses: (claim.hypotheses.as_ref()).map_or("—".to_owned(), Hypotheses::brief),
            met: 0,
        }
    }

    fn add(&mut self, claim: &Claim) {
        self.runs += 1;
        self.measured.add(claim.measured);
        self.limit
            .add(claim.limit.as_ref().map(|limit| limit.predicted));
        self.supported += usize::from(claim.verdict == Verdict::Supported);
        self.refuted += usize::from(claim.verdict == Verdict::Refuted);
        let met = claim.hypotheses.as_ref().and_then(|all| all.met);
        self.met += usize::from(met == Some(true));
    }

    fn cells(&self) -> Vec<String> {
        let hypotheses = match self.runs {
            _ if self.hypotheses == "—" => "—".to_owned(),
            1 => self.hypotheses.clone(),
            runs => format!("met in {} of {runs}", self.met),
        };
        vec![
            self.claim.clone(),
            self.setting.clone(),
            self.runs.to_string(),
            self.measured.words(),
            self.limit.words(),
            self.predicted.clone(),
            self.supported.to_string(),
            self.refuted.to_string(),
            hypotheses,
        ]
    }
}

/// What tells the setting of a run from others: the keys that vary, but for the seed.
fn setting(keys: &[String], values: &[Option<Value>]) -> String {
    let given = keys.iter().zip(values).filter(|(key, _)| *key != "seed");
    let words =
        given.filter_map(|(key, value)| Some(format!("{key} = {}", plain(value.as_ref()?))));
    let words: Vec<String> = words.collect();
    match words.is_empty() {
        true => "all runs".to_owned(),
        false => words.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use implicit_bias_claims::{ClaimLimit, kou};
    use std::path::Path;

    fn claim(measured: f64, verdict: Verdict) -> Claim {
        let mut claim = Claim::draft(kou::ids::LOSS, "the loss falls", "exponent", "−1");
        claim.measured = Some(measured);
        claim.verdict = verdict;
        claim
    }

    #[test]
    fn a_line_is_a_claim_of_a_setting_over_its_seeds() {
        let plan = "seeds = 3\n[grid]\nslope = [0.1, 0.2]";
        let sweep = Sweep::from_toml(plan, Path::new("")).unwrap();
        let mut all = SweepClaims::default();
        assert!(all.table().is_none());
        let verdicts = [
            Verdict::Supported,
            Verdict::Supported,
            Verdict::Inconclusive,
        ];
        for (index, run) in sweep.runs().iter().enumerate() {
            let measured = -1.0 - 0.01 * index as f64;
            let mut of_block = claim(measured, Verdict::Refuted);
            of_block.block = Some("pos".to_owned());
            let claims = [claim(measured, verdicts[index % 3]), of_block];
            all.add(&sweep, run, &claims);
        }
        let table = all.table().unwrap();
        let line = |text: &str| text.split('|').map(str::to_owned).collect::<Vec<String>>();
        assert_eq!(
            table.rows,
            [
                "loss|slope = 0.1|3|−1.020 … −1|—|−1|2|0|—",
                "loss|slope = 0.2|3|−1.050 … −1.030|—|−1|2|0|—",
                "loss, W₊₁|slope = 0.1|3|−1.020 … −1|—|−1|0|3|—",
                "loss, W₊₁|slope = 0.2|3|−1.050 … −1.030|—|−1|0|3|—",
            ]
            .map(line)
        );
        let seeds_alone = Sweep::from_toml("seeds = 2", Path::new("")).unwrap();
        let mut all = SweepClaims::default();
        for run in seeds_alone.runs() {
            all.add(&seeds_alone, run, &[claim(-1.0, Verdict::Supported)]);
        }
        let rows = all.table().unwrap().rows;
        assert_eq!(rows, [line("loss|all runs|2|−1|—|−1|2|0|—")]);
    }

    #[test]
    fn limits_are_ranges_and_hypotheses_that_are_met_are_counted() {
        let sweep = Sweep::from_toml("seeds = 4", Path::new("")).unwrap();
        let limits = [Some(1.0), Some(f64::NAN), None, Some(1.5)];
        let met = [Some(true), Some(false), None, Some(true)];
        let mut all = SweepClaims::default();
        for ((run, limit), met) in sweep.runs().iter().zip(limits).zip(met) {
            let mut claim = claim(f64::INFINITY, Verdict::Inconclusive);
            claim.limit = limit.map(|predicted| ClaimLimit {
                predicted,
                distance: 0.0,
                certificate: String::new(),
            });
            let mut hypotheses = Hypotheses::new(Vec::new());
            hypotheses.met = met;
            claim.hypotheses = Some(hypotheses);
            all.add(&sweep, run, &[claim]);
        }
        let row = all.table().unwrap().rows.remove(0).join("|");
        assert_eq!(row, "loss|all runs|4|—|1 … 1.500|−1|0|0|met in 2 of 4");
    }
}

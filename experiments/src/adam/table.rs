//! What came out, in tables and sentences.

use implicit_bias_claims::adam::ids::{L2_MARGIN, LINF_MARGIN, LINF_RATE};
use implicit_bias_claims::{Claim, ClaimId, Verdict};
use implicit_bias_lab::report::Table;
use implicit_bias_lab::study::{Effort, StudyResult};
use implicit_bias_limits::linear::AdamFar;
use implicit_bias_output::format_number;

use super::far::{Maximum, measured_constant};
use super::runs::{FAR as FAR_PANEL, SIGN_LIKE, TENTH, rows};

/// Steps to which the laws are followed.
const FAR: [f64; 3] = [1e12, 1e30, 1e300];

/// The law of a run, from its state at a tenth of the steps and from its last one.
pub(super) struct Laws<'a> {
    pub result: StudyResult<'a>,
    pub maximum: f64,
    pub of_tenth: Result<AdamFar, String>,
    pub of_end: Result<AdamFar, String>,
}

impl Laws<'_> {
    /// `1 − γ∞/γ∞*` after `step` steps, by the law from the last state.
    pub fn gap_at(&self, step: f64) -> Option<f64> {
        let law = self.of_end.as_ref().ok()?;
        Some(law.gap_times_norm() / law.norm_linf_at(step)? / self.maximum)
    }
}

/// The laws of all runs of Adam without `ε` and of sign descent.
pub(super) fn laws<'a>(results: &[StudyResult<'a>]) -> Vec<Laws<'a>> {
    let mut laws = Vec::new();
    for result in results
        .iter()
        .filter(|result| result.run.panel == SIGN_LIKE)
    {
        let Some(maximum) = Maximum::of(result.record) else {
            continue;
        };
        let is_tenth = |other: &&StudyResult<'_>| {
            other.run.panel == TENTH && other.run.label == result.run.label
        };
        let tenth = results.iter().find(is_tenth);
        let none = || Err("there is no run of a tenth of the steps".to_owned());
        laws.push(Laws {
            result: *result,
            maximum: maximum.margin(),
            of_tenth: tenth.map_or_else(none, |tenth| maximum.law(tenth.record)),
            of_end: maximum.law(result.record),
        });
    }
    laws
}

fn claim<'a>(result: &StudyResult<'a>, id: ClaimId) -> Option<&'a Claim> {
    result.record.claims.iter().find(|claim| claim.id == id)
}

fn word(claim: Option<&Claim>) -> String {
    let word = match claim.map(|claim| claim.verdict) {
        None => "—",
        Some(Verdict::Supported) => "✓ supported",
        Some(Verdict::Refuted) => "✗ refuted",
        Some(Verdict::Inconclusive) => "? inconclusive",
    };
    word.to_owned()
}

/// A row a run: its margins over their maxima and its verdicts.
pub(super) fn verdicts(results: &[StudyResult<'_>]) -> Table {
    let shown = results.iter().filter(|result| result.run.panel != TENTH);
    let rows = shown.map(|result| {
        let all = [LINF_MARGIN, LINF_RATE, L2_MARGIN].map(|id| claim(result, id));
        let measured = |claim: Option<&Claim>| {
            let measured = claim.and_then(|claim| claim.measured);
            measured.map_or("—".to_owned(), |value| {
                format!("{value:.5}").replace('-', "−")
            })
        };
        let mut row = vec![result.run.label.clone()];
        row.extend(all.map(measured));
        row.extend(all.map(word));
        row
    });
    let header = [
        "run",
        "γ∞/γ∞*",
        "exponent of the gap",
        "γ₂/γ₂*",
        "linf-margin",
        "linf-rate",
        "l2-margin",
    ];
    Table {
        caption:
            "Margins at the last step over their maxima, the exponent of 1 − γ∞/γ∞* in t over \
                  the last two decades, and the verdicts; — where a claim is not about the run."
                .to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

/// A row a law: its constant against the measured one, and where it leads.
pub(super) fn far(laws: &[Laws<'_>]) -> Table {
    let rows = laws.iter().map(|law| {
        let mut row = vec![law.result.run.label.clone()];
        let record = law.result.record;
        let end = record.series.last("step").unwrap_or(f64::NAN);
        match &law.of_tenth {
            Ok(of_tenth) => {
                row.push(format!("{:.5}", of_tenth.gap_times_norm()));
                row.push(
                    measured_constant(record, law.maximum)
                        .map_or("—".to_owned(), |constant| format!("{constant:.5}")),
                );
                let off = of_tenth
                    .margin_linf_at(end)
                    .zip(record.series.last("margin_linf_min"));
                let off = off.map(|(law, measured)| law / measured - 1.0);
                row.push(off.map_or("—".to_owned(), format_number));
            }
            Err(_) => row.extend(["—"; 3].map(str::to_owned)),
        }
        let sensitivity = record.series.last("sensitivity");
        row.push(sensitivity.map_or("—".to_owned(), format_number));
        row.extend(FAR.map(|step| law.gap_at(step).map_or("—".to_owned(), format_number)));
        row
    });
    let header = [
        "run",
        "K at T/10",
        "K at T",
        "error",
        "sensitivity",
        "10¹²",
        "10³⁰",
        "10³⁰⁰",
    ];
    Table {
        caption: "The far horizon (derived here): (γ∞* − γ∞) ‖w‖_∞ tends to K, which the state at \
                  T/10 tells, — where the law is not about it yet; K measured at T; the relative error \
                  of γ∞(T) by the law; the gap 1 − γ∞/γ∞* at later steps by the law from the state at T, \
                  with ‖w‖_∞ grown by the exact pace of the moments. Sensitivity: the distance of a \
                  twin at T, over its first one."
            .to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

/// The verdicts that results must have at the full horizon.
pub(super) fn expected<'a, 'b>(
    results: &'a [StudyResult<'b>],
) -> Vec<(&'a StudyResult<'b>, ClaimId, Verdict)> {
    let mut all = Vec::new();
    for row in rows(Effort::Full) {
        let of_row = |result: &&StudyResult<'_>| {
            result.run.label == row.run.label && result.run.panel == row.run.panel
        };
        if let Some(result) = results.iter().find(of_row) {
            all.extend(
                row.expected
                    .iter()
                    .map(|(id, verdict)| (result, *id, *verdict)),
            );
        }
    }
    all
}

/// What came out, in sentences.
pub(super) fn found(results: &[StudyResult<'_>], laws: &[Laws<'_>]) -> Vec<String> {
    let mut as_expected = 0;
    let (mut open, mut otherwise) = (Vec::new(), Vec::new());
    for (result, id, expected) in expected(results) {
        let found = claim(result, id).map_or(Verdict::Inconclusive, |claim| claim.verdict);
        let name = format!("{}, {id}", result.run.label);
        if found == expected {
            as_expected += 1;
        } else if found == Verdict::Inconclusive {
            open.push(name);
        } else {
            otherwise.push(name);
        }
    }
    let mut text = format!(
        "{as_expected} verdicts are as the literature, and the laws derived here, have them at 10⁶ \
         steps"
    );
    for (list, words) in [(otherwise, "contrary to that"), (open, "inconclusive")] {
        if !list.is_empty() {
            text += &format!("; {words}: {}", list.join("; "));
        }
    }
    text += ".";
    let mut said = vec![text];
    let worst = laws.iter().filter_map(|law| {
        let constant = law.of_tenth.as_ref().ok()?.gap_times_norm();
        let measured = measured_constant(law.result.record, law.maximum)?;
        Some((constant / measured - 1.0).abs())
    });
    if let Some(worst) = worst.reduce(f64::max) {
        said.push(format!(
            "Far horizon: where the law applies to the state at a tenth of the steps, its constant \
             K is that of the last step to a relative {}.",
            format_number(worst)
        ));
    }
    let (late, of_gd) = (1e300, far_gradient_descent(results));
    let gaps = laws.iter().filter_map(|law| law.gap_at(late));
    if let (Some(least), Some(of_gd)) = (gaps.clone().reduce(f64::min), of_gd) {
        said.push(format!(
            "After 10³⁰⁰ steps the gap 1 − γ∞/γ∞* of those {} of {} runs of Adam and sign descent \
             that the law is about is between {} and {} by it, and the gap 1 − γ₂/γ₂* of gradient \
             descent {} by steps in Gram coordinates and log time.",
            gaps.clone().count(),
            laws.len(),
            format_number(least),
            format_number(gaps.reduce(f64::max).unwrap_or(f64::NAN)),
            format_number(of_gd)
        ));
    }
    said
}

/// `1 − γ₂/γ₂*` at the last step of the run to the far horizon.
fn far_gradient_descent(results: &[StudyResult<'_>]) -> Option<f64> {
    let far = results
        .iter()
        .find(|result| result.run.panel == FAR_PANEL)?;
    Some(1.0 - claim(far, L2_MARGIN)?.measured?)
}

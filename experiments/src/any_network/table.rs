//! What came out, in a table and in sentences.

use implicit_bias_lab::report::Table;
use implicit_bias_lab::study::StudyResult;
use implicit_bias_output::format_number;

/// A gap of the margins that falls at least like this power of `1/log t` tends to 0 (ours).
const FALLS: f64 = 0.8;

/// A stable rank below this at the end is low (ours).
const LOW: f64 = 1.5;

/// The last number of a column that has one.
pub(super) fn last(result: &StudyResult<'_>, column: &str) -> f64 {
    let values = result.record.series.column(column).unwrap_or_default();
    let known = values.into_iter().rev().find(|value| value.is_finite());
    known.unwrap_or(f64::NAN)
}

/// `(max − min)/mean` of the normalized margins at each recorded step past 10.
pub(super) fn gaps(result: &StudyResult<'_>) -> Vec<[f64; 2]> {
    let series = &result.record.series;
    let column = |name| series.column(name).unwrap_or_default();
    let (least, most) = (column("margin_min"), column("margin_max"));
    let rows = series.steps().into_iter().zip(least.into_iter().zip(most));
    rows.zip(column("margin_mean"))
        .map(|((step, (least, most)), mean)| [step, (most - least) / mean])
        .filter(|[step, gap]| *step >= 10.0 && *gap > 0.0)
        .collect()
}

/// The power of `1/log t` with which values fall over the later half of `log log t`.
fn power(points: &[[f64; 2]]) -> f64 {
    let Some([end, of_end]) = points.last() else {
        return f64::NAN;
    };
    let middle = end.ln().sqrt();
    let begin = points
        .iter()
        .find(|[step, _]| step.ln() >= middle.max(10.0));
    let Some([begin, of_begin]) = begin else {
        return f64::NAN;
    };
    (of_begin / of_end).ln() / (end.ln() / begin.ln()).ln()
}

/// The stable ranks of the layers at the end, in order, but for those of one row.
fn stable_ranks(result: &StudyResult<'_>) -> Vec<(String, f64)> {
    let columns = result.record.series.columns().iter();
    let blocks = columns.filter_map(|column| column.strip_prefix("stable_rank_"));
    let all = blocks.filter(|block| *block != "outer").map(|block| {
        let rank = last(result, &format!("stable_rank_{block}"));
        (block.to_owned(), rank)
    });
    all.collect()
}

/// A row an architecture.
pub(super) fn table(results: &[StudyResult<'_>]) -> Table {
    let rows = results.iter().map(|result| {
        let number = |column| format_number(last(result, column));
        let gaps = gaps(result);
        let ranks = stable_ranks(result).into_iter();
        let ranks: Vec<String> = ranks.map(|(_, rank)| format!("{rank:.2}")).collect();
        let gap = gaps.last().map_or(f64::NAN, |[_, gap]| *gap);
        vec![
            result.run.label.clone(),
            number("step"),
            number("log_loss"),
            number("weight_norm"),
            number("margin_min"),
            number("margin_max"),
            format_number(gap),
            format!("{:.2}", power(&gaps)).replace('-', "−"),
            number("kkt_residual"),
            number("complementarity"),
            ranks.join(", "),
            number("error_estimate"),
        ]
    });
    let header = [
        "network",
        "T",
        "log L",
        "‖W‖",
        "smallest margin",
        "largest margin",
        "gap",
        "power of 1/log t",
        "KKT residual",
        "complementarity",
        "stable ranks",
        "error estimate",
    ];
    Table {
        caption: "At the last step: normalized margins q_i/‖W‖^L, their gap (max − min)/mean and the \
                  power of 1/log t with which it falls over the later half of log log t; the last \
                  residual that was measured; stable ranks of the trained matrices in order, without \
                  the outer layer; the estimated error of a margin."
            .to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

/// What came out, in sentences: findings on these runs.
pub(super) fn found(results: &[StudyResult<'_>]) -> Vec<String> {
    let names = |chosen: &dyn Fn(&StudyResult<'_>) -> bool| {
        let found = results.iter().filter(|result| chosen(result));
        let names: Vec<&str> = found.map(|result| result.run.label.as_str()).collect();
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join("; ")
        }
    };
    let equal = |result: &StudyResult<'_>| power(&gaps(result)) >= FALLS;
    let low = |result: &StudyResult<'_>| {
        let ranks = stable_ranks(result);
        !ranks.is_empty() && ranks.iter().all(|(_, rank)| *rank < LOW)
    };
    let mut said = vec![
        format!(
            "Margins become equal, as far as the runs go, where their gap falls at least like the \
             power {FALLS} of 1/log t: {}. Not so: {}.",
            names(&equal),
            names(&|result| !equal(result))
        ),
        format!(
            "Stable rank below {LOW} of every matrix but the outer layer at the end: {}. Above it: \
             {}.",
            names(&low),
            names(&|result| !low(result))
        ),
    ];
    let residuals: Vec<String> = results
        .iter()
        .filter_map(|result| {
            let values = result.record.series.column("kkt_residual")?;
            let rows = result.record.series.steps().into_iter().zip(values);
            let known: Vec<[f64; 2]> = rows
                .filter(|(step, value)| *step >= 10.0 && value.is_finite())
                .map(|(step, value)| [step, value])
                .collect();
            let [[_, first], .., [_, end]] = known.as_slice() else {
                return None;
            };
            Some(format!(
                "{} {} to {} (power {:.2} of 1/log t)",
                result.run.label,
                format_number(*first),
                format_number(*end),
                power(&known)
            ))
        })
        .collect();
    if !residuals.is_empty() {
        said.push(format!(
            "KKT residuals from step 10 to the end: {}. The share of the initial weights in a \
             direction falls like the power 1/L, for a network of degree L, and the direction turns \
             with log‖W‖, which is log log t over L: none of these powers is a limit. Below some \
             10⁻³ the window itself is what is measured.",
            residuals.join("; ")
        ));
    }
    said
}

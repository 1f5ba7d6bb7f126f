//! The study: what it says, and what it shows.

use implicit_bias_claims::cnn::ids::{FOLLOWS, REACHES, SIGNAL};
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult};

use super::{figures, runs, table};

/// A convolution on one signal patch among noise, at several levels of it.
pub fn filters_of_intrinsic_dimension(effort: Effort) -> Study {
    Study {
        name: "filters_of_intrinsic_dimension",
        title: "Filters come to the stable rank of the signals",
        statement: Statement {
            text: "The stable rank of the filters follows that of the clean data, which is the number \
                   2K of orthogonal signals, and not that of the noisy data."
                .to_owned(),
            source: "Zhang, Gao, Zou & Cao, arXiv:2504.08628; that the rank 2K does not last, and the \
                     closed form, derived here"
                .to_owned(),
        },
        setting: format!(
            "n = 20 samples of P = 4 patches in d = 120 dimensions, one of 2K = 4 orthogonal signals of \
             length 3 in each, Gaussian noise off the signals in the other patches; m = 10 filters a \
             class, q = 3, κ = 1, σ₀ = 10⁻⁴, η = 20, logistic loss, {} steps, and \
             to step 10³⁰⁰ in log time where the table says so (this project's settings)",
            effort.pick("10⁴", "10⁵")
        ),
        paragraphs: vec![
            "The filters do not come to the rank 2K where noise is memorized, where initial weights are \
             large, for other activations and where noise has a part along the signals: the table says \
             \"elsewhere\". The share of the filters along the signals tells the first from the others, \
             and a rank near 2K alone would not. Verdicts refute there alone: where signals are learned, \
             filters that leave 0 later change the rank yet."
                .to_owned(),
            "On clean orthogonal patches each pair of a filter and a signal obeys dz/dτ = ±σ'(z), \
             solved in closed form; one quadrature gives the step (derived). The rank 2K is a plateau: \
             filters that win a signal later grow as fast from then on, and in the end each signal has \
             all filters of its class that began on its side."
                .to_owned(),
            "Far from 0 the activation has slopes 0 and 1 (γ and 1 where it is smoothed leaky ReLU), so that \
             runs go on in log time, and for an activation pattern that lasts a convex program says where \
             they end (derived). Filters see patches of noise by little and get away from 0 late: where \
             some are still there, or the solution of the program leaves the pattern of the last step, the \
             limit is not known."
                .to_owned(),
        ],
        runs: runs::runs(effort),
        claims: &[SIGNAL, FOLLOWS, REACHES],
        limits: Vec::new(),
        show: Some(show),
        columns: &[],
        figures: |_| Vec::new(),
    }
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    let of = |panel: &str| -> Vec<StudyResult<'_>> {
        let own = results.iter().filter(|result| result.run.panel == panel);
        own.copied().collect()
    };
    let others: Vec<StudyResult<'_>> = results
        .iter()
        .filter(|result| ![runs::AT_ONE_LOSS, runs::FAR].contains(&result.run.panel.as_str()))
        .copied()
        .collect();
    let far = of(runs::FAR);
    let mut tables = table::tables(&others);
    let clean = table::clean(&others);
    tables.push(table::table_of_far(clean.as_ref(), &far));
    tables.push(table::table_at_one_loss(results));
    Shown {
        paragraphs: table::found(&others),
        figures: figures::figures(&others, &far),
        tables,
        files: Vec::new(),
    }
}

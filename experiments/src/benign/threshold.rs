//! The error on fresh samples over the share of the signal.

use implicit_bias_claims::proportion_interval;
use implicit_bias_lab::report::{Statement, Table};
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult, StudyRun};

use super::figures;
use super::published::{BY_EYE, SIGNAL_AT_50, SIGNAL_AT_100};
use super::settings::{ALL_NEGATIVE, BOTH_SIGNS, PAPER, Stop, all_negative, run, trial};
use super::trials::{Trials, number};

/// The error on fresh samples over the share of the signal, for several numbers of samples.
pub fn threshold_of_the_signal(effort: Effort) -> Study {
    Study {
        name: "threshold_of_the_signal",
        title: "The signal that makes overfitting benign is the weaker the more samples there are",
        statement: Statement {
            text: "There is a threshold of the share γ of the signal between harmful and benign \
                   overfitting, and it falls with the number of samples."
                .to_owned(),
            source: PAPER.to_owned(),
        },
        setting: format!(
            "Found in the authors' code: as above, d = 2n. Ours: 1000 fresh samples a trial, stop at \
             zero training errors, {}",
            effort.pick(
                "n = 50, 100 and γ = 0, 0.02, 0.05, 3 trials (quick)",
                "n = 50, 100, 150, 200, γ = 0, 0.01, …, 0.09, 10 trials; all outputs −1 at n = 50, \
                 100 and γ up to 0.05"
            )
        ),
        paragraphs: vec![
            "The published points are read off the figure by eye, to about 0.06 with the scatter of 10 \
             trials."
                .to_owned(),
        ],
        runs: runs(effort),
        claims: &[],
        limits: Vec::new(),
        show: Some(show),
        columns: &[],
        figures: |_| Vec::new(),
    }
}

fn runs(effort: Effort) -> Vec<StudyRun> {
    let samples: &[usize] = effort.pick(&[50, 100], &[50, 100, 150, 200]);
    let hundredths: Vec<u32> = match effort {
        Effort::Quick => vec![0, 2, 5],
        Effort::Full => (0..10).collect(),
    };
    let mut runs = Vec::new();
    for &n in samples {
        for &share in &hundredths {
            for seed in 0..effort.pick(3, 10) {
                let share = f64::from(share) / 100.0;
                let settings = trial(n, 2 * n, Stop::ZeroErrors, seed).with("signal-share", share);
                let label = format!("n = {n}");
                if n <= 100 && share <= 0.05 {
                    let negative = all_negative(settings.clone());
                    runs.push(run(ALL_NEGATIVE, label.clone(), share, negative));
                }
                runs.push(run(BOTH_SIGNS, label, share, settings));
            }
        }
    }
    runs
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    let mut paragraphs = Vec::new();
    let mut said = Vec::new();
    for share in [0.01, 0.02] {
        let [few, many] = [50.0, 100.0].map(|n| Trials::of_point(results, BOTH_SIGNS, n, share));
        if few.count() < 2 || many.count() < 2 {
            continue;
        }
        let ([low, _], [_, high]) = (few.interval(), many.interval());
        let verdict = if low > high {
            "the intervals do not meet, so that the error at n = 100 is lower"
        } else {
            "the intervals meet, so that this says nothing"
        };
        said.push(format!(
            "at γ = {share} the mean error is {:.3} at n = 50 and {:.3} at n = 100: {verdict}",
            few.mean(),
            many.mean()
        ));
    }
    if !said.is_empty() {
        paragraphs.push(format!(
            "That the threshold falls with n: {}.",
            said.join("; ")
        ));
    }
    let (table, [both, negative, compared]) = published(results);
    paragraphs.push(format!(
        "Of {compared} points of the published plot, {both} are within {BY_EYE} of the mean with \
         outputs ±1 and {negative} of that with all outputs −1."
    ));
    Shown {
        paragraphs,
        figures: vec![figures::over_signal(results)],
        tables: vec![table, harmful(results)],
        files: Vec::new(),
    }
}

/// Means beside the published ones; how many are within the tolerance, and how many there are.
fn published(results: &[StudyResult<'_>]) -> (Table, [usize; 3]) {
    let mut rows = Vec::new();
    let mut inside = [0; 3];
    for (n, points) in [(50.0, SIGNAL_AT_50), (100.0, SIGNAL_AT_100)] {
        for (hundredth, published) in points.into_iter().enumerate() {
            let share = hundredth as f64 / 100.0;
            let of =
                [BOTH_SIGNS, ALL_NEGATIVE].map(|panel| Trials::of_point(results, panel, n, share));
            if of.iter().any(|trials| trials.count() == 0) {
                continue;
            }
            inside[2] += 1;
            let mut row = vec![n.to_string(), share.to_string(), format!("{published:.3}")];
            for (trials, inside) in of.iter().zip(&mut inside) {
                let fits = (trials.mean() - published).abs() <= BY_EYE;
                *inside += usize::from(fits);
                let [low, high] = trials.interval();
                row.push(format!("{:.3} [{low:.3}, {high:.3}]", trials.mean()));
                row.push(if fits { "within" } else { "outside" }.to_owned());
            }
            rows.push(row);
        }
    }
    let header = [
        "n",
        "γ",
        "published (by eye)",
        "outputs ±1",
        "",
        "all outputs −1",
        "",
    ];
    let table = Table {
        caption: format!(
            "Mean errors with 95 % intervals over the trials, beside the published plot read by eye; \
             within {BY_EYE} of it or not."
        ),
        header: header.map(str::to_owned).to_vec(),
        rows,
    };
    (table, inside)
}

/// The share of trials with an error of 1/8 at least, with its interval.
fn harmful(results: &[StudyResult<'_>]) -> Table {
    let mut shares: Vec<f64> = results.iter().map(|result| result.run.parameter).collect();
    shares.sort_by(f64::total_cmp);
    shares.dedup();
    let samples = [50.0, 100.0, 150.0, 200.0];
    let samples = samples.into_iter().filter(|n| {
        let mut all = results.iter();
        all.any(|result| number(result, "samples") == *n)
    });
    let samples: Vec<f64> = samples.collect();
    let rows = shares.iter().map(|&share| {
        let cells = samples.iter().map(|&n| {
            let trials = Trials::of_point(results, BOTH_SIGNS, n, share);
            if trials.count() == 0 {
                return "—".to_owned();
            }
            let (hits, count) = (trials.harmful(), trials.count());
            let [low, high] = proportion_interval(hits as u64, count as u64);
            format!("{hits} of {count} [{low:.2}, {high:.2}]")
        });
        std::iter::once(share.to_string()).chain(cells).collect()
    });
    let heads = samples.iter().map(|n| format!("n = {n}"));
    Table {
        caption:
            "Trials with outputs ±1 that are harmful, with an error of 1/8 at least, and the 95 % \
                  interval of their proportion (Wilson)."
                .to_owned(),
        header: std::iter::once("γ".to_owned()).chain(heads).collect(),
        rows: rows.collect(),
    }
}

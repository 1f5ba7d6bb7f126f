//! The error on fresh samples over `n` and `d/n`.

use implicit_bias_lab::report::{Statement, Table};
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult, StudyRun};

use super::figures;
use super::published::{CODE_AT_50, CODE_TRIALS, HEAT_MAP, HEAT_MAP_TRIALS};
use super::settings::{ERRORS, LOSS, NEGATIVE, NEURONS, PAPER, Stop, all_negative, run, trial};
use super::trials::{Trials, number};

const PANELS: [&str; 3] = [ERRORS, LOSS, NEGATIVE];

/// The error on fresh samples over the number of samples and the dimension, beside the published
/// numbers.
pub fn error_over_samples_and_dimension(effort: Effort) -> Study {
    Study {
        name: "error_over_samples_and_dimension",
        title: "The error on fresh samples falls with d/n",
        statement: Statement {
            text: "Networks that fit noisy labels err the less on fresh samples the larger d/n is, \
                   already where d is a few times n."
                .to_owned(),
            source: PAPER.to_owned(),
        },
        setting: format!(
            "Found in the authors' code: {NEURONS} neurons, α = 0.1, sum of hinge losses, initial \
             weights N(0, 1/(64² d)), η = 1/(64 n), labels flipped with probability 0.1, γ = 5/n, stop \
             at zero training errors (the captions say zero hinge loss). Ours: double precision, 1000 \
             fresh samples a trial, both stops, {}",
            effort.pick(
                "n = 50 and d/n = 1, 2, 3, 5, 8, 4 trials (quick)",
                "n = 50, 60, …, 150, d/n = 1, 2, …, 10, 5 trials; zero hinge loss at n = 50 with 20 \
                 trials"
            )
        ),
        paragraphs: vec![
            "Found in the authors' code: at the commit that made the published files a slip set every \
             output weight to −1, where the paper has ±1. Both are run here, so that what it does to \
             the numbers can be seen."
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
    let samples: Vec<usize> = match effort {
        Effort::Quick => vec![50],
        Effort::Full => (50..=150).step_by(10).collect(),
    };
    let ratios: Vec<usize> = match effort {
        Effort::Quick => vec![1, 2, 3, 5, 8],
        Effort::Full => (1..=10).collect(),
    };
    let mut runs = Vec::new();
    let mut add = |panel: &str, n: usize, ratio: usize, seed: u64| {
        let stop = if panel == LOSS {
            Stop::ZeroLoss
        } else {
            Stop::ZeroErrors
        };
        let settings = trial(n, ratio * n, stop, seed);
        let settings = if panel == NEGATIVE {
            all_negative(settings)
        } else {
            settings
        };
        runs.push(run(
            panel,
            format!("n = {n}, d/n = {ratio}"),
            ratio as f64,
            settings,
        ));
    };
    for &ratio in &ratios {
        for seed in 0..effort.pick(4, 5) {
            for &n in &samples {
                for panel in [ERRORS, NEGATIVE] {
                    add(panel, n, ratio, seed);
                }
            }
        }
    }
    // Both stops at n = 50, with more trials: the stops are compared there.
    for ratio in [1, 2, 3, 5, 8] {
        for seed in 0..effort.pick(4, 20) {
            add(LOSS, 50, ratio, seed);
            if seed >= effort.pick(4, 5) {
                add(ERRORS, 50, ratio, seed);
            }
        }
    }
    runs
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    let published = published_table(results);
    let (inside, compared) = (published.1, published.0.rows.len());
    let has_map = results
        .iter()
        .any(|result| number(result, "samples") > 50.0);
    let mut paragraphs = Vec::new();
    if compared > 0 {
        paragraphs.push(format!(
            "Of {compared} published means, {} are within three standard deviations of the runs with \
             outputs ±1, and {} of those with all outputs −1.",
            inside[0], inside[1]
        ));
    }
    Shown {
        paragraphs,
        figures: if has_map {
            vec![figures::heat_maps(results), figures::against_ratio(results)]
        } else {
            vec![figures::against_ratio(results)]
        },
        tables: vec![published.0, stops(results)],
        files: Vec::new(),
    }
}

/// Means of both programs: over all `n` beside the published file, or at `n = 50` beside runs of the
/// authors' code; and how many are within the tolerance, with outputs ±1 and −1.
fn published_table(results: &[StudyResult<'_>]) -> (Table, [usize; 2]) {
    let is_full = results
        .iter()
        .any(|result| number(result, "samples") > 50.0);
    let others = if is_full {
        HEAT_MAP_TRIALS
    } else {
        CODE_TRIALS
    };
    let wanted: Vec<(usize, f64)> = match is_full {
        true => HEAT_MAP
            .iter()
            .enumerate()
            .map(|(i, mean)| (i + 1, *mean))
            .collect(),
        false => CODE_AT_50.to_vec(),
    };
    let mut inside = [0; 2];
    let mut rows = Vec::new();
    for (ratio, published) in wanted {
        let mut row = vec![ratio.to_string(), format!("{published:.4}")];
        for (panel, inside) in [ERRORS, NEGATIVE].into_iter().zip(&mut inside) {
            // Of the grid alone: five trials a cell.
            let trials = Trials::of(results, |result| {
                result.run.panel == panel
                    && result.run.parameter == ratio as f64
                    && number(result, "seed") < 5.0
            });
            let [low, high] = trials.interval();
            let tolerance = trials.tolerance(others);
            let fits = (trials.mean() - published).abs() <= tolerance;
            *inside += usize::from(fits);
            row.extend([
                format!("{:.4} [{low:.4}, {high:.4}]", trials.mean()),
                format!("{tolerance:.4}"),
                if fits { "within" } else { "outside" }.to_owned(),
            ]);
        }
        rows.push(row);
    }
    let header = [
        "d/n",
        "published",
        "outputs ±1",
        "tolerance",
        "",
        "all outputs −1",
        "tolerance",
        "",
    ];
    let source = match is_full {
        true => "means over n = 50 … 150 of the authors' published file, 5 trials a cell",
        false => "means of 10 trials at n = 50 of runs of the authors' code",
    };
    let table = Table {
        caption: format!(
            "The mean error on fresh samples beside the published one ({source}), stop at zero \
             errors; 95 % intervals by Student's t over the trials. Tolerance: three standard \
             deviations of the difference, by the deviation from trial to trial here, 0.01 at least, \
             as large errors are rare where d/n is large and a few trials may see none."
        ),
        header: header.map(str::to_owned).to_vec(),
        rows,
    };
    (table, inside)
}

/// Both stops at `n = 50`.
fn stops(results: &[StudyResult<'_>]) -> Table {
    let rows = [1, 2, 3, 5, 8].map(|ratio| {
        let mut row = vec![ratio.to_string()];
        for panel in PANELS {
            let trials = Trials::of(results, |result| {
                result.run.panel == panel
                    && result.run.parameter == f64::from(ratio)
                    && number(result, "samples") == 50.0
            });
            let [low, high] = trials.interval();
            row.push(format!(
                "{:.4} [{low:.4}, {high:.4}], {} trials",
                trials.mean(),
                trials.count()
            ));
        }
        row
    });
    let header = ["d/n", PANELS[0], PANELS[1], PANELS[2]];
    Table {
        caption:
            "The mean error on fresh samples at n = 50 by where trials stop, with 95 % intervals \
                  over the trials."
                .to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.to_vec(),
    }
}

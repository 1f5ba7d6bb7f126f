//! Where the limit has rank one and equal margins, over near-orthogonality ratio and slope.

mod figures;
mod grid;

use self::grid::{Cell, Grid};
use crate::kou::common::{base, run_with, steps};
use implicit_bias_lab::report::{Statement, Table};
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyRun};
use implicit_bias_output::format_number;

/// The samples' squared norm times the step size, the same in every dimension.
const STEP_TIMES_NORM: f64 = 200.0;

/// The limit's stable rank and margins for hundreds of data sets: dimensions, and by them the
/// near-orthogonality ratio, times slopes (0 is ReLU) times seeds.
pub fn phase_of_the_limit(effort: Effort) -> Study {
    let dims: &[usize] = effort.pick(
        &[95, 480, 2400],
        &[19, 42, 95, 210, 480, 1080, 2400, 5400, 12_000, 27_000],
    );
    let slopes: &[f64] = effort.pick(
        &[0.0, 0.02, 0.1, 0.5],
        &[0.0, 0.01, 0.02, 0.04, 0.08, 0.15, 0.25, 0.4, 0.6, 0.8],
    );
    let seeds = effort.pick(3, 10);
    let mut runs = Vec::new();
    for &slope in slopes {
        for &dim in dims {
            for seed in 0..seeds {
                runs.push(run(effort, slope, dim, seed));
            }
        }
    }
    let count = runs.len();
    Study {
        name: "phase_of_the_limit",
        title: "Where the limit has rank one and equal margins",
        statement: Statement {
            text: "The theorems ask for ‖x_i‖² ≥ C n p, for leaky ReLU with C the larger the \
                   smaller γ is. How far below such a C do their conclusions hold, exactly, in the \
                   limit?"
                .to_owned(),
            source: "the condition is the paper's; the limit program and the question this \
                     project's"
                .to_owned(),
        },
        setting: format!(
            "{count} limits: Gaussian mixtures, n = 10, ‖μ‖ = 1, σ = 1, d from {} to {}, {seeds} \
             seeds each; m = 20, σ₀ = 10⁻⁴, ηd = {STEP_TIMES_NORM}, so that the first steps are \
             alike in every dimension (this project's settings)",
            dims[0],
            dims[dims.len() - 1],
        ),
        paragraphs: vec![
            "Each network is run in Gram coordinates, to 10³⁰⁰ steps if need be, until its \
             same-sign pattern settles; then the limit program gives its limit. Rank one means \
             that both blocks' limiting stable ranks are 1 to 10⁻⁹; margins are equal when every \
             multiplier of the program is positive. A limit counts if the program's solution keeps \
             the pattern it assumes; the others are counted apart."
                .to_owned(),
            "The line at ratio 1 is for orientation. The theorems' region lies to its right, \
             beyond a C(γ) that is the larger the smaller γ is; the constant is not a number here, \
             and no curve is drawn for it."
                .to_owned(),
        ],
        runs: Vec::new(),
        claims: &[],
        limits: runs,
        show: Some(show),
        columns: &[],
        figures: |_| Vec::new(),
    }
}

fn run(effort: Effort, slope: f64, dim: usize, seed: u64) -> StudyRun {
    let settings = base(effort)
        .with("dim", dim)
        .with("width", 20)
        .with("step-size", STEP_TIMES_NORM / dim as f64)
        .with("engine", "gram")
        .with("exact-steps", steps(1e5))
        // Some patterns change for the last time after 10⁵⁰ steps.
        .with("steps", steps(1e300))
        .with("seed", seed);
    let label = format!("d = {dim}, seed {seed}");
    run_with((slope > 0.0).then_some(slope), label, slope, settings)
}

fn show(_: &[implicit_bias_lab::study::StudyResult<'_>], limits: &[LimitResult<'_>]) -> Shown {
    let grid = Grid::of(limits);
    Shown {
        paragraphs: found(&grid),
        figures: figures::figures(&grid),
        tables: vec![by_slope(&grid)],
        files: vec![
            ("phase_of_the_limit.csv".to_owned(), csv(limits)),
            ("phase_of_the_limit-cells.csv".to_owned(), cells_csv(&grid)),
        ],
    }
}

/// What came out, in sentences.
fn found(grid: &Grid) -> Vec<String> {
    let total = |count: fn(&Cell) -> usize| grid.cells().map(count).sum::<usize>();
    let counts = format!(
        "Of {} data sets and networks {} have a limit that counts, {} of them with a certificate \
         that the pattern never changes again, the others with a consistent solution and two \
         decades without a change. {} do not count: their pattern was not seen to settle by step \
         10³⁰⁰, {} of them with a solution that leaves the pattern it assumes. {} have no limit.",
        total(|cell| cell.total),
        total(|cell| cell.count),
        total(|cell| cell.proven),
        total(|cell| cell.unsettled),
        total(|cell| cell.inconsistent),
        total(|cell| cell.failed),
    );
    let late = total(|cell| cell.late);
    let last = grid
        .cells()
        .map(|cell| cell.last_change)
        .fold(0.0, f64::max);
    let late = format!(
        "In {late} of those that count the same-sign pattern changed for the last time after step \
         10¹⁵, in one as late as about step {}.",
        format_number(last)
    );
    let side = |leaky: bool, beyond: bool| {
        let cells = grid
            .cells()
            .filter(move |cell| (cell.slope > 0.0) == leaky && (cell.ratio >= 1.0) == beyond);
        cells.fold([0, 0, 0], |[count, rank_one, equal], cell| {
            [
                count + cell.count,
                rank_one + cell.rank_one,
                equal + cell.equal,
            ]
        })
    };
    let share = |[count, rank_one, equal]: [usize; 3]| {
        format!("rank one {rank_one} of {count}, equal margins {equal} of {count}")
    };
    let mut paragraphs = vec![
        if total(|cell| cell.late) > 0 {
            format!("{counts} {late}")
        } else {
            counts
        },
        format!(
            "Leaky ReLU, all slopes: at ratios below 1, {}; from 1 on, {}. ReLU: below 1, {}; from \
             1 on, {}.",
            share(side(true, false)),
            share(side(true, true)),
            share(side(false, false)),
            share(side(false, true)),
        ),
    ];
    let most = grid
        .cells()
        .filter(|cell| cell.slope == 0.0 && cell.ratio >= 1.0)
        .map(|cell| cell.largest_rank)
        .fold(f64::NAN, f64::max);
    if most.is_finite() {
        paragraphs.push(format!(
            "The largest limiting stable rank of a ReLU block at a ratio of 1 or more is {}.",
            format_number(most)
        ));
    }
    paragraphs.extend(onsets(grid));
    paragraphs
}

/// From which ratio on most limits have rank one, by slope: measured here, and not the theorems'
/// `C(γ)`.
fn onsets(grid: &Grid) -> Option<String> {
    let onset = |row: &&[Cell]| {
        let most = |cell: &Cell| 2 * cell.rank_one >= cell.count && cell.count > 0;
        let rest = row.iter().rev().take_while(|cell| most(cell)).count();
        // Where all or none of the columns have it, the onset is off the grid.
        (rest > 0 && rest < row.len()).then(|| (row[0].slope, row[row.len() - rest].ratio))
    };
    let found: Vec<(f64, f64)> = grid.leaky().iter().filter_map(onset).collect();
    let words: Vec<String> = found
        .iter()
        .map(|&(slope, ratio)| {
            format!(
                "{} at γ = {slope} (γ times it: {})",
                format_number(ratio),
                format_number(slope * ratio)
            )
        })
        .collect();
    (!words.is_empty()).then(|| {
        format!(
            "At least half of the limits have rank one in all columns from this ratio on: {}. That \
             is measured on these data, and not the theorems' constant.",
            words.join("; ")
        )
    })
}

/// One row a slope, one column a dimension.
fn by_slope(grid: &Grid) -> Table {
    let mut header = vec!["slope γ".to_owned()];
    header.extend(grid.ratios.iter().map(|&ratio| format_number(ratio)));
    let rows = grid.rows.iter().map(|row| {
        let slope = row[0].slope;
        let name = if slope == 0.0 {
            "0 (ReLU)".to_owned()
        } else {
            slope.to_string()
        };
        let entry = |cell: &Cell| {
            format!(
                "{}; {}, {}/{}",
                rank_text(cell.mean_rank),
                cell.rank_one,
                cell.equal,
                cell.count
            )
        };
        std::iter::once(name).chain(row.iter().map(entry)).collect()
    });
    Table {
        caption:
            "Columns: near-orthogonality ratio (geometric mean over the seeds). Entries: mean \
                  limiting stable rank, the larger of both blocks; then how many limits have rank \
                  one, and how many equal margins, of those that count."
                .to_owned(),
        header,
        rows: rows.collect(),
    }
}

fn rank_text(rank: f64) -> String {
    if rank.is_nan() {
        "—".to_owned()
    } else {
        format!("{rank:.3}")
    }
}

/// One line a limit.
fn csv(limits: &[LimitResult<'_>]) -> String {
    let mut text = String::from(
        "slope,dim,seed,ratio,stable_rank_pos,stable_rank_neg,stable_rank,margin_min,margin_max,\
         multiplier_min,multiplier_max,groups,sliding_pairs,consistent,settled,proven,settled_since,step,error_estimate\n",
    );
    for result in limits {
        let settings = &result.run.settings;
        let number = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
        text += &format!(
            "{},{},{},{}",
            result.run.parameter,
            number(settings.count("dim")),
            number(settings.count("seed")),
            result.ratio
        );
        match &result.report {
            Ok(report) => {
                let limit = &report.limit;
                let [low, high] = grid::range(&limit.normalized_margins());
                let [least, most] = grid::range(limit.multipliers());
                text += &format!(
                    ",{},{},{},{low},{high},{least},{most},{},{},{},{},{},{:e},{:e},{:e}\n",
                    limit.stable_rank_pos(),
                    limit.stable_rank_neg(),
                    limit.stable_rank(),
                    limit.group_count(),
                    limit.sliding().len(),
                    limit.is_consistent(),
                    report.is_settled(),
                    report.certificate.is_proven(),
                    report.settled_since,
                    report.step,
                    report.error_estimate,
                );
            }
            Err(_) => text += &format!("{}\n", ",".repeat(15)),
        }
    }
    text
}

/// One line a cell.
fn cells_csv(grid: &Grid) -> String {
    let mut text = String::from(
        "slope,ratio,data_sets,counted,mean_stable_rank,largest_stable_rank,rank_one,equal_margins,proven,\
         unsettled,inconsistent,failed\n",
    );
    for cell in grid.cells() {
        text += &format!(
            "{},{},{},{},{},{},{},{},{},{},{},{}\n",
            cell.slope,
            cell.ratio,
            cell.total,
            cell.count,
            cell.mean_rank,
            cell.largest_rank,
            cell.rank_one,
            cell.equal,
            cell.proven,
            cell.unsettled,
            cell.inconsistent,
            cell.failed
        );
    }
    text
}

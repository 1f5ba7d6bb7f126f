//! Limits gathered into cells: one a slope and a dimension, over the seeds.

use implicit_bias_lab::study::LimitResult;
use implicit_bias_limits::margins_become_equal;

/// A stable rank that exceeds 1 by no more than this is 1.
const RANK_ONE: f64 = 1e-9;

/// A change of the pattern after this step is one that no loop would see.
const LATE: f64 = 1e15;

/// The limits of one slope and one dimension.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cell {
    /// Slope `γ`; 0 is ReLU.
    pub slope: f64,
    /// Near-orthogonality ratio, the geometric mean over the seeds.
    pub ratio: f64,
    /// Data sets.
    pub total: usize,
    /// Those whose limit counts: settled, and the solution keeps the pattern it assumes.
    pub count: usize,
    /// Mean over those of the larger of both blocks' stable ranks; `NaN` without any.
    pub mean_rank: f64,
    /// The largest such stable rank.
    pub largest_rank: f64,
    /// Those that have rank one in both blocks.
    pub rank_one: usize,
    /// Those whose margins are all equal.
    pub equal: usize,
    /// Those whose pattern is proven to last.
    pub proven: usize,
    /// Those whose pattern changed for the last time after step 10¹⁵.
    pub late: usize,
    /// The step since which the latest of these patterns has been seen.
    pub last_change: f64,
    /// Data sets with a solution, but a pattern that was not seen to settle.
    pub unsettled: usize,
    /// Those of the unsettled whose solution leaves the pattern it assumes.
    pub inconsistent: usize,
    /// Data sets without a limit.
    pub failed: usize,
}

impl Cell {
    fn of(results: &[&LimitResult<'_>]) -> Self {
        let mut cell = Self {
            slope: results
                .first()
                .map_or(f64::NAN, |first| first.run.parameter),
            ratio: geometric_mean(results.iter().map(|result| result.ratio)),
            total: results.len(),
            mean_rank: f64::NAN,
            largest_rank: f64::NAN,
            ..Self::default()
        };
        let mut sum = 0.0;
        for result in results {
            let Ok(report) = &result.report else {
                cell.failed += 1;
                continue;
            };
            let limit = &report.limit;
            if !report.is_settled() {
                cell.unsettled += 1;
                cell.inconsistent += usize::from(!limit.is_consistent());
                continue;
            }
            // `max` would drop a NaN; a block without a limit does not count as one of rank one.
            let ranks = [limit.stable_rank_pos(), limit.stable_rank_neg()];
            let rank = if ranks.iter().any(|rank| rank.is_nan()) {
                f64::NAN
            } else {
                ranks[0].max(ranks[1])
            };
            cell.count += 1;
            sum += rank;
            cell.largest_rank = cell.largest_rank.max(rank);
            cell.rank_one += usize::from(rank - 1.0 <= RANK_ONE);
            cell.equal += usize::from(margins_become_equal(limit));
            cell.late += usize::from(report.settled_since > LATE);
            cell.last_change = cell.last_change.max(report.settled_since);
            cell.proven += usize::from(report.certificate.is_proven());
        }
        if cell.count > 0 {
            cell.mean_rank = sum / cell.count as f64;
        }
        cell
    }

    /// A part of the limits that count; `NaN` without any.
    pub fn share(&self, part: usize) -> f64 {
        part as f64 / self.count as f64
    }
}

/// All cells: a row a slope, rising; a column a dimension, by rising ratio.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grid {
    /// The ratio of each column: the geometric mean over all that is in it.
    pub ratios: Vec<f64>,
    /// The cells, a row a slope.
    pub rows: Vec<Vec<Cell>>,
}

impl Grid {
    pub fn of(limits: &[LimitResult<'_>]) -> Self {
        let dim = |result: &LimitResult<'_>| result.run.settings.count("dim");
        let mut dims: Vec<Option<u64>> = limits.iter().map(dim).collect();
        dims.sort_unstable();
        dims.dedup();
        let mut slopes: Vec<f64> = limits.iter().map(|result| result.run.parameter).collect();
        slopes.sort_by(f64::total_cmp);
        slopes.dedup();
        // The data of a seed are the same at every slope, and so are the ratios of a column.
        let column = |wanted: Option<u64>| {
            let own = limits.iter().filter(move |result| dim(result) == wanted);
            geometric_mean(own.map(|result| result.ratio))
        };
        let mut columns: Vec<(f64, Option<u64>)> =
            dims.into_iter().map(|dim| (column(dim), dim)).collect();
        columns.sort_by(|a, b| a.0.total_cmp(&b.0));
        let cell = |slope: f64, wanted: Option<u64>| {
            let own = limits
                .iter()
                .filter(|result| result.run.parameter == slope && dim(result) == wanted);
            Cell::of(&own.collect::<Vec<_>>())
        };
        let row = |slope: f64| columns.iter().map(|&(_, dim)| cell(slope, dim)).collect();
        Self {
            rows: slopes.into_iter().map(row).collect(),
            ratios: columns.iter().map(|&(ratio, _)| ratio).collect(),
        }
    }

    /// All cells, row by row.
    pub fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.rows.iter().flatten()
    }

    /// The rows of leaky ReLU.
    pub fn leaky(&self) -> Vec<&[Cell]> {
        let leaky = self.rows.iter().filter(|row| row[0].slope > 0.0);
        leaky.map(Vec::as_slice).collect()
    }
}

fn geometric_mean(values: impl Iterator<Item = f64>) -> f64 {
    let logs: Vec<f64> = values.map(f64::ln).collect();
    (logs.iter().sum::<f64>() / logs.len() as f64).exp()
}

/// The smallest and the largest of some numbers.
pub(super) fn range(values: &[f64]) -> [f64; 2] {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    [low, high]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kou::phase_of_the_limit;
    use implicit_bias_lab::Progress;
    use implicit_bias_lab::study::{Effort, find_limits};

    #[test]
    fn every_limit_is_counted_once_in_its_cell() {
        let study = phase_of_the_limit(Effort::Quick);
        let mut runs = study.limits;
        // Two dimensions, two slopes, in another order; one of them cut off before it can settle.
        runs.retain(|run| {
            run.settings.count("dim") < Some(1000) && [0.0, 0.5].contains(&run.parameter)
        });
        runs.reverse();
        runs[0].settings.set("steps", 1);
        let mut limits = find_limits(&runs, None, &Progress::new("test"), &|| false).unwrap();
        limits[1].report = Err("no limit".into());
        let grid = Grid::of(&limits);
        assert_eq!([grid.rows.len(), grid.ratios.len()], [2, 2]);
        assert!(grid.ratios[0] < grid.ratios[1]);
        let slopes: Vec<f64> = grid.rows.iter().map(|row| row[0].slope).collect();
        assert_eq!(slopes, [0.0, 0.5]);
        assert_eq!(grid.leaky().len(), 1);
        for cell in grid.cells() {
            assert_eq!(cell.total, 3);
            assert_eq!(cell.count + cell.unsettled + cell.failed, cell.total);
            assert!(cell.rank_one <= cell.count && cell.equal <= cell.count);
            assert!(cell.mean_rank >= 1.0 - 1e-12 && cell.mean_rank <= cell.largest_rank);
        }
        // Reversed, the first two runs are of the largest slope and dimension.
        let cut = &grid.rows[1][1];
        assert_eq!([cut.failed, cut.unsettled, cut.count], [1, 1, 1]);
        // A large slope makes both blocks of one pattern each: rank one, at whatever ratio.
        assert_eq!(grid.rows[1][0].rank_one, 3);
    }
}

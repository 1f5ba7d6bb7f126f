//! Heat maps of leaky ReLU over ratio and slope, and ReLU against the ratio.

use super::grid::{Cell, Grid};
use implicit_bias_lab::figures::{PointEntry, final_against};
use implicit_bias_plot::{Axis, Cells, Figure, Layer, Panel, Scale};

const RATIO: &str = "near-orthogonality ratio R_min²/(n p)";

/// What stands above the cells, on either side of the line at ratio 1.
const REGION: [&str; 2] = ["ratio 1", "theorems →"];

/// The figures of a grid.
pub(super) fn figures(grid: &Grid) -> Vec<Figure> {
    let mut figures = Vec::new();
    if grid.leaky().len() > 1 && grid.ratios.len() > 1 {
        figures.push(ranks(grid));
        figures.push(shares(grid));
    }
    let relu: Vec<&Cell> = grid.cells().filter(|cell| cell.slope == 0.0).collect();
    if !relu.is_empty() {
        figures.push(against_ratio(&relu));
    }
    figures
}

const CAPTION: &str = "Each cell gathers the data sets of one dimension, placed at their geometric \
                       mean ratio. The theorems ask for a ratio of at least C(γ), to the right of \
                       the dashed line and the farther the smaller γ is; C is not numeric here.";

fn ranks(grid: &Grid) -> Figure {
    let largest = grid
        .leaky()
        .into_iter()
        .flatten()
        .map(|cell| cell.mean_rank)
        .fold(1.0, f64::max);
    let panel = heat_map(
        grid,
        "mean limiting stable rank",
        [1.0, largest.max(1.01)],
        2,
        |cell| cell.mean_rank,
    );
    Figure::new(
        "stable-rank",
        "Limiting stable rank of leaky ReLU, the larger of both blocks",
        vec![panel],
    )
    .with_caption(CAPTION)
}

fn shares(grid: &Grid) -> Figure {
    let panel = |title: &str, part: fn(&Cell) -> usize| {
        heat_map(grid, "fraction of data sets", [0.0, 1.0], 1, |cell| {
            cell.share(part(cell))
        })
        .with_title(title)
    };
    Figure::new(
        "shares",
        "Leaky ReLU: how often the limit has rank one, and equal margins",
        vec![
            panel("rank one in both blocks", |cell| cell.rank_one),
            panel("all margins equal", |cell| cell.equal),
        ],
    )
    .with_caption(CAPTION)
}

fn heat_map(
    grid: &Grid,
    label: &str,
    range: [f64; 2],
    decimals: usize,
    value: impl Fn(&Cell) -> f64,
) -> Panel {
    let rows = grid.leaky();
    let slopes: Vec<f64> = rows.iter().map(|row| row[0].slope).collect();
    let y = Cells::edges(&slopes, Scale::Log10);
    let (low, high) = (y[0], y[y.len() - 1]);
    let cells = Cells {
        label: label.to_owned(),
        x: Cells::edges(&grid.ratios, Scale::Log10),
        y,
        values: rows
            .iter()
            .map(|row| row.iter().map(&value).collect())
            .collect(),
        range,
        decimals,
        boundary: Some((1.0, REGION.map(str::to_owned))),
    };
    // A strip above the cells for the words of the boundary.
    let above = high * (high / low).powf(0.1);
    Panel::new(
        Axis::log(RATIO),
        Axis::log("slope γ").with_range(low, above),
        vec![Layer::Cells(cells)],
    )
}

/// ReLU, and what the theorem says of it: a bounded stable rank, and equal margins.
fn against_ratio(cells: &[&Cell]) -> Figure {
    let entry = |curve: &str, value: fn(&Cell) -> f64| {
        let point = |cell: &&Cell| PointEntry {
            panel: "ReLU".to_owned(),
            curve: curve.to_owned(),
            x: cell.ratio,
            y: value(cell),
            spread: None,
        };
        cells.iter().map(point).collect::<Vec<_>>()
    };
    let ranks = [
        entry("largest", |cell| cell.largest_rank),
        entry("mean", |cell| cell.mean_rank),
    ];
    let shares = [
        entry("equal margins", |cell| cell.share(cell.equal)),
        entry("rank one", |cell| cell.share(cell.rank_one)),
    ];
    let title = "ReLU: limiting stable rank, the larger of both blocks, and equal margins";
    final_against(
        "relu",
        title,
        RATIO,
        "limiting stable rank",
        &ranks.concat(),
    )
    .beside(final_against(
        "relu",
        title,
        RATIO,
        "fraction of data sets",
        &shares.concat(),
    ))
    .with_caption(
        "Over the data sets of each dimension. The ReLU theorem bounds the stable rank and \
             does not ask for rank one.",
    )
}

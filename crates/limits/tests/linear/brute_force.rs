//! Maximum margins by trying every set of active constraints.

use ndarray::Array2;

/// The solution of a square system by Gaussian elimination; `None` if it is nearly singular.
fn eliminate(mut system: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let size = system.len();
    for column in 0..size {
        let pivot = (column..size).max_by(|&a, &b| {
            let of = |row: usize| system[row][column].abs();
            of(a).total_cmp(&of(b))
        })?;
        system.swap(column, pivot);
        if system[column][column].abs() < 1e-9 {
            return None;
        }
        for row in (0..size).filter(|&row| row != column) {
            let factor = system[row][column] / system[column][column];
            let pivot = system[column].clone();
            for (entry, of_pivot) in system[row].iter_mut().zip(pivot) {
                *entry -= factor * of_pivot;
            }
        }
    }
    Some(
        (0..size)
            .map(|row| system[row][size] / system[row][row])
            .collect(),
    )
}

/// The subsets of `0..size` with `count` members.
fn subsets(size: usize, count: usize) -> impl Iterator<Item = Vec<usize>> {
    (0u32..1 << size)
        .filter(move |mask| mask.count_ones() as usize == count)
        .map(move |mask| (0..size).filter(|i| mask >> i & 1 == 1).collect())
}

fn margin(rows: &Array2<f64>, weights: &[f64]) -> f64 {
    let of = |row: ndarray::ArrayView1<'_, f64>| row.iter().zip(weights).map(|(z, w)| z * w).sum();
    rows.rows()
        .into_iter()
        .map(of)
        .fold(f64::INFINITY, f64::min)
}

/// The largest margin over `‖w‖_∞ ≤ 1`, and all vertices where it is reached.
pub fn linf(rows: &Array2<f64>) -> (f64, Vec<Vec<f64>>) {
    let (samples, dim) = rows.dim();
    let mut best = (0.0, Vec::new());
    // Each coordinate is at −1, at 1 or free.
    for code in 0..3usize.pow(dim as u32) {
        let states: Vec<usize> = (0..dim).map(|k| code / 3usize.pow(k as u32) % 3).collect();
        let free: Vec<usize> = (0..dim).filter(|&k| states[k] == 2).collect();
        let held = |k: usize| [-1.0, 1.0, 0.0][states[k]];
        for active in subsets(samples, free.len() + 1) {
            let equation = |&i: &usize| {
                let mut row: Vec<f64> = free.iter().map(|&k| rows[[i, k]]).collect();
                row.push(-1.0);
                row.push(-(0..dim).map(|k| rows[[i, k]] * held(k)).sum::<f64>());
                row
            };
            let Some(solution) = eliminate(active.iter().map(equation).collect()) else {
                continue;
            };
            let mut weights: Vec<f64> = (0..dim).map(held).collect();
            for (&k, &weight) in free.iter().zip(&solution) {
                weights[k] = weight;
            }
            let found = margin(rows, &weights);
            if weights.iter().any(|w| w.abs() > 1.0 + 1e-9) || found < best.0 - 1e-9 {
                continue;
            }
            if found > best.0 + 1e-9 {
                best = (found, Vec::new());
            }
            let same = |other: &Vec<f64>| {
                other
                    .iter()
                    .zip(&weights)
                    .all(|(a, b)| (a - b).abs() < 1e-7)
            };
            if !best.1.iter().any(same) {
                best.1.push(weights);
            }
        }
    }
    best
}

/// The largest margin over `‖w‖_2 ≤ 1`; 0 if none is positive.
pub fn l2(rows: &Array2<f64>) -> f64 {
    let (samples, dim) = rows.dim();
    let mut best: f64 = 0.0;
    for count in 1..=samples.min(dim) {
        for active in subsets(samples, count) {
            // w = Σ α_i z_i has margin 1 on these samples.
            let product = |i: usize, j: usize| rows.row(i).dot(&rows.row(j));
            let equation = |&i: &usize| {
                let mut row: Vec<f64> = active.iter().map(|&j| product(i, j)).collect();
                row.push(1.0);
                row
            };
            let Some(multipliers) = eliminate(active.iter().map(equation).collect()) else {
                continue;
            };
            let weights: Vec<f64> = (0..dim)
                .map(|k| {
                    active
                        .iter()
                        .zip(&multipliers)
                        .map(|(&i, a)| a * rows[[i, k]])
                        .sum()
                })
                .collect();
            let norm = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
            best = best.max(margin(rows, &weights) / norm);
        }
    }
    best
}

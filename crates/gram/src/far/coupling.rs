//! Groups of neurons that move in parallel, and the matrix `Ã` that couples the margins.

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::linear::{rows_times, solve_semidefinite};
use crate::error::require_len;
use crate::inner_products::InnerProducts;
use crate::piece::Piece;
use crate::{GramError, Problem};

/// Changes of the coupling between two computations of it from the groups.
const REFRESH: usize = 64;

/// Neurons of one sign on equal pieces: they move in parallel.
#[derive(Clone, Debug)]
pub(super) struct ParallelGroup {
    pub(super) sign: f64,
    pub(super) pieces: Vec<Piece>,
    pub(super) neurons: Vec<usize>,
    /// Sliding samples `Σ`.
    pub(super) sliding: Vec<usize>,
    /// `−G_ΣΣ⁺ G_ΣR`, `|Σ| × n`, zero on the columns of `Σ`.
    transfer: Vec<f64>,
}

/// The groups, and the matrix that couples the margins through them.
#[derive(Clone, Debug)]
pub(super) struct Coupling {
    pub(super) gram: InnerProducts,
    pub(super) labels: Vec<f64>,
    pub(super) slope: f64,
    /// `η/(nm)`.
    pub(super) rate: f64,
    pub(super) width: f64,
    pub(super) groups: Vec<ParallelGroup>,
    group_of: Vec<usize>,
    /// `Ã` (`n × n`): margins move by `Ã ΔS`. Symmetric, positive semidefinite.
    pub(super) matrix: Vec<f64>,
    changes: usize,
}

/// A [`Coupling`] as data: what depends on the changes that led to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct CouplingCheckpoint {
    /// Pieces and neurons of each group, in the order of the groups.
    groups: Vec<(Vec<Piece>, Vec<usize>)>,
    /// `Ã` as it is, with the rounding of the changes since it was last computed from the groups.
    #[serde(rename = "coupling")]
    matrix: Vec<f64>,
    changes: usize,
}

/// The error of groups that are no partition of the neurons into neurons of equal sign.
fn no_partition(members: &[usize]) -> GramError {
    GramError::Checkpoint {
        expected: "each neuron in one group, with others of its sign".to_owned(),
        found: if members.is_empty() {
            "a neuron in none".to_owned()
        } else {
            format!("the group {members:?}")
        },
    }
}

impl Coupling {
    /// A coupling without neurons.
    fn empty(problem: &Problem) -> Self {
        let n = problem.samples();
        Self {
            gram: problem.inner_products().clone(),
            labels: problem.labels().to_vec(),
            slope: problem.activation().slope(),
            rate: problem.rate(),
            width: problem.divisor(),
            groups: Vec::new(),
            group_of: vec![usize::MAX; problem.neurons()],
            matrix: vec![0.0; n * n],
            changes: 0,
        }
    }

    /// Every pair on the piece of its sign.
    pub(super) fn new(problem: &Problem, pre_activations: ArrayView2<'_, f64>) -> Self {
        let mut coupling = Self::empty(problem);
        for (neuron, row) in pre_activations.rows().into_iter().enumerate() {
            let pieces = row
                .iter()
                .map(|&h| {
                    if h > 0.0 {
                        Piece::Active
                    } else {
                        Piece::Inactive
                    }
                })
                .collect();
            coupling.add_neuron(neuron, problem.sign(neuron), pieces);
        }
        coupling.refresh();
        coupling
    }

    /// What does not follow from the problem.
    pub(super) fn checkpoint(&self) -> CouplingCheckpoint {
        CouplingCheckpoint {
            groups: self
                .groups
                .iter()
                .map(|group| (group.pieces.clone(), group.neurons.clone()))
                .collect(),
            matrix: self.matrix.clone(),
            changes: self.changes,
        }
    }

    /// The coupling of a checkpoint, to the last bit.
    ///
    /// # Errors
    ///
    /// [`GramError::Checkpoint`] if its groups are no partition of the neurons, or an array has
    /// another length.
    pub(super) fn restore(
        problem: &Problem,
        checkpoint: CouplingCheckpoint,
    ) -> Result<Self, GramError> {
        let (n, neurons) = (problem.samples(), problem.neurons());
        require_len("coupling", n * n, checkpoint.matrix.len())?;
        let mut coupling = Self::empty(problem);
        for (pieces, members) in checkpoint.groups {
            require_len("pieces of a group", n, pieces.len())?;
            let free = |&k: &usize| k < neurons && coupling.group_of[k] == usize::MAX;
            let Some(&first) = members.first().filter(|_| members.iter().all(free)) else {
                return Err(no_partition(&members));
            };
            let sign = problem.sign(first);
            if members.iter().any(|&k| problem.sign(k) != sign) {
                return Err(no_partition(&members));
            }
            let mut group = coupling.build(sign, pieces);
            for &k in &members {
                // Also refuses a neuron that one group has twice.
                if coupling.group_of[k] != usize::MAX {
                    return Err(no_partition(&members));
                }
                coupling.group_of[k] = coupling.groups.len();
            }
            group.neurons = members;
            coupling.groups.push(group);
        }
        if coupling.group_of.contains(&usize::MAX) {
            return Err(no_partition(&[]));
        }
        coupling.matrix = checkpoint.matrix;
        // As many changes as there are between two refreshes.
        coupling.changes = checkpoint.changes.min(REFRESH);
        Ok(coupling)
    }

    pub(super) fn samples(&self) -> usize {
        self.labels.len()
    }

    /// Pairs (neuron, sample) that slide.
    pub(super) fn sliding_pairs(&self) -> usize {
        self.groups
            .iter()
            .map(|group| group.neurons.len() * group.sliding.len())
            .sum()
    }

    pub(super) fn group(&self, neuron: usize) -> &ParallelGroup {
        &self.groups[self.group_of[neuron]]
    }

    /// Whether a pair is of opposite sign, `s_k y_i = −1`: only these can slide.
    pub(super) fn opposite(&self, sign: f64, sample: usize) -> bool {
        sign * self.labels[sample] < 0.0
    }

    /// Puts a neuron on other pieces.
    pub(super) fn change(&mut self, neuron: usize, pieces: Vec<Piece>) {
        if self.group(neuron).pieces == pieces {
            return;
        }
        let left = self.group_of[neuron];
        let sign = self.groups[left].sign;
        let mut matrix = std::mem::take(&mut self.matrix);
        self.add(&mut matrix, left, -1.0);
        self.remove_neuron(neuron);
        self.add_neuron(neuron, sign, pieces);
        self.add(&mut matrix, self.group_of[neuron], 1.0);
        self.matrix = matrix;
        self.changes += 1;
        if self.changes >= REFRESH {
            self.refresh();
        } else {
            self.clear_inactive();
        }
    }

    /// Sets the coupling of samples on which every slope is 0 to exactly zero.
    ///
    /// Their rates grow like `t`, so that rounding errors there would move margins far out.
    fn clear_inactive(&mut self) {
        let n = self.samples();
        let active = |i: usize| {
            self.groups
                .iter()
                .any(|group| self.fixed_slope(group.pieces[i]) != 0.0)
        };
        let inactive: Vec<usize> = (0..n).filter(|&i| !active(i)).collect();
        for i in inactive {
            for j in 0..n {
                self.matrix[i * n + j] = 0.0;
                self.matrix[j * n + i] = 0.0;
            }
        }
    }

    fn remove_neuron(&mut self, neuron: usize) {
        let index = self.group_of[neuron];
        self.groups[index].neurons.retain(|&k| k != neuron);
        if self.groups[index].neurons.is_empty() {
            self.groups.swap_remove(index);
            if let Some(moved) = self.groups.get(index) {
                for &k in &moved.neurons {
                    self.group_of[k] = index;
                }
            }
        }
    }

    fn add_neuron(&mut self, neuron: usize, sign: f64, pieces: Vec<Piece>) {
        let found = self
            .groups
            .iter()
            .position(|group| group.sign == sign && group.pieces == pieces);
        let index = found.unwrap_or_else(|| {
            let group = self.build(sign, pieces);
            self.groups.push(group);
            self.groups.len() - 1
        });
        self.groups[index].neurons.push(neuron);
        self.group_of[neuron] = index;
    }

    fn build(&self, sign: f64, pieces: Vec<Piece>) -> ParallelGroup {
        let n = self.samples();
        let sliding: Vec<usize> = (0..n).filter(|&i| pieces[i] == Piece::Sliding).collect();
        let block = self.block(&sliding);
        let mut transfer = Vec::with_capacity(sliding.len() * n);
        for &i in &sliding {
            let row = self.gram.row(i).iter().zip(&pieces);
            transfer.extend(row.map(|(g, piece)| match piece {
                Piece::Sliding => 0.0,
                _ => -g,
            }));
        }
        solve_semidefinite(&block, sliding.len(), &mut transfer);
        ParallelGroup {
            sign,
            pieces,
            neurons: Vec::new(),
            sliding,
            transfer,
        }
    }

    /// `G` on some samples, row after row.
    pub(super) fn block(&self, samples: &[usize]) -> Vec<f64> {
        samples
            .iter()
            .flat_map(|&i| samples.iter().map(move |&j| self.gram.row(i)[j]))
            .collect()
    }

    fn refresh(&mut self) {
        let mut matrix = std::mem::take(&mut self.matrix);
        matrix.fill(0.0);
        for index in 0..self.groups.len() {
            self.add(&mut matrix, index, self.groups[index].neurons.len() as f64);
        }
        self.matrix = matrix;
        self.changes = 0;
    }

    /// Adds `count` neurons of a group:
    /// `(η/(n m²)) y_i D_i (G − G_·Σ G_ΣΣ⁺ G_Σ·)_ij D_j y_j` off the sliding samples.
    fn add(&self, matrix: &mut [f64], index: usize, count: f64) {
        let n = self.samples();
        let group = &self.groups[index];
        let weights: Vec<f64> = (0..n)
            .map(|j| self.labels[j] * self.fixed_slope(group.pieces[j]))
            .collect();
        let factor = count * self.rate / self.width;
        let mut row = vec![0.0; n];
        for i in (0..n).filter(|&i| weights[i] != 0.0) {
            row.copy_from_slice(self.gram.row(i));
            for (&l, transfer) in group.sliding.iter().zip(group.transfer.chunks_exact(n)) {
                let g = self.gram.row(i)[l];
                for (row, &t) in row[i..].iter_mut().zip(&transfer[i..]) {
                    *row += g * t;
                }
            }
            // The upper triangle, mirrored: exactly symmetric.
            for j in i..n {
                let value = factor * weights[i] * row[j] * weights[j];
                matrix[i * n + j] += value;
                if i != j {
                    matrix[j * n + i] += value;
                }
            }
        }
    }

    /// The slope of a piece, 0 for a sliding one, whose slope follows from `transfer`.
    pub(super) fn fixed_slope(&self, piece: Piece) -> f64 {
        match piece {
            Piece::Inactive => self.slope,
            Piece::Active => 1.0,
            Piece::Sliding => 0.0,
        }
    }

    /// `z_j = y_j D_j x_j`, with the slopes that sliding takes on `Σ`: for sums `x = ΔS` the
    /// change of the coefficients, for rates `x = v` their velocity, both over `s η/(nm)`.
    pub(super) fn apply_slopes(&self, group: &ParallelGroup, x: &[f64], z: &mut [f64]) {
        for (j, z) in z.iter_mut().enumerate() {
            *z = self.labels[j] * self.fixed_slope(group.pieces[j]) * x[j];
        }
        let n = z.len();
        // `z` is zero on `Σ` so far, and `transfer` there, so that the order does not matter.
        for (&sample, row) in group.sliding.iter().zip(group.transfer.chunks_exact(n)) {
            z[sample] = row.iter().zip(z.iter()).map(|(t, z)| t * z).sum();
        }
    }

    /// `Σ_i |T_li z_i|`, the size of the terms that make up `z` at the sliding sample `l` of a
    /// group.
    pub(super) fn sliding_term_size(&self, group: &ParallelGroup, l: usize, z: &[f64]) -> f64 {
        let n = z.len();
        let row = &group.transfer[l * n..(l + 1) * n];
        row.iter().zip(z).map(|(t, z)| (t * z).abs()).sum()
    }

    /// Change of the pre-activations of a group's neurons, `s (η/(nm)) G z`, `n` of them.
    pub(super) fn moved(&self, group: &ParallelGroup, z: &[f64], out: &mut [f64]) {
        rows_times(self.gram.iter(), z, out);
        let factor = group.sign * self.rate;
        out.iter_mut().for_each(|h| *h *= factor);
        for &i in &group.sliding {
            out[i] = 0.0;
        }
    }
}

//! Where the watched pairs of a block lie: neuron after neuron, so that what one of them adds to the others of
//! its neuron is a row of neighbours.

use implicit_bias_scalar::aligned::AlignedLanes;

use super::budget::Plan;
use crate::Problem;
use crate::kernel::{LANES, padded};

/// A place: a lane of a lane group, which holds one watched pair or none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row {
    pub sample: u32,
    pub neuron: u32,
    /// Where its row of `kicks` begins.
    pub start: u32,
    /// The first lane group of its neuron.
    pub group: u32,
    /// The lane groups of its neuron.
    pub groups: u32,
    /// `s_k`, 0 where there is no pair.
    pub sign: f64,
}

/// The watched pairs of a block.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// The neuron and the sample of each place.
    pub pairs: Vec<Option<(usize, usize)>>,
    pub rows: Vec<Row>,
    /// `s_k (η/(nm)) (1 − γ) y_i G_ij`, what a place that is on adds to each place `j` of its neuron for `g_i = 1`, 0 on
    /// places of other neurons in its lane groups.
    pub kicks: AlignedLanes,
    /// The first place of each neuron, and their number.
    first: Vec<usize>,
    count: Vec<usize>,
}

impl Places {
    pub fn set_up(&mut self, problem: &Problem, plan: &Plan) {
        let mut watched = plan.watched.clone();
        watched.sort_unstable();
        self.pairs.clear();
        for array in [&mut self.first, &mut self.count] {
            array.clear();
            array.resize(problem.neurons(), 0);
        }
        for pairs in watched.chunk_by(|a, b| a.0 == b.0) {
            // In as few lane groups as there can be, so that their rows are short.
            let begun = self.pairs.len() % LANES;
            if (begun + pairs.len()).div_ceil(LANES) > pairs.len().div_ceil(LANES) {
                self.pairs.resize(padded(self.pairs.len()), None);
            }
            self.first[pairs[0].0] = self.pairs.len();
            self.count[pairs[0].0] = pairs.len();
            self.pairs.extend(pairs.iter().copied().map(Some));
        }
        self.pairs.resize(padded(self.pairs.len()), None);
        self.rows.clear();
        let mut start = 0;
        for pair in &self.pairs {
            self.rows
                .push(pair.map_or_else(Row::default, |(neuron, sample)| {
                    let first = self.first[neuron];
                    let group = first / LANES;
                    let row = Row {
                        sample: sample as u32,
                        neuron: neuron as u32,
                        start: start as u32,
                        group: group as u32,
                        groups: ((first + self.count[neuron]).div_ceil(LANES) - group) as u32,
                        sign: problem.sign(neuron),
                    };
                    start += row.groups as usize;
                    row
                }));
        }
        self.set_kicks(problem, start);
    }

    fn set_kicks(&mut self, problem: &Problem, lanes: usize) {
        self.kicks.reset(lanes);
        let gain = problem.rate() * (1.0 - problem.activation().slope());
        for (row, pair) in self.rows.iter().zip(&self.pairs) {
            let &Some((neuron, sample)) = pair else {
                continue;
            };
            let factor = gain * problem.sign(neuron) * problem.labels()[sample];
            let gram = problem.inner_products().row(sample);
            let kicks = self.kicks[row.start as usize..][..row.groups as usize].as_flattened_mut();
            let first = self.first[neuron];
            for place in first..first + self.count[neuron] {
                if let Some((_, other)) = self.pairs[place] {
                    kicks[place - row.group as usize * LANES] = factor * gram[other];
                }
            }
        }
    }

    /// Lane groups.
    pub fn groups(&self) -> usize {
        self.pairs.len() / LANES
    }

    /// The place of a pair, if it is watched.
    pub fn find(&self, neuron: usize, sample: usize) -> Option<usize> {
        let range = self.first[neuron]..self.first[neuron] + self.count[neuron];
        range
            .into_iter()
            .find(|&place| self.pairs[place] == Some((neuron, sample)))
    }
}

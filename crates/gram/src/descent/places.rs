//! Where the watched pairs of a block lie: those of a neuron side by side, so that what one of them adds to the others
//! is a row of neighbours.

use implicit_bias_scalar::aligned::AlignedLanes;

use super::budget::Plan;
use crate::Problem;
use crate::kernel::LANES;

/// A place: a lane of a lane group, which holds one watched pair or none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row {
    /// `s_k`, 0 where there is no pair.
    pub sign: f64,
    /// The sum of `g_j` over the steps in which the pair was on.
    pub on_sum: f64,
    pub sample: u32,
    pub neuron: u32,
    /// Where its row of `kicks` begins.
    pub start: u32,
}

/// The places of a neuron that have more than one lane group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// The place behind the last one.
    pub end: u32,
    /// The first lane group, and how many they are.
    pub group: u32,
    pub groups: u32,
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
    /// The lane groups of neurons that have no more than one, which come first. A place of these has the row of `kicks`
    /// of its own number.
    pub narrow: usize,
    /// The other neurons.
    pub runs: Vec<Run>,
    /// The first place of each neuron, and their number.
    first: Vec<usize>,
    count: Vec<usize>,
}

impl Places {
    pub fn set_up(&mut self, problem: &Problem, plan: &Plan) {
        let mut watched = plan.watched.clone();
        watched.sort_unstable();
        let mut neurons: Vec<&[(usize, usize)]> = watched.chunk_by(|a, b| a.0 == b.0).collect();
        // Lane groups fill up the better, the smaller what comes last.
        neurons.sort_by_key(|pairs| std::cmp::Reverse(pairs.len()));
        let wide = neurons.partition_point(|pairs| pairs.len() > LANES);
        let (wide, narrow) = neurons.split_at(wide);
        for array in [&mut self.first, &mut self.count] {
            array.clear();
            array.resize(problem.neurons(), 0);
        }
        self.pairs.clear();
        self.place_narrow(narrow);
        self.narrow = self.groups();
        self.runs.clear();
        for pairs in wide {
            let (group, groups) = (self.groups(), pairs.len().div_ceil(LANES));
            self.pairs.resize((group + groups) * LANES, None);
            self.place(pairs, group * LANES);
            self.runs.push(Run {
                end: self.pairs.len() as u32,
                group: group as u32,
                groups: groups as u32,
            });
        }
        self.set_rows(problem);
    }

    /// Puts neurons of falling numbers of pairs into lane groups, each into the fullest that has room.
    fn place_narrow(&mut self, neurons: &[&[(usize, usize)]]) {
        // First lanes that are free, by how many are.
        let mut free: [Vec<usize>; LANES + 1] = Default::default();
        for pairs in neurons {
            let len = pairs.len();
            let (room, first) = (len..=LANES)
                .find_map(|room| Some((room, free[room].pop()?)))
                .unwrap_or((LANES, self.pairs.len()));
            if first == self.pairs.len() {
                self.pairs.resize(first + LANES, None);
            }
            self.place(pairs, first);
            free[room - len].push(first + len);
        }
    }

    fn place(&mut self, pairs: &[(usize, usize)], first: usize) {
        let neuron = pairs[0].0;
        (self.first[neuron], self.count[neuron]) = (first, pairs.len());
        for (place, &pair) in self.pairs[first..].iter_mut().zip(pairs) {
            *place = Some(pair);
        }
    }

    /// `rows` and `kicks`.
    fn set_rows(&mut self, problem: &Problem) {
        let narrow = self.narrow * LANES;
        let mut lanes = narrow;
        self.rows.clear();
        self.rows.resize(self.pairs.len(), Row::default());
        for (place, (row, pair)) in self.rows.iter_mut().zip(&self.pairs).enumerate() {
            let &Some((neuron, sample)) = pair else {
                continue;
            };
            *row = Row {
                sign: problem.sign(neuron),
                on_sum: 0.0,
                sample: sample as u32,
                neuron: neuron as u32,
                start: if place < narrow { place } else { lanes } as u32,
            };
            if place >= narrow {
                lanes += self.count[neuron].div_ceil(LANES);
            }
        }
        self.kicks.reset(lanes);
        let gain = problem.rate() * (1.0 - problem.activation().slope());
        for (row, pair) in self.rows.iter().zip(&self.pairs) {
            let &Some((neuron, sample)) = pair else {
                continue;
            };
            let factor = gain * problem.sign(neuron) * problem.labels()[sample];
            let gram = problem.inner_products().row(sample);
            let (first, count) = (self.first[neuron], self.count[neuron]);
            let kicks = self.kicks[row.start as usize..].as_flattened_mut();
            let kicks = kicks[first % LANES..].iter_mut();
            for (kick, pair) in kicks.zip(&self.pairs[first..first + count]) {
                if let Some((_, other)) = pair {
                    *kick = factor * gram[*other];
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

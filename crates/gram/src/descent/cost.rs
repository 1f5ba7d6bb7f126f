//! What a step costs, plain or in a block, counted in multiply-adds on eight lanes.

use crate::Problem;
use crate::kernel::{LANES, padded};

/// Most bytes that the lists of a block may take: 64 MiB.
const MAX_TABLE: usize = 1 << 26;

/// A slope of the loss on eight lanes, in multiply-adds.
const SLOPE: f64 = 25.0;

/// A plain step, in multiply-adds on eight lanes: an entry that a neuron looks up, by eight pre-activations; what it does
/// with the sum, once and by eight pre-activations; and a table, by eight of what it adds to. Fitted to the times of
/// docs/gram.md.
const LOOKUP: f64 = 0.5;
const NEURON: f64 = 3.0;
const MOVE: f64 = 7.0;
const TABLE: f64 = 14.0;

/// A watched pair, by step: itself, a lane group of its neuron, and by eight samples, once and by sample. The last is
/// that what slopes add to pairs is told the worse, and has to be summed the more often, the more samples there are.
/// Fitted to the same times.
const PAIR: f64 = 1.0;
const GROUP: f64 = 1.0;
const COUNT: f64 = 0.06;
const DRIFT: f64 = 0.001;

/// The costs of one problem; results do not depend on them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// A plain step.
    pub plain: f64,
    /// Setting a block up, and applying its changes to the state afterwards.
    pub setup: f64,
    /// The same, for each pair that it watches.
    pub watched_setup: f64,
    /// A step of a block.
    pub step: f64,
    /// The same, for each pair that it watches.
    pub watched_step: f64,
    /// The same, for each lane group of its neuron.
    pub moved_group: f64,
    /// Neurons among which watched pairs are spread.
    pub neurons: f64,
    /// Most pairs that a block may watch.
    pub most_watched: usize,
}

impl Cost {
    pub fn new(problem: &Problem) -> Self {
        let samples = problem.samples() as f64;
        let lanes = (padded(problem.neurons()) / LANES) as f64;
        let sample_lanes = (padded(problem.samples()) / LANES) as f64;
        let product = samples * samples * lanes;
        // Four samples share a look-up and a table, and vectors may have four lanes.
        let neurons = problem.neurons() as f64;
        let (groups, moved) = ((samples / 4.0).ceil(), (samples / 4.0).ceil() / 2.0);
        let by_neuron = NEURON + moved * (MOVE + LOOKUP * groups);
        Self {
            plain: neurons * by_neuron + TABLE * groups * moved + SLOPE * sample_lanes,
            // Two products for the bounds, one for the matrix of the block, one to change the
            // state, and the passes over the pairs between them.
            setup: 4.0 * product + 30.0 * samples * lanes + samples * samples,
            watched_setup: 5.0 * samples,
            // The matrix of the block, and what is counted for each sample.
            step: 20.0 + sample_lanes * (4.0 * samples + SLOPE),
            watched_step: PAIR + sample_lanes * (COUNT + DRIFT * samples),
            moved_group: GROUP,
            neurons,
            // A row of eight bytes for each watched pair of the same neuron, of which there are as many as samples.
            most_watched: MAX_TABLE / (8 * padded(problem.samples()) + 64),
        }
    }

    /// Cost by step of a block of `length` steps that watches `watched` pairs, its set-up included.
    fn block(&self, watched: usize, length: f64) -> f64 {
        self.block_step(watched) + self.block_setup(watched) / length
    }

    fn block_step(&self, watched: usize) -> f64 {
        let watched = watched as f64;
        let groups = 1.0 + watched / (LANES as f64 * self.neurons);
        self.step + watched * (self.watched_step + self.moved_group * groups)
    }

    fn block_setup(&self, watched: usize) -> f64 {
        self.setup + watched as f64 * self.watched_setup
    }

    /// Steps after which setting up another block costs no more than a twentieth of those steps.
    pub fn steps_before_replanning(&self, watched: usize) -> u64 {
        (20.0 * self.block_setup(watched) / self.block_step(watched)).ceil() as u64
    }

    /// Whether such a block is cheaper than plain steps.
    pub fn is_cheaper(&self, watched: usize, length: f64) -> bool {
        watched <= self.most_watched && self.block(watched, length) < 0.9 * self.plain
    }

    /// The length `2^b` whose blocks are the cheapest by step, with the number of pairs below it;
    /// `counts[b]` pairs are safe for fewer than `2^b` steps and at least `2^(b−1)`.
    pub fn best_block(&self, counts: &[usize]) -> Option<(f64, usize)> {
        let mut watched = 0;
        let mut best: Option<(f64, f64, usize)> = None;
        for (b, count) in counts[..counts.len() - 1].iter().enumerate() {
            watched += count;
            let length = 2f64.powi(b as i32);
            let cost = self.block(watched, length);
            if self.is_cheaper(watched, length) && best.is_none_or(|(least, ..)| cost < least) {
                best = Some((cost, length, watched));
            }
        }
        best.map(|(_, length, watched)| (length, watched))
    }
}

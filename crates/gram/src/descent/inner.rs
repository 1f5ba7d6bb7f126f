//! The inner loop of a block.

use implicit_bias_scalar::Loss;
use pulp::Simd;

use super::block::{StepBlock, UnitSlopes};
use super::state::State;
use crate::Problem;
use crate::inner_products::InnerProducts;
use crate::kernel::{
    LANES, Lanes, Vectorized, derivative, fill_slopes, vectorized, vectors, vectors_mut,
};

impl StepBlock {
    /// Takes at most `steps` steps, fewer where the bounds are reached, and returns how many.
    pub fn run(&mut self, problem: &Problem, state: &mut State, steps: u64) -> u64 {
        vectorized(BlockSteps {
            block: self,
            gram: problem.inner_products(),
            margins: &mut state.margins,
            steps,
            loss: problem.loss(),
            slope: problem.activation().slope(),
            inverse_width: 1.0 / problem.divisor(),
        })
    }
}

/// The loop over the steps of a block.
struct BlockSteps<'a> {
    pub block: &'a mut StepBlock,
    pub gram: &'a InnerProducts,
    pub margins: &'a mut [Lanes],
    pub steps: u64,
    pub loss: Loss,
    pub slope: f64,
    pub inverse_width: f64,
}

impl Vectorized for BlockSteps<'_> {
    /// Steps taken.
    type Output = u64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> u64 {
        let block = self.block;
        let slope = simd.splat_f64s(self.slope);
        let linked = !block.links.is_empty();
        for taken in 0..self.steps {
            fill_slopes::<S>(self.loss, self.margins, &mut block.slopes);
            if !add_within_bounds(simd, block) {
                return taken;
            }
            let active = find_active(simd, block);
            let g = block.slopes.as_flattened();
            multiply(
                simd,
                vectors::<S>(&block.columns),
                g,
                vectors_mut::<S>(&mut block.changes),
            );
            add_slope_products(simd, block, self.gram);
            add_active_products(simd, block, self.gram, active, self.inverse_width);
            if linked {
                link(block);
            }
            let margins = vectors_mut::<S>(self.margins).iter_mut();
            let base = vectors::<S>(&block.base);
            for ((q, &base), &change) in margins.zip(base).zip(vectors::<S>(&block.changes)) {
                *q = simd.add_f64s(base, change);
            }
            add_watched(simd, block, self.margins, slope);
        }
        self.steps
    }
}

/// Makes watched pre-activations on samples that are multiples of one another those multiples.
#[cold]
#[inline(never)]
fn link(block: &mut StepBlock) {
    let watched_h = block.watched_h.as_flattened_mut();
    for &(place, of, factor) in &block.links {
        watched_h[place as usize] = factor * watched_h[of as usize];
    }
}

/// `q_i += (y_i/m) Σ s_k φ(h_ki)` over the watched pairs.
#[inline(always)]
fn add_watched<S: Simd>(simd: S, block: &StepBlock, margins: &mut [Lanes], slope: S::f64s) {
    let split = LANES / S::F64_LANES;
    let margins = margins.as_flattened_mut();
    let watched_h = vectors::<S>(&block.watched_h).chunks_exact(split);
    let weights = vectors::<S>(&block.weights).chunks_exact(split);
    let mut groups = watched_h.zip(weights).zip(&block.samples).peekable();
    while let Some(((watched_h, weights), &sample)) = groups.next() {
        let mut sum = simd.splat_f64s(0.0);
        let mut add = |watched_h: &[S::f64s], weights: &[S::f64s]| {
            for (&h, &weight) in watched_h.iter().zip(weights) {
                let d = derivative(simd, h, slope);
                sum = simd.mul_add_e_f64s(simd.mul_f64s(d, h), weight, sum);
            }
        };
        add(watched_h, weights);
        // Lane groups of one sample are neighbours: they share one sum across the lanes.
        while let Some(((watched_h, weights), _)) = groups.next_if(|(_, next)| **next == sample) {
            add(watched_h, weights);
        }
        margins[sample] += simd.reduce_sum_f64s(sum);
    }
}

/// Adds `g` to its running sums, `S_j += g_j`; `false`, with nothing added, where some `S_j` would
/// exceed its bound, beyond which unwatched pairs are not proven to keep their signs.
#[inline(always)]
fn add_within_bounds<S: Simd>(simd: S, block: &mut StepBlock) -> bool {
    let g = vectors::<S>(&block.slopes);
    let bounds = vectors::<S>(&block.bounds);
    let mut excess = simd.splat_f64s(f64::NEG_INFINITY);
    let sums = vectors_mut::<S>(&mut block.sums);
    for ((sum, &g), &bound) in sums.iter_mut().zip(g).zip(bounds) {
        *sum = simd.add_f64s(*sum, g);
        excess = simd.max_f64s(excess, simd.sub_f64s(*sum, bound));
    }
    if simd.reduce_max_f64s(excess) > 0.0 {
        for (sum, &g) in sums.iter_mut().zip(g) {
            *sum = simd.sub_f64s(*sum, g);
        }
        return false;
    }
    true
}

/// Lists the active places and returns how many there are.
///
/// There is no branch on whether a pair is active, which is close to random.
#[inline(always)]
fn find_active<S: Simd>(simd: S, block: &mut StepBlock) -> usize {
    const BITS: [Lanes; 1] = [[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]];
    let split = LANES / S::F64_LANES;
    let zero = simd.splat_f64s(0.0);
    let watched_h = vectors::<S>(&block.watched_h).chunks_exact(split);
    let mut count = 0;
    for (group, watched_h) in watched_h.enumerate() {
        let mut bits = zero;
        for (&h, &bit) in watched_h.iter().zip(vectors::<S>(&BITS)) {
            let bit = simd.select_f64s(simd.less_than_f64s(zero, h), bit, zero);
            bits = simd.add_f64s(bits, bit);
        }
        // Adding 2⁵² leaves a small whole number in the low bits of the mantissa.
        let bits = (simd.reduce_sum_f64s(bits) + 4_503_599_627_370_496.0).to_bits() as usize & 0xff;
        if let Some(out) = block.active[count..].first_chunk_mut::<LANES>() {
            *out = ACTIVE_LANES[bits].map(|lane| (group * LANES) as u32 + lane);
        }
        count += bits.count_ones() as usize;
    }
    count
}

/// The set bits of every byte, lowest first.
const ACTIVE_LANES: [[u32; LANES]; 256] = {
    let mut table = [[0; LANES]; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut lane, mut count) = (0, 0);
        while lane < LANES {
            if byte >> lane & 1 == 1 {
                table[byte][count] = lane as u32;
                count += 1;
            }
            lane += 1;
        }
        byte += 1;
    }
    table
};

/// The set bits of every byte as ones, by lane.
const ONES: [Lanes; 256] = {
    let mut table = [[0.0; LANES]; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut lane = 0;
        while lane < LANES {
            if byte >> lane & 1 == 1 {
                table[byte][lane] = 1.0;
            }
            lane += 1;
        }
        byte += 1;
    }
    table
};

/// `h += V g` for the watched pairs.
///
/// `(V g)_ki = (y_i s_k/m) Σ_j (η/n) y_i G_ij y_j D_kj g_j`. Only the slopes `D_kj ∈ {γ, 1}`
/// depend on the neuron, so `V` is stored as one byte a lane group and sample: which lanes have
/// slope 1.
#[inline(always)]
fn add_slope_products<S: Simd>(simd: S, block: &mut StepBlock, gram: &InnerProducts) {
    if block.samples.is_empty() {
        return;
    }
    let split = LANES / S::F64_LANES;
    let gain = simd.splat_f64s(block.gain);
    let rates = vectors_mut::<S>(&mut block.signed_rates).iter_mut();
    let slopes = vectors::<S>(&block.slopes);
    for ((rate, &label), &g) in rates.zip(vectors::<S>(&block.labels)).zip(slopes) {
        *rate = simd.mul_f64s(simd.mul_f64s(gain, label), g);
    }
    let ones = vectors::<S>(&ONES);
    let watched_h = vectors_mut::<S>(&mut block.watched_h).chunks_exact_mut(split);
    let weights = vectors::<S>(&block.weights).chunks_exact(split);
    let groups = block.samples.iter().zip(&block.unit_slope_ends);
    let (mut start, mut current) = (0, usize::MAX);
    let mut common = simd.splat_f64s(0.0);
    for ((watched_h, weights), (&sample, &end)) in watched_h.zip(weights).zip(groups) {
        if sample != current {
            current = sample;
            let label = simd.splat_f64s(block.labels.as_flattened()[sample]);
            let row = vectors::<S>(gram.lanes(sample));
            let contributions = vectors_mut::<S>(&mut block.contributions).iter_mut();
            // The part of slope `γ` is equal for all neurons: γ/(1 − γ) times the sum over all
            // `j`.
            let mut sum = simd.splat_f64s(0.0);
            for ((contribution, &g), &rate) in contributions
                .zip(row)
                .zip(vectors::<S>(&block.signed_rates))
            {
                *contribution = simd.mul_f64s(simd.mul_f64s(label, g), rate);
                sum = simd.add_f64s(sum, *contribution);
            }
            common = simd.splat_f64s(block.slope_ratio * simd.reduce_sum_f64s(sum));
        }
        let contributions = block.contributions.as_flattened();
        let unit_slopes = &block.unit_slopes[start..end];
        for (part, (h, &weight)) in watched_h.iter_mut().zip(weights).enumerate() {
            let add = |sum: S::f64s, entry: &UnitSlopes| {
                let mask = ones[entry.bits as usize * split + part];
                let contribution = simd.splat_f64s(contributions[entry.sample as usize]);
                simd.mul_add_e_f64s(contribution, mask, sum)
            };
            // Two sums, so that a multiply-add need not wait for the one before it.
            let (mut even, mut odd) = (common, simd.splat_f64s(0.0));
            let mut pairs = unit_slopes.chunks_exact(2);
            for pair in &mut pairs {
                even = add(even, &pair[0]);
                odd = add(odd, &pair[1]);
            }
            if let [last] = pairs.remainder() {
                even = add(even, last);
            }
            *h = simd.mul_add_e_f64s(weight, simd.add_f64s(even, odd), *h);
        }
        start = end;
    }
}

/// `b += Σ E_kj g_j` and `h_ki += Σ e_kij g_j` over the active watched pairs `(k, j)`.
#[inline(always)]
fn add_active_products<S: Simd>(
    simd: S,
    block: &mut StepBlock,
    gram: &InnerProducts,
    active: usize,
    inverse_width: f64,
) {
    let sample_vectors = block.base.len() * (LANES / S::F64_LANES);
    let g = block.slopes.as_flattened();
    let watched_h = block.watched_h.as_flattened_mut();
    let weights = block.weights.as_flattened();
    let unwatched = vectors::<S>(&block.unwatched);
    let unwatched_sum = vectors_mut::<S>(&mut block.unwatched_sum);
    let changes = vectors_mut::<S>(&mut block.changes);
    let mut places = block.active[..active]
        .iter()
        .map(|&place| place as usize)
        .peekable();
    while let Some(&first) = places.peek() {
        let group = first / LANES;
        let sample = block.samples[group];
        let value = g[sample];
        let row = gram.lanes(sample);
        let labels = block.labels.as_flattened();
        let signed_rate = block.gain * labels[sample] * value;
        unwatched_sum.fill(simd.splat_f64s(0.0));
        while let Some(place) = places.next_if(|place| block.samples[place / LANES] == sample) {
            block.on_sums[place] += value;
            let neuron = block.neuron_of[place];
            let unwatched = &unwatched[neuron * sample_vectors..];
            for (sum, &d) in unwatched_sum.iter_mut().zip(unwatched) {
                *sum = simd.add_f64s(*sum, d);
            }
            let start = if neuron == 0 {
                0
            } else {
                block.neuron_pair_ends[neuron - 1]
            };
            for pair in &block.neuron_pairs[start..block.neuron_pair_ends[neuron]] {
                let place = pair.place as usize;
                let other = pair.sample as usize;
                let change = row.as_flattened()[other] * labels[other] * signed_rate;
                watched_h[place] += change * weights[place];
            }
        }
        let factor = simd.splat_f64s(signed_rate * inverse_width * inverse_width);
        for ((change, &g), &sum) in changes
            .iter_mut()
            .zip(vectors::<S>(row))
            .zip(&*unwatched_sum)
        {
            *change = simd.mul_add_e_f64s(simd.mul_f64s(g, factor), sum, *change);
        }
    }
}

/// `rows += M g` for `M` by lanes of rows, then columns.
#[inline(always)]
fn multiply<S: Simd>(simd: S, columns: &[S::f64s], g: &[f64], rows: &mut [S::f64s]) {
    // The vectors of one lane group are neighbours, whatever number of them that is.
    match LANES / S::F64_LANES {
        1 => multiply_split::<S, 1>(simd, columns, g, rows),
        2 => multiply_split::<S, 2>(simd, columns, g, rows),
        4 => multiply_split::<S, 4>(simd, columns, g, rows),
        _ => multiply_split::<S, LANES>(simd, columns, g, rows),
    }
}

/// [`multiply`] for lane groups of `SPLIT` vectors, by tiles of lane groups that share the reading
/// of `g`.
#[inline(always)]
fn multiply_split<S: Simd, const SPLIT: usize>(
    simd: S,
    columns: &[S::f64s],
    g: &[f64],
    rows: &mut [S::f64s],
) {
    let (columns, rows) = (columns.as_chunks().0, rows.as_chunks_mut().0);
    let samples = columns.len() / rows.len();
    let g = &g[..samples];
    // Four vectors with two sums each hide the latency of a multiply-add.
    for (rows, columns) in rows.chunks_mut(4).zip(columns.chunks(4 * samples)) {
        match rows.len() {
            4 => tile::<S, SPLIT, 4>(simd, columns, g, rows),
            3 => tile::<S, SPLIT, 3>(simd, columns, g, rows),
            2 => tile::<S, SPLIT, 2>(simd, columns, g, rows),
            _ => tile::<S, SPLIT, 1>(simd, columns, g, rows),
        }
    }
}

/// [`multiply`] for `GROUPS` lane groups at once. Each entry has two sums, over even and over odd
/// columns, whatever the tile is.
#[inline(always)]
fn tile<S: Simd, const SPLIT: usize, const GROUPS: usize>(
    simd: S,
    columns: &[[S::f64s; SPLIT]],
    g: &[f64],
    rows: &mut [[S::f64s; SPLIT]],
) {
    let samples = g.len();
    let columns: [_; GROUPS] = std::array::from_fn(|group| &columns[group * samples..][..samples]);
    let mut even: [_; GROUPS] = std::array::from_fn(|group| rows[group]);
    let mut odd = [[simd.splat_f64s(0.0); SPLIT]; GROUPS];
    let add = |sums: &mut [[S::f64s; SPLIT]; GROUPS], j: usize| {
        let factor = simd.splat_f64s(g[j]);
        for (sums, columns) in sums.iter_mut().zip(columns) {
            for (sum, &entry) in sums.iter_mut().zip(&columns[j]) {
                *sum = simd.mul_add_e_f64s(factor, entry, *sum);
            }
        }
    };
    let mut j = 0;
    while j + 1 < samples {
        add(&mut even, j);
        add(&mut odd, j + 1);
        j += 2;
    }
    if j < samples {
        add(&mut even, j);
    }
    for ((row, even), odd) in rows.iter_mut().zip(even).zip(odd) {
        *row = std::array::from_fn(|part| simd.add_f64s(even[part], odd[part]));
    }
}

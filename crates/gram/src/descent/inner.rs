//! The inner loop of a block.

use pulp::Simd;

use super::block::{Fields, GroupBits, OfSample, StepBlock};
use super::multiply::multiply;
use super::state::State;
use crate::Problem;
use crate::kernel::{
    LANES, Lanes, MaskBits, VectorizedBits, fill_slopes, vectorized_bits, vectors, vectors_mut,
};

/// Drift is set anew where slopes have changed by more than this factor.
const FACTOR: f64 = 2.0;

/// Steps after which it is, so that `h` is rounded as one number again.
const MOST_STEPS: u64 = 1 << 12;

/// Slopes of reference are taken for at least this part of the largest one.
const LEAST: f64 = 1e-9;

impl StepBlock {
    /// Takes at most `steps` steps, fewer where the bounds are reached, and returns how many.
    pub fn run(&mut self, problem: &Problem, state: &mut State, steps: u64) -> u64 {
        vectorized_bits(BlockSteps {
            block: self,
            problem,
            margins: &mut state.margins,
            steps,
        })
    }

    /// `scales` and `reach` of the slopes of reference.
    pub(super) fn set_scales(&mut self, problem: &Problem) {
        let samples = problem.samples();
        let references = &self.references.as_flattened()[..samples];
        let largest = references
            .iter()
            .fold(0.0, |most: f64, g| most.max(g.abs()));
        let least = (LEAST * largest).max(f64::MIN_POSITIVE);
        let scales = &mut self.scales.as_flattened_mut()[..samples];
        for (scale, g) in scales.iter_mut().zip(references) {
            *scale = 1.0 / g.abs().max(least);
        }
        let farthest = problem.inner_products().iter().map(|row| {
            let terms = row.iter().zip(&*scales);
            terms.map(|(g, scale)| g.abs() / scale).sum::<f64>()
        });
        self.reach = problem.rate() * farthest.fold(0.0, f64::max);
    }
}

/// The loop over the steps of a block.
struct BlockSteps<'a> {
    block: &'a mut StepBlock,
    problem: &'a Problem,
    margins: &'a mut [Lanes],
    steps: u64,
}

impl VectorizedBits for BlockSteps<'_> {
    /// Steps taken.
    type Output = u64;

    #[inline(always)]
    fn run<S: Simd, B: MaskBits>(self, simd: S, bits: B) -> u64 {
        let (block, problem) = (self.block, self.problem);
        let margins = self.margins;
        // What is on now follows from the state, and is not kept from run to run.
        let mut on = find_on(simd, bits, block, problem, 0.0, false);
        count_on(simd, block, on);
        for taken in 0..self.steps {
            fill_slopes::<S>(problem.loss(), margins, &mut block.slopes);
            if !add_within_bounds(simd, block) {
                return taken;
            }
            let drifted = advance_residuals(simd, block, problem);
            multiply(
                simd,
                vectors::<S>(&block.columns),
                block.slopes.as_flattened(),
                vectors_mut::<S>(&mut block.changes),
            );
            add_lifts(simd, block, problem);
            add_kicks(simd, block, on);
            on = find_on(simd, bits, block, problem, drifted, true);
            count_on(simd, block, on);
            set_margins(simd, block, problem, margins);
        }
        self.steps
    }
}

/// Adds `g` to what slopes have added beside the drift, and returns the number of drifts of this step.
#[inline(always)]
fn advance_residuals<S: Simd>(simd: S, block: &mut StepBlock, problem: &Problem) -> f64 {
    let g = vectors::<S>(&block.slopes);
    let mut sum = simd.splat_f64s(0.0);
    for (&g, &scale) in g.iter().zip(vectors::<S>(&block.scales)) {
        sum = simd.mul_add_e_f64s(g, scale, sum);
    }
    let mean = simd.reduce_sum_f64s(sum) / problem.samples() as f64;
    let due = 2 * block.summed >= block.places.pairs.len() as u64 + 64;
    let near = (1.0 / FACTOR..=FACTOR).contains(&mean);
    if !near || due || block.since >= MOST_STEPS {
        set_drift(simd, block, problem);
        return 1.0;
    }
    block.since += 1;
    let factor = simd.splat_f64s(-mean);
    let residuals = vectors_mut::<S>(&mut block.residuals).iter_mut();
    let references = vectors::<S>(&block.references);
    let labels = vectors::<S>(&block.labels);
    for (((residual, &reference), &label), &g) in residuals
        .zip(references)
        .zip(labels)
        .zip(vectors::<S>(&block.slopes))
    {
        let sum = simd.mul_add_e_f64s(label, g, *residual);
        *residual = simd.mul_add_e_f64s(factor, reference, sum);
    }
    mean
}

/// Gives `h` what the residuals add, and makes `g` the slopes of reference.
#[inline(always)]
fn set_drift<S: Simd>(simd: S, block: &mut StepBlock, problem: &Problem) {
    let labels = vectors::<S>(&block.labels);
    let references = vectors_mut::<S>(&mut block.references).iter_mut();
    for ((reference, &label), &g) in references.zip(labels).zip(vectors::<S>(&block.slopes)) {
        *reference = simd.mul_f64s(label, g);
    }
    let lanes = block.labels.len();
    let zero = simd.splat_f64s(0.0);
    let mut neuron = u32::MAX;
    for (place, row) in block.places.rows.iter().enumerate() {
        if row.sign == 0.0 {
            continue;
        }
        if row.neuron != neuron {
            neuron = row.neuron;
            let derivatives = &block.derivatives[neuron as usize * lanes..][..lanes];
            let [of_residuals, of_references] = &mut block.sloped;
            for (out, values) in [
                (of_residuals, &block.residuals),
                (of_references, &block.references),
            ] {
                let pairs = vectors::<S>(derivatives).iter().zip(vectors::<S>(values));
                for (out, (&d, &value)) in vectors_mut::<S>(out).iter_mut().zip(pairs) {
                    *out = simd.mul_f64s(d, value);
                }
            }
        }
        let gram = vectors::<S>(problem.inner_products().lanes(row.sample as usize));
        let [of_residuals, of_references] = &block.sloped;
        let (mut shift, mut drift) = (zero, zero);
        for ((&g, &residual), &reference) in gram
            .iter()
            .zip(vectors::<S>(of_residuals))
            .zip(vectors::<S>(of_references))
        {
            shift = simd.mul_add_e_f64s(g, residual, shift);
            drift = simd.mul_add_e_f64s(g, reference, drift);
        }
        let factor = row.sign * problem.rate();
        block.h.as_flattened_mut()[place] += factor * simd.reduce_sum_f64s(shift);
        block.drift.as_flattened_mut()[place] = factor * simd.reduce_sum_f64s(drift);
    }
    block.residuals.fill([0.0; LANES]);
    for &(place, of, factor) in &block.links {
        let h = block.h.as_flattened_mut();
        h[place as usize] = factor * h[of as usize];
    }
    (block.since, block.summed) = (0, 0);
    block.set_scales(problem);
}

/// What the residuals add to a place.
#[inline(always)]
fn shift<S: Simd>(simd: S, block: &StepBlock, problem: &Problem, place: usize) -> f64 {
    let row = &block.places.rows[place];
    let lanes = block.labels.len();
    let derivatives = &block.derivatives[row.neuron as usize * lanes..][..lanes];
    let gram = vectors::<S>(problem.inner_products().lanes(row.sample as usize));
    let mut sum = simd.splat_f64s(0.0);
    for ((&d, &g), &residual) in vectors::<S>(derivatives)
        .iter()
        .zip(gram)
        .zip(vectors::<S>(&block.residuals))
    {
        sum = simd.mul_add_e_f64s(simd.mul_f64s(d, g), residual, sum);
    }
    row.sign * problem.rate() * simd.reduce_sum_f64s(sum)
}

/// Moves `h` by so many drifts, lists the places that are on, and returns how many there are.
///
/// There is no branch on whether a pair is on, which is close to random.
#[inline(always)]
fn find_on<S: Simd, B: MaskBits>(
    simd: S,
    bits: B,
    block: &mut StepBlock,
    problem: &Problem,
    drifts: f64,
    counted: bool,
) -> usize {
    let mut largest = simd.splat_f64s(0.0);
    let residuals = vectors::<S>(&block.residuals);
    for (&residual, &scale) in residuals.iter().zip(vectors::<S>(&block.scales)) {
        largest = simd.max_f64s(largest, simd.mul_f64s(simd.abs_f64s(residual), scale));
    }
    let reach = simd.splat_f64s(block.reach * simd.reduce_max_f64s(largest));
    let (zero, drifts) = (simd.splat_f64s(0.0), simd.splat_f64s(drifts));
    let split = LANES / S::F64_LANES;
    let h = vectors_mut::<S>(&mut block.h).chunks_exact_mut(split);
    let drift = vectors::<S>(&block.drift).chunks_exact(split);
    let mut any = 0;
    for ((h, drift), out) in h.zip(drift).zip(&mut block.bits) {
        let mut of_group = GroupBits::default();
        for part in 0..split {
            h[part] = simd.mul_add_e_f64s(drifts, drift[part], h[part]);
            let above = simd.less_than_f64s(zero, h[part]);
            let near = simd.less_than_or_equal_f64s(simd.abs_f64s(h[part]), reach);
            of_group.on |= bits.of(simd, above) << (part * S::F64_LANES);
            of_group.unknown |= bits.of(simd, near) << (part * S::F64_LANES);
        }
        any |= of_group.unknown;
        *out = of_group;
    }
    if any != 0 {
        for group in 0..block.bits.len() {
            let of_group = block.bits[group];
            if of_group.unknown != 0 {
                block.bits[group].on = settle(simd, block, problem, group, of_group);
                let settled = u64::from(of_group.unknown.count_ones());
                block.summed += if counted { settled } else { 0 };
            }
        }
    }
    if !block.links.is_empty() {
        link(simd, block, problem);
    }
    let mut count = 0;
    let mut first = 0;
    for &GroupBits { on, .. } in &block.bits {
        if let Some(out) = block.on[count..].first_chunk_mut::<LANES>() {
            *out = ON_LANES[on as usize].map(|lane| first + lane);
        }
        count += on.count_ones() as usize;
        first += LANES as u32;
    }
    count
}

/// Finds by sums over all samples which of the `unknown` places of a lane group are on.
#[inline(always)]
fn settle<S: Simd>(
    simd: S,
    block: &StepBlock,
    problem: &Problem,
    group: usize,
    GroupBits { on, mut unknown }: GroupBits,
) -> u8 {
    let mut on = on & !unknown;
    while unknown != 0 {
        let lane = unknown.trailing_zeros() as usize;
        unknown &= unknown - 1;
        let h = block.h[group][lane] + shift(simd, block, problem, group * LANES + lane);
        let is_on = h > 0.0;
        on |= u8::from(is_on) << lane;
    }
    on
}

/// Makes watched pairs on samples that are multiples of one another on together.
#[inline(always)]
fn link<S: Simd>(simd: S, block: &mut StepBlock, problem: &Problem) {
    for &(place, of, factor) in &block.links {
        let (place, of) = (place as usize, of as usize);
        let h = block.h[of / LANES][of % LANES] + shift(simd, block, problem, of);
        let bits = &mut block.bits[place / LANES].on;
        *bits &= !(1 << (place % LANES));
        *bits |= u8::from(factor * h > 0.0) << (place % LANES);
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

/// The set bits of every byte, lowest first.
const ON_LANES: [[u32; LANES]; 256] = {
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

/// Counts what is on at each sample.
#[inline(always)]
fn count_on<S: Simd>(simd: S, block: &mut StepBlock, on: usize) {
    let lanes = block.labels.len();
    let split = LANES / S::F64_LANES;
    let words = lanes.div_ceil(block.fields.number) * split;
    let units = S::as_simd_u64s(block.units.as_flattened()).0;
    let counts = S::as_mut_simd_u64s(block.counts.as_flattened_mut()).0;
    let zero = simd.splat_u64s(0);
    for (of_sample, counts) in block
        .of_samples
        .iter_mut()
        .zip(counts.chunks_exact_mut(words))
    {
        if of_sample.on > 0.0 {
            counts.fill(zero);
            *of_sample = OfSample::default();
        }
    }
    let h = block.h.as_flattened();
    let (of_samples, rows) = (&mut *block.of_samples, &*block.places.rows);
    for &place in &block.on[..on] {
        let row = &rows[place as usize];
        let sample = row.sample as usize;
        let of_sample = &mut of_samples[sample];
        of_sample.score += row.sign * h[place as usize];
        of_sample.on += 1.0;
        let units = &units[row.neuron as usize * words..][..words];
        let counts = &mut counts[sample * words..][..words];
        for (counts, &units) in counts.iter_mut().zip(units) {
            *counts = simd.add_u64s(*counts, units);
        }
    }
}

/// `G_ij N_ij` of a sample, times a factor: `gap` is the factor of counts, and `below` what is added to them.
#[inline(always)]
fn fill_weights<S: Simd>(
    simd: S,
    fields: Fields,
    counts: &[S::u64s],
    gram: &[S::f64s],
    [gap, below]: [f64; 2],
    weights: &mut [S::f64s],
) {
    let split = LANES / S::F64_LANES;
    let below = simd.splat_f64s(below);
    let gram = gram.chunks_exact(split);
    let weights = weights.chunks_exact_mut(split);
    let first = (fields.mask, gap);
    let (mut chunk, mut field, (mut mask, mut gap)) = (0, 0, first);
    for (gram, weights) in gram.zip(weights) {
        let (bits, scale) = (simd.splat_u64s(mask), simd.splat_f64s(gap));
        for part in 0..split {
            let count = number_of(simd, simd.and_u64s(counts[chunk + part], bits));
            let number = simd.mul_add_e_f64s(scale, count, below);
            weights[part] = simd.mul_f64s(gram[part], number);
        }
        field += 1;
        (mask, gap) = (mask << fields.bits, gap * fields.scale);
        if field == fields.number {
            chunk += split;
            field = 0;
            (mask, gap) = first;
        }
    }
}

/// Whole numbers below 2⁵² as numbers.
#[inline(always)]
fn number_of<S: Simd>(simd: S, words: S::u64s) -> S::f64s {
    // In the low bits of the mantissa of 2⁵².
    const TWO_52: f64 = 4_503_599_627_370_496.0;
    let sum = simd.or_u64s(words, simd.splat_u64s(TWO_52.to_bits()));
    simd.sub_f64s(simd.transmute_f64s_u64s(sum), simd.splat_f64s(TWO_52))
}

/// `b += …` of the pairs that are on.
#[inline(always)]
fn add_lifts<S: Simd>(simd: S, block: &mut StepBlock, problem: &Problem) {
    let lanes = block.labels.len();
    let words = lanes.div_ceil(block.fields.number) * (LANES / S::F64_LANES);
    let slope = problem.activation().slope();
    let (fields, labels, g) = (block.fields, problem.labels(), block.slopes.as_flattened());
    let counts = S::as_simd_u64s(block.counts.as_flattened()).0;
    let weights = vectors_mut::<S>(&mut block.weights);
    let lifts = vectors_mut::<S>(&mut block.lifts);
    lifts.fill(simd.splat_f64s(0.0));
    let rows = block.of_samples.iter().zip(counts.chunks_exact(words));
    for (sample, (of_sample, counts)) in rows.enumerate() {
        if of_sample.on > 0.0 {
            let factor = labels[sample] * g[sample];
            let factors = [factor * (1.0 - slope), factor * slope * of_sample.on];
            let gram = vectors::<S>(problem.inner_products().lanes(sample));
            fill_weights(simd, fields, counts, gram, factors, weights);
            for (lift, &weight) in lifts.iter_mut().zip(&*weights) {
                *lift = simd.add_f64s(*lift, weight);
            }
        }
    }
    let gap = 1.0 - problem.activation().slope();
    let factor = simd.splat_f64s(problem.rate() * gap / problem.divisor());
    let changes = vectors_mut::<S>(&mut block.changes).iter_mut();
    let labels = vectors::<S>(&block.labels);
    for ((change, &label), &lift) in changes.zip(labels).zip(vectors::<S>(&block.lifts)) {
        *change = simd.mul_add_e_f64s(simd.mul_f64s(factor, label), lift, *change);
    }
}

/// What the places that are on add to the others of their neurons.
#[inline(always)]
fn add_kicks<S: Simd>(simd: S, block: &mut StepBlock, on: usize) {
    let split = LANES / S::F64_LANES;
    let g = block.slopes.as_flattened();
    let kicks = vectors::<S>(&block.places.kicks);
    let h = vectors_mut::<S>(&mut block.h);
    let (on_sums, rows) = (&mut *block.on_sums, &*block.places.rows);
    for &place in &block.on[..on] {
        let row = &rows[place as usize];
        let value = g[row.sample as usize];
        on_sums[place as usize] += value;
        let value = simd.splat_f64s(value);
        let len = row.groups as usize * split;
        let h = &mut h[row.group as usize * split..][..len];
        let kicks = &kicks[row.start as usize * split..][..len];
        for (h, &kick) in h.iter_mut().zip(kicks) {
            *h = simd.mul_add_e_f64s(kick, value, *h);
        }
    }
}

/// `q_i = b_i + (y_i (1 − γ)/m) Σ_{k: (k,i) on} s_k h_ki`.
#[inline(always)]
fn set_margins<S: Simd>(simd: S, block: &mut StepBlock, problem: &Problem, margins: &mut [Lanes]) {
    let base = vectors::<S>(&block.base).iter();
    let changes = vectors::<S>(&block.changes);
    for ((q, &base), &change) in vectors_mut::<S>(margins).iter_mut().zip(base).zip(changes) {
        *q = simd.add_f64s(base, change);
    }
    let lanes = block.labels.len();
    let words = lanes.div_ceil(block.fields.number) * (LANES / S::F64_LANES);
    let (slope, rate) = (problem.activation().slope(), problem.rate());
    let (fields, labels) = (block.fields, problem.labels());
    let factor = (1.0 - slope) / problem.divisor();
    let margins = margins.as_flattened_mut();
    let counts = S::as_simd_u64s(block.counts.as_flattened()).0;
    let weights = vectors_mut::<S>(&mut block.weights);
    let residuals = vectors::<S>(&block.residuals);
    let rows = block.of_samples.iter().zip(counts.chunks_exact(words));
    for (sample, (of_sample, counts)) in rows.enumerate() {
        if of_sample.on > 0.0 {
            let factors = [rate * (1.0 - slope), rate * slope * of_sample.on];
            let gram = vectors::<S>(problem.inner_products().lanes(sample));
            fill_weights(simd, fields, counts, gram, factors, weights);
            let mut sum = simd.splat_f64s(0.0);
            for (&weight, &residual) in weights.iter().zip(residuals) {
                sum = simd.mul_add_e_f64s(weight, residual, sum);
            }
            let score = of_sample.score + simd.reduce_sum_f64s(sum);
            margins[sample] += factor * labels[sample] * score;
        }
    }
}

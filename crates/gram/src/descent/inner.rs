//! The inner loop of a block.

use pulp::Simd;

use super::block::{GroupBits, StepBlock};
use super::counts::{count_on, lift, set_margins};
use super::kicks::add_kicks;
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
        find_on(simd, bits, block, problem, 0.0, false);
        count_on(simd, block);
        lift(simd, block, problem);
        for taken in 0..self.steps {
            fill_slopes::<S>(problem.loss(), margins, &mut block.slopes);
            if !add_within_bounds(simd, block) {
                return taken;
            }
            let drifted = advance_residuals(simd, block, problem);
            multiply(
                simd,
                vectors::<S>(&block.matrix),
                &block.slopes.as_flattened()[..problem.samples()],
                vectors_mut::<S>(&mut block.changes),
            );
            add_kicks(simd, block);
            find_on(simd, bits, block, problem, drifted, true);
            count_on(simd, block);
            lift(simd, block, problem);
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

/// Moves `h` by so many drifts, and lists the places that are on.
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
) {
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
    list_on(block);
}

/// Lists the places that are on.
#[inline(always)]
fn list_on(block: &mut StepBlock) {
    let out = &mut *block.on;
    let (mut count, mut first) = (0, 0);
    let (narrow, wide) = block.bits.split_at(block.places.narrow);
    for groups in [narrow, wide] {
        block.narrow_on = block.on_count;
        for &GroupBits { on, .. } in groups {
            if let Some(out) = out[count..].first_chunk_mut::<LANES>() {
                *out = ON_LANES[on as usize].map(|lane| first + lane);
            }
            count += on.count_ones() as usize;
            first += LANES as u32;
        }
        block.on_count = count;
    }
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

#[cfg(test)]
mod tests {
    use implicit_bias_data::{DataLaw, Mixture};
    use implicit_bias_scalar::{Activation, Loss};
    use ndarray::Array2;

    use super::*;
    use crate::descent::budget::Planner;
    use crate::descent::cost::Cost;
    use crate::kernel::{AnyBits, Dispatched, WithBits, vectorized};

    fn by_avx2(steps: BlockSteps<'_>) -> u64 {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = pulp::x86::V3::try_new() {
            let steps = WithBits(steps, crate::kernel::Avx2Bits(avx2));
            return Simd::vectorize(avx2, Dispatched(steps));
        }
        vectorized_bits(steps)
    }

    /// Any instruction set takes the same steps: vectors of one lane, of four, and those of this machine with either
    /// way of reading masks; of neurons with few watched pairs and with many, and of one chunk of counts and of several.
    #[test]
    fn vectors_of_any_length_take_the_same_steps() {
        for (samples, width, slope) in [
            (2, 3, 0.0),
            (5, 4, 0.2),
            (10, 50, 0.0),
            (37, 20, 0.0),
            (70, 5, 0.1),
            (130, 40, 0.3),
        ] {
            let law = Mixture {
                samples,
                dim: 60,
                signal: 1.0,
                noise: 1.0,
            };
            let data = law.generate(1).unwrap();
            let activation = Activation::leaky_relu(slope).unwrap();
            let problem = Problem::new(&data, width, activation, Loss::Logistic, 0.5).unwrap();
            let start = Array2::from_shape_fn((2 * width, samples), |(k, i)| {
                0.02 * (((7 * k + 3 * i) % 11) as f64 - 5.5)
            });
            let state = State::new(&problem, start.view());
            let cost = Cost {
                plain: f64::INFINITY,
                ..Cost::new(&problem)
            };
            let mut planner = Planner::new(&problem, &state);
            let plan = planner.plan(&problem, &state, &cost).unwrap();
            assert!(!plan.watched.is_empty());
            let run = |take: fn(BlockSteps<'_>) -> u64| {
                let (mut state, mut block) = (state.clone(), StepBlock::default());
                block.set_up(&problem, &state, &plan);
                let taken = take(BlockSteps {
                    block: &mut block,
                    problem: &problem,
                    margins: &mut state.margins,
                    steps: 60,
                });
                let margins = state.margins.as_flattened().to_vec();
                block.apply_to(&problem, &mut state);
                let arrays = [&state.pre_activations, &state.coefficients];
                let arrays = arrays.map(|array| array.as_flattened().to_vec());
                (taken, [margins, arrays.concat()].concat())
            };
            let (taken, usual) = run(|steps| vectorized_bits(steps));
            assert!(taken > 5, "{samples} samples: {taken} steps");
            assert_eq!(
                run(|steps| vectorized(WithBits(steps, AnyBits))),
                (taken, usual.clone()),
                "{samples} samples"
            );
            let largest = usual.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
            let others: [fn(BlockSteps<'_>) -> u64; 2] =
                [|steps| steps.run(pulp::Scalar, AnyBits), by_avx2];
            for other in others {
                let (steps, found) = run(other);
                assert_eq!(steps, taken, "{samples} samples");
                for (found, expected) in found.iter().zip(&usual) {
                    let error = (found - expected).abs() / largest;
                    assert!(error < 1e-12, "{samples} samples: {error}");
                }
            }
        }
    }
}

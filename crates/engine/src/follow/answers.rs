//! What a system answers at some weights, as checks look at it.

use super::ask::{gradient_at, margins_at};
use super::system::MarginSystem;
use crate::EngineError;
use crate::optimizers::norm;

/// So many samples are looked at one by one, and all of them together.
const MOST_SAMPLES: usize = 64;

/// The number of directions along which derivatives are compared.
pub(super) const DIRECTIONS: usize = 2;

/// Margins below this, relative to `‖w‖ ‖∇q_i‖`, say nothing of a degree.
const VANISHING: f64 = 1e-3;

/// What a sample, or a sum over all of them, says of the degree.
pub(super) struct Sample {
    /// The margin `q`.
    pub margin: f64,
    /// `⟨w, ∇q⟩`.
    pub along: f64,
    /// `‖w‖ ‖∇q‖`.
    pub size: f64,
}

impl Sample {
    /// How far Euler's identity is from being true.
    fn error(&self, degree: f64) -> f64 {
        let size = self.size + self.margin.abs();
        if size == 0.0 {
            return 0.0;
        }
        (self.along - degree * self.margin).abs() / size
    }

    fn is_telling(&self) -> bool {
        self.margin.abs() > VANISHING * self.size
    }
}

/// Margins, and the gradient of a sum over all samples, of a second question.
pub(super) struct Again {
    pub margins: Vec<f64>,
    pub gradient: Vec<f64>,
}

/// What a system answers at some weights.
pub(super) struct Answers {
    pub at: Vec<f64>,
    /// All margins, `[n]`.
    pub margins: Vec<f64>,
    /// The gradient of a sum over all samples.
    pub gradient: Vec<f64>,
    /// Of the samples looked at one by one, `⟨u, ∇q_i⟩` in each of the directions `u`.
    pub along: Vec<[f64; DIRECTIONS]>,
    /// Binary digits of the most precise number that was answered.
    pub significant_bits: u32,
    sum: Sample,
    single: Vec<Sample>,
    indices: Vec<usize>,
}

impl Answers {
    /// Asks a system at some weights.
    pub fn of(system: &mut dyn MarginSystem, at: Vec<f64>) -> Result<Self, EngineError> {
        let samples = system.samples();
        let mut margins = vec![0.0; samples];
        margins_at(system, &at, &mut margins)?;
        let length = norm(&at);
        let of = |margin: f64, gradient: &[f64]| Sample {
            margin,
            along: dot(gradient, &at),
            size: length * norm(gradient),
        };
        let mut gradient = vec![0.0; at.len()];
        let odd = odd_cotangent(samples);
        gradient_at(system, &odd, &mut gradient)?;
        let sum = of(dot(&odd, &margins), &gradient);
        let count = samples.min(MOST_SAMPLES);
        let indices: Vec<usize> = (0..count).map(|k| k * samples / count).collect();
        let directions = directions(&at);
        let (mut single, mut along) = (Vec::new(), Vec::new());
        let mut own = vec![0.0; at.len()];
        for &index in &indices {
            let mut cotangent = vec![0.0; samples];
            cotangent[index] = 1.0;
            gradient_at(system, &cotangent, &mut own)?;
            single.push(of(margins[index], &own));
            along.push(directions.each_ref().map(|direction| dot(direction, &own)));
        }
        let bits = margins
            .iter()
            .chain(&gradient)
            .map(|x| significant_bits(*x));
        Ok(Self {
            significant_bits: bits.max().unwrap_or(0),
            at,
            margins,
            gradient,
            along,
            sum,
            single,
            indices,
        })
    }

    /// What the system answers to the same question as at first.
    pub fn asked_again(&self, system: &mut dyn MarginSystem) -> Result<Again, EngineError> {
        let mut margins = vec![0.0; self.margins.len()];
        margins_at(system, &self.at, &mut margins)?;
        let mut gradient = vec![0.0; self.at.len()];
        gradient_at(system, &odd_cotangent(margins.len()), &mut gradient)?;
        Ok(Again { margins, gradient })
    }

    /// The samples that were looked at one by one, with their numbers.
    pub fn single(&self) -> impl Iterator<Item = (&Sample, usize)> {
        self.single.iter().zip(self.indices.iter().copied())
    }

    /// Those of them whose margins say something of a degree.
    pub fn telling(&self) -> impl Iterator<Item = (&Sample, usize)> {
        self.single().filter(|(sample, _)| sample.is_telling())
    }

    /// How far Euler's identity is from being true, at worst.
    pub fn euler_error(&self, degree: f64) -> f64 {
        let all = self.single.iter().chain([&self.sum]);
        all.map(|sample| sample.error(degree)).fold(0.0, f64::max)
    }

    /// The largest size of a sample.
    pub fn size(&self) -> f64 {
        let sizes = self.single.iter().map(|s| s.size + s.margin.abs());
        sizes.fold(f64::MIN_POSITIVE, f64::max)
    }

    /// Directions of no meaning, as long as the weights.
    pub fn directions(&self) -> [Vec<f64>; DIRECTIONS] {
        directions(&self.at)
    }

    /// The sum that [`gradient`](Self::gradient) is of, of some numbers of all samples.
    pub fn weighted(&self, numbers: &[f64]) -> f64 {
        dot(&odd_cotangent(numbers.len()), numbers)
    }
}

fn directions(at: &[f64]) -> [Vec<f64>; DIRECTIONS] {
    let mut stream = 0;
    [(); DIRECTIONS].map(|()| {
        stream += 1;
        scattered(at.len(), norm(at), stream)
    })
}

/// A vector of a length with entries that are as good as random.
pub(super) fn scattered(count: usize, length: f64, stream: u64) -> Vec<f64> {
    // SplitMix64, from the stream and the number of the entry.
    let entry = |index: usize| {
        let mut z = (stream << 40 | index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31) as f64 / u64::MAX as f64 - 0.5
    };
    let entries: Vec<f64> = (1..=count).map(entry).collect();
    let factor = length / norm(&entries);
    entries.into_iter().map(|entry| entry * factor).collect()
}

/// Cotangents of different sizes, with all digits of the mantissa in use.
fn odd_cotangent(samples: usize) -> Vec<f64> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    (0..samples)
        .map(|sample| 0.5 + (GOLDEN * (sample + 1) as f64).fract())
        .collect()
}

/// Binary digits of a number without those that are zero at its end.
fn significant_bits(x: f64) -> u32 {
    let mantissa = x.to_bits() & ((1 << 52) - 1);
    53 - mantissa.trailing_zeros().min(52)
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

//! The degree of homogeneity of a system, measured and checked.

use super::scaled::{gradient_at, margins_at, unit};
use super::system::MarginSystem;
use crate::EngineError;
use crate::optimizers::norm;

/// Relative errors of margins and gradients in double precision stay below this.
const DOUBLE: f64 = 1e-10;

/// And in single precision below this.
const SINGLE: f64 = 1e-4;

/// Margins below this, relative to `‖w‖ ‖∇q_i‖`, say nothing of a degree.
const VANISHING: f64 = 1e-3;

/// Euler's identity is checked on so many samples one by one, and on all of them together.
const MOST_SAMPLES: usize = 64;

/// The degree of homogeneity of a system, and how precisely the system computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Degree {
    /// `L`: `q_i(c w) = c^L q_i(w)`.
    pub value: f64,
    /// The largest error of Euler's identity, `|⟨w, ∇q_i⟩ − L q_i|` over `‖w‖ ‖∇q_i‖ + |q_i|`.
    pub error: f64,
    /// Whether margins and gradients are those of single precision.
    pub is_single_precision: bool,
}

/// Measures the degree of homogeneity of a system by Euler's identity, `⟨w, ∇q_i⟩ = L q_i`, in the
/// direction of `weights`, and checks it by the margins at four times and a quarter of the norm;
/// checks `given` alone where there is one.
///
/// # Errors
///
/// [`EngineError::Invalid`] for weights that are zero or not finite, for a system without such a
/// degree, or without the one given, with what was found; the errors of the system.
pub fn check_degree(
    system: &mut dyn MarginSystem,
    weights: &[f64],
    given: Option<f64>,
) -> Result<Degree, EngineError> {
    let length = norm(weights);
    if !(length > 0.0 && length.is_finite()) {
        return Err(invalid(
            "w0",
            "finite weights that are not all zero",
            format!("weights of norm {length}"),
        ));
    }
    // All digits of the mantissa are in use whatever the weights are.
    let at: Vec<f64> = weights.iter().map(|w| w / length * 1.237).collect();
    let found = ask(system, &at)?;
    let degree = match given {
        Some(degree) => degree,
        None => measured(&found)?,
    };
    if !(degree > 0.0 && degree.is_finite()) {
        return Err(invalid(
            "degree",
            "margins that grow with the weights, homogeneous of a positive degree",
            format!("degree {degree:.3}"),
        ));
    }
    let euler = found.iter().map(|sample| sample.error(degree));
    let error = euler.fold(0.0, f64::max);
    if error > SINGLE {
        return Err(no_degree(degree, given, &found));
    }
    let size = found[1..]
        .iter()
        .map(|sample| sample.size + sample.margin.abs());
    let scaling = scaling_error(system, &at, degree)? / size.fold(f64::MIN_POSITIVE, f64::max);
    if scaling > SINGLE {
        return Err(invalid(
            "network",
            &format!("one homogeneous in its weights, q(4 w) = 4^{degree} q(w): {HOMOGENEOUS}"),
            format!("margins that differ from that by {scaling:.1e} of their size"),
        ));
    }
    let is_single = error > DOUBLE || is_single_precision(system, &at)?;
    Ok(Degree {
        value: degree,
        error,
        is_single_precision: is_single,
    })
}

/// What makes a network homogeneous, for those whose is not.
const HOMOGENEOUS: &str = "layers without biases or normalization, ReLU or leaky ReLU between them, \
                           every weight in w";

/// What a sample, or a sum over all of them, says of the degree.
struct Sample {
    /// The margin `q`.
    margin: f64,
    /// `⟨w, ∇q⟩`.
    along: f64,
    /// `‖w‖ ‖∇q‖`.
    size: f64,
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

/// Euler's identity at weights, of some samples and of a sum over all.
fn ask(system: &mut dyn MarginSystem, at: &[f64]) -> Result<Vec<Sample>, EngineError> {
    let samples = system.samples();
    let mut margins = vec![0.0; samples];
    margins_at(system, at, &mut margins)?;
    let mut gradient = vec![0.0; at.len()];
    let mut of_cotangent = |cotangent: &[f64]| {
        gradient_at(system, cotangent, &mut gradient)?;
        Ok::<_, EngineError>(Sample {
            margin: dot(cotangent, &margins),
            along: dot(&gradient, at),
            size: norm(at) * norm(&gradient),
        })
    };
    let mut found = vec![of_cotangent(&odd_cotangent(samples))?];
    let count = samples.min(MOST_SAMPLES);
    for sample in (0..count).map(|k| k * samples / count) {
        let mut cotangent = vec![0.0; samples];
        cotangent[sample] = 1.0;
        found.push(of_cotangent(&cotangent)?);
    }
    Ok(found)
}

/// The least-squares degree of the samples whose margins say something, a whole number where it is
/// one to the precision of the system.
fn measured(found: &[Sample]) -> Result<f64, EngineError> {
    // Samples of one size: those of large inputs say no more than others.
    let telling = || found[1..].iter().filter(|sample| sample.is_telling());
    let sum = |of: fn(&Sample) -> f64| telling().map(of).sum::<f64>();
    let weight = sum(|sample| (sample.margin / sample.size).powi(2));
    if weight == 0.0 {
        return Err(invalid(
            "degree",
            "the degree of homogeneity, as degree=2: it cannot be measured where all margins vanish",
            "margins of zero at w0".into(),
        ));
    }
    let degree = sum(|sample| sample.along * sample.margin / sample.size.powi(2)) / weight;
    let whole = degree.round();
    Ok(if (degree - whole).abs() < SINGLE * whole.abs() {
        whole
    } else {
        degree
    })
}

fn no_degree(degree: f64, given: Option<f64>, found: &[Sample]) -> EngineError {
    let ratios: Vec<f64> = (found[1..].iter())
        .filter(|sample| sample.is_telling())
        .map(|sample| sample.along / sample.margin)
        .collect();
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let expected = match given {
        Some(degree) => format!("of the degree {degree} that was given"),
        None => format!("of one degree, about {degree:.3}"),
    };
    let found = if ratios.is_empty() {
        "gradients that do not fit margins of zero".to_owned()
    } else {
        format!("<w, grad q_i>/q_i from {least:.4} to {most:.4} over the samples")
    };
    invalid(
        "network",
        &format!(
            "one homogeneous in its weights, <w, grad q_i> = L q_i, {expected}: {HOMOGENEOUS}"
        ),
        found,
    )
}

/// The largest error of `q(c w) = c^L q(w)` for `c = 4` and `c = ¼`, over `c^L`.
fn scaling_error(
    system: &mut dyn MarginSystem,
    at: &[f64],
    degree: f64,
) -> Result<f64, EngineError> {
    let samples = system.samples();
    let mut scaled = Vec::new();
    let mut of = |exponent: i32| {
        unit(at, -exponent, &mut scaled);
        let mut margins = vec![0.0; samples];
        margins_at(system, &scaled, &mut margins)?;
        let factor = libm::exp2(-f64::from(exponent) * degree);
        margins.iter_mut().for_each(|q| *q *= factor);
        Ok::<_, EngineError>(margins)
    };
    let [less, same, more] = [of(-2)?, of(0)?, of(2)?];
    let apart = |other: Vec<f64>| {
        let pairs = other.iter().zip(&same);
        pairs.fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()))
    };
    Ok(apart(less).max(apart(more)))
}

/// Whether everything that a system answers to numbers with a full mantissa is a number of single
/// precision.
fn is_single_precision(system: &mut dyn MarginSystem, at: &[f64]) -> Result<bool, EngineError> {
    let samples = system.samples();
    let mut margins = vec![0.0; samples];
    margins_at(system, at, &mut margins)?;
    let mut gradient = vec![0.0; at.len()];
    gradient_at(system, &odd_cotangent(samples), &mut gradient)?;
    let is_single = |x: &f64| f64::from(*x as f32) == *x;
    Ok(margins.iter().chain(&gradient).all(is_single))
}

/// Cotangents of different sizes, with all digits of the mantissa in use.
fn odd_cotangent(samples: usize) -> Vec<f64> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    (0..samples)
        .map(|sample| 0.5 + (GOLDEN * (sample + 1) as f64).fract())
        .collect()
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

fn invalid(key: &str, expected: &str, found: String) -> EngineError {
    EngineError::Invalid {
        key: key.into(),
        expected: expected.into(),
        found,
    }
}

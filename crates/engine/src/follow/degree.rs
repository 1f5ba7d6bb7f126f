//! The degree of homogeneity of a system, measured and checked.

use super::answers::{Answers, DIRECTIONS, Sample, scattered};
use super::ask::{margins_at, unit};
use super::system::MarginSystem;
use crate::EngineError;
use crate::optimizers::norm;

/// Relative errors of margins and gradients in double precision stay below this.
const DOUBLE: f64 = 1e-10;

/// And in single precision below this.
const SINGLE: f64 = 1e-4;

/// Margins are compared at `2^k` times the norm with these `k`: a bias shows where weights are small,
/// what saturates where they are large. The first is the one that messages are about.
const EXPONENTS: [i32; 4] = [2, -2, -10, 30];

/// Fewer where margins would change by more than this power of two, out of the range of single
/// precision.
const MOST_EXPONENT: f64 = 60.0;

/// The norm of the weights that a system is asked at: all digits of the mantissa are in use whatever
/// the weights are.
const LENGTH: f64 = 1.237;

/// Below this degree margins that do not change with the norm of the weights at all pass for
/// homogeneous, as what a normalization leaves is rounding.
const LEAST_DEGREE: f64 = 0.01;

/// How far the generic weights are from the given ones, relative to their norm.
const ASIDE: f64 = 0.25;

/// The degree of homogeneity of a system, and how precisely the system computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Degree {
    /// `L`: `q_i(c w) = c^L q_i(w)`.
    pub value: f64,
    /// The largest error of Euler's identity, `|⟨w, ∇q_i⟩ − L q_i|` over `‖w‖ ‖∇q_i‖ + |q_i|`.
    pub error: f64,
    /// The largest difference of margins, or of gradients, at the same weights, asked for twice, over
    /// their size.
    pub noise: f64,
    /// Whether every number that was answered is one of single precision.
    pub is_single_precision: bool,
}

impl Degree {
    /// Whether margins and gradients are known less precisely than in double precision, by rounding
    /// or because gradients are not quite those of the margins.
    pub fn is_rough(&self) -> bool {
        self.is_single_precision || self.error.max(self.noise) > DOUBLE
    }
}

/// Where a degree that is checked comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// The system, whose degree is measured.
    Measured,
    /// The user.
    Given(f64),
    /// The initial weights, where the system had it.
    Initial(f64),
}

/// Measures the degree of homogeneity of a system by Euler's identity, `⟨w, ∇q_i⟩ = L q_i`, in the
/// direction of `weights`, and checks it by margins at `2⁻¹⁰` to `2³⁰` times the norm; checks `given`
/// alone where there is one. Does the same at generic weights nearby, where a bias of zero is none,
/// and holds gradients to differences of margins there.
///
/// # Errors
///
/// [`EngineError::Invalid`] for weights that are zero or not finite, for a system without such a
/// degree, or without the one given, for one whose margins differ from call to call, and for
/// gradients that are not those of the margins, with what was found; the errors of the system.
pub fn check_degree(
    system: &mut dyn MarginSystem,
    weights: &[f64],
    given: Option<f64>,
) -> Result<Degree, EngineError> {
    check_system(
        system,
        weights,
        given.map_or(Source::Measured, Source::Given),
    )
}

/// As [`check_degree`], of a degree that comes from `source`.
pub(super) fn check_system(
    system: &mut dyn MarginSystem,
    weights: &[f64],
    source: Source,
) -> Result<Degree, EngineError> {
    let length = norm(weights);
    if !(length > 0.0 && length.is_finite()) {
        return Err(invalid(
            "w0",
            "finite weights that are not all zero",
            format!("weights of norm {length}"),
        ));
    }
    let at: Vec<f64> = weights.iter().map(|w| w / length * LENGTH).collect();
    let by = scattered(at.len(), ASIDE * LENGTH, 0);
    let generic = at.iter().zip(by).map(|(w, by)| w + by).collect();
    let answers = [Answers::of(system, at)?, Answers::of(system, generic)?];
    let noise = noise(system, &answers)?;
    if let Some(degree) = scaling_degree(system, &answers[1])? {
        check_euler_of_margins(&answers, degree)?;
    }
    let degree = match source {
        Source::Given(degree) | Source::Initial(degree) => degree,
        Source::Measured => measured(&answers)?,
    };
    if !(degree >= LEAST_DEGREE && degree.is_finite()) {
        return Err(invalid(
            "degree",
            &format!(
                "margins that grow with the weights, homogeneous of a degree of at least \
                 {LEAST_DEGREE}"
            ),
            if degree.abs() < LEAST_DEGREE {
                format!(
                    "degree {degree:.1e}, as of margins that do not change with the norm of the \
                     weights (a normalization, a quotient of margin and norm)"
                )
            } else {
                format!("degree {degree:.3}")
            },
        ));
    }
    let mut error: f64 = 0.0;
    for own in &answers {
        error = error.max(own.euler_error(degree));
        if error > SINGLE {
            return Err(no_degree(degree, source, own));
        }
    }
    for own in &answers {
        check_scaling(system, own, degree)?;
    }
    let found = Degree {
        value: degree,
        error,
        noise,
        is_single_precision: answers.iter().all(|own| own.significant_bits <= 24),
    };
    check_gradients(system, &answers[1], found.is_rough())?;
    Ok(found)
}

/// What makes a network homogeneous, for those whose is not.
const HOMOGENEOUS: &str = "layers without biases or normalization, ReLU or leaky ReLU between them, \
                           every weight in w";

/// How far margins and gradients at the same weights are apart when they are asked for again, over
/// their size.
fn noise(system: &mut dyn MarginSystem, answers: &[Answers]) -> Result<f64, EngineError> {
    let [mut of_margins, mut of_gradients] = [0.0_f64; 2];
    for own in answers {
        let again = own.asked_again(system)?;
        of_margins = of_margins.max(apart(&again.margins, &own.margins) / own.size());
        let size = norm(&own.gradient);
        if size > 0.0 {
            of_gradients = of_gradients.max(apart(&again.gradient, &own.gradient) / size);
        }
    }
    let (what, most) = match of_margins > SINGLE {
        true => ("margins", of_margins),
        false => ("gradients", of_gradients),
    };
    if most > SINGLE {
        return Err(invalid(
            "network",
            &format!(
                "the same {what} at the same weights: no dropout, no noise, nothing that changes from \
                 call to call (in PyTorch, model.eval())"
            ),
            format!("{what} that differ by {most:.1e} of their size when asked for again"),
        ));
    }
    Ok(of_margins.max(of_gradients))
}

/// The degree by which margins grow with the norm, where it is the same for all samples that say
/// something and at all norms.
fn scaling_degree(
    system: &mut dyn MarginSystem,
    answers: &Answers,
) -> Result<Option<f64>, EngineError> {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for exponent in [2, -2, -6] {
        let scaled = margins_of_scaled(system, &answers.at, exponent)?;
        for (_, sample) in answers.telling() {
            let growth = (scaled[sample] / answers.margins[sample]).log2();
            let degree = growth / f64::from(exponent);
            if degree.is_nan() {
                return Ok(None);
            }
            (least, most) = (least.min(degree), most.max(degree));
        }
    }
    let is_one = least <= most && most - least < SINGLE;
    Ok(is_one.then_some(0.5 * (least + most)))
}

/// Refuses gradients that do not fit margins which have a degree.
fn check_euler_of_margins(answers: &[Answers], degree: f64) -> Result<(), EngineError> {
    // To four digits, as it is told.
    let whole = nearest_whole((1e4 * degree).round() / 1e4);
    // Ten times the error of `degree` itself.
    let wrong = answers
        .iter()
        .find(|own| own.euler_error(whole) > 10.0 * SINGLE);
    let Some(wrong) = wrong else {
        return Ok(());
    };
    Err(invalid(
        "vjp",
        &format!(
            "sums of gradients of the margins, which are homogeneous of degree {whole}: \
             <w, grad q_i> = {whole} q_i"
        ),
        ratios(wrong),
    ))
}

/// The least-squares degree of the samples whose margins say something, a whole number where it is
/// one to the precision of the system.
fn measured(answers: &[Answers; 2]) -> Result<f64, EngineError> {
    // At the given weights, if they say anything.
    for own in answers {
        // Samples of one size: those of large inputs say no more than others.
        let telling = || own.telling().map(|(sample, _)| sample);
        let sum = |of: fn(&Sample) -> f64| telling().map(of).sum::<f64>();
        let weight = sum(|sample| (sample.margin / sample.size).powi(2));
        if weight > 0.0 {
            let sum = sum(|sample| sample.along * sample.margin / sample.size.powi(2));
            return Ok(nearest_whole(sum / weight));
        }
    }
    Err(invalid(
        "degree",
        "the degree of homogeneity, as degree=2: it cannot be measured where all margins vanish",
        "margins of zero at w0 and near it".into(),
    ))
}

/// A whole number where a degree is one to the precision of the system.
fn nearest_whole(degree: f64) -> f64 {
    let whole = degree.round();
    if (degree - whole).abs() < SINGLE * whole.abs() {
        whole
    } else {
        degree
    }
}

/// What Euler's identity says of each sample.
fn ratios(answers: &Answers) -> String {
    let ratios = answers
        .telling()
        .map(|(sample, _)| sample.along / sample.margin);
    let (least, most) = ratios.fold(
        (f64::INFINITY, f64::NEG_INFINITY),
        |(least, most), ratio| (least.min(ratio), most.max(ratio)),
    );
    if least > most {
        "gradients that do not fit margins of zero".to_owned()
    } else {
        format!("<w, grad q_i>/q_i from {least:.4} to {most:.4} over the samples")
    }
}

fn no_degree(degree: f64, source: Source, answers: &Answers) -> EngineError {
    if answers.significant_bits <= 11 {
        return invalid(
            "network",
            "margins and gradients of double or single precision",
            format!(
                "numbers of {} binary digits, as of half precision",
                answers.significant_bits
            ),
        );
    }
    let expected = match source {
        Source::Given(degree) => format!("of the degree {degree} that was given"),
        Source::Measured => format!("of one degree, about {degree:.3}"),
        Source::Initial(degree) => {
            format!("of the degree {degree} that was found at w0, there as here")
        }
    };
    invalid(
        "network",
        &format!(
            "one homogeneous in its weights, <w, grad q_i> = L q_i, {expected}: {HOMOGENEOUS}"
        ),
        ratios(answers),
    )
}

/// Refuses margins that do not grow as `q(c w) = c^L q(w)`.
fn check_scaling(
    system: &mut dyn MarginSystem,
    answers: &Answers,
    degree: f64,
) -> Result<(), EngineError> {
    let most = (MOST_EXPONENT / degree).max(2.0) as i32;
    for exponent in EXPONENTS.map(|exponent| exponent.clamp(-most, most)) {
        let mut margins = margins_of_scaled(system, &answers.at, exponent)?;
        let factor = libm::exp2(-f64::from(exponent) * degree);
        margins.iter_mut().for_each(|q| *q *= factor);
        let error = apart(&margins, &answers.margins) / answers.size();
        // Not a number where margins overflow.
        if error.is_nan() || error > SINGLE {
            let c = if exponent == 2 {
                "4".to_owned()
            } else {
                format!("2^{exponent}")
            };
            return Err(invalid(
                "network",
                &format!(
                    "one homogeneous in its weights, q(c w) = c^{degree} q(w), also for c = {c}: \
                     {HOMOGENEOUS}"
                ),
                format!("margins that differ from that by {error:.1e} of their size"),
            ));
        }
    }
    Ok(())
}

/// The margins at `2^exponent` times the weights.
fn margins_of_scaled(
    system: &mut dyn MarginSystem,
    at: &[f64],
    exponent: i32,
) -> Result<Vec<f64>, EngineError> {
    let mut scaled = Vec::new();
    unit(at, -exponent, &mut scaled);
    let mut margins = vec![0.0; system.samples()];
    margins_at(system, &scaled, &mut margins)?;
    Ok(margins)
}

/// How gradients are held to differences of margins.
struct Differences {
    /// Half the distance of the weights between which differences are taken, relative to their norm.
    length: f64,
    /// The same along the gradient, where margins change more, and kinks are nearer.
    along_gradient: f64,
    /// The error of a derivative, relative to that in an ordinary direction, that kinks and curvature
    /// may make.
    tolerance: f64,
    /// The error of a margin that rounding may make, relative to its size.
    rounding: f64,
}

const DIFFERENCES_OF_DOUBLE: Differences = Differences {
    length: 1e-6,
    along_gradient: 1e-6,
    tolerance: 0.05,
    rounding: 64.0 * f64::EPSILON,
};

const DIFFERENCES_OF_SINGLE: Differences = Differences {
    length: 1e-2,
    along_gradient: 1e-4,
    tolerance: 0.25,
    rounding: 64.0 * f32::EPSILON as f64,
};

/// The largest error of the derivative along the gradient, relative to it.
const TOLERANCE_ALONG_GRADIENT: f64 = 0.1;

/// Refuses gradients that are not those of the margins: they are held to differences of margins in
/// directions of no meaning, one sample at a time, and along the gradient of a sum over all.
///
/// Euler's identity tells of gradients in the direction of the weights alone.
fn check_gradients(
    system: &mut dyn MarginSystem,
    answers: &Answers,
    is_rough: bool,
) -> Result<(), EngineError> {
    let by = if is_rough {
        &DIFFERENCES_OF_SINGLE
    } else {
        &DIFFERENCES_OF_DOUBLE
    };
    let mut derivative = |direction: &[f64], length: f64| -> Result<Vec<f64>, EngineError> {
        let mut sides = [Vec::new(), Vec::new()];
        for (side, sign) in sides.iter_mut().zip([1.0, -1.0]) {
            let pairs = answers.at.iter().zip(direction);
            let moved: Vec<f64> = pairs.map(|(w, u)| w + sign * length * u).collect();
            side.resize(system.samples(), 0.0);
            margins_at(system, &moved, side)?;
        }
        let pairs = sides[0].iter().zip(&sides[1]);
        Ok(pairs.map(|(a, b)| (a - b) / (2.0 * length)).collect())
    };
    let directions = answers.directions();
    let mut derivatives = Vec::new();
    for direction in &directions {
        derivatives.push(derivative(direction, by.length)?);
    }
    let ordinary = 1.0 / (answers.at.len() as f64).sqrt();
    let largest = answers.size();
    for (k, (sample, index)) in answers.single().enumerate() {
        let size = sample.size.max(1e-3 * largest);
        let allowed = size * (by.tolerance * ordinary + by.rounding / by.length);
        let wrong = (0..DIRECTIONS).all(|direction| {
            let found = answers.along[k][direction];
            (found - derivatives[direction][index]).abs() > allowed
        });
        if wrong {
            return Err(wrong_gradient(
                &format!("of margin {index} along a direction"),
                derivatives[0][index],
                answers.along[k][0],
            ));
        }
    }
    let gradient = norm(&answers.gradient);
    if gradient > 0.0 {
        let length = norm(&answers.at);
        let along: Vec<f64> = answers
            .gradient
            .iter()
            .map(|g| g / gradient * length)
            .collect();
        let changes = derivative(&along, by.along_gradient)?;
        let change: f64 = answers.weighted(&changes);
        let promised = gradient * length;
        let rounding = by.rounding / by.along_gradient * answers.margins.len() as f64 * largest;
        if (change - promised).abs() > TOLERANCE_ALONG_GRADIENT * promised + rounding {
            return Err(wrong_gradient(
                "of a sum of margins along its gradient",
                change,
                promised,
            ));
        }
    }
    Ok(())
}

fn wrong_gradient(what: &str, by_differences: f64, found: f64) -> EngineError {
    invalid(
        "vjp",
        &format!(
            "sums of gradients of the margins: the derivative {what} is {by_differences:.4e} by \
             differences of margins (near w0, so as to be away from kinks)"
        ),
        format!("{found:.4e}"),
    )
}

/// The largest difference of two lists of numbers.
fn apart(one: &[f64], other: &[f64]) -> f64 {
    let pairs = one.iter().zip(other);
    pairs.fold(0.0, |most, (a, b)| {
        let apart = (a - b).abs();
        if apart > most || apart.is_nan() {
            apart
        } else {
            most
        }
    })
}

fn invalid(key: &str, expected: &str, found: String) -> EngineError {
    EngineError::Invalid {
        key: key.into(),
        expected: expected.into(),
        found,
    }
}

//! A system at weights of any norm, asked at weights of norm 1 to 2.

use std::sync::{Arc, Mutex, MutexGuard};

use implicit_bias_model::HostScores;

use super::ask::{gradient_at, margins_at, unit};
use super::degree::{Source, check_system};
use super::system::MarginSystem;
use crate::EngineError;
use crate::optimizers::norm;

/// A system as the scores of an [`Oracle`](crate::Oracle): asked at `θ = 2^{−k} w` with `‖θ‖` from 1
/// to 2, as `q(w) = 2^{kL} q(θ)` and `∇q(w) = 2^{k(L−1)} ∇q(θ)`.
///
/// Powers of two are exact, so that for a whole degree `L` nothing is rounded by that, and the system
/// never sees a weight, a margin or a cotangent out of range. Handles of one system share its last
/// answer: margins and all gradients of margins at the same weights ask for margins once. Handles must
/// not be used in turns between a call of `scores` and the `pull_back` to it.
#[derive(Clone)]
pub(super) struct ScaledSystem {
    shared: Arc<Mutex<Asked>>,
    rows: Option<Vec<usize>>,
}

/// A system with what it was asked last.
struct Asked {
    system: Box<dyn MarginSystem>,
    degree: f64,
    /// The weights `w` of the last answer; none after an error.
    weights: Vec<f64>,
    /// `q(w)`.
    margins: Vec<f64>,
    /// `2^{k(L−1)}`.
    gradient_scale: f64,
    /// `θ`.
    unit: Vec<f64>,
    cotangent: Vec<f64>,
    error: Option<EngineError>,
}

impl ScaledSystem {
    /// A system of margins of degree `degree`.
    pub fn new(system: Box<dyn MarginSystem>, degree: f64) -> Self {
        let samples = system.samples();
        let asked = Asked {
            system,
            degree,
            weights: Vec::new(),
            margins: vec![0.0; samples],
            gradient_scale: 1.0,
            unit: Vec::new(),
            cotangent: vec![0.0; samples],
            error: None,
        };
        Self {
            shared: Arc::new(Mutex::new(asked)),
            rows: None,
        }
    }

    /// Checks, as at the initial weights, that margins are homogeneous and gradients are theirs.
    ///
    /// # Errors
    ///
    /// As of [`check_degree`](super::check_degree).
    pub fn check(&self, weights: &[f64]) -> Result<(), EngineError> {
        let mut asked = self.asked();
        // The system is asked at other weights.
        asked.weights.clear();
        let degree = Source::Initial(asked.degree);
        check_system(asked.system.as_mut(), weights, degree).map(|_| ())
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.shared.lock().expect("nobody panicked with it")
    }

    /// What went wrong since the last call, if something did. Until then answers are `NaN`, and the
    /// system is not asked any more.
    pub fn take_error(&self) -> Result<(), EngineError> {
        let mut asked = self.asked();
        match asked.error.take() {
            Some(error) => {
                asked.weights.clear();
                Err(error)
            }
            None => Ok(()),
        }
    }
}

impl HostScores for ScaledSystem {
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]) {
        self.rows = rows.map(<[usize]>::to_vec);
        let mut asked = self.asked();
        if !asked.is_at(weights) {
            asked.ask(weights);
        }
        if asked.error.is_some() {
            scores.fill(f64::NAN);
            return;
        }
        match rows {
            None => scores.copy_from_slice(&asked.margins),
            Some(rows) => {
                let pairs = scores.iter_mut().zip(rows);
                pairs.for_each(|(score, &row)| *score = asked.margins[row]);
            }
        }
    }

    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
        let mut asked = self.asked();
        let asked = &mut *asked;
        match &self.rows {
            None => asked.cotangent.copy_from_slice(cotangent),
            Some(rows) => {
                asked.cotangent.fill(0.0);
                let pairs = rows.iter().zip(cotangent);
                pairs.for_each(|(&row, v)| asked.cotangent[row] = *v);
            }
        }
        // Where weights or slopes have left the range of numbers there is no question to ask.
        let is_sound = asked.cotangent.iter().all(|v| v.is_finite()) && !asked.weights.is_empty();
        if asked.error.is_none() && is_sound {
            asked.pull_back(gradient);
        }
        if asked.error.is_some() || !is_sound {
            gradient.fill(f64::NAN);
        }
    }
}

impl Asked {
    fn is_at(&self, weights: &[f64]) -> bool {
        self.error.is_none() && self.weights == weights
    }

    /// Asks for the margins at weights; keeps what goes wrong.
    fn ask(&mut self, weights: &[f64]) {
        if self.error.is_some() {
            return;
        }
        self.weights.clear();
        let length = norm(weights);
        if !length.is_finite() {
            // A descent that diverged: no question for the system.
            self.margins.fill(f64::NAN);
            return;
        }
        let exponent = if length > 0.0 { libm::ilogb(length) } else { 0 };
        unit(weights, exponent, &mut self.unit);
        match margins_at(self.system.as_mut(), &self.unit, &mut self.margins) {
            Ok(()) => {
                let scale = libm::exp2(f64::from(exponent) * self.degree);
                self.margins.iter_mut().for_each(|q| *q *= scale);
                self.gradient_scale = libm::exp2(f64::from(exponent) * (self.degree - 1.0));
                self.weights.extend_from_slice(weights);
            }
            Err(error) => self.error = Some(error),
        }
    }

    /// Asks for the sum of gradients with the cotangent; keeps what goes wrong.
    fn pull_back(&mut self, gradient: &mut [f64]) {
        let largest = (self.cotangent.iter()).fold(0.0, |most: f64, v| most.max(v.abs()));
        let exponent = if largest > 0.0 && largest.is_finite() {
            libm::ilogb(largest)
        } else {
            0
        };
        (self.cotangent.iter_mut()).for_each(|v| *v = libm::scalbn(*v, -exponent));
        match gradient_at(self.system.as_mut(), &self.cotangent, gradient) {
            Ok(()) => {
                let scale = libm::scalbn(self.gradient_scale, exponent);
                gradient.iter_mut().for_each(|g| *g *= scale);
            }
            Err(error) => self.error = Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::margin_system;

    /// A check asks at other weights, and what was answered before it is asked again.
    #[test]
    fn after_a_check_gradients_are_those_of_the_weights_asked_for() {
        let square = margin_system(1, |w: &[f64]| {
            let w = [w[0], w[1]];
            (vec![w[0] * w[1]], move |v: &[f64]| {
                vec![v[0] * w[1], v[0] * w[0]]
            })
        });
        let mut system = ScaledSystem::new(Box::new(square), 2.0);
        let (weights, mut margins, mut gradient) = ([0.5, 3.0], [0.0], [0.0; 2]);
        system.scores(&weights, None, &mut margins);
        system.check(&weights).unwrap();
        system.scores(&weights, None, &mut margins);
        system.pull_back(&[1.0], &mut gradient);
        assert_eq!((margins, gradient), ([1.5], [3.0, 0.5]));
    }
}

//! Whether rounding decides where the first steps go.

use implicit_bias_gram::{DescentCheckpoint, GramDescent, Outcome, Problem};
use serde::{Deserialize, Serialize};

use crate::EngineError;

/// Steps that a twin goes along: a twentieth of ten thousand.
const STEPS: f64 = 500.0;

/// They are compared whenever so many steps are taken, however a run is split.
const COMPARED: f64 = 50.0;

/// The twin's initial weights over the run's: apart by a few roundings.
const FACTOR: f64 = 1.0 + 4.0 * f64::EPSILON;

/// Most operations of a step with which a twin costs next to nothing.
const MOST_OPERATIONS: f64 = 1e6;

/// Margins further apart than this, relative to `max(1, min_j |q_j|)`, are chaos: rounding alone is
/// a hundred thousand times less.
const CHAOTIC: f64 = 1e-10;

/// A second descent from the weights of the first, apart by a few roundings, for the first steps:
/// how far the two come apart is how far rounding may have led the first astray.
///
/// Steps too large for the loss to fall, or neurons that hop about a kink, double small differences
/// again and again. Then gradient descent in double precision is one of many trajectories that
/// differ by rounding, and no other program reproduces it.
pub(crate) struct PerturbedDescent {
    descent: Option<Box<GramDescent>>,
    /// The largest relative distance of the margins that was seen; 0 below [`CHAOTIC`].
    apart: f64,
}

/// A [`PerturbedDescent`] as data.
#[derive(Serialize, Deserialize)]
pub(crate) struct PerturbedCheckpoint {
    descent: Option<DescentCheckpoint>,
    apart: f64,
}

impl PerturbedDescent {
    /// The twin of a descent at step 0.
    pub fn of(descent: &GramDescent) -> Result<Self, EngineError> {
        let cheap = descent.operations_per_step() <= MOST_OPERATIONS;
        let twin = || -> Result<Box<GramDescent>, EngineError> {
            let start = descent.pre_activations() * FACTOR;
            Ok(Box::new(GramDescent::new(
                descent.problem().clone(),
                start,
            )?))
        };
        Ok(Self {
            descent: cheap.then(twin).transpose()?,
            apart: 0.0,
        })
    }

    /// None: nothing is known, and nothing is said.
    pub fn none() -> Self {
        Self {
            descent: None,
            apart: 0.0,
        }
    }

    /// Where a run at step `from` that goes to step `to` is to stop for a comparison, or `to`.
    pub fn stop(&self, from: f64, to: f64) -> f64 {
        match self.descent {
            Some(_) => to.min(COMPARED * ((from / COMPARED).floor() + 1.0)),
            None => to,
        }
    }

    /// Where a comparison is due, brings the twin to the step of `descent` and compares them;
    /// `true` the first time that they are apart.
    pub fn follow(&mut self, descent: &GramDescent) -> bool {
        let Some(twin) = &mut self.descent else {
            return false;
        };
        if descent.step() % COMPARED != 0.0 || descent.step() == twin.step() {
            return false;
        }
        let reached = twin.advance(descent.step()) == Outcome::Reached;
        let (ours, theirs) = (descent.margins(), twin.margins());
        let least = ours
            .iter()
            .fold(f64::INFINITY, |least, q| least.min(q.abs()));
        let distance = ours
            .iter()
            .zip(theirs)
            .fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()))
            / least.max(1.0);
        let before = self.apart;
        if reached && distance > CHAOTIC {
            self.apart = self.apart.max(distance);
        }
        if descent.step() >= STEPS || !reached {
            self.descent = None;
        }
        before == 0.0 && self.apart > 0.0
    }

    /// How far the two came apart, 0 where that is no more than rounding.
    pub fn distance(&self) -> f64 {
        self.apart
    }

    pub fn checkpoint(&self) -> PerturbedCheckpoint {
        PerturbedCheckpoint {
            descent: self.descent.as_ref().map(|descent| descent.checkpoint()),
            apart: self.apart,
        }
    }

    pub fn restore(
        problem: &Problem,
        checkpoint: PerturbedCheckpoint,
    ) -> Result<Self, EngineError> {
        let descent = checkpoint
            .descent
            .map(|descent| GramDescent::restore(problem.clone(), descent).map(Box::new))
            .transpose()?;
        let apart = checkpoint.apart;
        if apart.is_nan() || apart < 0.0 {
            return Err(EngineError::Checkpoint(format!(
                "expected a distance of twins, found {apart}"
            )));
        }
        Ok(Self { descent, apart })
    }
}

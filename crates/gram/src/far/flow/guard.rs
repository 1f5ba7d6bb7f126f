//! Limits of the work that a flow does.

use serde::{Deserialize, Serialize};

use super::super::outcome::Stall;
use crate::Problem;

/// Runge–Kutta steps without an event that one unit of `τ` may take.
const STEPS: u64 = 5_000;

/// Work since `τ` last passed a unit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Guard {
    pub(super) since: f64,
    pub(super) steps: u64,
    pub(super) events: u64,
    /// Events one after the other at one instant.
    pub(super) stuck: u64,
}

/// Why a flow cannot continue.
pub(super) enum Failure {
    Stall(Stall),
    NonFinite,
}

impl Guard {
    pub(super) fn moved(&mut self, tau: f64, by: f64) {
        if by > 4.0 * f64::EPSILON * tau {
            self.stuck = 0;
        }
        if tau >= self.since + 1.0 {
            *self = Self {
                since: tau,
                steps: 0,
                events: 0,
                stuck: self.stuck,
            };
        }
    }

    pub(super) fn check(&self, problem: &Problem) -> Result<(), Failure> {
        let samples = problem.samples() as u64;
        let pairs = problem.neurons() as u64 * samples;
        if self.stuck > 50 + 4 * samples || self.events > 1_000 + 4 * pairs {
            return Err(Failure::Stall(Stall::Events));
        }
        if self.steps > STEPS {
            return Err(Failure::Stall(Stall::Stiff));
        }
        Ok(())
    }
}

//! One trajectory of a flow: nodes, and the segments of midpoint steps between them.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::clock::{Clock, Pace};
use crate::optimizers::norm;
use crate::oracle::{FlowPoint, Oracle};

/// Weights with everything that a step from there asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Node {
    pub weights: Vec<f64>,
    /// `dW/dτ`.
    pub velocity: Vec<f64>,
    /// `‖dW/dτ‖`.
    pub speed: f64,
    pub log_slope: f64,
    pub log_loss: f64,
    /// The reading of the clock.
    pub reading: f64,
}

/// A midpoint step from a node: `W(s) = W + s Δτ (v + s (v_mid − v))` for `s` from 0 to 1, which
/// ends where the step does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Segment {
    from: Node,
    /// The velocity halfway.
    middle: Vec<f64>,
    /// `log dS/dτ` halfway.
    middle_pace: f64,
    /// `Δτ`.
    length: f64,
}

/// What a controller of steps looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    /// `Δτ ‖v_mid − v‖/‖W‖`.
    pub velocity: f64,
    /// `2 |log g_mid − log g|`.
    pub log_slope: f64,
}

/// How a step was taken.
pub(super) enum Step {
    Taken(Box<(Node, Segment, Change)>),
    /// The loss falls by less than half of what its slope promises.
    TooLong,
    /// A score is not finite.
    NotFinite,
}

/// The present node, and the segments that lead from the present position there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Trajectory {
    pub node: Node,
    segments: VecDeque<Segment>,
}

impl Node {
    /// `None` where a score is not finite.
    pub fn new(oracle: &mut Oracle, weights: Vec<f64>, reading: f64) -> Option<Self> {
        let mut velocity = vec![0.0; weights.len()];
        let FlowPoint {
            log_slope,
            log_loss,
            ..
        } = oracle.flow(&weights, &mut velocity)?;
        let speed = norm(&velocity);
        speed.is_finite().then_some(Self {
            weights,
            velocity,
            speed,
            log_slope,
            log_loss,
            reading,
        })
    }

    fn is_sound(&self, weights: usize) -> bool {
        let lengths = [&self.weights, &self.velocity].map(Vec::len);
        let entries = self.weights.iter().chain(&self.velocity);
        let numbers = [self.speed, self.log_slope, self.log_loss];
        lengths == [weights; 2]
            && entries.chain(&numbers).all(|entry| entry.is_finite())
            && !self.reading.is_nan()
    }

    /// `log dS/dτ`.
    fn log_pace(&self, pace: Pace) -> f64 {
        log_pace(pace, self.log_slope, self.speed)
    }

    /// The node a midpoint step of length `Δτ` further, with the Armijo test: `log L` falls by at
    /// least half of `Δτ ‖v‖² Σg/Σℓ`.
    pub fn step(&self, oracle: &mut Oracle, clock: &Clock, length: f64) -> Step {
        let moved = |by: f64, along: &[f64]| -> Vec<f64> {
            let pairs = self.weights.iter().zip(along);
            pairs.map(|(w, v)| w + by * v).collect()
        };
        let halfway = moved(0.5 * length, &self.velocity);
        let mut middle = vec![0.0; halfway.len()];
        let Some(point) = oracle.flow(&halfway, &mut middle) else {
            return Step::NotFinite;
        };
        let middle_pace = log_pace(clock.pace(), point.log_slope, norm(&middle));
        let reading = clock.after(self.reading, length.ln() + middle_pace);
        let Some(node) = Self::new(oracle, moved(length, &middle), reading) else {
            return Step::NotFinite;
        };
        let slope = self.speed * self.speed * (self.log_slope - self.log_loss).exp();
        if node.log_loss > self.log_loss - 0.5 * length * slope {
            return Step::TooLong;
        }
        let turned: Vec<f64> = middle
            .iter()
            .zip(&self.velocity)
            .map(|(middle, v)| middle - v)
            .collect();
        let turned = norm(&turned);
        let change = Change {
            velocity: if turned == 0.0 {
                0.0
            } else {
                length * turned / norm(&halfway)
            },
            log_slope: 2.0 * (point.log_slope - self.log_slope).abs(),
        };
        let segment = Segment {
            from: self.clone(),
            middle,
            middle_pace,
            length,
        };
        Step::Taken(Box::new((node, segment, change)))
    }
}

fn log_pace(pace: Pace, log_slope: f64, speed: f64) -> f64 {
    match pace {
        Pace::Gradient | Pace::Flow => -log_slope,
        Pace::Normalized => speed.ln(),
    }
}

impl Segment {
    /// The weights where the clock reads `reading`, which the segment passes.
    fn weights_at(&self, clock: &Clock, reading: f64) -> Vec<f64> {
        let pace = self.from.log_pace(clock.pace());
        let read = |s: f64| {
            let log_pace = pace + s * (self.middle_pace - pace);
            clock.after(self.from.reading, (s * self.length).ln() + log_pace)
        };
        // Readings rise along a segment: bisection to the last bit.
        let [mut low, mut high] = [0.0, 1.0];
        for _ in 0..64 {
            let s = 0.5 * (low + high);
            if read(s) < reading {
                low = s;
            } else {
                high = s;
            }
        }
        let s = high;
        let entries = self.from.weights.iter().zip(&self.from.velocity);
        entries
            .zip(&self.middle)
            .map(|((w, v), middle)| w + s * self.length * (v + s * (middle - v)))
            .collect()
    }

    fn is_sound(&self, weights: usize) -> bool {
        let numbers = self.middle.iter().chain([&self.middle_pace]);
        self.from.is_sound(weights)
            && self.middle.len() == weights
            && numbers.into_iter().all(|entry| entry.is_finite())
            && self.length > 0.0
            && self.length.is_finite()
    }
}

impl Trajectory {
    pub fn new(node: Node) -> Self {
        Self {
            node,
            segments: VecDeque::new(),
        }
    }

    /// Goes on to a node by a segment.
    pub fn extend(&mut self, node: Node, segment: Segment) {
        self.node = node;
        self.segments.push_back(segment);
    }

    /// Forgets segments that end before the clock reads `reading`.
    pub fn forget_before(&mut self, reading: f64) {
        while self.segments.len() > 1 && self.segments[1].from.reading <= reading {
            self.segments.pop_front();
        }
    }

    /// Forgets segments between the first one, where the position is, and `reading`: on a long way
    /// they would fill the memory.
    pub fn forget_until(&mut self, reading: f64) {
        while self.segments.len() > 2 && self.segments[2].from.reading <= reading {
            self.segments.remove(1);
        }
    }

    /// The weights where the clock reads `reading`, between the first segment that is kept and the
    /// node.
    pub fn weights_at(&self, clock: &Clock, reading: f64) -> Vec<f64> {
        let passed = |segment: &&Segment| segment.from.reading <= reading;
        match self.segments.iter().take_while(passed).last() {
            Some(segment) if reading < self.node.reading => segment.weights_at(clock, reading),
            _ => self.node.weights.clone(),
        }
    }

    /// Whether this is a trajectory of so many weights.
    pub fn is_sound(&self, weights: usize) -> bool {
        let mut segments = self.segments.iter();
        self.node.is_sound(weights) && segments.all(|segment| segment.is_sound(weights))
    }
}

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
    /// `Δτ ‖v_half − v‖/‖W_half‖`.
    pub velocity: f64,
    /// `2 |log g_half − log g|`.
    pub log_slope: f64,
}

/// A step.
pub(super) struct Taken {
    /// Where it ends.
    pub node: Node,
    segment: Segment,
    /// Whether the loss falls by at least half of what its slope promises.
    pub falls: bool,
    /// What changed on its first half.
    pub change: Change,
}

/// The present node, and the segments that lead from the present position there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Trajectory {
    pub node: Node,
    segments: VecDeque<Segment>,
}

impl Change {
    /// The larger of two.
    pub fn or(self, other: Self) -> Self {
        Self {
            velocity: self.velocity.max(other.velocity),
            log_slope: self.log_slope.max(other.log_slope),
        }
    }
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

    /// A midpoint step of length `Δτ`, with the Armijo test: whether `log L` falls by at least half of
    /// `Δτ ‖v‖² Σg/Σℓ`. `None` where a score is not finite.
    pub fn step(&self, oracle: &mut Oracle, clock: &Clock, length: f64) -> Option<Taken> {
        let moved = |by: f64, along: &[f64]| -> Vec<f64> {
            let pairs = self.weights.iter().zip(along);
            pairs.map(|(w, v)| w + by * v).collect()
        };
        let halfway = moved(0.5 * length, &self.velocity);
        let mut middle = vec![0.0; halfway.len()];
        let point = oracle.flow(&halfway, &mut middle)?;
        let middle_pace = log_pace(clock.pace(), point.log_slope, norm(&middle));
        let reading = clock.after(self.reading, length.ln() + middle_pace);
        let node = Self::new(oracle, moved(length, &middle), reading)?;
        let slope = self.speed * self.speed * (self.log_slope - self.log_loss).exp();
        Some(Taken {
            change: self.change([&middle, &halfway], point.log_slope, length),
            falls: node.log_loss <= self.log_loss - 0.5 * length * slope,
            node,
            segment: Segment {
                from: self.clone(),
                middle,
                middle_pace,
                length,
            },
        })
    }

    /// What changed on the way to where half of a step of length `Δτ` leads, with the velocity, weights and
    /// mean slope there.
    pub fn change(&self, half: [&[f64]; 2], log_slope: f64, length: f64) -> Change {
        let [velocity, weights] = half;
        let pairs = velocity.iter().zip(&self.velocity);
        let turned: Vec<f64> = pairs.map(|(half, v)| half - v).collect();
        let turned = norm(&turned);
        Change {
            velocity: if turned == 0.0 {
                0.0
            } else {
                length * turned / norm(weights)
            },
            log_slope: 2.0 * (log_slope - self.log_slope).abs(),
        }
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

    /// Goes on by a step, on the way to where the clock reads `target`: of the segments
    /// before that only the first, where the position is if not behind them, and the last are kept, as all of a long
    /// way would fill the memory.
    pub fn extend(&mut self, taken: Taken, target: f64) {
        self.node = taken.node;
        self.segments.push_back(taken.segment);
        while self.segments.len() > 2 && self.segments[2].from.reading <= target {
            self.segments.remove(1);
        }
    }

    /// Forgets segments that end before the clock reads `reading`.
    pub fn forget_before(&mut self, reading: f64) {
        while self.segments.len() > 1 && self.segments[1].from.reading <= reading {
            self.segments.pop_front();
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

    /// How many segments are kept.
    #[cfg(test)]
    pub fn kept(&self) -> usize {
        self.segments.len()
    }

    /// Whether this is a trajectory of so many weights.
    pub fn is_sound(&self, weights: usize) -> bool {
        let mut segments = self.segments.iter();
        self.node.is_sound(weights) && segments.all(|segment| segment.is_sound(weights))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use implicit_bias_model::{HostScores, Loss, Objective};

    use super::*;
    use crate::step_sizes::StepSize;

    /// `q_1 = u v`, and `q_2 = −u v` where there are two samples.
    struct Product {
        weights: [f64; 2],
    }

    impl HostScores for Product {
        fn scores(&mut self, weights: &[f64], _: Option<&[usize]>, scores: &mut [f64]) {
            let product = weights[0] * weights[1];
            scores
                .iter_mut()
                .zip([product, -product])
                .for_each(|(score, q)| *score = q);
            self.weights = [weights[0], weights[1]];
        }

        fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
            let along = cotangent
                .iter()
                .zip([1.0, -1.0])
                .map(|(c, sign)| c * sign)
                .sum::<f64>();
            gradient.copy_from_slice(&[along * self.weights[1], along * self.weights[0]]);
        }
    }

    pub(in super::super) fn product_oracle(samples: usize) -> Oracle {
        let objective = Objective::binary(Loss::Exponential, vec![1.0; samples]).unwrap();
        let product = Product { weights: [0.0; 2] };
        Oracle::new(Box::new(product), objective, false, None)
    }

    fn clock() -> Clock {
        Clock::new(Pace::Flow, &StepSize::constant(1.0)).unwrap()
    }

    /// With one sample `dW/dτ = (v, u)`, so that `u ± v` grow like `e^{±τ}`.
    #[test]
    fn a_step_is_of_second_order_in_its_length() {
        let mut oracle = product_oracle(1);
        let start = Node::new(&mut oracle, vec![1.0, 0.5], 0.0).unwrap();
        let error = |oracle: &mut Oracle, length: f64| {
            let node = start.step(oracle, &clock(), length).unwrap().node;
            let exact = 0.5 * (1.5 * length.exp() + 0.5 * (-length).exp());
            (node.weights[0] - exact).abs()
        };
        let (coarse, fine) = (error(&mut oracle, 0.02), error(&mut oracle, 0.01));
        assert!(fine < 2e-7, "{fine:e}");
        assert!((7.5..8.5).contains(&(coarse / fine)), "{coarse:e} {fine:e}");
    }

    /// With two samples the loss is `cosh(u v)`, least where a step of length 2 overshoots.
    #[test]
    fn a_step_that_raises_the_loss_says_so() {
        let mut oracle = product_oracle(2);
        let start = Node::new(&mut oracle, vec![1.0, 1.0], 0.0).unwrap();
        let mut falls = |length| start.step(&mut oracle, &clock(), length).unwrap().falls;
        assert!(!falls(4.0) && falls(0.01));
    }

    #[test]
    fn of_a_long_way_its_ends_are_kept() {
        let (mut oracle, clock) = (product_oracle(1), clock());
        let start = Node::new(&mut oracle, vec![1.0, 0.5], 0.0).unwrap();
        let mut trajectory = Trajectory::new(start.clone());
        for _ in 0..200 {
            let taken = trajectory.node.step(&mut oracle, &clock, 0.01).unwrap();
            trajectory.extend(taken, f64::INFINITY);
            assert!(trajectory.segments.len() < 4);
        }
        assert_eq!(
            trajectory.weights_at(&clock, 0.0),
            start.weights,
            "the position"
        );
        // Segments past the target are all kept.
        let target = trajectory.node.reading;
        for _ in 0..10 {
            let taken = trajectory.node.step(&mut oracle, &clock, 0.01).unwrap();
            trajectory.extend(taken, target);
        }
        assert!(trajectory.segments.len() >= 10);
    }
}

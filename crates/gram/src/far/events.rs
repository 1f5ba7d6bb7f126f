//! Events: a pair reaches its kink, or a sliding pair leaves it.
//!
//! Both are zeros of constraints that are positive inside an epoch (the time between two events):
//! `±h_ki`, linear in `S`, and `min(δ − γ, 1 − δ)` of the slope `δ = z_j y_j / v_j` of a
//! sliding pair.

use serde::{Deserialize, Serialize};

use super::coupling::{Coupling, ParallelGroup};
use super::field::Field;
use super::runge_kutta::FlowPoint;
use crate::piece::Piece;

/// A constraint counts as broken below this multiple of its neuron's largest pre-activation, the
/// rounding of sums as long as these.
const SLACK: f64 = 1e-13;

/// The same for a slope.
const SLOPE_SLACK: f64 = 1e-10;

/// A constraint that may have been broken in a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Constraint {
    /// A neuron of the group concerned.
    neuron: usize,
    kind: Kind,
    slack: f64,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// A pair reaches the kink; the sample, and the sign that `h` has now.
    Kink(usize, f64),
    /// A sliding pair leaves it; its index in the group's list.
    Release(usize),
}

/// The constraints that are broken somewhere in a step.
#[derive(Clone, Debug, Default)]
pub(super) struct BrokenConstraints {
    pub(super) constraints: Vec<Constraint>,
    /// Fractions of the step at which one may be broken, ascending.
    pub(super) fractions: Vec<f64>,
}

/// Pre-activations (`2m × n`, row after row) and margins at the start of an epoch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct EpochStart {
    pub(super) pre_activations: Vec<f64>,
    pub(super) margins: Vec<f64>,
    /// Largest `|h|`.
    pub(super) largest: f64,
}

impl EpochStart {
    /// `H` where the sums since the epoch began are `sums`.
    pub(super) fn pre_activations_at(&self, coupling: &Coupling, sums: &[f64]) -> Vec<f64> {
        let n = coupling.samples();
        let mut h = self.pre_activations.clone();
        let (mut z, mut moved) = (vec![0.0; n], vec![0.0; n]);
        for group in &coupling.groups {
            coupling.apply_slopes(group, sums, &mut z);
            coupling.moved(group, &z, &mut moved);
            for &k in &group.neurons {
                for (h, moved) in h[k * n..(k + 1) * n].iter_mut().zip(&moved) {
                    *h += moved;
                }
            }
        }
        h
    }

    /// Rounding of a neuron's pre-activations.
    pub(super) fn slack(&self, row: &[f64]) -> f64 {
        let most = row.iter().fold(0.0_f64, |most, h| most.max(h.abs()));
        SLACK * most.max(1e-3 * self.largest)
    }

    fn value(
        &self,
        coupling: &Coupling,
        field: Field<'_>,
        constraint: &Constraint,
        at: &FlowPoint,
    ) -> f64 {
        let n = coupling.samples();
        let group = coupling.group(constraint.neuron);
        match constraint.kind {
            Kind::Kink(i, side) => {
                let mut z = vec![0.0; n];
                coupling.apply_slopes(group, &at.sums, &mut z);
                let row = coupling.gram.row(i);
                let dot: f64 = row.iter().zip(&z).map(|(g, z)| g * z).sum();
                let h = self.pre_activations[constraint.neuron * n + i];
                side * (h + group.sign * coupling.rate * dot)
            }
            Kind::Release(l) => {
                let (mut v, mut z) = (vec![0.0; n], vec![0.0; n]);
                field.rates(at.tau, &at.sums, &mut v);
                coupling.apply_slopes(group, &v, &mut z);
                sliding_slack(coupling, group, l, &v, &z)
            }
        }
    }

    /// The least of the constraints, each plus its slack: negative once one is broken.
    pub(super) fn least(
        &self,
        coupling: &Coupling,
        field: Field<'_>,
        constraints: &[Constraint],
        at: &FlowPoint,
    ) -> f64 {
        constraints
            .iter()
            .map(|constraint| self.value(coupling, field, constraint, at) + constraint.slack)
            .fold(f64::INFINITY, f64::min)
    }
}

/// The slack of the constraint that a group's sliding pair `l` stays at its kink, at rates `v` and
/// the group's `z`: with `δ = y_j z_j / v_j` the least of `1 − δ` and of `(δ − γ) v_j` over
/// the sum of the terms of `z_j`.
///
/// Over that sum and not over `v_j`: on a sample whose margin no neuron moves `v_j` grows like `t`,
/// so that `δ` is too small to be compared with `γ`.
fn sliding_slack(
    coupling: &Coupling,
    group: &ParallelGroup,
    l: usize,
    v: &[f64],
    z: &[f64],
) -> f64 {
    let j = group.sliding[l];
    let sloped_rate = coupling.labels[j] * z[j];
    let size = coupling.sliding_term_size(group, l, z).min(v[j]);
    if v[j] > 0.0 {
        let (lower, upper) = (sloped_rate - coupling.slope * v[j], v[j] - sloped_rate);
        let low = if lower == 0.0 {
            0.0
        } else {
            lower / size.max(coupling.slope * v[j]).max(f64::MIN_POSITIVE)
        };
        low.min(upper / v[j])
    } else if sloped_rate == 0.0 {
        0.0
    } else {
        -1.0
    }
}

/// The side of the kink that a piece is on, `None` if it slides.
fn side(piece: Piece) -> Option<f64> {
    match piece {
        Piece::Active => Some(1.0),
        Piece::Inactive => Some(-1.0),
        Piece::Sliding => None,
    }
}

/// Finds the constraints that are broken at the start, the middle or the end of a step, or at the
/// vertex of the parabola through the three.
///
/// `h` are the pre-activations there (`2m × n`), `v` the rates.
pub(super) fn find_broken(
    coupling: &Coupling,
    base: &EpochStart,
    h: [&[f64]; 3],
    v: [&[f64]; 3],
) -> BrokenConstraints {
    let n = coupling.samples();
    let mut found = BrokenConstraints::default();
    let mut z = [(); 3].map(|()| vec![0.0; n]);
    for group in &coupling.groups {
        for &k in &group.neurons {
            let rows = h.map(|h| &h[k * n..(k + 1) * n]);
            // Twice the slack of `broken_neurons`, so that what is located here is broken there.
            let slack = 2.0
                * rows
                    .iter()
                    .fold(0.0, |most, row| f64::max(most, base.slack(row)));
            for (i, &piece) in group.pieces.iter().enumerate() {
                if let Some(side) = side(piece) {
                    let values = rows.map(|row| side * row[i]);
                    let constraint = Constraint {
                        neuron: k,
                        kind: Kind::Kink(i, side),
                        slack,
                    };
                    found.record(constraint, values);
                }
            }
        }
        if !group.sliding.is_empty() {
            for (z, v) in z.iter_mut().zip(v) {
                coupling.apply_slopes(group, v, z);
            }
        }
        for l in 0..group.sliding.len() {
            let constraint = Constraint {
                neuron: group.neurons[0],
                kind: Kind::Release(l),
                slack: 2.0 * SLOPE_SLACK,
            };
            let values = [0, 1, 2].map(|at| sliding_slack(coupling, group, l, v[at], &z[at]));
            found.record(constraint, values);
        }
    }
    found.fractions.sort_by(f64::total_cmp);
    found.fractions.dedup();
    found
}

impl BrokenConstraints {
    fn record(&mut self, constraint: Constraint, [start, middle, end]: [f64; 3]) {
        let slope = 4.0 * middle - 3.0 * start - end;
        let curvature = 2.0 * (start - 2.0 * middle + end);
        let mut fractions = [None; 4];
        let broken = -constraint.slack;
        for (slot, (fraction, value)) in [(0.0, start), (0.5, middle), (1.0, end)]
            .into_iter()
            .enumerate()
        {
            if value < broken {
                fractions[slot] = Some(fraction);
            }
        }
        if curvature > 0.0 {
            let vertex = -0.5 * slope / curvature;
            let inside = vertex > 0.0 && vertex < 1.0;
            if inside && start + 0.5 * slope * vertex < broken {
                fractions[3] = Some(vertex);
            }
        }
        if fractions.iter().any(Option::is_some) {
            self.constraints.push(constraint);
            self.fractions.extend(fractions.into_iter().flatten());
        }
    }
}

/// Neurons with a broken constraint, where pre-activations are `h` and rates `v`.
pub(super) fn broken_neurons(
    coupling: &Coupling,
    base: &EpochStart,
    h: &[f64],
    v: &[f64],
) -> Vec<usize> {
    let n = coupling.samples();
    let mut neurons = Vec::new();
    let mut z = vec![0.0; n];
    for group in &coupling.groups {
        if !group.sliding.is_empty() {
            coupling.apply_slopes(group, v, &mut z);
        }
        let released = (0..group.sliding.len())
            .any(|l| sliding_slack(coupling, group, l, v, &z) < -SLOPE_SLACK);
        for &k in &group.neurons {
            let row = &h[k * n..(k + 1) * n];
            let slack = base.slack(row);
            let crossed = row
                .iter()
                .zip(&group.pieces)
                .any(|(h, &piece)| side(piece).is_some_and(|side| side * h < -slack));
            if released || crossed {
                neurons.push(k);
            }
        }
    }
    neurons
}

#[cfg(test)]
mod tests {
    use implicit_bias_data::Dataset;
    use implicit_bias_scalar::{Activation, Loss};
    use ndarray::{Array2, array};

    use super::*;
    use crate::Problem;

    #[test]
    fn a_pair_slides_while_its_slope_is_one_of_the_activation() {
        // One neuron a block. The positive one, active on sample 0, slides at the opposite-sign
        // sample 1, where ⟨x_1, w⟩ stays put if δ v_1 ‖x_1‖² = ⟨x_0, x_1⟩ v_0: δ =
        // 0.5 v_0/v_1.
        let data = Dataset::new(array![[1.0, 0.0], [0.5, 0.5_f64.sqrt()]], array![1.0, -1.0])
            .expect("valid");
        let slope = Activation::leaky_relu(0.1).expect("in [0, 1)");
        let problem = Problem::new(&data, 1, slope, Loss::Logistic, 1.0).expect("valid");
        let h = Array2::from_shape_vec((2, 2), vec![1.0, 0.0, -1.0, 1.0]).expect("two by two");
        let mut coupling = Coupling::new(&problem, h.view());
        coupling.change(0, vec![Piece::Active, Piece::Sliding]);
        let length = 0.75;
        let base = EpochStart {
            pre_activations: h.iter().copied().collect(),
            margins: vec![0.0; 2],
            largest: 1.0,
        };
        let h = base.pre_activations.clone();
        for (delta, slides) in [
            (0.1 - 1e-9, false),
            (0.1 + 1e-9, true),
            (0.5, true),
            (1.0 - 1e-9, true),
            (1.0 + 1e-9, false),
        ] {
            let v = [2.0 * length * delta, 1.0];
            let found = broken_neurons(&coupling, &base, &h, &v);
            assert_eq!(found.is_empty(), slides, "{delta}");
        }
        assert_eq!(broken_neurons(&coupling, &base, &h, &[1.0, 0.0]), [0]);
        assert!(broken_neurons(&coupling, &base, &h, &[0.0, 0.0]).is_empty());
        // And past the kink it is broken whatever the rates.
        let crossed = [-1e-9, 0.0, -1.0, 1.0];
        assert_eq!(
            broken_neurons(&coupling, &base, &crossed, &[0.75, 1.0]),
            [0]
        );
    }

    #[test]
    fn a_dip_inside_a_step_is_seen() {
        let constraint = Constraint {
            neuron: 0,
            kind: Kind::Release(0),
            slack: 1e-10,
        };
        for (values, fractions) in [
            ([1.0, 0.5, 0.2], vec![]),
            ([1.0, 0.5, -0.2], vec![1.0]),
            ([1.0, -0.5, 0.2], vec![0.5]),
            ([-1.0, 0.5, 1.0], vec![0.0]),
            // (θ − ¼)² − 0.01, positive at all three.
            ([0.0525, 0.0525, 0.5525], vec![0.25]),
        ] {
            let mut find_broken = BrokenConstraints::default();
            find_broken.record(constraint, values);
            let mut found: Vec<f64> = find_broken
                .fractions
                .iter()
                .map(|f| (f * 1e6).round() / 1e6)
                .collect();
            found.retain(|f| fractions.contains(f));
            assert_eq!(found, fractions, "{values:?}");
            assert_eq!(
                find_broken.constraints.len(),
                usize::from(!fractions.is_empty())
            );
        }
    }
}

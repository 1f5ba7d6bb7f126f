//! Which pairs of one neuron slide: the velocity of least norm.
//!
//! While the rates `v` are held fixed, a neuron whose opposite-sign pairs `j ∈ Z` sit at the kink
//! moves with a velocity in a set, one for each choice of slopes `D_j ∈ [γ, 1]`. The
//! opposite-sign terms are the negative gradient of a convex function of `w_k`, hence (maximal
//! monotone flows) the solution moves with the element of least norm:
//!
//! ```text
//! minimise ½ ‖Σ_j x_j y_j p_j‖²
//! over p_j = v_j D_j ∈ [γ v_j, v_j] for j ∈ Z, the others fixed
//! ```
//!
//! a quadratic program in a box, `½ pᵀ G_ZZ p + bᵀ p`. A pair strictly inside its interval
//! slides, one at a bound leaves the kink with that slope, and the optimality conditions say that
//! it leaves to the side that the slope belongs to. (derived; docs/theory.md §5, "Sliding")

use super::linear::solve_semidefinite;
use crate::piece::Piece;

/// A multiplier of the wrong sign below this fraction of the sum of its terms counts as zero.
const MULTIPLIER: f64 = 1e-13;

/// The program of one neuron.
pub(super) struct Selection<'a> {
    /// `G_ZZ`, `k × k`, row after row.
    pub(super) gram: &'a [f64],
    /// `b_j = y_j Σ_{l ∉ Z} G_jl y_l p_l`.
    pub(super) linear: &'a [f64],
    /// `v_j ≥ 0`.
    pub(super) rates: &'a [f64],
    /// The slope `γ`.
    pub(super) slope: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum BoxSide {
    Lower,
    Free,
    Upper,
}

impl Selection<'_> {
    /// The piece that each pair of `Z` goes to.
    ///
    /// A primal active-set method, exact after finitely many passes. Where the number of passes
    /// reaches its limit (problems that are degenerate to rounding), the last point is used, which
    /// is inside the box.
    pub(super) fn solve(&self) -> Vec<Piece> {
        let k = self.rates.len();
        let lower: Vec<f64> = self.rates.iter().map(|v| self.slope * v).collect();
        let upper = self.rates;
        // From the lower bound, which is the exact solution where all terms vanish.
        let mut p = lower.clone();
        let mut sides = vec![BoxSide::Lower; k];
        for _ in 0..20 * k + 50 {
            if self.minimise(&lower, upper, &mut sides, &mut p) {
                let most_violated = self.most_violated(&lower, &sides, &p);
                if most_violated.is_empty() {
                    break;
                }
                for j in most_violated {
                    sides[j] = BoxSide::Free;
                }
            }
        }
        (0..k)
            .map(|j| match sides[j] {
                BoxSide::Free => Piece::Sliding,
                // A rate of zero leaves no interval: the velocity decides.
                _ if lower[j] >= upper[j] && self.gradient(j, &p).0 < 0.0 => Piece::Active,
                BoxSide::Lower => Piece::Inactive,
                BoxSide::Upper => Piece::Active,
            })
            .collect()
    }

    /// `(G p + b)_j`, and the sum of its terms' sizes.
    fn gradient(&self, j: usize, p: &[f64]) -> (f64, f64) {
        let k = p.len();
        let row = &self.gram[j * k..(j + 1) * k];
        row.iter().zip(p).fold(
            (self.linear[j], self.linear[j].abs()),
            |(sum, size), (g, p)| (sum + g * p, size + (g * p).abs()),
        )
    }

    /// Moves to the minimum over the free pairs, or to the first bound on the way: true if it
    /// arrived.
    fn minimise(&self, lower: &[f64], upper: &[f64], sides: &mut [BoxSide], p: &mut [f64]) -> bool {
        let k = p.len();
        let free: Vec<usize> = (0..k).filter(|&j| sides[j] == BoxSide::Free).collect();
        let block: Vec<f64> = free
            .iter()
            .flat_map(|&i| free.iter().map(move |&j| self.gram[i * k + j]))
            .collect();
        let mut direction: Vec<f64> = free.iter().map(|&j| -self.gradient(j, p).0).collect();
        solve_semidefinite(&block, free.len(), &mut direction);
        let mut fraction = 1.0;
        let mut hit = None;
        for (&j, &d) in free.iter().zip(&direction) {
            let (bound, side) = if d < 0.0 {
                (lower[j], BoxSide::Lower)
            } else {
                (upper[j], BoxSide::Upper)
            };
            let reach = (bound - p[j]) / d;
            if d != 0.0 && reach < fraction {
                fraction = reach.max(0.0);
                hit = Some((j, bound, side));
            }
        }
        for (&j, &d) in free.iter().zip(&direction) {
            p[j] = (p[j] + fraction * d).clamp(lower[j], upper[j]);
        }
        match hit {
            Some((j, bound, side)) => {
                p[j] = bound;
                sides[j] = side;
                false
            }
            None => true,
        }
    }

    /// The pairs at a bound with the largest multiplier of the wrong sign: one, or copies of one
    /// sample.
    fn most_violated(&self, lower: &[f64], sides: &[BoxSide], p: &[f64]) -> Vec<usize> {
        let violations: Vec<(usize, f64)> = (0..p.len())
            .filter(|&j| sides[j] != BoxSide::Free && lower[j] < self.rates[j])
            .filter_map(|j| {
                let (gradient, size) = self.gradient(j, p);
                let violation = if sides[j] == BoxSide::Lower {
                    -gradient
                } else {
                    gradient
                };
                (violation > MULTIPLIER * size).then_some((j, violation))
            })
            .collect();
        let most = violations
            .iter()
            .fold(0.0_f64, |most, pair| most.max(pair.1));
        violations
            .into_iter()
            .filter_map(|(j, violation)| (violation == most).then_some(j))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(gram: &[f64], linear: &[f64], rates: &[f64], slope: f64) -> Vec<Piece> {
        Selection {
            gram,
            linear,
            rates,
            slope,
        }
        .solve()
    }

    #[test]
    fn one_pair_slides_leaves_or_falls() {
        use Piece::{Active, Inactive, Sliding};
        // p ∈ [0.1, 1], minimum at −b.
        for (linear, piece) in [
            (-0.5, Sliding),
            (-2.0, Active),
            (-0.05, Inactive),
            (1.0, Inactive),
        ] {
            assert_eq!(select(&[1.0], &[linear], &[1.0], 0.1), [piece], "{linear}");
        }
        // At rest: no other term moves the neuron, so that a ReLU pair is inactive, not sliding.
        assert_eq!(select(&[1.0], &[0.0], &[1.0], 0.0), [Inactive]);
        assert_eq!(select(&[1.0], &[-1.0], &[0.0], 0.1), [Active]);
        assert_eq!(select(&[1.0], &[1.0], &[0.0], 0.1), [Inactive]);
        assert_eq!(select(&[], &[], &[], 0.0), []);
    }

    #[test]
    fn the_choice_satisfies_the_optimality_conditions() {
        // Against every assignment of three pieces to each pair: exactly one is optimal.
        let mut seed = 7_u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
        };
        for case in 0..300 {
            let k = 1 + case % 4;
            let x: Vec<f64> = (0..k * 6).map(|_| next()).collect();
            let mut gram = vec![0.0; k * k];
            for i in 0..k {
                for j in 0..k {
                    gram[i * k + j] = (0..6)
                        .map(|c| (x[i * 6 + c] + 0.2) * (x[j * 6 + c] + 0.2))
                        .sum();
                }
            }
            let linear: Vec<f64> = (0..k).map(|_| next() - 0.2).collect();
            let rates: Vec<f64> = (0..k).map(|_| next() + 0.6).collect();
            let slope = 0.2;
            let found = select(&gram, &linear, &rates, slope);
            let mut optimal = Vec::new();
            for code in 0..3_usize.pow(k as u32) {
                let pieces: Vec<Piece> = (0..k)
                    .map(|j| {
                        [Piece::Inactive, Piece::Active, Piece::Sliding]
                            [code / 3_usize.pow(j as u32) % 3]
                    })
                    .collect();
                if is_optimal(&gram, &linear, &rates, slope, &pieces) {
                    optimal.push(pieces);
                }
            }
            assert_eq!(optimal, [found], "case {case}");
        }
    }

    /// By Gauss–Seidel on the sliding pairs.
    fn is_optimal(
        gram: &[f64],
        linear: &[f64],
        rates: &[f64],
        slope: f64,
        pieces: &[Piece],
    ) -> bool {
        let k = rates.len();
        let mut p: Vec<f64> = (0..k)
            .map(|j| {
                if pieces[j] == Piece::Active {
                    rates[j]
                } else {
                    slope * rates[j]
                }
            })
            .collect();
        let gradient = |p: &[f64], j: usize| -> f64 {
            linear[j] + (0..k).map(|l| gram[j * k + l] * p[l]).sum::<f64>()
        };
        for _ in 0..20_000 {
            for j in (0..k).filter(|&j| pieces[j] == Piece::Sliding) {
                p[j] -= gradient(&p, j) / gram[j * k + j];
            }
        }
        (0..k).all(|j| match pieces[j] {
            Piece::Inactive => gradient(&p, j) >= 0.0,
            Piece::Active => gradient(&p, j) <= 0.0,
            Piece::Sliding => p[j] > slope * rates[j] && p[j] < rates[j],
        })
    }

    #[test]
    fn pairs_of_a_neuron_at_rest_do_not_slide() {
        // Two coupled ReLU pairs and no other term: the least velocity is zero.
        let gram = [1.0, -0.3, -0.3, 2.0];
        assert_eq!(
            select(&gram, &[0.0, 0.0], &[0.7, 1.3], 0.0),
            [Piece::Inactive; 2]
        );
    }

    #[test]
    fn repeated_samples_slide_together() {
        let gram = [1.0, 1.0, 1.0, 1.0];
        assert_eq!(
            select(&gram, &[-1.0, -1.0], &[1.0, 1.0], 0.1),
            [Piece::Sliding; 2]
        );
        assert_eq!(
            select(&gram, &[-3.0, -3.0], &[1.0, 1.0], 0.1),
            [Piece::Active; 2]
        );
    }
}

//! Where filters on patches end: the program of an activation pattern (derived).
//!
//! A convolution `f(x) = (1/m) Σ_k s_k Σ_p φ(⟨w_k, x⁽ᵖ⁾⟩)` with an activation that has the slopes `γ` and
//! 1 far below and far above 0 is, once its weights are large, that of `max(z, γ z)`. With the slopes
//! `D_kip` of the pairs of a filter and a patch frozen where the sample has the filter's sign,
//! descents of steepest steps in the Euclidean norm on a loss with an exponential tail end at the
//! direction of
//!
//! ```text
//! min ½ Σ_k ‖w_k‖²   s.t.   q_i(W) ≥ 1
//! q_i(W) = (1/m) Σ_p [ Σ_{same} D_kip ⟨w_k, x_i⁽ᵖ⁾⟩ − Σ_{opposite} max(z, γ z)(⟨w_k, x_i⁽ᵖ⁾⟩) ]
//! ```
//!
//! if the pattern lasts: the program of docs/theory.md §6 with sums over patches. Each `q_i` is
//! concave, the least of the linear functions with a slope 1 or `γ` at each opposite pair, so that
//! the program is one with linear constraints, of which those are added, one after another, that the
//! solution without them violates most.

use implicit_bias_algebra::{Mat, singular_values};
use implicit_bias_data::Dataset;
use implicit_bias_gram::{ActiveCuts, Added};
use implicit_bias_record::StepNorm;
use implicit_bias_scalar::FarSlopes;
use ndarray::{Array1, Array2, ArrayView2, Axis, Slice, concatenate};

use crate::direction_limit::{DirectionLimit, DirectionProblem, DirectionSolution};
use crate::least_norm::least_norm;

/// Where the filters of a convolution turn that is not homogeneous, and so has no residual of a
/// direction.
pub(crate) const CONVOLUTION: DirectionLimit = DirectionLimit {
    name: "filters of the last activation pattern",
    source: "once its weights are large the network is that of max(z, γ z) with the slopes of the \
             activation far from 0; gradient descent then ends at the solution of a convex program if \
             the activation pattern of the last step lasts (derived), which is not proven",
    has_directions: false,
    is_of_pattern: true,
    applies: |facts| {
        facts.network == "convolution"
            && facts.far_slopes.is_some()
            && !facts.is_homogeneous
            && facts.is_exponentially_tailed
            && facts.norm == StepNorm::L2
    },
    solve,
};

/// A margin reaches 1 where it falls short by no more, beside rounding.
const REACHED: f64 = 1e-10;

/// The rounding of a margin, relative to the sum of its terms' sizes.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// The largest residual of an answer.
const ACCEPTED_RESIDUAL: f64 = 1e-8;

/// Most patches of all samples: their inner products are held.
const MOST_PATCHES: usize = 2000;

/// Most entries touched, some seconds.
const MOST_WORK: usize = 1 << 33;

/// A pair keeps its sign strictly where its slack relative to `‖w_k‖ ‖x‖` is above this; weights below
/// this share of the longest filter's are zero.
const STRICT: f64 = 1e-8;

/// A pair is not moved where the sum of the terms of its pre-activation, relative to `‖w_k‖ ‖x‖`, is
/// below this.
const UNMOVED: f64 = 1e-12;

/// The solution of the program of an activation pattern, of smallest margin 1.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchProgram {
    /// `W_{+1}` and `W_{−1}`, each `[m, d]`.
    pub weights: [Array2<f64>; 2],
    /// `‖W‖_F` of both.
    pub norm: f64,
    /// `λ_i ≥ 0`, `[n]`: those of all linear constraints of a sample.
    pub multipliers: Array1<f64>,
    /// `q_i`, `[n]`: 1 where the multiplier is positive.
    pub margins: Array1<f64>,
    /// Pairs of a filter and a patch of a sample of its sign that do not keep their sign strictly: only
    /// where there are none is the solution a candidate for the limit.
    pub leaving: usize,
    /// Such pairs that the solution moves, and whose pre-activation is within the bend of the activation, so
    /// that their slopes are not yet those of the program: only where there are none is the solution
    /// a candidate.
    pub bent: usize,
    /// Stable ranks of `W_{+1}`, `W_{−1}` and both stacked; `NaN` for zero weights.
    pub stable_ranks: [f64; 3],
    /// Linear constraints that hold with equality.
    pub constraints: usize,
    /// What margins fall short of 1, and what those constraints are apart from equality; weights and
    /// multipliers are those of a combination of the constraints by construction.
    pub kkt_residual: f64,
}

/// Filters and patches, with the pattern of the pairs of equal sign.
struct Pattern<'a> {
    /// `[n P, d]`.
    patches: Array2<f64>,
    /// Their inner products, `[n P, n P]`.
    products: Array2<f64>,
    /// Patches of a sample.
    each: usize,
    labels: &'a Array1<f64>,
    /// Filters of a block.
    width: usize,
    /// Which pairs have the slope 1, `[2m, n P]`; used where the signs are equal.
    active: Array2<bool>,
    slope: f64,
    /// Pre-activations of the weights that the pattern is of.
    state: Array2<f64>,
    /// Between these the slope of the activation is neither `γ` nor 1.
    bend: [f64; 2],
}

impl Pattern<'_> {
    fn filters(&self) -> usize {
        2 * self.width
    }

    fn sign(&self, filter: usize) -> f64 {
        if filter < self.width { 1.0 } else { -1.0 }
    }

    fn is_same(&self, filter: usize, sample: usize) -> bool {
        self.sign(filter) == self.labels[sample]
    }

    /// `D_kip` at pre-activations `z`.
    fn slope_at(&self, filter: usize, patch: usize, z: &Array2<f64>) -> f64 {
        let is_active = if self.is_same(filter, patch / self.each) {
            self.active[[filter, patch]]
        } else {
            z[[filter, patch]] > 0.0
        };
        if is_active { 1.0 } else { self.slope }
    }

    fn margin(&self, sample: usize, z: &Array2<f64>) -> f64 {
        let mut sum = 0.0;
        for filter in 0..self.filters() {
            for patch in self.of_sample(sample) {
                let slope = self.slope_at(filter, patch, z);
                sum += self.sign(filter) * self.labels[sample] * slope * z[[filter, patch]];
            }
        }
        sum / self.width as f64
    }

    fn of_sample(&self, sample: usize) -> std::ops::Range<usize> {
        sample * self.each..(sample + 1) * self.each
    }

    /// The linear piece of a margin at pre-activations `z`.
    fn piece(&self, sample: usize, z: &Array2<f64>) -> Piece {
        let first = self.of_sample(sample).start;
        let factor = |(filter, place): (usize, usize)| {
            let sign = self.sign(filter) * self.labels[sample] / self.width as f64;
            sign * self.slope_at(filter, first + place, z)
        };
        Piece {
            sample,
            factors: Array2::from_shape_fn([self.filters(), self.each], factor),
        }
    }

    /// Its gradient, `[2m, d]`.
    fn gradient(&self, piece: &Piece) -> Array2<f64> {
        let own = Slice::from(self.of_sample(piece.sample));
        piece.factors.dot(&self.patches.slice_axis(Axis(0), own))
    }

    /// The inner product of the gradients of two pieces.
    fn product(&self, one: &Piece, other: &Piece) -> f64 {
        let [rows, columns] = [one, other].map(|piece| Slice::from(self.of_sample(piece.sample)));
        let products = self.products.slice_axis(Axis(0), rows);
        let products = products.slice_axis(Axis(1), columns);
        let along = one.factors.dot(&products);
        along.iter().zip(&other.factors).map(|(a, b)| a * b).sum()
    }

    /// `C` with `W = C X` of the patches, `[2m, n P]`.
    fn coefficients(&self, active: &ActiveCuts<Piece>) -> Array2<f64> {
        let mut all = Array2::zeros([self.filters(), self.patches.nrows()]);
        for (piece, &multiplier) in active.cuts().iter().zip(active.multipliers()) {
            let own = Slice::from(self.of_sample(piece.sample));
            all.slice_axis_mut(Axis(1), own)
                .scaled_add(multiplier, &piece.factors);
        }
        all
    }

    /// The point of the active pieces.
    fn point(&self, active: &ActiveCuts<Piece>) -> Point {
        let coefficients = self.coefficients(active);
        let z = coefficients.dot(&self.products);
        let samples = self.labels.len();
        Point {
            margins: (0..samples).map(|i| self.margin(i, &z)).collect(),
            coefficients,
            z,
        }
    }

    /// The sample whose margin falls short most, if one does beyond rounding.
    fn most_violated(&self, point: &Point) -> Option<usize> {
        let size: f64 = point.coefficients.iter().map(|c| c.abs()).sum();
        let largest = self.products.diag().iter().copied().fold(0.0, f64::max);
        let reached = 1.0 - REACHED - ROUNDING * size * largest;
        let margins = point.margins.iter().enumerate();
        let short = margins.filter(|(_, margin)| **margin < reached);
        short
            .min_by(|one, other| one.1.total_cmp(other.1))
            .map(|(sample, _)| sample)
    }

    /// Pairs of equal sign that do not keep their sign strictly at weights `w = C X`, `[2m, d]`, with
    /// pre-activations `z`, and those within the bend of the activation. Those that nothing moves
    /// keep the sign that they have.
    fn unsettled(&self, w: &Array2<f64>, point: &Point) -> [usize; 2] {
        let Point {
            z, coefficients, ..
        } = point;
        let lengths = |rows: &Array2<f64>| rows.map_axis(Axis(1), |row| row.dot(&row).sqrt());
        let (filters, patches) = (lengths(w), lengths(&self.patches));
        let longest = filters.iter().copied().fold(0.0, f64::max);
        let moved = coefficients
            .mapv(f64::abs)
            .dot(&self.products.mapv(f64::abs));
        let [mut leaving, mut bent] = [0; 2];
        for filter in 0..self.filters() {
            let of_own = |patch: &usize| self.is_same(filter, patch / self.each);
            let own: Vec<usize> = (0..patches.len()).filter(of_own).collect();
            if self.slope == 0.0 && !own.iter().any(|&patch| self.active[[filter, patch]]) {
                continue; // Nothing moves it but patches of the other sign, until it is active on none.
            }
            let is_zero = filters[filter] <= STRICT * longest;
            for patch in own {
                if moved[[filter, patch]] <= UNMOVED * filters[filter] * patches[patch] {
                    continue;
                }
                let z = z[[filter, patch]];
                let kept = if self.active[[filter, patch]] { z } else { -z };
                let is_strict = kept > STRICT * filters[filter] * patches[patch];
                leaving += usize::from(is_zero || !is_strict);
                let ([low, high], now) = (self.bend, self.state[[filter, patch]]);
                bent += usize::from(low < now && now < high);
            }
        }
        [leaving, bent]
    }
}

/// A linear function that is nowhere below a margin, `Σ_{kp} factors_kp ⟨w_k, x_i⁽ᵖ⁾⟩`.
#[derive(PartialEq)]
struct Piece {
    sample: usize,
    /// `[2m, P]`.
    factors: Array2<f64>,
}

/// Weights `W = C X`.
struct Point {
    /// `C`, `[2m, n P]`.
    coefficients: Array2<f64>,
    /// Pre-activations, `[2m, n P]`.
    z: Array2<f64>,
    /// `[n]`.
    margins: Array1<f64>,
}

/// Solves the program of the activation pattern of the filters `W_{+1}` and `W_{−1}`, each `[m, d]`, on
/// samples of `each` patches of `d` coordinates: a pair is active where `⟨w_k, x⁽ᵖ⁾⟩ > 0`. Far
/// below 0 the slope of the activation is a `γ` in `[0, 1)`, far above it is 1.
///
/// # Errors
///
/// A phrase, for shapes that do not fit one another, and where the program is too large or was not
/// solved; it begins with `infeasible` where it is proven that no weights with the pattern have
/// positive margins.
pub fn patch_program(
    data: &Dataset,
    each: usize,
    blocks: [ArrayView2<'_, f64>; 2],
    activation: FarSlopes,
) -> Result<PatchProgram, String> {
    let [slope, above] = activation.slopes;
    if !(above == 1.0 && (0.0..1.0).contains(&slope)) {
        return Err(format!("it is not known for slopes of {slope} and {above}"));
    }
    let [width, dim] = [blocks[0].nrows(), blocks[0].ncols()];
    let (samples, entries) = data.x().dim();
    if blocks[1].dim() != (width, dim) || each * dim != entries || width == 0 {
        return Err(format!(
            "filters of {dim} coordinates do not fit samples of {each} patches and {entries} coordinates"
        ));
    }
    if samples * each > MOST_PATCHES {
        return Err(format!(
            "{samples} samples of {each} patches are more than it is solved for"
        ));
    }
    let patches = data.x().as_standard_layout().into_owned();
    let patches = patches.into_shape_with_order([samples * each, dim]);
    let patches = patches.map_err(|error| error.to_string())?;
    let state = concatenate![Axis(0), blocks[0], blocks[1]].dot(&patches.t());
    let pattern = Pattern {
        products: patches.dot(&patches.t()),
        patches,
        each,
        labels: data.y(),
        width,
        active: state.mapv(|z| z > 0.0),
        slope,
        state,
        bend: activation.bend,
    };
    let active = least_weights(&pattern)?;
    describe(&pattern, &active)
}

/// The pieces that hold with equality at the solution.
fn least_weights(pattern: &Pattern<'_>) -> Result<ActiveCuts<Piece>, String> {
    let mut active = ActiveCuts::default();
    let (filters, patches) = (pattern.filters(), pattern.patches.nrows());
    let size = filters * pattern.each * pattern.each;
    let mut work = 0;
    while work < MOST_WORK {
        let count = active.cuts().len();
        work += filters * patches * patches + 4 * count * count;
        let point = pattern.point(&active);
        let Some(sample) = pattern.most_violated(&point) else {
            return Ok(active);
        };
        let piece = pattern.piece(sample, &point.z);
        let short = 1.0 - point.margins[sample];
        let product = |one: &Piece, other: &Piece| pattern.product(one, other);
        match active.add(piece, [1.0, short], product, (size, &mut work)) {
            Added::Yes => {}
            Added::Stuck => return Ok(active),
            Added::Vanishing(_, piece) => return Err(contradiction(pattern, &active, &piece)),
        }
    }
    Err("not solved: it takes more work than is spent on it".to_owned())
}

/// Why no weights satisfy the active constraints and one more, of which a combination vanishes to
/// rounding.
fn contradiction(pattern: &Pattern<'_>, active: &ActiveCuts<Piece>, piece: &Piece) -> String {
    let pieces = active.cuts().iter().chain([piece]);
    let rows: Vec<f64> = pieces.flat_map(|piece| pattern.gradient(piece)).collect();
    let [filters, dim] = [pattern.filters(), pattern.patches.ncols()];
    let count = active.cuts().len() + 1;
    let rows = Array2::from_shape_vec([count, filters * dim], rows);
    let solved = rows
        .map_err(|error| error.to_string())
        .and_then(|rows| least_norm(rows, [filters, dim]));
    match solved {
        Err(reason) => reason,
        Ok(_) => "not solved: constraints contradict one another up to rounding".to_owned(),
    }
}

fn describe(pattern: &Pattern<'_>, active: &ActiveCuts<Piece>) -> Result<PatchProgram, String> {
    let point = pattern.point(active);
    let weights = point.coefficients.dot(&pattern.patches);
    let mut multipliers = Array1::zeros(point.margins.len());
    for (piece, multiplier) in active.cuts().iter().zip(active.multipliers()) {
        multipliers[piece.sample] += multiplier;
    }
    let least = point.margins.iter().copied().fold(f64::INFINITY, f64::min);
    let along = |piece: &Piece| -> f64 {
        let own = Slice::from(pattern.of_sample(piece.sample));
        let z = point.z.slice_axis(Axis(1), own);
        piece.factors.iter().zip(z).map(|(a, b)| a * b).sum()
    };
    let apart = active.cuts().iter().map(|piece| (along(piece) - 1.0).abs());
    let residual = apart.fold(1.0 - least, f64::max).max(0.0);
    if residual > ACCEPTED_RESIDUAL || residual.is_nan() {
        return Err(format!("not solved: a residual of {residual:.1e} is left"));
    }
    let (pos, neg) = weights.view().split_at(Axis(0), pattern.width);
    let ranks = [pos, neg, weights.view()].map(stable_rank);
    let [Some(first), Some(second), Some(both)] = ranks else {
        return Err("not solved: the singular values of its weights were not found".to_owned());
    };
    let norm = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
    if !norm.is_finite() {
        return Err("not solved: its weights are not finite".to_owned());
    }
    let [leaving, bent] = pattern.unsettled(&weights, &point);
    Ok(PatchProgram {
        norm,
        leaving,
        bent,
        weights: [pos.to_owned(), neg.to_owned()],
        multipliers,
        margins: point.margins,
        stable_ranks: [first, second, both],
        constraints: active.cuts().len(),
        kkt_residual: residual,
    })
}

/// `‖A‖_F²/‖A‖₂²`, `NaN` of zeros; `None` where the singular values are not found.
fn stable_rank(matrix: ArrayView2<'_, f64>) -> Option<f64> {
    let own = Mat::from_fn(matrix.nrows(), matrix.ncols(), |i, j| matrix[[i, j]]);
    let values = singular_values(own.as_ref()).ok()?;
    let squares = values.iter().map(|value| value * value);
    Some(squares.clone().sum::<f64>() / squares.fold(0.0, f64::max))
}

fn solve(problem: &DirectionProblem<'_>) -> Result<DirectionSolution, String> {
    let weights = problem
        .weights
        .ok_or("it is that of the weights of a run")?;
    let [(_, pos), (_, neg)] = weights else {
        return Err("the weights are not those of two blocks".to_owned());
    };
    let asked = problem
        .facts
        .numbers
        .get("patches")
        .map(|&each| each as usize);
    let each = asked.or(problem.data.beside().parts).unwrap_or(1);
    let activation = problem.facts.far_slopes;
    let activation = activation.ok_or("its activation is not straight far from 0")?;
    let blocks = [pos.view(), neg.view()];
    let found = patch_program(problem.signs()?, each, blocks, activation).map_err(|reason| {
        if reason.starts_with("infeasible") {
            "infeasible: no weights with the activation pattern of the last step fit all samples (proven)"
                .to_owned()
        } else {
            reason
        }
    })?;
    if found.bent > 0 {
        return Err(format!(
            "still near 0, where the activation bends: {} of the pairs of a filter and a patch",
            found.bent
        ));
    }
    if found.leaving > 0 {
        return Err(format!(
            "the solution for the activation pattern of the last step leaves it: {} of the pairs of a \
             filter and a patch",
            found.leaving
        ));
    }
    let positive = found.multipliers.iter().filter(|&&lambda| lambda > 0.0);
    let numbers = [
        ("normalized_margin", 1.0 / found.norm),
        ("support", positive.count() as f64),
        ("constraints", found.constraints as f64),
        ("multiplier_min", extreme(&found.multipliers, f64::min)),
        ("multiplier_max", extreme(&found.multipliers, f64::max)),
    ];
    let columns = ["stable_rank_pos", "stable_rank_neg", "stable_rank"];
    let named = |(name, value): (&str, f64)| (name.to_owned(), value);
    Ok(DirectionSolution {
        numbers: numbers.into_iter().map(named).collect(),
        series: columns
            .into_iter()
            .zip(found.stable_ranks)
            .map(named)
            .collect(),
        // The program has one solution; other patterns have other programs.
        unique: None,
        kkt_residual: found.kkt_residual,
        directions: Vec::new(),
    })
}

fn extreme(values: &Array1<f64>, of: fn(f64, f64) -> f64) -> f64 {
    values.iter().copied().reduce(of).unwrap_or(f64::NAN)
}

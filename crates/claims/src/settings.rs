//! Every threshold of every verdict, in one place.
//!
//! These numbers are **this project's settings**. The paper states limits and rates up to
//! constants; how near is near enough, and how long a run must be, is for whoever measures to say.
//! None of them may be attributed to the paper.

/// Shorter runs are inconclusive: two decades of this are needed after the transient.
pub(crate) const MIN_HORIZON: f64 = 1000.0;

/// A window with fewer recorded steps is inconclusive.
pub(crate) const MIN_POINTS: usize = 8;

/// Each half of a window needs this many, so that the halves can be compared.
pub(crate) const MIN_POINTS_A_HALF: usize = 4;

/// The window of most fits, `[T/100, T]`: two decades.
pub(crate) const WINDOW: f64 = 100.0;

/// The window in which an activation pattern must have come to rest, `(T/10, T]`: one decade.
pub(crate) const LAST_DECADE: f64 = 10.0;

/// The last decade needs this many recorded steps.
pub(crate) const MIN_RECORDS_IN_DECADE: usize = 5;

/// Growth below this share of a quantity's size over a window counts as none.
pub(crate) const MIN_GROWTH: f64 = 1e-6;

/// Relative gaps and `stable rank − 1` below this are rounding, and are left out of logarithms.
pub(crate) const ROUNDING: f64 = 1e-12;

/// A trend that would not reach the claim even at this power of the horizon, `T²`, is taken to stay
/// away from it.
pub(crate) const EXTRAPOLATION_POWER: f64 = 2.0;

/// Loss: the interval of the exponent must lie within this of −1 to support.
pub(crate) const LOSS_TOLERANCE: f64 = 0.05;

/// Loss: an interval of the exponent wholly farther than this from −1 refutes.
pub(crate) const LOSS_REFUTED: f64 = 0.5;

/// Single precision: from this share of updates that change no weight on, or from a step that is so
/// much shorter or longer than it should be, a run is not taken for gradient descent any more.
pub(crate) const UPDATES_LOST: f64 = 0.01;

/// The logarithm of the loss of fitted samples is below `log(ℓ(0)/n)` by this, which is more than
/// rounding.
pub(crate) const FITTED_MARGIN: f64 = 1e-9;

/// Loss: a fall of its logarithm by less than this is none.
pub(crate) const MIN_LOG_LOSS_FALL: f64 = 1e-6;

/// Norm: the ratio of the slopes of the two halves must lie within this of 1 to support.
pub(crate) const NORM_TOLERANCE: f64 = 0.1;

/// Norm: a ratio of slopes below this is saturation, if its interval leaves the tolerance too.
pub(crate) const NORM_SATURATES: f64 = 0.5;

/// Norm: a ratio of slopes above this is growth faster than logarithmic, if its interval leaves the
/// tolerance too.
pub(crate) const NORM_OUTGROWS: f64 = 2.0;

/// Margins: the limiting relative gap supports if its interval ends at or below this.
pub(crate) const GAP_SUPPORTED: f64 = 0.05;

/// Margins: the limiting relative gap refutes if its interval starts above this.
pub(crate) const GAP_REFUTED: f64 = 0.1;

/// Rank one: the limiting stable rank supports if its interval ends at or below this.
pub(crate) const RANK_ONE_SUPPORTED: f64 = 1.05;

/// Rank one: the limiting stable rank refutes if its interval starts above this.
pub(crate) const RANK_ONE_REFUTED: f64 = 1.1;

/// Bounded rank: the constant. Derived, not the paper's: see the module `stable_rank`.
pub(crate) const RANK_BOUND: f64 = 4.0;

/// Rank one: supported only from below this, where the largest singular value already carries more
/// than half of the block's squared norm.
pub(crate) const RANK_ONE_MAX_MEASURED: f64 = 2.0;

/// A limiting stable rank refutes only if it is within this share of the last measured one: an
/// extrapolation from farther away is a guess.
pub(crate) const RANK_MAX_EXTRAPOLATION: f64 = 0.25;

/// Limit program: a stable rank counts as exactly 1 up to this excess. One pattern a block gives it
/// to rounding (10⁻¹⁵); two patterns that differ give an excess of the order of their angle
/// squared.
pub(crate) const EXACT_RANK: f64 = 1e-9;

/// Limit program: limiting margins count as equal up to this relative gap, the residual with which
/// the program is still believed.
pub(crate) const EXACT_GAP: f64 = 1e-8;

/// Limit program: a stable rank this near its limit, relative to it, has arrived; on which side it
/// is, and whether it still drifts, no longer matters.
pub(crate) const RANK_ARRIVED: f64 = 0.01;

/// Limit program: a relative margin gap this near its limit has arrived.
pub(crate) const GAP_ARRIVED: f64 = 0.01;

/// Limit program: the last decade needs this many recorded steps to tell whether a quantity
/// approaches its limit: the mean distance of the earlier half against that of the later half.
pub(crate) const MIN_RECORDS_OF_APPROACH: usize = 4;

/// Alignment: changes in at least this share of the last decade's record intervals refute.
pub(crate) const REFUTING_CHANGE_SHARE: f64 = 0.5;

/// A block has outgrown its initial weights once its norm is this many times the initial one.
pub(crate) const MIN_NORM_RATIO: f64 = 2.0;

/// Maximum margins: what a margin lacks of its maximum, relative to that, counts as nothing below
/// this: programs are solved to 10⁻¹².
pub(crate) const ARRIVED_MARGIN_GAP: f64 = 1e-9;

/// Maximum margins: both maxima are those of one direction up to this, relative to the margin.
pub(crate) const SAME_MAXIMUM: f64 = 1e-6;

/// Maximum margins: a gap of at most this that falls supports.
pub(crate) const MARGIN_GAP_SUPPORTED: f64 = 0.1;

/// Maximum margins: a gap of at most this that falls supports where theorems are about every step
/// to come: gradient descent nears its maximum like `1/log t`.
pub(crate) const MARGIN_GAP_OF_LIMIT: f64 = 0.25;

/// Maximum margins: Adam with `ε` goes along gradients where they are below this share of `ε`.
pub(crate) const FAR_BELOW: f64 = 0.1;

/// Maximum margins: where step sizes fall like `1/t`, a gap times `‖w‖_∞` stays if its exponent in
/// `t` is above minus this.
pub(crate) const PRODUCT_STAYS: f64 = 0.1;

/// Maximum margins: an exponent whose later half is below this share of the earlier one dies out.
pub(crate) const EXPONENT_DIES: f64 = 0.95;

/// Maximum margins: only a gap above this is refuted by a trajectory.
pub(crate) const MARGIN_GAP_REFUTED: f64 = 0.1;

/// Maximum margins: a gap stays if its exponent in `t` is above minus this.
pub(crate) const MARGIN_GAP_STAYS: f64 = 0.05;

/// Maximum margins: a run with this share of the maximum that it is known to tend to is near it.
pub(crate) const NEAR_KNOWN_MAXIMUM: f64 = 0.9;

/// Maximum margins: a run with this share of a maximum, of which nothing is known, is near it.
pub(crate) const NEAR_MAXIMUM: f64 = 0.95;

/// Maximum margins: a margin this near to what the other maximum has of it, relative to its own
/// maximum, is there.
pub(crate) const NEAR_OTHER_MAXIMUM: f64 = 0.05;

/// Log time: rows whose error estimate is above this decide nothing.
pub(crate) const MAX_ERROR: f64 = 0.01;

/// Early alignment: the loss has fallen once it is this share of its initial value.
pub(crate) const EARLY_FALL: f64 = 0.5;

/// Early alignment: so many recorded steps from the fall of the loss on are needed to support.
pub(crate) const MIN_RECORDS_AFTER_FALL: usize = 5;

/// Early alignment: the bound of the stable rank, the paper's.
pub(crate) const EARLY_RANK_BOUND: f64 = 2.0;

/// Early alignment: a stable rank above the bound by at most this is on it.
pub(crate) const EARLY_RANK_SUPPORTED: f64 = 1e-6;

/// Early alignment: only a stable rank above the bound by more than this refutes.
pub(crate) const EARLY_RANK_REFUTED: f64 = 1e-3;

/// Early alignment: initial weights of more than this share of the weights still count.
pub(crate) const INITIAL_SHARE: f64 = 0.1;

/// Early alignment: layers are balanced up to this share of the squared norm, which is rounding.
pub(crate) const BALANCED: f64 = 1e-12;

/// Early alignment: steps are taken for a flow where the balance changes by less than this share of
/// the squared norm.
pub(crate) const STAYS_BALANCED: f64 = 1e-3;

/// Simplicity bias: two samples of one class are opposite with a cosine below this.
pub(crate) const OPPOSITE_COSINE: f64 = -0.9;

/// Simplicity bias: angles are looked at once the loss is this share of its initial value.
pub(crate) const ANGLES_FITTED: f64 = 0.1;

/// Simplicity bias: an angle of at most this, in radians, is on the line.
pub(crate) const ANGLE_SUPPORTED: f64 = 0.05;

/// Simplicity bias: an angle of at least this is off the line.
pub(crate) const ANGLE_REFUTED: f64 = 0.1;

/// Simplicity bias: an angle of at most this share of that at separation is nearer.
pub(crate) const INTENSIFIED: f64 = 0.8;

/// Simplicity bias: an angle of at least this share of that at separation is no nearer.
pub(crate) const NOT_INTENSIFIED: f64 = 0.9;
/// Benign overfitting: zero hinge loss supports within this many times `‖w*‖²/(η α² m)` steps.
pub(crate) const HINGE_STEPS_SUPPORTED: f64 = 1.0;

/// Benign overfitting: a hinge loss that is positive after this many times `‖w*‖²/(η α² m)` steps
/// refutes.
pub(crate) const HINGE_STEPS_REFUTED: f64 = 100.0;

/// Benign overfitting: on samples that no linear classifier separates, a loss that falls over the last
/// decade to no less than this share of its lowest value before stays.
pub(crate) const HINGE_STAYS: f64 = 0.5;

/// Benign overfitting: an error on fresh samples whose interval ends at or below this is small.
pub(crate) const BENIGN_ERROR: f64 = 0.05;

/// Harmful overfitting: the error of the theorem, 1/8; benign is refuted by it.
pub(crate) const HARMFUL_ERROR: f64 = 0.125;

/// Frei et al.: a first step that leaves at most this share of the stable rank supports.
pub(crate) const FIRST_STEP_SUPPORTED: f64 = 0.5;

/// Frei et al.: a first step that leaves at least this share of the stable rank refutes.
pub(crate) const FIRST_STEP_REFUTED: f64 = 0.95;

/// Frei et al.: a stable rank that never exceeds this from step 1 on supports.
pub(crate) const LASTING_RANK_SUPPORTED: f64 = 2.0;

/// Frei et al.: a stable rank that exceeds this at some step from 1 on refutes.
pub(crate) const LASTING_RANK_REFUTED: f64 = 10.0;

/// Frei et al.: shares of an initial stable rank below this say nothing.
pub(crate) const LEAST_INITIAL_RANK: f64 = 2.0;

/// Filters of a convolution: with a share of more than this along the signals they have learned them.
pub(crate) const FILTERS_LEARNED: f64 = 0.5;

/// Filters of a convolution: with a share of less than this they have not.
pub(crate) const FILTERS_UNLEARNED: f64 = 0.1;

/// Filters of a convolution: which rank of the data they follow is told where all patches have this many
/// times that of the clean data.
pub(crate) const RANKS_APART: f64 = 2.0;

/// Filters of a convolution: a rank within this share of the clean data's follows it.
pub(crate) const RANK_FOLLOWS: f64 = 0.1;

/// Filters of a convolution: a rank within this of the number of signals has reached it.
pub(crate) const RANK_REACHED: f64 = 0.25;

/// Large steps: within this of a boundary in `a` nothing is said.
pub(crate) const PHASE_BOUNDARY: f64 = 0.02;

/// Large steps: a loss below this share of the first one has converged.
pub(crate) const CONVERGED_SHARE: f64 = 1e-12;

/// Large steps: a loss that stays above this share of the first one over the last decade, and rises and
/// falls there, goes on moving.
pub(crate) const MOVING_SHARE: f64 = 1e-6;

/// Large steps: how much a loss rises or falls from one record to the next, as a factor, to be seen.
pub(crate) const MOVING_FACTOR: f64 = 1.05;

/// Large steps: so often at least a loss rises, and falls, from one record of the last decade to the next
/// where it goes on moving.
pub(crate) const MOVING_TURNS: usize = 4;

/// Large steps: the largest loss of the later half of the decade is more than this share of that of the
/// earlier where it goes on moving; a loss that falls like 1/t has 0.32.
pub(crate) const MOVING_LASTS: f64 = 0.35;

/// Large steps: a run of fewer steps shows no phase but divergence.
pub(crate) const PHASE_HORIZON: f64 = 1000.0;

/// Large steps: `a` from here on leaves its bounds soon, of nearly every start.
pub(crate) const SURELY_DIVERGENT: f64 = 2.1;

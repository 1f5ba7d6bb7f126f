//! Exactly orthogonal data, where gradient descent has closed forms.
//!
//! With `⟨x_i, x_j⟩ = 0`, a pre-activation moves by its own sample alone,
//! `h_ki += (η/(nm)) s_k D_ki y_i g_i ‖x_i‖²`: up for same-sign pairs, down for the others. So a
//! pattern in which opposite-sign pairs are inactive and same-sign pairs are active (leaky ReLU) or
//! either (ReLU, where an inactive pair does not move) never changes, and with `a_i = Σ_k D_ki²`
//! and `S_i = Σ_{steps} g_i`, exactly,
//!
//! ```text
//! q_i ← q_i + α_i g(q_i),   α_i = (η/(n m²)) a_i ‖x_i‖²,
//! W_k = W_k(0) + (η/(nm)) s_k Σ_i D_ki y_i S_i x_i.
//! ```

use implicit_bias_data::{DataLaw, Orthogonal};
use implicit_bias_lab::config::Settings;
use implicit_bias_model::Loss;
use implicit_bias_record::schedule;
use implicit_bias_tests::{TestProblem, gaussian, pos_neg};
use ndarray::{Array2, Axis};

/// Orthogonal samples `r_i e_i` with these norms, in `dim` dimensions.
fn orthogonal(norms: &[f64], dim: usize) -> Array2<f64> {
    let mut x = Array2::zeros((norms.len(), dim));
    for (i, &norm) in norms.iter().enumerate() {
        x[[i, i]] = norm;
    }
    x
}

/// Weights of size `scale` whose pre-activations have the signs that `active(neuron, sample)` says.
fn with_pattern(
    (width, dim): (usize, usize),
    samples: usize,
    scale: f64,
    seed: u64,
    active: impl Fn(usize, usize) -> bool,
) -> Array2<f64> {
    let mut w = gaussian((width, dim), scale, seed).expect("a small matrix");
    for ((k, i), entry) in w.indexed_iter_mut().filter(|((_, i), _)| *i < samples) {
        // Away from the kink by more than rounding.
        let size = entry.abs() + 0.1 * scale;
        *entry = if active(k, i) { size } else { -size };
    }
    w
}

fn settings(slope: f64, step_size: f64) -> Settings {
    Settings::default()
        .with(
            "activation",
            if slope == 0.0 { "relu" } else { "leaky-relu" },
        )
        .with("slope", (slope != 0.0).then_some(slope))
        .with("step-size", step_size)
        .with("precision", "f64")
        .with("engine", "tensor")
}

/// Labels that alternate, `+1` first.
fn alternating(samples: usize) -> Vec<f64> {
    (0..samples)
        .map(|i| if i % 2 == 0 { 1.0 } else { -1.0 })
        .collect()
}

/// A problem whose pattern is fixed from the start: opposite-sign pairs inactive, same-sign pairs
/// as `active` says.
fn fixed_pattern(
    norms: &[f64],
    (width, dim): (usize, usize),
    scale: f64,
    settings: Settings,
    active: impl Fn(usize, usize) -> bool,
) -> TestProblem {
    let y = alternating(norms.len());
    let block = |sign: f64, seed| {
        with_pattern((width, dim), norms.len(), scale, seed, |k, i| {
            y[i] == sign && active(k, i)
        })
    };
    TestProblem {
        x: orthogonal(norms, dim),
        pos: block(1.0, 1),
        neg: block(-1.0, 2),
        y,
        settings,
    }
}

/// What the closed recursion says of a problem with a fixed pattern.
struct Recursion {
    margins: Vec<f64>,
    rates: Vec<f64>,
    slopes: Vec<f64>,
}

impl Recursion {
    fn new(problem: &TestProblem) -> Self {
        let (n, m) = (problem.y.len() as f64, problem.pos.nrows() as f64);
        let gamma = problem.settings.number("slope").unwrap_or(0.0);
        let step_size = problem
            .settings
            .number("step-size")
            .expect("these tests set it");
        let (mut margins, mut rates) = (Vec::new(), Vec::new());
        for (x, &y) in problem.x.axis_iter(Axis(0)).zip(&problem.y) {
            let (mut score, mut squares) = (0.0, 0.0);
            for (block, sign) in [(&problem.pos, 1.0), (&problem.neg, -1.0)] {
                for h in block.dot(&x) {
                    let slope = if h > 0.0 { 1.0 } else { gamma };
                    score += sign * slope * h / m;
                    squares += slope * slope;
                }
            }
            margins.push(y * score);
            rates.push(step_size / (n * m * m) * squares * x.dot(&x));
        }
        Self {
            slopes: vec![0.0; margins.len()],
            margins,
            rates,
        }
    }

    fn advance(&mut self, steps: usize) {
        for _ in 0..steps {
            for ((q, rate), sum) in self
                .margins
                .iter_mut()
                .zip(&self.rates)
                .zip(&mut self.slopes)
            {
                let g = Loss::Logistic.slope(*q);
                *q += rate * g;
                *sum += g;
            }
        }
    }

    /// The weights after the steps taken, from the sums of slopes.
    fn weights(&self, problem: &TestProblem) -> [Array2<f64>; 2] {
        let (n, m) = (problem.y.len() as f64, problem.pos.nrows() as f64);
        let gamma = problem.settings.number("slope").unwrap_or(0.0);
        let step_size = problem
            .settings
            .number("step-size")
            .expect("these tests set it");
        [(&problem.pos, 1.0), (&problem.neg, -1.0)].map(|(block, sign)| {
            let mut coefficients = block.dot(&problem.x.t());
            for ((_, i), entry) in coefficients.indexed_iter_mut() {
                let slope = if *entry > 0.0 { 1.0 } else { gamma };
                *entry = step_size / (n * m) * sign * slope * problem.y[i] * self.slopes[i];
            }
            block + &coefficients.dot(&problem.x)
        })
    }
}

/// The problem on the other engine.
fn in_gram_coordinates(problem: &TestProblem) -> TestProblem {
    let mut problem = problem.clone();
    problem.settings.set("engine", "gram");
    problem
}

/// Descends to `horizon` on both engines and compares margins and weights with the recursion at
/// every record.
fn follows_the_recursion(problem: &TestProblem, horizon: f64) {
    follows_the_recursion_on_its_engine(problem, horizon);
    follows_the_recursion_on_its_engine(&in_gram_coordinates(problem), horizon);
}

fn follows_the_recursion_on_its_engine(problem: &TestProblem, horizon: f64) {
    let schedule = schedule(horizon, 10);
    let (trajectory, weights) = problem.complete(&schedule);
    let mut recursion = Recursion::new(problem);
    let norms = trajectory.series.column("weight_norm").expect("a column");
    let losses = trajectory.series.column("loss").expect("a column");
    let mut taken = 0.0;
    for (row, &step) in schedule.iter().enumerate() {
        recursion.advance((step - taken) as usize);
        taken = step;
        for (i, &q) in recursion.margins.iter().enumerate() {
            let found = trajectory.margins.rows()[row][i + 1] * norms[row];
            // Relative to the size of the scores' terms where they cancel at the start.
            let error = (found - q).abs() / q.abs().max(norms[0]);
            assert!(
                error <= 1e-12,
                "step {step}, sample {i}: {found} for {q}, {error:e}"
            );
        }
        let loss = Loss::Logistic.mean(&recursion.margins);
        assert!((losses[row] / loss - 1.0).abs() <= 1e-12, "step {step}");
    }
    let changes = |name| trajectory.series.column(name).expect("a column");
    for name in ["same_sign_changes", "opposite_sign_changes"] {
        assert!(changes(name).iter().all(|&pairs| pairs == 0.0), "{name}");
    }
    let (pos, neg) = pos_neg(&weights);
    for (found, expected) in [pos, neg].into_iter().zip(recursion.weights(problem)) {
        let error = (found - &expected)
            .iter()
            .fold(0.0, |e: f64, d| e.max(d.abs()));
        assert!(error <= 1e-12, "the weights are off by {error:e}");
    }
}

#[test]
fn leaky_relu_margins_follow_the_scalar_recursion() {
    let norms = [0.7, 1.0, 1.3, 2.0, 1.1, 0.9];
    let problem = fixed_pattern(&norms, (5, 9), 0.1, settings(0.3, 0.5), |_, _| true);
    follows_the_recursion(&problem, 50_000.0);
}

#[test]
fn relu_margins_follow_the_scalar_recursion_whatever_the_pattern() {
    let norms = [0.7, 1.0, 1.3, 2.0, 1.1, 0.9];
    let some = |k: usize, i: usize| k == i / 2 || (k + i).is_multiple_of(3);
    let problem = fixed_pattern(&norms, (5, 9), 0.1, settings(0.0, 0.5), some);
    follows_the_recursion(&problem, 50_000.0);
}

/// `dq/dt = α/(1 + e^q)` has the first integral `q + e^q = α t + const`, so that
/// `L t → (1/n) Σ 1/α_i`; what is missing at `t` is of relative size `log(αt)/(αt)`.
#[test]
fn the_loss_times_t_tends_to_the_mean_of_the_inverse_rates() {
    let norms = [1.0, 1.5, 2.0, 1.2];
    let problem = fixed_pattern(&norms, (4, 6), 0.01, settings(0.2, 1.0), |_, _| true);
    let horizon = 200_000.0;
    let (trajectory, _) = problem.complete(&[0.0, horizon]);
    let rates = Recursion::new(&problem).rates;
    let limit = rates.iter().map(|rate| 1.0 / rate).sum::<f64>() / rates.len() as f64;
    let found = trajectory.series.last("loss").expect("a column") * horizon;
    let missing = rates
        .iter()
        .map(|rate| (1.0 + rate * horizon).ln() / (rate * horizon))
        .fold(0.0, f64::max);
    assert!(missing < 1e-3, "the horizon is far enough: {missing:e}");
    assert!(
        (found / limit - 1.0).abs() <= missing,
        "{found} for {limit}, {missing:e}"
    );
}

/// All same-sign pairs active from the start: the growth of a block has rank one exactly, and the
/// rest of it is at most `W_j(0)`, so `stable rank − 1 ≤ ‖W_j(0)‖_F²/‖W_j‖_2²` by Eckart and Young.
#[test]
fn leaky_blocks_tend_to_rank_one_and_their_stack_to_its_closed_form() {
    for slope in [0.05, 0.3, 0.7] {
        let scale = 1e-6;
        let problem = fixed_pattern(&[1.0; 8], (6, 10), scale, settings(slope, 1.0), |_, _| true);
        let (trajectory, _) = problem.complete(&[0.0, 3000.0]);
        let last = |name: &str| trajectory.series.last(name).expect("a column");
        for block in ["pos", "neg"] {
            let growth = last(&format!("spectral_norm_{block}"));
            let initial = trajectory
                .series
                .column(&format!("norm_{block}"))
                .expect("a column")[0];
            let gap = last(&format!("stable_rank_{block}")) - 1.0;
            let bound = (initial / growth).powi(2) + 1e-14;
            assert!(bound < 1e-8, "the block has grown: {bound:e}");
            assert!(
                (0.0..=bound).contains(&gap),
                "γ = {slope}, {block}: {gap:e} of {bound:e}"
            );
        }
        // Classes are balanced and norms equal, so all S_i agree up to the initial scores.
        let expected = 2.0 * (1.0 + slope * slope) / (1.0 + slope).powi(2);
        let found = last("stable_rank");
        assert!(
            (found / expected - 1.0).abs() <= 10.0 * scale,
            "{found} for {expected}"
        );
    }
}

/// Gaussian initial weights: the first steps, while the pattern settles, leave a residual, which
/// the growth along one direction dwarfs: what is left of rank one after `t` is at most `W_j(1)`,
/// since from step 1 on the pattern is fixed. The gap closes like `1/log² t`, not faster.
#[test]
fn random_leaky_blocks_approach_rank_one_like_the_inverse_square_of_log_t() {
    let (n, dim, width, slope) = (8, 12, 7, 0.2);
    let problem = TestProblem {
        x: orthogonal(&vec![1.0; n], dim),
        y: alternating(n),
        pos: gaussian((width, dim), 1e-6, 3).expect("a small matrix"),
        neg: gaussian((width, dim), 1e-6, 4).expect("a small matrix"),
        settings: settings(slope, 1.0),
    };
    let schedule = schedule(100_000.0, 0);
    let (trajectory, _) = problem.complete(&schedule);
    let column = |name: &str| trajectory.series.column(name).expect("a column");
    let changes: f64 = ["same_sign_changes", "opposite_sign_changes"]
        .into_iter()
        .flat_map(|name| column(name).into_iter().skip(2))
        .sum();
    assert_eq!(changes, 0.0, "the pattern is fixed from step 1 on");
    for block in ["pos", "neg"] {
        let after_one = column(&format!("norm_{block}"))[1];
        let spectral = column(&format!("spectral_norm_{block}"));
        let rank = column(&format!("stable_rank_{block}"));
        let mut residuals = Vec::new();
        for row in 2..schedule.len() {
            let residual = (rank[row] - 1.0) * spectral[row].powi(2);
            assert!(
                residual <= after_one.powi(2) * (1.0 + 1e-9),
                "step {}",
                schedule[row]
            );
            residuals.push(residual.sqrt());
        }
        // r = r_∞ + O(1/S): the residual settles at a positive number.
        let (late, last) = (
            residuals[residuals.len() - 4],
            residuals[residuals.len() - 1],
        );
        assert!(
            last > 0.0 && (late / last - 1.0).abs() < 0.02,
            "{late} then {last}"
        );
    }
}

/// A width of `2^{n_j}` with every subset of the class active in exactly one neuron, so that
/// `DᵀD = (m/4)(I + 11ᵀ)`, trace `m n_j/2`, largest eigenvalue `m (n_j + 1)/4`.
#[test]
fn relu_blocks_of_all_patterns_tend_to_the_closed_form() {
    for class in [2, 3, 4, 5] {
        let n = 2 * class;
        let width = 1 << class;
        let subsets = |k: usize, i: usize| k >> (i / 2) & 1 == 1;
        let scale = 1e-6;
        let problem = fixed_pattern(
            &vec![1.0; n],
            (width, n + 1),
            scale,
            settings(0.0, 1.0),
            subsets,
        );
        let (trajectory, _) = problem.complete(&[0.0, 3000.0]);
        let expected = 2.0 * class as f64 / (class as f64 + 1.0);
        for block in ["pos", "neg"] {
            let name = format!("stable_rank_{block}");
            let found = trajectory.series.last(&name).expect("a column");
            let error = (found / expected - 1.0).abs();
            assert!(
                error <= 10.0 * scale,
                "n_j = {class}, {block}: {found}, {error:e}"
            );
        }
    }
}

/// Gaussian weights and a large width: the same up to the sampling of patterns. The stable rank is
/// about `n_j k̄/mean(k²)` for the number `k` of samples a neuron is active on, binomial with `n_j`
/// and 1/2; by the delta method its relative standard deviation is `c/√m` with
/// `c² = Var(k/E k − k²/E k²)`, which is 0.15 at `n_j = 4`. Four of those are allowed.
#[test]
fn wide_random_relu_blocks_come_near_the_closed_form() {
    let (class, width) = (4, 4000);
    let n = 2 * class;
    let data = Orthogonal {
        samples: n,
        dim: n,
        norm: 1.0,
        norm_spread: 1.0,
    };
    let x = data.generate(0).expect("a valid law").x().clone();
    let problem = TestProblem {
        x,
        y: alternating(n),
        pos: gaussian((width, n), 1e-6, 5).expect("a small matrix"),
        neg: gaussian((width, n), 1e-6, 6).expect("a small matrix"),
        settings: settings(0.0, 0.2),
    };
    let (trajectory, _) = problem.complete(&[0.0, 3000.0]);
    let expected = 2.0 * class as f64 / (class as f64 + 1.0);
    let allowed = 4.0 * (0.15 / width as f64).sqrt();
    for block in ["pos", "neg"] {
        let name = format!("stable_rank_{block}");
        let found = trajectory.series.last(&name).expect("a column");
        let error = (found / expected - 1.0).abs();
        println!("{block}: {found}, off by {error:.1e} of {allowed:.1e}");
        assert!(
            error <= allowed,
            "{block}: {found} for {expected}, {error:e}"
        );
    }
}

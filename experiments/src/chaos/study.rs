//! The study: its runs, and what it shows of them.

use implicit_bias_claims::chaos::ids::PHASE;
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult};

use super::runs::runs;
use super::{figures, table};

/// Quadratic neurons at steps in every phase, beside the map that each sample obeys.
pub fn from_stability_to_chaos(effort: Effort) -> Study {
    Study {
        name: "from_stability_to_chaos",
        title: "Five phases of gradient descent as the step grows",
        statement: Statement {
            text: "As the step size grows, gradient descent on quadratic regression goes through \
                   monotone, catapult, periodic, chaotic and divergent phases; in the chaotic one \
                   predictions averaged over time are better than single ones."
                .to_owned(),
            source: "Chen, Balasubramanian, Ghosal & Agrawalla, arXiv:2310.01687; boundaries, cycles \
                     and closed forms derived here"
                .to_owned(),
        },
        setting: format!(
            "f(x) = a Σ_j ⟨w_j, x⟩² on n = 80 orthonormal samples in d = 100 dimensions (n, d and the \
             steps 36, 48, 60 found in the paper), targets 1 or a teacher's, W(0) ~ N(0, 0.04); {} \
             steps (this project's settings). Read as the map below, the paper's steps are a = 0.9, \
             1.2 and 1.5 (our reading)",
            effort.pick("2000", "20,000")
        ),
        paragraphs: vec![
            "With u = κ f, κ = 2 η ‖x‖²/n times the weight of a neuron, and a = κ y, every sample of an \
             orthogonal set obeys u ← u (1 + a − u)² (derived): a network on n orthogonal samples is n \
             maps that know nothing of each other, whatever d and the width are."
                .to_owned(),
            "Boundaries in a: monotone to 2√2 − 2, catapult to 1, period 2 to √5 − 1, doublings to \
             their end, chaos with windows of periods to 2, and no bound beyond (derived). In chaos the \
             Lyapunov exponent is positive, but \"chaotic for all a beyond the doublings\" is false: \
             windows of stable cycles are dense in places, the widest of period 3."
                .to_owned(),
        ],
        runs: runs(effort),
        claims: &[PHASE],
        limits: Vec::new(),
        show: Some(show),
        columns: &[],
        figures: |_| Vec::new(),
    }
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    Shown {
        paragraphs: table::found(results),
        figures: figures::figures(results),
        tables: table::tables(results),
        files: Vec::new(),
    }
}

//! What the columns of the tables mean.

/// A column of a table, or a family of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name; `<…>` stands for the name of a block, the number of a class or of a sample.
    pub name: &'static str,
    /// What it is, with its formula.
    pub meaning: &'static str,
}

impl Column {
    /// A column and what it is.
    pub const fn new(name: &'static str, meaning: &'static str) -> Self {
        Self { name, meaning }
    }

    /// Whether this is the entry about a column of a name, by itself or as one of its family.
    pub fn is_about(&self, name: &str) -> bool {
        match self.name.split_once('<') {
            Some((prefix, "block>")) => name.len() > prefix.len() && name.starts_with(prefix),
            Some((prefix, _)) => name.strip_prefix(prefix).is_some_and(|rest| {
                !rest.is_empty() && rest.bytes().all(|letter| letter.is_ascii_digit())
            }),
            None => self.name == name,
        }
    }
}

const fn column(name: &'static str, meaning: &'static str) -> Column {
    Column::new(name, meaning)
}

/// The columns of `series.csv`, in its order, then that of `margins.csv`.
///
/// `W` are all trained weights, `q_i` is the margin of sample `i`, `L` the loss, `L` in the
/// exponent of a norm the degree of homogeneity of the network.
pub const COLUMNS: &[Column] = &[
    column("step", "t, the number of steps taken"),
    column("loss", "L(W), the training loss; 0 where it underflows"),
    column(
        "log_loss",
        "natural logarithm of the loss, meaningful at any step",
    ),
    column(
        "weight_norm",
        "‖W‖_F, Frobenius norm of all trained weights",
    ),
    column(
        "stable_rank_<block>",
        "‖W_b‖_F²/‖W_b‖₂² of a block; empty where the block is zero",
    ),
    column(
        "stable_rank",
        "‖W‖_F²/‖W‖₂² of the blocks of one width stacked; empty where they cannot be",
    ),
    column(
        "margin_min",
        "min_i q_i/‖W‖_F^L, smallest normalized margin; min_i q_i where the network is not \
         homogeneous",
    ),
    column(
        "margin_max",
        "max_i q_i/‖W‖_F^L, largest normalized margin; max_i q_i where the network is not \
         homogeneous",
    ),
    column("margin_mean", "mean of the same over the samples"),
    column("gradient_norm", "‖∇L(W)‖_F"),
    column(
        "accuracy",
        "fraction of the samples whose margin is positive beyond rounding",
    ),
    column("norm_<block>", "‖W_b‖_F, Frobenius norm of a block"),
    column(
        "spectral_norm_<block>",
        "‖W_b‖₂, largest singular value of a block",
    ),
    column(
        "alignment_<block>",
        "mean cosine of the block's neurons with s Σ_i y_i x_i, s the sign of the block; empty \
         where it has none",
    ),
    column(
        "same_sign_active",
        "fraction of the pairs of a neuron and a sample of equal sign that are active",
    ),
    column(
        "opposite_sign_active",
        "fraction of the pairs of a neuron and a sample of opposite signs that are active",
    ),
    column(
        "same_sign_coverage_min",
        "smallest fraction, over the samples, of the neurons of its sign that are active on it",
    ),
    column(
        "same_sign_changes",
        "same-sign pairs whose activation differs from the previous recorded step",
    ),
    column(
        "opposite_sign_changes",
        "opposite-sign pairs whose activation differs from the previous recorded step",
    ),
    column(
        "error_estimate",
        "estimated error of a margin relative to max(1, min_i |q_i|), from log time or from chaos; \
         0 where steps were exact",
    ),
    column(
        "kkt_residual",
        "‖W/‖W‖ − Σ_i λ_i ∇q_i‖ of the best multipliers λ ≥ 0 with averaged gradients; with --kkt",
    ),
    column(
        "complementarity",
        "Σ λ_i (q_i/q_min − 1)/Σ λ_i with those multipliers; with --kkt",
    ),
    column(
        "lost_updates",
        "fraction of the weights with a nonzero update that the next step does not change; in \
         single precision",
    ),
    column(
        "effective_update",
        "‖W′ − W‖_F/‖η∇L‖_F of the next step; in single precision",
    ),
    column(
        "margin_min_<class>",
        "smallest normalized margin of a class; of several classes",
    ),
    column(
        "margin_max_<class>",
        "largest normalized margin of a class; of several classes",
    ),
    column(
        "margin_linf_min",
        "min_i q_i/‖w‖_∞, smallest margin over the largest weight; of the linear network",
    ),
    column(
        "neurons_plus",
        "hidden neurons that are active on the samples of label +1 and on no other, S₊; with \
         --neurons, as all of the next",
    ),
    column(
        "neurons_minus",
        "hidden neurons that are active on the samples of label −1 and on no other, S₋",
    ),
    column(
        "neurons_dead",
        "hidden neurons that are active on no sample",
    ),
    column("neurons_other", "hidden neurons that are none of these"),
    column(
        "neurons_misplaced",
        "hidden neurons that are neither dead nor in the set of the sign of their outer weight",
    ),
    column(
        "own_centre_cosine_min",
        "smallest cosine of a neuron that is not dead with the sum of the samples whose label is \
         the sign of its outer weight",
    ),
    column(
        "own_centre_cosine_mean",
        "mean of the same over the neurons",
    ),
    column(
        "imbalance",
        "max_j |‖w_j‖² − v_j²|, v_j the outer weight of a neuron",
    ),
    column(
        "axis_angle_50",
        "median over the neurons of the angle to the nearest coordinate axis, in radians",
    ),
    column("axis_angle_95", "95 % quantile of the same"),
    column("axis_angle_max", "largest of the same"),
    column(
        "line_angle_50",
        "median over the neurons of the angle to the principal direction of the samples whose \
         label is the sign of the outer weight, in radians, as lines",
    ),
    column("line_angle_95", "95 % quantile of the same"),
    column("line_angle_max", "largest of the same"),
    column(
        "signed_cosine_min",
        "min cos(y_i x_i, y_k x_k) over pairs of samples; empty for many samples",
    ),
    column(
        "class_cosine_min",
        "min cos(x_i, x_k) over pairs of samples of one label; empty for many samples",
    ),
    column(
        "sensitivity",
        "distance of a twin that began a last digit away, over that at first; with --sensitivity",
    ),
    column(
        "direction_distance_<block>",
        "‖W/‖W‖ − W*/‖W*‖‖_F, distance of a block's direction from that of its limit, which the data \
         tell; of attention and transformer",
    ),
    column(
        "log_gap",
        "log(L − L*), with L* the loss of attention to the best token alone; of attention with a fixed \
         decoder and of the transformer",
    ),
    column(
        "log_unselected",
        "largest log(1 − s_o) of a sample, s_o the attention to its best token; of attention and \
         transformer",
    ),
    column(
        "selected",
        "fraction of the samples with more attention to their best token than to any other; of \
         attention and transformer",
    ),
    column(
        "signal_fraction",
        "Σ_k ‖W μ_k/‖μ_k‖‖²/‖W‖_F², share of the filters along the signals; of the convolution, where \
         the data have signals",
    ),
    column(
        "first_stage_log_loss",
        "log of the loss of the first of two stages, on single tokens; of the transformer",
    ),
    column(
        "held_out_error",
        "fraction of the held-out samples whose score has not the sign of their clean label; with \
         --held-out or --held-out-data",
    ),
    column(
        "sample_<sample>",
        "q_i/‖W‖_F^L of a sample, in the order of the data (margins.csv); q_i where the network is \
         not homogeneous",
    ),
];

/// The entry of [`COLUMNS`] that is about a column of this name.
///
/// ```
/// use implicit_bias_record::column_of;
/// assert_eq!(column_of("stable_rank_pos").unwrap().name, "stable_rank_<block>");
/// assert!(column_of("first_weight").is_none());
/// ```
pub fn column_of(name: &str) -> Option<&'static Column> {
    let own = COLUMNS.iter().find(|column| column.name == name);
    own.or_else(|| COLUMNS.iter().find(|column| column.is_about(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_its_own_comes_before_a_family() {
        for (name, of) in [
            ("stable_rank", Some("stable_rank")),
            ("stable_rank_1", Some("stable_rank_<block>")),
            ("norm_W", Some("norm_<block>")),
            ("margin_min", Some("margin_min")),
            ("margin_min_7", Some("margin_min_<class>")),
            ("margin_min_x", None),
            ("sample_", None),
            ("sample_12", Some("sample_<sample>")),
            ("norm_", None),
            ("", None),
        ] {
            assert_eq!(column_of(name).map(|column| column.name), of, "{name}");
        }
        let mut names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), COLUMNS.len());
    }
}

//! What is measured at a recorded step.

use crate::EngineError;

/// One weight block at a recorded step.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockObservation {
    /// The block's name, `pos` or `neg` for the two-layer network.
    pub name: String,
    /// Frobenius norm.
    pub norm: f64,
    /// Largest singular value.
    pub spectral_norm: f64,
    /// `norm² / spectral_norm²`; `NaN` for a zero block.
    pub stable_rank: f64,
    /// Mean over the neurons of the cosine with the signed class direction `s Σ_i y_i x_i`; `NaN`
    /// where the block has no sign.
    pub alignment: f64,
}

/// The activation pattern at a recorded step, counted over pairs (neuron, sample).
#[derive(Clone, Debug, PartialEq)]
pub struct PatternObservation {
    /// Fraction of the same-sign pairs (`s_k = y_i`) that are active.
    pub same_sign_active: f64,
    /// Fraction of the opposite-sign pairs that are active.
    pub opposite_sign_active: f64,
    /// Smallest fraction, over the samples, of the same-sign neurons that are active on it.
    pub same_sign_coverage_min: f64,
    /// Same-sign pairs that differ from the previous recorded step.
    pub same_sign_changes: f64,
    /// Opposite-sign pairs that differ from the previous recorded step.
    pub opposite_sign_changes: f64,
}

/// What a step does to weights in single precision, whose updates may round to nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpdateObservation {
    /// Fraction of the weights with an update that is not zero, whose value the next step does not
    /// change.
    pub lost: f64,
    /// `‖W′ − W‖_F / ‖η∇L(W)‖_F` of the next step, from `W` to `W′`; with compensation, of `W + C`.
    /// 1 but for rounding where nothing is lost.
    pub effective: f64,
}

/// The margins of one class among several at a recorded step.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassObservation {
    /// The class's number, `0..C`.
    pub class: usize,
    /// Smallest normalized margin among its samples.
    pub margin_min: f64,
    /// Largest normalized margin among its samples.
    pub margin_max: f64,
}

/// Everything measured at a recorded step: one row of `series.csv` and one of `margins.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Steps taken.
    pub step: f64,
    /// `L(W)`; 0 where it underflows.
    pub loss: f64,
    /// `log L(W)`, meaningful at any step.
    pub log_loss: f64,
    /// `‖W‖_F` over all blocks.
    pub weight_norm: f64,
    /// The blocks, in the model's order.
    pub blocks: Vec<BlockObservation>,
    /// Stable rank of the blocks stacked; `NaN` where they cannot be stacked.
    pub stable_rank: f64,
    /// `q_i / ‖W‖_F^L` of every sample; none for real targets, and then no column of margins.
    pub normalized_margins: Vec<f64>,
    /// The classes, where there are several; none for labels ±1.
    pub classes: Vec<ClassObservation>,
    /// `‖∇L(W)‖_F`.
    pub gradient_norm: f64,
    /// Fraction of the samples with a margin that is positive beyond rounding:
    /// [`is_positive_margin`](implicit_bias_model::is_positive_margin).
    pub accuracy: f64,
    /// The activation pattern, where the model shows its pre-activations.
    pub pattern: Option<PatternObservation>,
    /// Estimate of the largest error of a margin, relative to `max(1, min_i q_i)`, that comes from
    /// following gradient descent in log time; 0 where steps were exact. Rounding is not in it.
    pub error_estimate: f64,
    /// What becomes of updates, in single precision.
    pub updates: Option<UpdateObservation>,
    /// What the network shows besides, by column.
    pub probes: Vec<(String, f64)>,
}

impl Observation {
    /// The columns of `series.csv`, in order: the names of [`row`](Self::row).
    pub fn columns(&self) -> Vec<String> {
        self.named_values()
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }

    /// The values of `series.csv`, in order.
    pub fn row(&self) -> Vec<f64> {
        self.named_values()
            .into_iter()
            .map(|(_, value)| value)
            .collect()
    }

    /// This observation with what the network shows besides.
    ///
    /// # Errors
    ///
    /// [`EngineError::Invalid`] for a probe of the name of another column.
    pub(crate) fn with_probes(mut self, probes: Vec<(String, f64)>) -> Result<Self, EngineError> {
        for probe in probes {
            if self.columns().contains(&probe.0) {
                return Err(EngineError::Invalid {
                    key: format!("the probe `{}` of the network", probe.0),
                    expected: "a name that no other column has".into(),
                    found: "a column of that name".into(),
                });
            }
            self.probes.push(probe);
        }
        Ok(self)
    }

    /// The columns of `margins.csv`.
    pub fn margin_columns(&self) -> Vec<String> {
        let samples = (0..self.normalized_margins.len()).map(|index| format!("sample_{index}"));
        std::iter::once("step".to_owned()).chain(samples).collect()
    }

    /// The values of `margins.csv`.
    pub fn margin_row(&self) -> Vec<f64> {
        std::iter::once(self.step)
            .chain(self.normalized_margins.iter().copied())
            .collect()
    }

    fn named_values(&self) -> Vec<(String, f64)> {
        let margins = &self.normalized_margins;
        let mut values: Vec<(String, f64)> = Vec::new();
        let mut put = |name: &str, value: f64| values.push((name.to_owned(), value));
        put("step", self.step);
        put("loss", self.loss);
        put("log_loss", self.log_loss);
        put("weight_norm", self.weight_norm);
        for block in &self.blocks {
            put(&format!("stable_rank_{}", block.name), block.stable_rank);
        }
        put("stable_rank", self.stable_rank);
        if !margins.is_empty() {
            let [margin_min, margin_max] = range(margins);
            put("margin_min", margin_min);
            put("margin_max", margin_max);
            put(
                "margin_mean",
                margins.iter().sum::<f64>() / margins.len() as f64,
            );
        }
        put("gradient_norm", self.gradient_norm);
        if !margins.is_empty() {
            put("accuracy", self.accuracy);
        }
        for block in &self.blocks {
            put(&format!("norm_{}", block.name), block.norm);
            put(
                &format!("spectral_norm_{}", block.name),
                block.spectral_norm,
            );
            put(&format!("alignment_{}", block.name), block.alignment);
        }
        if let Some(pattern) = &self.pattern {
            put("same_sign_active", pattern.same_sign_active);
            put("opposite_sign_active", pattern.opposite_sign_active);
            put("same_sign_coverage_min", pattern.same_sign_coverage_min);
            put("same_sign_changes", pattern.same_sign_changes);
            put("opposite_sign_changes", pattern.opposite_sign_changes);
        }
        put("error_estimate", self.error_estimate);
        if let Some(updates) = &self.updates {
            put("lost_updates", updates.lost);
            put("effective_update", updates.effective);
        }
        for class in &self.classes {
            put(&format!("margin_min_{}", class.class), class.margin_min);
            put(&format!("margin_max_{}", class.class), class.margin_max);
        }
        for (name, value) in &self.probes {
            put(name, *value);
        }
        values
    }
}

/// Smallest and largest of some numbers; `NaN` if one of them is undefined, as at zero weights.
fn range(values: &[f64]) -> [f64; 2] {
    if values.iter().any(|value| value.is_nan()) {
        return [f64::NAN; 2];
    }
    [
        values.iter().copied().fold(f64::INFINITY, f64::min),
        values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    ]
}

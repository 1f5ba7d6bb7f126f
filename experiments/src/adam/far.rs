//! The far horizon: the law of Adam and sign descent from the state of a tenth of the steps, held
//! against the last state, and on to 10³⁰⁰.

use implicit_bias_lab::RunRecord;
use implicit_bias_limits::linear::{
    AdamFar, FarDescent, MarginLinf, SignLikeDescent, SignedSamples, StepSizes, max_margin_linf,
};
use implicit_bias_model::Weights;
use ndarray::Array1;

/// The maximum margin over `‖w‖_∞` of the samples of a run.
pub(super) struct Maximum {
    samples: SignedSamples,
    limit: MarginLinf,
}

impl Maximum {
    /// `None` where the samples cannot be loaded again or have none.
    pub fn of(record: &RunRecord) -> Option<Self> {
        let data = record.config.load_data().ok()?;
        let data = data.signs()?;
        let samples = SignedSamples::labelled(data.x().view(), data.y().view()).ok()?;
        let limit = max_margin_linf(&samples).separable()?;
        Some(Self { samples, limit })
    }

    /// `γ*`.
    pub fn margin(&self) -> f64 {
        self.limit.gamma_linf
    }

    /// The law of a run of Adam without `ε`, or of sign descent, from its last state; in a phrase
    /// why there is none.
    pub fn law(&self, record: &RunRecord) -> Result<AdamFar, String> {
        let config = &record.config;
        let number = |key: &str| config.optimizer.settings.number(key);
        let rule = match config.optimizer.name {
            "sign-gd" => SignLikeDescent::Sign,
            _ => SignLikeDescent::Adam {
                beta1: number("beta1").unwrap_or(0.9),
                beta2: number("beta2").unwrap_or(0.999),
            },
        };
        let decay = config.step_size.decay();
        let decay = decay.ok_or("step sizes that are no power of the step")?;
        let descent = FarDescent {
            rule,
            step_sizes: StepSizes {
                first: config.step_size.first,
                offset: decay.offset,
                decay: decay.exponent,
            },
            loss: config.loss,
        };
        let weights = record.path.join("weights.safetensors");
        let weights = Weights::from_safetensors(&weights, &["weight"]);
        let weights = weights.map_err(|error| error.to_string())?;
        let weights: Array1<f64> = weights.blocks()[0].1.iter().copied().collect();
        let step = record.series.last("step").unwrap_or(0.0);
        AdamFar::new(&self.samples, &self.limit, descent, weights.view(), step)
            .map_err(|why| why.to_string())
    }
}

/// `(γ* − γ∞) ‖w‖_∞` at the last step of a run, as recorded.
pub(super) fn measured_constant(record: &RunRecord, maximum: f64) -> Option<f64> {
    let last = |column| record.series.last(column);
    let (l2, linf) = (last("margin_min")?, last("margin_linf_min")?);
    Some((maximum - linf) * (l2 * last("weight_norm")? / linf))
}

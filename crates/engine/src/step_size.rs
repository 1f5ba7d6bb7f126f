//! The step size of every step.

/// `η_t = η (t + t₀)^{−a}`, `t = 0, 1, …`; constant for `a = 0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepSize {
    /// `η`.
    pub first: f64,
    /// `a`.
    pub decay: f64,
    /// `t₀`.
    pub offset: f64,
}

impl StepSize {
    /// The same at every step.
    pub fn constant(step_size: f64) -> Self {
        Self {
            first: step_size,
            decay: 0.0,
            offset: 0.0,
        }
    }

    /// Whether it is the same at every step.
    pub fn is_constant(self) -> bool {
        self.decay == 0.0
    }

    /// `η_t`.
    pub fn at(self, step: u64) -> f64 {
        if self.is_constant() {
            self.first
        } else {
            self.first * (step as f64 + self.offset).powf(-self.decay)
        }
    }
}

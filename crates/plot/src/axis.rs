//! Axes of a panel.

/// How an axis maps values to lengths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equal lengths.
    #[default]
    Linear,
    /// Equal ratios are equal lengths; points that are not positive are not drawn.
    Log10,
}

/// One axis of a panel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// What is measured, with its unit if it has one.
    pub label: String,
    /// Linear or logarithmic.
    pub scale: Scale,
    /// First and last value shown; `None` takes them from the data.
    pub range: Option<[f64; 2]>,
}

impl Axis {
    /// A linear axis whose range comes from the data.
    pub fn linear(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            scale: Scale::Linear,
            range: None,
        }
    }

    /// A logarithmic axis whose range comes from the data.
    pub fn log(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            scale: Scale::Log10,
            range: None,
        }
    }

    /// The same axis with a fixed range.
    #[must_use]
    pub fn with_range(mut self, low: f64, high: f64) -> Self {
        self.range = Some([low, high]);
        self
    }
}

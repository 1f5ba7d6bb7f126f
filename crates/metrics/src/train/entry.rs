//! The values that a metric gives burn-train: that of an iteration, and that of the epoch.

use burn::tensor::TensorReadError;
use burn::train::metric::{MetricMetadata, NumericEntry, SerializedEntry, format_float};

use crate::MetricError;

/// Digits after the point on the dashboard.
const PRECISION: usize = 4;

/// A metric of the weights: the value of the epoch is the latest, for the weights at its end are
/// what an epoch leaves.
#[derive(Clone, Debug)]
pub(super) struct Latest {
    /// It is computed at the first iteration of an epoch and every so many after it.
    every: usize,
    /// Of this iteration.
    current: Option<f64>,
    /// Of the last iteration that had one.
    latest: Option<f64>,
}

impl Default for Latest {
    fn default() -> Self {
        Self {
            every: 1,
            current: None,
            latest: None,
        }
    }
}

impl Latest {
    /// Computes at every `iterations`-th iteration only.
    pub fn every(mut self, iterations: usize) -> Self {
        self.every = iterations.max(1);
        self
    }

    /// Whether a value is asked for at this iteration.
    pub fn is_due(&self, metadata: &MetricMetadata) -> bool {
        // Iterations count from 1.
        let since = metadata.iteration.unwrap_or(1).saturating_sub(1);
        since.is_multiple_of(self.every)
    }

    /// One iteration, with its value where one was due.
    pub fn update(
        &mut self,
        value: Option<Result<f64, MetricError>>,
    ) -> Result<SerializedEntry, TensorReadError> {
        self.current = match value {
            Some(value) => defined(value)?,
            None => None,
        };
        self.latest = self.current.or(self.latest);
        Ok(entry(self.current, self.latest))
    }

    pub fn current(&self) -> Option<NumericEntry> {
        self.current.map(NumericEntry::Value)
    }

    pub fn running(&self) -> Option<NumericEntry> {
        self.latest.map(NumericEntry::Value)
    }

    pub fn last(&self) -> NumericEntry {
        last(self.latest)
    }

    pub fn close(&self) -> SerializedEntry {
        close(self.latest)
    }

    pub fn clear(&mut self) {
        (self.current, self.latest) = (None, None);
    }
}

/// The value, `None` where it is undefined; a device that could not be read is an error.
pub(super) fn defined(value: Result<f64, MetricError>) -> Result<Option<f64>, TensorReadError> {
    match value {
        Ok(value) => Ok(Some(value)),
        Err(MetricError::Read { source, .. }) => Err(source),
        Err(_) => Ok(None),
    }
}

/// The entry of an iteration.
pub(super) fn entry(current: Option<f64>, epoch: Option<f64>) -> SerializedEntry {
    match current {
        None => SerializedEntry::not_available(None),
        Some(value) => SerializedEntry::new(
            format!("epoch {} - batch {}", shown(epoch), shown(current)),
            NumericEntry::Value(value).serialize(),
        ),
    }
}

/// The entry of an epoch.
pub(super) fn close(epoch: Option<f64>) -> SerializedEntry {
    match epoch {
        None => SerializedEntry::not_available(None),
        Some(value) => SerializedEntry::new(
            format!("epoch {}", shown(epoch)),
            NumericEntry::Final(value).serialize(),
        ),
    }
}

/// The number of an epoch; burn-train asks for one even where there is none.
pub(super) fn last(epoch: Option<f64>) -> NumericEntry {
    NumericEntry::Final(epoch.unwrap_or(f64::NAN))
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(
        || SerializedEntry::NOT_AVAILABLE.to_owned(),
        |value| {
            // `format_float` takes every negative number for a small one.
            let sign = if value < 0.0 { "-" } else { "" };
            format!("{sign}{}", format_float(value.abs(), PRECISION))
        },
    )
}

//! Plain text for where no dashboard can be drawn: a line at epochs 1, 2, 5, 10, 20, … and the
//! last.

use burn::train::logger::{EvaluationProgressLogger, TrainingProgressLogger};
use burn::train::metric::{MetricDefinition, MetricId};
use burn::train::renderer::{
    EvaluationName, MetricState, MetricsRenderer, MetricsRendererEvaluation,
    MetricsRendererTraining,
};

/// Prints what the validation split gave.
#[derive(Default)]
pub struct Lines {
    epochs: usize,
    metrics: Vec<(MetricId, String, f64)>,
}

impl MetricsRendererTraining for Lines {
    fn update_train(&mut self, _state: MetricState) {}

    fn update_valid(&mut self, state: MetricState) {
        if let MetricState::Numeric(entry, Some(value)) = state
            && let Some(known) = self
                .metrics
                .iter_mut()
                .find(|known| known.0 == entry.metric_id)
        {
            known.2 = value.current();
        }
    }
}

impl TrainingProgressLogger for Lines {
    fn start(&mut self, epochs: usize, _first: usize, _items: Option<usize>, _label: Option<&str>) {
        self.epochs = epochs;
    }

    fn update_epoch(&mut self, epoch: usize) {
        let leading = epoch / 10_usize.pow(epoch.checked_ilog10().unwrap_or(0));
        let round = epoch.to_string().bytes().skip(1).all(|digit| digit == b'0');
        if round && [1, 2, 5].contains(&leading) || epoch == self.epochs {
            let values: Vec<String> = self
                .metrics
                .iter()
                .map(|(_, name, value)| format!("{name} {value:.4e}"))
                .collect();
            println!("epoch {epoch} of {}: {}", self.epochs, values.join(", "));
        }
    }

    fn start_split(&mut self, _split: &str, _items: usize) {}

    fn update_split(&mut self, _items: usize) {}

    fn end_split(&mut self) {}

    fn end(&mut self) {}

    // burn-train tells of every iteration here.
    fn log_event_training(&mut self, _event: String) {}
}

impl MetricsRendererEvaluation for Lines {
    fn update_test(&mut self, _name: EvaluationName, _state: MetricState) {}
}

impl EvaluationProgressLogger for Lines {
    fn start_global_progress(&mut self, _tests: usize) {}

    fn start_test(&mut self, _name: &str, _items: usize) {}

    fn update_test_progress(&mut self, _items: usize) {}

    fn end_test(&mut self) {}

    fn end_global_progress(&mut self) {}

    fn log_event_evaluation(&mut self, _event: String) {}
}

impl MetricsRenderer for Lines {
    fn manual_close(&mut self) {}

    fn register_metric(&mut self, definition: MetricDefinition) {
        self.metrics
            .push((definition.metric_id, definition.name.to_string(), f64::NAN));
    }
}

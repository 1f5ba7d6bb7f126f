//! The growth of four neurons under the authors' step sizes.

use implicit_bias_engine::FormulaSchedule;
use implicit_bias_lab::config::RunConfig;
use implicit_bias_lab::study::StudyResult;
use implicit_bias_lab::{LabError, Prepared};

/// The authors' step sizes, as factors of 2⁻⁷.
pub(super) const SCHEDULE: &str = "0:512,12:1,8192:1+32*(t/8192-1),16384:1+32*2^((t-16384)/512)";

/// The step size that they multiply.
pub(super) const STEP_SIZE: f64 = 0.007_812_5;

/// The epochs.
pub(super) const EPOCHS: u64 = 32_768;

/// The sizes `p = |v_j| ‖w_j‖` of the neurons of a run along its way.
pub(super) struct Growth {
    pub label: String,
    /// Epochs with the sizes there.
    pub rows: Vec<(u64, Vec<f64>)>,
}

impl Growth {
    /// Takes the steps of a run again: a fraction of a second.
    pub fn of(result: &StudyResult<'_>) -> Result<Self, LabError> {
        let config: &RunConfig = &result.record.config;
        let mut engine = Prepared::new(config)?.engine(config, 1)?.engine;
        let mut rows = Vec::new();
        let epochs = (0..=EPOCHS).filter(|epoch| epoch % 64 == 0);
        for epoch in epochs {
            engine.advance(epoch as f64)?;
            let weights = engine.weights();
            if let [(_, hidden), (_, outer)] = weights.blocks() {
                let sizes = hidden.rows().into_iter().zip(outer);
                let sizes = sizes.map(|(w, v)| w.dot(&w).sqrt() * v.abs());
                rows.push((epoch, sizes.collect()));
            }
        }
        Ok(Self {
            label: result.run.label.clone(),
            rows,
        })
    }

    pub fn at(&self, epoch: u64) -> &[f64] {
        let row = self.rows.iter().find(|(known, _)| *known == epoch);
        row.map_or(&[], |(_, sizes)| sizes)
    }

    /// The first epoch at which each neuron has the size ½.
    pub fn grown(&self) -> Vec<Option<u64>> {
        let neurons = 0..self.at(0).len();
        let first = |neuron: usize| self.rows.iter().find(|(_, sizes)| sizes[neuron] >= 0.5);
        neurons
            .map(|neuron| first(neuron).map(|(epoch, _)| *epoch))
            .collect()
    }
}

/// The sum of the step sizes before an epoch.
pub(super) fn time_of(epoch: u64) -> f64 {
    let schedule: FormulaSchedule = SCHEDULE.parse().expect("a schedule of the study");
    (0..epoch).map(|step| STEP_SIZE * schedule.at(step)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sums of the reference files of the authors' schedule.
    #[test]
    fn times_are_those_of_the_authors_schedule() {
        assert_eq!(time_of(12), 48.0);
        assert!((time_of(16_384) / 1_199.781_25 - 1.0).abs() < 1e-9);
        assert!((time_of(EPOCHS) / 7.925_932_38e11 - 1.0).abs() < 1e-8);
    }
}

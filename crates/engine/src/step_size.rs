//! The step size of every step.

use crate::step_schedule::StepSchedule;

/// `η_t = η (t + t₀)^{−a}`, `t = 0, 1, …`; constant for `a = 0`. A table gives `η` another value
/// from some steps on, a schedule gives it a factor.
#[derive(Clone, Debug, PartialEq)]
pub struct StepSize {
    /// `η`.
    pub first: f64,
    /// `a`.
    pub decay: f64,
    /// `t₀`.
    pub offset: f64,
    /// Steps, rising, and the `η` from each of them on.
    pub table: Vec<(u64, f64)>,
    /// A factor of `η_t`.
    pub schedule: Option<StepSchedule>,
}

impl StepSize {
    /// The same at every step.
    pub fn constant(step_size: f64) -> Self {
        Self {
            first: step_size,
            decay: 0.0,
            offset: 0.0,
            table: Vec::new(),
            schedule: None,
        }
    }

    /// Whether it is the same at every step.
    pub fn is_constant(&self) -> bool {
        self.decay == 0.0 && self.table.is_empty()
    }

    /// `η_t`.
    pub fn at(&self, step: u64) -> f64 {
        let begun = self.table.iter().rev().find(|(from, _)| *from <= step);
        let step_size = begun.map_or(self.first, |(_, step_size)| *step_size);
        let step_size = if self.decay == 0.0 {
            step_size
        } else {
            step_size * (step as f64 + self.offset).powf(-self.decay)
        };
        match &self.schedule {
            Some(schedule) => step_size * schedule.at(step),
            None => step_size,
        }
    }

    /// The table that a text such as `1e3:0.1,1e4:0.01` gives.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn read_table(text: &str) -> Result<Vec<(u64, f64)>, String> {
        let mut table: Vec<(u64, f64)> = Vec::new();
        for piece in text.split(',') {
            let numbers = piece.split_once(':').and_then(|(from, step_size)| {
                let from: f64 = from.trim().parse().ok()?;
                Some((from, step_size.trim().parse::<f64>().ok()?))
            });
            let Some((from, step_size)) = numbers else {
                return Err(format!("`{piece}`"));
            };
            let whole = from >= 0.0 && from.fract() == 0.0 && from <= 2f64.powi(53);
            if !(whole && step_size > 0.0 && step_size.is_finite()) {
                return Err(format!("`{piece}`"));
            }
            if table.last().is_some_and(|(last, _)| *last >= from as u64) {
                return Err(format!("`{piece}` after a later or the same step"));
            }
            table.push((from as u64, step_size));
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_changes_the_step_size_from_its_steps_on() {
        let table = StepSize::read_table("10:0.5, 1e3:0.25").unwrap();
        let sizes = StepSize {
            table,
            ..StepSize::constant(1.0)
        };
        let found = [0, 9, 10, 999, 1000, 1 << 40].map(|step| sizes.at(step));
        assert_eq!(found, [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]);
        let decaying = StepSize {
            decay: 0.5,
            offset: 6.0,
            ..sizes
        };
        assert_eq!(decaying.at(10), 0.125);
        for text in [
            "", "10", "10:0", "10:-1", "1.5:1", "-1:1", "5:1,5:2", "5:1,4:2", "a:1",
        ] {
            assert!(StepSize::read_table(text).is_err(), "{text}");
        }
    }
}

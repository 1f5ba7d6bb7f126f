//! Other step sizes from some steps on.

use implicit_bias_settings::{Invalid, Key, Settings};

use super::schedule::{SharedStepSchedule, StepSchedule, StepScheduleKind};

/// Step sizes from some steps on.
pub const STEP_TABLE: Key = Key::text(
    "step-table",
    "T:ETA,…",
    "Other step sizes η from some steps on, such as 1e3:0.05,1e4:0.01",
);

/// A table of step sizes as users choose it.
pub const TABLE: StepScheduleKind = StepScheduleKind {
    name: "table",
    about: "another `η` from some steps on",
    keys: &[STEP_TABLE],
    make: |settings| {
        let Some(text) = STEP_TABLE.text_in(settings)? else {
            return Ok(None);
        };
        let pieces = read(&text).map_err(|found| {
            let expected =
                "rising steps, each with a positive step size, such as 1e3:0.05,1e4:0.01";
            Invalid::new(STEP_TABLE.name, expected, found)
        })?;
        Ok(Some(SharedStepSchedule::new(Table { pieces })))
    },
};

#[derive(Debug)]
struct Table {
    /// Steps, rising, and the `η` from each of them on.
    pieces: Vec<(u64, f64)>,
}

/// The table that a text such as `1e3:0.1,1e4:0.01` gives; what is wrong with it, in words.
fn read(text: &str) -> Result<Vec<(u64, f64)>, String> {
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

impl StepSchedule for Table {
    fn base(&self, step: u64) -> Option<f64> {
        let begun = self.pieces.iter().rev().find(|(from, _)| *from <= step);
        begun.map(|(_, step_size)| *step_size)
    }

    fn sums_to_infinity(&self) -> bool {
        true
    }

    fn settings(&self) -> Settings {
        let piece = |(from, step_size): &(u64, f64)| format!("{from}:{step_size}");
        let pieces: Vec<String> = self.pieces.iter().map(piece).collect();
        Settings::default().with(STEP_TABLE.name, pieces.join(","))
    }

    fn base_words(&self) -> String {
        let pieces = self.pieces.iter();
        pieces
            .map(|(from, step_size)| format!(", {step_size} from step {from}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_table_is_refused() {
        for text in [
            "", "10", "10:0", "10:-1", "1.5:1", "-1:1", "5:1,5:2", "5:1,4:2", "a:1",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}

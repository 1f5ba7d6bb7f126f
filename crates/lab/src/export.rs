//! The results of a run as one file for another program.

use implicit_bias_data::{TrainingSet, write_npz_arrays};
use ndarray::{Array1, Array2, ArrayViewD, Axis, arr0};

use crate::LabError;
use crate::conclusion::RunRecord;
use crate::config::ExportKind;

impl RunRecord {
    /// Writes `results.npz` into the run directory: `X` (`[n, d]`) and `y` (`[n]`) as the run
    /// trained on them (of classes by name, their numbers counted from 0), the last weights, an
    /// array `W_<name>` a block, `slope` where there is one, `step_size`, `steps` (the recorded steps,
    /// `[r]`), what a network reads beside the samples, every other column of `series.csv` by its name (`[r]`) and `normalized_margins`
    /// (`[r, n]`; `margins` where the network is not homogeneous), all float64.
    ///
    /// The file is itself a data file and an init file.
    ///
    /// # Errors
    ///
    /// [`LabError::Content`] if `data` are not those of the run; [`LabError::Model`] or
    /// [`LabError::Read`] if its weights cannot be read; [`LabError::Data`] if the file cannot be
    /// written.
    pub fn export(&self, format: ExportKind, data: &TrainingSet) -> Result<(), LabError> {
        let ExportKind::Npz = format;
        if data.sha256() != self.manifest.data.sha256 {
            return Err(LabError::Content {
                path: self.path.join("config.toml"),
                reason: format!(
                    "expected the data of the run, found that {} has changed",
                    self.config.data
                ),
            });
        }
        let weights = self.weights()?;
        let blocks: Vec<(String, &Array2<f64>)> = weights
            .blocks()
            .iter()
            .map(|(name, block)| (format!("W_{name}"), block))
            .collect();
        let slope = self
            .config
            .activation()
            .map(|phi| ("slope", arr0(phi.slope())));
        let has_step_size = self.config.optimizer.optimizer_kind().has_step_size;
        let step_size = has_step_size.then(|| ("step_size", arr0(self.config.step_size.first)));
        let scalars: Vec<_> = slope.into_iter().chain(step_size).collect();
        let columns: Vec<(String, Array1<f64>)> = self
            .series
            .columns()
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let name = if name == "step" { "steps" } else { name };
                let column = self.series.rows().iter().map(|row| row[index]);
                (name.to_owned(), column.collect())
            })
            .collect();
        let (rows, samples) = (self.margins.len(), data.samples());
        // The first column is the step.
        let margins = self
            .margins
            .rows()
            .iter()
            .flat_map(|row| row.iter().skip(1));
        let per_row = if data.reals().is_some() { 0 } else { samples };
        let margins = Array2::from_shape_vec((rows, per_row), margins.copied().collect()).map_err(
            |error| LabError::Content {
                path: self.path.join("margins.csv"),
                reason: format!("expected a column a sample, found another number ({error})"),
            },
        )?;
        let labels = match data {
            TrainingSet::Signs(data) => data.y().clone(),
            TrainingSet::Classes(data) => data.class().iter().map(|&c| c as f64).collect(),
            TrainingSet::Reals(data) => data.y().clone(),
        };
        let x = data.x().view();
        let x = match data.beside().parts {
            None => x.into_dyn(),
            Some(parts) => x
                .into_shape_with_order([samples, parts, data.dim() / parts])
                .expect("samples lie one after another")
                .into_dyn(),
        };
        let mut arrays: Vec<(&str, ArrayViewD<'_, f64>)> =
            vec![("X", x), ("y", labels.view().into_dyn())];
        for (name, array) in &data.beside().arrays {
            let array = array.view();
            let array = match array.nrows() {
                1 => array.index_axis_move(Axis(0), 0).into_dyn(),
                _ => array.into_dyn(),
            };
            arrays.push((name, array));
        }
        for (name, block) in &blocks {
            arrays.push((name, block.view().into_dyn()));
        }
        for (name, scalar) in &scalars {
            arrays.push((name, scalar.view().into_dyn()));
        }
        for (name, column) in &columns {
            arrays.push((name, column.view().into_dyn()));
        }
        let name = match self.manifest.not_homogeneous {
            false => "normalized_margins",
            true => "margins",
        };
        if per_row > 0 {
            arrays.push((name, margins.view().into_dyn()));
        }
        Ok(write_npz_arrays(self.path.join("results.npz"), &arrays)?)
    }
}

//! How well the last weights of a run classify digits that it never saw.

use implicit_bias_data::{Choice, DataFile, Dataset, Split};
use implicit_bias_model::{TwoLayerConfig, Weights};
use ndarray::{Array1, Array2, Axis};

use implicit_bias_lab::LabError;
use implicit_bias_lab::RunRecord;
use implicit_bias_lab::config::DataSource;
use implicit_bias_lab::study::StudyResult;

/// The share of held-out samples that each run classifies rightly, or why that is not known.
///
/// Runs that follow one another on the same files share what is read.
pub(super) fn accuracies(results: &[StudyResult<'_>]) -> Result<Vec<f64>, LabError> {
    let mut known: Option<(DataSource, u64, Sets)> = None;
    let mut accuracies = Vec::new();
    for result in results {
        let config = &result.record.config;
        let sets = match &known {
            Some((data, seed, sets)) if *data == config.data && *seed == config.seed => sets,
            _ => {
                let sets = Sets::of(result.record)?;
                &known.insert((config.data.clone(), config.seed, sets)).2
            }
        };
        accuracies.push(sets.accuracy(result.record)?);
    }
    Ok(accuracies)
}

/// Training samples and held-out samples, both before any preparation.
struct Sets {
    train: Dataset,
    held_out: Dataset,
}

impl Sets {
    fn of(record: &RunRecord) -> Result<Self, LabError> {
        let config = &record.config;
        let DataSource::File {
            file: DataFile::Mnist { dir, .. },
            choice,
        } = &config.data
        else {
            return Err(LabError::Config {
                key: "data".into(),
                expected: "mnist, which has a test set".into(),
                found: config.data.to_string(),
            });
        };
        let test = DataFile::Mnist {
            dir: dir.clone(),
            split: Split::Test,
        };
        let all = Choice {
            per_class: None,
            ..choice.clone()
        };
        Ok(Self {
            train: config.data.load(config.seed)?,
            held_out: test.read(&all, config.seed)?,
        })
    }

    fn accuracy(&self, record: &RunRecord) -> Result<f64, LabError> {
        let preparation = record.config.preparation;
        let x = preparation.apply_to_held_out(self.held_out.x().clone(), self.train.x())?;
        let scores = scores(record, &x)?;
        let right = scores
            .iter()
            .zip(self.held_out.y())
            .filter(|(score, label)| **score * **label > 0.0)
            .count();
        Ok(right as f64 / scores.len() as f64)
    }
}

/// `f(W; x_i)` of the last weights of a run, for the samples in the rows of `x`.
fn scores(record: &RunRecord, x: &Array2<f64>) -> Result<Array1<f64>, LabError> {
    let path = record.path.join("weights.safetensors");
    let weights = Weights::from_safetensors(&path, &TwoLayerConfig::BLOCKS)?;
    let activation = record.config.activation().expect("two layers");
    let mut scores = Array1::zeros(x.nrows());
    for ((_, block), sign) in weights.blocks().iter().zip([1.0, -1.0]) {
        // n × m
        let hidden = x.dot(&block.t()).mapv(|z| activation.apply(z));
        scores.scaled_add(sign / block.nrows() as f64, &hidden.sum_axis(Axis(1)));
    }
    Ok(scores)
}

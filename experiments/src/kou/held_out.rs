//! How well the last weights of a run on MNIST classify digits that it never saw.

use implicit_bias_data::{Choice, DataFile, Labelled, Split, TrainingSet};
use ndarray::{Array2, Axis};

use implicit_bias_lab::LabError;
use implicit_bias_lab::RunRecord;
use implicit_bias_lab::config::DataSource;
use implicit_bias_lab::study::StudyResult;

/// The share of held-out samples that each run classifies rightly, or why that is not known.
///
/// The networks have a block a class; runs that follow one another on the same files share what is
/// read.
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
    train: TrainingSet,
    held_out: TrainingSet,
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
            train: config.load_raw()?,
            held_out: test.training_set(&all, config.seed)?,
        })
    }

    fn accuracy(&self, record: &RunRecord) -> Result<f64, LabError> {
        let preparation = record.config.preparation;
        let x = preparation.apply_to_held_out(self.held_out.x().clone(), self.train.x())?;
        let scores = scores(record, &x)?;
        let class = self.held_out.class_numbers();
        let right = scores.outer_iter().zip(&class).filter(|(scores, class)| {
            let others = scores.iter().enumerate().filter(|(j, _)| j != *class);
            let best = others.fold(f64::NEG_INFINITY, |best, (_, &score)| best.max(score));
            scores[**class] > best
        });
        Ok(right.count() as f64 / class.len() as f64)
    }
}

/// `(1/m) Σ_r φ(⟨w_{c,r}, x_i⟩)` of the last weights of a run, a column a block, for the samples in
/// the rows of `x`; of labels ±1 the block of +1 comes first.
fn scores(record: &RunRecord, x: &Array2<f64>) -> Result<Array2<f64>, LabError> {
    let weights = record.weights()?;
    let activation = record.config.activation().expect("a first layer");
    let mut scores = Array2::zeros((x.nrows(), weights.blocks().len()));
    for (mut scores, (_, block)) in scores.columns_mut().into_iter().zip(weights.blocks()) {
        // n × m
        let hidden = x.dot(&block.t()).mapv(|z| activation.apply(z));
        scores.scaled_add(1.0 / block.nrows() as f64, &hidden.sum_axis(Axis(1)));
    }
    Ok(scores)
}

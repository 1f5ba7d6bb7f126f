use implicit_bias_settings::Asked;
use rand::Rng;
use serde::{Deserialize, Serialize};

use ndarray::Array1;

use crate::random::{Stream, generator, index_below};
use crate::{
    Beside, ClassDataset, DataError, DataFile, Dataset, LabelEncoding, Labels, RealDataset,
    TrainingSet,
};

/// Which label of a file is which class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassRule {
    /// The labels are the two classes.
    Encoded(LabelEncoding),
    /// Samples labelled `positive` are `+1`, samples labelled `negative` are `−1`, others are
    /// left out.
    Pair {
        /// The label of the class `+1`.
        positive: String,
        /// The label of the class `−1`.
        negative: String,
    },
    /// Samples labelled `positive` are `+1`, all others `−1`.
    OneAgainstTheRest {
        /// The label of the class `+1`.
        positive: String,
    },
    /// Each of these labels is a class of its own, numbered in this order; others are left out.
    Classes {
        /// The labels.
        labels: Vec<String>,
    },
    /// The labels are real targets.
    Real,
    /// The labels are the numbers of the classes, from 0 on.
    Numbers,
}

impl Default for ClassRule {
    fn default() -> Self {
        Self::Encoded(LabelEncoding::default())
    }
}

/// Which samples of a file to take, and what their classes are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// Which label is which class.
    pub rule: ClassRule,
    /// How many samples of each class, drawn without replacement; `None` for all. With one seed,
    /// more samples contain the fewer.
    pub per_class: Option<usize>,
}

impl ClassRule {
    /// `±1` for each sample, `None` where it is left out.
    ///
    /// # Errors
    ///
    /// [`DataError::Label`] or [`DataError::ZeroOneLabels`] for a label that is not of the
    /// encoding, [`DataError::UnknownClass`] for a class that no sample has,
    /// [`DataError::Argument`] for a pair of one class and for [`Classes`](Self::Classes),
    /// [`Real`](Self::Real) and [`Numbers`](Self::Numbers), which have no signs.
    pub fn signs(&self, labels: &Labels) -> Result<Vec<Option<f64>>, DataError> {
        let class = |flag: &'static str, class: &str| {
            let are = labels.are(class);
            if are.contains(&true) {
                Ok(are)
            } else {
                Err(DataError::UnknownClass {
                    flag,
                    class: class.to_owned(),
                    available: labels.classes(20),
                })
            }
        };
        match self {
            Self::Encoded(encoding) => encoded(*encoding, labels),
            Self::Real | Self::Numbers => Err(DataError::Argument {
                flag: "--labels",
                expected: "labels ±1".to_owned(),
                found: "other targets".to_owned(),
            }),
            Self::Classes { labels } => Err(DataError::Argument {
                flag: "--classes",
                expected: "two classes, by --positive and --negative, for labels ±1".to_owned(),
                found: labels.join(","),
            }),
            Self::OneAgainstTheRest { positive } => {
                let sign = |positive| Some(if positive { 1.0 } else { -1.0 });
                Ok(class("--positive", positive)?
                    .into_iter()
                    .map(sign)
                    .collect())
            }
            Self::Pair { positive, negative } => {
                let pairs = class("--positive", positive)?
                    .into_iter()
                    .zip(class("--negative", negative)?);
                pairs
                    .map(|pair| match pair {
                        (true, false) => Ok(Some(1.0)),
                        (false, true) => Ok(Some(-1.0)),
                        (false, false) => Ok(None),
                        (true, true) => Err(DataError::Argument {
                            flag: "--negative",
                            expected: "another class than --positive".to_owned(),
                            found: negative.clone(),
                        }),
                    })
                    .collect()
            }
        }
    }
}

/// Labels that are themselves the classes.
fn encoded(encoding: LabelEncoding, labels: &Labels) -> Result<Vec<Option<f64>>, DataError> {
    let Labels::Numbers(numbers) = labels else {
        return Err(DataError::NamedLabels {
            available: labels.classes(20),
        });
    };
    let y = encoding.decode(Array1::from(numbers.clone()))?;
    let Some(sample) = y.iter().position(|label| label.abs() != 1.0) else {
        return Ok(y.iter().map(|&label| Some(label)).collect());
    };
    if y.iter().all(|&label| label == 0.0 || label == 1.0) {
        return Err(DataError::ZeroOneLabels);
    }
    Err(DataError::Label {
        expected: "-1 and 1 (or choose classes with --positive A --negative B)",
        sample,
        value: y[sample],
    })
}

/// The indices of the samples to take, rising: all with `class`, or `per_class` of each class.
fn chosen(
    class: &[Option<usize>],
    names: &[String],
    per_class: Option<usize>,
    seed: u64,
) -> Result<Vec<usize>, DataError> {
    let Some(wanted) = per_class else {
        let taken = class
            .iter()
            .enumerate()
            .filter(|(_, class)| class.is_some());
        return Ok(taken.map(|(index, _)| index).collect());
    };
    let mut generator = generator(seed, Stream::Choice);
    let mut taken = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let of_class = class.iter().enumerate();
        let mut of_class: Vec<usize> = of_class
            .filter(|(_, class)| **class == Some(number))
            .map(|(index, _)| index)
            .collect();
        if of_class.len() < wanted {
            return Err(DataError::TooFew {
                class: name.clone(),
                wanted,
                available: of_class.len(),
            });
        }
        draw(&mut of_class, wanted, &mut generator);
        taken.extend(of_class);
    }
    taken.sort_unstable();
    Ok(taken)
}

/// The indices of all samples.
fn all(count: usize) -> Vec<usize> {
    (0..count).collect()
}

/// Keeps `count` entries, each subset with the same probability: the beginning of a Fisher–Yates
/// shuffle.
///
/// The shuffle is finished all the same. However many are taken, the next class then meets the same
/// random numbers, and more samples of every class contain the fewer.
fn draw(indices: &mut Vec<usize>, count: usize, generator: &mut impl Rng) {
    for i in 0..indices.len() {
        let other = i + index_below(generator, indices.len() - i);
        indices.swap(i, other);
    }
    indices.truncate(count);
}

impl DataFile {
    /// The chosen samples as a data set of two classes, in the order of the file; `seed` decides
    /// which they are where not all are taken.
    ///
    /// # Errors
    ///
    /// Those of the format's reader, of [`ClassRule::signs`] and of [`Dataset::new`], naming the
    /// file; [`DataError::TooFew`] if a class has fewer samples than asked for.
    pub fn read(&self, choice: &Choice, seed: u64) -> Result<Dataset, DataError> {
        let labels = self.labels()?;
        let read = || {
            let rule = &choice.rule;
            let signs = rule.signs(&labels)?;
            let class: Vec<Option<usize>> = signs
                .iter()
                .map(|sign| sign.map(|sign| usize::from(sign < 0.0)))
                .collect();
            let names = match rule {
                ClassRule::Pair { positive, negative } => [positive.clone(), negative.clone()],
                ClassRule::OneAgainstTheRest { positive } => {
                    [positive.clone(), format!("other than {positive}")]
                }
                ClassRule::Encoded(_)
                | ClassRule::Classes { .. }
                | ClassRule::Real
                | ClassRule::Numbers => ["1".to_owned(), "-1".to_owned()],
            };
            let keep = chosen(&class, &names, choice.per_class, seed)?;
            let y = keep.iter().filter_map(|&index| signs[index]).collect();
            Ok((keep, y))
        };
        let (keep, y): (Vec<usize>, Array1<f64>) = read().map_err(|error| self.about(error))?;
        let x = self.chosen_rows(&keep, labels.len())?;
        Dataset::new(x, y).map_err(|error| self.about(error))
    }

    /// Samples of all classes, or `per_class` of each: classes are numbered in sorted order of
    /// their labels.
    ///
    /// # Errors
    ///
    /// Those of the format's reader and of [`ClassDataset::new`], naming the file;
    /// [`DataError::TooFew`] if a class has fewer samples than asked for.
    pub fn read_classes(
        &self,
        per_class: Option<usize>,
        seed: u64,
    ) -> Result<ClassDataset, DataError> {
        let labels = self.labels()?;
        let names = labels.classes(ClassDataset::MAX_CLASSES + 1);
        if names.len() > ClassDataset::MAX_CLASSES {
            return Err(self.about(DataError::ClassCount { found: names.len() }));
        }
        self.of_classes(&labels, names, per_class, seed)
    }

    /// The chosen samples: of several classes where the rule says which, with labels ±1 otherwise.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read) and [`read_classes`](Self::read_classes);
    /// [`DataError::UnknownClass`] for a class that no sample has, [`DataError::Argument`] for one
    /// that is named twice.
    pub fn training_set(&self, choice: &Choice, seed: u64) -> Result<TrainingSet, DataError> {
        self.training_set_beside(choice, seed, Asked::default())
    }

    /// As [`training_set`](Self::training_set), with what a network asks for beside the samples.
    ///
    /// # Errors
    ///
    /// As [`training_set`](Self::training_set), and those of [`beside`](Self::beside);
    /// [`DataError::Argument`] for a choice of some samples beside arrays that are about all.
    pub fn training_set_beside(
        &self,
        choice: &Choice,
        seed: u64,
        asked: Asked,
    ) -> Result<TrainingSet, DataError> {
        let beside = self.beside(asked)?;
        let is_of_all = matches!(
            choice.rule,
            ClassRule::Encoded(_) | ClassRule::Real | ClassRule::Numbers
        ) && choice.per_class.is_none();
        let of_samples = asked
            .arrays
            .iter()
            .any(|array| array.shape.starts_with("[n") && beside.arrays.contains_key(array.name));
        if of_samples && !is_of_all {
            return Err(self.about(DataError::Argument {
                flag: "--per-class",
                expected: "all samples of the file, as the network reads arrays beside them"
                    .to_owned(),
                found: "a choice".to_owned(),
            }));
        }
        let has_classes = !matches!(choice.rule, ClassRule::Real | ClassRule::Numbers);
        if let Some(count) = choice.per_class.filter(|_| !has_classes) {
            return Err(self.about(DataError::Argument {
                flag: "--per-class",
                expected: "labels of classes, of which some samples are taken".to_owned(),
                found: format!("{count}, beside real targets or next tokens"),
            }));
        }
        let set = match choice.rule {
            ClassRule::Real => TrainingSet::Reals(self.reals()?),
            ClassRule::Numbers => {
                let mut counted = asked.arrays.iter().filter(|array| array.of_classes);
                let array = counted.find_map(|array| beside.arrays.get(array.name));
                TrainingSet::Classes(self.of_numbers(array.map_or(2, |array| array.nrows()))?)
            }
            _ => self.labelled(choice, seed)?,
        };
        set.with_beside(beside).map_err(|error| self.about(error))
    }

    /// The chosen samples with labels ±1 or classes by name.
    fn labelled(&self, choice: &Choice, seed: u64) -> Result<TrainingSet, DataError> {
        let names = match &choice.rule {
            ClassRule::Classes { labels } => labels,
            _ => return Ok(TrainingSet::Signs(self.read(choice, seed)?)),
        };
        let labels = self.labels()?;
        if let Some(class) = names.iter().find(|name| !labels.are(name).contains(&true)) {
            return Err(self.about(DataError::UnknownClass {
                flag: "--classes",
                class: class.clone(),
                available: labels.classes(20),
            }));
        }
        let data = self.of_classes(&labels, names.clone(), choice.per_class, seed)?;
        Ok(TrainingSet::Classes(data))
    }

    /// All samples, their labels as real targets.
    fn reals(&self) -> Result<RealDataset, DataError> {
        let targets = self.numbers()?;
        let x = self.chosen_rows(&all(targets.len()), targets.len())?;
        RealDataset::new(x, targets.into()).map_err(|error| self.about(error))
    }

    /// All samples, their labels as the numbers of classes, of which there are `least` at least.
    fn of_numbers(&self, least: usize) -> Result<ClassDataset, DataError> {
        let labels = self.numbers()?;
        let whole = |label: f64| label.fract() == 0.0 && (0.0..1e6).contains(&label);
        if let Some(sample) = labels.iter().position(|&label| !whole(label)) {
            return Err(self.about(DataError::Label {
                expected: "whole numbers from 0 on",
                sample,
                value: labels[sample],
            }));
        }
        let class: Vec<usize> = labels.iter().map(|&label| label as usize).collect();
        let count = class.iter().max().map_or(0, |most| most + 1).max(least);
        let x = self.chosen_rows(&all(class.len()), class.len())?;
        ClassDataset::of_numbers(x, class, count, Beside::default())
            .map_err(|error| self.about(error))
    }

    /// The labels, which have to be numbers.
    fn numbers(&self) -> Result<Vec<f64>, DataError> {
        match self.labels()? {
            Labels::Numbers(numbers) => Ok(numbers),
            labels @ Labels::Names { .. } => Err(self.about(DataError::NamedLabels {
                available: labels.classes(20),
            })),
        }
    }

    /// Samples with the labels `names`, each a class.
    fn of_classes(
        &self,
        labels: &Labels,
        names: Vec<String>,
        per_class: Option<usize>,
        seed: u64,
    ) -> Result<ClassDataset, DataError> {
        let choose = || {
            let class = labels.numbered(&names)?;
            let keep = chosen(&class, &names, per_class, seed)?;
            let class = keep.iter().filter_map(|&index| class[index]).collect();
            Ok((keep, class))
        };
        let (keep, class): (Vec<usize>, Vec<usize>) =
            choose().map_err(|error| self.about(error))?;
        let x = self.chosen_rows(&keep, labels.len())?;
        ClassDataset::new(x, class, names).map_err(|error| self.about(error))
    }
}

impl Labels {
    /// The number of each sample's class among those named; `None` where it is none of them.
    fn numbered(&self, names: &[String]) -> Result<Vec<Option<usize>>, DataError> {
        let mut class = vec![None; self.len()];
        for (number, name) in names.iter().enumerate() {
            let are = class.iter_mut().zip(self.are(name));
            for (class, _) in are.filter(|(_, is)| *is) {
                if class.replace(number).is_some() {
                    return Err(DataError::Argument {
                        flag: "--classes",
                        expected: "every label once".to_owned(),
                        found: names.join(","),
                    });
                }
            }
        }
        Ok(class)
    }
}

#[cfg(test)]
mod tests;

use ndarray::Array2;

use crate::labelled::Labelled;
use crate::{Beside, ClassDataset, Dataset, RealDataset};

/// What a network is trained on: samples with labels ±1, of several classes, or with real targets.
///
/// ```
/// use implicit_bias_data::{ClassDataset, Labelled, TrainingSet};
/// use ndarray::array;
///
/// let names = ["a", "b", "c"].map(String::from).to_vec();
/// let data = ClassDataset::new(array![[1.0], [2.0], [3.0]], vec![2, 0, 1], names)?;
/// let data = TrainingSet::Classes(data);
/// assert_eq!((data.samples(), data.class_count(), data.has_signs()), (3, 3, false));
/// # Ok::<(), implicit_bias_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum TrainingSet {
    /// Labels ±1.
    Signs(Dataset),
    /// One of several classes a sample.
    Classes(ClassDataset),
    /// A real target a sample.
    Reals(RealDataset),
}

impl TrainingSet {
    /// The samples `X`, `n × d`, one a row, in row-major layout.
    pub fn x(&self) -> &Array2<f64> {
        match self {
            Self::Signs(data) => data.x(),
            Self::Classes(data) => data.x(),
            Self::Reals(data) => data.x(),
        }
    }

    /// The number of samples `n`.
    pub fn samples(&self) -> usize {
        self.x().nrows()
    }

    /// The dimension `d`.
    pub fn dim(&self) -> usize {
        self.x().ncols()
    }

    /// What belongs to the samples besides coordinates and targets.
    pub fn beside(&self) -> &Beside {
        match self {
            Self::Signs(data) => data.beside(),
            Self::Classes(data) => data.beside(),
            Self::Reals(data) => data.beside(),
        }
    }

    /// The same samples with something beside them.
    ///
    /// # Errors
    ///
    /// [`DataError::NotFinite`](crate::DataError::NotFinite) for an entry that is NaN or infinite.
    pub fn with_beside(self, beside: Beside) -> Result<Self, crate::DataError> {
        Ok(match self {
            Self::Signs(data) => Self::Signs(data.with_beside(beside)?),
            Self::Classes(data) => Self::Classes(data.with_beside(beside)?),
            Self::Reals(data) => Self::Reals(data.with_beside(beside)?),
        })
    }

    /// The samples with their labels ±1; `None` where they have other targets.
    pub fn signs(&self) -> Option<&Dataset> {
        match self {
            Self::Signs(data) => Some(data),
            Self::Classes(_) | Self::Reals(_) => None,
        }
    }

    /// The samples with their classes; `None` where they have other targets.
    pub fn classes(&self) -> Option<&ClassDataset> {
        match self {
            Self::Classes(data) => Some(data),
            Self::Signs(_) | Self::Reals(_) => None,
        }
    }

    /// The samples with their real targets; `None` where they have labels.
    pub fn reals(&self) -> Option<&RealDataset> {
        match self {
            Self::Reals(data) => Some(data),
            Self::Signs(_) | Self::Classes(_) => None,
        }
    }

    /// As [`Dataset::sha256`], [`ClassDataset::sha256`] or [`RealDataset::sha256`].
    pub fn sha256(&self) -> String {
        match self {
            Self::Signs(data) => data.sha256(),
            Self::Classes(data) => data.sha256(),
            Self::Reals(data) => data.sha256(),
        }
    }
}

impl Labelled for TrainingSet {
    fn x(&self) -> &Array2<f64> {
        self.x()
    }

    fn class_numbers(&self) -> Vec<usize> {
        match self {
            Self::Signs(data) => data.class_numbers(),
            Self::Classes(data) => data.class_numbers(),
            Self::Reals(data) => data.class_numbers(),
        }
    }

    fn class_count(&self) -> usize {
        match self {
            Self::Signs(data) => data.class_count(),
            Self::Classes(data) => data.class_count(),
            Self::Reals(data) => data.class_count(),
        }
    }

    fn has_signs(&self) -> bool {
        self.signs().is_some()
    }
}

impl From<Dataset> for TrainingSet {
    fn from(data: Dataset) -> Self {
        Self::Signs(data)
    }
}

impl From<ClassDataset> for TrainingSet {
    fn from(data: ClassDataset) -> Self {
        Self::Classes(data)
    }
}

impl From<RealDataset> for TrainingSet {
    fn from(data: RealDataset) -> Self {
        Self::Reals(data)
    }
}

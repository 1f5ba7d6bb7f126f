use implicit_bias_output::Hasher;
use ndarray::{Array1, Array2};

use crate::beside::Beside;
use crate::checks::check_samples;
use crate::labelled::Labelled;
use crate::size::MAX_CLASSES;
use crate::{DataError, Dataset};

/// Samples `x_i ∈ R^d`, each of one of `C ≥ 2` classes.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassDataset {
    x: Array2<f64>,
    class: Vec<usize>,
    names: Vec<String>,
    beside: Beside,
}

impl ClassDataset {
    /// The most classes.
    pub const MAX_CLASSES: usize = MAX_CLASSES;

    /// Validates samples `x` (`n × d`), the class of each and the names of the classes.
    ///
    /// # Errors
    ///
    /// Those of [`Dataset::new`] for samples; [`DataError::ClassCount`] unless there are 2 to
    /// [`MAX_CLASSES`](Self::MAX_CLASSES) names, [`DataError::Class`] for a class without a name or
    /// a name without a sample.
    pub fn new(x: Array2<f64>, class: Vec<usize>, names: Vec<String>) -> Result<Self, DataError> {
        if !(2..=Self::MAX_CLASSES).contains(&names.len()) {
            return Err(DataError::ClassCount { found: names.len() });
        }
        let x = check_samples(x, class.len())?;
        let classes = names.len();
        if let Some(sample) = class.iter().position(|&class| class >= classes) {
            let found = format!("class {} for sample {sample}", class[sample]);
            return Err(DataError::Class { classes, found });
        }
        if let Some(missing) = (0..classes).find(|number| !class.contains(number)) {
            let found = format!("no sample of class {}", names[missing]);
            return Err(DataError::Class { classes, found });
        }
        let beside = Beside::default();
        Ok(Self {
            x,
            class,
            names,
            beside,
        })
    }

    /// Samples of which each has a number below `count` as its class, such as the next token out of
    /// a vocabulary; a class need not have a sample.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new), but for a class without a sample.
    pub fn of_numbers(
        x: Array2<f64>,
        class: Vec<usize>,
        count: usize,
        beside: Beside,
    ) -> Result<Self, DataError> {
        if !(2..=Self::MAX_CLASSES).contains(&count) {
            return Err(DataError::ClassCount { found: count });
        }
        let x = check_samples(x, class.len())?;
        if let Some(sample) = class.iter().position(|&class| class >= count) {
            let found = format!("class {} for sample {sample}", class[sample]);
            return Err(DataError::Class {
                classes: count,
                found,
            });
        }
        beside.check()?;
        let names = (0..count).map(|number| number.to_string()).collect();
        Ok(Self {
            x,
            class,
            names,
            beside,
        })
    }

    /// The same samples with something beside them.
    ///
    /// # Errors
    ///
    /// [`DataError::NotFinite`] for an entry of an array that is NaN or infinite.
    pub fn with_beside(self, beside: Beside) -> Result<Self, DataError> {
        beside.check()?;
        Ok(Self { beside, ..self })
    }

    /// What belongs to the samples besides.
    pub fn beside(&self) -> &Beside {
        &self.beside
    }

    /// The samples `X`, `n × d`, one a row, in row-major layout.
    pub fn x(&self) -> &Array2<f64> {
        &self.x
    }

    /// The class of each sample, `0..C`.
    pub fn class(&self) -> &[usize] {
        &self.class
    }

    /// The names of the classes.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of samples `n`.
    pub fn samples(&self) -> usize {
        self.x.nrows()
    }

    /// The dimension `d`.
    pub fn dim(&self) -> usize {
        self.x.ncols()
    }

    /// Two classes as a [`Dataset`]: the first is `+1`, the second `−1`; `None` unless there are
    /// two.
    pub fn to_binary(&self) -> Option<Dataset> {
        if self.names.len() != 2 {
            return None;
        }
        let sign = |&class: &usize| if class == 0 { 1.0 } else { -1.0 };
        let y: Array1<f64> = self.class.iter().map(sign).collect();
        Some(Dataset::new(self.x.clone(), y).expect("valid samples of two classes"))
    }

    /// The SHA-256, in hexadecimal, of `n`, `d` and the number of classes as little-endian `u64`,
    /// then `X` row by row as little-endian `f64`, then the classes as little-endian `u64`,
    /// then what is beside them. The names of the classes are not in it.
    pub fn sha256(&self) -> String {
        let mut hash = Hasher::default();
        for size in [self.samples(), self.dim(), self.names.len()] {
            hash.update(&(size as u64).to_le_bytes());
        }
        let mut buffer = Vec::new();
        for row in self.x.outer_iter() {
            buffer.clear();
            buffer.extend(row.iter().flat_map(|entry| entry.to_le_bytes()));
            hash.update(&buffer);
        }
        for &class in &self.class {
            hash.update(&(class as u64).to_le_bytes());
        }
        self.beside.add_to(&mut hash);
        hash.finish()
    }

    /// The same samples with other coordinates.
    pub(crate) fn with_x(&self, x: Array2<f64>) -> Result<Self, DataError> {
        Ok(Self {
            x: check_samples(x, self.class.len())?,
            ..self.clone()
        })
    }
}

impl Labelled for ClassDataset {
    fn x(&self) -> &Array2<f64> {
        &self.x
    }

    fn class_numbers(&self) -> Vec<usize> {
        self.class.clone()
    }

    fn class_count(&self) -> usize {
        self.names.len()
    }

    fn has_signs(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn message(class: Vec<usize>, names: &[&str]) -> String {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        ClassDataset::new(array![[1.0], [2.0], [3.0]], class, names)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn each_broken_invariant_has_its_message() {
        assert_eq!(
            message(vec![0, 1, 2], &["a", "b"]),
            "y: expected one of 2 classes for every sample \
             and a sample of every class, found class 2 for sample 2"
        );
        assert!(message(vec![0, 1, 1], &["a", "b", "c"]).ends_with("found no sample of class c"));
        assert!(message(vec![0, 1], &["a", "b"]).contains("one label for each of the 3 rows"));
        assert_eq!(
            message(vec![0, 0, 0], &["a"]),
            "y: expected 2 to 1000 classes, found 1"
        );
    }

    #[test]
    fn the_hash_knows_samples_and_classes_and_no_names() {
        let hash = |x: f64, class: [usize; 3], names: [&str; 3]| {
            let names = names.map(str::to_owned).to_vec();
            let x = array![[x], [2.0], [3.0]];
            let data = ClassDataset::new(x, class.to_vec(), names).unwrap();
            data.sha256()
        };
        let known = hash(1.0, [0, 1, 2], ["a", "b", "c"]);
        assert_eq!(hash(1.0, [0, 1, 2], ["d", "e", "f"]), known);
        assert_ne!(hash(1.0, [0, 2, 1], ["a", "b", "c"]), known);
        assert_ne!(hash(4.0, [0, 1, 2], ["a", "b", "c"]), known);
        let two = vec!["a".to_owned(), "b".to_owned()];
        let two = ClassDataset::new(array![[1.0], [2.0]], vec![1, 0], two).unwrap();
        assert_ne!(two.sha256(), two.to_binary().unwrap().sha256());
    }

    #[test]
    fn two_classes_are_a_data_set() {
        let names = vec!["a".to_owned(), "b".to_owned()];
        let data = ClassDataset::new(array![[1.0], [2.0], [3.0]], vec![1, 0, 1], names).unwrap();
        assert_eq!(data.to_binary().unwrap().y(), &array![-1.0, 1.0, -1.0]);
    }
}

/// Labels as a file has them: numbers or names.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// One number a sample.
    Numbers(Vec<f64>),
    /// One name a sample.
    Names {
        /// The distinct names, in the order of their first samples.
        names: Vec<String>,
        /// For each sample, the index of its name.
        index: Vec<u32>,
    },
}

impl Labels {
    /// The number of samples.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Names { index, .. } => index.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The label of a sample, in words.
    pub fn show(&self, sample: usize) -> String {
        match self {
            Self::Numbers(numbers) => numbers[sample].to_string(),
            Self::Names { names, index } => names[index[sample] as usize].clone(),
        }
    }

    /// Which samples have the label that a user spells `class`: numbers are compared as numbers, so
    /// that `3` finds 3.0.
    pub fn are(&self, class: &str) -> Vec<bool> {
        match self {
            Self::Numbers(numbers) => {
                let class: Option<f64> = class.trim().parse().ok();
                numbers.iter().map(|&label| Some(label) == class).collect()
            }
            Self::Names { names, index } => {
                let class = names.iter().position(|name| name == class);
                let class = class.and_then(|class| u32::try_from(class).ok());
                index.iter().map(|&label| Some(label) == class).collect()
            }
        }
    }

    /// The distinct labels, sorted, as a user would spell them; at most `most` of them.
    pub fn classes(&self, most: usize) -> Vec<String> {
        match self {
            Self::Numbers(numbers) => {
                let mut sorted = numbers.clone();
                sorted.sort_by(f64::total_cmp);
                sorted.dedup_by(|a, b| a == b || a.is_nan() && b.is_nan());
                sorted.iter().take(most).map(f64::to_string).collect()
            }
            Self::Names { names, .. } => {
                let mut names = names.clone();
                names.sort();
                names.truncate(most);
                names
            }
        }
    }
}

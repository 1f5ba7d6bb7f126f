//! Numbers of data that claims compare with, by name.

use std::collections::BTreeMap;

use implicit_bias_algebra::{MatRef, singular_values};
use ndarray::Array2;

use crate::{RealDataset, TrainingSet};

/// Numbers by name.
type Numbers = BTreeMap<String, f64>;

/// The largest decomposition, in `n d min(n, d)`: a second or so.
const MOST: f64 = 2e8;

/// What is known of samples of several patches with signals beside them, or of real targets; `None` of
/// other data.
///
/// * Patches: the number of `signals`, and the stable ranks of all patches, `patches_rank`, and of
///   their parts along the signals, `clean_rank`, the signals being orthogonal.
/// * Real targets: `pull_max` and `pull_min`, the largest and the smallest `2 y_i ‖x_i‖²/n`.
///
/// # Errors
///
/// A phrase for data that are too large.
pub fn known_numbers(data: &TrainingSet) -> Option<Result<Numbers, String>> {
    if let Some(reals) = data.reals() {
        return Some(Ok(pulls(reals)));
    }
    let parts = data.beside().parts.filter(|parts| *parts > 0)?;
    let signals = data.beside().arrays.get("signals")?;
    let patches = data.x().clone();
    let shape = [patches.nrows() * parts, patches.ncols() / parts];
    let patches = patches.into_shape_with_order(shape).ok()?;
    (patches.ncols() == signals.ncols()).then(|| ranks(&patches, signals))
}

fn pulls(data: &RealDataset) -> Numbers {
    let samples = data.y().len() as f64;
    let rows = data.x().rows();
    let each = rows.into_iter().zip(data.y());
    let each = each.map(|(x, y)| 2.0 * y * x.dot(&x) / samples);
    let [least, most] = each.fold([f64::INFINITY, f64::NEG_INFINITY], |[least, most], pull| {
        [least.min(pull), most.max(pull)]
    });
    [
        ("pull_min".to_owned(), least),
        ("pull_max".to_owned(), most),
    ]
    .into()
}

fn ranks(patches: &Array2<f64>, signals: &Array2<f64>) -> Result<Numbers, String> {
    let units: Vec<_> = (signals.rows().into_iter())
        .map(|signal| &signal / signal.dot(&signal).sqrt())
        .collect();
    let is_orthogonal = units.iter().enumerate().all(|(place, unit)| {
        let others = units[..place].iter();
        others.into_iter().all(|other| unit.dot(other).abs() < 1e-9)
    });
    if !is_orthogonal {
        return Err("the signals are not orthogonal".to_owned());
    }
    let mut along = Array2::zeros([patches.nrows(), units.len()]);
    for (mut column, unit) in along.columns_mut().into_iter().zip(&units) {
        column.assign(&patches.dot(unit));
    }
    let rank = |matrix: &Array2<f64>, what: &str| {
        stable_rank(matrix).ok_or_else(|| format!("the stable rank of {what} is not known"))
    };
    Ok([
        ("signals".to_owned(), units.len() as f64),
        ("patches_rank".to_owned(), rank(patches, "all patches")?),
        (
            "clean_rank".to_owned(),
            rank(&along, "their parts along signals")?,
        ),
    ]
    .into())
}

/// `‖A‖_F²/‖A‖₂²`; `None` of a matrix of zeros, and of one that is too large.
fn stable_rank(matrix: &Array2<f64>) -> Option<f64> {
    let (rows, columns) = matrix.dim();
    if rows as f64 * columns as f64 * rows.min(columns) as f64 > MOST {
        return None;
    }
    let matrix = matrix.as_standard_layout();
    let entries = matrix.as_slice()?;
    let matrix = MatRef::from_row_major_slice(entries, rows, columns);
    let tall = match rows < columns {
        true => matrix.transpose(),
        false => matrix,
    };
    let values = singular_values(tall).ok()?;
    let largest = *values.first().filter(|value| **value > 0.0)?;
    Some(values.iter().map(|value| (value / largest).powi(2)).sum())
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::{DataLaw, Dataset, Patches};

    fn of(noise: f64) -> Numbers {
        let law = Patches {
            samples: 20,
            dim: 30,
            patches: 3,
            signals: 2,
            signal: 3.0,
            noise,
            noise_on_signals: false,
        };
        let data = law.training_set(1).unwrap();
        known_numbers(&data).unwrap().unwrap()
    }

    /// Four signals of one length, five times each: the clean rank is 4 whatever the noise.
    #[test]
    fn clean_patches_have_the_rank_of_their_signals_and_noisy_ones_have_not() {
        let clean = of(0.0);
        assert!((clean["clean_rank"] - 4.0).abs() < 1e-12 && clean["signals"] == 4.0);
        assert!((clean["patches_rank"] - 4.0).abs() < 1e-12);
        let noisy = of(0.6);
        assert!((noisy["clean_rank"] - 4.0).abs() < 1e-12);
        assert!(noisy["patches_rank"] > 8.0, "{noisy:?}");
    }

    #[test]
    fn pulls_are_those_of_the_definition_and_other_data_have_none() {
        let (x, y) = (array![[3.0, 4.0], [0.0, 1.0]], array![2.0, 7.0]);
        let reals = RealDataset::new(x.clone(), y).unwrap();
        let found = known_numbers(&reals.into()).unwrap().unwrap();
        assert_eq!((found["pull_max"], found["pull_min"]), (50.0, 7.0));
        let signs = Dataset::new(x, array![1.0, -1.0]).unwrap();
        assert!(known_numbers(&signs.into()).is_none());
    }
}

//! Samples at the corners of a cube.

use implicit_bias_settings::Invalid;

use super::law::{DIM, DataLaw, DataLawKind, SAMPLES};
use crate::random::{Stream, fair_bit, generator, random_labels, zeros};
use crate::{DataError, Dataset};

/// [`Hypercube`] as users choose it.
pub const HYPERCUBE: DataLawKind = DataLawKind {
    name: "hypercube",
    about: "`x` uniform on `{−1, 1}^d`, labels independent of the samples",
    keys: &[SAMPLES, DIM],
    make: |settings| {
        Ok(Box::new(Hypercube {
            samples: SAMPLES.size_in(settings)?,
            dim: DIM.size_in(settings)?,
        }))
    },
};

/// Corners of a cube, `x` uniform on `{−1, 1}^d`, independent of the label.
///
/// All coordinates of a sample have one size, and so have those of its gradient in a linear
/// network. Labels are i.i.d. uniform on `±1`, conditioned on both being present.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hypercube {
    /// Number of samples `n ≥ 2`.
    pub samples: usize,
    /// Dimension `d ≥ 1`.
    pub dim: usize,
}

impl DataLaw for Hypercube {
    fn shape(&self) -> (usize, usize) {
        (self.samples, self.dim)
    }

    fn check_parameters(&self) -> Result<(), Invalid> {
        Ok(())
    }

    fn draw(&self, seed: u64) -> Result<Dataset, DataError> {
        let y = random_labels(self.samples, seed, Stream::Labels);
        let mut x = zeros(self.samples, self.dim)?;
        let mut generator = generator(seed, Stream::Noise);
        x.mapv_inplace(|_| if fair_bit(&mut generator) { 1.0 } else { -1.0 });
        Dataset::new(x, y)
    }

    fn describe(&self) -> String {
        let Self { samples, dim } = self;
        format!("hypercube, n = {samples}, d = {dim}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 40,000 coins: their mean is within five standard deviations of 0, and so are the products
    /// of neighbours in a row and in a column.
    #[test]
    fn entries_are_independent_fair_signs() {
        let law = Hypercube {
            samples: 200,
            dim: 200,
        };
        let data = law.generate(3).unwrap();
        let x = data.x();
        assert!(x.iter().all(|entry| entry.abs() == 1.0));
        let sums = [
            x.sum(),
            (0..199).map(|row| x.row(row).dot(&x.row(row + 1))).sum(),
            (0..199)
                .map(|column| x.column(column).dot(&x.column(column + 1)))
                .sum(),
        ];
        for sum in sums {
            assert!(sum.abs() < 5.0 * 200.0, "{sums:?}");
        }
        assert_ne!(data, law.generate(4).unwrap());
        assert_eq!(data, law.generate(3).unwrap());
    }
}

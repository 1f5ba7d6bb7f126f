//! Real targets told by a quadratic teacher.

use implicit_bias_settings::{Invalid, Key, Settings};
use ndarray::{Array2, ArrayView1};

use super::law::{DIM, DataLaw, DataLawKind, SAMPLES};
use crate::random::{Stream, gaussian_matrix};
use crate::{DataError, Dataset, RealDataset, TrainingSet};

/// The width of the teacher.
pub const TEACHER_WIDTH: Key = Key::count(
    "teacher-width",
    "M",
    "Neurons of the teacher (quadratic-teacher)",
)
.by_default_count(3)
.within("at least 1", |width| width >= 1.0);

/// Whether samples are orthogonal.
pub const ORTHOGONAL_SAMPLES: Key = Key::switch(
    "orthogonal-samples",
    "Orthonormal samples e_i in place of Gaussian ones (quadratic-teacher)",
);

/// Whether all targets are 1.
pub const EQUAL_TARGETS: Key = Key::switch(
    "equal-targets",
    "Targets that are all 1 in place of a teacher's (quadratic-teacher)",
);

/// [`QuadraticTeacher`] as users choose it.
pub const QUADRATIC_TEACHER: DataLawKind = DataLawKind {
    name: "quadratic-teacher",
    about: "Real targets `(1/M) Σ_j ⟨u_j, x⟩²` of Gaussian samples of norm near 1",
    keys: &[
        SAMPLES,
        DIM,
        TEACHER_WIDTH,
        ORTHOGONAL_SAMPLES,
        EQUAL_TARGETS,
    ],
    make: |settings| {
        Ok(Box::new(QuadraticTeacher {
            samples: SAMPLES.size_in(settings)?,
            dim: DIM.size_in(settings)?,
            width: TEACHER_WIDTH.size_in(settings)?,
            orthogonal: ORTHOGONAL_SAMPLES.switch_in(settings)?.unwrap_or(false),
            equal: EQUAL_TARGETS.switch_in(settings)?.unwrap_or(false),
        }))
    },
};

/// Real targets `y = (1/M) Σ_j ⟨u_j, x⟩²` with `u_j ~ N(0, I_d)`, of samples `x ~ N(0, I_d/d)`, or
/// `x_i = e_i`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuadraticTeacher {
    /// Number of samples `n ≥ 2`.
    pub samples: usize,
    /// Dimension `d`, at least `n` where samples are orthogonal.
    pub dim: usize,
    /// Neurons `M` of the teacher.
    pub width: usize,
    /// Whether samples are orthonormal.
    pub orthogonal: bool,
    /// Whether all targets are 1.
    pub equal: bool,
}

impl DataLaw for QuadraticTeacher {
    fn shape(&self) -> (usize, usize) {
        (self.samples, self.dim)
    }

    fn check_parameters(&self) -> Result<(), Invalid> {
        TEACHER_WIDTH.check(self.width as f64)?;
        if self.orthogonal && self.dim < self.samples {
            let expected = format!("at least the number of samples, {}", self.samples);
            return Err(Invalid::new(DIM.name, expected, self.dim));
        }
        Ok(())
    }

    /// The targets are real, no labels.
    fn draw(&self, _: u64) -> Result<Dataset, DataError> {
        Err(DataError::Argument {
            flag: "--loss",
            expected: "squared and --network quadratic, for real targets".to_owned(),
            found: "labels ±1".to_owned(),
        })
    }

    fn training_set(&self, seed: u64) -> Result<TrainingSet, DataError> {
        self.validate()?;
        let x = if self.orthogonal {
            Array2::from_shape_fn([self.samples, self.dim], |(i, j)| {
                f64::from(u8::from(i == j))
            })
        } else {
            let scale = 1.0 / (self.dim as f64).sqrt();
            gaussian_matrix(self.samples, self.dim, scale, seed, Stream::Noise)?
        };
        let teacher = gaussian_matrix(self.width, self.dim, 1.0, seed, Stream::Teacher)?;
        // In one order on every machine.
        let squares = |x: ArrayView1<'_, f64>| -> f64 {
            let product = |u: ArrayView1<'_, f64>| u.iter().zip(x).map(|(u, x)| u * x).sum::<f64>();
            teacher.rows().into_iter().map(|u| product(u).powi(2)).sum()
        };
        let target = |x| match self.equal {
            true => 1.0,
            false => squares(x) / self.width as f64,
        };
        let targets = x.rows().into_iter().map(target);
        let targets = targets.collect();
        Ok(RealDataset::new(x, targets)?.into())
    }

    fn describe(&self) -> String {
        let Self {
            samples,
            dim,
            width,
            orthogonal,
            equal,
        } = self;
        let orthogonal = if *orthogonal { ", orthonormal" } else { "" };
        let targets = match equal {
            true => "targets 1".to_owned(),
            false => format!("M = {width}"),
        };
        format!("quadratic-teacher, n = {samples}, d = {dim}, {targets}{orthogonal}")
    }

    fn computed(&self) -> Settings {
        Settings::default()
            .with(ORTHOGONAL_SAMPLES.name, self.orthogonal)
            .with(EQUAL_TARGETS.name, self.equal)
    }
}

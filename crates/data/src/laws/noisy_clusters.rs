//! Two Gaussian clusters with opposite means of equal entries, and some labels flipped.

use implicit_bias_settings::{Invalid, Key, Settings};
use ndarray::Array1;

use super::flips::flip_exactly;
use super::gaussian::NOISE;
use super::law::{DIM, DataLaw, DataLawKind, SAMPLES};
use crate::random::{Stream, gaussian_matrix, generator, random_labels};
use crate::{DataError, Dataset};

/// How the length of the cluster mean grows with the dimension.
pub const MEAN_EXPONENT: Key = Key::number(
    "mean-exponent",
    "B",
    "Exponent b of the length ‖μ‖ = d^b of the cluster mean (noisy-clusters)",
)
.by_default(0.26)
.within("a number in [−10, 10]", |exponent| {
    (-10.0..=10.0).contains(&exponent)
});

/// The share of each cluster whose labels are flipped.
pub const FLIP_SHARE: Key = Key::number(
    "flip-share",
    "P",
    "Share of the labels of each cluster that are flipped, to the nearest number (noisy-clusters)",
)
.by_default(0.15)
.within("a number in [0, 1]", |share| (0.0..=1.0).contains(&share));

/// [`NoisyClusters`] as users choose it.
pub const NOISY_CLUSTERS: DataLawKind = DataLawKind {
    name: "noisy-clusters",
    about: "`x = ỹ μ + ξ`, `μ` of equal entries, a share of the labels `ỹ` flipped",
    keys: &[SAMPLES, DIM, MEAN_EXPONENT, NOISE, FLIP_SHARE],
    make: |settings| {
        Ok(Box::new(NoisyClusters {
            samples: SAMPLES.size_in(settings)?,
            dim: DIM.size_in(settings)?,
            mean_exponent: MEAN_EXPONENT.number_in(settings)?,
            noise: NOISE.number_if_given(settings)?.unwrap_or(1.0),
            flip_share: FLIP_SHARE.number_in(settings)?,
        }))
    },
};

/// `x = ỹ μ + ξ` with clean labels `ỹ` uniform on `±1`, `μ = (d^b/√d) (1, …, 1)` and
/// `ξ ~ N(0, noise² I_d)`; the label `y` is `−ỹ` for a share of each cluster, `ỹ` for the others.
///
/// Both clean labels are present. Held-out samples have clean labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoisyClusters {
    /// Number of samples `n ≥ 2`.
    pub samples: usize,
    /// Dimension `d ≥ 1`.
    pub dim: usize,
    /// `b` of `‖μ‖ = d^b`.
    pub mean_exponent: f64,
    /// Standard deviation of each coordinate of `ξ`.
    pub noise: f64,
    /// The share of each cluster that is flipped, in `[0, 1]`; to the nearest whole number.
    pub flip_share: f64,
}

impl NoisyClusters {
    fn entry(&self) -> f64 {
        (self.dim as f64).powf(self.mean_exponent - 0.5)
    }
}

impl DataLaw for NoisyClusters {
    fn shape(&self) -> (usize, usize) {
        (self.samples, self.dim)
    }

    fn check_parameters(&self) -> Result<(), Invalid> {
        MEAN_EXPONENT.check(self.mean_exponent)?;
        NOISE.check(self.noise)?;
        FLIP_SHARE.check(self.flip_share)
    }

    fn draw(&self, seed: u64) -> Result<Dataset, DataError> {
        let mut y = random_labels(self.samples, seed, Stream::Labels);
        let mut x = gaussian_matrix(self.samples, self.dim, self.noise, seed, Stream::Noise)?;
        add_means(&mut x, &y, self.entry());
        let clean = y.clone();
        let mut generator = generator(seed, Stream::Flips);
        for cluster in [1.0, -1.0] {
            let members = (0..self.samples).filter(|&i| clean[i] == cluster);
            let members: Vec<usize> = members.collect();
            let count = (self.flip_share * members.len() as f64).round() as usize;
            flip_exactly(&mut y, members, count, &mut generator);
        }
        Dataset::new(x, y)
    }

    fn draw_held_out(&self, samples: usize, seed: u64) -> Option<Result<Dataset, DataError>> {
        let y = random_labels(samples, seed, Stream::HeldOutLabels);
        let x = gaussian_matrix(samples, self.dim, self.noise, seed, Stream::HeldOutNoise);
        Some(x.and_then(|mut x| {
            add_means(&mut x, &y, self.entry());
            Dataset::new(x, y)
        }))
    }

    fn describe(&self) -> String {
        let Self {
            samples,
            dim,
            mean_exponent,
            noise,
            flip_share,
        } = self;
        format!(
            "noisy-clusters, n = {samples}, d = {dim}, ‖μ‖ = d^{mean_exponent}, σ = {noise}, \
             {flip_share} of the labels flipped"
        )
    }

    fn computed(&self) -> Settings {
        Settings::default().with(NOISE.name, self.noise)
    }
}

/// Adds `y_i · entry` to every coordinate of sample `i`.
fn add_means(x: &mut ndarray::Array2<f64>, y: &Array1<f64>, entry: f64) {
    for (mut row, label) in x.outer_iter_mut().zip(y) {
        row += label * entry;
    }
}

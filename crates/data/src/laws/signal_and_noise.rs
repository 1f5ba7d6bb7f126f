//! A signal along one direction beside noise orthogonal to it, and some labels flipped.

use implicit_bias_settings::{Invalid, Key, Settings};
use ndarray::{Array1, Array2};

use super::flips::{flip_each, flip_exactly};
use super::law::{DIM, DataLaw, DataLawKind, SAMPLES};
use crate::random::{Stream, fill_standard_normal, gaussian_matrix, generator, random_labels};
use crate::{DataError, Dataset};

/// The share of the signal.
pub const SIGNAL_SHARE: Key = Key::number(
    "signal-share",
    "GAMMA",
    "Share γ of the signal in ‖x‖² (signal-and-noise) [default: 5/n, at most 1]",
)
.within("a number in [0, 1]", |share| (0.0..=1.0).contains(&share));

/// How many labels are flipped.
pub const FLIPS: Key = Key::count(
    "flips",
    "K",
    "Number of labels that are flipped, exactly (signal-and-noise) [default: as --flip-rate says]",
);

/// How likely a label is flipped.
pub const FLIP_RATE: Key = Key::number(
    "flip-rate",
    "P",
    "Probability with which each label is flipped (signal-and-noise) [default: 0.1, and 0 beside \
     --flips]",
)
.within("a number in [0, 1]", |rate| (0.0..=1.0).contains(&rate));

/// [`SignalAndNoise`] as users choose it.
pub const SIGNAL_AND_NOISE: DataLawKind = DataLawKind {
    name: "signal-and-noise",
    about: "`x = √γ ỹ v + √(1−γ) ξ`, noise `ξ ⟂ v`, some of the labels `ỹ` flipped",
    keys: &[SAMPLES, DIM, SIGNAL_SHARE, FLIPS, FLIP_RATE],
    make: |settings| {
        let samples = SAMPLES.size_in(settings)?;
        let share = SIGNAL_SHARE.number_if_given(settings)?;
        let flips = FLIPS.count_if_given(settings)?;
        let rate = FLIP_RATE.number_if_given(settings)?;
        Ok(Box::new(SignalAndNoise {
            samples,
            dim: DIM.size_in(settings)?,
            signal_share: share.unwrap_or_else(|| (5.0 / samples as f64).min(1.0)),
            flips: flips_of(flips, rate)?,
        }))
    },
};

/// The flips that a number and a probability ask for.
fn flips_of(count: Option<u64>, rate: Option<f64>) -> Result<Flips, Invalid> {
    match (count, rate) {
        (None, rate) => Ok(Flips::Each(rate.unwrap_or(0.1))),
        (Some(0), Some(rate)) if rate > 0.0 => Ok(Flips::Each(rate)),
        (Some(count), None | Some(0.0)) => {
            Ok(Flips::Exactly(usize::try_from(count).unwrap_or(usize::MAX)))
        }
        (Some(_), Some(rate)) => {
            let expected = "no probability beside a number of flips (--flips)";
            Err(Invalid::new(FLIP_RATE.name, expected, rate))
        }
    }
}

/// Which labels are flipped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Flips {
    /// So many, at most `n`.
    Exactly(usize),
    /// Each with this probability, independently.
    Each(f64),
}

/// `x = √γ ỹ v + √(1−γ) ξ` with clean labels `ỹ` uniform on `±1`, a direction `v` uniform on the
/// unit sphere and `ξ ~ N(0, (I − v vᵀ)/d)` (Karhadkar, George, Murray, Montúfar & Needell 2024).
///
/// Both clean labels are present. Held-out samples have the direction of the training samples, and
/// clean labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignalAndNoise {
    /// Number of samples `n ≥ 2`.
    pub samples: usize,
    /// Dimension `d ≥ 1`.
    pub dim: usize,
    /// `γ` in `[0, 1]`.
    pub signal_share: f64,
    /// Which labels are flipped.
    pub flips: Flips,
}

impl SignalAndNoise {
    /// `v`, uniform on the unit sphere.
    fn direction(&self, seed: u64) -> Array1<f64> {
        let mut v = vec![0.0; self.dim];
        fill_standard_normal(&mut generator(seed, Stream::Direction), &mut v);
        let v = Array1::from_vec(v);
        let norm = v.dot(&v).sqrt();
        v / norm
    }

    fn samples_of(
        &self,
        y: &Array1<f64>,
        seed: u64,
        noise: Stream,
    ) -> Result<Array2<f64>, DataError> {
        let v = self.direction(seed);
        let mut x = gaussian_matrix(y.len(), self.dim, 1.0, seed, noise)?;
        let of_signal = self.signal_share.sqrt();
        let of_noise = ((1.0 - self.signal_share) / self.dim as f64).sqrt();
        for (mut row, label) in x.outer_iter_mut().zip(y) {
            let along = row.dot(&v);
            // Noise is what is left of g: √((1−γ)/d) (g − ⟨g, v⟩ v).
            row *= of_noise;
            row.scaled_add(label * of_signal - of_noise * along, &v);
        }
        Ok(x)
    }
}

impl DataLaw for SignalAndNoise {
    fn shape(&self) -> (usize, usize) {
        (self.samples, self.dim)
    }

    fn check_parameters(&self) -> Result<(), Invalid> {
        SIGNAL_SHARE.check(self.signal_share)?;
        match self.flips {
            Flips::Each(rate) => FLIP_RATE.check(rate),
            Flips::Exactly(count) if count > self.samples => {
                let expected = format!("at most the number of samples, {}", self.samples);
                Err(Invalid::new(FLIPS.name, expected, count))
            }
            Flips::Exactly(_) => Ok(()),
        }
    }

    fn draw(&self, seed: u64) -> Result<Dataset, DataError> {
        let mut y = random_labels(self.samples, seed, Stream::Labels);
        let x = self.samples_of(&y, seed, Stream::Noise)?;
        match self.flips {
            Flips::Each(rate) => flip_each(&mut y, rate, seed),
            Flips::Exactly(count) => {
                let all = (0..self.samples).collect();
                flip_exactly(&mut y, all, count, &mut generator(seed, Stream::Flips));
            }
        }
        Dataset::new(x, y)
    }

    fn draw_held_out(&self, samples: usize, seed: u64) -> Option<Result<Dataset, DataError>> {
        let y = random_labels(samples, seed, Stream::HeldOutLabels);
        let x = self.samples_of(&y, seed, Stream::HeldOutNoise);
        Some(x.and_then(|x| Dataset::new(x, y)))
    }

    fn describe(&self) -> String {
        let flips = match self.flips {
            Flips::Exactly(count) => format!("{count} labels flipped"),
            Flips::Each(rate) => format!("labels flipped with probability {rate}"),
        };
        let Self {
            samples,
            dim,
            signal_share,
            ..
        } = self;
        format!("signal-and-noise, n = {samples}, d = {dim}, γ = {signal_share}, {flips}")
    }

    fn computed(&self) -> Settings {
        let (count, rate) = match self.flips {
            Flips::Exactly(count) => (count as u64, 0.0),
            Flips::Each(rate) => (0, rate),
        };
        Settings::default()
            .with(SIGNAL_SHARE.name, self.signal_share)
            .with(FLIPS.name, count)
            .with(FLIP_RATE.name, rate)
    }
}

//! Samples of several patches, one of which is a signal.

use implicit_bias_settings::{Invalid, Key, Settings};
use ndarray::Array2;

use super::gaussian::NOISE;
use super::law::{DIM, DataLaw, DataLawKind, SAMPLES};
use super::mixture::SIGNAL;
use super::tokens::PARTS;
use crate::random::{Stream, gaussian_matrix, generator, index_below};
use crate::{Beside, DataError, Dataset};

/// The number of signals of a class.
pub const SIGNALS: Key = Key::count(
    "signals",
    "K",
    "Signals K of each class, all 2K orthogonal (patches)",
)
.by_default_count(2)
.within("at least 1", |signals| signals >= 1.0);

/// Whether noise has a part along the signals.
pub const NOISE_ON_SIGNALS: Key = Key::switch(
    "noise-on-signals",
    "Leave the part of the noise along the signals in place (patches)",
);

/// [`Patches`] as users choose it.
pub const PATCHES: DataLawKind = DataLawKind {
    name: "patches",
    about: "One of 2K orthogonal signals in one of --parts patches, Gaussian noise in the others",
    keys: &[
        SAMPLES,
        DIM,
        PARTS,
        SIGNALS,
        SIGNAL,
        NOISE,
        NOISE_ON_SIGNALS,
    ],
    make: |settings| {
        Ok(Box::new(Patches {
            samples: SAMPLES.size_in(settings)?,
            dim: DIM.size_in(settings)?,
            patches: PARTS.size_in(settings)?,
            signals: SIGNALS.size_in(settings)?,
            signal: SIGNAL.number_in(settings)?,
            noise: NOISE.number_if_given(settings)?.unwrap_or(1.0),
            noise_on_signals: NOISE_ON_SIGNALS.switch_in(settings)?.unwrap_or(false),
        }))
    },
};

/// Samples of `P` patches in `R^d`: one patch, at a uniform place, is one of the `2K` signals
/// `μ_k = signal · e_k`, the others are `N(0, noise² I_d)`, without their part along the signals unless
/// that is asked for.
///
/// The first `K` signals are of the class `+1`, the others of `−1`. Samples go through the signals in
/// turn, of both classes by turns, so that each has the same number of samples up to one. The signals
/// are beside the samples as the array `signals`, `[2K, d]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patches {
    /// Number of samples `n ≥ 2`.
    pub samples: usize,
    /// Dimension `d ≥ 2K` of a patch.
    pub dim: usize,
    /// Patches `P ≥ 2` of a sample.
    pub patches: usize,
    /// Signals `K` of each class.
    pub signals: usize,
    /// The length `‖μ‖` of a signal, positive.
    pub signal: f64,
    /// Standard deviation of each coordinate of the noise.
    pub noise: f64,
    /// Whether noise has a part along the signals.
    pub noise_on_signals: bool,
}

impl Patches {
    /// The number of the signal of a sample.
    pub fn signal_of(&self, sample: usize) -> usize {
        let turn = sample % (2 * self.signals);
        turn / 2
            + if turn.is_multiple_of(2) {
                0
            } else {
                self.signals
            }
    }
}

impl DataLaw for Patches {
    fn shape(&self) -> (usize, usize) {
        (self.samples, self.dim.saturating_mul(self.patches))
    }

    fn check_parameters(&self) -> Result<(), Invalid> {
        PARTS.check(self.patches as f64)?;
        SIGNALS.check(self.signals as f64)?;
        SIGNAL.check(self.signal)?;
        NOISE.check(self.noise)?;
        if self.signal == 0.0 {
            return Err(Invalid::new(SIGNAL.name, "a positive number", self.signal));
        }
        if self.dim < self.signals.saturating_mul(2) {
            let expected = format!("at least the number of signals, 2K = {}", 2 * self.signals);
            return Err(Invalid::new(DIM.name, expected, self.dim));
        }
        Ok(())
    }

    fn draw(&self, seed: u64) -> Result<Dataset, DataError> {
        let Self {
            samples,
            dim,
            patches,
            signals,
            ..
        } = *self;
        let entries = dim * patches;
        let mut x = gaussian_matrix(samples, entries, self.noise, seed, Stream::Noise)?;
        let mut places = generator(seed, Stream::Places);
        for (sample, mut row) in x.rows_mut().into_iter().enumerate() {
            let place = index_below(&mut places, patches);
            let row = row.as_slice_mut().expect("rows are in one piece");
            for (p, patch) in row.chunks_exact_mut(dim).enumerate() {
                if p == place {
                    patch.fill(0.0);
                    patch[self.signal_of(sample)] = self.signal;
                } else if !self.noise_on_signals {
                    patch[..2 * signals].fill(0.0);
                }
            }
        }
        let label = |sample| {
            if self.signal_of(sample) < signals {
                1.0
            } else {
                -1.0
            }
        };
        let y = (0..samples).map(label).collect();
        let directions =
            Array2::from_shape_fn(
                [2 * signals, dim],
                |(k, j)| {
                    if k == j { self.signal } else { 0.0 }
                },
            );
        Dataset::new(x, y)?.with_beside(Beside {
            parts: Some(patches),
            arrays: [("signals".to_owned(), directions)].into(),
        })
    }

    fn describe(&self) -> String {
        let Self {
            samples,
            dim,
            patches,
            signals,
            signal,
            noise,
            noise_on_signals,
        } = self;
        let along = if *noise_on_signals {
            ", along signals too"
        } else {
            ""
        };
        format!(
            "patches, n = {samples}, P = {patches}, d = {dim}, K = {signals}, ‖μ‖ = {signal}, \
             σ = {noise}{along}"
        )
    }

    fn computed(&self) -> Settings {
        Settings::default()
            .with(NOISE.name, self.noise)
            .with(NOISE_ON_SIGNALS.name, self.noise_on_signals)
    }
}

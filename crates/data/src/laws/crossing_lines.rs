//! Two classes of two opposite clusters each, in the plane.

use implicit_bias_settings::{Invalid, Key, Name, Settings};
use ndarray::Array1;

use super::law::{DataLaw, DataLawKind, SAMPLES};
use super::mixture::SIGNAL;
use crate::random::{Stream, fill_standard_normal, generator, zeros};
use crate::{DataError, Dataset};

/// The angle between the lines of both classes.
pub const LINE_ANGLE: Key = Key::number(
    "line-angle",
    "ALPHA",
    "Angle α between the lines of both classes, in radians (crossing-lines) [default: π/2]",
)
.within("a number in (0, π)", |angle| {
    angle > 0.0 && angle < std::f64::consts::PI
});

/// The spread of a cluster.
pub const CLUSTER_SPREAD: Key = Key::number(
    "cluster-spread",
    "SIGMA",
    "Standard deviation σ of each coordinate within a cluster (crossing-lines)",
)
.by_default(0.1)
.non_negative();

/// The radius of a cluster.
pub const CLUSTER_RADIUS: Key = Key::number(
    "cluster-radius",
    "DELTA",
    "Largest distance δ of a sample from the centre of its cluster (crossing-lines)",
)
.by_default(0.2)
.positive();

/// The symmetry of a cluster.
pub const CLUSTER_SYMMETRY: Key = Key::one_of(
    "cluster-symmetry",
    &[
        Name::new("skewed", "None: its mean is off the line"),
        Name::new("symmetric", "Each sample has its mirror image in the line"),
    ],
    "Symmetry of a cluster about its line (crossing-lines)",
)
.by_default_name("skewed");

/// [`CrossingLines`] as users choose it.
pub const CROSSING_LINES: DataLawKind = DataLawKind {
    name: "crossing-lines",
    about: "In the plane: `±μ u₋ + ξ` against `±μ u₊ + ξ`, two opposite clusters a class",
    keys: &[
        SAMPLES,
        SIGNAL,
        LINE_ANGLE,
        CLUSTER_SPREAD,
        CLUSTER_RADIUS,
        CLUSTER_SYMMETRY,
    ],
    make: |settings| {
        let angle = LINE_ANGLE.number_if_given(settings)?;
        let symmetry = CLUSTER_SYMMETRY.text_in(settings)?;
        Ok(Box::new(CrossingLines {
            samples: SAMPLES.size_in(settings)?,
            signal: SIGNAL.number_in(settings)?,
            angle: angle.unwrap_or(std::f64::consts::FRAC_PI_2),
            spread: CLUSTER_SPREAD.number_in(settings)?,
            radius: CLUSTER_RADIUS.number_in(settings)?,
            symmetric: symmetry.as_deref() == Some("symmetric"),
        }))
    },
};

/// Two classes in the plane, each of two opposite clusters: `−1` around `±μ u₋`, `u₋ = e_1`, and
/// `+1` around `±μ u₊`, `u₊ = (cos α, sin α)`.
///
/// One cluster is drawn: `μ u₋ + ξ`, `ξ ~ N(0, σ² I)` given `‖ξ‖ ≤ δ`; with `symmetric`, each of
/// its samples is followed by its mirror image in `u₋`. Its mirror image `(−x₁, x₂)` is the other
/// cluster of the class, and the mirror images of both in the line halfway between `u₋` and `u₊`
/// are the other class: the construction of Tsoy & Konstantinov's code, where those samples of a
/// fixed number that are beyond `δ` are left out instead of drawn again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossingLines {
    /// Number of samples `n`, a multiple of 4, or of 8 where symmetric.
    pub samples: usize,
    /// Distance `μ > δ` of the centres of the clusters from the origin.
    pub signal: f64,
    /// The angle `α` in `(0, π)`.
    pub angle: f64,
    /// The standard deviation `σ ≥ 0`.
    pub spread: f64,
    /// The radius `δ > 0`.
    pub radius: f64,
    /// Whether clusters are symmetric about their lines.
    pub symmetric: bool,
}

/// Draws that leave the cluster, at most, for each that stays.
const MAX_REDRAWS: f64 = 1e4;

impl CrossingLines {
    /// The samples of the first cluster.
    fn cluster(&self, seed: u64) -> Vec<[f64; 2]> {
        let mut generator = generator(seed, Stream::Noise);
        let count = self.samples / 4;
        let mut cluster = Vec::with_capacity(count);
        while cluster.len() < count {
            let mut noise = [0.0; 2];
            fill_standard_normal(&mut generator, &mut noise);
            let [along, across] = noise.map(|noise| self.spread * noise);
            if along * along + across * across > self.radius * self.radius {
                continue;
            }
            cluster.push([self.signal + along, across]);
            if self.symmetric {
                cluster.push([self.signal + along, -across]);
            }
        }
        cluster
    }
}

impl DataLaw for CrossingLines {
    fn shape(&self) -> (usize, usize) {
        (self.samples, 2)
    }

    fn check_parameters(&self) -> Result<(), Invalid> {
        let multiple = if self.symmetric { 8 } else { 4 };
        if self.samples == 0 || !self.samples.is_multiple_of(multiple) {
            let expected = format!("a multiple of {multiple}, as many in each of four clusters");
            return Err(Invalid::new(SAMPLES.name, expected, self.samples));
        }
        LINE_ANGLE.check(self.angle)?;
        CLUSTER_SPREAD.check(self.spread)?;
        CLUSTER_RADIUS.check(self.radius)?;
        if self.signal <= self.radius || !self.signal.is_finite() {
            let expected = format!("more than the radius δ = {} of a cluster", self.radius);
            return Err(Invalid::new(SIGNAL.name, expected, self.signal));
        }
        // Of wide spreads a share δ²/(2σ²) stays.
        if self.spread * self.spread > 0.5 * MAX_REDRAWS * self.radius * self.radius {
            let expected = "at most 70 times the radius δ, beyond which hardly a sample stays";
            return Err(Invalid::new(CLUSTER_SPREAD.name, expected, self.spread));
        }
        Ok(())
    }

    fn draw(&self, seed: u64) -> Result<Dataset, DataError> {
        let (cos, sin) = match self.angle {
            // Without the rounding of π/2: a swap of the coordinates.
            angle if angle == std::f64::consts::FRAC_PI_2 => (0.0, 1.0),
            angle => (libm::cos(angle), libm::sin(angle)),
        };
        let mut x = zeros(self.samples, 2)?;
        let mut y = Array1::zeros(self.samples);
        let half = self.samples / 2;
        let cluster = self.cluster(seed);
        let both = [1.0, -1.0].into_iter().flat_map(|sign| {
            let turned = cluster
                .iter()
                .map(move |[along, across]| [sign * along, *across]);
            turned.collect::<Vec<_>>()
        });
        for (i, [along, across]) in both.enumerate() {
            x[[i, 0]] = along;
            x[[i, 1]] = across;
            y[i] = -1.0;
            // The mirror image in the line at half the angle.
            x[[half + i, 0]] = cos * along + sin * across;
            x[[half + i, 1]] = sin * along - cos * across;
            y[half + i] = 1.0;
        }
        Dataset::new(x, y)
    }

    fn describe(&self) -> String {
        let Self {
            samples,
            signal,
            angle,
            spread,
            radius,
            symmetric,
        } = self;
        let symmetry = if *symmetric { "symmetric" } else { "skewed" };
        format!(
            "crossing-lines, {symmetry}, n = {samples}, μ = {signal}, α = {angle:.4}, σ = \
             {spread:.4}, δ = {radius}"
        )
    }

    fn computed(&self) -> Settings {
        Settings::default().with(LINE_ANGLE.name, self.angle)
    }
}

//! The laws that data sets are drawn from, a file each.
//!
//! A law is a file with its parameters, its keys, how a data set is drawn and a [`DataLawKind`],
//! and a line in [`LAWS`].

mod crossing_lines;
mod equiangular;
mod flips;
mod gaussian;
mod hypercube;
mod law;
mod mixture;
mod noisy_clusters;
mod orthogonal;
mod patches;
mod sentences;
mod signal_and_noise;
mod teacher;
mod tokens;

pub use self::crossing_lines::{
    CLUSTER_RADIUS, CLUSTER_SPREAD, CLUSTER_SYMMETRY, CROSSING_LINES, CrossingLines, LINE_ANGLE,
};
pub use self::equiangular::{COSINE, EQUIANGULAR, Equiangular};
pub use self::gaussian::{GAUSSIAN, Gaussian, NOISE};
pub use self::hypercube::{HYPERCUBE, Hypercube};
pub use self::law::{DIM, DataLaw, DataLawKind, SAMPLES};
pub use self::mixture::{MIXTURE, Mixture, SIGNAL};
pub use self::noisy_clusters::{FLIP_SHARE, MEAN_EXPONENT, NOISY_CLUSTERS, NoisyClusters};
pub use self::orthogonal::{NORM, NORM_SPREAD, ORTHOGONAL, Orthogonal};
pub use self::patches::{NOISE_ON_SIGNALS, PATCHES, Patches, SIGNALS};
pub use self::sentences::{
    LANGUAGE, LENGTH, SENTENCES, Sentences, TWO_SUCCESSORS, TWO_TARGETS, VOCABULARY,
};
pub use self::teacher::{
    EQUAL_TARGETS, ORTHOGONAL_SAMPLES, QUADRATIC_TEACHER, QuadraticTeacher, TEACHER_WIDTH,
};
pub use self::tokens::{EQUAL_SCORES, PARTS, TOKENS, Tokens};

pub use self::signal_and_noise::{
    FLIP_RATE, FLIPS, Flips, SIGNAL_AND_NOISE, SIGNAL_SHARE, SignalAndNoise,
};

/// The data laws of the laboratory, the default first.
pub const LAWS: &[DataLawKind] = &[
    MIXTURE,
    GAUSSIAN,
    ORTHOGONAL,
    HYPERCUBE,
    TOKENS,
    PATCHES,
    SENTENCES,
    QUADRATIC_TEACHER,
    EQUIANGULAR,
    CROSSING_LINES,
    NOISY_CLUSTERS,
    SIGNAL_AND_NOISE,
];

#[cfg(test)]
mod flip_tests;
#[cfg(test)]
mod tests;

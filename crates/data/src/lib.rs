//! Data sets, where they come from, and the geometry that the theorems ask about.
//!
//! A [`Dataset`] is `n` samples `x_i ∈ R^d` with labels `y_i = ±1`. It is drawn from a seed (by a
//! [`DataLaw`] of [`LAWS`]) or read from a file ([`DataFile`]: NumPy arrays, tables, LIBSVM text,
//! IDX files, MNIST), of which a [`Choice`] is taken; a [`Preparation`] may scale, centre,
//! normalize and add noise. It is validated once, so that no later stage meets a NaN or a missing
//! class. [`Geometry`] measures how nearly orthogonal its samples are. A [`ClassDataset`] has more
//! than two classes.
//!
//! Random numbers come from one ChaCha8 stream per purpose ([`random`]) and are bit-identical on
//! every machine.
//!
//! ```
//! use implicit_bias_data::{DataLaw, Geometry, Mixture};
//!
//! let law = Mixture { samples: 10, dim: 784, signal: 1.0, noise: 1.0 };
//! let data = law.generate(7)?;
//! let geometry = Geometry::of(&data);
//! println!("{geometry}");
//! assert_eq!(geometry.rank, Some(10));
//! # Ok::<(), implicit_bias_data::DataError>(())
//! ```

mod beside;
mod checks;
mod choice;
pub mod cifar10;
mod classes;
mod contradictions;
mod dataset;
mod dataset_npz;
mod error;
mod file;
mod geometry;
mod initial;
mod known;
mod labelled;
mod laws;
pub mod mnist;
mod multiples;
mod preparation;
pub mod random;
mod reals;
mod room;
mod sentence_facts;
mod size;
mod split;
mod threads;
mod training_set;

pub use beside::{Beside, NamedArrays};
pub use choice::{Choice, ClassRule};
pub use classes::ClassDataset;
pub use contradictions::Contradictions;
pub use dataset::{Dataset, LabelEncoding};
pub use error::DataError;
pub use file::{
    Contents, DataFile, Features, FileOptions, Labels, MAX_EXPANSION, Separator, TableOptions,
    npz_names, read_matrix_npz, read_npz_arrays, read_weights_npz, write_npz_arrays,
};
pub use geometry::{ClassSizes, Geometry};
pub use initial::{
    AXES, AXIS_SCALES, BALANCED, GAUSSIAN_WEIGHTS, INITIAL_LAWS, InitialBlocks, InitialLaw,
    UNIFORM_FAN_IN,
};
pub use known::known_numbers;
pub use labelled::Labelled;
pub use laws::{
    CLUSTER_RADIUS, CLUSTER_SPREAD, CLUSTER_SYMMETRY, COSINE, CROSSING_LINES, CrossingLines, DIM,
    DataLaw, DataLawKind, EQUAL_SCORES, EQUAL_TARGETS, EQUIANGULAR, Equiangular, FLIP_RATE,
    FLIP_SHARE, FLIPS, Flips, GAUSSIAN, Gaussian, HYPERCUBE, Hypercube, LANGUAGE, LAWS, LENGTH,
    LINE_ANGLE, MEAN_EXPONENT, MIXTURE, Mixture, NOISE, NOISE_ON_SIGNALS, NOISY_CLUSTERS, NORM,
    NORM_SPREAD, NoisyClusters, ORTHOGONAL, ORTHOGONAL_SAMPLES, Orthogonal, PARTS, PATCHES,
    Patches, QUADRATIC_TEACHER, QuadraticTeacher, SAMPLES, SENTENCES, SIGNAL, SIGNAL_AND_NOISE,
    SIGNAL_SHARE, SIGNALS, Sentences, SignalAndNoise, TEACHER_WIDTH, TOKENS, TWO_SUCCESSORS,
    TWO_TARGETS, Tokens, VOCABULARY,
};
pub use multiples::{Multiple, multiples};
pub use preparation::Preparation;
pub use reals::RealDataset;
pub use sentence_facts::SentenceFacts;
pub use size::MAX_ENTRIES;
pub use split::Split;
pub use threads::{asked_threads, threads, use_threads};
pub use training_set::TrainingSet;

/// The examples of the README, which are compiled and run with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

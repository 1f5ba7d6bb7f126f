//! What a run was: versions, machine, data, and how it ended.

use std::path::Path;

use implicit_bias_data::{ClassDataset, Preparation};
use implicit_bias_output::{format_step, sha256};
use serde::{Deserialize, Serialize};

use super::prepare::Prepared;
use crate::LabError;
use crate::config::RunConfig;
use implicit_bias_engine::Precision;
use implicit_bias_record::StopReason;

/// The version of the run directory's layout; raised when a reader of the old one would misread it.
pub const FORMAT: u32 = 1;

/// The data set of a run, by content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataManifest {
    /// The file or the generator with its parameters.
    pub source: String,
    /// SHA-256 of sizes, samples and labels.
    pub sha256: String,
    /// One `+` or `-` a sample; empty where there are classes by name.
    pub labels: String,
    /// The classes, where they are chosen by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<ClassManifest>,
    /// Whether the targets are real numbers, and there are neither labels nor margins.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub real_targets: bool,
    /// Number of samples.
    pub n: usize,
    /// Dimension.
    pub d: usize,
    /// `R_min`, the smallest norm of a sample.
    pub r_min: f64,
    /// `R_max`, the largest norm of a sample.
    pub r_max: f64,
    /// `p`, the largest |inner product| of two samples.
    pub p: f64,
    /// `R_min² / (n p)`; `null` when `p = 0`.
    pub ratio: Option<f64>,
    /// What was done to the samples that were read or generated.
    #[serde(default)]
    pub preparation: Preparation,
    /// The same numbers before the preparation; `null` if there was none.
    #[serde(default)]
    pub raw: Option<RawGeometry>,
}

/// The classes of a run's samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassManifest {
    /// The label of each class in the data file, in the order of the classes.
    pub names: Vec<String>,
    /// The number of each sample's class, counted from 0, with spaces between them.
    pub class: String,
}

impl ClassManifest {
    fn of(data: &ClassDataset) -> Self {
        let numbers: Vec<String> = data.class().iter().map(usize::to_string).collect();
        Self {
            names: data.names().to_vec(),
            class: numbers.join(" "),
        }
    }

    /// The number of each sample's class; none if the text is not one of such numbers.
    pub fn class_numbers(&self) -> Vec<usize> {
        let numbers = self.class.split_whitespace().map(|number| {
            let number = number.parse().ok();
            number.filter(|&number| number < self.names.len())
        });
        numbers.collect::<Option<_>>().unwrap_or_default()
    }
}

/// How nearly orthogonal samples were before their preparation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RawGeometry {
    /// `R_min`.
    pub r_min: f64,
    /// `R_max`.
    pub r_max: f64,
    /// `p`.
    pub p: f64,
    /// `R_min² / (n p)`; `null` when `p = 0`.
    pub ratio: Option<f64>,
}

impl DataManifest {
    /// Describes the data of a run.
    pub fn new(config: &RunConfig, prepared: &Prepared) -> Self {
        let Prepared {
            data,
            geometry,
            raw_geometry,
            ..
        } = prepared;
        let finite = |ratio: f64| ratio.is_finite().then_some(ratio);
        Self {
            source: config.data.to_string(),
            sha256: data.sha256(),
            labels: data.signs().map_or(String::new(), |data| {
                let sign = |&y: &f64| if y > 0.0 { '+' } else { '-' };
                data.y().iter().map(sign).collect()
            }),
            classes: data.classes().map(ClassManifest::of),
            real_targets: data.reals().is_some(),
            n: data.samples(),
            d: data.dim(),
            r_min: geometry.r_min,
            r_max: geometry.r_max,
            p: geometry.p,
            ratio: finite(geometry.ratio),
            preparation: config.preparation,
            raw: raw_geometry.as_ref().map(|raw| RawGeometry {
                r_min: raw.r_min,
                r_max: raw.r_max,
                p: raw.p,
                ratio: finite(raw.ratio),
            }),
        }
    }

    /// The number of samples whose label, class or target is known.
    pub(crate) fn labelled(&self) -> usize {
        if self.real_targets {
            return self.n;
        }
        let classes = self.classes.as_ref();
        classes.map_or(self.labels.len(), |classes| classes.class_numbers().len())
    }

    /// The labels ±1 as numbers; none where there are classes by name.
    pub fn label_values(&self) -> Vec<f64> {
        self.labels
            .chars()
            .map(|sign| if sign == '+' { 1.0 } else { -1.0 })
            .collect()
    }
}

/// What is said of a run directory with the configuration of another run.
pub(crate) const CHANGED_CONFIG: &str = "expected the configuration the run was started with, found another one; put back what was \
     changed: `resume` has --steps for a longer run and --data for data that were moved, and `train \
     config.toml --out NEW` begins a run of the changed one";

/// A version of the program that went on with a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continuation {
    /// As [`Manifest::implicit_bias`].
    pub implicit_bias: String,
    /// As [`Manifest::commit`].
    pub commit: Option<String>,
    /// As [`Manifest::burn`].
    pub burn: String,
    /// The first step that it took is the one after this.
    pub from_step: String,
}

/// The content of `manifest.json`. Times live here and nowhere else in a run directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Layout of the directory.
    pub format: u32,
    /// Version of this program.
    pub implicit_bias: String,
    /// Commit it was built from, where that was known.
    pub commit: Option<String>,
    /// Version of Burn.
    pub burn: String,
    /// `tensor` or `gram`.
    pub engine: String,
    /// Why that engine.
    pub engine_reason: String,
    /// `hand-derived` or `autodiff`.
    pub gradient: String,
    /// Device by name; `host` for the Gram engine.
    pub device: String,
    /// Float type of the weights.
    pub precision: Precision,
    /// SHA-256 of `config.toml`, so that an edited one is not taken for the run's.
    pub config_sha256: String,
    /// Seed.
    pub seed: u64,
    /// Width `m`.
    pub width: usize,
    /// The data.
    pub data: DataManifest,
    /// SHA-256 of the configuration without the paths of its files, which may be moved; `None` where
    /// it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_sha256_without_paths: Option<String>,
    /// Other versions of the program that took steps of the run, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub continued_by: Vec<Continuation>,
    /// Seconds since the Unix epoch when the run began.
    pub started: u64,
    /// Wall-clock seconds of the run so far.
    pub wall_seconds: f64,
    /// Whether the network has no degree of homogeneity, so that what is recorded as its margins
    /// is not normalized.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_homogeneous: bool,
    /// What the engine noted on the way.
    #[serde(default)]
    pub notes: Vec<String>,
    /// How it ended; `null` while it runs, or if it was cut off.
    pub stop: Option<StopReason>,
}

impl Manifest {
    /// Whether the run was started with a configuration that differs from this one in the paths of
    /// its files alone.
    pub(crate) fn is_of(&self, config: &RunConfig) -> bool {
        let known = self.config_sha256_without_paths.as_ref();
        known.is_some_and(|known| config.sha256_without_paths().as_ref() == Some(known))
    }

    /// Whether the run is one of this configuration, wherever its files were.
    pub(crate) fn has_configuration(&self, config: &RunConfig) -> bool {
        self.config_sha256 == sha256(config.to_toml()) || self.is_of(config)
    }

    /// Notes that the run up to a step is that of another manifest.
    pub(super) fn begins_as(&mut self, shorter: &Self, step: f64) {
        self.implicit_bias.clone_from(&shorter.implicit_bias);
        self.commit.clone_from(&shorter.commit);
        self.burn.clone_from(&shorter.burn);
        self.continued_by.clone_from(&shorter.continued_by);
        self.wall_seconds = shorter.wall_seconds;
        self.goes_on(step);
    }

    /// Notes that this program goes on from a step, where another version began or went on last.
    pub(super) fn goes_on(&mut self, step: f64) {
        let own = Continuation {
            from_step: format_step(step),
            ..Continuation::by_this_program()
        };
        let (version, commit, burn) = match self.continued_by.last() {
            Some(last) => (&last.implicit_bias, &last.commit, &last.burn),
            None => (&self.implicit_bias, &self.commit, &self.burn),
        };
        if (version, commit, burn) != (&own.implicit_bias, &own.commit, &own.burn) {
            self.continued_by.push(own);
        }
    }
}

impl Continuation {
    /// The versions of this program, at no step.
    pub(super) fn by_this_program() -> Self {
        Self {
            implicit_bias: env!("CARGO_PKG_VERSION").to_owned(),
            commit: option_env!("IMPLICIT_BIAS_COMMIT").map(str::to_owned),
            burn: env!("IMPLICIT_BIAS_BURN").to_owned(),
            from_step: String::new(),
        }
    }
}

/// The manifest of a run directory.
///
/// # Errors
///
/// [`LabError::Read`] and [`LabError::Content`].
pub(crate) fn read_manifest(path: &Path) -> Result<Manifest, LabError> {
    let path = path.join("manifest.json");
    let text = std::fs::read_to_string(&path).map_err(|source| LabError::Read {
        path: path.clone(),
        source,
    })?;
    let content = |reason| LabError::Content {
        path: path.clone(),
        reason,
    };
    let manifest: Manifest =
        serde_json::from_str(&text).map_err(|error| content(error.to_string()))?;
    if manifest.format != FORMAT {
        let found = manifest.format;
        return Err(content(format!(
            "expected run format {FORMAT}, found {found}"
        )));
    }
    Ok(manifest)
}

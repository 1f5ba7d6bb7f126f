//! All components and all keys of a run.

use std::sync::OnceLock;

use implicit_bias_engine::optimizers::{OPTIMIZERS, OptimizerKind};
use implicit_bias_engine::{NETWORKS, NetworkKind};
use implicit_bias_settings::{Invalid, Key, Name, Settings};

use super::keys::{data, descent, network, output, preparation};
use crate::LabError;

/// Keys under one heading of `--help`.
pub(super) struct Group {
    pub heading: &'static str,
    pub keys: Vec<&'static Key>,
}

/// The components that can be chosen by name.
///
/// A process has one catalogue: the standard one, unless another was installed before the first
/// settings were read.
#[derive(Clone)]
pub struct Catalogue {
    networks: Vec<&'static dyn NetworkKind>,
    optimizers: Vec<&'static OptimizerKind>,
}

static INSTALLED: OnceLock<Catalogue> = OnceLock::new();
static GROUPS: OnceLock<Vec<Group>> = OnceLock::new();

impl Catalogue {
    /// The components of the laboratory.
    pub fn standard() -> Self {
        Self {
            networks: NETWORKS.to_vec(),
            optimizers: OPTIMIZERS.iter().collect(),
        }
    }

    /// This catalogue with one more network.
    #[must_use]
    pub fn with_network(mut self, network: &'static dyn NetworkKind) -> Self {
        self.networks.push(network);
        self
    }

    /// This catalogue with one more optimizer.
    #[must_use]
    pub fn with_optimizer(mut self, optimizer: &'static OptimizerKind) -> Self {
        self.optimizers.push(optimizer);
        self
    }

    /// Makes this the catalogue of the process.
    ///
    /// # Errors
    ///
    /// [`LabError::Config`] for two components of one kind and one name, for two keys of one name
    /// that are not the same, and where settings were read before.
    pub fn install(self) -> Result<(), LabError> {
        let networks = self.networks.iter().map(|kind| kind.name());
        let optimizers = self.optimizers.iter().map(|kind| kind.name);
        for names in [networks.collect::<Vec<_>>(), optimizers.collect()] {
            let twice = |name: &&&str| names.iter().filter(|other| other == name).count() > 1;
            if let Some(name) = names.iter().find(twice) {
                return Err(refuse(name, "one component of the name", "two"));
            }
        }
        let all: Vec<&Key> = groups_of(&self).into_iter().flat_map(|g| g.keys).collect();
        let own = self.networks.iter().map(|kind| kind.keys());
        let own = own.chain(self.optimizers.iter().map(|kind| kind.keys));
        for key in own.flatten() {
            let same = |known: &&&Key| known.name == key.name && !known.is_same(key);
            if all.iter().find(same).is_some() {
                return Err(refuse(key.name, "one key of the name", "two that differ"));
            }
        }
        if INSTALLED.set(self).is_err() {
            return Err(refuse("catalogue", "one a process", "a second one"));
        }
        Ok(())
    }
}

fn refuse(key: &str, expected: &str, found: &str) -> LabError {
    LabError::Config {
        key: key.to_owned(),
        expected: expected.to_owned(),
        found: found.to_owned(),
    }
}

fn catalogue() -> &'static Catalogue {
    INSTALLED.get_or_init(Catalogue::standard)
}

/// The networks that can be chosen.
pub(crate) fn networks() -> impl Iterator<Item = &'static dyn NetworkKind> {
    catalogue().networks.iter().copied()
}

/// The optimizers that can be chosen.
pub(crate) fn optimizers() -> impl Iterator<Item = &'static OptimizerKind> {
    catalogue().optimizers.iter().copied()
}

/// The groups of keys, in the order of `--help` and of a configuration.
pub(super) fn groups() -> &'static [Group] {
    GROUPS.get_or_init(|| groups_of(catalogue()))
}

fn groups_of(catalogue: &Catalogue) -> Vec<Group> {
    let mut known: Vec<&str> = Vec::new();
    let mut group = |heading, lists: Vec<&'static [Key]>| {
        let mut keys: Vec<&'static Key> = Vec::new();
        // Components may share a key, with one another and with the data.
        for key in lists.into_iter().flatten() {
            if !known.contains(&key.name) {
                known.push(key.name);
                keys.push(key);
            }
        }
        Group { heading, keys }
    };
    let of_networks = catalogue.networks.iter().map(|network| network.keys());
    let of_optimizers = catalogue.optimizers.iter().map(|optimizer| optimizer.keys);
    let network = [network::KEYS].into_iter().chain(of_networks);
    let descent = [descent::OF_STEPS].into_iter().chain(of_optimizers);
    vec![
        group(data::HEADING, vec![data::KEYS]),
        group(preparation::HEADING, vec![preparation::KEYS]),
        group(network::HEADING, network.collect()),
        group(
            descent::HEADING,
            descent.chain([descent::OF_ENGINES]).collect(),
        ),
        group(output::HEADING, vec![output::KEYS]),
    ]
}

/// The components that a key of components chooses from, each with a line about it.
pub(super) fn components(key: &Key) -> Vec<Name> {
    if key.name == network::NETWORK.name {
        let name = |kind: &dyn NetworkKind| Name {
            name: kind.name(),
            about: kind.about(),
        };
        networks().map(name).collect()
    } else {
        let name = |kind: &OptimizerKind| Name {
            name: kind.name,
            about: kind.about,
        };
        optimizers().map(name).collect()
    }
}

/// The keys of one of the components that `chooser` chooses from, with those of the step size where
/// it has one; none of a name that there is not.
pub(super) fn keys_of(chooser: &Key, name: &str) -> Vec<&'static Key> {
    if chooser.name == network::NETWORK.name {
        let kind = networks().find(|kind| kind.name() == name);
        return kind.map_or(Vec::new(), |kind| kind.keys().iter().collect());
    }
    let Some(kind) = optimizers().find(|kind| kind.name == name) else {
        return Vec::new();
    };
    let of_step_size = descent::OF_STEP_SIZE.iter();
    let of_step_size = of_step_size.filter(|_| kind.has_step_size);
    kind.keys.iter().chain(of_step_size).collect()
}

/// All keys, in the order of a configuration.
pub(super) fn keys() -> impl Iterator<Item = &'static Key> {
    groups().iter().flat_map(|group| group.keys.iter().copied())
}

/// Whether a key matters to a run whose network and optimizer are the default ones: those alone are
/// in the short help.
pub(super) fn is_ordinary(key: &Key) -> bool {
    let is = |other: &Key| other.name == key.name;
    let mut default = networks().take(1).flat_map(NetworkKind::keys);
    let mut of_networks = networks().skip(1).flat_map(NetworkKind::keys);
    let mut of_optimizers = optimizers().flat_map(|optimizer| optimizer.keys);
    let others = of_networks.any(is) || of_optimizers.any(is);
    default.any(is) || !(others || descent::ADVANCED.iter().any(is))
}

/// The key of a name, or of another spelling of it.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    keys().find(|key| key.name == name || key.alias == Some(name))
}

/// Settings whose keys are all known, each with a value of its kind.
pub(super) fn read(settings: &Settings) -> Result<Settings, Invalid> {
    let mut known = Settings::default();
    for (name, value) in settings.iter() {
        let key = find(name)
            .ok_or_else(|| Invalid::new(name, "a key of a run", format!("`{name}`, unknown")))?;
        known.set(key.name, key.read(value.clone())?);
    }
    Ok(known)
}

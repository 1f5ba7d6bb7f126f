//! All components and all keys of a run.

use implicit_bias_engine::optimizers::{OPTIMIZERS, OptimizerKind};
use implicit_bias_engine::{NETWORKS, NetworkKind};
use implicit_bias_settings::{Invalid, Key, Name, Settings};

use super::keys::{data, descent, network, output, preparation};

/// Keys under one heading of `--help`.
pub(super) struct Group {
    pub heading: &'static str,
    pub keys: Vec<&'static Key>,
}

/// The networks that can be chosen.
pub(crate) fn networks() -> impl Iterator<Item = &'static dyn NetworkKind> {
    NETWORKS.iter().copied()
}

/// The optimizers that can be chosen.
pub(crate) fn optimizers() -> impl Iterator<Item = &'static OptimizerKind> {
    OPTIMIZERS.iter()
}

/// The groups of keys, in the order of `--help` and of a configuration.
pub(super) fn groups() -> Vec<Group> {
    let group = |heading, lists: Vec<&'static [Key]>| {
        let mut keys: Vec<&'static Key> = Vec::new();
        // Components may share a key.
        for key in lists.into_iter().flatten() {
            if keys.iter().all(|known| known.name != key.name) {
                keys.push(key);
            }
        }
        Group { heading, keys }
    };
    let of_networks = networks().map(NetworkKind::keys);
    let of_optimizers = optimizers().map(|optimizer| optimizer.keys);
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

/// All keys, in the order of a configuration.
pub(super) fn keys() -> impl Iterator<Item = &'static Key> {
    groups().into_iter().flat_map(|group| group.keys)
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

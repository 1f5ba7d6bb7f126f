//! All keys of a run, by heading.

use implicit_bias_settings::{Invalid, Key, Settings};

use super::keys::{data, descent, network, output, preparation};

/// Keys under one heading of `--help`.
pub(super) struct Group {
    pub heading: &'static str,
    pub keys: &'static [Key],
}

/// The groups of keys, in the order of `--help` and of a configuration.
pub(super) fn groups() -> [Group; 5] {
    let group = |heading, keys| Group { heading, keys };
    [
        group(data::HEADING, data::KEYS),
        group(preparation::HEADING, preparation::KEYS),
        group(network::HEADING, network::KEYS),
        group(descent::HEADING, descent::KEYS),
        group(output::HEADING, output::KEYS),
    ]
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

//! Flags over a file.

use implicit_bias_data::{DIM, LAWS, NOISE, SAMPLES};
use implicit_bias_model::ACTIVATION;
use implicit_bias_settings::{Key, Settings};

use super::catalogue;
use super::keys::descent::{LOSS, OPTIMIZER};
use super::keys::network::{INIT_LAW, NETWORK};
use super::keys::{data, output, preparation};

/// The settings of `flags` where given, and those of `file` where not.
///
/// Of two settings that exclude each other (a data file and generated data, an init file and an
/// initial scale), the one of the flags drops the other one of the file, with all its keys.
pub fn overlay(flags: Settings, mut file: Settings) -> Settings {
    let other_kind = match (flags.text("synthetic"), file.text("synthetic")) {
        (Some(asked), kind) => asked != kind.unwrap_or(LAWS[0].name),
        (None, _) => false,
    };
    let has = |key: &str| flags.has(key);
    let to_file = has("data") && !file.has("data");
    let from_file = has("synthetic") && file.has("data");
    if to_file || from_file || other_kind {
        file.remove(&[data::SYNTHETIC.name]);
        remove_keys_of_laws(&mut file, |key| ![SAMPLES.name, DIM.name].contains(&key));
    }
    if has("data") {
        remove_keys_of_laws(&mut file, |key| key != NOISE.name);
    }
    if has("data") || has("synthetic") {
        data::OF_ONE_FILE
            .iter()
            .for_each(|key| file.remove(&[key.name]));
        file.remove(&["data-dir", "split"]);
    }
    if has("synthetic") {
        file.remove(&["data", "labels", "per-class"]);
    }
    if has("synthetic") || has("labels") || has("classes") {
        file.remove(&["positive", "negative"]);
    }
    if has("positive") || has("negative") || has("classes") {
        file.remove(&["labels"]);
    }
    if ["synthetic", "labels", "positive", "negative"]
        .into_iter()
        .any(has)
    {
        file.remove(&["classes"]);
    }
    if has("init") {
        file.remove(&["init-scale", "width", INIT_LAW.name]);
        for key in catalogue::initial_laws().flat_map(|law| law.keys) {
            file.remove(&[key.name]);
        }
    }
    if has("init-scale") || has(INIT_LAW.name) {
        file.remove(&["init"]);
    }
    for chooser in [NETWORK, ACTIVATION, LOSS, OPTIMIZER, INIT_LAW] {
        drop_keys_of_another(&chooser, &flags, &mut file);
    }
    if flags.number("step-decay") == Some(0.0) {
        file.remove(&["step-offset"]);
    }
    flags.or(file)
}

/// Takes those keys of the data laws away that `which` picks.
fn remove_keys_of_laws(file: &mut Settings, which: impl Fn(&str) -> bool) {
    for key in catalogue::data_laws().flat_map(|law| law.keys) {
        if which(key.name) {
            file.remove(&[key.name]);
        }
    }
}

/// Takes the keys of the file's component away that the one which the flags choose does not have.
fn drop_keys_of_another(chooser: &Key, flags: &Settings, file: &mut Settings) {
    let Some(chosen) = flags.text(chooser.name) else {
        return;
    };
    let own = catalogue::keys_of(chooser, chosen);
    let all = catalogue::components(chooser);
    for key in all
        .iter()
        .flat_map(|name| catalogue::keys_of(chooser, name.name))
    {
        if own.iter().all(|known| known.name != key.name) {
            file.remove(&[key.name]);
        }
    }
}

/// The settings that say what the data are, and no others.
pub fn of_data(settings: &Settings) -> Settings {
    settings.only(|name| {
        let of_laws = catalogue::data_laws().flat_map(|law| law.keys);
        let keys = data::KEYS.iter().chain(of_laws);
        let keys = keys.chain(preparation::KEYS);
        keys.chain([&output::SEED]).any(|key| key.name == name)
    })
}

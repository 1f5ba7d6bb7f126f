//! What a key is, and what can be chosen by it, in words.

use implicit_bias_claims::{ClaimId, Theory};
use implicit_bias_limits::DirectionLimit;
use implicit_bias_settings::{AskedArray, Key, Kind, Name};

use super::catalogue;
use super::keys::network::NETWORK;
use super::keys::output::PROBES;

/// A key as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedKey {
    /// Its name, spelled as its flag is.
    pub name: &'static str,
    /// Other spellings of the name.
    pub aliases: &'static [&'static str],
    /// The heading that it has in `--help`.
    pub heading: &'static str,
    /// What its value is, in a word: `switch`, `count`, `number`, `steps`, `text`, `label`, `path`
    /// or `name`.
    pub kind: &'static str,
    /// What it means, with its default.
    pub help: String,
    /// The names that it may have as its value; none of most.
    pub names: Vec<&'static str>,
}

/// All keys of a run, in the order of `--help`.
pub fn listed_keys() -> Vec<ListedKey> {
    let groups = catalogue::groups().iter();
    let keys = groups.flat_map(|group| group.keys.iter().map(|key| (group.heading, *key)));
    let listed = keys.map(|(heading, key)| ListedKey {
        name: key.name,
        aliases: key.aliases,
        heading,
        kind: match key.kind {
            Kind::Switch | Kind::Flag => "switch",
            Kind::Count => "count",
            Kind::Number => "number",
            Kind::Steps => "steps",
            Kind::Text => "text",
            Kind::Label => "label",
            Kind::Path => "path",
            Kind::Name(_) | Kind::Component => "name",
        },
        help: key.help_with_default(),
        names: names_of(key).iter().map(|name| name.name).collect(),
    });
    listed.collect()
}

/// The names that a key may have as its value.
fn names_of(key: &Key) -> Vec<Name> {
    match key.kind {
        Kind::Component => catalogue::components(key),
        Kind::Name(names) => names.to_vec(),
        _ => Vec::new(),
    }
}

/// What a user should know of a key, or of one of the names that it may have: `topic` is the key,
/// then perhaps the name. The lists that no key chooses from are `claims` and `limits`. `None` for
/// anything else.
pub fn explain(topic: &[String]) -> Option<Result<String, String>> {
    let (first, rest) = topic.split_first()?;
    match (first.as_str(), rest) {
        ("claims", []) => return Some(Ok(catalogue::theories().map(about_theory).collect())),
        ("claims", [name]) => return Some(about_claims(name)),
        ("limits", []) => return Some(Ok(catalogue::limits().map(about_limit).collect())),
        _ => {}
    }
    let key = catalogue::find(&first.replace('_', "-"))?;
    let names = match key.name == PROBES.name {
        true => catalogue::components(key),
        false => names_of(key),
    };
    match rest {
        [] => Some(Ok(about_key(key, &names))),
        [name] => Some(match names.iter().find(|known| known.name == name) {
            Some(known) => Ok(about_name(key, known)),
            None if names.is_empty() => Err(format!(
                "help: expected --{} alone, whose values have no names, found `{name}` beside it",
                key.name
            )),
            None => {
                let names: Vec<&str> = names.iter().map(|name| name.name).collect();
                Err(format!(
                    "{}: expected one of {}, found `{name}`",
                    key.name,
                    names.join(", ")
                ))
            }
        }),
        _ => None,
    }
}

/// The claims of a theory by its name, or the one of this name.
fn about_claims(name: &str) -> Result<String, String> {
    let is_claim = |(claim, _): &(ClaimId, &str)| claim.as_str() == name;
    // A theory may have the name of another one's claim.
    let by_name = catalogue::theories().find(|theory| theory.name == name);
    by_name
        .or_else(|| catalogue::theories().find(|theory| theory.claims.iter().any(is_claim)))
        .map(about_theory)
        .ok_or_else(|| {
            let names: Vec<&str> = catalogue::theories().map(|theory| theory.name).collect();
            format!(
                "help: expected a claim, or one of {}, found `{name}`",
                names.join(", ")
            )
        })
}

fn about_theory(theory: &Theory) -> String {
    let claims = theory.claims.iter();
    let width = claims.map(|(claim, _)| claim.as_str().len()).max();
    let mut text = format!("{}: claims of {}\n", theory.name, theory.source);
    for (claim, words) in theory.claims {
        let width = width.unwrap_or(0);
        text += &format!("  {:<width$}  {words}\n", claim.as_str());
    }
    text
}

fn about_limit(limit: &DirectionLimit) -> String {
    format!("{}: {}\n", limit.name, limit.source)
}

fn about_key(key: &Key, names: &[Name]) -> String {
    let mut text = format!("--{}: {}\n", key.name, key.help_with_default());
    let width = names.iter().map(|name| name.name.len()).max().unwrap_or(0);
    for name in names {
        text += &format!("  {:<width$}  {}\n", name.name, name.about);
    }
    if key.kind == Kind::Component {
        text += &format!("More of one: implicit-bias help {} NAME\n", key.name);
    }
    text
}

fn about_name(key: &Key, name: &Name) -> String {
    let mut text = format!("--{} {}\n{}\n", key.name, name.name, name.about);
    if key.kind != Kind::Component {
        return text;
    }
    let keys = catalogue::keys_of(key, name.name);
    if keys.is_empty() {
        text += "It has no keys of its own.\n";
    } else {
        text += "Its keys:\n";
        let mut told: Vec<&str> = Vec::new();
        for key in keys {
            // A network may share a key with the activations that it takes.
            if told.contains(&key.name) {
                continue;
            }
            told.push(key.name);
            text += &format!("  --{:<16} {}\n", key.name, key.help_with_default());
        }
    }
    if let Some(blocks) = blocks_of(key, name) {
        text += &format!("Arrays of its weights: {blocks}\n");
    }
    if let Some(arrays) = asked_of(key, name) {
        text += &format!("Arrays that it reads beside the samples: {arrays}\n");
    }
    text
}

/// The arrays that each network reads beside samples and labels.
pub fn asked_arrays() -> Vec<(&'static str, &'static [AskedArray])> {
    let all = catalogue::networks();
    all.map(|kind| (kind.name(), kind.asks().arrays)).collect()
}

/// The arrays that a network reads beside samples and labels; `None` where there are none.
fn asked_of(key: &Key, name: &Name) -> Option<String> {
    if key.name != NETWORK.name {
        return None;
    }
    let mut all = asked_arrays().into_iter();
    let (_, arrays) = all.find(|(network, _)| *network == name.name)?;
    let words = arrays.iter().map(|array| {
        let optional = if array.required { "" } else { ", if there" };
        format!("{} {}{optional}", array.name, array.shape)
    });
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// The arrays of a network's weights at its defaults.
fn blocks_of(key: &Key, name: &Name) -> Option<String> {
    if key.name != NETWORK.name {
        return None;
    }
    let mut all = catalogue::networks();
    let kind = all.find(|kind| kind.name() == name.name)?;
    let blocks = kind
        .blocks(&implicit_bias_settings::Settings::default(), 2000)
        .ok()?;
    let words = blocks
        .into_iter()
        .map(|(name, [rows, columns])| format!("W_{name} [{rows}, {columns}]"));
    let words: Vec<String> = words.collect();
    Some(format!("{} (at the defaults, d = 2000)", words.join(", ")))
}

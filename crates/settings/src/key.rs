//! The declaration of a key.

use implicit_bias_record::Steps;

use crate::value::Value;

/// One of the names that a key may have as its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name as users type it.
    pub name: &'static str,
    /// What it means, in a line; may be empty.
    pub about: &'static str,
}

impl Name {
    /// A name and what it means.
    pub const fn new(name: &'static str, about: &'static str) -> Self {
        Self { name, about }
    }
}

/// What kind of value a key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no; a flag takes `=false` too.
    Switch,
    /// Yes or no; a flag without a value.
    Flag,
    /// A whole number, 0 or more.
    Count,
    /// A number.
    Number,
    /// A number of steps, which may be written `1e6`.
    Steps,
    /// Text.
    Text,
    /// A label: text, or a number that a TOML file need not quote.
    Label,
    /// A file or a folder, relative to the TOML file that names it.
    Path,
    /// One of these names.
    Name(&'static [Name]),
    /// The name of a component out of the list that has the key's name.
    Component,
}

/// The value that a key has where none is given.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Default {
    /// None, or one that its component computes.
    None,
    Switch(bool),
    Count(u64),
    Number(f64),
    Name(&'static str),
}

/// What numbers are accepted, in words and as a test.
type Range = (&'static str, fn(f64) -> bool);

/// A key that a component asks for: its name, help, kind of value, default and range.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name, spelled as its flag is: `step-size`. TOML files may spell it `step_size`.
    pub name: &'static str,
    /// Other spellings of the name.
    pub aliases: &'static [&'static str],
    /// What stands for the value in a flag's help: `ETA`.
    pub value_name: &'static str,
    /// What it means, in a sentence.
    pub help: &'static str,
    /// The kind of its value.
    pub kind: Kind,
    /// Keys that cannot be flags beside it.
    pub excludes: &'static [&'static str],
    default: Default,
    /// What is accepted, in words and as a test.
    pub(crate) range: Option<Range>,
}

impl Key {
    const fn new(
        name: &'static str,
        value_name: &'static str,
        help: &'static str,
        kind: Kind,
    ) -> Self {
        Self {
            name,
            aliases: &[],
            value_name,
            help,
            kind,
            excludes: &[],
            default: Default::None,
            range: None,
        }
    }

    /// A key whose value is yes or no, no where it is not given.
    pub const fn switch(name: &'static str, help: &'static str) -> Self {
        Self::new(name, "BOOL", help, Kind::Switch)
    }

    /// A key whose value is yes where its flag is there.
    pub const fn flag(name: &'static str, help: &'static str) -> Self {
        Self::new(name, "", help, Kind::Flag)
    }

    /// A key whose value is a whole number, 0 or more.
    pub const fn count(name: &'static str, value_name: &'static str, help: &'static str) -> Self {
        Self::new(name, value_name, help, Kind::Count)
    }

    /// A key whose value is a finite number.
    pub const fn number(name: &'static str, value_name: &'static str, help: &'static str) -> Self {
        Self::new(name, value_name, help, Kind::Number)
    }

    /// A key whose value is a number of steps.
    pub const fn steps(name: &'static str, value_name: &'static str, help: &'static str) -> Self {
        Self::new(name, value_name, help, Kind::Steps)
    }

    /// A key whose value is text.
    pub const fn text(name: &'static str, value_name: &'static str, help: &'static str) -> Self {
        Self::new(name, value_name, help, Kind::Text)
    }

    /// A key whose value is a label.
    pub const fn label(name: &'static str, value_name: &'static str, help: &'static str) -> Self {
        Self::new(name, value_name, help, Kind::Label)
    }

    /// A key whose value is a file or a folder.
    pub const fn path(name: &'static str, value_name: &'static str, help: &'static str) -> Self {
        Self::new(name, value_name, help, Kind::Path)
    }

    /// A key whose value is one of some names.
    pub const fn one_of(name: &'static str, names: &'static [Name], help: &'static str) -> Self {
        Self::new(name, "", help, Kind::Name(names))
    }

    /// A key whose value is the name of a component; the list of components has the key's name.
    pub const fn component(name: &'static str, help: &'static str) -> Self {
        Self::new(name, "", help, Kind::Component)
    }

    /// This key with other spellings.
    #[must_use]
    pub const fn also(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Whether some spelling of this key is one of another.
    pub fn shares_a_spelling(&self, other: &Self) -> bool {
        let mut own = [self.name].into_iter().chain(self.aliases.iter().copied());
        own.any(|name| name == other.name || other.aliases.contains(&name))
    }

    /// This key, which cannot be a flag beside others.
    #[must_use]
    pub const fn excluding(mut self, keys: &'static [&'static str]) -> Self {
        self.excludes = keys;
        self
    }

    /// This key, a switch that is on by default.
    #[must_use]
    pub const fn on_by_default(mut self) -> Self {
        self.default = Default::Switch(true);
        self
    }

    /// This key with a number as its default.
    #[must_use]
    pub const fn by_default(mut self, value: f64) -> Self {
        self.default = Default::Number(value);
        self
    }

    /// This key with a whole number as its default.
    #[must_use]
    pub const fn by_default_count(mut self, value: u64) -> Self {
        self.default = Default::Count(value);
        self
    }

    /// This key with a name as its default.
    #[must_use]
    pub const fn by_default_name(mut self, value: &'static str) -> Self {
        self.default = Default::Name(value);
        self
    }

    /// This key, whose numbers must pass a test; `expected` says which do: `a number in [0, 1)`.
    #[must_use]
    pub const fn within(mut self, expected: &'static str, accepts: fn(f64) -> bool) -> Self {
        self.range = Some((expected, accepts));
        self
    }

    /// This key, whose numbers must be positive.
    #[must_use]
    pub const fn positive(self) -> Self {
        self.within("a positive finite number", |value| value > 0.0)
    }

    /// This key, whose numbers must be 0 at least.
    #[must_use]
    pub const fn non_negative(self) -> Self {
        self.within("a finite number, at least 0", |value| value >= 0.0)
    }

    /// Whether this is a declaration of the same key: one name, kind of value and meaning.
    pub fn is_same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.kind == other.kind
            && self.help == other.help
            && self.default == other.default
    }

    /// The help with the default, as `--help` shows it.
    pub fn help_with_default(&self) -> String {
        match self.default {
            Default::None => self.help.to_owned(),
            Default::Switch(value) => format!("{} [default: {value}]", self.help),
            Default::Count(value) => format!("{} [default: {value}]", self.help),
            Default::Number(value) if value >= 1e5 || (value > 0.0 && value < 1e-3) => {
                format!("{} [default: {value:e}]", self.help)
            }
            Default::Number(value) => format!("{} [default: {value}]", self.help),
            Default::Name(value) => format!("{} [default: {value}]", self.help),
        }
    }

    /// The default, of a key whose value is a number and whose default is a constant.
    pub const fn default_number(&self) -> Option<f64> {
        match (self.kind, self.default) {
            (Kind::Number, Default::Number(value)) => Some(value),
            _ => None,
        }
    }

    /// The default, where it is a constant.
    pub fn default(&self) -> Option<Value> {
        match self.default {
            Default::None => None,
            Default::Switch(value) => Some(Value::Switch(value)),
            Default::Count(value) => Some(Value::Whole(i128::from(value))),
            Default::Number(value) if self.kind == Kind::Steps => {
                Steps::try_from(value).ok().map(Value::Steps)
            }
            Default::Number(value) => Some(Value::Number(value)),
            Default::Name(value) => Some(Value::Text(value.to_owned())),
        }
    }
}

/// The one of `names` that is nearest to `name` by single letters changed, where one is near.
pub fn nearest<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    let near = names.iter().map(|known| (distance(name, known), *known));
    let (distance, known) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + name.chars().count() / 4).then_some(known)
}

/// The least number of letters put in, taken out or replaced that makes one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let names = ["step-size", "steps", "width", "epsilon"];
        assert_eq!(nearest("step-sise", &names), Some("step-size"));
        assert_eq!(nearest("widht", &names), Some("width"));
        assert_eq!(nearest("stepsize", &names), Some("step-size"));
        assert_eq!(nearest("learning-rate", &names), None);
    }
}

//! Settings as flags of a command.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{BoolValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};
use implicit_bias_record::Steps;
use implicit_bias_settings::{Key, Kind, Name, Settings, Value};

use super::catalogue;
use super::keys::output::OF_FIGURES;

/// The settings of a run as flags: one a key, grouped by subject.
#[derive(Clone, Debug, Default)]
pub struct SettingsArgs(
    /// What was given.
    pub Settings,
);

impl Args for SettingsArgs {
    fn augment_args(command: Command) -> Command {
        catalogue::groups().iter().fold(command, |command, group| {
            let flags = group.keys.iter();
            command.args(flags.map(|key| {
                flag(key)
                    .help_heading(group.heading)
                    .hide_short_help(!catalogue::is_ordinary(key))
            }))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingsArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut settings = Settings::default();
        for key in catalogue::keys() {
            settings.set(key.name, given(key, matches));
        }
        Ok(Self(settings))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0 = Self::from_arg_matches(matches)?
            .0
            .or(std::mem::take(&mut self.0));
        Ok(())
    }
}

/// The keys of printed figures as flags of a command that is no run.
#[derive(Clone, Debug, Default)]
pub struct FigureArgs(
    /// What was given.
    pub Settings,
);

impl Args for FigureArgs {
    fn augment_args(command: Command) -> Command {
        command.args(OF_FIGURES.iter().map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for FigureArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut settings = Settings::default();
        for key in OF_FIGURES {
            settings.set(key.name, given(key, matches));
        }
        Ok(Self(settings))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The flag of a key.
fn flag(key: &Key) -> Arg {
    let arg = Arg::new(key.name)
        .long(key.name)
        .help(key.help_with_default())
        .visible_aliases(key.aliases.iter().copied())
        .conflicts_with_all(key.excludes);
    let arg = match key.value_name {
        "" if key.kind == Kind::Flag => arg,
        "" => arg.value_name(key.name.to_uppercase().replace('-', "_")),
        name => arg.value_name(name),
    };
    match key.kind {
        Kind::Flag => arg.action(ArgAction::SetTrue),
        Kind::Switch => arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .hide_possible_values(true)
            .value_parser(BoolValueParser::new()),
        Kind::Count => arg
            .allow_negative_numbers(true)
            .value_parser(value_parser!(u64)),
        Kind::Number => arg
            .allow_negative_numbers(true)
            .value_parser(value_parser!(f64)),
        Kind::Steps => arg
            .allow_negative_numbers(true)
            .value_parser(value_parser!(Steps)),
        Kind::Label => arg.allow_hyphen_values(true),
        Kind::Text => arg,
        Kind::Component => arg.value_parser(parser(&catalogue::components(key))),
        Kind::Path => arg.value_parser(value_parser!(PathBuf)),
        Kind::Name(names) => arg.value_parser(parser(names)),
    }
}

fn parser(names: &[Name]) -> impl TypedValueParser {
    let value = |name: &Name| PossibleValue::new(name.name).help(name.about);
    PossibleValuesParser::new(names.iter().map(value))
}

/// A command line in which a value after a switch is joined to it: `--centre false` reads as
/// `--centre=false`, while whatever else follows a switch is not its value.
pub fn join_switches(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    for argument in arguments {
        let is_value = argument == "true" || argument == "false";
        match joined.last_mut().filter(|last| is_value && is_switch(last)) {
            Some(last) => {
                last.push("=");
                last.push(argument);
            }
            None => joined.push(argument),
        }
    }
    joined
}

fn is_switch(argument: &OsString) -> bool {
    let name = argument.to_str().and_then(|text| text.strip_prefix("--"));
    let key = name.and_then(catalogue::find);
    key.is_some_and(|key| key.kind == Kind::Switch)
}

/// What was given of a key.
fn given(key: &Key, matches: &ArgMatches) -> Option<Value> {
    let name = key.name;
    match key.kind {
        Kind::Flag => matches.get_flag(name).then_some(Value::Switch(true)),
        Kind::Switch => matches.get_one(name).copied().map(Value::Switch),
        Kind::Count => {
            let count = matches.get_one::<u64>(name)?;
            Some(Value::Whole(i128::from(*count)))
        }
        Kind::Number => matches.get_one(name).copied().map(Value::Number),
        Kind::Steps => matches.get_one(name).copied().map(Value::Steps),
        Kind::Text | Kind::Label | Kind::Name(_) | Kind::Component => {
            matches.get_one(name).cloned().map(Value::Text)
        }
        Kind::Path => matches.get_one(name).cloned().map(Value::Path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_after_a_switch_is_its_own_and_nothing_else_is() {
        let given =
            "train --centre false --unit-norm d.toml true --bias-correction true --signal true";
        let joined = join_switches(given.split(' ').map(OsString::from));
        let expected =
            "train --centre=false --unit-norm d.toml true --bias-correction=true --signal true";
        assert_eq!(
            joined,
            expected.split(' ').map(OsString::from).collect::<Vec<_>>()
        );
    }
}

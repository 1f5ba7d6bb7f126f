//! Every setting of a run, whether its configuration writes it or not.

use implicit_bias_model::{ACTIVATION, WIDTH};
use implicit_bias_output::format_exact;
use implicit_bias_settings::{Key, Settings, Value};

use super::catalogue;
use super::keys::descent::OPTIMIZER;
use super::keys::network::NETWORK;
use super::run_config::RunConfig;
use super::source::{DataSource, InitSource};

impl RunConfig {
    /// All keys that matter to the run with their values, defaults filled in.
    pub(crate) fn every_setting(&self) -> Settings {
        let mut settings = self.to_settings();
        let (network, optimizer) = (&self.network, self.optimizer.optimizer_kind());
        for (key, name) in [(NETWORK, network.name), (OPTIMIZER, optimizer.name)] {
            if !settings.has(key.name) {
                settings.set(key.name, name);
            }
        }
        let of_law = match &self.data {
            DataSource::Law(law) => catalogue::data_laws().find(|kind| kind.name == law.name),
            DataSource::File { .. } => None,
        };
        let activation = settings.text(ACTIVATION.name).map(str::to_owned);
        let of_activation = activation.map(|name| catalogue::own_keys_of(&ACTIVATION, &name));
        let keys: Vec<&Key> = network.network_kind().keys().iter().collect();
        let keys = keys.into_iter().chain(optimizer.keys);
        let keys = keys.chain(of_law.into_iter().flat_map(|law| law.keys));
        for key in keys.chain(of_activation.into_iter().flatten()) {
            // A file of initial weights has its own width.
            let of_file = key.name == WIDTH.name && matches!(self.init, InitSource::File(_));
            if !settings.has(key.name) && !of_file {
                settings.set(key.name, key.default());
            }
        }
        settings
    }
}

/// The names of all keys, in the order of a configuration.
pub(crate) fn key_names() -> Vec<&'static str> {
    catalogue::keys().map(|key| key.name).collect()
}

/// A value as a field of a table: numbers in few digits, as `1e+30` where they are large.
pub(crate) fn field(value: &Value) -> String {
    match value {
        Value::Number(number) => number_field(*number),
        Value::Steps(steps) => number_field(steps.get()),
        other => other.to_string(),
    }
}

/// A number as a field of a table: the shortest text that reads back to it, with the sign of a large
/// exponent, which some readers need.
pub(crate) fn number_field(number: f64) -> String {
    let text = format_exact(number);
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_filled_in_for_the_components_of_the_run_alone() {
        let every = |settings: Settings| RunConfig::resolve(&settings).unwrap().every_setting();
        let default = every(Settings::default());
        for (key, value) in [
            ("network", "two-layer"),
            ("optimizer", "gd"),
            ("activation", "leaky-relu"),
            ("slope", "0.1"),
            ("width", "50"),
            ("steps", "100000"),
        ] {
            assert_eq!(field(default.get(key).unwrap()), value, "{key}");
        }
        let relu = every(Settings::default().with("activation", "relu"));
        assert!(!relu.has("slope"));
        let adam = every(
            Settings::default()
                .with("network", "linear")
                .with("optimizer", "adam"),
        );
        assert!(adam.has("beta1") && adam.has("epsilon") && !adam.has("activation"));
    }

    #[test]
    fn numbers_read_back_and_large_exponents_have_their_sign() {
        for (number, text) in [
            (1e30, "1e+30"),
            (2.5e-7, "2.5e-7"),
            (100_000.0, "100000"),
            (-1e16, "-1e+16"),
            (f64::NAN, ""),
            (0.1, "0.1"),
        ] {
            assert_eq!(number_field(number), text);
            assert!(text.is_empty() || text.parse::<f64>() == Ok(number));
        }
    }
}

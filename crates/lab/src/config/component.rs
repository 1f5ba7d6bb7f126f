//! A component that was chosen, with its settings.

use std::collections::BTreeMap;

use implicit_bias_data::{DataLaw, DataLawKind, InitialLaw};
use implicit_bias_engine::NetworkKind;
use implicit_bias_engine::optimizers::OptimizerKind;
use implicit_bias_model::{ACTIVATION, Loss, TargetKind, activation_kind};
use implicit_bias_settings::{Invalid, Key, Kind, Settings, Value};

use super::catalogue;
use super::keys::data::SYNTHETIC;
use super::keys::descent::{LOSS, OPTIMIZER};
use super::keys::network::{INIT_LAW, NETWORK};

/// A component out of a list, with what was given of its keys.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Its name.
    pub name: &'static str,
    /// What was given of its keys, but for what is the default anyway.
    pub settings: Settings,
}

impl Component {
    /// The component that settings choose by `chooser` out of `all`, each a name and its keys.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for a name that there is not, and for a key of another component.
    fn choose(
        chooser: &Key,
        all: &[(&'static str, Vec<&'static Key>)],
        settings: &Settings,
    ) -> Result<Self, Invalid> {
        let asked = chooser.text_in(settings)?.unwrap_or_default();
        let Some((name, keys)) = all.iter().find(|(name, _)| *name == asked) else {
            let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
            let expected = format!("one of {}", names.join(", "));
            return Err(Invalid::new(chooser.name, expected, format!("`{asked}`")));
        };
        let mut chosen = Settings::default();
        for key in keys {
            if let Some(value) = settings.get(key.name) {
                chosen.set(key.name, key.read(value.clone())?);
            }
        }
        for key in all.iter().flat_map(|(_, keys)| keys.iter()) {
            if settings.has(key.name) && keys.iter().all(|own| own.name != key.name) {
                let owners = all
                    .iter()
                    .filter(|(_, keys)| keys.iter().any(|other| other.name == key.name));
                let owners: Vec<&str> = owners.map(|(name, _)| *name).collect();
                let expected = format!("{} {}", chooser.name, owners.join(" or "));
                let found = format!("{} {name}, which has no such key", chooser.name);
                return Err(Invalid::new(key.name, expected, found));
            }
        }
        Ok(Self {
            name,
            settings: chosen,
        })
    }

    /// This component without settings that are the default anyway: what was given and what was
    /// not given then make one configuration.
    pub(super) fn without_defaults(mut self, keys: &[&Key]) -> Self {
        for key in keys {
            // A switch that was not given is off.
            let off = (key.kind == Kind::Switch).then_some(Value::Switch(false));
            if key.default().or(off).as_ref() == self.settings.get(key.name) {
                self.settings.remove(&[key.name]);
            }
        }
        self
    }

    /// The network that settings choose, with the activation that they choose, where it has one.
    pub(super) fn network(settings: &Settings) -> Result<Self, Invalid> {
        let all: Vec<_> = catalogue::networks()
            .map(|kind| (kind.name(), catalogue::keys_of_network(kind)))
            .collect();
        let network = Self::choose(&NETWORK, &all, settings)?;
        let mut keys = network.network_kind().keys().iter();
        if keys.any(|key| key.name == ACTIVATION.name) {
            let all: Vec<_> = catalogue::activations()
                .map(|kind| (kind.name, kind.keys.iter().collect()))
                .collect();
            Self::choose(&ACTIVATION, &all, &network.settings)?;
        }
        Ok(network)
    }

    /// The optimizer that settings choose.
    pub(super) fn optimizer(settings: &Settings) -> Result<Self, Invalid> {
        let all: Vec<_> = catalogue::optimizers()
            .map(|kind| (kind.name, kind.keys.iter().collect()))
            .collect();
        Self::choose(&OPTIMIZER, &all, settings)
    }

    /// The loss that settings choose, with the values of its keys.
    pub(super) fn loss(settings: &Settings) -> Result<Loss, Invalid> {
        let all: Vec<_> = catalogue::losses()
            .map(|loss| (loss.name(), loss.keys().iter().collect()))
            .collect();
        let chosen = Self::choose(&LOSS, &all, settings)?;
        let mut all = catalogue::losses();
        all.find(|loss| loss.name() == chosen.name)
            .expect("a component is one of the list it was chosen from")
            .with_settings(&chosen.settings)
    }

    /// The data law that settings choose, with all its settings filled in: configurations have
    /// them all.
    pub(super) fn data_law(settings: &Settings) -> Result<Self, Invalid> {
        let all: Vec<_> = catalogue::data_laws()
            .map(|kind| (kind.name, kind.keys.iter().collect()))
            .collect();
        let mut law = Self::choose(&SYNTHETIC, &all, settings)?;
        law.settings = law.data_law_kind().filled_in(&law.settings)?;
        Ok(law)
    }

    /// The law of initial weights that settings choose.
    pub(super) fn initial_law(settings: &Settings) -> Result<Self, Invalid> {
        let all: Vec<_> = catalogue::initial_laws()
            .map(|law| (law.name, law.keys.iter().collect()))
            .collect();
        Self::choose(&INIT_LAW, &all, settings)
    }

    /// What this component is, of a law of initial weights.
    pub(crate) fn initial_law_kind(&self) -> &'static InitialLaw {
        let mut all = catalogue::initial_laws();
        all.find(|law| law.name == self.name)
            .expect("a component is one of the list it was chosen from")
    }

    /// What this component is, of a data law.
    fn data_law_kind(&self) -> &'static DataLawKind {
        let mut all = catalogue::data_laws();
        all.find(|kind| kind.name == self.name)
            .expect("a component is one of the list it was chosen from")
    }

    /// The data law that this component is.
    ///
    /// # Panics
    ///
    /// If it is none, or its settings were not resolved.
    pub(crate) fn law(&self) -> Box<dyn DataLaw> {
        let law = self.data_law_kind().law(&self.settings);
        law.expect("settings of a law are checked when they are resolved")
    }

    /// What this component is, of a network.
    pub(crate) fn network_kind(&self) -> &'static dyn NetworkKind {
        let mut all = catalogue::networks();
        all.find(|kind| kind.name() == self.name)
            .expect("a component is one of the list it was chosen from")
    }

    /// Whether this is a network with a score a class.
    pub(super) fn has_classes(&self) -> bool {
        let targets = self.network_kind().targets(&self.settings);
        matches!(targets, TargetKind::Classes(_) | TargetKind::Numbers)
    }

    /// The numbers among the settings of a network and of its activation, defaults included.
    pub(crate) fn network_numbers(&self) -> BTreeMap<String, f64> {
        let own = self.network_kind().keys();
        let has_activation = own.iter().any(|key| key.name == ACTIVATION.name);
        let activation = activation_kind(&self.settings).ok();
        let activation = activation.filter(|_| has_activation);
        let of_activation = activation.map_or(&[] as &[Key], |kind| kind.keys);
        self.numbers(own.iter().chain(of_activation))
    }

    /// The numbers among the settings of a data law, defaults included.
    pub(crate) fn law_numbers(&self) -> BTreeMap<String, f64> {
        self.numbers(self.data_law_kind().keys.iter())
    }

    /// The numbers among the settings of an optimizer, defaults included.
    pub(crate) fn optimizer_numbers(&self) -> BTreeMap<String, f64> {
        self.numbers(self.optimizer_kind().keys.iter())
    }

    fn numbers<'a>(&self, keys: impl Iterator<Item = &'a Key>) -> BTreeMap<String, f64> {
        let number = |key: &Key| match key.kind {
            Kind::Number => key.number_in(&self.settings).ok(),
            Kind::Count => key.count_in(&self.settings).ok().map(|count| count as f64),
            _ => None,
        };
        keys.filter_map(|key| Some((key.name.to_owned(), number(key)?)))
            .collect()
    }

    /// What this component is, of an optimizer.
    pub(crate) fn optimizer_kind(&self) -> &'static OptimizerKind {
        let mut all = catalogue::optimizers();
        all.find(|kind| kind.name == self.name)
            .expect("a component is one of the list it was chosen from")
    }
}

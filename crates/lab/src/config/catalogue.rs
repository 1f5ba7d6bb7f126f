//! All components and all keys of a run.

use std::sync::OnceLock;

use implicit_bias_claims::{THEORIES, Theory};
use implicit_bias_data::{DataLawKind, INITIAL_LAWS, InitialLaw, LAWS};
use implicit_bias_engine::optimizers::{OPTIMIZERS, OptimizerKind};
use implicit_bias_engine::probes::{PROBES, Probe};
use implicit_bias_engine::step_sizes::{STEP_SCHEDULES, StepScheduleKind};
use implicit_bias_engine::{NETWORKS, NetworkKind};
use implicit_bias_limits::{DIRECTION_LIMITS, DirectionLimit};
use implicit_bias_model::{
    ACTIVATION, ACTIVATIONS, ActivationKind, LOSSES, Loss, MarginLoss, install_activations,
};
use implicit_bias_record::{COLUMNS, Column};
use implicit_bias_settings::{Invalid, Key, Name, Settings, Value};

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
    data_laws: Vec<&'static DataLawKind>,
    initial_laws: Vec<&'static InitialLaw>,
    activations: Vec<&'static ActivationKind>,
    networks: Vec<&'static dyn NetworkKind>,
    optimizers: Vec<&'static OptimizerKind>,
    losses: Vec<Loss>,
    step_schedules: Vec<&'static StepScheduleKind>,
    theories: Vec<&'static Theory>,
    limits: Vec<&'static DirectionLimit>,
    probes: Vec<&'static Probe>,
}

static INSTALLED: OnceLock<Catalogue> = OnceLock::new();
static GROUPS: OnceLock<Vec<Group>> = OnceLock::new();

impl Catalogue {
    /// The components of the laboratory.
    pub fn standard() -> Self {
        Self {
            data_laws: LAWS.iter().collect(),
            initial_laws: INITIAL_LAWS.iter().collect(),
            activations: ACTIVATIONS.iter().collect(),
            networks: NETWORKS.to_vec(),
            optimizers: OPTIMIZERS.iter().collect(),
            losses: LOSSES.to_vec(),
            step_schedules: STEP_SCHEDULES.iter().collect(),
            theories: THEORIES.iter().collect(),
            limits: DIRECTION_LIMITS.iter().collect(),
            probes: PROBES.iter().collect(),
        }
    }

    /// This catalogue with one more data law.
    #[must_use]
    pub fn with_data_law(mut self, law: &'static DataLawKind) -> Self {
        self.data_laws.push(law);
        self
    }

    /// This catalogue with one more law of initial weights.
    #[must_use]
    pub fn with_initial_law(mut self, law: &'static InitialLaw) -> Self {
        self.initial_laws.push(law);
        self
    }

    /// This catalogue with one more activation, for all networks with the key `activation`.
    #[must_use]
    pub fn with_activation(mut self, activation: &'static ActivationKind) -> Self {
        self.activations.push(activation);
        self
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

    /// This catalogue with one more loss.
    #[must_use]
    pub fn with_loss(mut self, loss: &'static MarginLoss) -> Self {
        self.losses.push(Loss::of(loss));
        self
    }

    /// This catalogue with one more schedule of the step size.
    #[must_use]
    pub fn with_step_schedule(mut self, schedule: &'static StepScheduleKind) -> Self {
        self.step_schedules.push(schedule);
        self
    }

    /// This catalogue with one more limit of directions; those of the laboratory come first.
    #[must_use]
    pub fn with_limit(mut self, limit: &'static DirectionLimit) -> Self {
        self.limits.push(limit);
        self
    }

    /// This catalogue with one more probe.
    #[must_use]
    pub fn with_probe(mut self, probe: &'static Probe) -> Self {
        self.probes.push(probe);
        self
    }

    /// This catalogue with one more theory.
    #[must_use]
    pub fn with_theory(mut self, theory: &'static Theory) -> Self {
        self.theories.push(theory);
        self
    }

    /// Makes this the catalogue of the process.
    ///
    /// # Errors
    ///
    /// [`LabError::Config`] for two components of one kind and one name, for two keys of one name
    /// that are not the same, for a loss that states an exponential tail and has none, and where
    /// settings were read before.
    pub fn install(self) -> Result<(), LabError> {
        let laws = self.data_laws.iter().map(|kind| kind.name);
        let initial_laws = self.initial_laws.iter().map(|law| law.name);
        let activations = self.activations.iter().map(|kind| kind.name);
        let networks = self.networks.iter().map(|kind| kind.name());
        let optimizers = self.optimizers.iter().map(|kind| kind.name);
        let losses = self.losses.iter().map(|loss| loss.name());
        let step_schedules = self.step_schedules.iter().map(|kind| kind.name);
        let limits = self.limits.iter().map(|limit| limit.name).collect();
        let probes = self.probes.iter().map(|probe| probe.name).collect();
        let theories = self.theories.iter();
        let claims = theories.clone().flat_map(|theory| theory.claims);
        let claims = claims.map(|(id, _)| id.as_str()).collect();
        let theories = theories.map(|theory| theory.name).collect();
        for names in [
            laws.collect::<Vec<_>>(),
            initial_laws.collect(),
            activations.collect(),
            networks.collect(),
            optimizers.collect(),
            losses.collect(),
            step_schedules.collect(),
            limits,
            probes,
            theories,
            claims,
        ] {
            let twice = |name: &&&str| names.iter().filter(|other| other == name).count() > 1;
            if let Some(name) = names.iter().find(twice) {
                let expected = "a name or an identifier that no other component has";
                return Err(refuse(name, expected, "a second one of the name"));
            }
        }
        let stated = self
            .losses
            .iter()
            .find(|loss| loss.is_exponentially_tailed() && !loss.falls_exponentially());
        if let Some(loss) = stated {
            let expected = "log_value and log_slope that fall like -q/T as far as q = 10^12, or \
                            is_exponentially_tailed = false";
            return Err(refuse(loss.name(), expected, "others"));
        }
        let own = self.data_laws.iter().map(|kind| kind.keys);
        let own = own.chain(self.initial_laws.iter().map(|law| law.keys));
        let own = own.chain(self.activations.iter().map(|kind| kind.keys));
        let own = own.chain(self.networks.iter().map(|kind| kind.keys()));
        let own = own.chain(self.losses.iter().map(|loss| loss.keys()));
        let own = own.chain(self.step_schedules.iter().map(|kind| kind.keys));
        let own = own.chain(self.optimizers.iter().map(|kind| kind.keys));
        let own: Vec<&Key> = own.flatten().collect();
        let all: Vec<&Key> = OF_EVERY_RUN
            .iter()
            .copied()
            .flatten()
            .chain(own.clone())
            .collect();
        for key in own {
            let other = |known: &&&Key| known.shares_a_spelling(key) && !known.is_same(key);
            if let Some(other) = all.iter().find(other) {
                let expected = "a name that no other key has, of the laboratory or of a component";
                let found = format!("a second key of the name beside `{}`", other.help);
                return Err(refuse(key.name, expected, &found));
            }
        }
        if !install_activations(self.activations.clone()) || INSTALLED.set(self).is_err() {
            return Err(refuse("catalogue", "one a process", "a second one"));
        }
        Ok(())
    }
}

/// The keys that are of no component.
const OF_EVERY_RUN: &[&[Key]] = &[
    data::KEYS,
    preparation::KEYS,
    network::KEYS,
    descent::OF_STEPS,
    descent::OF_ENGINES,
    output::KEYS,
];

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

/// The data laws that can be chosen.
pub(crate) fn data_laws() -> impl Iterator<Item = &'static DataLawKind> {
    catalogue().data_laws.iter().copied()
}

/// The laws of initial weights that can be chosen.
pub(crate) fn initial_laws() -> impl Iterator<Item = &'static InitialLaw> {
    catalogue().initial_laws.iter().copied()
}

/// The activations that can be chosen.
pub(crate) fn activations() -> impl Iterator<Item = &'static ActivationKind> {
    catalogue().activations.iter().copied()
}

/// The networks that can be chosen.
pub(crate) fn networks() -> impl Iterator<Item = &'static dyn NetworkKind> {
    catalogue().networks.iter().copied()
}

/// The optimizers that can be chosen.
pub(crate) fn optimizers() -> impl Iterator<Item = &'static OptimizerKind> {
    catalogue().optimizers.iter().copied()
}

/// The losses that can be chosen, their keys at the defaults.
pub(super) fn losses() -> impl Iterator<Item = Loss> {
    catalogue().losses.iter().copied()
}

/// The schedules of the step size.
pub(super) fn step_schedules() -> impl Iterator<Item = &'static StepScheduleKind> {
    catalogue().step_schedules.iter().copied()
}

/// The keys of the step size: its own, and those of its schedules.
pub(super) fn keys_of_step_size() -> impl Iterator<Item = &'static Key> {
    let of_schedules = step_schedules().flat_map(|kind| kind.keys);
    [&descent::STEP_SIZE].into_iter().chain(of_schedules)
}

/// The limits of directions.
pub(crate) fn limits() -> impl Iterator<Item = &'static DirectionLimit> {
    catalogue().limits.iter().copied()
}

/// The probes that can be asked for.
pub(crate) fn probes() -> impl Iterator<Item = &'static Probe> {
    catalogue().probes.iter().copied()
}

/// What a column of `series.csv` or `margins.csv` is: one of the laboratory, or of a probe.
pub fn column_of(name: &str) -> Option<&'static Column> {
    let of_probes = || probes().flat_map(|probe| probe.columns);
    implicit_bias_record::column_of(name)
        .or_else(|| of_probes().find(|column| column.is_about(name)))
}

/// All columns that a run may have, but for those of networks of other crates.
pub fn columns() -> impl Iterator<Item = &'static Column> {
    COLUMNS
        .iter()
        .chain(probes().flat_map(|probe| probe.columns))
}

/// The theories whose claims are judged.
pub(crate) fn theories() -> impl Iterator<Item = &'static Theory> {
    catalogue().theories.iter().copied()
}

/// The groups of keys, in the order of `--help` and of a configuration.
pub(super) fn groups() -> &'static [Group] {
    GROUPS.get_or_init(|| groups_of(catalogue()))
}

fn groups_of(catalogue: &Catalogue) -> Vec<Group> {
    let mut known: Vec<&str> = Vec::new();
    let mut group = |heading, lists: Vec<Vec<&'static Key>>| {
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
    let all = |keys: &'static [Key]| keys.iter().collect();
    let of_laws = catalogue.data_laws.iter().map(|law| all(law.keys));
    let of_initial_laws = catalogue.initial_laws.iter().map(|law| all(law.keys));
    let of_networks = catalogue.networks.iter();
    let of_networks = of_networks.map(|network| network_keys(catalogue, *network));
    let of_losses = catalogue.losses.iter().map(|loss| all(loss.keys()));
    let of_optimizers = catalogue.optimizers.iter();
    let of_optimizers = of_optimizers.map(|optimizer| all(optimizer.keys));
    let data = [all(data::KEYS)].into_iter().chain(of_laws);
    let network = [all(network::KEYS)].into_iter().chain(of_initial_laws);
    let network = network.chain(of_networks);
    let of_schedules = catalogue.step_schedules.iter().map(|kind| all(kind.keys));
    let descent = [all(descent::OF_STEPS)].into_iter().chain(of_schedules);
    let descent = descent.chain(of_losses);
    let descent = descent.chain(of_optimizers);
    vec![
        group(data::HEADING, data.collect()),
        group(preparation::HEADING, vec![all(preparation::KEYS)]),
        group(network::HEADING, network.collect()),
        group(
            descent::HEADING,
            descent.chain([all(descent::OF_ENGINES)]).collect(),
        ),
        group(output::HEADING, vec![all(output::KEYS)]),
    ]
}

/// The keys of a network; where `activation` is one of them, those of all activations follow it.
fn network_keys(catalogue: &Catalogue, network: &dyn NetworkKind) -> Vec<&'static Key> {
    let with_activations = |key: &'static Key| {
        let all = catalogue.activations.iter();
        let all = all.filter(|_| key.name == ACTIVATION.name);
        [key].into_iter().chain(all.flat_map(|kind| kind.keys))
    };
    network.keys().iter().flat_map(with_activations).collect()
}

/// The components that a key of components chooses from, each with a line about it.
pub(super) fn components(key: &Key) -> Vec<Name> {
    if key.name == output::PROBES.name {
        let name = |probe: &Probe| Name::new(probe.name, probe.columns[0].meaning);
        probes().map(name).collect()
    } else if key.name == data::SYNTHETIC.name {
        let name = |kind: &DataLawKind| Name::new(kind.name, kind.about);
        data_laws().map(name).collect()
    } else if key.name == network::INIT_LAW.name {
        let name = |law: &InitialLaw| Name::new(law.name, law.about);
        initial_laws().map(name).collect()
    } else if key.name == descent::LOSS.name {
        let name = |loss: Loss| Name::new(loss.name(), loss.about());
        losses().map(name).collect()
    } else if key.name == ACTIVATION.name {
        let name = |kind: &ActivationKind| Name::new(kind.name, kind.about);
        activations().map(name).collect()
    } else if key.name == network::NETWORK.name {
        let name = |kind: &dyn NetworkKind| Name::new(kind.name(), kind.about());
        networks().map(name).collect()
    } else {
        let name = |kind: &OptimizerKind| Name::new(kind.name, kind.about);
        optimizers().map(name).collect()
    }
}

/// The keys of one of the components that `chooser` chooses from; none of a name that there is not.
pub(super) fn own_keys_of(chooser: &Key, name: &str) -> Vec<&'static Key> {
    if chooser.name == network::NETWORK.name {
        let kind = networks().find(|kind| kind.name() == name);
        return kind.map_or(Vec::new(), keys_of_network);
    }
    let keys = if chooser.name == data::SYNTHETIC.name {
        data_laws()
            .find(|kind| kind.name == name)
            .map(|kind| kind.keys)
    } else if chooser.name == network::INIT_LAW.name {
        initial_laws()
            .find(|law| law.name == name)
            .map(|law| law.keys)
    } else if chooser.name == descent::LOSS.name {
        losses().find(|loss| loss.name() == name).map(Loss::keys)
    } else if chooser.name == ACTIVATION.name {
        activations()
            .find(|kind| kind.name == name)
            .map(|kind| kind.keys)
    } else {
        optimizers()
            .find(|kind| kind.name == name)
            .map(|kind| kind.keys)
    };
    keys.unwrap_or_default().iter().collect()
}

/// The keys of a network, with those of all activations where it has one.
pub(crate) fn keys_of_network(network: &dyn NetworkKind) -> Vec<&'static Key> {
    network_keys(catalogue(), network)
}

/// As [`own_keys_of`], with the keys of the step size where the component is an optimizer that has
/// one.
pub(super) fn keys_of(chooser: &Key, name: &str) -> Vec<&'static Key> {
    let mut kinds = optimizers().filter(|_| chooser.name == descent::OPTIMIZER.name);
    let has_step_size = kinds.any(|kind| kind.name == name && kind.has_step_size);
    let of_step_size = keys_of_step_size().filter(|_| has_step_size);
    own_keys_of(chooser, name)
        .into_iter()
        .chain(of_step_size)
        .collect()
}

/// All keys, in the order of a configuration.
pub(super) fn keys() -> impl Iterator<Item = &'static Key> {
    groups().iter().flat_map(|group| group.keys.iter().copied())
}

/// Whether a key matters to a run whose components are all the default ones, and to most data
/// files: those alone are in the short help.
pub(super) fn is_ordinary(key: &Key) -> bool {
    let is = |other: &'static Key| other.name == key.name;
    if data::SELDOM.iter().any(is) {
        return false;
    }
    let default_of = |chooser: &Key| match chooser.default() {
        Some(Value::Text(name)) => own_keys_of(chooser, &name),
        _ => Vec::new(),
    };
    let network = networks().take(1).flat_map(NetworkKind::keys);
    let mut default = network.chain(default_of(&data::SYNTHETIC));
    let of_networks = networks().flat_map(keys_of_network);
    let of_optimizers = optimizers().flat_map(|optimizer| optimizer.keys);
    let of_laws = data_laws().flat_map(|law| law.keys);
    let of_laws = of_laws.chain(initial_laws().flat_map(|law| law.keys));
    let of_losses = losses().flat_map(Loss::keys);
    let of_losses = of_losses.chain(step_schedules().flat_map(|kind| kind.keys));
    let mut others = of_networks
        .chain(of_optimizers)
        .chain(of_laws)
        .chain(of_losses);
    default.any(is)
        || default_of(&ACTIVATION).into_iter().any(is)
        || !(others.any(is) || descent::ADVANCED.iter().any(is) || network::ADVANCED.iter().any(is))
}

/// The key of a name, or of another spelling of it.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    keys().find(|key| key.name == name || key.aliases.contains(&name))
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

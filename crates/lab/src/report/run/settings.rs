//! What a run was, in a report: its settings, its versions and hashes.

use implicit_bias_data::ClassSizes;
use implicit_bias_model::Loss;
use implicit_bias_output::format_number;
use implicit_bias_settings::Key;

use crate::conclusion::RunRecord;
use crate::config::{Component, InitSource};
use crate::report::contents::Setting;
use crate::run::DataManifest;

/// The settings of a run, one line each.
pub(crate) fn settings_of(record: &RunRecord) -> Vec<Setting> {
    let (config, manifest) = (&record.config, &record.manifest);
    let data = &manifest.data;
    let init = match &config.init {
        InitSource::File(path) => path.display().to_string(),
        InitSource::Drawn { law, scale } => (law.initial_law_kind().describe)(*scale),
    };
    let loss = match config.loss {
        Loss::Logistic if data.classes.is_some() => "cross-entropy, log(1 + e^−q)".to_owned(),
        Loss::Logistic => "logistic, log(1 + e^−q)".to_owned(),
        Loss::Exponential => "exponential, e^−q".to_owned(),
        Loss::Other(..) => format!("{}, {}", config.loss.name(), config.loss.describe()),
    };
    let margin = match data.classes {
        Some(_) => " for q = s_c − log Σ e^s_j over the other classes j",
        None => "",
    };
    let sum = if config.sum {
        ", summed over the samples"
    } else {
        ""
    };
    let network = match config.descent_of_kou() {
        Some(_) => "activation",
        None => "network and optimizer",
    };
    let ratio = data.ratio.map_or("∞".to_owned(), format_number);
    let mut settings = vec![
        Setting::new("data", &data.source),
        Setting::new("samples n, dimension d", format!("{}, {}", data.n, data.d))
            .with_note(classes(data)),
        Setting::new("R_min, R_max", {
            format!(
                "{}, {}",
                format_number(data.r_min),
                format_number(data.r_max)
            )
        })
        .with_note("smallest and largest ‖x_i‖"),
        Setting::new("p", format_number(data.p)).with_note("largest |⟨x_i, x_k⟩|, i ≠ k"),
        Setting::new("near-orthogonality ratio", ratio).with_note(match config.descent_of_kou() {
            Some(_) => {
                "R_min² / (n p); the theorems want it large, and the larger the smaller γ is"
            }
            None => "R_min² / (n p)",
        }),
        Setting::new(network, record.network_words()),
        Setting::new("width m", manifest.width.to_string()).with_note(
            match config.activation_function() {
                Some(_) => "neurons in each block",
                None => "rows of the first block",
            },
        ),
        Setting::new("initial weights", init),
        Setting::new("loss", format!("{loss}{margin}{sum}")),
        Setting::new("step size η", step_size(record)).with_note(batches(record)),
        Setting::new("horizon T", config.steps.to_string()).with_note("steps"),
        Setting::new("seed", config.seed.to_string()),
    ];
    settings.extend(of_components(record));
    settings
}

/// How many samples of each class there are.
fn classes(data: &DataManifest) -> String {
    if data.real_targets {
        return "real targets".to_owned();
    }
    let Some(classes) = &data.classes else {
        let positive = data.labels.chars().filter(|&sign| sign == '+').count();
        return format!("{positive} positive, {} negative", data.n - positive);
    };
    let mut sizes = vec![0; classes.names.len()];
    for class in classes.class_numbers() {
        sizes[class] += 1;
    }
    let sizes = ClassSizes::Classes { class_sizes: sizes };
    format!("classes: {sizes}")
}

/// What the network and the optimizer were given or have by default, where the rows above do not
/// say it.
fn of_components(record: &RunRecord) -> Vec<Setting> {
    let config = &record.config;
    if config.descent_of_kou().is_some() {
        return Vec::new();
    }
    let of = |component: &Component, keys: &'static [Key]| -> Vec<Setting> {
        let known = |key: &&Key| !SHOWN.contains(&key.name);
        let row = |key: &Key| {
            let given = component.settings.get(key.name).cloned();
            let value = given.or_else(|| key.default())?;
            let note = key.help.split(" (").next().unwrap_or(key.help);
            Some(Setting::new(key.name, value.to_string()).with_note(note))
        };
        keys.iter().filter(known).filter_map(row).collect()
    };
    let network = of(&config.network, config.network.network_kind().keys());
    let optimizer = of(&config.optimizer, config.optimizer.optimizer_kind().keys);
    network.into_iter().chain(optimizer).collect()
}

/// Keys that other rows show.
const SHOWN: [&str; 7] = [
    "classes",
    "width",
    "activation",
    "slope",
    "batch-size",
    "batch-order",
    "depth",
];

/// The step size in words.
fn step_size(record: &RunRecord) -> String {
    let config = &record.config;
    if !config.optimizer.optimizer_kind().has_step_size {
        return format!("that of {}", config.optimizer.name);
    }
    config.step_size.to_string()
}

/// What a step sees of the data.
fn batches(record: &RunRecord) -> String {
    let config = &record.config;
    let batches = config.optimizer_run().and_then(|run| run.batches);
    let seen = batches.map_or("full batch".to_owned(), |batches| {
        let order = match batches.seed {
            Some(_) => "shuffled",
            None => "cyclic",
        };
        format!("batches of {}, {order}", batches.size)
    });
    if config.has_constant_step_size() {
        format!("constant, {seen}")
    } else {
        seen
    }
}

/// Versions and hashes of a run; no times, so that equal runs make equal reports.
pub(crate) fn provenance_of(record: &RunRecord) -> Vec<(String, String)> {
    let manifest = &record.manifest;
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![
        pair("implicit-bias", &manifest.implicit_bias),
        pair("commit", manifest.commit.as_deref().unwrap_or("unknown")),
        pair("Burn", &manifest.burn),
        pair(
            "engine",
            &format!("{} ({})", manifest.engine, manifest.engine_reason),
        ),
        pair(
            "device",
            &format!("{}, {}", manifest.device, manifest.precision),
        ),
        pair("data SHA-256", &manifest.data.sha256),
    ]
}

//! How nearly orthogonal a data set is.

use implicit_bias_data::{Contents, Contradictions, Features, Geometry, TrainingSet};
use implicit_bias_lab::config::keys::data::CLASSES;
use implicit_bias_lab::config::keys::network::NETWORK;
use implicit_bias_lab::config::keys::output::THREADS;
use implicit_bias_lab::config::{DataSource, RunConfig, Settings, of_data};
use implicit_bias_lab::{LabError, Progress, conditions};
use implicit_bias_model::MultiClassArchitecture;
use implicit_bias_output::format_number;
use serde_json::{Value, json};

use crate::threads::compute_alone_on;

/// A data set that was looked at, before and after its preparation: what `check` says.
#[derive(Clone, Debug)]
pub struct Checked {
    config: RunConfig,
    before: Option<Geometry>,
    after: Geometry,
    contents: Option<Contents>,
    contradictions: Contradictions,
}

impl Checked {
    /// Looks at the data of some settings, which have to be of data alone.
    ///
    /// # Errors
    ///
    /// [`LabError::Config`] for other settings, and those of the reader or the law.
    pub fn of(settings: &Settings, progress: &Progress) -> Result<Self, LabError> {
        refuse_others(settings)?;
        compute_alone_on(settings.count(THREADS.name))?;
        let config = RunConfig::resolve(&of_classes(settings.clone()))?;
        let raw = config.load_raw()?;
        let contents = match &config.data {
            DataSource::File { file, .. } => Some(file.contents()?),
            DataSource::Law(_) => None,
        };
        let measure = |data: &TrainingSet| {
            let geometry = Geometry::watched(data, &mut |fraction| progress.set(fraction));
            progress.set_message("check: rank");
            geometry.with_rank(data)
        };
        let before = (!config.preparation.is_none()).then(|| measure(&raw));
        let data = config.prepare(raw)?;
        let after = measure(&data);
        progress.set_message("check: equal samples");
        let contradictions = Contradictions::of(&data);
        Ok(Self {
            config,
            before,
            after,
            contents,
            contradictions,
        })
    }

    /// The contract's JSON object.
    ///
    /// # Errors
    ///
    /// Those of the JSON writer.
    pub fn to_json(&self) -> Result<Value, serde_json::Error> {
        let mut json = serde_json::to_value(&self.after)?;
        json["preparation"] = serde_json::to_value(self.config.preparation)?;
        json["before"] = serde_json::to_value(&self.before)?;
        json["contradictions"] = serde_json::to_value(&self.contradictions)?;
        json["step_size_bound_per_width"] = conditions(&self.config, &self.after, 1)
            .and_then(|conditions| conditions.step_bound())
            .into();
        if let Some(contents) = &self.contents {
            json["label_column"] = contents.label_name.clone().into();
            json["feature_columns"] = serde_json::to_value(&contents.features)?;
            let counts = contents
                .counts
                .iter()
                .map(|(label, count)| (label.clone(), json!(count)));
            json["labels"] = Value::Object(counts.collect());
            json["notes"] = contents.notes.clone().into();
        }
        Ok(json)
    }

    /// The same for people.
    pub fn to_text(&self) -> String {
        let table = match &self.before {
            Some(before) => format!(
                "{}; {}\n{}",
                self.config.data,
                self.config.preparation,
                self.after.beside(before)
            ),
            None => self.after.to_string(),
        };
        format!(
            "{table}\n{}{}",
            self.contents.as_ref().map_or(String::new(), columns_text),
            more_about(&self.config, &self.after, &self.contradictions)
        )
    }
}

/// Refuses settings that name no data, and those that are of something else.
fn refuse_others(settings: &Settings) -> Result<(), LabError> {
    if !["data", "data-dir", "synthetic"]
        .iter()
        .any(|key| settings.has(key))
    {
        return Err(LabError::Config {
            key: "DATA".into(),
            expected: "a data file, mnist, or --synthetic".into(),
            found: "none".into(),
        });
    }
    let others = settings.clone().without("json").without(THREADS.name);
    if others != of_data(settings) {
        return Err(LabError::Config {
            key: "check".into(),
            expected: "flags of the data alone (see `implicit-bias check --help`)".into(),
            found: "others".into(),
        });
    }
    Ok(())
}

/// What `check` says of the columns or arrays of a file: where labels and coordinates come from,
/// how many samples have each label, and what was decided unasked.
fn columns_text(contents: &Contents) -> String {
    const MOST: usize = 20;
    let features = contents
        .features
        .as_ref()
        .map_or("none".to_owned(), |features| {
            let Features {
                first, last, count, ..
            } = features;
            format!("{count}, the first `{first}`, the last `{last}`")
        });
    let counts = contents.counts.iter().take(MOST);
    let mut counts: Vec<String> = counts
        .map(|(label, count)| format!("{label} ({count})"))
        .collect();
    if contents.counts.len() > MOST {
        counts.push(format!("… ({} labels)", contents.counts.len()));
    }
    let mut text = format!(
        "label column: {}\nfeature columns: {features}\nsamples of each label in the file: {}\n",
        contents.label,
        counts.join(", "),
    );
    contents
        .notes
        .iter()
        .for_each(|note| text += &format!("note: {note}\n"));
    text
}

/// Settings of data; where they name classes, with a network of so many.
fn of_classes(settings: Settings) -> Settings {
    let has_classes = settings.has(CLASSES.name);
    let network = has_classes.then_some(MultiClassArchitecture::NAME);
    settings.with(NETWORK.name, network)
}

/// What `check` says below its table: the step size, and samples that contradict each other.
fn more_about(config: &RunConfig, geometry: &Geometry, found: &Contradictions) -> String {
    let mut text = String::new();
    if let Some(width) = config.width()
        && let Some(conditions) = conditions(config, geometry, width)
        && let Some(bound) = conditions.step_bound()
    {
        text += &format!(
            "Up to the step size 4 m n/(R_max² + (n − 1) p), {} at the default width m = {width}, \
             no step raises the\nlogistic loss while no pre-activation changes sign (derived; at \
             least 4 m/R_max²). The default is {}.\n",
            format_number(bound),
            config.step_size
        );
    }
    if !found.is_empty() {
        text += &format!("warning: {found}\n");
    }
    text
}

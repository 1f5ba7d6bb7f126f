//! How nearly orthogonal a data set is.

use implicit_bias_data::{
    Contents, Contradictions, DataFile, Features, FileOptions, Geometry, SENTENCES, SentenceFacts,
    TrainingSet,
};
use implicit_bias_lab::config::keys::data::{
    CLASSES, DATA, LABELS_ARRAY, SAMPLES_ARRAY, SYNTHETIC,
};
use implicit_bias_lab::config::keys::network::NETWORK;
use implicit_bias_lab::config::keys::output::THREADS;
use implicit_bias_lab::config::{DataSource, RunConfig, Settings, of_data};
use implicit_bias_lab::{LabError, Progress, conditions};
use implicit_bias_limits::tokens::realizable;
use implicit_bias_model::{Architecture, MultiClassArchitecture, TransformerArchitecture};
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
    sentences: Option<CheckedSentences>,
}

/// What `check` says of sentences, whose rows are numbers of tokens and no vectors.
#[derive(Clone, Debug)]
struct CheckedSentences {
    facts: SentenceFacts,
    /// Whether the programs of both stages have solutions; `None` where that is not known.
    ov_realizable: Option<bool>,
    kq_realizable: Option<bool>,
}

impl CheckedSentences {
    fn of(data: &TrainingSet) -> Option<Self> {
        let facts = SentenceFacts::of(data)?;
        let known = realizable(data, None).unwrap_or_default();
        let is_realizable = |name: &str| known.get(name).map(|known| *known != 0.0);
        Some(Self {
            facts,
            ov_realizable: is_realizable("ov_realizable"),
            kq_realizable: is_realizable("kq_realizable"),
        })
    }

    fn to_json(&self) -> Result<Value, serde_json::Error> {
        let mut json = serde_json::to_value(&self.facts)?;
        json["ov_realizable"] = self.ov_realizable.into();
        json["kq_realizable"] = self.kq_realizable.into();
        Ok(json)
    }

    fn to_text(&self) -> String {
        let words = |known: Option<bool>| match known {
            Some(true) => "yes, by the program of maximum margin",
            Some(false) => "no (proven)",
            None => "not known",
        };
        let mut text = format!(
            "{}{:<32}{}\n{:<32}{}\n",
            self.facts,
            "W_ov that tells each next token",
            words(self.ov_realizable),
            "W_kq that prefers the best ones",
            words(self.kq_realizable),
        );
        if !self.facts.is_consistent() {
            text += &format!("warning: {}\n", self.facts.warning());
        }
        text
    }
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
        let config = RunConfig::resolve(&of_network(settings.clone()))?;
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
        progress.set_message("check: programs");
        let sentences = CheckedSentences::of(&data);
        Ok(Self {
            config,
            before,
            after,
            contents,
            contradictions,
            sentences,
        })
    }

    /// The contract's JSON object.
    ///
    /// # Errors
    ///
    /// Those of the JSON writer.
    pub fn to_json(&self) -> Result<Value, serde_json::Error> {
        let mut json = match &self.sentences {
            Some(sentences) => sentences.to_json()?,
            None => self.geometry_to_json()?,
        };
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

    fn geometry_to_json(&self) -> Result<Value, serde_json::Error> {
        let mut json = serde_json::to_value(&self.after)?;
        json["preparation"] = serde_json::to_value(self.config.preparation)?;
        json["before"] = serde_json::to_value(&self.before)?;
        json["contradictions"] = serde_json::to_value(&self.contradictions)?;
        json["step_size_bound_per_width"] = conditions(&self.config, &self.after, 1)
            .and_then(|conditions| conditions.step_bound())
            .into();
        Ok(json)
    }

    /// The same for people.
    pub fn to_text(&self) -> String {
        if let Some(sentences) = &self.sentences {
            let notes = self.contents.iter().flat_map(|contents| &contents.notes);
            let notes: String = notes.map(|note| format!("note: {note}\n")).collect();
            return format!("{}\n{}{notes}", self.config.data, sentences.to_text());
        }
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

/// Settings of data, with a network that takes them: one of so many classes where they name classes,
/// a transformer where they are sentences.
fn of_network(settings: Settings) -> Settings {
    let network = if settings.has(CLASSES.name) {
        Some(MultiClassArchitecture::NAME)
    } else if are_sentences(&settings) {
        Some(TransformerArchitecture.name())
    } else {
        None
    };
    settings.with(NETWORK.name, network)
}

/// Whether data are sentences, by their law or by the arrays of their file. A file that cannot be looked
/// into is none: whoever reads it says why.
fn are_sentences(settings: &Settings) -> bool {
    if settings.text(SYNTHETIC.name) == Some(SENTENCES.name) {
        return true;
    }
    let options = FileOptions {
        samples_array: settings.text(SAMPLES_ARRAY.name).map(str::to_owned),
        labels_array: settings.text(LABELS_ARRAY.name).map(str::to_owned),
        ..FileOptions::default()
    };
    let file = settings
        .path(DATA.name)
        .map(|path| DataFile::at(path, &options));
    file.is_some_and(|file| file.is_ok_and(|file| file.has_sentences()))
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
            config.step_size.first
        );
    }
    if !found.is_empty() {
        text += &format!("warning: {found}\n");
    }
    text
}

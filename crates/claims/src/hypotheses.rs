//! Whether the hypotheses of a theorem hold on a run, as far as they can be measured.

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Whether a hypothesis of a theorem holds on a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HypothesisStatus {
    /// It holds, for the constants that its sentence names.
    Met,
    /// It does not hold.
    NotMet,
    /// It cannot be told.
    Unknown,
}

impl HypothesisStatus {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not met",
            Self::Unknown => "unknown",
        }
    }
}

/// One hypothesis of a theorem, measured on a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// What is asked for: `near-orthogonality`.
    pub name: String,
    /// Whether it holds.
    pub status: HypothesisStatus,
    /// The measured number; `None` where there is none, or where it is infinite.
    pub measured: Option<f64>,
    /// What was measured and what it says, in whole sentences.
    pub sentence: String,
    /// Whether the hypothesis and its measure are the paper's, not derived or set here.
    #[serde(skip)]
    pub is_of_paper: bool,
    /// What the number is, in a few words for a table.
    #[serde(skip)]
    pub what: String,
    /// What of it is not met, for a cell of a table: `ratio 0.036`.
    #[serde(skip)]
    pub brief: String,
    /// The same within a sentence.
    #[serde(skip)]
    pub phrase: String,
}

impl Hypothesis {
    /// A hypothesis of the paper, `brief` and `phrase` being its name; a number that is not finite
    /// is none.
    pub fn new(
        name: &str,
        status: HypothesisStatus,
        measured: Option<f64>,
        sentence: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            status,
            measured: measured.filter(|measured| measured.is_finite()),
            sentence: sentence.into(),
            is_of_paper: true,
            what: String::new(),
            brief: name.into(),
            phrase: name.into(),
        }
    }

    /// The key in files: the name with `_` between its words.
    fn key(&self) -> String {
        self.name.replace(['-', ' '], "_")
    }
}

/// The hypotheses of a theorem, measured on a run.
///
/// In files they are an object: `met`, then each by its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypotheses {
    /// Whether all hold, for the constants that the sentences name; `None` where that is unknown.
    pub met: Option<bool>,
    /// Each of them, in the order of the paper's assumptions.
    pub each: Vec<Hypothesis>,
    /// What a table says where all hold: `met for C ≤ 2.7`.
    pub if_met: String,
    /// What a refuted claim says about the theorem where all hold, a clause.
    pub refuted_if_met: String,
}

impl Hypotheses {
    /// Hypotheses that hold if each does.
    pub fn new(each: Vec<Hypothesis>) -> Self {
        let has = |status| each.iter().any(|one| one.status == status);
        let met = match (
            has(HypothesisStatus::NotMet),
            has(HypothesisStatus::Unknown),
        ) {
            (true, _) => Some(false),
            (false, true) => None,
            (false, false) => Some(true),
        };
        Self {
            met,
            each,
            if_met: "met".into(),
            refuted_if_met: "the theorem's hypotheses hold as far as they can be measured.".into(),
        }
    }

    /// The hypothesis of a name.
    pub fn get(&self, name: &str) -> Option<&Hypothesis> {
        self.each.iter().find(|one| one.name == name)
    }

    /// All of them in a few words: `not met: ratio 0.03600`, `met for C ≤ 2.714`.
    pub fn brief(&self) -> String {
        let of = |status| {
            let chosen = self.each.iter().filter(|one| one.status == status);
            let chosen: Vec<&str> = chosen.map(|one| one.brief.as_str()).collect();
            chosen.join(", ")
        };
        match self.met {
            Some(false) => format!("not met: {}", of(HypothesisStatus::NotMet)),
            None => format!("unknown: {}", of(HypothesisStatus::Unknown)),
            Some(true) => self.if_met.clone(),
        }
    }

    /// What a refuted claim says about the theorem, a clause.
    pub fn of_a_refuted_claim(&self) -> String {
        let phrases = |status, of_paper: Option<bool>| {
            let chosen = self.each.iter().filter(|one| {
                one.status == status && of_paper.is_none_or(|of_paper| one.is_of_paper == of_paper)
            });
            let chosen: Vec<&str> = chosen.map(|one| one.phrase.as_str()).collect();
            (!chosen.is_empty()).then(|| chosen.join("; "))
        };
        if let Some(unmet) = phrases(HypothesisStatus::NotMet, Some(true)) {
            format!("the theorem's hypothesis is not met ({unmet}), so this contradicts nothing.")
        } else if let Some(unmet) = phrases(HypothesisStatus::NotMet, Some(false)) {
            format!(
                "by the measure derived here the theorem's hypothesis is not met ({unmet}), so \
                 this need not contradict it."
            )
        } else if let Some(unknown) = phrases(HypothesisStatus::Unknown, None) {
            format!(
                "whether the theorem's hypothesis holds is unknown ({unknown}), so this need not \
                 contradict it."
            )
        } else {
            self.refuted_if_met.clone()
        }
    }
}

impl Serialize for Hypotheses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1 + self.each.len()))?;
        map.serialize_entry("met", &self.met)?;
        for one in &self.each {
            map.serialize_entry(&one.key(), one)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Hypotheses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HypothesesVisitor)
    }
}

struct HypothesesVisitor;

impl<'de> Visitor<'de> for HypothesesVisitor {
    type Value = Hypotheses;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `met` and hypotheses by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Hypotheses, A::Error> {
        let mut met: Option<Option<bool>> = None;
        let mut each = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == "met" {
                met = Some(map.next_value()?);
            } else {
                let one: Hypothesis = map.next_value()?;
                // What is not written is that of a hypothesis without words of its own.
                each.push(Hypothesis::new(
                    &one.name,
                    one.status,
                    one.measured,
                    one.sentence,
                ));
            }
        }
        let met = met.ok_or_else(|| A::Error::missing_field("met"))?;
        Ok(Hypotheses {
            met,
            ..Hypotheses::new(each)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hypotheses_are_an_object_of_their_names_and_come_back_from_it() {
        let one = |name, status| Hypothesis::new(name, status, Some(0.5), "Half.");
        let all = Hypotheses::new(vec![
            one("step size", HypothesisStatus::Met),
            one("near-orthogonality", HypothesisStatus::Unknown),
        ]);
        let text = serde_json::to_string(&all).unwrap();
        assert!(
            text.starts_with(r#"{"met":null,"step_size":{"name":"step size","#),
            "{text}"
        );
        assert!(text.contains(r#","near_orthogonality":{"#), "{text}");
        assert_eq!(serde_json::from_str::<Hypotheses>(&text).unwrap(), all);
        assert!(serde_json::from_str::<Hypotheses>("{}").is_err());
    }

    #[test]
    fn what_is_not_met_comes_first() {
        let one = |name, status| Hypothesis::new(name, status, None, "");
        let (met, not_met, unknown) = (
            one("a", HypothesisStatus::Met),
            one("b", HypothesisStatus::NotMet),
            one("c", HypothesisStatus::Unknown),
        );
        let all = Hypotheses::new(vec![met.clone(), unknown.clone(), not_met]);
        assert_eq!((all.met, all.brief().as_str()), (Some(false), "not met: b"));
        assert!(all.of_a_refuted_claim().contains("not met (b)"));
        let open = Hypotheses::new(vec![met.clone(), unknown]);
        assert_eq!((open.met, open.brief().as_str()), (None, "unknown: c"));
        assert!(open.of_a_refuted_claim().contains("unknown (c)"));
        let held = Hypotheses::new(vec![met]);
        assert_eq!((held.met, held.brief().as_str()), (Some(true), "met"));
    }
}

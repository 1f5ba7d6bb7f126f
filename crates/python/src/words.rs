//! Words of the command line with the names of keys as Python spells them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use implicit_bias_lab::config::listed_keys;

/// Names of keys, as flags spell them, with the names that are their values.
static KEYS: LazyLock<BTreeMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let spelled = listed_keys().into_iter().flat_map(|key| {
        let spellings = [&[key.name], key.aliases].concat();
        spellings
            .into_iter()
            .map(move |spelling| (spelling, key.names.clone()))
    });
    spelled.collect()
});

/// A message with `step_size` for `--step-size`, and for `step-size` where that stands in backticks or
/// before `: expected`; with `labels="zero-one"` for `--labels zero-one`. Nothing else is changed.
pub fn in_python(message: &str) -> String {
    let mut spelled = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(first) = rest.find(is_of_word) {
        let (before, from) = rest.split_at(first);
        spelled += before;
        let end = from.find(|c| !is_of_word(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        let name = word.trim_start_matches('-');
        let is_flag = word.len() == name.len() + 2;
        let is_quoted = before.ends_with('`') && after.starts_with('`');
        let is_judged = before.is_empty() || before.ends_with(' ');
        let is_judged = is_judged && after.starts_with(": expected");
        rest = after;
        let Some(values) = KEYS.get(name).filter(|_| is_flag || is_quoted || is_judged) else {
            spelled += word;
            continue;
        };
        spelled += &name.replace('-', "_");
        let value = is_flag.then(|| after.strip_prefix([' ', '='])).flatten();
        if let Some(value) = value {
            let (value, left) =
                value.split_at(value.find(|c| !is_of_word(c)).unwrap_or(value.len()));
            if values.contains(&value) {
                spelled += &format!("=\"{value}\"");
                rest = left;
            }
        }
    }
    spelled + rest
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '.' | '\\')
}

//! Whose claims are in a table.

use implicit_bias_claims::ClaimId;

use crate::config::theories;

/// Whose claim it is: the source of the theory that it belongs to; empty where it is of none.
pub(crate) fn source_of(id: ClaimId) -> &'static str {
    theories()
        .find(|theory| theory.claims.iter().any(|(of_theory, _)| *of_theory == id))
        .map_or("", |theory| theory.source)
}

/// Whose the claims of a table are, a sentence for each source: `Claims of S: loss, norm.`
///
/// `claims` are names with their sources, in the order of the table. A claim without a source is
/// left out.
pub(crate) fn source_lines<'a>(
    claims: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<String> {
    let mut sources: Vec<(&str, Vec<&str>)> = Vec::new();
    for (claim, source) in claims {
        let claim = without_block(claim);
        if source.is_empty() {
            continue;
        }
        match sources.iter_mut().find(|(other, _)| *other == source) {
            Some((_, names)) if names.contains(&claim) => {}
            Some((_, names)) => names.push(claim),
            None => sources.push((source, vec![claim])),
        }
    }
    let sentence =
        |(source, names): (&str, Vec<&str>)| format!("Claims of {source}: {}.", names.join(", "));
    sources.into_iter().map(sentence).collect()
}

/// `rank-one` of `rank-one, W₊₁`.
fn without_block(claim: &str) -> &str {
    claim.split(", ").next().unwrap_or(claim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_has_one_sentence_with_each_claim_once() {
        let claims = [
            ("loss", "A (2023)"),
            ("rank-one, W₊₁", "A (2023)"),
            ("linf-rate", "B"),
            ("rank-one, W₋₁", "A (2023)"),
            ("own", ""),
        ];
        let expected = [
            "Claims of A (2023): loss, rank-one.",
            "Claims of B: linf-rate.",
        ];
        assert_eq!(source_lines(claims), expected);
        assert!(source_lines([("own", "")]).is_empty());
    }

    #[test]
    fn a_claim_has_one_source() {
        let ids = || theories().flat_map(|theory| theory.claims.iter().map(|(id, _)| *id));
        for id in ids() {
            assert_eq!(ids().filter(|other| *other == id).count(), 1, "{id}");
            assert!(!source_of(id).is_empty(), "{id}");
        }
    }
}

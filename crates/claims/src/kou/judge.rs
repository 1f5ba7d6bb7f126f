//! All claims, judged on one run.

use implicit_bias_record::Series;

use crate::claim::Claim;
use crate::kou::context::ClaimContext;
use crate::kou::evidence::Evidence;
use crate::kou::{alignment, loss, margins, norm, program, stable_rank, withhold};
use crate::theory::withhold_unsound;

/// Judges every claim that the columns of a run allow.
///
/// `series` and `margins` are the tables of `series.csv` and `margins.csv`; `margins` may be empty,
/// then the columns `margin_min` and `margin_max` stand in for it.
///
/// On a run that diverged, every verdict is *inconclusive*: the claims assume a small enough step
/// size, so such a run says nothing about them. Its numbers are kept, the reason says so.
pub fn judge(series: &Series, margins: &Series, context: &ClaimContext) -> Vec<Claim> {
    let evidence = Evidence::new(series, margins, context);
    let mut claims = Vec::new();
    claims.extend(loss::judge(&evidence));
    claims.extend(norm::judge(&evidence));
    claims.extend(margins::judge(&evidence));
    claims.extend(stable_rank::judge(&evidence));
    program::decide(&evidence, &mut claims);
    withhold::early_refutations(&evidence, &mut claims);
    claims.extend(alignment::judge(&evidence));
    program::explain(&evidence, &mut claims);
    withhold::uncertain(&evidence, &mut claims);
    withhold_unsound(context.end, &mut claims);
    claims
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::{ClaimId, Verdict};
    use crate::kou::context::RankClaim;
    use crate::kou::testing::{context, lawful, lawful_margins};
    use crate::run::RunEnd;
    use approx::assert_relative_eq;

    fn verdicts(claims: &[Claim]) -> Vec<(ClaimId, Verdict)> {
        claims
            .iter()
            .map(|claim| (claim.id, claim.verdict))
            .collect()
    }

    #[test]
    fn a_lawful_run_supports_every_claim() {
        for rank_claim in [RankClaim::OnePerBlock, RankClaim::Bounded] {
            let context = ClaimContext {
                rank_claim: Some(rank_claim),
                ..context()
            };
            let claims = judge(&lawful(1e5), &lawful_margins(1e5), &context);
            assert_eq!(claims.len(), 6);
            for claim in &claims {
                assert_eq!(claim.verdict, Verdict::Supported, "{claim:#?}");
            }
        }
    }

    #[test]
    fn a_short_run_is_inconclusive_throughout() {
        for horizon in [100.0, 999.0] {
            let claims = judge(&lawful(horizon), &lawful_margins(horizon), &context());
            assert_eq!(claims.len(), 6);
            for claim in &claims {
                assert_eq!(claim.verdict, Verdict::Inconclusive);
                assert!(
                    claim.reason.contains("horizon too short"),
                    "{}",
                    claim.reason
                );
            }
        }
    }

    #[test]
    fn a_failed_run_decides_nothing_and_keeps_its_numbers() {
        let (series, margins) = (lawful(1e5), lawful_margins(1e5));
        let sound = judge(&series, &margins, &context());
        for end in [
            RunEnd::Diverged { step: 7.0 },
            RunEnd::NonFinite { step: 7.0 },
        ] {
            let failed = judge(&series, &margins, &ClaimContext { end, ..context() });
            for (sound, failed) in sound.iter().zip(&failed) {
                assert_eq!(failed.verdict, Verdict::Inconclusive);
                assert!(failed.reason.contains("at step 7,"), "{}", failed.reason);
                assert_eq!(
                    (&failed.fits, failed.measured),
                    (&sound.fits, sound.measured)
                );
            }
        }
    }

    #[test]
    fn an_empty_run_and_unknown_columns_are_no_error() {
        let empty = Series::new(["step"]);
        assert!(judge(&empty, &empty, &context()).is_empty());
        let headed = Series::new(lawful(10.0).columns().to_vec());
        for claim in judge(&headed, &empty, &context()) {
            assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
        }
    }

    #[test]
    fn gaps_in_the_record_are_skipped() {
        let full = lawful(1e5);
        let mut holed = Series::new(full.columns().to_vec());
        for (index, row) in full.rows().iter().enumerate() {
            let hole = |(column, value): (usize, &f64)| {
                if index % 7 == 3 && column > 0 {
                    f64::NAN
                } else {
                    *value
                }
            };
            holed.push(row.iter().enumerate().map(hole).collect());
        }
        let margins = lawful_margins(1e5);
        assert_eq!(
            verdicts(&judge(&holed, &margins, &context())),
            verdicts(&judge(&full, &margins, &context()))
        );
    }

    #[test]
    fn claims_survive_their_file() {
        let claims = judge(&lawful(1e5), &lawful_margins(1e5), &context());
        let text = serde_json::to_string(&claims).unwrap();
        let back: Vec<Claim> = serde_json::from_str(&text).unwrap();
        assert_eq!(verdicts(&back), verdicts(&claims));
        for (back, claim) in back.iter().zip(&claims) {
            assert_eq!((&back.block, &back.reason), (&claim.block, &claim.reason));
            for (back, fit) in back.fits.iter().zip(&claim.fits) {
                // serde_json reads decimals to the last bit or the one beside it.
                assert_relative_eq!(back.estimate, fit.estimate, max_relative = 1e-15);
            }
        }
    }
}

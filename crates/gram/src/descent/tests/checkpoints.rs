//! Advances in parts, and checkpoints between them.

use proptest::prelude::*;

use super::super::gram_descent::Phase;
use super::super::*;
use super::large::large;
use super::support::{cases, sliding};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn many_short_advances_are_one_long_one_to_the_last_bit(case in cases(), parts in 2..60u64) {
        let mut once = case.descent();
        once.advance(case.steps as f64);
        let mut often = case.descent();
        for part in 1..=parts {
            often.advance((case.steps * part / parts) as f64);
            // Looked at in the middle of a block, too.
            prop_assert_eq!(&often.arrays()[0], &often.pre_activations());
        }
        prop_assert_eq!(often.step(), once.step());
        prop_assert_eq!(often.work(), once.work());
        prop_assert_eq!(often.arrays(), once.arrays());
        prop_assert_eq!(often.margins(), once.margins());
    }

    #[test]
    fn a_restored_descent_goes_on_as_the_one_it_was_taken_of(case in cases(), parts in 2..20u64) {
        let mut once = case.descent();
        once.advance(case.steps as f64);
        let mut often = case.descent();
        for part in 1..=parts {
            often.advance((case.steps * part / parts) as f64);
            let bytes = postcard::to_stdvec(&often.checkpoint()).unwrap();
            let checkpoint = postcard::from_bytes(&bytes).unwrap();
            often = GramDescent::restore(case.problem(), checkpoint).unwrap();
        }
        prop_assert_eq!(often.step(), once.step());
        prop_assert_eq!(often.work(), once.work());
        prop_assert_eq!(often.arrays(), once.arrays());
        prop_assert_eq!(often.margins(), once.margins());
    }

    #[test]
    fn a_damaged_checkpoint_is_refused_or_harmless(
        case in cases(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut descent = case.descent();
        descent.advance(case.steps as f64 / 2.0);
        let mut bytes = postcard::to_stdvec(&descent.checkpoint()).unwrap();
        for (place, value) in damage {
            let place = place.index(bytes.len().min(200));
            bytes[place] = value;
        }
        if let Ok(checkpoint) = postcard::from_bytes::<DescentCheckpoint>(&bytes)
            && let Ok(mut restored) = GramDescent::restore(case.problem(), checkpoint)
        {
            restored.advance((restored.step() + 100.0).min(9e15));
            restored.arrays();
        }
    }
}

/// In the middle of a block that watches pairs, where a checkpoint has the most to say.
#[test]
fn a_block_is_restored_in_its_middle() {
    let case = sliding();
    let mut once = case.descent().with_stepping(Stepping::AlwaysBlocks);
    let mut middle = 0;
    while once.step() < 5_000.0 {
        once.advance(once.step() + 37.0);
        let watched = matches!(
            once.phase,
            Phase::Block {
                taken: 1..,
                watched: 1..,
                ..
            }
        );
        middle += u32::from(watched);
        let restored = GramDescent::restore(case.problem(), once.checkpoint()).unwrap();
        let mut ahead = once.clone();
        let mut other = restored;
        for descent in [&mut ahead, &mut other] {
            descent.advance(once.step() + 200.0);
        }
        assert_eq!(ahead.arrays(), other.arrays());
        assert_eq!(ahead.work(), other.work());
    }
    assert!(middle > 10, "{middle}");
}

/// In the middle of a run of plain steps of samples of which some are there twice.
#[test]
fn a_run_of_plain_steps_is_restored_in_its_middle() {
    let case = large();
    let mut once = case.descent().with_stepping(Stepping::Plain);
    once.advance(50.0);
    assert!(matches!(
        once.phase,
        Phase::Plain {
            taken: 50,
            most: 1024
        }
    ));
    let mut restored = GramDescent::restore(case.problem(), once.checkpoint()).unwrap();
    assert_eq!(restored.arrays(), once.arrays());
    for descent in [&mut once, &mut restored] {
        descent.advance(120.0);
    }
    assert_eq!(restored.arrays(), once.arrays());
    assert_eq!(restored.margins(), once.margins());
}

#[test]
fn a_checkpoint_of_another_problem_is_refused() {
    let case = sliding();
    let mut descent = case.descent();
    descent.advance(1_000.0);
    let checkpoint = descent.checkpoint();
    let error = GramDescent::restore(large().problem(), checkpoint).unwrap_err();
    assert!(
        error.to_string().contains("numbers in the pre-activations"),
        "{error}"
    );
}

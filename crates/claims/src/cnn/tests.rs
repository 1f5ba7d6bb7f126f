//! Series made by hand: which filters support, refute, or say nothing.

use implicit_bias_record::{Family, Prediction, Series};
use implicit_bias_scalar::Loss;

use super::THEORY;
use crate::claim::Verdict;
use crate::kou::testing::{plain_descent, table};
use crate::run::{LawFacts, NetworkFacts, RunEnd, RunFacts, RunView, SampleFacts};

use Verdict::{Inconclusive, Refuted, Supported};

fn facts() -> RunFacts {
    RunFacts {
        samples: SampleFacts {
            samples: 20,
            dim: 480,
            r_min: 3.0,
            r_max: 4.0,
            p: 9.0,
        },
        law: LawFacts::default(),
        stops_at_zero_errors: false,
        network: NetworkFacts {
            name: "convolution".into(),
            family: Family::Other,
            numbers: [("exponent".to_owned(), 3.0), ("threshold".to_owned(), 1.0)].into(),
            activation: None,
            blocks: vec!["pos".into(), "neg".into()],
            width: 10,
            init_scale: Some(1e-4),
        },
        descent: plain_descent(Loss::Logistic, 20.0),
    }
}

/// A run to 10⁵ whose samples are fitted after some thousand steps, whose weights grow like `log t`.
struct Run<'a> {
    rank: &'a dyn Fn(f64) -> f64,
    share: &'a dyn Fn(f64) -> f64,
    /// `‖W(0)‖`, beside what is learned.
    initial: f64,
    loss: &'a dyn Fn(f64) -> f64,
}

impl Run<'_> {
    fn series(&self) -> Series {
        let norm = |t: f64| self.initial + (1.0 + t).ln();
        table(
            1e5,
            &[
                ("loss", self.loss),
                ("weight_norm", &norm),
                ("stable_rank", self.rank),
                ("signal_fraction", self.share),
            ],
        )
    }
}

const SOUND: Run<'_> = Run {
    rank: &|_| 4.0,
    share: &|_| 0.999,
    initial: 1e-3,
    loss: &|t| 1.0 / (1.0 + 0.1 * t),
};

fn verdicts_of(facts: &RunFacts, series: &Series, ranks: [f64; 2]) -> [Verdict; 3] {
    let [clean, all] = ranks;
    let numbers = [
        ("signals", 4.0),
        ("clean_rank", clean),
        ("patches_rank", all),
    ];
    let numbers = numbers.map(|(name, value)| (name.to_owned(), value)).into();
    let prediction = Prediction::unsolved("not known");
    let view = RunView {
        facts,
        series,
        margins: series,
        end: RunEnd::Sound,
        prediction: &prediction,
        numbers: Ok(&numbers),
    };
    let claims = (THEORY.judge)(&view).expect("a convolution").claims;
    let claims: Vec<Verdict> = claims.iter().map(|claim| claim.verdict).collect();
    claims.try_into().expect("three claims")
}

fn verdicts(run: &Run<'_>) -> [Verdict; 3] {
    verdicts_of(&facts(), &run.series(), [4.0, 18.1])
}

#[test]
fn filters_along_the_signals_support() {
    assert_eq!(verdicts(&SOUND), [Supported; 3]);
    // Nearer the clean data's rank than that of all patches, but not there: as of one filter that wins
    // two signals, which later ones may change.
    for rank in [3.27, 2.0] {
        let below = Run {
            rank: &|_| rank,
            ..SOUND
        };
        assert_eq!(
            verdicts(&below),
            [Supported, Inconclusive, Inconclusive],
            "{rank}"
        );
    }
    // Of clean data whose own rank is not the number of signals.
    let found = verdicts_of(
        &facts(),
        &Run {
            rank: &|_| 3.3,
            ..SOUND
        }
        .series(),
        [3.4, 18.1],
    );
    assert_eq!(found, [Supported, Supported, Inconclusive]);
    // No noise: both ranks are one, and nothing tells which is followed.
    let clean = verdicts_of(&facts(), &SOUND.series(), [4.0, 4.0]);
    assert_eq!(clean, [Supported, Inconclusive, Supported]);
}

/// A rank near that of the signals from memorized noise is refuted like any other: 3.8 with a share of
/// 0.04; as 1.6 with a share of 0, at noise 0.6.
#[test]
fn memorized_noise_refutes_whatever_the_rank() {
    for (rank, share) in [(3.8, 0.04), (1.6, 0.0)] {
        let noise = Run {
            rank: &|_| rank,
            share: &|_| share,
            ..SOUND
        };
        assert_eq!(verdicts(&noise), [Refuted; 3], "{rank}");
    }
}

#[test]
fn what_may_change_yet_refutes_nothing() {
    let noise = Run {
        rank: &|_| 1.6,
        share: &|_| 0.0,
        ..SOUND
    };
    // Large initial weights stand for filters until what is learned is ten times them: 11.7.
    let large = Run {
        rank: &|_| 11.7,
        initial: 50.0,
        ..noise
    };
    assert_eq!(verdicts(&large), [Inconclusive; 3]);
    // A share that grows leads above the bound before T².
    let grows = |t: f64| 0.008 * (1.0 + t).ln();
    let turns = Run {
        share: &grows,
        ..noise
    };
    assert_eq!(verdicts(&turns), [Inconclusive; 3]);
    // Samples that are not fitted, in the last decade or at all.
    for loss in [&(|_: f64| 0.5) as &dyn Fn(f64) -> f64, &|t| {
        if t < 5e4 { 0.5 } else { 1e-3 }
    }] {
        assert_eq!(verdicts(&Run { loss, ..noise }), [Inconclusive; 3]);
    }
    let mut single = facts();
    single.descent.unit_roundoff = f64::from(f32::EPSILON);
    let found = verdicts_of(&single, &noise.series(), [4.0, 18.1]);
    assert_eq!(found, [Inconclusive; 3]);
}

#[test]
fn other_networks_and_data_without_signals_are_left_alone() {
    let series = SOUND.series();
    let other = RunFacts {
        network: NetworkFacts {
            name: "two-layer".into(),
            ..facts().network
        },
        ..facts()
    };
    let without = table(1e5, &[("loss", &|_| 1e-3), ("stable_rank", &|_| 4.0)]);
    let prediction = Prediction::unsolved("not known");
    for (facts, series) in [(&other, &series), (&facts(), &without)] {
        let view = RunView {
            facts,
            series,
            margins: series,
            end: RunEnd::Sound,
            prediction: &prediction,
            numbers: Err("not known"),
        };
        assert!((THEORY.judge)(&view).is_none());
    }
}

//! What is refused of a system, and what a reader is told of one that is not.

use implicit_bias_engine::{
    Engine, FollowEngine, FollowOptions, MarginSystem, check_degree, margin_system,
};
use implicit_bias_record::StopReason;

use super::options;

fn refused(system: impl MarginSystem + 'static, weights: Vec<f64>, given: Option<f64>) -> String {
    let mut system = system;
    let found = check_degree(&mut system, &weights, given);
    found.unwrap_err().to_string()
}

#[test]
fn networks_without_a_degree_are_refused_with_what_was_found() {
    // A bias that is no weight, and weights beside w.
    let biased = margin_system(2, |w: &[f64]| {
        let q = vec![w[0] + 0.1, w[1] + 0.1];
        (q, |v: &[f64]| v.to_vec())
    });
    let message = refused(biased, vec![1.0, 2.0], None);
    assert!(message.contains("<w, grad q_i>/q_i from"), "{message}");
    assert!(message.contains("biases"), "{message}");
    // The gradient of a mean where a sum is asked for.
    let mean = margin_system(4, |w: &[f64]| {
        let w = w[0];
        (vec![w; 4], move |v: &[f64]| {
            vec![v.iter().sum::<f64>() / 4.0]
        })
    });
    let message = refused(mean, vec![1.0], None);
    assert!(
        message.contains("q(4 w)") || message.contains("degree"),
        "{message}"
    );
    // q = |w|² has degree 2, not 3.
    let square = || {
        margin_system(1, |w: &[f64]| {
            let w = w[0];
            (vec![w * w], move |v: &[f64]| vec![2.0 * v[0] * w])
        })
    };
    assert!(refused(square(), vec![1.0], Some(3.0)).contains("the degree 3 that was given"));
    assert_eq!(
        check_degree(&mut square(), &[0.7], Some(2.0))
            .unwrap()
            .value,
        2.0
    );
    assert!(refused(square(), vec![0.0], None).contains("not all zero"));
    // Directions alone.
    let sign = margin_system(1, |w: &[f64]| (vec![w[0].signum()], |_: &[f64]| vec![0.0]));
    assert!(refused(sign, vec![1.0], None).contains("degree"));
    // Margins that vanish have a degree all the same, by what is near them.
    let vanishing = || {
        margin_system(1, |w: &[f64]| {
            let w = [w[0], w[1]];
            (vec![w[0] * w[1]], move |v: &[f64]| {
                vec![v[0] * w[1], v[0] * w[0]]
            })
        })
    };
    for given in [None, Some(2.0)] {
        let found = check_degree(&mut vanishing(), &[1.0, 0.0], given).unwrap();
        assert_eq!(found.value, 2.0);
    }
    let nothing = margin_system(1, |_: &[f64]| (vec![0.0], |_: &[f64]| vec![0.0]));
    assert!(refused(nothing, vec![1.0], None).contains("degree=2"));
    // A degree that is no whole number.
    let power = margin_system(1, |w: &[f64]| {
        let w = w[0];
        (vec![w.powf(1.5)], move |v: &[f64]| {
            vec![1.5 * v[0] * w.sqrt()]
        })
    });
    let mut power = power;
    let found = check_degree(&mut power, &[2.0], None).unwrap().value;
    assert!((found - 1.5).abs() < 1e-12, "{found}");
}

/// `q_i = ⟨w, z_i⟩` of two weights, with what is wrong in margins and in their gradients.
fn wrong(
    mut margins: impl FnMut(f64, f64) -> [f64; 2] + Send + 'static,
    gradient: impl Fn(f64, f64, &[f64]) -> [f64; 2] + Send + Copy + 'static,
) -> impl MarginSystem {
    margin_system(2, move |w: &[f64]| {
        let (a, b) = (w[0], w[1]);
        (margins(a, b).to_vec(), move |v: &[f64]| {
            gradient(a, b, v).to_vec()
        })
    })
}

/// Weights of zero hide what is no longer homogeneous once they are trained.
#[test]
fn a_bias_that_begins_at_zero_is_refused() {
    let biased = wrong(
        |a, b| [a * a + b, a * a - b],
        |a, _, v| [2.0 * a * (v[0] + v[1]), v[0] - v[1]],
    );
    let message = refused(biased, vec![1.0, 0.0], None);
    assert!(
        message.starts_with("network") && message.contains("biases"),
        "{message}"
    );
}

/// A bias so small that it shows at small weights alone, and a clip far off that shows at large ones.
#[test]
fn margins_are_compared_at_norms_far_apart() {
    let bias = wrong(|a, b| [a + 5e-6, b + 5e-6], |_, _, v| [v[0], v[1]]);
    let message = refused(bias, vec![1.0, 0.5], None);
    assert!(message.contains("c = 2^-10"), "{message}");
    let clipped = wrong(|a, b| [a.min(1e6), b.min(1e6)], |_, _, v| [v[0], v[1]]);
    let message = refused(clipped, vec![1.0, 0.5], None);
    assert!(message.contains("c = 2^30"), "{message}");
}

/// Gradients with a wrong part across the weights satisfy Euler's identity.
#[test]
fn gradients_that_are_not_those_of_the_margins_are_refused() {
    let across = wrong(
        |a, b| [a, 2.0 * b],
        |a, b, v| [v[0] + 0.3 * b, 2.0 * v[1] - 0.3 * a],
    );
    let message = refused(across, vec![1.0, 0.5], None);
    assert!(
        message.starts_with("vjp") && message.contains("by differences of margins"),
        "{message}"
    );
    // Of one margin in three, and right in the sum.
    let one = margin_system(3, |w: &[f64]| {
        let (a, b) = (w[0], w[1]);
        (vec![a, b, a + b], move |v: &[f64]| {
            vec![v[0] + v[2] + 0.5 * v[1] * b, v[1] + v[2] - 0.5 * v[1] * a]
        })
    });
    let message = refused(one, vec![1.0, 0.5], None);
    assert!(
        message.contains("of margin 1 along a direction"),
        "{message}"
    );
    // Of every second of many samples, which are not looked at one by one.
    let many = margin_system(128, |w: &[f64]| {
        let (a, b) = (w[0], w[1]);
        (vec![a; 128], move |v: &[f64]| {
            let odd: f64 = v.iter().skip(1).step_by(2).sum();
            vec![v.iter().sum::<f64>() + 3.0 * odd * b, -3.0 * odd * a]
        })
    });
    let message = refused(many, vec![1.0, 0.5], None);
    assert!(
        message.contains("of a sum of margins along its gradient"),
        "{message}"
    );
    // A sum of gradients that is scaled down where it is long, as clipped ones are.
    let clipped = wrong(
        |a, b| [a, 2.0 * b],
        |_, _, v| {
            let scale = if v[0] > 0.0 && v[1] > 0.0 { 0.5 } else { 1.0 };
            [scale * v[0], scale * 2.0 * v[1]]
        },
    );
    let message = refused(clipped, vec![1.0, 0.5], None);
    assert!(
        message.starts_with("vjp: expected sums of gradients of the margins"),
        "{message}"
    );
    // What fits Euler's identity, with the degree of no margin.
    let double = wrong(|a, b| [a, b], |_, _, v| [2.0 * v[0], 2.0 * v[1]]);
    let message = refused(double, vec![1.0, 0.5], None);
    assert!(
        message.contains("of degree 1: <w, grad q_i> = 1 q_i, found"),
        "{message}"
    );
}

#[test]
fn margins_that_change_from_call_to_call_are_refused_or_told() {
    let noisy = |size: f64| {
        let mut calls = 0.0;
        let margins = move |a: f64, b: f64| {
            calls += 1.0;
            [a * (1.0 + size * f64::sin(calls)), b]
        };
        wrong(margins, |_, _, v| [v[0], v[1]])
    };
    let message = refused(noisy(1e-3), vec![1.0, 0.5], None);
    assert!(
        message.contains("model.eval()") && message.contains("asked for again"),
        "{message}"
    );
    let engine = FollowEngine::new(Box::new(noisy(1e-7)), vec![1.0, 0.5], options(10.0, 2));
    assert!(
        engine
            .unwrap()
            .notes()
            .iter()
            .any(|note| note.contains("from call to call"))
    );
}

/// A function that is another one after some calls, as one that counts them.
#[test]
fn what_changes_during_a_run_is_refused_at_the_handover() {
    let mut calls = 0;
    let changing = wrong(
        move |a, b| {
            calls += 1;
            let bias = if calls < 60 { 0.0 } else { 0.5 };
            [a + bias, b + bias]
        },
        |_, _, v| [v[0], v[1]],
    );
    let options = FollowOptions {
        blocks: vec![("w".into(), [1, 2])],
        ..options(100.0, 2)
    };
    let mut engine = FollowEngine::new(Box::new(changing), vec![1.0, 0.5], options).unwrap();
    assert_eq!(engine.advance(100.0).unwrap(), None);
    let message = engine.advance(1e3).unwrap_err().to_string();
    assert!(
        message.contains("the degree 1 that was found at w0"),
        "{message}"
    );
}

#[test]
fn half_precision_is_told() {
    let half = |x: f64| f64::from_bits(x.to_bits() & !((1 << 43) - 1));
    let rounded = wrong(
        move |a, b| [half(3.0 * a), half(a + 2.0 * b)],
        move |_, _, v| [half(3.0 * v[0] + v[1]), half(2.0 * v[1])],
    );
    let message = refused(rounded, vec![1.0, 0.3], None);
    assert!(message.contains("half precision"), "{message}");
}

#[test]
fn single_precision_is_seen() {
    let single = |round: bool| {
        margin_system(2, move |w: &[f64]| {
            let to = move |x: f64| if round { f64::from(x as f32) } else { x };
            let w = [to(w[0]), to(w[1])];
            let q = vec![to(3.0 * w[0]), to(w[0] + 2.0 * w[1])];
            (q, move |v: &[f64]| {
                vec![to(3.0 * v[0] + v[1]), to(2.0 * v[1])]
            })
        })
    };
    let is_single = |mut system: Box<dyn MarginSystem>| {
        check_degree(system.as_mut(), &[1.0, 0.5], None)
            .unwrap()
            .is_single_precision
    };
    // The degree is a whole number all the same.
    let degree = check_degree(&mut single(true), &[1.0, 0.5], None).unwrap();
    assert!(degree.error > 0.0 && degree.value == 1.0, "{degree:?}");
    assert!(is_single(Box::new(single(true))));
    assert!(!is_single(Box::new(single(false))));
    let engine = FollowEngine::new(Box::new(single(true)), vec![1.0, 0.5], options(10.0, 2));
    assert!(engine.unwrap().notes()[0].contains("single precision"));
}

/// What a normalization leaves of a degree is rounding, of either sign.
#[test]
fn margins_that_do_not_change_with_the_norm_are_refused() {
    for seed in 0..40 {
        let (a, b) = (1.0 + 0.37 * f64::from(seed), -0.8 + 0.11 * f64::from(seed));
        let of_direction = wrong(
            |a, b| {
                let norm = a.hypot(b);
                [a / norm, (a + b) / norm]
            },
            |a, b, v| {
                let norm = a.hypot(b);
                let sum = [v[0] + v[1], v[1]];
                let along = (sum[0] * a + sum[1] * b) / (norm * norm);
                [(sum[0] - along * a) / norm, (sum[1] - along * b) / norm]
            },
        );
        let message = refused(of_direction, vec![a, b], None);
        assert!(
            message.starts_with("degree: expected margins that grow")
                && message.contains("normalization"),
            "{message}"
        );
    }
}

/// Numbers of double precision that do not fit are not those of single precision.
#[test]
fn gradients_that_are_not_quite_those_of_the_margins_are_told() {
    let notes = |system: Box<dyn MarginSystem>| {
        let engine = FollowEngine::new(system, vec![1.0, 0.5], options(10.0, 2)).unwrap();
        engine.notes().to_vec()
    };
    let scaled = notes(Box::new(wrong(
        |a, b| [a / 3.0, b / 7.0],
        |_, _, v| [(1.0 + 1e-6) * v[0] / 3.0, (1.0 + 1e-6) * v[1] / 7.0],
    )));
    assert!(
        scaled.len() == 1 && scaled[0].starts_with("Euler's identity"),
        "{scaled:?}"
    );
    let calls = std::sync::atomic::AtomicU32::new(0);
    let noisy = notes(Box::new(margin_system(2, move |w: &[f64]| {
        let call = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let noise = 1.0 + 1e-7 * f64::from(call).sin();
        (vec![w[0] / 3.0, w[1] / 7.0], move |v: &[f64]| {
            vec![noise * v[0] / 3.0, noise * v[1] / 7.0]
        })
    })));
    assert!(
        noisy.iter().any(|note| note.contains("from call to call")),
        "{noisy:?}"
    );
    let exact = notes(Box::new(wrong(
        |a, b| [a / 3.0, b / 7.0],
        |_, _, v| [v[0] / 3.0, v[1] / 7.0],
    )));
    assert_eq!(exact, [""; 0]);
}

/// Steps that change no digit are told, and those that leave the range of numbers end the run.
#[test]
fn steps_that_are_too_small_or_too_large_are_told() {
    let engine = |scale: f64, factor: f64, step_size: f64| {
        let system = wrong(
            move |a, b| [factor * a, -factor * b],
            move |_, _, v| [factor * v[0], -factor * v[1]],
        );
        let options = FollowOptions {
            step_size,
            ..options(1e4, 2)
        };
        FollowEngine::new(Box::new(system), vec![scale, 0.5 * scale], options).unwrap()
    };
    let mut large = engine(1e100, 1.0, 0.1);
    assert_eq!(large.advance(1e3).unwrap(), None);
    assert_eq!(
        (large.step(), large.host_weights()),
        (1e3, vec![1e100, 0.5e100])
    );
    let notes = large.notes();
    assert!(
        notes.len() == 1 && notes[0].starts_with("at rest: from step 0 on"),
        "{notes:?}"
    );
    let mut small = engine(1.0, 1.0, 0.1);
    assert_eq!(small.advance(1e3).unwrap(), None);
    assert_eq!(small.notes(), [""; 0]);
    // The first step leaves the range of numbers.
    let mut diverging = engine(1.0, 100.0, 1e308);
    let stop = diverging.advance(1e3).unwrap();
    assert!(
        matches!(stop, Some(StopReason::NonFinite { .. })),
        "{stop:?}"
    );
}

//! Every optimizer on every network under every loss: nothing is named here, all comes from the
//! lists, so that what joins a list is tested.

use implicit_bias_data::LAWS;
use implicit_bias_engine::optimizers::OPTIMIZERS;
use implicit_bias_engine::{
    Engine, Gradient, NETWORKS, NetworkKind, Pace, TensorEngineOptions, select_device,
};
use implicit_bias_lab::Prepared;
use implicit_bias_lab::config::{RunConfig, Settings};
use implicit_bias_model::{ACTIVATIONS, LOSSES, Loss, TargetKind, Weights};
use implicit_bias_record::StopReason;

/// A small problem: steps small enough for every loss.
fn settings(network: &str, optimizer: &str, loss: &str) -> Settings {
    let loss_kind = LOSSES.iter().find(|known| known.name() == loss);
    let loss_kind = loss_kind.copied().unwrap_or_default();
    let kind = NETWORKS.iter().find(|kind| kind.name() == network);
    let law = kind.expect("of the list").law(loss_kind);
    let settings = Settings::default()
        .with("synthetic", law.unwrap_or("gaussian"))
        .with("samples", 7)
        .with("init-scale", 0.4)
        .with("network", network)
        .with("optimizer", optimizer)
        .with("loss", loss)
        .with("engine", "tensor")
        .with("precision", "f64")
        .with("seed", 3);
    let chosen = OPTIMIZERS.iter().find(|kind| kind.name == optimizer);
    let settings = match chosen.expect("of the list").has_step_size {
        true => settings.with("step-size", 0.01).with("step-decay", 0.3),
        false => settings,
    };
    let law = LAWS
        .iter()
        .find(|known| known.name == law.unwrap_or("gaussian"));
    let has_dim = law
        .expect("of the list")
        .keys
        .iter()
        .any(|key| key.name == "dim");
    let settings = if has_dim {
        settings.with("dim", 5)
    } else {
        settings
    };
    let wide = kind.expect("of the list").keys().iter();
    if wide.into_iter().any(|key| key.name == "width") {
        settings.with("width", 4)
    } else {
        settings
    }
}

fn engine(settings: &Settings) -> Box<dyn Engine> {
    let config = RunConfig::resolve(settings).expect("valid settings");
    let prepared = Prepared::new(&config).expect("a valid problem");
    prepared.engine(&config, 1).expect("an engine").engine
}

/// All combinations that are allowed.
fn product() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let allowed = |&(network, optimizer, loss): &(&str, &str, &str)| {
        RunConfig::resolve(&settings(network, optimizer, loss)).is_ok()
    };
    combinations().filter(allowed)
}

/// Whether an optimizer follows a flow instead of taking steps.
fn is_flow(optimizer: &str) -> bool {
    let known = OPTIMIZERS.iter().find(|kind| kind.name == optimizer);
    known.expect("of the list").pace == Some(Pace::Flow)
}

#[test]
fn what_is_not_allowed_is_refused_by_the_key_that_rules_it_out() {
    let mut refused = 0;
    for (network, optimizer, loss) in combinations() {
        let known = LOSSES.iter().find(|known| known.name() == loss);
        let is_tailed = known.is_some_and(|loss| loss.is_exponentially_tailed());
        let takes_steps = !is_flow(optimizer);
        let settings = settings(network, optimizer, loss);
        match RunConfig::resolve(&settings) {
            Ok(_) => assert!(takes_steps || is_tailed, "{network}, {optimizer}, {loss}"),
            // Next tokens have cross-entropy alone.
            Err(error) if error.to_string().starts_with("loss: expected") => {
                let kind = NETWORKS.iter().find(|kind| kind.name() == network);
                let targets = kind.expect("of the list").targets(&Settings::default());
                assert_eq!(targets, TargetKind::Numbers, "{error}");
                assert_ne!(loss, "logistic", "{error}");
            }
            Err(error) => {
                assert!(!takes_steps, "{network}, {optimizer}, {loss}: {error}");
                assert!(
                    error.to_string().starts_with("optimizer: expected"),
                    "{error}"
                );
                refused += 1;
            }
        }
    }
    assert!(refused > 0, "a flow under a loss without a tail");
}

/// All combinations.
fn combinations() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    NETWORKS.iter().flat_map(|network| {
        OPTIMIZERS.iter().flat_map(move |optimizer| {
            let losses = LOSSES.iter();
            losses.map(move |loss| (network.name(), optimizer.name, loss.name()))
        })
    })
}

/// Largest difference of two weights beside their largest entry.
fn difference(one: &Weights, other: &Weights) -> f64 {
    let entries = |weights: &Weights| -> Vec<f64> {
        let blocks = weights.blocks().iter();
        blocks
            .flat_map(|(_, block)| block.iter().copied())
            .collect()
    };
    let (one, other) = (entries(one), entries(other));
    assert_eq!(one.len(), other.len());
    let largest = one.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
    let apart = one.iter().zip(&other).map(|(a, b)| (a - b).abs());
    apart.fold(0.0, f64::max) / largest
}

#[test]
fn every_combination_runs_and_goes_on_from_a_checkpoint_to_the_last_bit() {
    for (network, optimizer, loss) in product() {
        let settings = settings(network, optimizer, loss);
        let mut whole = engine(&settings);
        let stop = whole.advance(200.0).expect("steps");
        if let Some(StopReason::NonFinite { step }) = stop {
            // A step size that follows the loss may overflow where the loss stays above its infimum.
            let kind = OPTIMIZERS.iter().find(|kind| kind.name == optimizer);
            assert!(
                !kind.expect("of the list").has_step_size,
                "{network}, {loss}: {step}"
            );
            continue;
        }
        assert_eq!(stop, None, "{network}, {optimizer}, {loss}");
        let observation = whole.observe().expect("an observation");
        assert!(observation.loss.is_finite() && observation.weight_norm > 0.0);
        let mut first = engine(&settings);
        first.advance(77.0).expect("steps");
        let checkpoint = first.checkpoint().expect("every engine has one");
        let mut second = engine(&settings);
        second.restore(&checkpoint).expect("its own checkpoint");
        second.advance(200.0).expect("steps");
        assert_eq!(
            second.weights(),
            whole.weights(),
            "{network}, {optimizer}, {loss}"
        );
        // One row each, of the same step.
        let again = second.observe().expect("an observation");
        // As text: a quantity that is not defined is NaN in both.
        assert_eq!(format!("{again:?}"), format!("{observation:?}"));
    }
}

#[test]
fn autodiff_and_hand_derived_gradients_make_the_same_steps() {
    let mut compared = 0;
    for (network, optimizer, loss) in product() {
        let settings = settings(network, optimizer, loss);
        let hand_derived = settings.clone().with("gradient", "hand-derived");
        let config = RunConfig::resolve(&hand_derived).expect("valid settings");
        let prepared = Prepared::new(&config).expect("a valid problem");
        // Networks without formulas of their own say so.
        let Ok(mut ready) = prepared.engine(&config, 1) else {
            continue;
        };
        assert_eq!(ready.gradient, "hand-derived");
        // Few steps: some descents are chaotic where the loss does not fall to 0, most of all those
        // whose step size follows the loss.
        let kind = OPTIMIZERS.iter().find(|kind| kind.name == optimizer);
        let steps = if kind.expect("of the list").has_step_size {
            20.0
        } else {
            5.0
        };
        ready.engine.advance(steps).expect("steps");
        let mut autodiff = engine(&settings.with("gradient", "autodiff"));
        autodiff.advance(steps).expect("steps");
        let apart = difference(&ready.engine.weights(), &autodiff.weights());
        assert!(apart < 1e-11, "{network}, {optimizer}, {loss}: {apart:e}");
        compared += 1;
    }
    assert!(compared > 2 * OPTIMIZERS.len());
}

#[test]
fn gram_coordinates_are_refused_where_they_do_not_apply() {
    for (network, optimizer, loss) in product() {
        let settings = settings(network, optimizer, loss).with("engine", "gram");
        let error = RunConfig::resolve(&settings).expect_err("step sizes decay, or are Polyak's");
        assert!(error.is_input(), "{error}");
        assert!(
            error.to_string().starts_with("engine: expected tensor"),
            "{error}"
        );
    }
}

/// Every network with an activation, under every activation.
fn activated() -> impl Iterator<Item = (&'static str, &'static str)> {
    let has_one = |kind: &&&dyn NetworkKind| kind.keys().iter().any(|k| k.name == "activation");
    NETWORKS.iter().filter(has_one).flat_map(|network| {
        let activations = ACTIVATIONS.iter();
        activations.map(|activation| (network.name(), activation.name))
    })
}

#[test]
fn every_activation_takes_the_same_steps_by_autodiff_and_by_hand_and_from_a_checkpoint() {
    let mut compared = 0;
    for (network, activation) in activated() {
        let settings = settings(network, "gd", "logistic").with("activation", activation);
        let mut whole = engine(&settings);
        assert_eq!(whole.advance(200.0).expect("steps"), None);
        let mut first = engine(&settings);
        first.advance(77.0).expect("steps");
        let checkpoint = first.checkpoint().expect("every engine has one");
        let mut second = engine(&settings);
        second.restore(&checkpoint).expect("its own checkpoint");
        second.advance(200.0).expect("steps");
        assert_eq!(second.weights(), whole.weights(), "{network}, {activation}");
        // With a constant step size too: that is another way for ReLU and leaky ReLU.
        for settings in [settings.clone(), settings.without("step-decay")] {
            let hand_derived = settings.clone().with("gradient", "hand-derived");
            let config = RunConfig::resolve(&hand_derived).expect("valid settings");
            let prepared = Prepared::new(&config).expect("a valid problem");
            let Ok(mut by_hand) = prepared.engine(&config, 1) else {
                continue;
            };
            by_hand.engine.advance(200.0).expect("steps");
            let mut autodiff = engine(&settings.with("gradient", "autodiff"));
            autodiff.advance(200.0).expect("steps");
            let start = engine(&hand_derived).weights();
            let moved = difference(&autodiff.weights(), &start);
            let apart = difference(&by_hand.engine.weights(), &autodiff.weights());
            // Deep layers of a Huberized ReLU move little; seven digits are compared all the same.
            assert!(moved > 1e-5, "{network}, {activation}: {moved:e}");
            assert!(apart < 1e-12, "{network}, {activation}: {apart:e}");
            compared += 1;
        }
    }
    assert_eq!(
        compared,
        2 * activated().count(),
        "every network with an activation has formulas"
    );
}

#[test]
fn margins_are_normalized_by_the_degree_of_the_activation_or_not_at_all() {
    for kind in ACTIVATIONS {
        let settings = settings("two-layer", "gd", "logistic").with("activation", kind.name);
        let config = RunConfig::resolve(&settings).expect("valid settings");
        let prepared = Prepared::new(&config).expect("a valid problem");
        let mut engine = prepared.engine(&config, 1).expect("an engine").engine;
        engine.advance(10.0).expect("steps");
        let observation = engine.observe().expect("finite");
        let phi = config.activation_function().expect("it has one");
        let scale = match phi.degree() {
            Some(degree) => observation.weight_norm.powf(degree),
            None => 1.0,
        };
        let weights = engine.weights();
        let mean = |block: usize, sample: usize| -> f64 {
            let pre = weights.blocks()[block]
                .1
                .dot(&prepared.data.x().row(sample));
            pre.iter().map(|&z| phi.apply(z)).sum::<f64>() / pre.len() as f64
        };
        for (sample, found) in observation.normalized_margins.iter().enumerate() {
            let margin = prepared.data.signs().expect("two classes").y()[sample]
                * (mean(0, sample) - mean(1, sample));
            let apart = (found - margin / scale).abs();
            assert!(apart < 1e-13, "{}: {found}, {}", kind.name, margin / scale);
        }
    }
}

#[test]
fn normalized_margins_do_not_change_with_the_scale_of_the_weights() {
    for (network, activation) in activated() {
        let settings = settings(network, "gd", "logistic").with("activation", activation);
        let config = RunConfig::resolve(&settings).expect("valid settings");
        let prepared = Prepared::new(&config).expect("a valid problem");
        let margins = |scale: f64| {
            let blocks = prepared.weights.blocks().iter();
            let scaled = blocks.map(|(name, block)| (name.clone(), scale * block));
            let weights = Weights::new(scaled.collect()).expect("two blocks at least");
            let kind = NETWORKS.iter().find(|kind| kind.name() == network);
            let options = TensorEngineOptions {
                loss: Loss::Logistic,
                step_size: 0.1,
                gradient: Gradient::Auto,
                threads: 1,
                compensated: false,
                log_time: None,
                kkt: false,
            };
            let device = select_device(None, None).expect("a device");
            let keys = &config.network.settings;
            let engine = kind.expect("of the list").engine(
                keys,
                &prepared.data,
                &weights,
                &device,
                options,
                None,
            );
            let observation = engine.expect("an engine").0.observe().expect("finite");
            observation.normalized_margins
        };
        let (one, other) = (margins(1.0), margins(3.0));
        let same = one.iter().zip(&other).all(|(a, b)| {
            let size = a.abs().max(b.abs());
            (a - b).abs() <= 1e-12 * size
        });
        let phi = config.activation_function().expect("it has one");
        assert_eq!(same, phi.degree().is_some(), "{network}, {activation}");
    }
}

#[test]
fn gram_coordinates_are_refused_to_activations_that_are_not_piecewise_linear() {
    for kind in ACTIVATIONS {
        let settings = settings("two-layer", "gd", "logistic")
            .without("step-decay")
            .with("activation", kind.name);
        let gram = RunConfig::resolve(&settings.clone().with("engine", "gram"));
        let config = RunConfig::resolve(&settings.with("engine", "auto")).expect("valid");
        let applies = config.activation().is_some();
        assert_eq!(
            config.two_layer_descent().is_some(),
            applies,
            "{}",
            kind.name
        );
        assert_eq!(applies, ["relu", "leaky-relu"].contains(&kind.name));
        match gram {
            Ok(_) => assert!(applies, "{}", kind.name),
            Err(error) => {
                let text = error.to_string();
                assert!(
                    text.starts_with("activation: expected ReLU or leaky ReLU"),
                    "{text}"
                );
                assert!(!applies, "{text}");
            }
        }
    }
}

#[test]
fn the_sum_takes_the_steps_of_the_mean_with_n_times_the_step_size() {
    for loss in LOSSES.iter().map(|loss| loss.name()) {
        let mean = settings("linear", "gd", loss).with("step-size", 0.07);
        let sum = settings("linear", "gd", loss).with("reduction", "sum");
        let [mut mean, mut sum] = [mean, sum].map(|settings| engine(&settings));
        for engine in [&mut mean, &mut sum] {
            engine.advance(50.0).expect("steps");
        }
        // Seven samples.
        assert!(
            difference(&mean.weights(), &sum.weights()) < 1e-13,
            "{loss}"
        );
        let [mean, sum] = [mean, sum].map(|mut engine| engine.observe().expect("finite"));
        assert!((sum.loss / mean.loss / 7.0 - 1.0).abs() < 1e-12, "{loss}");
        assert!(
            (sum.log_loss - mean.log_loss - 7f64.ln()).abs() < 1e-12,
            "{loss}"
        );
        assert!((sum.gradient_norm / mean.gradient_norm / 7.0 - 1.0).abs() < 1e-12);
    }
}

#[test]
fn a_linear_network_in_gram_coordinates_is_the_one_in_weight_space() {
    for loss in ["logistic", "exponential"] {
        let settings = settings("linear", "gd", loss)
            .without("step-decay")
            .with("dim", 9);
        let mut rows = ["gram", "tensor"].map(|kind| {
            let mut engine = engine(&settings.clone().with("engine", kind));
            assert_eq!(engine.name(), kind);
            engine.advance(3000.0).expect("steps");
            (engine.observe().expect("finite"), engine.weights())
        });
        let [(gram, weights), (tensor, others)] = &mut rows;
        assert!(difference(weights, others) < 1e-11);
        assert_eq!(gram.columns(), tensor.columns());
        for ((name, one), other) in gram.columns().iter().zip(gram.row()).zip(tensor.row()) {
            let same = one.is_nan() && other.is_nan();
            let near = (one - other).abs() <= 1e-9 * other.abs().max(1e-9);
            assert!(same || near, "{loss}: {name} {one} {other}");
        }
        for (one, other) in gram
            .normalized_margins
            .iter()
            .zip(&tensor.normalized_margins)
        {
            assert!((one - other).abs() < 1e-10);
        }
    }
}

#[test]
fn every_order_of_batches_sees_every_sample() {
    // A batch of all samples is the full batch, in whatever order.
    let full = settings("two-layer", "momentum", "logistic");
    let mut whole = engine(&full);
    let mut batches = engine(&full.clone().with("batch-size", 7));
    let mut some = engine(&full.with("batch-size", 3));
    for engine in [&mut whole, &mut batches, &mut some] {
        engine.advance(30.0).expect("steps");
    }
    assert_eq!(whole.weights(), batches.weights());
    assert!(difference(&whole.weights(), &some.weights()) > 1e-6);
}

/// The twin of gradient descent on the squared loss of a linear network parts as `(I − η XᵀX/n)^t`
/// does.
#[test]
fn a_twin_parts_as_the_hessian_says() {
    let settings = settings("linear", "gd", "squared")
        .without("step-decay")
        .with("sensitivity", true);
    for step_size in [0.01, 1.9] {
        let settings = settings.clone().with("step-size", step_size);
        let config = RunConfig::resolve(&settings).expect("valid settings");
        let prepared = Prepared::new(&config).expect("a valid problem");
        let x = prepared.data.x();
        let mut apart = ndarray::Array1::from_iter((0..5).map(|k| [1.0_f64, -1.0][k % 2]));
        let first = apart.dot(&apart).sqrt();
        let mut engine = engine(&settings);
        let sensitivity = |engine: &mut dyn Engine| {
            let probes = engine.observe().expect("an observation").probes;
            let found = probes.into_iter().find(|(name, _)| name == "sensitivity");
            found.expect("a twin").1
        };
        assert!((sensitivity(engine.as_mut()) - 1.0).abs() < 1e-12);
        for _ in 0..30 {
            apart = &apart - &(x.t().dot(&x.dot(&apart)) * (step_size / 7.0));
        }
        engine.advance(30.0).expect("steps");
        let (found, expected) = (
            sensitivity(engine.as_mut()),
            apart.dot(&apart).sqrt() / first,
        );
        // The distance of both is known to some 10⁻¹⁶/10⁻¹⁰ of itself.
        let error = found / expected - 1.0;
        assert!(
            error.abs() < 1e-4,
            "{step_size}: {found} against {expected}"
        );
        assert_eq!(expected > 1.0, step_size > 1.0);
    }
}

#[test]
fn a_twin_goes_on_from_a_checkpoint_and_changes_nothing_of_its_run() {
    // A flow has no steps that a twin could take.
    for optimizer in OPTIMIZERS.iter().filter(|kind| !is_flow(kind.name)) {
        let plain = settings("linear", optimizer.name, "logistic");
        let twin = plain.clone().with("sensitivity", true);
        let mut whole = engine(&twin);
        whole.advance(200.0).expect("steps");
        let mut first = engine(&twin);
        first.advance(77.0).expect("steps");
        let mut second = engine(&twin);
        let checkpoint = first.checkpoint().expect("every engine has one");
        second.restore(&checkpoint).expect("its own checkpoint");
        second.advance(200.0).expect("steps");
        let [one, other] = [&mut whole, &mut second].map(|engine| engine.observe());
        assert_eq!(
            format!("{one:?}"),
            format!("{other:?}"),
            "{}",
            optimizer.name
        );
        let mut alone = engine(&plain);
        alone.advance(200.0).expect("steps");
        assert_eq!(difference(&alone.weights(), &whole.weights()), 0.0);
        assert!(engine(&plain).restore(&checkpoint).is_err());
    }
}

use std::path::Path;

use super::*;
use crate::LabError;
use implicit_bias_record::StepNorm;

fn from_toml(text: &str) -> Result<Settings, LabError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.toml");
    std::fs::write(&path, text).unwrap();
    read_settings(&path)
}

fn message(settings: Settings) -> String {
    RunConfig::resolve(&settings).unwrap_err().to_string()
}

#[test]
fn keys_are_read_in_both_spellings_and_numbers_in_all_forms() {
    let text = "step-size = 0.5\ninit_scale = 1e-2\nsteps = \"1e3\"\nwidth = 7\nrecord = 3";
    let settings = from_toml(text).unwrap();
    assert_eq!(settings.number("step-size"), Some(0.5));
    assert_eq!(settings.number("init-scale"), Some(0.01));
    assert_eq!(settings.number("steps"), Some(1000.0));
    for steps in ["steps = 1000", "steps = 1e3", "steps = \"1_000\""] {
        assert_eq!(from_toml(steps).unwrap().number("steps"), Some(1000.0));
    }
}

#[test]
fn bad_files_say_what_is_wrong() {
    let error = |text: &str| from_toml(text).unwrap_err().to_string();
    assert!(error("step-sise = 1.0").contains("unknown field `step-sise`"));
    assert!(error("step-size = 1.0\nstep_size = 1.0").contains("`step-size` is given twice"));
    assert!(error("steps = -4").contains("at least 1"));
    assert!(error("width = \"wide\"").contains("run.toml"));
    assert!(error("width = ").contains("run.toml"));
}

#[test]
fn flags_win_over_the_file_and_drop_what_they_exclude() {
    let file = Settings::default()
        .with("data", "data.npz")
        .with("init-scale", 0.5)
        .with("slope", 0.3)
        .with("step-size", 0.2);
    let flags = Settings::default()
        .with("synthetic", "gaussian")
        .with("init", "init.npz")
        .with("activation", "relu")
        .with("step-size", 0.4);
    let merged = overlay(flags, file);
    assert_eq!(merged.number("step-size"), Some(0.4));
    assert!(
        ["data", "init-scale", "slope"]
            .iter()
            .all(|key| !merged.has(key))
    );
}

#[test]
fn relative_paths_of_a_file_start_at_the_file() {
    let settings = from_toml("data = \"x.npz\"\ninit = \"/w.npz\"").unwrap();
    let data = settings.path("data").unwrap();
    assert!(data.is_absolute() && data.ends_with("x.npz"));
    assert_eq!(settings.path("init").unwrap(), Path::new("/w.npz"));
}

#[test]
fn every_bad_value_is_named_with_what_was_expected() {
    let none = Settings::default;
    for (settings, expected) in [
        (
            none().with("step-size", -1.0),
            "step-size: expected a positive",
        ),
        (none().with("step-size", f64::NAN), "found NaN"),
        (
            none().with("slope", 1.0),
            "slope: expected a number in [0, 1)",
        ),
        (
            none().with("slope", -0.1),
            "slope: expected a number in [0, 1)",
        ),
        (none().with("width", 0), "width: expected at least 1"),
        (
            none().with("init-scale", f64::INFINITY),
            "init-scale: expected",
        ),
        (none().with("record", 5000), "record: expected at most 1000"),
        (none().with("dim", usize::MAX), "dim: expected samples·dim"),
        (
            none().with("norm", 1.0),
            "norm: expected synthetic orthogonal, found synthetic mixture",
        ),
        (
            none().with("labels", "zero-one"),
            "labels: expected a data file",
        ),
        (
            none().with("data", "x").with("dim", 3),
            "dim: expected no such key for a data file",
        ),
        (
            none().with("init", "x").with("width", 3),
            "width: expected no width beside an init file",
        ),
        (
            none().with("activation", "relu").with("slope", 0.1),
            "slope: expected activation leaky-relu or smoothed-leaky-relu",
        ),
        (
            none()
                .with("engine", "gram")
                .with("gradient", "hand-derived"),
            "gradient: expected no gradient of the tensor engine beside engine gram, found \
             hand-derived",
        ),
        (
            none().with("engine", "gram").with("precision", "f32"),
            "precision: expected f64 beside engine gram",
        ),
        (
            none()
                .with("engine", "tensor")
                .with("optimizer", "adam")
                .with("exact-steps", "1e5"),
            "exact-steps: expected no such key beside engine tensor",
        ),
        (
            none().with("exact-steps", "1e16"),
            "exact-steps: expected at most 2^53",
        ),
    ] {
        let message = message(settings);
        assert!(
            message.contains(expected),
            "`{message}` should contain `{expected}`"
        );
    }
}

#[test]
fn a_configuration_survives_its_own_toml() {
    for settings in [
        Settings::default(),
        Settings::default()
            .with("synthetic", "orthogonal")
            .with("dim", 30)
            .with("norm-spread", 2.0)
            .with("activation", "relu")
            .with("steps", "1e30")
            .with("seed", 7),
        Settings::default()
            .with("data", "/x.npz")
            .with("init", "/w.npz"),
        Settings::default().with("engine", "tensor"),
        Settings::default()
            .with("activation", "huberized-relu")
            .with("exponent", 2.5),
        Settings::default()
            .with("network", "deep")
            .with("activation", "smoothed-leaky-relu")
            .with("slope", 0.3),
        Settings::default()
            .with("engine", "gram")
            .with("exact-steps", "1e6")
            .with("precision", "f64"),
        Settings::default()
            .with("engine", "tensor")
            .with("exact-steps", "1e3"),
        Settings::default()
            .with("network", "deep")
            .with("steps", "1e300"),
        Settings::default()
            .with("network", "deep")
            .with("steps", "1e300")
            .with("exact-steps", "1e3")
            .with("kkt", true),
        Settings::default()
            .with("optimizer", "flow")
            .with("steps", "1e9"),
    ] {
        let config = RunConfig::resolve(&settings).unwrap();
        let again = RunConfig::resolve(&from_toml(&config.to_toml()).unwrap()).unwrap();
        assert_eq!(config, again);
        assert_eq!(config.run_name(), again.run_name());
    }
}

#[test]
fn leaky_relu_of_slope_0_is_written_as_relu() {
    let toml = |settings: &Settings| RunConfig::resolve(settings).unwrap().to_toml();
    let written = toml(&Settings::default().with("slope", 0));
    assert_eq!(
        written,
        toml(&Settings::default().with("activation", "relu"))
    );
    assert_eq!(toml(&from_toml(&written).unwrap()), written);
}

#[test]
fn different_configurations_have_different_names() {
    let name = |seed| {
        let settings = Settings::default().with("seed", seed);
        RunConfig::resolve(&settings).unwrap().run_name()
    };
    assert_ne!(name(0), name(1));
}

#[test]
fn a_configuration_of_files_is_the_same_after_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("a-images-idx3-ubyte"), [0, 0, 8, 3]).unwrap();
    let none = Settings::default;
    for settings in [
        none()
            .with("data", at("x.npz"))
            .with("labels", "zero-one")
            .with("noise", 0.5),
        none()
            .with("data", at("x.tsv"))
            .with("label-column", "species")
            .with("positive", "-1")
            .with("random-labels", true),
        none()
            .with("data", at("a-images-idx3-ubyte"))
            .with("positive", "3")
            .with("negative", "3.5")
            .with("per-class", 7)
            .with("unit-norm", true)
            .with("export", "npz"),
        none()
            .with("data", at("x.npy"))
            .with("label-file", at("y.npy")),
        none()
            .with("data-dir", at("mnist"))
            .with("split", "test")
            .with("positive", "0")
            .with("scale", 1.0),
        none()
            .with("data", "mnist")
            .with("positive", "0")
            .with("centre", true),
        none().with("centre", true).with("scale", 3.0),
        none()
            .with("data", at("x.tsv"))
            .with("label-column", "species")
            .with("network", "multi-class")
            .with("classes", "ant, bee ,-1"),
    ] {
        let config = RunConfig::resolve(&settings).unwrap();
        let text = config.to_toml();
        let again = RunConfig::resolve(&from_toml(&text).unwrap()).unwrap();
        assert_eq!(again, config, "{text}");
    }
}

#[test]
fn classes_by_name_are_a_key_of_the_network_and_of_the_data() {
    let several = Settings::default()
        .with("data", "mnist")
        .with("network", "multi-class")
        .with("classes", "3,5, 8");
    let config = RunConfig::resolve(&several).unwrap();
    assert_eq!(config.data.class_names().unwrap(), ["3", "5", "8"]);
    assert!(config.two_layer_descent().is_none());
    assert!(config.to_toml().contains("classes = \"3,5,8\""));
    let name = |classes: &str| {
        let settings = several.clone().with("classes", classes);
        RunConfig::resolve(&settings).unwrap().run_name()
    };
    assert_eq!(name("3,5,8"), config.run_name());
    assert_ne!(
        name("5,3,8"),
        config.run_name(),
        "numbered in another order"
    );
    // What is about one choice of classes drops the other one of the file.
    for (flags, dropped) in [
        (Settings::default().with("positive", "3"), "classes"),
        (Settings::default().with("labels", "zero-one"), "classes"),
        (Settings::default().with("synthetic", "mixture"), "classes"),
        (Settings::default().with("network", "linear"), "classes"),
    ] {
        assert!(!overlay(flags, several.clone()).has(dropped));
    }
    let signs = Settings::default()
        .with("data", "x.npz")
        .with("positive", "3");
    let flags = Settings::default().with("classes", "3,5");
    assert!(!overlay(flags, signs).has("positive"));
}

#[test]
fn pixels_of_mnist_are_scaled_unless_asked_otherwise_and_noise_means_what_the_source_says() {
    let resolve = |settings: Settings| RunConfig::resolve(&settings).unwrap().preparation;
    let mnist = Settings::default()
        .with("data", "mnist")
        .with("positive", "4")
        .with("noise", 2.0);
    let prepared = resolve(mnist.clone());
    assert_eq!((prepared.scale, prepared.noise), (1.0 / 255.0, 2.0));
    let raw = mnist.with("scale", 1.0);
    assert_eq!(resolve(raw).scale, 1.0);
    // The noise of generated samples is the generator's.
    let generated = Settings::default().with("noise", 2.0);
    assert!(resolve(generated).is_none());
}

#[test]
fn other_data_drop_the_keys_of_those_of_the_file() {
    let file = Settings::default()
        .with("data", "mnist")
        .with("data-dir", "digits")
        .with("split", "test")
        .with("positive", "3")
        .with("per-class", 5)
        .with("noise", 0.5)
        .with("centre", true);
    let flags = Settings::default().with("data", "other.npz");
    let merged = overlay(flags, file.clone());
    assert!(!merged.has("data-dir") && !merged.has("split"));
    assert_eq!(
        (merged.count("per-class"), merged.number("noise")),
        (Some(5), Some(0.5))
    );
    let flags = Settings::default().with("synthetic", "mixture");
    let merged = overlay(flags, file.clone());
    assert!(
        ["data", "positive", "noise"]
            .iter()
            .all(|key| !merged.has(key))
    );
    assert!(RunConfig::resolve(&merged).unwrap().preparation.centre);
    let flags = Settings::default()
        .with("data", "signs.npz")
        .with("labels", "zero-one");
    assert_eq!(overlay(flags, file).get("positive"), None);
    let all = Settings::default()
        .with("width", 3)
        .with("seed", 1)
        .with("noise", 1.0);
    let of_data = of_data(&all);
    assert_eq!(
        (of_data.count("width"), of_data.count("seed")),
        (None, Some(1))
    );
}

/// The limit of a descent is known where its batches are all samples, and not of smaller ones.
#[test]
fn a_batch_of_all_samples_is_none() {
    let adam = Settings::default()
        .with("network", "linear")
        .with("optimizer", "adam")
        .with("epsilon", 0.0);
    let norm = |settings: Settings| {
        let config = RunConfig::resolve(&settings).unwrap();
        config.descent_facts(10).norm
    };
    assert_eq!(norm(adam.clone()), StepNorm::Linf);
    assert_eq!(norm(adam.clone().with("batch-size", 10)), StepNorm::Linf);
    assert_eq!(norm(adam.clone().with("batch-size", 9)), StepNorm::Unknown);
    assert_eq!(
        norm(adam.clone().with("step-decay", 1.1)),
        StepNorm::Unknown
    );
    // Without ε the first moment must not outlive the second one.
    assert_eq!(norm(adam.clone().with("beta2", 0.5)), StepNorm::Unknown);
    assert_eq!(norm(adam.with("epsilon", 1e-8)), StepNorm::L2);
}

/// Log time and limits would be wrong of a loss that states a tail which it has not.
#[test]
fn a_loss_without_the_tail_that_it_states_is_refused() {
    const INVERSE: implicit_bias_model::MarginLoss = implicit_bias_model::MarginLoss {
        name: "inverse",
        about: "1/q",
        keys: &[],
        value: |q, _| 1.0 / q,
        slope: |q, _| 1.0 / (q * q),
        log_value: |q, _| -q.ln(),
        log_slope: |q, _| -2.0 * q.ln(),
        is_exponentially_tailed: true,
    };
    let catalogue = Catalogue::standard().with_loss(&INVERSE);
    let error = catalogue.install().unwrap_err().to_string();
    assert!(error.contains("inverse: expected log_value"), "{error}");
}

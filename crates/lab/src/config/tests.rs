use std::path::Path;

use super::*;
use crate::LabError;

fn from_toml(text: &str) -> Result<Settings, LabError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.toml");
    std::fs::write(&path, text).unwrap();
    Settings::from_file(&path)
}

fn message(settings: Settings) -> String {
    RunConfig::resolve(&settings).unwrap_err().to_string()
}

#[test]
fn keys_are_read_in_both_spellings_and_numbers_in_all_forms() {
    let text = "step-size = 0.5\ninit_scale = 1e-2\nsteps = \"1e3\"\nwidth = 7\nrecord = 3";
    let settings = from_toml(text).unwrap();
    assert_eq!(settings.step_size, Some(0.5));
    assert_eq!(settings.init_scale, Some(0.01));
    assert_eq!(settings.steps.unwrap().get(), 1000.0);
    for steps in ["steps = 1000", "steps = 1e3", "steps = \"1_000\""] {
        assert_eq!(from_toml(steps).unwrap().steps.unwrap().get(), 1000.0);
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
    let file = Settings {
        data: Some("data.npz".into()),
        init_scale: Some(0.5),
        slope: Some(0.3),
        step_size: Some(0.2),
        ..Settings::default()
    };
    let flags = Settings {
        synthetic: Some(SyntheticKind::Gaussian),
        init: Some("init.npz".into()),
        activation: Some(ActivationKind::Relu),
        step_size: Some(0.4),
        ..Settings::default()
    };
    let merged = flags.over(file);
    assert_eq!(merged.step_size, Some(0.4));
    assert_eq!(
        (merged.data, merged.init_scale, merged.slope),
        (None, None, None)
    );
}

#[test]
fn relative_paths_of_a_file_start_at_the_file() {
    let settings = from_toml("data = \"x.npz\"\ninit = \"/w.npz\"").unwrap();
    let data = settings.data.unwrap();
    assert!(data.is_absolute() && data.ends_with("x.npz"));
    assert_eq!(settings.init.unwrap(), Path::new("/w.npz"));
}

#[test]
fn every_bad_value_is_named_with_what_was_expected() {
    let none = Settings::default;
    for (settings, expected) in [
        (
            Settings {
                step_size: Some(-1.0),
                ..none()
            },
            "step-size: expected a positive",
        ),
        (
            Settings {
                step_size: Some(f64::NAN),
                ..none()
            },
            "found NaN",
        ),
        (
            Settings {
                slope: Some(1.0),
                ..none()
            },
            "slope: expected a number in [0, 1)",
        ),
        (
            Settings {
                slope: Some(-0.1),
                ..none()
            },
            "slope: expected a number in [0, 1)",
        ),
        (
            Settings {
                width: Some(0),
                ..none()
            },
            "width: expected at least 1",
        ),
        (
            Settings {
                init_scale: Some(f64::INFINITY),
                ..none()
            },
            "init-scale: expected",
        ),
        (
            Settings {
                record: Some(5000),
                ..none()
            },
            "record: expected at most 1000",
        ),
        (
            Settings {
                dim: Some(usize::MAX),
                ..none()
            },
            "dim: expected samples·dim",
        ),
        (
            Settings {
                norm: Some(1.0),
                ..none()
            },
            "norm: expected no such key for a mixture",
        ),
        (
            Settings {
                labels: Some(LabelKind::ZeroOne),
                ..none()
            },
            "labels: expected a data file",
        ),
        (
            Settings {
                data: Some("x".into()),
                dim: Some(3),
                ..none()
            },
            "dim: expected no such key for a data file",
        ),
        (
            Settings {
                init: Some("x".into()),
                width: Some(3),
                ..none()
            },
            "width: expected no width beside an init file",
        ),
        (
            Settings {
                activation: Some(ActivationKind::Relu),
                slope: Some(0.1),
                ..none()
            },
            "slope: expected no slope beside activation relu",
        ),
        (
            Settings {
                engine: Some(EngineKind::Gram),
                gradient: Some(GradientKind::HandDerived),
                ..none()
            },
            "gradient: expected no gradient of the tensor engine beside engine gram, found \
             hand-derived",
        ),
        (
            Settings {
                engine: Some(EngineKind::Gram),
                precision: Some(PrecisionKind::F32),
                ..none()
            },
            "precision: expected f64 beside engine gram",
        ),
        (
            Settings {
                engine: Some(EngineKind::Tensor),
                exact_steps: Some("1e5".parse().unwrap()),
                ..none()
            },
            "exact-steps: expected no such key beside engine tensor",
        ),
        (
            Settings {
                exact_steps: Some("1e16".parse().unwrap()),
                ..none()
            },
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
        Settings {
            synthetic: Some(SyntheticKind::Orthogonal),
            dim: Some(30),
            norm_spread: Some(2.0),
            activation: Some(ActivationKind::Relu),
            steps: Some("1e30".parse().unwrap()),
            seed: Some(7),
            ..Settings::default()
        },
        Settings {
            data: Some("/x.npz".into()),
            init: Some("/w.npz".into()),
            ..Settings::default()
        },
        Settings {
            engine: Some(EngineKind::Tensor),
            ..Settings::default()
        },
        Settings {
            engine: Some(EngineKind::Gram),
            exact_steps: Some("1e6".parse().unwrap()),
            precision: Some(PrecisionKind::F64),
            ..Settings::default()
        },
    ] {
        let config = RunConfig::resolve(&settings).unwrap();
        let again = RunConfig::resolve(&from_toml(&config.to_toml()).unwrap()).unwrap();
        assert_eq!(config, again);
        assert_eq!(config.run_name(), again.run_name());
    }
}

#[test]
fn different_configurations_have_different_names() {
    let name = |seed| {
        let settings = Settings {
            seed: Some(seed),
            ..Settings::default()
        };
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
        Settings {
            data: Some(at("x.npz")),
            labels: Some(LabelKind::ZeroOne),
            noise: Some(0.5),
            ..none()
        },
        Settings {
            data: Some(at("x.tsv")),
            label_column: Some("species".into()),
            positive: Some("-1".into()),
            random_labels: Some(true),
            ..none()
        },
        Settings {
            data: Some(at("a-images-idx3-ubyte")),
            positive: Some("3".into()),
            negative: Some("3.5".into()),
            per_class: Some(7),
            unit_norm: Some(true),
            export: Some(ExportKind::Npz),
            ..none()
        },
        Settings {
            data: Some(at("x.npy")),
            label_file: Some(at("y.npy")),
            ..none()
        },
        Settings {
            data_dir: Some(at("mnist")),
            split: Some(SplitKind::Test),
            positive: Some("0".into()),
            scale: Some(1.0),
            ..none()
        },
        Settings {
            data: Some("mnist".into()),
            positive: Some("0".into()),
            centre: Some(true),
            ..none()
        },
        Settings {
            centre: Some(true),
            scale: Some(3.0),
            ..none()
        },
    ] {
        let config = RunConfig::resolve(&settings).unwrap();
        let text = config.to_toml();
        let again = RunConfig::resolve(&from_toml(&text).unwrap()).unwrap();
        assert_eq!(again, config, "{text}");
    }
}

#[test]
fn pixels_of_mnist_are_scaled_unless_asked_otherwise_and_noise_means_what_the_source_says() {
    let resolve = |settings: Settings| RunConfig::resolve(&settings).unwrap().preparation;
    let mnist = Settings {
        data: Some("mnist".into()),
        positive: Some("4".into()),
        noise: Some(2.0),
        ..Settings::default()
    };
    let prepared = resolve(mnist.clone());
    assert_eq!((prepared.scale, prepared.noise), (1.0 / 255.0, 2.0));
    let raw = Settings {
        scale: Some(1.0),
        ..mnist
    };
    assert_eq!(resolve(raw).scale, 1.0);
    // The noise of generated samples is the generator's.
    let generated = Settings {
        noise: Some(2.0),
        ..Settings::default()
    };
    assert!(resolve(generated).is_none());
}

#[test]
fn other_data_drop_the_keys_of_those_of_the_file() {
    let file = Settings {
        data: Some("mnist".into()),
        data_dir: Some("digits".into()),
        split: Some(SplitKind::Test),
        positive: Some("3".into()),
        per_class: Some(5),
        noise: Some(0.5),
        centre: Some(true),
        ..Settings::default()
    };
    let flags = Settings {
        data: Some("other.npz".into()),
        ..Settings::default()
    };
    let merged = flags.over(file.clone());
    assert_eq!((merged.data_dir, merged.split), (None, None));
    assert_eq!((merged.per_class, merged.noise), (Some(5), Some(0.5)));
    let flags = Settings {
        synthetic: Some(SyntheticKind::Mixture),
        ..Settings::default()
    };
    let merged = flags.over(file.clone());
    assert_eq!(
        (merged.data.clone(), merged.positive.clone(), merged.noise),
        (None, None, None)
    );
    assert!(RunConfig::resolve(&merged).unwrap().preparation.centre);
    let flags = Settings {
        data: Some("signs.npz".into()),
        labels: Some(LabelKind::ZeroOne),
        ..Settings::default()
    };
    assert_eq!(flags.over(file).positive, None);
    let all = Settings {
        width: Some(3),
        seed: Some(1),
        noise: Some(1.0),
        ..Settings::default()
    };
    assert_eq!((all.of_data().width, all.of_data().seed), (None, Some(1)));
}

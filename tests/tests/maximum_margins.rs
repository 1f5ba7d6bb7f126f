//! The claims on maximum margins, end to end on the reference samples: what must be refuted is.

use implicit_bias_claims::Verdict;
use implicit_bias_claims::adam::ids::{L2_MARGIN, LINF_MARGIN, LINF_RATE};
use implicit_bias_data::{read_npz_arrays, write_npz_arrays};
use implicit_bias_lab::config::Settings;
use implicit_bias_tests::{scratch_run, shared_reference_folder, steps};

/// 10⁶ steps on the Gaussian samples of the reference, from its initial weights.
fn base(folder: &std::path::Path) -> Option<Settings> {
    let file = shared_reference_folder()?.join("adam/visible_gauss.npz");
    let [x, y, w0] = read_npz_arrays(&file, ["X", "y", "w0"]).expect("a reference file");
    let (data, init) = (folder.join("data.npz"), folder.join("init.npz"));
    write_npz_arrays(&data, &[("X", x.view()), ("y", y.view())]).expect("written");
    let dim = w0.len();
    let w0 = w0.into_shape_with_order((1, dim)).expect("a row");
    write_npz_arrays(&init, &[("W_weight", w0.view().into_dyn())]).expect("written");
    let settings = Settings::default().with("data", data).with("init", init);
    Some(settings.with("network", "linear").with("steps", steps(1e6)))
}

#[test]
fn claims_are_refuted_where_they_must_be() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let Some(base) = base(folder.path()) else {
        println!("skipped: no ../shared/reference beside the repository");
        return;
    };
    let with = |optimizer: &str, step_size: f64, decay: f64| {
        let settings = base.clone().with("optimizer", optimizer);
        let settings = settings.with("step-size", step_size);
        match decay {
            0.0 => settings,
            _ => settings.with("step-decay", decay).with("step-offset", 2.0),
        }
    };
    let adam = |step_size, decay, epsilon| {
        with("adam", step_size, decay)
            .with("beta2", 0.99)
            .with("epsilon", epsilon)
            .with("bias-correction", false)
    };
    let elsewhere = &[
        (LINF_MARGIN, Verdict::Refuted),
        (L2_MARGIN, Verdict::Supported),
    ][..];
    let there = &[
        (LINF_MARGIN, Verdict::Supported),
        (LINF_RATE, Verdict::Supported),
    ][..];
    let cases = [
        ("gradient descent", with("gd", 0.1, 0.0), elsewhere),
        ("normalized", with("normalized-gd", 0.1, 0.5), elsewhere),
        ("Adam, ε = 10⁻⁸, a = 0.5", adam(1.0, 0.5, 1e-8), elsewhere),
        ("Adam, ε = 10⁻⁸, constant", adam(1e-3, 0.0, 1e-8), elsewhere),
        (
            "Adam, a = 1",
            adam(1.0, 1.0, 0.0),
            &[(LINF_RATE, Verdict::Refuted)],
        ),
        ("Adam, a = 0.5", adam(0.1, 0.5, 0.0), there),
    ];
    for (name, settings, expected) in cases {
        let (_folder, record) = scratch_run(&settings).expect("valid settings");
        for (id, verdict) in expected {
            let claim = record.claims.iter().find(|claim| claim.id == *id);
            let claim = claim.unwrap_or_else(|| panic!("{name}: no {id}"));
            assert_eq!(claim.verdict, *verdict, "{name}: {claim:#?}");
        }
    }
}

/// Corners of a cube: on one sample at a time Adam's second moments are equal in all coordinates,
/// and its direction is that of the other maximum.
#[test]
fn adam_on_one_sample_at_a_time_is_refuted_and_on_all_of_them_is_not() {
    let settings = Settings::default()
        .with("synthetic", "hypercube")
        .with("samples", 10)
        .with("dim", 50)
        .with("network", "linear")
        .with("init-scale", 1.0)
        .with("optimizer", "adam")
        .with("beta2", 0.99)
        .with("epsilon", 0.0)
        .with("step-size", 0.1)
        .with("step-decay", 0.5)
        .with("steps", steps(3e5))
        .with("seed", 11);
    let one = settings
        .clone()
        .with("batch-size", 1)
        .with("batch-order", "cyclic");
    for (settings, expected) in [(one, Verdict::Refuted), (settings, Verdict::Supported)] {
        let (_folder, record) = scratch_run(&settings).expect("valid settings");
        let claim = record.claims.iter().find(|claim| claim.id == LINF_MARGIN);
        assert_eq!(
            claim.map(|claim| claim.verdict),
            Some(expected),
            "{claim:#?}"
        );
    }
}

//! What the fuzz targets share: a small problem, and a finished run of it.

use std::path::Path;

use implicit_bias_data::{DataLaw, Dataset, Mixture};
use implicit_bias_lab::config::{RunConfig, parse_settings};
use implicit_bias_engine::{
    Engine, Gradient, GramEngine, GramEngineOptions, TensorEngine, TensorEngineOptions, select_device,
};
use implicit_bias_lab::{Report, RunOptions, RunRecord, execute};
use implicit_bias_model::{Activation, Loss, TwoLayerConfig, Weights};

pub use implicit_bias_data_fuzz::{path, within, write};

/// The configuration of the problem, as TOML: `n = 3`, `d = 4`, `m = 2`.
pub const CONFIG: &str =
    "samples = 3\ndim = 4\nwidth = 2\nsteps = 100\nexact-steps = 20\nslope = 0.2\n";

/// The problem's samples and weights.
pub fn problem() -> (Dataset, Weights) {
    let law = Mixture {
        samples: 3,
        dim: 4,
        signal: 1.0,
        noise: 1.0,
    };
    let data = law.generate(1).expect("valid sizes");
    let block = |first: f64| {
        let entry = |(i, j): (usize, usize)| first * ((3 * i + 2 * j) as f64).cos();
        ndarray_of(2, 4, entry)
    };
    let weights = vec![
        ("pos".to_owned(), block(0.1)),
        ("neg".to_owned(), block(-0.07)),
    ];
    (data, Weights::new(weights).expect("finite"))
}

fn ndarray_of(
    rows: usize,
    columns: usize,
    entry: impl Fn((usize, usize)) -> f64,
) -> ndarray::Array2<f64> {
    ndarray::Array2::from_shape_fn((rows, columns), entry)
}

fn activation() -> Activation {
    Activation::leaky_relu(0.2).expect("a valid slope")
}

/// A new Gram engine, which leaves exact steps for log time after 20 of them.
pub fn gram_engine() -> GramEngine {
    let (data, weights) = problem();
    let options = GramEngineOptions {
        activation: activation(),
        loss: Loss::Logistic,
        step_size: 0.1,
        output_weight: None,
        exact_steps: 20.0,
    };
    GramEngine::new(&data, &weights, options).expect("a valid problem")
}

/// A new tensor engine.
pub fn tensor_engine() -> TensorEngine<implicit_bias_model::TwoLayer> {
    let (data, weights) = problem();
    let device = select_device(None, None).expect("there is one");
    let options = TensorEngineOptions {
        loss: Loss::Logistic,
        step_size: 0.1,
        gradient: Gradient::Auto,
        threads: 1,
        compensated: false,
        log_time: None,
        kkt: false,
    };
    TensorEngine::new(&data, &device, options, |device| {
        Ok(TwoLayerConfig::new(2, 4, activation()).init_with(&weights, device)?)
    })
    .expect("a valid problem")
}

/// Goes on from bytes. Those that are refused are fine; from others the engine must be able to
/// step.
pub fn go_on(engine: &mut dyn Engine, bytes: &[u8]) {
    if engine.restore(bytes).is_err() {
        return;
    }
    let step = engine.step();
    assert!(step.is_finite() && step >= 0.0, "step {step}");
    if let Ok(None) = engine.advance(step + 3.0) {
        let _ = engine.observe();
        engine.checkpoint().expect("it had one before");
    }
}

/// A finished run in a folder of this process.
pub fn finished_run(folder: &Path) -> RunRecord {
    let settings = parse_settings(CONFIG, folder).expect("valid settings");
    let mut config = RunConfig::resolve(&settings).expect("a valid configuration");
    config.out = Some(folder.to_owned());
    let options = RunOptions {
        parent: folder,
        threads: 1,
        keep_checkpoint: false,
        progress: &mut |_| true,
        stage: &mut |_, _| {},
        announce: &mut |_| {},
        warn: &mut |_| {},
    };
    execute(&config, options, Report::LeftOut).expect("a short run")
}

/// With `SEEDS` in the environment, writes the seeds of a target to `corpus/TARGET`.
pub fn seeds(target: &str, inputs: impl IntoIterator<Item = Vec<u8>>) {
    if std::env::var_os("SEEDS").is_none() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    std::fs::create_dir_all(&folder).expect("writable");
    for (index, input) in inputs.into_iter().enumerate() {
        write(&folder.join(format!("seed-{index}")), &input);
    }
}

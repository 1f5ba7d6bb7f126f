//! Networks with data and initial weights, and what they are compared by.

use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_data::{ClassDataset, Dataset, TrainingSet};
use implicit_bias_engine::{
    Clock, Engine, Gradient, LogTimeOptions, NETWORKS, NetworkKind, Observation, OptimizerRun,
    Pace, StepSize, TensorEngineOptions, select_device,
};
use implicit_bias_model::{Loss, Weights};
use implicit_bias_settings::Settings;
use ndarray::Array1;

pub const STEP_SIZE: f64 = 0.1;

pub fn options(exact_steps: Option<f64>) -> TensorEngineOptions {
    TensorEngineOptions {
        loss: Loss::Logistic,
        step_size: STEP_SIZE,
        gradient: Gradient::Auto,
        threads: 1,
        compensated: false,
        log_time: exact_steps.map(|exact_steps| LogTimeOptions {
            exact_steps,
            clock: Clock::new(Pace::Gradient, &StepSize::constant(STEP_SIZE)).unwrap(),
            required: true,
        }),
        kkt: false,
    }
}

pub fn kind(name: &str) -> &'static dyn NetworkKind {
    let found = NETWORKS.iter().find(|kind| kind.name() == name);
    *found.expect("a network of the list")
}

pub fn data(samples: usize, dim: usize, seed: u64) -> Dataset {
    let x = gaussian_matrix(samples, dim, 1.0, seed, Stream::Noise).unwrap();
    let y = Array1::from_shape_fn(samples, |i| if i % 2 == 1 { -1.0 } else { 1.0 });
    Dataset::new(x, y).unwrap()
}

/// Weights of a network's shapes, of size `scale` over the root of a row.
pub fn initial(
    kind: &dyn NetworkKind,
    settings: &Settings,
    dim: usize,
    scale: f64,
    seed: u64,
) -> Weights {
    let blocks = kind.blocks(settings, dim).unwrap().into_iter().enumerate();
    let draw = |(index, (name, [rows, columns])): (usize, (String, [usize; 2]))| {
        let scale = scale / (columns as f64).sqrt();
        let matrix = gaussian_matrix(
            rows,
            columns,
            scale,
            seed * 100 + index as u64,
            Stream::WeightsPos,
        );
        (name, matrix.unwrap())
    };
    Weights::new(blocks.map(draw).collect()).unwrap()
}

/// A network with its data and initial weights.
pub struct Case {
    pub name: &'static str,
    pub settings: Settings,
    pub data: TrainingSet,
    pub weights: Weights,
}

impl Case {
    pub fn new(
        name: &'static str,
        settings: Settings,
        data: TrainingSet,
        scale: f64,
        seed: u64,
    ) -> Self {
        let weights = initial(kind(name), &settings, data.dim(), scale, seed);
        Self {
            name,
            settings,
            data,
            weights,
        }
    }

    pub fn engine(
        &self,
        options: TensorEngineOptions,
        run: Option<OptimizerRun>,
    ) -> Box<dyn Engine> {
        let device = select_device(None, None).unwrap();
        let kind = kind(self.name);
        let (engine, _) = kind
            .engine(
                &self.settings,
                &self.data,
                &self.weights,
                &device,
                options,
                run,
            )
            .unwrap();
        engine
    }
}

pub fn settings(width: usize, activation: &str) -> Settings {
    let settings = Settings::default()
        .with("width", width)
        .with("activation", activation);
    match activation {
        "leaky-relu" => settings.with("slope", 0.1),
        _ => settings,
    }
}

/// One of each: both layers trained, three and four layers, linear, three classes, a fixed second
/// layer.
pub fn cases(seed: u64) -> Vec<Case> {
    let (n, d) = (6, 30);
    let signs = || TrainingSet::from(data(n, d, seed));
    let deep = |depth: usize| settings(16, "relu").with("depth", depth);
    let x = gaussian_matrix(n, d, 1.0, seed, Stream::Noise).unwrap();
    let names = ["a", "b", "c"].map(str::to_owned).to_vec();
    let class = (0..n).map(|i| i % 3).collect();
    let classes = ClassDataset::new(x, class, names).unwrap();
    let three = settings(6, "leaky-relu").with("classes", "a,b,c");
    vec![
        Case::new("two-layer-both", settings(8, "relu"), signs(), 1.0, seed),
        Case::new(
            "two-layer-both",
            settings(8, "leaky-relu"),
            signs(),
            1.0,
            seed,
        ),
        Case::new("deep", deep(2), signs(), 1.5, seed),
        Case::new("deep", deep(3), signs(), 2.0, seed),
        Case::new("linear", Settings::default(), signs(), 0.1, seed),
        Case::new("multi-class", three, classes.into(), 1.0, seed),
        Case::new("two-layer", settings(8, "relu"), signs(), 1.0, seed),
    ]
}

/// Networks that are homogeneous where their weights are large alone.
pub fn far_cases(seed: u64) -> Vec<Case> {
    let signs = || TrainingSet::from(data(6, 30, seed));
    let patches = |activation: &str| settings(6, activation).with("patches", 3_u64);
    let smooth = settings(8, "smoothed-leaky-relu").with("slope", 0.1);
    let huberized = patches("huberized-relu").with("threshold", 2.0);
    vec![
        Case::new("convolution", huberized, signs(), 0.3, seed),
        Case::new(
            "convolution",
            patches("smoothed-leaky-relu"),
            signs(),
            0.3,
            seed,
        ),
        Case::new("two-layer", smooth, signs(), 0.3, seed),
        Case::new(
            "two-layer",
            settings(8, "huberized-relu").with("threshold", 0.5),
            signs(),
            3.0,
            seed,
        ),
    ]
}

/// The largest distance of margins relative to `max(1, min_i q_i)`, as error estimates have it.
pub fn apart(one: &Observation, other: &Observation, degree: f64) -> f64 {
    let margins = |of: &Observation| -> Vec<f64> {
        let scale = of.weight_norm.powf(degree);
        of.normalized_margins.iter().map(|q| q * scale).collect()
    };
    let (one, other) = (margins(one), margins(other));
    let least = one.iter().copied().fold(f64::INFINITY, f64::min).max(1.0);
    let pairs = one.iter().zip(&other);
    pairs.fold(0.0, |most: f64, (a, b)| most.max((a - b).abs())) / least
}

/// The power of the norm by which margins are divided.
pub fn degree(case: &Case) -> f64 {
    let activation = case.settings.text("activation").unwrap_or_default();
    if ["huberized-relu", "smoothed-leaky-relu"].contains(&activation) {
        return 0.0;
    }
    match case.name {
        "two-layer-both" => 2.0,
        "deep" => 1.0 + case.settings.count("depth").unwrap() as f64,
        _ => 1.0,
    }
}

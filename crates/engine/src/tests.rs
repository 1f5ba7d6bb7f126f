//! What the engine records for weights and architectures that are not the ordinary case.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use implicit_bias_data::{ClassDataset, DataLaw, Dataset, Mixture};
use implicit_bias_model::{
    Activation, Block, Loss, MultiClass, MultiClassConfig, Network, Objective, TensorActivation,
    TwoLayerConfig, Weights, to_tensor,
};
use ndarray::Array2;

use crate::options::Gradient;
use crate::{Engine, TensorEngine, TensorEngineOptions};
use crate::{EngineError, Observation, drive, select_device};
use implicit_bias_record::schedule;

const OPTIONS: TensorEngineOptions = TensorEngineOptions {
    loss: Loss::Logistic,
    step_size: 0.1,
    gradient: Gradient::Auto,
    threads: 1,
    compensated: false,
    log_time: None,
    kkt: false,
};

fn data() -> Dataset {
    let (samples, dim) = (4, 6);
    let law = Mixture {
        samples,
        dim,
        signal: 1.0,
        noise: 1.0,
    };
    law.generate(0).unwrap()
}

fn waves(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((3 * i + 7 * j + 1) as f64).sin())
}

#[test]
fn a_zero_block_leaves_the_other_its_spectrum() {
    let blocks = vec![
        ("pos".to_owned(), waves(3, 6)),
        ("neg".to_owned(), Array2::zeros((3, 6))),
    ];
    let weights = Weights::new(blocks).unwrap();
    let device = select_device(None, None).unwrap();
    let mut engine = TensorEngine::new(&data(), &device, OPTIONS, |device| {
        Ok(TwoLayerConfig::new(3, 6, Activation::RELU).init_with(&weights, device)?)
    })
    .unwrap();
    let observation = engine.observe().unwrap();
    let [pos, neg] = observation.blocks.as_slice() else {
        panic!("two blocks")
    };
    assert_eq!((neg.norm, neg.spectral_norm), (0.0, 0.0));
    assert!(neg.stable_rank.is_nan());
    let norm = waves(3, 6).mapv(|w| w * w).sum().sqrt();
    assert!((pos.norm - norm).abs() < 1e-14 && pos.stable_rank > 1.0);
}

/// Two layers of weights, the second in two blocks that raise and lower the score.
#[derive(Module, Debug)]
struct Deep {
    first: Param<Tensor<2>>,
    raise: Param<Tensor<2>>,
    lower: Param<Tensor<2>>,
}

impl Network for Deep {
    fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        let hidden = Activation::RELU.forward(x.matmul(self.first.val().transpose()));
        let mean = |w: &Param<Tensor<2>>| {
            let outer = hidden.clone().matmul(w.val().transpose());
            Activation::RELU.forward(outer).mean_dim(1)
        };
        mean(&self.raise) - mean(&self.lower)
    }

    fn blocks(&self) -> Vec<Block> {
        [
            ("first", &self.first, None),
            ("raise", &self.raise, Some(1.0)),
            ("lower", &self.lower, Some(-1.0)),
        ]
        .map(|(name, weight, sign)| Block {
            name: name.into(),
            weight: weight.val(),
            sign,
        })
        .to_vec()
    }

    fn with_blocks(mut self, weights: Vec<Tensor<2>>) -> Self {
        let [first, raise, lower] = <[_; 3]>::try_from(weights).expect("three blocks");
        self.first = Param::from_tensor(first);
        self.raise = Param::from_tensor(raise);
        self.lower = Param::from_tensor(lower);
        self
    }

    fn homogeneity(&self) -> Option<f64> {
        Some(2.0)
    }

    /// Of a name of its own, and of another column's where the first layer begins with 7.
    fn probes(&self, _: &[f64]) -> Vec<(String, f64)> {
        let first = Weights::of(&self.blocks()).blocks()[0].1[[0, 0]];
        let name = if first == 7.0 { "loss" } else { "first_weight" };
        vec![(name.to_owned(), first)]
    }
}

#[test]
fn a_probe_of_the_name_of_another_column_is_refused() {
    let device = select_device(None, None).unwrap();
    let columns = |first: f64| {
        let mut engine = TensorEngine::new(&data(), &device, OPTIONS, |device| {
            let weight = |rows, columns| {
                let mut weight = waves(rows, columns);
                weight[[0, 0]] = first;
                Param::from_tensor(to_tensor(&weight, device))
            };
            Ok(Deep {
                first: weight(5, 6),
                raise: weight(3, 5),
                lower: weight(2, 5),
            })
        })
        .unwrap();
        engine.observe().map(|observation| observation.columns())
    };
    assert!(columns(1.0).unwrap().contains(&"first_weight".to_owned()));
    let error = columns(7.0).unwrap_err().to_string();
    assert!(error.contains("`loss`"), "{error}");
}

#[test]
fn a_signed_block_of_a_deeper_layer_is_recorded_without_an_alignment() {
    let device = select_device(None, None).unwrap();
    let mut engine = TensorEngine::new(&data(), &device, OPTIONS, |device| {
        let weight = |rows, columns| Param::from_tensor(to_tensor(&waves(rows, columns), device));
        Ok(Deep {
            first: weight(5, 6),
            raise: weight(3, 5),
            lower: weight(2, 5),
        })
    })
    .unwrap();
    assert_eq!(engine.gradient(), "autodiff");
    assert_eq!(engine.advance(3.0).unwrap(), None);
    let observation = engine.observe().unwrap();
    assert_eq!(observation.step, 3.0);
    assert!(
        observation
            .blocks
            .iter()
            .all(|block| block.stable_rank >= 1.0)
    );
    assert!(
        observation
            .blocks
            .iter()
            .all(|block| block.alignment.is_nan())
    );
    assert!(observation.stable_rank.is_nan() && observation.pattern.is_none());
}

fn named(blocks: &[(&str, Array2<f64>)]) -> Weights {
    let blocks = blocks.iter();
    Weights::new(
        blocks
            .map(|(name, w)| ((*name).to_owned(), w.clone()))
            .collect(),
    )
    .unwrap()
}

fn of_classes(
    data: &ClassDataset,
    weights: &Weights,
) -> Result<TensorEngine<MultiClass>, EngineError> {
    let device = select_device(None, None).unwrap();
    let config = MultiClassConfig::new(weights.blocks().len(), 3, data.dim(), Activation::RELU);
    let (class, count) = (data.class().to_vec(), data.names().len());
    let objective = Objective::multi_class(OPTIONS.loss, class, count)?;
    TensorEngine::with_objective(data.x(), objective, &device, OPTIONS, None, |device| {
        Ok(config.init_with(weights, device)?)
    })
}

fn classes(count: usize, samples: usize) -> ClassDataset {
    let names = (0..count).map(|class| class.to_string()).collect();
    let class = (0..samples).map(|sample| sample % count).collect();
    ClassDataset::new(waves(samples, 6), class, names).unwrap()
}

#[test]
fn two_classes_are_recorded_as_labels_are_with_the_classes_besides() {
    let data = classes(2, 5);
    let weights = named(&[("0", waves(3, 6)), ("1", -0.5 * waves(3, 6))]);
    let mut several = of_classes(&data, &weights).unwrap();
    let device = select_device(None, None).unwrap();
    let binary = data.to_binary().unwrap();
    let mut two = TensorEngine::new(&binary, &device, OPTIONS, |device| {
        Ok(TwoLayerConfig::new(3, 6, Activation::RELU).init_with(&weights, device)?)
    })
    .unwrap();
    let steps = schedule(200.0, 3);
    let expected = drive(&mut two, &steps, &mut ()).unwrap();
    let found = drive(&mut several, &steps, &mut ()).unwrap();
    let close =
        |found: f64, expected: f64| (found - expected).abs() < 1e-12 * expected.abs().max(1.0);
    for (name, other) in [
        ("loss", "loss"),
        ("log_loss", "log_loss"),
        ("weight_norm", "weight_norm"),
        ("stable_rank_pos", "stable_rank_0"),
        ("stable_rank_neg", "stable_rank_1"),
        ("stable_rank", "stable_rank"),
        ("margin_min", "margin_min"),
        ("gradient_norm", "gradient_norm"),
        ("accuracy", "accuracy"),
    ] {
        let columns = [expected.series.column(name), found.series.column(other)];
        let [expected, found] = columns.map(|column| column.expect("a column of both"));
        for (found, expected) in found.into_iter().zip(expected) {
            assert!(close(found, expected), "{name}: {found} {expected}");
        }
    }
    for (found, expected) in found.margins.rows().iter().zip(expected.margins.rows()) {
        assert!(
            found
                .iter()
                .zip(expected)
                .all(|(&found, &expected)| close(found, expected))
        );
    }
    // The columns of labels stay what they were.
    assert!(
        expected
            .series
            .columns()
            .iter()
            .all(|name| !name.starts_with("margin_min_"))
    );
    assert_eq!(
        found.series.columns()[found.series.columns().len() - 4..],
        [
            "margin_min_0",
            "margin_max_0",
            "margin_min_1",
            "margin_max_1"
        ]
    );
}

#[test]
fn the_order_of_the_classes_does_not_matter() {
    let data = classes(3, 8);
    let blocks = [
        waves(3, 6),
        -0.5 * waves(3, 6),
        waves(3, 6).mapv(|entry| entry.cos() - 0.6),
    ];
    let observe = |order: [usize; 3]| -> Observation {
        // Class c becomes order[c].
        let class = data.class().iter().map(|&class| order[class]).collect();
        let renamed = ClassDataset::new(data.x().clone(), class, data.names().to_vec()).unwrap();
        let mut turned = vec![("", Array2::zeros((0, 0))); 3];
        for (class, block) in blocks.iter().enumerate() {
            turned[order[class]] = (["0", "1", "2"][order[class]], block.clone());
        }
        let mut engine = of_classes(&renamed, &named(&turned)).unwrap();
        assert_eq!(engine.advance(50.0).unwrap(), None);
        engine.observe().unwrap()
    };
    let order = [2, 0, 1];
    let (plain, turned) = (observe([0, 1, 2]), observe(order));
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
    close(plain.loss, turned.loss);
    for (a, b) in plain
        .normalized_margins
        .iter()
        .zip(&turned.normalized_margins)
    {
        close(*a, *b);
    }
    for (class, place) in order.into_iter().enumerate() {
        close(
            plain.blocks[class].stable_rank,
            turned.blocks[place].stable_rank,
        );
        close(
            plain.classes[class].margin_min,
            turned.classes[place].margin_min,
        );
        close(
            plain.classes[class].margin_max,
            turned.classes[place].margin_max,
        );
    }
    assert!((plain.classes[0].margin_min - plain.classes[1].margin_min).abs() > 1e-3);
}

#[test]
fn scores_and_classes_must_agree_and_zero_weights_have_no_margins() {
    let data = classes(3, 8);
    let two = named(&[("0", waves(3, 6)), ("1", waves(3, 6))]);
    let error = of_classes(&data, &two)
        .err()
        .expect("three classes, two scores");
    assert!(error.is_input());
    assert_eq!(
        error.to_string(),
        "network: expected 3 scores a sample, as the data ask, found 2"
    );
    let zero = || Array2::zeros((3, 6));
    let zeros = named(&[("0", zero()), ("1", zero()), ("2", zero())]);
    let observation = of_classes(&data, &zeros).unwrap().observe().unwrap();
    assert_eq!((observation.accuracy, observation.classes.len()), (0.0, 3));
    assert!((observation.loss - 3f64.ln()).abs() < 1e-15);
    assert!(
        observation
            .classes
            .iter()
            .all(|class| class.margin_min.is_nan())
    );
}

/// What a run records, bit by bit: over and over from a checkpoint, or in one piece.
fn rows(make: &dyn Fn() -> Box<dyn Engine>, targets: &[f64], restart: bool) -> Vec<Vec<u64>> {
    let mut engine = make();
    let mut rows = Vec::new();
    for &target in targets {
        // Between two records as well, where a pattern is remembered from the one before.
        for part in [0.4, 1.0] {
            let to = engine.step() + (part * (target - engine.step())).floor();
            assert_eq!(engine.advance(to).unwrap(), None);
            if restart {
                let bytes = engine.checkpoint().unwrap();
                engine = make();
                engine.restore(&bytes).unwrap();
                assert_eq!(engine.step(), to);
            }
        }
        let row = engine.observe().unwrap().row();
        rows.push(row.iter().map(|value| value.to_bits()).collect());
    }
    let weights = engine.weights();
    let last = weights.blocks().iter().flat_map(|(_, w)| w.iter());
    rows.push(last.map(|value| value.to_bits()).collect());
    rows
}

fn two_layer(gradient: Gradient) -> Box<dyn Engine> {
    let weights = named(&[("pos", waves(3, 6)), ("neg", -0.5 * waves(3, 6))]);
    let device = select_device(None, None).unwrap();
    let options = TensorEngineOptions {
        gradient,
        ..OPTIONS
    };
    let build = |device: &burn::tensor::Device| {
        Ok(TwoLayerConfig::new(3, 6, Activation::RELU).init_with(&weights, device)?)
    };
    Box::new(TensorEngine::new(&data(), &device, options, build).unwrap())
}

fn deep() -> Box<dyn Engine> {
    let device = select_device(None, None).unwrap();
    let engine = TensorEngine::new(&data(), &device, OPTIONS, |device| {
        let weight = |rows, columns| Param::from_tensor(to_tensor(&waves(rows, columns), device));
        Ok(Deep {
            first: weight(5, 6),
            raise: weight(3, 5),
            lower: weight(2, 5),
        })
    });
    Box::new(engine.unwrap())
}

fn gram() -> Box<dyn Engine> {
    let weights = named(&[("pos", waves(3, 6)), ("neg", -0.5 * waves(3, 6))]);
    let options = super::GramEngineOptions {
        activation: Activation::leaky_relu(0.1).unwrap(),
        loss: Loss::Logistic,
        step_size: 0.1,
        output_weight: None,
        exact_steps: 1e4,
    };
    Box::new(super::GramEngine::new(&data(), &weights, options).unwrap())
}

fn of_three_classes() -> Box<dyn Engine> {
    let weights = named(&[("0", waves(3, 6)), ("1", -waves(3, 6)), ("2", waves(3, 6))]);
    Box::new(of_classes(&classes(3, 5), &weights).unwrap())
}

#[test]
fn every_engine_goes_on_from_a_checkpoint_to_the_last_bit() {
    let near = [0.0, 7.0, 50.0, 300.0];
    let far = [0.0, 10.0, 1e4, 1e6, 1e9, 1e30];
    type Make = fn() -> Box<dyn Engine>;
    let engines: [(&str, Make, &[f64]); 5] = [
        ("hand-derived", || two_layer(Gradient::HandDerived), &near),
        ("autodiff", || two_layer(Gradient::Autodiff), &near),
        ("another architecture", deep, &near),
        ("several classes", of_three_classes, &near),
        ("Gram", gram, &far),
    ];
    for (name, make, targets) in engines {
        assert!(
            rows(&make, targets, false) == rows(&make, targets, true),
            "{name}"
        );
    }
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let mut small = deep();
    small.advance(3.0).unwrap();
    let bytes = small.checkpoint().unwrap();
    for mut other in [two_layer(Gradient::Auto), gram()] {
        let error = other.restore(&bytes).unwrap_err();
        assert!(error.is_input(), "{error}");
    }
    let error = two_layer(Gradient::Auto).restore(&bytes[..9]).unwrap_err();
    assert!(error.to_string().starts_with("checkpoint: "), "{error}");
}

//! The paper's network as burn-train wants it.

use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::InMemDataset;
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use burn::train::metric::{Adaptor, LossInput};
use burn::train::{InferenceStep, ItemLazy, TrainOutput, TrainStep};
use implicit_bias_data::Dataset;
use implicit_bias_metrics::train::Observed;
use implicit_bias_model::{Loss, Network, TensorLoss, TwoLayer};

/// A sample with its label ±1.
pub type Sample = (Vec<f64>, f64);

/// The samples as Burn's data set.
pub fn samples(data: &Dataset) -> InMemDataset<Sample> {
    let pairs = data.x().rows().into_iter().zip(data.y());
    InMemDataset::new(pairs.map(|(x, &y)| (x.to_vec(), y)).collect())
}

/// Samples that are looked at together.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[batch, dimensions]`.
    images: Tensor<2>,
    /// ±1, `[batch]`.
    labels: Tensor<1>,
}

/// Puts samples together.
#[derive(Clone, Debug)]
pub struct Batches;

impl Batcher<Sample, Batch> for Batches {
    fn batch(&self, items: Vec<Sample>, device: &Device) -> Batch {
        let (count, dim) = (items.len(), items.first().map_or(0, |item| item.0.len()));
        let (images, labels): (Vec<Vec<f64>>, Vec<f64>) = items.into_iter().unzip();
        Batch {
            images: Tensor::from_data(TensorData::new(images.concat(), [count, dim]), device),
            labels: Tensor::from_data(TensorData::new(labels, [count]), device),
        }
    }
}

/// A network whose steps and passes carry what the metrics look at.
#[derive(Module, Debug)]
pub struct ObservedNetwork {
    network: TwoLayer,
    #[module(skip)]
    loss: Loss,
}

/// The mean loss of a batch.
pub struct Output {
    loss: Tensor<1>,
}

impl ItemLazy for Output {
    fn sync(self) -> Result<Self, burn::tensor::ExecutionError> {
        Ok(Self {
            loss: self.loss.without_autodiff(),
        })
    }
}

impl Adaptor<LossInput> for Output {
    fn adapt(&self) -> LossInput {
        LossInput::new(self.loss.clone())
    }
}

impl ObservedNetwork {
    pub fn new(network: TwoLayer, loss: Loss) -> Self {
        Self { network, loss }
    }

    /// The loss of a batch, with what the metrics look at.
    fn observe(&self, batch: Batch) -> Observed<Output> {
        let scores = self.network.scores(batch.images).squeeze_dim(1);
        let loss = self.loss.forward(scores.clone() * batch.labels.clone());
        let weights = self.network.blocks().into_iter().map(|block| block.weight);
        Observed::new(Output { loss }, weights.collect()).with_scores(scores, batch.labels)
    }
}

impl TrainStep for ObservedNetwork {
    type Input = Batch;
    type Output = Observed<Output>;

    fn step(&self, batch: Batch) -> TrainOutput<Observed<Output>> {
        let observed = self.observe(batch);
        let gradients = observed.output().loss.backward();
        TrainOutput::new(self, gradients, observed)
    }
}

impl InferenceStep for ObservedNetwork {
    type Input = Batch;
    type Output = Observed<Output>;

    fn step(&self, batch: Batch) -> Observed<Output> {
        self.observe(batch)
    }
}

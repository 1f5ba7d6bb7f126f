//! The optimizers of Burn.

use burn::optim::{Optimizer as OptimizerOfBurn, RecordState, StateSink, StateSource};
use burn::tensor::{DType, Device, Tensor, TensorData};
use implicit_bias_settings::Invalid;

use super::optimizer::Optimizer;
use crate::bytes::{from_bytes, to_bytes};
use crate::device::host_device;
use crate::oracle::Oracle;

/// Any of Burn's optimizers, or one written for Burn, as an [`Optimizer`] of a run.
///
/// All weights are one tensor of rank 1, in double precision on a device in host memory; the step
/// size is what Burn calls the learning rate. An optimizer that looks at the matrices of a network,
/// such as Burn's `Muon`, is no such thing. Burn keeps the coefficients of some optimizers, Adam's
/// among them, in single precision, and a gradient below `10⁻³⁰⁸` is 0: at far horizons the
/// optimizers of this crate keep digits that these lose.
///
/// ```
/// use burn::optim::AdamWConfig;
/// use implicit_bias_engine::optimizers::{BurnOptimizer, OptimizerKind, StepNorm};
/// use implicit_bias_settings::Key;
///
/// const WEIGHT_DECAY: Key = Key::number("weight-decay", "LAMBDA", "Weight decay (burn-adamw)")
///     .by_default(1e-4)
///     .non_negative();
///
/// const ADAMW: OptimizerKind = OptimizerKind {
///     name: "burn-adamw",
///     about: "AdamW, as Burn has it",
///     keys: &[WEIGHT_DECAY],
///     has_step_size: true,
///     batch_size: None,
///     is_plain: false,
///     pace: None,
///     step_norm: |_| StepNorm::Unknown,
///     make: |settings, _| {
///         let decay = WEIGHT_DECAY.number_in(settings)?;
///         BurnOptimizer::boxed(AdamWConfig::new().with_weight_decay(decay as f32).build())
///     },
/// };
/// ```
pub struct BurnOptimizer<O: OptimizerOfBurn> {
    optimizer: O,
    /// `None` before the first step.
    state: Option<O::State<1>>,
    device: Device,
    gradient: Vec<f64>,
}

impl<O: OptimizerOfBurn> BurnOptimizer<O> {
    /// This optimizer at step 0, as [`OptimizerKind::make`](super::OptimizerKind::make) returns it.
    ///
    /// # Errors
    ///
    /// [`Invalid`] where no backend is compiled in that computes in host memory.
    pub fn boxed(optimizer: O) -> Result<Box<dyn Optimizer>, Invalid> {
        let device = host_device().ok_or_else(|| {
            let expected = "an optimizer of this crate in a build without `ndarray` and `flex`";
            Invalid::new("optimizer", expected, "one of Burn")
        })?;
        Ok(Box::new(Self {
            optimizer,
            state: None,
            device,
            gradient: Vec::new(),
        }))
    }

    fn tensor(&self, values: &[f64]) -> Tensor<1> {
        let data = TensorData::new(values.to_vec(), [values.len()]);
        Tensor::from_data(data, (&self.device, DType::F64))
    }
}

impl<O: OptimizerOfBurn> Optimizer for BurnOptimizer<O> {
    fn step(
        &mut self,
        _step: u64,
        step_size: f64,
        weights: &mut [f64],
        oracle: &mut Oracle,
    ) -> bool {
        self.gradient.resize(weights.len(), 0.0);
        let Some(found) = oracle.gradient(weights, &mut self.gradient) else {
            return false;
        };
        let scale = found.scale();
        self.gradient.iter_mut().for_each(|g| *g *= scale);
        let (before, gradient) = (self.tensor(weights), self.tensor(&self.gradient));
        let state = self.state.clone();
        let (after, state) = self.optimizer.step(step_size, before, gradient, state);
        let after: Vec<f64> = after.into_data().iter().collect();
        let finite = after.iter().all(|w| w.is_finite());
        if finite {
            weights.copy_from_slice(&after);
            self.state = state;
        }
        finite
    }

    fn state(&self) -> Vec<f64> {
        let Some(state) = &self.state else {
            return Vec::new();
        };
        let mut sink = StateSink::default();
        state.state_flatten(PREFIX, &mut sink);
        to_numbers(&to_bytes(&(sink.tensors, sink.scalars)))
    }

    fn restore(&mut self, state: &[f64], weights: usize) -> bool {
        if state.is_empty() {
            self.state = None;
            return true;
        }
        let Some(bytes) = of_numbers(state) else {
            return false;
        };
        let Ok((tensors, scalars)) = from_bytes::<(Vec<(String, TensorData)>, Vec<_>)>(&bytes)
        else {
            return false;
        };
        let mut source = StateSource::new(scalars.into_iter().collect());
        for (name, data) in tensors {
            // One number for each weight, or one for all of them.
            if ![1, weights].contains(&data.num_elements()) {
                return false;
            }
            source.insert_tensor(name, data);
        }
        let state = RecordState::state_unflatten(PREFIX, &mut source, &self.device);
        let fits = state.is_some();
        if fits {
            self.state = state;
        }
        fits
    }
}

/// The name of the state in its record.
const PREFIX: &str = "weights";

/// Bytes that one number of a checkpoint holds: whole numbers below 2⁴⁸ are exact.
const BYTES: usize = 6;

/// The number of bytes, and the bytes as whole numbers.
fn to_numbers(bytes: &[u8]) -> Vec<f64> {
    let number = |chunk: &[u8]| {
        let value = chunk.iter().rev();
        value.fold(0_u64, |value, &byte| value << 8 | u64::from(byte)) as f64
    };
    let numbers = bytes.chunks(BYTES).map(number);
    std::iter::once(bytes.len() as f64).chain(numbers).collect()
}

/// The bytes of [`to_numbers`]; `None` for other numbers.
fn of_numbers(numbers: &[f64]) -> Option<Vec<u8>> {
    let (&count, numbers) = numbers.split_first()?;
    let whole = |&x: &f64| x >= 0.0 && x < (1_u64 << (8 * BYTES)) as f64 && x.fract() == 0.0;
    let count = Some(count).filter(whole)? as usize;
    if count.div_ceil(BYTES) != numbers.len() || !numbers.iter().all(whole) {
        return None;
    }
    let bytes = numbers.iter().map(|&number| (number as u64).to_le_bytes());
    let mut bytes: Vec<u8> = bytes.flat_map(|b| b.into_iter().take(BYTES)).collect();
    bytes.truncate(count);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_as_numbers() {
        for count in 0..20 {
            let bytes: Vec<u8> = (0..count).map(|k| (255 - 37 * k % 256) as u8).collect();
            let numbers = to_numbers(&bytes);
            assert_eq!(of_numbers(&numbers), Some(bytes));
            assert_eq!(of_numbers(&[&numbers[..], &[0.0]].concat()), None);
        }
        for other in [[6.0, 0.5], [6.0, -1.0], [6.0, f64::NAN], [7.0, 1.0]] {
            assert_eq!(of_numbers(&other), None);
        }
    }
}

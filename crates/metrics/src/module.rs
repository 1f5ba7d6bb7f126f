//! The spectra of every weight of a module, by the names of its parameters.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

use crate::spectrum::spectra;
use crate::{BlockSpectrum, MetricError};

/// The spectrum of each floating-point parameter of a module that has two axes or more, by its
/// path, as `encoder.linear.weight`, in the order of the module's fields; `None` for one that is
/// zero, whose stable rank is undefined.
///
/// A parameter of more axes is read as the matrix of its first axis against all others: a kernel
/// of a convolution, `[out, in, height, width]`, as `[out, in · height · width]`. Parameters of one
/// axis, such as biases, are left out. Accuracy is that of [`spectra`](crate::spectra).
///
/// # Errors
///
/// [`MetricError::Empty`], [`MetricError::NonFinite`], [`MetricError::Read`] of the first parameter
/// that has no spectrum for another reason than being zero.
///
/// ```
/// use burn::module::{Module, Param};
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_metrics::spectra_of;
///
/// #[derive(Module, Debug)]
/// struct Layer {
///     weight: Param<Tensor<2>>,
/// }
///
/// let weight = Tensor::from_floats([[2.0, 0.0], [0.0, 1.0]], &Device::default());
/// let layer = Layer { weight: Param::from_tensor(weight) };
/// let spectra = spectra_of(&layer)?;
/// assert_eq!(spectra[0].0, "weight");
/// assert!((spectra[0].1.as_ref().unwrap().stable_rank - 1.25).abs() < 1e-14);
/// # Ok::<(), implicit_bias_metrics::MetricError>(())
/// ```
pub fn spectra_of<M: Module>(
    module: &M,
) -> Result<Vec<(String, Option<BlockSpectrum>)>, MetricError> {
    let mut visitor = Spectra {
        path: Vec::new(),
        found: Vec::new(),
        failure: None,
    };
    module.visit(&mut visitor);
    match visitor.failure {
        Some(error) => Err(error),
        None => Ok(visitor.found),
    }
}

struct Spectra {
    path: Vec<String>,
    found: Vec<(String, Option<BlockSpectrum>)>,
    failure: Option<MetricError>,
}

impl ModuleVisitor for Spectra {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let dims = tensor.dims();
        if D < 2 || self.failure.is_some() {
            return;
        }
        let matrix: Tensor<2> = tensor.reshape([dims[0], dims[1..].iter().product()]);
        let spectrum = match spectra(&[matrix]) {
            Ok(mut spectra) => spectra.blocks.pop(),
            Err(MetricError::ZeroMatrix { .. }) => None,
            Err(error) => {
                self.failure = Some(error);
                return;
            }
        };
        self.found.push((self.path.join("."), spectrum));
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::{Device, Distribution};

    use super::*;
    use crate::stable_rank;

    #[derive(Module, Debug)]
    struct Inner {
        weight: Param<Tensor<2>>,
        bias: Param<Tensor<1>>,
    }

    #[derive(Module, Debug)]
    struct Outer {
        kernel: Param<Tensor<4>>,
        layers: Vec<Inner>,
    }

    #[test]
    fn every_weight_is_found_by_its_path_and_read_as_a_matrix() {
        let device = Device::default();
        let random =
            |dims: [usize; 2]| Tensor::<2>::random(dims, Distribution::Normal(0.0, 1.0), &device);
        let (kernel, weight) = (random([4, 18]), random([3, 5]));
        let inner = |weight: Tensor<2>| Inner {
            weight: Param::from_tensor(weight),
            bias: Param::from_tensor(Tensor::ones([3], &device)),
        };
        let module = Outer {
            kernel: Param::from_tensor(kernel.clone().reshape([4, 2, 3, 3])),
            layers: vec![inner(weight.clone()), inner(weight.zeros_like())],
        };
        let found = spectra_of(&module).unwrap();
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["kernel", "layers.0.weight", "layers.1.weight"]);
        let rank = |index: usize| found[index].1.as_ref().map(|spectrum| spectrum.stable_rank);
        assert_eq!(rank(0), Some(stable_rank(&kernel).unwrap()));
        assert_eq!(rank(1), Some(stable_rank(&weight).unwrap()));
        assert_eq!(rank(2), None);
        let broken = inner(weight.mul_scalar(f64::INFINITY));
        assert!(spectra_of(&broken).is_err());
    }
}

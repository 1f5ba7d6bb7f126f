//! From a tensor on any device to `f64` on the host.

use burn::tensor::{DType, DataError, Tensor, TensorData, TensorReadError};

use crate::MetricError;

/// The values of a tensor in row-major order, all finite.
///
/// The tensor may carry autodiff: the copy is taken without it, so no graph grows.
pub(crate) fn read<const D: usize>(
    tensor: &Tensor<D>,
    what: &str,
) -> Result<Vec<f64>, MetricError> {
    // Not every backend can launch a copy of nothing: look before reading.
    if tensor.dims().contains(&0) {
        return Err(MetricError::Empty { what: what.into() });
    }
    let values = to_f64(tensor.clone().without_autodiff()).map_err(|source| {
        // The error of the conversion does not name the argument.
        MetricError::Read {
            what: what.into(),
            source,
        }
    })?;
    finite(&values, what)?;
    Ok(values)
}

fn to_f64<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f64>, TensorReadError> {
    let tensor = match tensor.dtype() {
        DType::QFloat(_) => tensor.dequantize(),
        // A tensor that others hold too, as the caller does here, leaves the `ndarray` backend
        // one element after another. The result of an operation is ours alone and moves out
        // whole, some fifty times faster; multiplying by one changes no value.
        _ => tensor.mul_scalar(1.0),
    };
    convert(tensor.try_into_data()?).map_err(TensorReadError::from)
}

fn convert(data: TensorData) -> Result<Vec<f64>, DataError> {
    match data.dtype() {
        DType::F64 => data.try_into_vec::<f64>(),
        // Burn's own cast makes one virtual call an element; weights in f32 are the common case.
        DType::F32 => Ok(data
            .as_slice::<f32>()?
            .iter()
            .copied()
            .map(f64::from)
            .collect()),
        _ => data.try_into_vec_as::<f64>(),
    }
}

/// Fails when a value is `NaN` or infinite.
pub(crate) fn finite(values: &[f64], what: &str) -> Result<(), MetricError> {
    match values.iter().filter(|value| !value.is_finite()).count() {
        0 => Ok(()),
        count => Err(MetricError::NonFinite {
            what: what.into(),
            count,
        }),
    }
}

/// Fails when a value is neither −1 nor +1.
pub(crate) fn signs(values: &[f64], what: &str) -> Result<(), MetricError> {
    match values.iter().position(|value| value.abs() != 1.0) {
        None => Ok(()),
        Some(index) => Err(MetricError::Sign {
            what: what.into(),
            index,
            found: values[index],
        }),
    }
}

/// Fails when `found` elements came where the other arguments ask for `expected`.
pub(crate) fn length(found: usize, expected: usize, what: &str) -> Result<(), MetricError> {
    if found == expected {
        return Ok(());
    }
    Err(MetricError::Shape {
        what: what.into(),
        expected: vec![expected],
        found: vec![found],
    })
}

/// The result, unless it overflowed.
pub(crate) fn in_range(value: f64, what: &str) -> Result<f64, MetricError> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(MetricError::Overflow { what: what.into() })
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{bf16, f16};

    use super::*;

    #[test]
    fn every_float_type_converts() {
        let values = [1.5, -2.0, 0.0, 1024.0];
        let data = TensorData::from(values);
        assert_eq!(convert(data.clone()).unwrap(), values);
        assert_eq!(convert(data.clone().convert::<f32>()).unwrap(), values);
        assert_eq!(convert(data.clone().convert::<f16>()).unwrap(), values);
        assert_eq!(convert(data.convert::<bf16>()).unwrap(), values);
    }
}

//! What a recorded step tells of a network besides its loss and margins.

use burn::tensor::Tensor;
use implicit_bias_metrics::{
    ActivationPattern, MetricError, Spectra, alignment, normalized_margins, spectra,
};
use implicit_bias_model::{Block, Network, Weights, is_positive_margin};
use ndarray::Array2;

use crate::EngineError;
use crate::observation::{BlockObservation, PatternObservation};
use crate::optimizers::norm;
use crate::targets::SampleTargets;

/// The activation pattern of a network on samples `x`, and what changed since `previous`, which it
/// replaces; `None` for several classes, or where the network does not show its pre-activations.
pub(crate) fn pattern<M: Network>(
    model: &M,
    x: &Tensor<2>,
    targets: &SampleTargets,
    previous: &mut Option<ActivationPattern>,
) -> Result<Option<PatternObservation>, EngineError> {
    let Some(labels) = targets.labels() else {
        return Ok(None);
    };
    let Some(pre_activations) = model.valid().pre_activations(x.clone()) else {
        return Ok(None);
    };
    let signs: Vec<f64> = model
        .blocks()
        .into_iter()
        .flat_map(|block| {
            std::iter::repeat_n(block.sign.unwrap_or(f64::NAN), block.weight.dims()[0])
        })
        .collect();
    let pattern = ActivationPattern::new(&pre_activations)?;
    if pattern.neurons() != signs.len() || signs.iter().any(|sign| sign.is_nan()) {
        return Ok(None);
    }
    let counts = pattern.counts(&signs, labels)?;
    let changes = match previous.as_ref() {
        Some(before) => pattern.signed_changes(before, &signs, labels)?,
        None => pattern.signed_changes(&pattern, &signs, labels)?,
    };
    *previous = Some(pattern);
    let fraction = |part: usize, whole: usize| part as f64 / whole as f64;
    Ok(Some(PatternObservation {
        same_sign_active: fraction(counts.same_sign_active, counts.same_sign_pairs),
        opposite_sign_active: fraction(counts.opposite_sign_active, counts.opposite_sign_pairs),
        same_sign_coverage_min: counts.same_sign_coverage_min.unwrap_or(f64::NAN),
        same_sign_changes: changes.same_sign as f64,
        opposite_sign_changes: changes.opposite_sign as f64,
    }))
}

/// Mean cosine of a block's neurons with its signed class direction, zero neurons left out.
fn mean_alignment(block: &Block, targets: &SampleTargets) -> Result<f64, EngineError> {
    let (Some(sign), Some(direction)) = (block.sign, targets.direction()) else {
        return Ok(f64::NAN);
    };
    if block.weight.dims()[1] != direction.dims()[0] {
        // A deeper layer: its neurons do not live among the samples.
        return Ok(f64::NAN);
    }
    let cosines: Vec<f64> = alignment(&block.weight, direction)?
        .into_iter()
        .flatten()
        .collect();
    Ok(sign * cosines.iter().sum::<f64>() / cosines.len() as f64)
}

/// Spectra of the blocks; `None` if one of them is zero, whose stable rank is undefined.
pub(crate) fn spectra_or_undefined(weights: &[Tensor<2>]) -> Result<Option<Spectra>, EngineError> {
    match spectra(weights) {
        Ok(spectra) => Ok(Some(spectra)),
        Err(MetricError::ZeroMatrix { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What is seen of each block, with the `spectra` of all of them where none is zero.
pub(super) fn block_observations(
    blocks: &[Block],
    spectra: Option<&Spectra>,
    targets: &SampleTargets,
) -> Result<Vec<BlockObservation>, EngineError> {
    let of_block = |(index, block): (usize, &Block)| {
        let spectrum = match spectra {
            Some(spectra) => Some(spectra.blocks[index]),
            // A zero block leaves the others their spectra.
            None => spectra_or_undefined(std::slice::from_ref(&block.weight))?
                .map(|spectra| spectra.blocks[0]),
        };
        Ok(BlockObservation {
            name: block.name.clone(),
            norm: spectrum.map_or(0.0, |spectrum| spectrum.frobenius_norm),
            spectral_norm: spectrum.map_or(0.0, |spectrum| spectrum.spectral_norm),
            stable_rank: spectrum.map_or(f64::NAN, |spectrum| spectrum.stable_rank),
            alignment: mean_alignment(block, targets)?,
        })
    };
    blocks.iter().enumerate().map(of_block).collect()
}

/// `‖W/‖W‖ − W*/‖W*‖‖_F` of the blocks that are named, by column; undefined for a zero block.
pub(super) fn direction_distances<M: Network>(
    model: &M,
    directions: &[(String, Array2<f64>)],
) -> Vec<(String, f64)> {
    if directions.is_empty() {
        return Vec::new();
    }
    let weights = Weights::of(&model.blocks());
    let unit = |matrix: &Array2<f64>| {
        let norm = norm(&matrix.iter().copied().collect::<Vec<_>>());
        matrix / norm
    };
    let distance = |(name, direction): &(String, Array2<f64>)| {
        let mut blocks = weights.blocks().iter();
        let block = blocks.find(|(own, _)| own == name);
        let distance = block.map_or(f64::NAN, |(_, block)| {
            let difference = unit(block) - unit(direction);
            difference.iter().map(|x| x * x).sum::<f64>().sqrt()
        });
        (format!("direction_distance_{name}"), distance)
    };
    directions.iter().map(distance).collect()
}

/// Margins over the norm of the weights to the degree of homogeneity; as they are without one.
pub(super) fn normalized(
    margins: &[f64],
    weight_norm: f64,
    homogeneity: Option<f64>,
) -> Result<Vec<f64>, EngineError> {
    let Some(degree) = homogeneity.filter(|_| !margins.is_empty()) else {
        return Ok(margins.to_vec());
    };
    match normalized_margins(margins, weight_norm, degree) {
        // At zero weights the direction is undefined, and so is every normalized margin.
        Err(MetricError::ZeroMatrix { .. }) => Ok(vec![f64::NAN; margins.len()]),
        result => Ok(result?),
    }
}

/// The fraction of margins that are positive beyond rounding, with `scale` = `‖W‖_F^L` and the
/// norms of the samples; positive at all without it.
pub(super) fn accuracy(margins: &[f64], scale: Option<f64>, sample_norms: &[f64]) -> f64 {
    let pairs = margins.iter().zip(sample_norms);
    let correct = pairs.filter(|&(&q, &sample)| match scale {
        Some(scale) => is_positive_margin(q, scale, sample),
        None => q > 0.0,
    });
    correct.count() as f64 / margins.len() as f64
}

//! The linear network.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use implicit_bias_scalar::vector::LANES;
use implicit_bias_settings::{Invalid, Settings};
use ndarray::Array2;
use ndarray::iter::Lanes;

use crate::{Architecture, Block, HostScores, ModelError, Network, Weights, to_tensor};

/// The linear network `f(w; x) = ⟨w, x⟩`, no bias; `W_weight` is `[1, d]`. Homogeneous of degree 1.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_model::{Linear, Network};
/// # #[allow(deprecated)]
/// let device = Device::ndarray();
/// let network = Linear::new(Tensor::ones([1, 3], &device));
/// let scores = network.scores(Tensor::ones([2, 3], &device));
/// assert_eq!(scores.into_data().iter::<f64>().collect::<Vec<_>>(), [3.0, 3.0]);
/// ```
#[derive(Module, Debug)]
pub struct Linear {
    weight: Param<Tensor<2>>,
}

impl Linear {
    /// The name of its one block.
    pub const BLOCK: &'static str = "weight";

    /// The network with weights `[1, d]`.
    pub fn new(weight: Tensor<2>) -> Self {
        Self {
            weight: Param::from_tensor(weight),
        }
    }
}

impl Network for Linear {
    fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        x.matmul(self.weight.val().transpose())
    }

    fn blocks(&self) -> Vec<Block> {
        vec![Block {
            name: Self::BLOCK.to_owned(),
            weight: self.weight.val(),
            sign: None,
        }]
    }

    fn with_blocks(self, weights: Vec<Tensor<2>>) -> Self {
        let [weight] = <[_; 1]>::try_from(weights).expect("a linear network has one block");
        Self::new(weight)
    }

    fn homogeneity(&self) -> Option<f64> {
        Some(1.0)
    }

    /// `margin_linf_min`, `min_i q_i/‖w‖_∞`.
    fn probes(&self, margins: &[f64]) -> Vec<(String, f64)> {
        let weight = Weights::host(&self.weight.val());
        let norm = weight.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
        let least = margins.iter().copied().fold(f64::INFINITY, f64::min);
        vec![("margin_linf_min".to_owned(), least / norm)]
    }

    fn host_scores(&self, x: &Array2<f64>, _threads: usize) -> Option<Box<dyn HostScores>> {
        Some(Box::new(LinearScores::new(x)))
    }
}

/// [`Linear`] as users choose it.
#[derive(Clone, Copy, Debug)]
pub struct LinearArchitecture;

impl LinearArchitecture {
    /// Its name.
    pub const NAME: &'static str = "linear";
}

impl Architecture for LinearArchitecture {
    type Network = Linear;

    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn about(&self) -> &'static str {
        "`⟨w, x⟩`, no bias"
    }

    fn blocks(&self, _: &Settings, dim: usize) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        Ok(vec![(Linear::BLOCK.to_owned(), [1, dim])])
    }

    fn network(
        &self,
        _: &Settings,
        weights: &Weights,
        dim: usize,
        device: &Device,
    ) -> Result<Linear, ModelError> {
        let [weight] = weights.shaped([(Linear::BLOCK, [1, dim])])?;
        Ok(Linear::new(to_tensor(weight, device)))
    }
}

/// `X w` and `Xᵀ c` by sums of columns and of rows, each entry in the order of the terms: `4 n d`
/// operations.
struct LinearScores {
    rows: PaddedVectors,
    columns: PaddedVectors,
    chosen: Option<Vec<usize>>,
}

impl LinearScores {
    fn new(x: &Array2<f64>) -> Self {
        Self {
            rows: PaddedVectors::of(x.rows()),
            columns: PaddedVectors::of(x.columns()),
            chosen: None,
        }
    }
}

impl HostScores for LinearScores {
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]) {
        self.chosen = rows.map(<[usize]>::to_vec);
        match rows {
            None => self.columns.combine(weights, scores),
            Some(rows) => {
                for (score, &row) in scores.iter_mut().zip(rows) {
                    let x = self.rows.vector(row);
                    *score = x.iter().zip(weights).map(|(x, w)| x * w).sum();
                }
            }
        }
    }

    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
        match &self.chosen {
            None => self.rows.combine(cotangent, gradient),
            Some(rows) => {
                gradient.fill(0.0);
                for (c, &row) in cotangent.iter().zip(rows) {
                    let x = self.rows.vector(row);
                    gradient.iter_mut().zip(x).for_each(|(g, x)| *g += c * x);
                }
            }
        }
    }
}

/// Vectors of one length one after another, each padded by zeros to whole machine vectors.
struct PaddedVectors {
    entries: Vec<f64>,
    /// The length of a vector with its zeros.
    stride: usize,
    out: Vec<f64>,
}

impl PaddedVectors {
    fn of(vectors: Lanes<'_, f64, ndarray::Ix1>) -> Self {
        let mut entries = Vec::new();
        let mut stride = 0;
        for vector in vectors {
            stride = vector.len().next_multiple_of(LANES);
            entries.extend(vector);
            entries.resize(entries.len().next_multiple_of(LANES), 0.0);
        }
        Self {
            entries,
            stride,
            out: vec![0.0; stride],
        }
    }

    fn vector(&self, index: usize) -> &[f64] {
        &self.entries[index * self.stride..][..self.stride]
    }

    /// `out = Σ_k factor_k vector_k`.
    fn combine(&mut self, factors: &[f64], out: &mut [f64]) {
        pulp::Arch::new().dispatch(Combination {
            vectors: &self.entries,
            factors,
            out: &mut self.out,
        });
        out.copy_from_slice(&self.out[..out.len()]);
    }
}

/// A sum of multiples of padded vectors, some machine vectors of the result at a time.
struct Combination<'a> {
    vectors: &'a [f64],
    factors: &'a [f64],
    out: &'a mut [f64],
}

impl Combination<'_> {
    /// `COUNT` machine vectors of the result, from number `first` on.
    #[inline(always)]
    fn part<S: pulp::Simd, const COUNT: usize>(&mut self, simd: S, first: usize) {
        let stride = self.out.len();
        let mut sums = [simd.splat_f64s(0.0); COUNT];
        for (factor, vector) in self.factors.iter().zip(self.vectors.chunks_exact(stride)) {
            let factor = simd.splat_f64s(*factor);
            let terms = &S::as_simd_f64s(vector).0[first..first + COUNT];
            for (sum, term) in sums.iter_mut().zip(terms) {
                *sum = simd.mul_add_f64s(factor, *term, *sum);
            }
        }
        S::as_mut_simd_f64s(self.out).0[first..first + COUNT].copy_from_slice(&sums);
    }
}

impl pulp::WithSimd for Combination<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, simd: S) {
        let all = self.out.len() / S::F64_LANES;
        let mut first = 0;
        while all - first >= 8 {
            self.part::<S, 8>(simd, first);
            first += 8;
        }
        if all - first >= 4 {
            self.part::<S, 4>(simd, first);
            first += 4;
        }
        match all - first {
            3 => self.part::<S, 3>(simd, first),
            2 => self.part::<S, 2>(simd, first),
            1 => self.part::<S, 1>(simd, first),
            _ => {}
        }
    }
}

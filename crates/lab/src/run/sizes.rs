//! The sizes of a problem, and what its steps cost.

/// Squared norms of samples that are ordinary numbers.
pub(super) const SQUARES: std::ops::Range<f64> = 1e-290..1e300;

/// Samples up to which `implicit-bias-gram` holds all inner products by tile.
const HELD_BY_TILE: usize = 2048;

/// The sizes of a problem.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub samples: usize,
    pub dim: usize,
    pub width: usize,
    /// Blocks of that width over the samples: one a class.
    pub blocks: usize,
    /// Weights of all blocks, `2 m d` for two layers.
    pub weights: usize,
    /// Whether the squared norm of every sample is an ordinary number, so that its inner products
    /// neither overflow nor lose their digits.
    pub squares_in_range: bool,
}

impl Sizes {
    /// Pairs of a neuron and a sample, `2m n` for two classes.
    pub fn pairs(self) -> f64 {
        self.blocks as f64 * self.width as f64 * self.samples as f64
    }

    /// Entries of the samples and the weights, `n d` and `2 m d` for two layers.
    pub fn arrays(self) -> f64 {
        self.samples as f64 * self.dim as f64 + self.weights as f64
    }

    /// Operations of one step in weight space by the hand-derived gradient: `8 m n d`.
    pub fn tensor_step(self) -> f64 {
        8.0 * self.width as f64 * self.samples as f64 * self.dim as f64
    }

    /// What a step in Gram coordinates takes, in operations of a step in weight space that take as long: `2 m n²`, and
    /// `3 m n²` where not all inner products are held by tile. By tables it has fewer than the `4 m n²` of a matrix
    /// product; docs/engines.md has the times that this is fitted to.
    pub fn gram_step(self) -> f64 {
        self.gram_factor() * self.width as f64 * (self.samples as f64).powi(2)
    }

    /// The factor of `m n²` in [`Sizes::gram_step`].
    pub fn gram_factor(self) -> f64 {
        if self.samples <= HELD_BY_TILE {
            2.0
        } else {
            3.0
        }
    }

    /// Operations before the first step in Gram coordinates: `G`, `H(0)` and a basis of the
    /// samples.
    pub fn gram_setup(self) -> f64 {
        let (n, d, m) = (self.samples as f64, self.dim as f64, self.width as f64);
        6.0 * n * n * d + 8.0 * m * n * d
    }
}

//! What a law of initial weights is.

use implicit_bias_settings::{Invalid, Key, Settings};
use ndarray::Array2;

use crate::DataError;

/// The weights that a law is asked for.
#[derive(Clone, Copy, Debug)]
pub struct InitialBlocks<'a> {
    /// Names and shapes `[rows, columns]` of the blocks, in the network's order.
    pub shapes: &'a [(String, [usize; 2])],
    /// The scale `σ₀`.
    pub scale: f64,
    /// The seed.
    pub seed: u64,
    /// The settings of the law.
    pub settings: &'a Settings,
}

impl InitialBlocks<'_> {
    /// The number of neurons `m` and the dimension `d`, where the blocks are those of two layers
    /// that are both trained: `[m, d]`, then `[1, m]`.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for other blocks, which the law called `name` does not know.
    pub fn two_layers(&self, name: &str) -> Result<[usize; 2], Invalid> {
        match self.shapes {
            [(_, [width, dim]), (_, [1, outer])] if width == outer => Ok([*width, *dim]),
            blocks => {
                let words = blocks
                    .iter()
                    .map(|(block, [rows, columns])| format!("{block} [{rows}, {columns}]"));
                let words: Vec<String> = words.collect();
                let expected = format!(
                    "a law for this network: {name} is for a hidden block [m, d] and an outer one \
                     [1, m], as two-layer-both has them"
                );
                Err(Invalid::new("init-law", expected, words.join(", ")))
            }
        }
    }
}

/// A law of initial weights as users choose it: its name, its keys, and how weights are drawn.
#[derive(Clone, Copy, Debug)]
pub struct InitialLaw {
    /// The name by which users choose it.
    pub name: &'static str,
    /// The law, in a line.
    pub about: &'static str,
    /// The keys that it asks for, besides the scale `σ₀`.
    pub keys: &'static [Key],
    /// Refuses settings that cannot be, before the network is known.
    pub check: fn(&Settings) -> Result<(), Invalid>,
    /// One matrix a block. Equal seeds give equal bits on every machine.
    pub draw: fn(&InitialBlocks<'_>) -> Result<Vec<Array2<f64>>, DataError>,
    /// The law at a scale `σ₀`, in the words of a report.
    pub describe: fn(f64) -> String,
}

//! What a system of margins answers.

/// What goes wrong in a system, in its own type: [`EngineError::System`](crate::EngineError::System)
/// hands it on as it is.
pub type SystemError = Box<dyn std::error::Error + Send + Sync>;

/// Margins `q_i(w)`, `[n]`, of weights `w`, `[N]`, that are homogeneous: `q_i(c w) = c^L q_i(w)` for
/// all `c > 0`.
///
/// For labels `y_i = ±1` the margin of a network `f` is `y_i f(w; x_i)`; for several classes it is
/// that of the own score over the largest other one, or any other homogeneous function.
pub trait MarginSystem: Send {
    /// The number of margins `n`, at least 1.
    fn samples(&self) -> usize;

    /// The margins at `weights`, into `margins`.
    ///
    /// # Errors
    ///
    /// What the system has to say; the engine stops there and hands it on.
    fn margins(&mut self, weights: &[f64], margins: &mut [f64]) -> Result<(), SystemError>;

    /// `Σ_i v_i ∇q_i` at the weights of the last call of [`margins`](Self::margins), with
    /// `cotangent` `v`, `[n]`; into `gradient`, `[N]`.
    ///
    /// # Errors
    ///
    /// As [`margins`](Self::margins).
    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) -> Result<(), SystemError>;
}

/// A [`MarginSystem`] of `samples` margins by a closure: from weights to the margins and the function
/// `v ↦ Σ_i v_i ∇q_i`.
///
/// ```
/// use implicit_bias_engine::margin_system;
/// // A linear network on two samples: q_i = ⟨w, x_i⟩.
/// let x = [[1.0, 0.0], [0.6, 0.8]];
/// let system = margin_system(2, move |w: &[f64]| {
///     let q = x.map(|x| x[0] * w[0] + x[1] * w[1]);
///     let pull_back = move |v: &[f64]| {
///         vec![v[0] * x[0][0] + v[1] * x[1][0], v[0] * x[0][1] + v[1] * x[1][1]]
///     };
///     (q.to_vec(), pull_back)
/// });
/// # let _ = system;
/// ```
pub fn margin_system<F, V>(samples: usize, function: F) -> impl MarginSystem
where
    F: FnMut(&[f64]) -> (Vec<f64>, V) + Send,
    V: FnMut(&[f64]) -> Vec<f64> + Send,
{
    ByClosure {
        samples,
        function,
        pull_back: None,
    }
}

struct ByClosure<F, V> {
    samples: usize,
    function: F,
    pull_back: Option<V>,
}

impl<F, V> MarginSystem for ByClosure<F, V>
where
    F: FnMut(&[f64]) -> (Vec<f64>, V) + Send,
    V: FnMut(&[f64]) -> Vec<f64> + Send,
{
    fn samples(&self) -> usize {
        self.samples
    }

    fn margins(&mut self, weights: &[f64], margins: &mut [f64]) -> Result<(), SystemError> {
        let (found, pull_back) = (self.function)(weights);
        self.pull_back = Some(pull_back);
        copy("margins", &found, margins)
    }

    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) -> Result<(), SystemError> {
        let function = self.pull_back.as_mut().ok_or("asked for margins first")?;
        copy("a sum of gradients", &function(cotangent), gradient)
    }
}

/// Copies what a function returned, if there is as much of it as there has to be.
fn copy(what: &str, found: &[f64], into: &mut [f64]) -> Result<(), SystemError> {
    if found.len() != into.len() {
        let (expected, found) = (into.len(), found.len());
        return Err(format!("{what}: expected {expected} numbers, found {found}").into());
    }
    into.copy_from_slice(found);
    Ok(())
}

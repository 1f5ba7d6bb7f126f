//! Which engine runs a configuration, and why: by what a step costs, and by what memory there is.

use super::memory;
use super::sizes::Sizes;
use crate::LabError;
use crate::config::{EngineKind, RunConfig};
use implicit_bias_engine::is_on_host;
use implicit_bias_engine::{Gradient, Precision};
use implicit_bias_output::{Bytes, format_number, free_words};

/// Past this a step number is no longer exact, and no machine gets there one step at a time.
const MAX_TENSOR_STEPS: f64 = 9_007_199_254_740_992.0;

/// Past this many steps weight space is out of the question, whatever a step costs.
const MANY_STEPS: f64 = 1e9;

/// Why some data are left to weight space.
const OUT_OF_RANGE: &str = "squared norms of the samples leave the range of numbers";

/// An engine to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pick {
    Tensor,
    Gram,
}

/// The engine of a run and why it was picked.
#[derive(Clone, Debug)]
pub(super) struct EngineChoice {
    pub engine: Pick,
    pub reason: String,
}

/// Picks the engine that was asked for, or the cheaper one of those that can run the configuration
/// in the memory that is free (`None`: not known).
pub(super) fn choose(
    config: &RunConfig,
    sizes: Sizes,
    free: Option<Bytes>,
) -> Result<EngineChoice, LabError> {
    let (engine, reason) = pick(config, sizes, free)?;
    match engine {
        Pick::Gram => check_memory(sizes, free)?,
        // Elsewhere memory is another.
        Pick::Tensor if is_on_host(config.device.as_deref()).unwrap_or(false) => {
            let needed = memory::tensor(sizes);
            if !needed.fit(free) {
                return Err(LabError::Config {
                    key: "samples".into(),
                    expected: format!("a problem that {} of memory hold", free_words(free)),
                    found: format!(
                        "n = {}, d = {}, m = {}, about {needed} in weight space ({reason})",
                        sizes.samples, sizes.dim, sizes.width
                    ),
                });
            }
        }
        Pick::Tensor => {}
    }
    require_reachable(engine, config, &reason)?;
    Ok(EngineChoice { engine, reason })
}

/// Refuses a horizon that the engine, picked for this `reason`, cannot get to.
pub(super) fn require_reachable(
    engine: Pick,
    config: &RunConfig,
    reason: &str,
) -> Result<(), LabError> {
    let is_far = engine == Pick::Tensor && config.steps.get() > MAX_TENSOR_STEPS;
    if !is_far || config.log_time {
        return Ok(());
    }
    let knows = config.no_log_time().unwrap_or("other runs");
    Err(LabError::Config {
        key: "steps".into(),
        expected: format!(
            "at most 2^53 for the tensor engine, which takes every step ({reason}); log time goes \
             further and knows {knows}"
        ),
        found: config.steps.to_string(),
    })
}

fn pick(config: &RunConfig, sizes: Sizes, free: Option<Bytes>) -> Result<(Pick, String), LabError> {
    let on_host = is_on_host(config.device.as_deref());
    match config.engine {
        EngineKind::Tensor => return Ok((Pick::Tensor, "asked for".into())),
        EngineKind::Gram => {
            if config.device.is_some() && !on_host? {
                return Err(LabError::Config {
                    key: "device".into(),
                    expected: "none, or one in host memory, beside engine gram".into(),
                    found: config.device.clone().unwrap_or_default(),
                });
            }
            if !sizes.squares_in_range {
                return Err(LabError::Config {
                    key: "engine".into(),
                    expected: format!("tensor, as {OUT_OF_RANGE}"),
                    found: "gram".into(),
                });
            }
            return Ok((Pick::Gram, "Gram coordinates on the host: asked for".into()));
        }
        EngineKind::Auto => {}
    }
    if !config.has_gram_coordinates() {
        let [_, expected, found] = config.not_plain().unwrap_or_default();
        let reason = format!("Gram coordinates are for {expected}, this is {found}");
        return Ok((Pick::Tensor, reason));
    }
    if config.precision == Some(Precision::F32) {
        return Ok((Pick::Tensor, "single precision was asked for".into()));
    }
    if config.gradient != Gradient::Auto {
        return Ok((Pick::Tensor, "its gradient was asked for".into()));
    }
    if let Some(device) = &config.device
        && !on_host?
    {
        return Ok((Pick::Tensor, format!("device {device} was asked for")));
    }
    if !sizes.squares_in_range {
        return Ok((Pick::Tensor, OUT_OF_RANGE.into()));
    }
    let needed = [memory::gram(sizes), memory::tensor(sizes)];
    if !needed[0].fit(free) {
        let reason = format!(
            "Gram coordinates would take about {} of memory for n = {} samples, more than {}",
            needed[0],
            sizes.samples,
            free_words(free)
        );
        return Ok((Pick::Tensor, reason));
    }
    let steps = config.steps.get();
    let [tensor, gram, setup] =
        [sizes.tensor_step(), sizes.gram_step(), sizes.gram_setup()].map(format_number);
    let gram = format!(
        "as long as {gram} operations a step ({}mn²) after {setup} once and about {} of memory",
        sizes.gram_factor(),
        needed[0]
    );
    let tensor = format!("{tensor} (8mnd) and {}", needed[1]);
    if steps > MANY_STEPS {
        let reason = format!(
            "Gram coordinates on the host: {} steps are too many for weight space; {gram}, against \
             {tensor} in weight space",
            format_number(steps)
        );
        return Ok((Pick::Gram, reason));
    }
    if sizes.gram_setup() + steps * sizes.gram_step() <= steps * sizes.tensor_step() {
        let reason =
            format!("Gram coordinates on the host: {gram}, against {tensor} in weight space");
        return Ok((Pick::Gram, reason));
    }
    let reason = format!("{tensor} of memory, against {gram} in Gram coordinates");
    Ok((Pick::Tensor, reason))
}

/// Refuses a problem whose Gram coordinates take more memory than there is.
pub(super) fn check_memory(sizes: Sizes, free: Option<Bytes>) -> Result<(), LabError> {
    let needed = memory::gram(sizes);
    if needed.fit(free) {
        return Ok(());
    }
    Err(LabError::Config {
        key: "engine".into(),
        expected: format!(
            "tensor, or fewer samples: Gram coordinates take about 18 n² bytes of memory, and {} \
             hold no more",
            free_words(free)
        ),
        found: format!("gram, with n = {}, about {needed}", sizes.samples),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Settings, Steps};

    const NEARLY_ORTHOGONAL: Sizes = Sizes {
        samples: 10,
        dim: 2000,
        width: 50,
        blocks: 2,
        weights: 2 * 50 * 2000,
        squares_in_range: true,
    };

    fn picked(settings: Settings, sizes: Sizes) -> Result<EngineChoice, LabError> {
        choose(&RunConfig::resolve(&settings)?, sizes, None)
    }

    fn steps(number: f64) -> Option<Steps> {
        Some(Steps::try_from(number).unwrap())
    }

    #[test]
    fn the_cheaper_engine_is_picked_with_the_numbers() {
        let choice = picked(Settings::default(), NEARLY_ORTHOGONAL).unwrap();
        assert_eq!(choice.engine, Pick::Gram);
        // 2·50·10² and 8·50·10·2000.
        for number in ["10000 operations a step (2mn²)", "8×10⁶"] {
            assert!(choice.reason.contains(number), "{}", choice.reason);
        }
        let many = Sizes {
            samples: 1000,
            dim: 20,
            ..NEARLY_ORTHOGONAL
        };
        let choice = picked(Settings::default(), many).unwrap();
        assert_eq!(choice.engine, Pick::Tensor, "{}", choice.reason);
        // On both sides of the crossings that docs/engines.md has.
        for (samples, dim, engine) in [
            (1000, 200, Pick::Tensor),
            (1000, 300, Pick::Gram),
            (5000, 1500, Pick::Tensor),
            (5000, 2200, Pick::Gram),
        ] {
            let sizes = Sizes {
                samples,
                dim,
                ..NEARLY_ORTHOGONAL
            };
            let choice = picked(Settings::default(), sizes).unwrap();
            assert_eq!(choice.engine, engine, "{samples}, {dim}: {}", choice.reason);
        }
        // One step does not pay for the set-up of either.
        let one = Settings::default().with("steps", steps(1.0));
        assert_eq!(picked(one, many).unwrap().engine, Pick::Tensor);
        // No loop gets there, whatever a step costs.
        let far = Settings::default().with("steps", steps(1e30));
        let choice = picked(far, many).unwrap();
        assert_eq!(choice.engine, Pick::Gram);
        assert!(choice.reason.contains("10³⁰"), "{}", choice.reason);
        assert!(!choice.reason.contains('\n'));
    }

    #[test]
    fn what_only_one_engine_can_do_decides() {
        for settings in [
            Settings::default().with("precision", "f32"),
            Settings::default().with("gradient", "autodiff"),
            Settings::default().with("engine", "tensor"),
        ] {
            let choice = picked(settings.clone(), NEARLY_ORTHOGONAL).unwrap();
            assert_eq!(choice.engine, Pick::Tensor, "{}", choice.reason);
            let far = settings.with("steps", steps(1e30));
            let choice = picked(far.clone(), NEARLY_ORTHOGONAL).unwrap();
            assert_eq!(choice.engine, Pick::Tensor);
            assert!(RunConfig::resolve(&far).unwrap().log_time);
            // What log time does not follow takes every step.
            let other = far.with("loss", "hinge");
            let error = picked(other, NEARLY_ORTHOGONAL).unwrap_err().to_string();
            assert!(
                error.contains("2^53") && error.contains("logistic"),
                "{error}"
            );
        }
        let tiny = Sizes {
            squares_in_range: false,
            ..NEARLY_ORTHOGONAL
        };
        assert_eq!(
            picked(Settings::default(), tiny).unwrap().engine,
            Pick::Tensor
        );
        let gram = Settings::default().with("engine", "gram");
        assert!(picked(gram.clone(), tiny).is_err() && picked(gram, NEARLY_ORTHOGONAL).is_ok());
    }

    #[test]
    fn memory_decides_before_cost_and_is_named() {
        // Two Gram matrices of 20,000 samples are 6 GiB.
        let many = Sizes {
            samples: 20_000,
            dim: 100_000,
            ..NEARLY_ORTHOGONAL
        };
        let auto = RunConfig::resolve(&Settings::default()).unwrap();
        let asked = RunConfig::resolve(&Settings::default().with("engine", "gram")).unwrap();
        let plenty = Some(memory::gram(many));
        let choice = choose(&auto, many, plenty).unwrap();
        assert_eq!(choice.engine, Pick::Gram, "{}", choice.reason);
        assert!(
            choice.reason.contains(" GiB of memory"),
            "{}",
            choice.reason
        );
        assert_eq!(choose(&asked, many, plenty).unwrap().engine, Pick::Gram);
        let wide = Sizes { dim: 1000, ..many };
        let little = Some(memory::tensor(wide));
        let choice = choose(&auto, wide, little).unwrap();
        assert_eq!(choice.engine, Pick::Tensor, "{}", choice.reason);
        assert!(choice.reason.contains("GiB"), "{}", choice.reason);
        let error = choose(&asked, wide, little).unwrap_err();
        assert!(
            error.is_input() && error.to_string().contains("n = 20000"),
            "{error}"
        );
        let none = Some(memory::tensor(NEARLY_ORTHOGONAL));
        let error = choose(&auto, wide, none).unwrap_err();
        assert!(error.is_input(), "{error}");
        assert!(error.to_string().contains("in weight space"), "{error}");
    }
}

//! How far weight space goes exactly, and whether it goes on in log time.

use implicit_bias_engine::Pace;
use implicit_bias_record::Steps;

use super::keys::descent::{EXACT_STEPS, OPTIMIZER};
use crate::LabError;

/// Weight space takes so many steps exactly before log time, where nothing is asked for.
const FEW_EXACT_STEPS: f64 = 1e4;

/// Weight space takes so many steps one by one, where nothing is asked for.
const MANY_EXACT_STEPS: f64 = 1e6;

/// Steps are counted exactly up to here.
pub(super) const LAST_WHOLE_STEP: f64 = 9_007_199_254_740_992.0;

/// What decides whether weight space goes on in log time.
pub(super) struct Horizon {
    pub steps: Steps,
    /// How the steps of the optimizer go along gradient flow.
    pub pace: Option<Pace>,
    /// The exponent of a step size that falls like a power of the step, 0 where it is constant;
    /// `None` where it changes in another way.
    pub step_decay: Option<f64>,
    pub is_exponentially_tailed: bool,
    pub has_twin: bool,
    pub stops: bool,
    pub compensated: bool,
    pub weight_space_asked: bool,
    pub has_gram_coordinates: bool,
}

impl Horizon {
    /// What keeps weight space from going on in log time, as what log time would know instead.
    pub fn obstacle(&self) -> Option<&'static str> {
        match self.pace {
            None => Some("plain and normalized gradient descent, and gradient flow"),
            Some(Pace::Normalized) if self.step_decay.is_some_and(|decay| decay < 1.0) => {
                Some("normalized gradient descent with a step-decay of 1 or more")
            }
            _ if !self.is_exponentially_tailed => {
                Some("losses with an exponential tail: logistic and exponential")
            }
            _ if self.step_decay.is_none() => {
                Some("step sizes without a step-table or a step-schedule")
            }
            _ if self.has_twin => Some("runs without a twin (--sensitivity)"),
            _ if self.stops => Some("runs to their horizon (no --stop)"),
            _ if self.compensated => Some("updates without compensation (--compensated)"),
            _ => None,
        }
    }

    /// The steps that weight space takes exactly before it goes on in log time; `None` where it
    /// takes all of them. `asked` are those that were asked for, `of_gram` those of Gram
    /// coordinates.
    ///
    /// Runs that always took all their steps go on to do so: those up to 10⁶ steps, and up to 2⁵³
    /// where Gram coordinates go further or weight space was asked for.
    ///
    /// # Errors
    ///
    /// [`LabError::Config`] for exact steps beside steps that are all exact, and for a flow that
    /// log time does not know.
    pub fn exact_steps(
        &self,
        asked: Option<Steps>,
        of_gram: Steps,
    ) -> Result<Option<Steps>, LabError> {
        let is_flow = self.pace == Some(Pace::Flow);
        let refuse = |key: &str, expected: String, found: String| {
            Err(LabError::Config {
                key: key.into(),
                expected,
                found,
            })
        };
        if let Some(knows) = self.obstacle() {
            if is_flow {
                let expected = format!("one that takes steps: log time follows {knows}");
                return refuse(OPTIMIZER.name, expected, "flow".into());
            }
            return match asked {
                Some(steps) if self.weight_space_asked => refuse(
                    EXACT_STEPS.name,
                    format!(
                        "no such key beside engine tensor, whose steps are all exact: log time \
                         follows {knows}"
                    ),
                    steps.to_string(),
                ),
                _ => Ok(None),
            };
        }
        if is_flow {
            let none = "no such key beside optimizer flow, which takes no steps";
            return match asked {
                Some(steps) => refuse(EXACT_STEPS.name, none.into(), steps.to_string()),
                None => Ok(Some(of_gram)),
            };
        }
        let steps = self.steps.get();
        if self.has_gram_coordinates && !self.weight_space_asked {
            // Configurations of these always have the key.
            return Ok((steps > LAST_WHOLE_STEP).then_some(of_gram));
        }
        let most = if self.weight_space_asked {
            LAST_WHOLE_STEP
        } else {
            MANY_EXACT_STEPS
        };
        let few = Steps::try_from(FEW_EXACT_STEPS).expect("a whole number of steps");
        Ok(asked.or((steps > most).then_some(few)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn horizon(steps: f64) -> Horizon {
        Horizon {
            steps: Steps::try_from(steps).unwrap(),
            pace: Some(Pace::Gradient),
            step_decay: Some(0.0),
            is_exponentially_tailed: true,
            has_twin: false,
            stops: false,
            compensated: false,
            weight_space_asked: false,
            has_gram_coordinates: false,
        }
    }

    fn exact(horizon: &Horizon, asked: Option<f64>) -> Result<Option<f64>, String> {
        let steps = |number: f64| Steps::try_from(number).unwrap();
        let found = horizon.exact_steps(asked.map(steps), steps(1e7));
        let found = found.map_err(|error| error.to_string());
        found.map(|steps| steps.map(Steps::get))
    }

    #[test]
    fn runs_that_took_all_their_steps_go_on_to_do_so() {
        assert_eq!(exact(&horizon(1e6), None), Ok(None));
        assert_eq!(exact(&horizon(1e6 + 1.0), None), Ok(Some(1e4)));
        assert_eq!(exact(&horizon(1e5), Some(1e3)), Ok(Some(1e3)));
        let asked = |steps| Horizon {
            weight_space_asked: true,
            ..horizon(steps)
        };
        assert_eq!(exact(&asked(9e15), None), Ok(None));
        assert_eq!(exact(&asked(1e16), None), Ok(Some(1e4)));
        assert_eq!(exact(&asked(1e5), Some(1e3)), Ok(Some(1e3)));
        let gram = |steps| Horizon {
            has_gram_coordinates: true,
            ..horizon(steps)
        };
        assert_eq!(exact(&gram(9e15), Some(1e3)), Ok(None));
        assert_eq!(exact(&gram(1e16), None), Ok(Some(1e7)));
    }

    #[test]
    fn what_log_time_does_not_follow_is_exact_or_refused() {
        for other in [
            Horizon {
                pace: None,
                ..horizon(1e9)
            },
            Horizon {
                pace: Some(Pace::Normalized),
                step_decay: Some(0.5),
                ..horizon(1e9)
            },
            Horizon {
                is_exponentially_tailed: false,
                ..horizon(1e9)
            },
            Horizon {
                step_decay: None,
                ..horizon(1e9)
            },
            Horizon {
                has_twin: true,
                ..horizon(1e9)
            },
            Horizon {
                compensated: true,
                ..horizon(1e9)
            },
        ] {
            assert_eq!(exact(&other, Some(1e3)), Ok(None));
            let asked = Horizon {
                weight_space_asked: true,
                ..other
            };
            let message = exact(&asked, Some(1e3)).unwrap_err();
            assert!(
                message.contains("exact-steps: expected no such key"),
                "{message}"
            );
        }
        let normalized = Horizon {
            pace: Some(Pace::Normalized),
            step_decay: Some(1.0),
            ..horizon(1e9)
        };
        assert_eq!(exact(&normalized, None), Ok(Some(1e4)));
        let flow = || Horizon {
            pace: Some(Pace::Flow),
            ..horizon(10.0)
        };
        assert_eq!(exact(&flow(), None), Ok(Some(1e7)));
        assert!(exact(&flow(), Some(10.0)).is_err());
        let twin = Horizon {
            has_twin: true,
            ..flow()
        };
        assert!(
            exact(&twin, None).unwrap_err().contains("optimizer"),
            "refused"
        );
    }
}

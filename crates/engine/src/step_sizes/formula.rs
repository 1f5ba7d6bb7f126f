//! Factors of the step size as formulas of the number of steps.

use std::fmt;

use implicit_bias_settings::{Invalid, Key, Settings};

use super::schedule::{SharedStepSchedule, StepSchedule, StepScheduleKind};

/// Factors of the step size as formulas of the step.
pub const STEP_SCHEDULE: Key = Key::text(
    "step-schedule",
    "T:FORMULA,…",
    "Factors of the step size from some steps on, formulas of the step t = 0, 1, … with + - * / ^ \
     and parentheses, such as 0:512,12:1,8192:t/8192",
);

const EXPECTED: &str = "rising steps, each with a formula of t that is positive, such as \
                        0:512,12:1,8192:t/8192";

/// Factors by formulas as users choose them.
pub const FORMULA: StepScheduleKind = StepScheduleKind {
    name: "formula",
    about: "`η λ(t)` with formulas `λ` of the step",
    keys: &[STEP_SCHEDULE],
    make: |settings| {
        let Some(text) = STEP_SCHEDULE.text_in(settings)? else {
            return Ok(None);
        };
        let schedule: FormulaSchedule = text
            .parse()
            .map_err(|found: String| Invalid::new(STEP_SCHEDULE.name, EXPECTED, found))?;
        Ok(Some(SharedStepSchedule::new(schedule)))
    },
};

/// `λ(t)` of step sizes `η λ(t)`, piece by piece: each a first step and a formula that holds from
/// there on.
///
/// As text, pieces stand with commas between them, `FROM:FORMULA`; a formula is made of numbers,
/// the step `t = 0, 1, …`, `+ - * / ^` and parentheses. Before the first piece `λ = 1`.
///
/// ```
/// use implicit_bias_engine::FormulaSchedule;
/// let schedule: FormulaSchedule = "0:512,12:1,100:2^((t-100)/50)".parse()?;
/// assert_eq!([0, 11, 12, 200].map(|step| schedule.at(step)), [512.0, 512.0, 1.0, 4.0]);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FormulaSchedule {
    pieces: Vec<(u64, Formula)>,
    text: String,
}

impl FormulaSchedule {
    /// `λ(t)`.
    pub fn at(&self, step: u64) -> f64 {
        let piece = self.pieces.iter().rev().find(|(from, _)| *from <= step);
        piece.map_or(1.0, |(_, formula)| formula.at(step as f64))
    }

    /// What is wrong with a schedule that has no positive finite value at the first or the last step
    /// of one of its pieces before step `steps`, in words.
    fn positive_until(&self, steps: f64) -> Result<(), String> {
        let ends = self.pieces.iter().skip(1).map(|(from, _)| *from as f64);
        let ends = ends.chain([steps.max(1.0)]);
        for ((from, _), end) in self.pieces.iter().zip(ends) {
            let last = end.min(steps).min(2f64.powi(53)) - 1.0;
            for step in [*from as f64, last] {
                let value = self.at(step as u64);
                let is_reached = step >= *from as f64 && step < steps;
                if is_reached && !(value > 0.0 && value.is_finite()) {
                    return Err(format!("{value} at step {step}, in `{}`", self.text));
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for FormulaSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for FormulaSchedule {
    type Err = String;

    /// # Errors
    ///
    /// The piece that is none, in words.
    fn from_str(text: &str) -> Result<Self, String> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let mut pieces: Vec<(u64, Formula)> = Vec::new();
        for piece in text.split(',') {
            let refuse = || format!("`{piece}`");
            let (from, formula) = piece.split_once(':').ok_or_else(refuse)?;
            let from: f64 = from.parse().map_err(|_| refuse())?;
            if !(from >= 0.0 && from.fract() == 0.0 && from <= 2f64.powi(53)) {
                return Err(refuse());
            }
            let formula = Formula::read(formula).map_err(|why| format!("`{piece}`, {why}"))?;
            if pieces.last().is_some_and(|(last, _)| *last >= from as u64) {
                return Err(format!("`{piece}` after a later or the same step"));
            }
            pieces.push((from as u64, formula));
        }
        Ok(Self { pieces, text })
    }
}

impl StepSchedule for FormulaSchedule {
    fn factor(&self, step: u64) -> f64 {
        self.at(step)
    }

    /// Not known: a formula may fall as fast as it likes.
    fn sums_to_infinity(&self) -> bool {
        false
    }

    fn check(&self, steps: f64) -> Result<(), Invalid> {
        let found = self.positive_until(steps);
        found.map_err(|found| Invalid::new(STEP_SCHEDULE.name, EXPECTED, found))
    }

    fn settings(&self) -> Settings {
        Settings::default().with(STEP_SCHEDULE.name, self.text.clone())
    }

    fn factor_words(&self) -> String {
        format!("times {self}")
    }
}

/// A formula of `t`.
#[derive(Clone, Debug, PartialEq)]
enum Formula {
    Number(f64),
    Step,
    Minus(Box<Formula>),
    Of(Box<Formula>, char, Box<Formula>),
}

/// Formulas within formulas, at most: reading them recurses.
const MAX_DEPTH: usize = 50;

impl Formula {
    fn read(text: &str) -> Result<Self, String> {
        let mut reader = Reader { text, depth: 0 };
        let formula = reader.sum()?;
        match reader.text.is_empty() {
            true => Ok(formula),
            false => Err(format!("where nothing can be made of `{}`", reader.text)),
        }
    }

    fn at(&self, step: f64) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Step => step,
            Self::Minus(of) => -of.at(step),
            Self::Of(left, operator, right) => {
                let (left, right) = (left.at(step), right.at(step));
                match operator {
                    '+' => left + right,
                    '-' => left - right,
                    '*' => left * right,
                    '/' => left / right,
                    // Powers of two are exact by this one.
                    _ if left == 2.0 => libm::exp2(right),
                    _ => libm::pow(left, right),
                }
            }
        }
    }
}

/// Reads formulas by recursive descent: sums of products of powers.
struct Reader<'a> {
    text: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn take(&mut self, any: &[char]) -> Option<char> {
        let first = self.text.chars().next().filter(|c| any.contains(c))?;
        self.text = &self.text[first.len_utf8()..];
        Some(first)
    }

    fn sum(&mut self) -> Result<Formula, String> {
        self.chain(&['+', '-'], Self::product)
    }

    fn product(&mut self) -> Result<Formula, String> {
        self.chain(&['*', '/'], Self::signed)
    }

    fn chain(
        &mut self,
        operators: &[char],
        part: fn(&mut Self) -> Result<Formula, String>,
    ) -> Result<Formula, String> {
        let mut left = part(self)?;
        while let Some(operator) = self.take(operators) {
            left = Formula::Of(Box::new(left), operator, Box::new(part(self)?));
        }
        Ok(left)
    }

    /// A power, or minus one: `-2^t` is `-(2^t)`.
    fn signed(&mut self) -> Result<Formula, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("with formulas too deep within one another".to_owned());
        }
        let found = match self.take(&['-']) {
            Some(_) => Formula::Minus(Box::new(self.signed()?)),
            None => {
                let base = self.atom()?;
                match self.take(&['^']) {
                    Some(_) => Formula::Of(Box::new(base), '^', Box::new(self.signed()?)),
                    None => base,
                }
            }
        };
        self.depth -= 1;
        Ok(found)
    }

    fn atom(&mut self) -> Result<Formula, String> {
        if self.take(&['t']).is_some() {
            return Ok(Formula::Step);
        }
        if self.take(&['(']).is_some() {
            let inner = self.sum()?;
            let closed = self.take(&[')']);
            return closed
                .map(|_| inner)
                .ok_or_else(|| "with a parenthesis that does not close".to_owned());
        }
        let end = self.number_end();
        let (number, rest) = self.text.split_at(end);
        let found = number.parse().map_err(|_| {
            let place = if self.text.is_empty() {
                "its end"
            } else {
                self.text
            };
            format!("where a number, t or a parenthesis is missing at `{place}`")
        })?;
        self.text = rest;
        Ok(Formula::Number(found))
    }

    /// Where the digits at the front end, an exponent such as `e-3` included.
    fn number_end(&self) -> usize {
        let bytes = self.text.as_bytes();
        let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let mut end = 0;
        while is_digit(end) || bytes.get(end) == Some(&b'.') {
            end += 1;
        }
        if end > 0 && matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            if is_digit(end + 1 + sign) {
                end += 1 + sign;
                while is_digit(end) {
                    end += 1;
                }
            }
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(formula: &str, step: u64) -> f64 {
        format!("0:{formula}")
            .parse::<FormulaSchedule>()
            .unwrap()
            .at(step)
    }

    #[test]
    fn formulas_bind_as_everywhere() {
        for (formula, step, expected) in [
            ("1+2*3", 0, 7.0),
            ("(1+2)*3", 0, 9.0),
            ("8-4-2", 0, 2.0),
            ("8/4/2", 0, 1.0),
            ("2^3^2", 0, 512.0),
            ("5-2^2", 0, 1.0),
            ("10+-2^2", 0, 6.0),
            ("2^-7", 0, 0.007_812_5),
            ("2.5e-1*t", 4, 1.0),
            ("1E2+t", 1, 101.0),
            ("t^0.5", 9, 3.0),
            ("1 + 32 * (t / 8192 - 1)", 10_000, 8.0625),
            (
                "1+32*2^((t-16384)/512)",
                32_768,
                1.0 + 32.0 * 4_294_967_296.0,
            ),
        ] {
            assert_eq!(value(formula, step), expected, "{formula}");
        }
    }

    #[test]
    fn pieces_begin_at_their_steps() {
        let schedule: FormulaSchedule = "10:t, 1e3:2*t".parse().unwrap();
        let found = [0, 9, 10, 999, 1000].map(|step| schedule.at(step));
        assert_eq!(found, [1.0, 1.0, 10.0, 999.0, 2000.0]);
        assert_eq!(schedule.to_string(), "10:t,1e3:2*t");
        assert_eq!(schedule.to_string().parse(), Ok(schedule));
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        let deep = format!("0:{}1{}", "(".repeat(100), ")".repeat(100));
        for text in [
            "", "1", "0:", "0:x", "0:1+", "0:(1", "0:1)", "0:2t", "-1:1", "1.5:1", "a:1",
            "5:1,5:2", "5:1,4:2", "0:1e", "0:1,", &deep,
        ] {
            assert!(text.parse::<FormulaSchedule>().is_err(), "{text}");
        }
        let falls: FormulaSchedule = "0:10-t,20:1".parse().unwrap();
        assert!(falls.positive_until(10.0).is_ok() && falls.positive_until(11.0).is_err());
        assert!(
            falls
                .positive_until(100.0)
                .unwrap_err()
                .contains("at step 19")
        );
        let far: FormulaSchedule = "0:1,1000:t-1000".parse().unwrap();
        assert!(far.positive_until(1000.0).is_ok() && far.positive_until(1001.0).is_err());
    }
}

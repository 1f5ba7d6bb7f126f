//! A width on paper.

use std::str::FromStr;

use crate::PrintError;

/// A width on paper, from 1 to 50 centimetres: `8.5cm`, `85mm`, `3.25in` or `240pt`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Width {
    points: f64,
}

impl Width {
    /// The width in points, of which 72 are an inch.
    pub fn points(self) -> f64 {
        self.points
    }
}

impl FromStr for Width {
    type Err = PrintError;

    fn from_str(text: &str) -> Result<Self, PrintError> {
        let error = || PrintError::Width(text.to_owned());
        let inch = 72.0;
        let units = [
            ("cm", inch / 2.54),
            ("mm", inch / 25.4),
            ("in", inch),
            ("pt", 1.0),
        ];
        let found = units
            .iter()
            .find_map(|(unit, points)| Some((text.trim().strip_suffix(unit)?, points)));
        let (number, unit) = found.ok_or_else(error)?;
        let number: f64 = number.trim().parse().map_err(|_| error())?;
        let points = number * unit;
        // Rounding may not refuse 50cm itself.
        let centimetres = points / units[0].1;
        if (1.0 - 1e-9..=50.0 + 1e-9).contains(&centimetres) {
            Ok(Self { points })
        } else {
            Err(error())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_lengths_on_paper() {
        for (text, points) in [
            ("2.54cm", 72.0),
            ("25.4 mm", 72.0),
            ("1in", 72.0),
            ("72pt", 72.0),
        ] {
            let width: Width = text.parse().unwrap();
            assert!((width.points() - points).abs() < 1e-9, "{text}");
        }
        assert!("50cm".parse::<Width>().is_ok() && "1cm".parse::<Width>().is_ok());
        for text in [
            "", "8", "cm", "-3cm", "NaNcm", "infin", "0.9cm", "51cm", "3 ft", "1e9cm",
        ] {
            let error = text.parse::<Width>().unwrap_err().to_string();
            assert!(error.contains("8.5cm"), "{error}");
        }
    }
}

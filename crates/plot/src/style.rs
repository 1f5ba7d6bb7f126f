//! Colours, dashes and markers that survive colour-blindness and greyscale.

/// A colour, chosen by what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// One of a few kinds: the Okabe–Ito colours, darkest contrast first, without the yellow.
    Kind(usize),
    /// One of an ordered sequence: viridis without its ends.
    Ordered {
        /// Position in the sequence, from 0.
        rank: usize,
        /// Length of the sequence.
        of: usize,
    },
    /// The colour of the text.
    Ink,
    /// A grey for what is not data.
    Grey,
}

impl Colour {
    /// The value of SVG's `stroke` and `fill`.
    pub(crate) fn code(self) -> String {
        const KINDS: [&str; 6] = [
            "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9",
        ];
        match self {
            Self::Kind(index) => KINDS[index % KINDS.len()].into(),
            // The pale end is cut off: it is unreadable as a thin line on white.
            Self::Ordered { rank, of } => {
                let place = rank as f64 / of.saturating_sub(1).max(1) as f64;
                viridis(0.08 + 0.74 * place)
            }
            Self::Ink => "currentColor".into(),
            Self::Grey => "#7a7a7a".into(),
        }
    }
}

/// The viridis colour at a place in `[0, 1]`, between eleven stops.
pub(crate) fn viridis(place: f64) -> String {
    const STOPS: [[f64; 3]; 11] = [
        [68.0, 1.0, 84.0],
        [72.0, 36.0, 117.0],
        [65.0, 68.0, 135.0],
        [53.0, 95.0, 141.0],
        [42.0, 120.0, 142.0],
        [33.0, 145.0, 140.0],
        [34.0, 168.0, 132.0],
        [68.0, 191.0, 112.0],
        [122.0, 209.0, 81.0],
        [189.0, 223.0, 38.0],
        [253.0, 231.0, 37.0],
    ];
    let scaled = place.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let first = (scaled.floor() as usize).min(STOPS.len() - 2);
    let part = scaled - first as f64;
    let [red, green, blue] = [0, 1, 2].map(|channel| {
        let value = STOPS[first][channel] * (1.0 - part) + STOPS[first + 1][channel] * part;
        value.round() as u8
    });
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// A dash pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dash {
    /// An unbroken line.
    #[default]
    Solid,
    /// Middle dashes.
    Dashed,
    /// A dash and a dot in turn.
    DashDot,
    /// Dots.
    Dotted,
    /// Long dashes.
    Long,
}

impl Dash {
    /// The pattern of the curve number `index`.
    pub fn of(index: usize) -> Self {
        [
            Self::Solid,
            Self::Dashed,
            Self::DashDot,
            Self::Dotted,
            Self::Long,
        ][index % 5]
    }

    /// What the pattern is called.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Solid => "solid",
            Self::Dashed => "dashed",
            Self::DashDot => "dash-dotted",
            Self::Dotted => "dotted",
            Self::Long => "long dashes",
        }
    }

    /// The value of SVG's `stroke-dasharray`.
    pub(crate) fn code(self) -> Option<&'static str> {
        match self {
            Self::Solid => None,
            Self::Dashed => Some("5 2.5"),
            Self::DashDot => Some("6 2 1.2 2"),
            Self::Dotted => Some("1.4 2"),
            Self::Long => Some("10 3"),
        }
    }
}

/// The shape of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A disc.
    Circle,
    /// A square.
    Square,
    /// A triangle on its base.
    Triangle,
    /// A square on its corner.
    Diamond,
    /// A triangle on its tip.
    Wedge,
    /// A diagonal cross.
    Cross,
}

impl Marker {
    /// The marker of the curve number `index`.
    pub fn of(index: usize) -> Self {
        use Marker::{Circle, Cross, Diamond, Square, Triangle, Wedge};
        [Circle, Square, Triangle, Diamond, Wedge, Cross][index % 6]
    }
}

/// How a layer looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Its colour.
    pub colour: Colour,
    /// Its dash pattern.
    pub dash: Dash,
    /// Its marker, if it has one.
    pub marker: Option<Marker>,
    /// Width of the line in pixels of the figure.
    pub width: f64,
}

impl Style {
    /// The style of the curve number `index`: its colour and its dash pattern, no marker.
    pub fn of(index: usize) -> Self {
        Self {
            colour: Colour::Kind(index),
            dash: Dash::of(index),
            marker: None,
            width: 1.6,
        }
    }

    /// The style of the curve number `rank` of an ordered family: its shade and its marker.
    pub fn ordered(rank: usize, of: usize) -> Self {
        let colour = Colour::Ordered { rank, of };
        Self {
            colour,
            dash: Dash::Solid,
            marker: Some(Marker::of(rank)),
            width: 1.4,
        }
    }

    /// The style of a reference line.
    pub fn reference() -> Self {
        Self {
            colour: Colour::Ink,
            dash: Dash::Dashed,
            marker: None,
            width: 1.0,
        }
    }

    /// The same style with the marker of the curve number `index`.
    #[must_use]
    pub fn with_marker(mut self, index: usize) -> Self {
        self.marker = Some(Marker::of(index));
        self
    }

    /// The same style with another dash pattern.
    #[must_use]
    pub fn with_dash(mut self, dash: Dash) -> Self {
        self.dash = dash;
        self
    }

    /// The same style with another width.
    #[must_use]
    pub fn with_width(mut self, width: f64) -> Self {
        self.width = width;
        self
    }
}

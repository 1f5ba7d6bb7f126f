//! What a figure is: panels and layers, before anything is drawn.

use crate::axis::{Axis, Scale};
use crate::cells::Cells;
use crate::pictures::{Picture, Pictures, Tint};
use crate::style::Style;

/// One thing drawn in a panel, from the back to the front in the order given.
///
/// An empty label draws no label. Points that are not finite, or not positive on a logarithmic
/// axis, are left out; a line is interrupted there.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Layer {
    /// A line through points; with a marker in its style, a few of the points carry it.
    Curve {
        /// Label at the right end.
        label: String,
        /// `[x, y]`, in order.
        points: Vec<[f64; 2]>,
        /// Colour, dashes, marker, width.
        style: Style,
    },
    /// A marker at each point.
    Points {
        /// Label at the right end.
        label: String,
        /// `[x, y]`, in order.
        points: Vec<[f64; 2]>,
        /// `[low, high]` of each point's error bar; empty for none.
        errors: Vec<[f64; 2]>,
        /// Whether a line joins the points.
        joined: bool,
        /// Colour, dashes, marker, width.
        style: Style,
    },
    /// Many thin translucent lines with one label.
    Bundle {
        /// Label at the middle of the right ends.
        label: String,
        /// The lines, each as `[x, y]` in order.
        curves: Vec<Vec<[f64; 2]>>,
        /// What each line is, for a page that shows its numbers; empty where none has a name.
        names: Vec<String>,
        /// Colour of all of them.
        style: Style,
    },
    /// A horizontal reference line.
    Level {
        /// Label at the right end.
        label: String,
        /// Where.
        value: f64,
        /// Colour and dashes.
        style: Style,
    },
    /// A thin dotted line that shows a slope or a law; it never widens the axes.
    Guide {
        /// Label at the right end.
        label: String,
        /// `[x, y]`, in order.
        points: Vec<[f64; 2]>,
    },
    /// A vertical line at an event, labelled at its top; left out where it is off the axis.
    Event {
        /// Label beside the line.
        label: String,
        /// Where.
        at: f64,
    },
    /// A translucent band between two curves.
    Band {
        /// `[x, low, high]`, in order.
        points: Vec<[f64; 3]>,
        /// Colour of the band.
        style: Style,
    },
    /// A matrix as a heat map: row 0 at the top, the cell of column `j` centred at `x = j`.
    Matrix {
        /// Label of the colour bar.
        label: String,
        /// The entries, row by row.
        values: Vec<Vec<f64>>,
    },
    /// A heat map on the values of both axes.
    Cells(Cells),
    /// A picture that fills a rectangle of the axes, which are linear.
    Image {
        /// Its values, from the top row to the lowest.
        picture: Picture,
        /// How values become colours.
        tint: Tint,
        /// Its left and its right end.
        x: [f64; 2],
        /// Its lower and its upper end.
        y: [f64; 2],
    },
    /// Rows of small pictures; the panel then has no axes, and nothing else in it.
    Pictures(Pictures),
}

impl Layer {
    /// A line with a label at its right end.
    pub fn curve(label: impl Into<String>, points: Vec<[f64; 2]>, style: Style) -> Self {
        Self::Curve {
            label: label.into(),
            points,
            style,
        }
    }

    /// Markers joined by a line, without error bars.
    pub fn points(label: impl Into<String>, points: Vec<[f64; 2]>, style: Style) -> Self {
        Self::Points {
            label: label.into(),
            points,
            errors: Vec::new(),
            joined: true,
            style,
        }
    }

    /// The label; `None` for layers that have none.
    pub(crate) fn label(&self) -> Option<&str> {
        match self {
            Self::Curve { label, .. }
            | Self::Points { label, .. }
            | Self::Bundle { label, .. }
            | Self::Level { label, .. }
            | Self::Guide { label, .. }
            | Self::Event { label, .. }
            | Self::Matrix { label, .. } => Some(label),
            Self::Cells(cells) => Some(&cells.label),
            Self::Band { .. } | Self::Image { .. } | Self::Pictures(_) => None,
        }
    }

    /// A horizontal reference line.
    pub fn level(label: impl Into<String>, value: f64, style: Style) -> Self {
        Self::Level {
            label: label.into(),
            value,
            style,
        }
    }
}

/// One pair of axes with what is drawn on them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// Text above the panel; empty for none.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn, back to front.
    pub layers: Vec<Layer>,
}

impl Panel {
    /// A panel without a title.
    pub fn new(x: Axis, y: Axis, layers: Vec<Layer>) -> Self {
        Self {
            title: String::new(),
            x,
            y,
            layers,
        }
    }

    /// The same panel with a title above it.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }
}

/// One or more panels side by side, with a name, a title and a caption.
///
/// The title and the caption are not drawn: a paper prints them below the figure. The title is the
/// accessible name of the SVG and its title when the file is opened alone.
///
/// ```
/// use implicit_bias_plot::{Axis, Figure, Layer, Panel, Style};
/// let loss = (1..100).map(|t| [f64::from(t), 1.0 / f64::from(t)]).collect();
/// let layers = vec![Layer::curve("loss", loss, Style::of(0))];
/// let panel = Panel::new(Axis::log("step t"), Axis::log("loss L(t)"), layers);
/// let svg = Figure::new("loss", "Training loss", vec![panel]).render().unwrap();
/// assert!(svg.starts_with("<svg"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Name of the file without its extension.
    pub name: String,
    /// What is shown, in a few words.
    pub title: String,
    /// What the reader needs to know besides, in sentences.
    pub caption: String,
    /// The panels, left to right.
    pub panels: Vec<Panel>,
    /// Whether the panels have one vertical axis in common, drawn at the left.
    pub share_y: bool,
}

impl Figure {
    /// A figure without a caption, its panels with axes of their own.
    pub fn new(name: impl Into<String>, title: impl Into<String>, panels: Vec<Panel>) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            caption: String::new(),
            panels,
            share_y: false,
        }
    }

    /// The same figure with a caption.
    #[must_use]
    pub fn with_caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = caption.into();
        self
    }

    /// The same figure with the vertical axis in common.
    #[must_use]
    pub fn sharing_y(mut self) -> Self {
        self.share_y = true;
        self
    }

    /// The same figure with every vertical axis logarithmic.
    #[must_use]
    pub fn with_log_y(mut self) -> Self {
        self.panels
            .iter_mut()
            .for_each(|panel| panel.y.scale = Scale::Log10);
        self
    }

    /// The same figure with a dashed reference line in every panel of that title, or in every panel
    /// if `panel` is empty.
    #[must_use]
    pub fn with_level(mut self, panel: &str, label: &str, value: f64) -> Self {
        for drawn in self
            .panels
            .iter_mut()
            .filter(|p| panel.is_empty() || p.title == panel)
        {
            drawn
                .layers
                .push(Layer::level(label, value, Style::reference()));
        }
        self
    }

    /// This figure's panels followed by those of another, under this one's name, title and caption.
    #[must_use]
    pub fn beside(mut self, other: Figure) -> Self {
        self.panels.extend(other.panels);
        self.share_y = false;
        self
    }
}

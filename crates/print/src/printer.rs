//! Fonts, and the two formats.

use std::path::Path;
use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Family, Query};
use resvg::usvg::{Options, Tree};
use svg2pdf::{ConversionOptions, PageOptions};

use crate::{PrintError, Width};

/// Pixels of an SVG in an inch, where no width is asked for.
const PIXELS_PER_INCH: f64 = 96.0;

/// Pixels of a PNG in an inch of paper.
const DOTS_PER_INCH: f64 = 300.0;

/// The font that is always there.
const DEJAVU: &str = "DejaVu Sans";

/// Families that an error names.
const MOST_NAMED: usize = 20;

/// What a figure is printed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Portable document format, one page of the size of the figure, text as text.
    Pdf,
    /// Pixels, 300 in an inch.
    Png,
}

impl Format {
    /// The ending of its files: `pdf`.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Png => "png",
        }
    }
}

/// Turns SVG figures into files of other formats.
pub struct Printer {
    options: Options<'static>,
    width: Option<Width>,
}

impl Printer {
    /// A printer for figures of this width on paper, or of 96 of their pixels an inch, with their
    /// text in `font`, a file (`.ttf`, `.otf`) or an installed family, or in DejaVu Sans. Signs that
    /// a font lacks are taken from DejaVu Sans.
    ///
    /// # Errors
    ///
    /// [`PrintError::Font`] and [`PrintError::FontFile`] for a font that there is not.
    pub fn new(width: Option<Width>, font: Option<&str>) -> Result<Self, PrintError> {
        let mut fonts = Database::new();
        for data in [dejavu::sans::regular(), dejavu::sans::bold()] {
            fonts.load_font_data(data.to_vec());
        }
        let family = match font {
            None => DEJAVU.to_owned(),
            Some(font) if Path::new(font).is_file() => of_file(&mut fonts, Path::new(font))?,
            Some(family) => installed(&mut fonts, family)?,
        };
        fonts.set_sans_serif_family(&family);
        let mut options = Options {
            font_family: family,
            ..Options::default()
        };
        options.fontdb = Arc::new(fonts);
        Ok(Self { options, width })
    }

    /// The figure in a format.
    ///
    /// # Errors
    ///
    /// [`PrintError::Figure`] for text that is no SVG.
    pub fn print(&self, svg: &str, format: Format) -> Result<Vec<u8>, PrintError> {
        let figure = |error: &dyn std::fmt::Display| PrintError::Figure(error.to_string());
        let tree = Tree::from_str(&self.in_own_font(svg), &self.options);
        let tree = tree.map_err(|error| figure(&error))?;
        let pixels = f64::from(tree.size().width());
        let points = match self.width {
            Some(width) => width.points(),
            None => pixels / PIXELS_PER_INCH * 72.0,
        };
        match format {
            Format::Pdf => {
                let page = PageOptions {
                    dpi: (72.0 * pixels / points) as f32,
                };
                svg2pdf::to_pdf(&tree, ConversionOptions::default(), page)
                    .map_err(|error| figure(&error))
            }
            Format::Png => {
                let scale = points / 72.0 * DOTS_PER_INCH / pixels;
                let size = [pixels, f64::from(tree.size().height())];
                let [width, height] = size.map(|side| (side * scale).round().max(1.0) as u32);
                let mut image = Pixmap::new(width, height)
                    .ok_or_else(|| figure(&"it has no size in pixels"))?;
                let transform = Transform::from_scale(scale as f32, scale as f32);
                resvg::render(&tree, transform, &mut image.as_mut());
                image.encode_png().map_err(|error| figure(&error))
            }
        }
    }

    /// The figure with the printer's font in place of its own list of fonts, which is one for
    /// browsers.
    fn in_own_font(&self, svg: &str) -> String {
        let attribute = "font-family=\"";
        let Some(start) = svg.find(attribute).map(|at| at + attribute.len()) else {
            return svg.to_owned();
        };
        let Some(length) = svg[start..].find('"') else {
            return svg.to_owned();
        };
        // A quote in a name would end the attribute.
        let family = self.options.font_family.replace(['"', '\'', '<', '&'], " ");
        format!("{}'{family}'{}", &svg[..start], &svg[start + length..])
    }
}

/// The family of a font file, which joins the fonts.
fn of_file(fonts: &mut Database, path: &Path) -> Result<String, PrintError> {
    let error = |reason: String| PrintError::FontFile {
        path: path.to_owned(),
        reason,
    };
    let before = fonts.len();
    fonts
        .load_font_file(path)
        .map_err(|reason| error(reason.to_string()))?;
    let face = fonts.faces().nth(before);
    let family = face.and_then(|face| face.families.first());
    let family = family.ok_or_else(|| error("no font in it".to_owned()))?;
    Ok(family.0.clone())
}

/// An installed family; the fonts of the machine join the fonts.
fn installed(fonts: &mut Database, family: &str) -> Result<String, PrintError> {
    fonts.load_system_fonts();
    let query = Query {
        families: &[Family::Name(family)],
        ..Query::default()
    };
    if fonts.query(&query).is_some() {
        return Ok(family.to_owned());
    }
    let families = fonts.faces().filter_map(|face| face.families.first());
    let mut families: Vec<&str> = families.map(|(name, _)| name.as_str()).collect();
    families.sort_unstable();
    families.dedup();
    let more = families.len().saturating_sub(MOST_NAMED);
    families.truncate(MOST_NAMED);
    let mut named = families.join(", ");
    if more > 0 {
        named += &format!(" and {more} more");
    }
    Err(PrintError::Font {
        found: family.to_owned(),
        installed: named,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"96\" height=\"48\" \
                       font-family=\"system-ui, 'Segoe UI'\" fill=\"currentColor\">\
                       <rect width=\"96\" height=\"48\" fill=\"#fff\"/>\
                       <text x=\"2\" y=\"30\">‖W₊₁‖ γ ∞</text></svg>";

    fn png(printer: &Printer, svg: &str) -> (u32, u32, Vec<u8>) {
        let image = printer.print(svg, Format::Png).unwrap();
        let image = Pixmap::decode_png(&image).unwrap();
        (image.width(), image.height(), image.data().to_vec())
    }

    #[test]
    fn figures_have_the_size_that_is_asked_for() {
        let inch = Printer::new(None, None).unwrap();
        assert_eq!(png(&inch, SVG).0, 300, "96 pixels are an inch");
        let two = Printer::new(Some("2in".parse().unwrap()), None).unwrap();
        assert_eq!((png(&two, SVG).0, png(&two, SVG).1), (600, 300));
        let pdf = two.print(SVG, Format::Pdf).unwrap();
        let text = String::from_utf8_lossy(&pdf);
        assert!(text.contains("/MediaBox [0 0 144 72]"), "{text}");
        assert_eq!(pdf, two.print(SVG, Format::Pdf).unwrap(), "equal bytes");
    }

    #[test]
    fn every_sign_is_drawn_by_the_font_that_is_always_there() {
        let printer = Printer::new(None, None).unwrap();
        let ink = |svg: &str| {
            let (.., pixels) = png(&printer, svg);
            pixels.chunks(4).filter(|pixel| pixel[0] < 128).count()
        };
        assert_eq!(ink(&SVG.replace("‖W₊₁‖ γ ∞", "")), 0);
        // A sign that no font has is a box, which all such signs share.
        let missing = ink(&SVG.replace("‖W₊₁‖ γ ∞", "\u{10FFFE}"));
        for sign in "‖₊₁₋γφσ∞Σ√⟨⟩≤≥≈→×−⁰¹²³⁴⁵⁶⁷⁸⁹⁻✓✗ηεβλτ".chars()
        {
            let drawn = ink(&SVG.replace("‖W₊₁‖ γ ∞", &sign.to_string()));
            assert!(drawn > 0 && drawn != missing, "{sign}");
        }
    }

    #[test]
    fn fonts_that_there_are_not_are_named() {
        let error = |font: &str| {
            Printer::new(None, Some(font))
                .map(|_| ())
                .unwrap_err()
                .to_string()
        };
        assert!(error("No Such Family").contains("`No Such Family`"));
        assert!(error("No Such Family").contains(DEJAVU));
        let folder =
            std::env::temp_dir().join(format!("implicit-bias-print-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let [file, font] = ["no.ttf", "yes.ttf"].map(|name| folder.join(name));
        std::fs::write(&file, b"no font").unwrap();
        std::fs::write(&font, dejavu::serif::regular()).unwrap();
        let of = |path: &Path| Printer::new(None, path.to_str());
        assert!(error(file.to_str().unwrap()).contains("expected a font"));
        let serif = of(&font).unwrap();
        assert_eq!(serif.options.font_family, "DejaVu Serif");
        let sans = Printer::new(None, None).unwrap();
        assert_ne!(png(&serif, SVG), png(&sans, SVG));
        std::fs::remove_dir_all(&folder).unwrap();
        let broken = sans.print("<svg", Format::Pdf).unwrap_err().to_string();
        assert!(broken.contains("SVG"), "{broken}");
    }
}

//! Rows of small pictures, such as samples that are images, or weights with the shape of one.

/// A picture: its values row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// The values, `height · width` of them.
    pub values: Vec<f64>,
}

/// How values become colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tint {
    /// The smallest value of a picture is white, its largest black.
    #[default]
    Grey,
    /// Zero is white, positive values are blue, negative ones orange, as strong as their share of
    /// the picture's largest |value|.
    Diverging,
}

/// Pictures in rows and columns, without axes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pictures {
    /// The rows, from the top, each with the text to its left.
    pub rows: Vec<(String, Vec<Picture>)>,
    /// The texts below the columns; a text is centred below as many columns as it is followed by
    /// empty ones.
    pub columns: Vec<String>,
    /// How values become colours.
    pub tint: Tint,
}

impl Pictures {
    /// The numbers of rows and columns, at least 1.
    pub(crate) fn size(&self) -> (usize, usize) {
        let columns = self.rows.iter().map(|(_, row)| row.len()).max();
        (self.rows.len().max(1), columns.unwrap_or(0).max(1))
    }

    /// The texts below the columns with the column that each is centred at.
    pub(crate) fn column_texts(&self) -> Vec<(f64, String)> {
        let starts: Vec<usize> = (0..self.columns.len())
            .filter(|&column| !self.columns[column].is_empty())
            .collect();
        let ends = starts.iter().skip(1).copied().chain([self.size().1]);
        let places = starts.iter().zip(ends);
        places
            .map(|(&start, end)| {
                let centre = 0.5 * (start + end - 1) as f64;
                (centre, self.columns[start].clone())
            })
            .collect()
    }
}

impl Picture {
    /// The same picture with each of its pixels repeated, so that programs that blur what they enlarge
    /// leave its edges sharp; as it is where it is large.
    pub(crate) fn enlarged(&self) -> Self {
        const LARGE: usize = 400;
        let height = self.values.len().checked_div(self.width).unwrap_or(0);
        let least = self.width.min(height).max(1);
        let times = LARGE.div_ceil(least).clamp(1, 32);
        if times == 1 || self.values.len() * times * times > LARGE * LARGE * 16 {
            return self.clone();
        }
        let rows = self.values.chunks_exact(self.width.max(1));
        let wide = rows.map(|row| -> Vec<f64> {
            let repeated = row
                .iter()
                .flat_map(|value| std::iter::repeat_n(*value, times));
            repeated.collect()
        });
        Self {
            width: self.width * times,
            values: wide.flat_map(|row| row.repeat(times)).collect(),
        }
    }

    /// The picture as a PNG file, in greys or by a palette; `None` if it has no pixels or one that
    /// is not finite.
    pub(crate) fn png(&self, tint: Tint) -> Option<Vec<u8>> {
        let height = self.values.len().checked_div(self.width)?;
        let whole = height * self.width == self.values.len() && height > 0;
        if !whole || self.values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let fold =
            |start: f64, pick: fn(f64, f64) -> f64| self.values.iter().copied().fold(start, pick);
        let (low, high) = (
            fold(f64::INFINITY, f64::min),
            fold(f64::NEG_INFINITY, f64::max),
        );
        let largest = low.abs().max(high.abs());
        let pixels: Vec<u8> = self
            .values
            .iter()
            .map(|&value| match tint {
                Tint::Grey if high > low => {
                    255 - (255.0 * (value - low) / (high - low)).round() as u8
                }
                Tint::Grey => 255,
                Tint::Diverging if largest > 0.0 => {
                    (SHADES * (1.0 + value / largest)).round() as u8
                }
                Tint::Diverging => SHADES as u8,
            })
            .collect();
        let mut file = Vec::new();
        let (width, height) = (u32::try_from(self.width).ok()?, u32::try_from(height).ok()?);
        let mut encoder = png::Encoder::new(&mut file, width, height);
        match tint {
            Tint::Grey => encoder.set_color(png::ColorType::Grayscale),
            Tint::Diverging => {
                encoder.set_color(png::ColorType::Indexed);
                encoder.set_palette(palette());
            }
        }
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().ok()?;
        writer.write_image_data(&pixels).ok()?;
        writer.finish().ok()?;
        Some(file)
    }
}

/// Shades of each sign: few enough that a picture of noise stays a small file.
const SHADES: f64 = 31.0;

/// From the vermillion of Okabe and Ito over white to their blue.
fn palette() -> Vec<u8> {
    let last = SHADES as i32;
    (-last..=last)
        .flat_map(|shade| {
            let end = if shade > 0 {
                [0, 114, 178]
            } else {
                [213, 94, 0]
            };
            let share = f64::from(shade.abs()) / SHADES;
            end.map(|end: u8| 255 - (share * f64::from(255 - end)).round() as u8)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(file: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width, info.height, pixels)
    }

    #[test]
    fn a_picture_decodes_to_its_shades() {
        let picture = Picture {
            width: 2,
            values: vec![1.0, 3.0, 2.0, 1.0, 1.0, 3.0],
        };
        let (width, height, pixels) = decode(&picture.png(Tint::Grey).unwrap());
        assert_eq!((width, height), (2, 3));
        assert_eq!(pixels, [255, 0, 127, 255, 255, 0]);
    }

    #[test]
    fn signs_have_their_colours_and_zero_is_white() {
        let picture = Picture {
            width: 3,
            values: vec![-2.0, 0.0, 2.0],
        };
        let (_, _, pixels) = decode(&picture.png(Tint::Diverging).unwrap());
        assert_eq!(pixels, [213, 94, 0, 255, 255, 255, 0, 114, 178]);
        // A constant picture is no division by zero.
        let zero = Picture {
            width: 1,
            values: vec![0.0],
        };
        assert_eq!(decode(&zero.png(Tint::Diverging).unwrap()).2, [255; 3]);
        assert_eq!(decode(&zero.png(Tint::Grey).unwrap()).2, [255]);
    }

    #[test]
    fn what_is_no_picture_is_left_out() {
        for (width, values) in [
            (0, vec![]),
            (2, vec![1.0]),
            (1, vec![]),
            (1, vec![f64::NAN]),
        ] {
            assert_eq!(Picture { width, values }.png(Tint::Grey), None);
        }
    }
}

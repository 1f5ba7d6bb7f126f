//! Rows of small pictures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::canvas::Canvas;
use crate::pictures::{Picture, Pictures, Tint};

impl Canvas<'_> {
    /// Draws the pictures; whether there were any.
    pub(crate) fn pictures(&mut self, pictures: &Pictures) -> bool {
        let mut drawn = false;
        for (row, (_, line)) in pictures.rows.iter().enumerate() {
            for (column, picture) in line.iter().enumerate() {
                let corner = |offset: f64| {
                    self.x
                        .place(column as f64 + offset)
                        .zip(self.y.place(row as f64 + offset))
                };
                let (Some((left, top)), Some((right, bottom)), Some(png)) =
                    (corner(-0.47), corner(0.47), picture.png(pictures.tint))
                else {
                    continue;
                };
                let size = [right - left, bottom - top];
                self.svg.png([left, top], size, &STANDARD.encode(png));
                drawn = true;
            }
        }
        drawn
    }

    /// Draws a picture between the ends of both axes; whether it could be.
    pub(crate) fn image(
        &mut self,
        picture: &Picture,
        tint: Tint,
        x: [f64; 2],
        y: [f64; 2],
    ) -> bool {
        let corner = |x: f64, y: f64| self.x.place(x).zip(self.y.place(y));
        let (Some((left, top)), Some((right, bottom)), Some(png)) = (
            corner(x[0], y[1]),
            corner(x[1], y[0]),
            picture.enlarged().png(tint),
        ) else {
            return false;
        };
        let size = [right - left, bottom - top];
        self.svg.png([left, top], size, &STANDARD.encode(png));
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::{Axis, Figure, Layer, Panel, Picture, Pictures, Tint};

    #[test]
    fn an_image_lies_between_its_ends() {
        let image = Layer::Image {
            picture: Picture {
                width: 2,
                values: vec![0.0, 1.0, 1.0, 0.0],
            },
            tint: Tint::Grey,
            x: [1.0, 2.0],
            y: [-1.0, 3.0],
        };
        let panel = Panel::new(Axis::linear("a"), Axis::linear("u"), vec![image]);
        let svg = Figure::new("f", "t", vec![panel]).render().unwrap();
        assert!(svg.contains("data:image/png;base64,"));
        // Both axes reach from end to end of it.
        for tick in [">1.0<", ">2.0<", ">−1<", ">3<"] {
            assert!(svg.contains(tick), "{tick}");
        }
    }

    #[test]
    fn rows_and_columns_are_labelled_and_there_are_no_axes() {
        let picture = Picture {
            width: 1,
            values: vec![1.0, 0.5],
        };
        let pictures = Pictures {
            rows: vec![
                ("raw <&>".into(), vec![picture.clone(); 4]),
                ("noisy".into(), vec![picture; 3]),
            ],
            columns: vec!["first".into(), String::new(), "last".into(), String::new()],
            tint: Tint::Grey,
        };
        assert_eq!(
            pictures.column_texts(),
            [(0.5, "first".to_owned()), (2.5, "last".to_owned())]
        );
        let panel = Panel::new(
            Axis::default(),
            Axis::default(),
            vec![Layer::Pictures(pictures)],
        );
        let svg = Figure::new("f", "t", vec![panel]).render().unwrap();
        assert_eq!(svg.matches("<image ").count(), 7);
        for text in [">raw &lt;&amp;&gt;<", ">noisy<", ">first<", ">last<"] {
            assert_eq!(svg.matches(text).count(), 1, "{text}");
        }
        assert!(!svg.contains("<path"), "{svg}");
    }
}

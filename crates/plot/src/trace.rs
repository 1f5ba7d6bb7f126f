//! From the points of a curve to the pieces of line that are drawn.

use crate::scale::Map;
use crate::svg::Point;

/// The rectangle between the axes, in pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

/// What is visible of a curve.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// Lines inside the frame; a single point between two gaps is a piece of one point.
    pub pieces: Vec<Vec<Point>>,
    /// The points inside the frame, not simplified.
    pub points: Vec<Point>,
}

impl Trace {
    /// The last visible place of the curve, where its label belongs.
    pub fn end(&self) -> Option<Point> {
        self.pieces.last().and_then(|piece| piece.last()).copied()
    }
}

/// Maps a curve to pixels, interrupts it at points that cannot be drawn, cuts it at the frame and
/// leaves out points that change it by less than a tenth of a pixel.
pub(crate) fn trace(points: &[[f64; 2]], x: &Map, y: &Map, frame: Frame) -> Trace {
    let mut traced = Trace::default();
    let mut open: Vec<Point> = Vec::new();
    let mut last: Option<Point> = None;
    let mut close = |open: &mut Vec<Point>| {
        if !open.is_empty() {
            traced.pieces.push(simplify(&std::mem::take(open), 0.1));
        }
    };
    for &[at, value] in points {
        let Some(point) = x.place(at).zip(y.place(value)).map(|(px, py)| [px, py]) else {
            close(&mut open);
            last = None;
            continue;
        };
        if inside(point, frame) {
            traced.points.push(point);
        }
        match last.map(|start| clip(start, point, frame)) {
            Some(Some([from, to])) => {
                if open.last() != Some(&from) {
                    close(&mut open);
                    open.push(from);
                }
                open.push(to);
            }
            Some(None) => close(&mut open),
            None if inside(point, frame) => open.push(point),
            None => {}
        }
        last = Some(point);
    }
    close(&mut open);
    traced
}

fn inside([x, y]: Point, frame: Frame) -> bool {
    let slack = 1e-6;
    x >= frame.left - slack
        && x <= frame.right + slack
        && y >= frame.top - slack
        && y <= frame.bottom + slack
}

/// The part of a segment inside the frame (Liang and Barsky).
fn clip(from: Point, to: Point, frame: Frame) -> Option<[Point; 2]> {
    let [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (speed, distance) in [
        (-dx, from[0] - frame.left),
        (dx, frame.right - from[0]),
        (-dy, from[1] - frame.top),
        (dy, frame.bottom - from[1]),
    ] {
        if speed == 0.0 {
            if distance < -1e-6 {
                return None;
            }
        } else if speed < 0.0 {
            enter = enter.max(distance / speed);
        } else {
            leave = leave.min(distance / speed);
        }
    }
    if enter > leave + 1e-12 {
        return None;
    }
    let at = |part: f64| [from[0] + part * dx, from[1] + part * dy];
    // The ends themselves, not their recomputation: equal ends join two segments.
    let first = if enter <= 0.0 { from } else { at(enter) };
    let second = if leave >= 1.0 { to } else { at(leave) };
    Some([first, second])
}

/// Douglas and Peucker: the fewest of the points whose line stays within `tolerance` of all.
fn simplify(points: &[Point], tolerance: f64) -> Vec<Point> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let mut keep = vec![false; points.len()];
    keep[0] = true;
    keep[points.len() - 1] = true;
    let mut spans = vec![(0, points.len() - 1)];
    while let Some((first, last)) = spans.pop() {
        let (mut farthest, mut index) = (tolerance, None);
        for inner in first + 1..last {
            let distance = distance_to_segment(points[inner], points[first], points[last]);
            if distance > farthest {
                (farthest, index) = (distance, Some(inner));
            }
        }
        if let Some(inner) = index {
            keep[inner] = true;
            spans.extend([(first, inner), (inner, last)]);
        }
    }
    points
        .iter()
        .zip(keep)
        .filter_map(|(&point, kept)| kept.then_some(point))
        .collect()
}

fn distance_to_segment(point: Point, from: Point, to: Point) -> f64 {
    let [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    let length = dx * dx + dy * dy;
    let along = (point[0] - from[0]) * dx + (point[1] - from[1]) * dy;
    let part = if length > 0.0 {
        (along / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (point[0] - from[0] - part * dx).hypot(point[1] - from[1] - part * dy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::Scale;

    const FRAME: Frame = Frame {
        left: 0.0,
        right: 100.0,
        top: 0.0,
        bottom: 100.0,
    };

    fn unit() -> [Map; 2] {
        [
            Map::new(Scale::Linear, [0.0, 1.0], 0.0, 100.0),
            Map::new(Scale::Linear, [0.0, 1.0], 100.0, 0.0),
        ]
    }

    #[test]
    fn a_gap_in_the_data_is_a_gap_in_the_line() {
        let [x, y] = unit();
        let points = [
            [0.0, 0.1],
            [0.2, 0.5],
            [0.4, f64::NAN],
            [0.6, 0.5],
            [f64::INFINITY, 0.0],
        ];
        let traced = trace(&points, &x, &y, FRAME);
        assert_eq!(
            traced.pieces.iter().map(Vec::len).collect::<Vec<_>>(),
            [2, 1]
        );
        assert_eq!(traced.end(), Some([60.0, 50.0]));
    }

    #[test]
    fn a_curve_is_cut_at_the_frame_and_comes_back() {
        let [x, y] = unit();
        let points = [[0.0, 0.5], [0.5, 2.0], [1.0, 0.5]];
        let traced = trace(&points, &x, &y, FRAME);
        assert_eq!(traced.pieces.len(), 2);
        assert!(
            traced
                .pieces
                .iter()
                .flatten()
                .all(|&point| inside(point, FRAME))
        );
        assert!((traced.pieces[0][1][1]).abs() < 1e-9, "cut at the top");
    }

    #[test]
    fn a_straight_line_needs_two_points() {
        let line: Vec<Point> = (0..500)
            .map(|i| [f64::from(i), 2.0 * f64::from(i)])
            .collect();
        assert_eq!(simplify(&line, 0.1).len(), 2);
        let bend: Vec<Point> = (0..500)
            .map(|i| [f64::from(i), f64::from((i - 250_i32).abs())])
            .collect();
        assert_eq!(simplify(&bend, 0.1).len(), 3);
    }
}

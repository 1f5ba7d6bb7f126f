//! Labels at the right ends of curves that do not cover each other.

/// Font size of labels and titles.
pub(crate) const TEXT: f64 = 12.5;
/// Distance between the labels of two curves.
pub(crate) const LABEL_SPACING: f64 = 15.5;
/// From the frame to the text of a label: leader line, then a sample of the curve.
pub(crate) const LABEL_INDENT: f64 = 39.0;
/// A label is cut at this many font sizes.
pub(crate) const LABEL_LIMIT: f64 = 18.0;

/// Moves labels apart: the places nearest to the wanted ones, in the sense of least squares, that
/// keep their order, `spacing` between neighbours, and `low ≤ place ≤ high`.
///
/// Where that many labels have no room, they are spaced evenly over the whole of it.
pub(crate) fn spread(wanted: &[f64], spacing: f64, low: f64, high: f64) -> Vec<f64> {
    let count = wanted.len();
    if count == 0 {
        return Vec::new();
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    let room = (high - low) / (count.max(2) - 1) as f64;
    let spacing = if count > 1 {
        spacing.min(room)
    } else {
        spacing
    };
    // With i·spacing subtracted, the constraint is only that places do not decrease: isotonic
    // regression, solved by pooling neighbours that are out of order.
    let mut pools: Vec<(f64, usize)> = Vec::with_capacity(count);
    for (position, &index) in order.iter().enumerate() {
        let mut pool = (wanted[index] - position as f64 * spacing, 1);
        while let Some(&(mean, size)) = pools.last() {
            if mean <= pool.0 {
                break;
            }
            pools.pop();
            let total = size + pool.1;
            pool = (
                (mean * size as f64 + pool.0 * pool.1 as f64) / total as f64,
                total,
            );
        }
        pools.push(pool);
    }
    let top = (high - (count - 1) as f64 * spacing).max(low);
    let mut places = vec![0.0; count];
    let settled = pools
        .iter()
        .flat_map(|&(mean, size)| std::iter::repeat_n(mean, size));
    for ((position, &index), place) in order.iter().enumerate().zip(settled) {
        places[index] = place.clamp(low, top) + position as f64 * spacing;
    }
    places
}

/// About how wide a text is, in units of the font size; errs on the wide side.
pub(crate) fn text_width(text: &str) -> f64 {
    text.chars()
        .map(|letter| match letter {
            'i' | 'j' | 'l' | 't' | 'f' | 'r' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => {
                0.34
            }
            ' ' | '(' | ')' | '[' | ']' | '/' => 0.38,
            '⁰' | '¹' | '²' | '³' | '⁴'..='⁹' | '⁺'..='⁻' | '₀'..='₋' => 0.42,
            'm' | 'w' | 'M' | 'W' | '—' | '@' | '%' => 0.92,
            '+' | '−' | '=' | '<' | '>' | '×' | '±' | '∝' | '≤' | '≥' | '→' => 0.75,
            'A'..='Z' => 0.7,
            _ => 0.6,
        })
        .sum()
}

/// The beginning of a text that is no wider than `limit` font sizes.
pub(crate) fn shorten(text: &str, limit: f64) -> String {
    if text_width(text) <= limit {
        return text.into();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        if text_width(&kept) + text_width(&letter.to_string()) + 0.9 > limit {
            break;
        }
        kept.push(letter);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_do_not_collide_stay_where_they_are() {
        assert_eq!(
            spread(&[100.0, 20.0, 60.0], 15.0, 0.0, 200.0),
            [100.0, 20.0, 60.0]
        );
    }

    #[test]
    fn neighbours_keep_their_distance_order_and_bounds() {
        let cases: [&[f64]; 5] = [
            &[50.0, 50.0, 50.0],
            &[199.0, 198.0, 200.0, 10.0],
            &[1.0, 0.0, 2.0],
            &[90.0, 100.0, 91.0, 92.0, 150.0],
            &[300.0, -20.0],
        ];
        for wanted in cases {
            let places = spread(wanted, 15.0, 0.0, 200.0);
            for (a, &place) in places.iter().enumerate() {
                assert!((0.0..=200.0).contains(&place), "{wanted:?} {places:?}");
                for b in 0..a {
                    assert!(
                        (place - places[b]).abs() >= 15.0 - 1e-9,
                        "{wanted:?} {places:?}"
                    );
                    assert!(
                        wanted[a] == wanted[b] || (wanted[a] < wanted[b]) == (place < places[b])
                    );
                }
            }
        }
        assert_eq!(spread(&[50.0, 50.0, 50.0], 15.0, 0.0, 200.0)[1], 50.0);
    }

    #[test]
    fn too_many_labels_share_the_room_evenly() {
        assert_eq!(
            spread(&[5.0; 5], 15.0, 0.0, 40.0),
            [0.0, 10.0, 20.0, 30.0, 40.0]
        );
    }

    #[test]
    fn a_long_label_is_cut_with_an_ellipsis() {
        let cut = shorten(&"long ".repeat(40), 20.0);
        assert!(cut.ends_with('…') && text_width(&cut) <= 21.0, "{cut}");
        assert_eq!(shorten("short", 20.0), "short");
    }
}

//! Whether arrays fit into memory.

use implicit_bias_output::{Bytes, free_memory, free_words};

use crate::DataError;
use crate::size::MAX_ENTRIES;

/// Arrays below this are not held against the memory that is free: 8 MiB.
const SMALL: u64 = 1 << 20;

/// The number of entries of `rows × columns`, refused above [`MAX_ENTRIES`] and where so many
/// numbers would not fit into the memory that is free.
pub(crate) fn require_room(rows: usize, columns: usize) -> Result<usize, DataError> {
    let entries = match rows.checked_mul(columns) {
        Some(entries) if entries as u64 <= MAX_ENTRIES => entries,
        _ => return Err(DataError::TooLarge { rows, columns }),
    };
    missing_room(entries as u64).map_or(Ok(entries), |[expected, needed]| {
        let found = format!("{rows} × {columns}, {needed}");
        Err(DataError::NoRoom { expected, found })
    })
}

/// What is expected of so many entries, and what they take, where memory has no room for them.
pub(crate) fn missing_room(entries: u64) -> Option<[String; 2]> {
    if entries <= SMALL {
        return None;
    }
    let (needed, free) = (Bytes::numbers(entries as f64), free_memory());
    let expected = || format!("entries that {} of memory hold", free_words(free));
    (!needed.fit(free)).then(|| [expected(), needed.to_string()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_machine_holds_is_refused_before_it_is_asked_for() {
        assert_eq!(missing_room(SMALL), None);
        assert_eq!(require_room(3, 5).unwrap(), 15);
        let most = usize::try_from(MAX_ENTRIES).unwrap();
        for (rows, columns) in [(most, 2), (usize::MAX, usize::MAX)] {
            let error = require_room(rows, columns).unwrap_err();
            assert!(matches!(error, DataError::TooLarge { .. }), "{error}");
        }
        // 8 PiB, where the system tells what is free.
        assert_eq!(missing_room(1 << 50).is_some(), free_memory().is_some());
    }
}

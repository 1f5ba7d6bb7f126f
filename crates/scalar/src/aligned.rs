//! Lanes that begin where a cache line does.

use std::ops::{Deref, DerefMut};

use crate::vector::LANES;

/// Bytes of a cache line, and of the widest vector.
const LINE: usize = 64;

/// An array of lanes of eight words whose first one begins at a multiple of 64 bytes, so that no vector of it
/// lies in two cache lines: reading one that does takes twice the time.
#[derive(Debug, Default)]
pub struct AlignedLanes<T = f64> {
    /// The lanes, with room before them.
    values: Vec<T>,
    start: usize,
    /// The number of lanes.
    len: usize,
}

impl<T: Copy + Default> AlignedLanes<T> {
    const ROOM: usize = LINE / size_of::<T>();

    /// `len` lanes of zeros.
    pub fn zeros(len: usize) -> Self {
        let mut lanes = Self {
            values: Vec::new(),
            start: 0,
            len: 0,
        };
        lanes.reset(len);
        lanes
    }

    /// Becomes `len` lanes of zeros.
    pub fn reset(&mut self, len: usize) {
        self.values.clear();
        self.values.resize(len * LANES + Self::ROOM, T::default());
        let offset = self.values.as_ptr().align_offset(LINE);
        // An offset that is not known costs time, nothing else.
        self.start = offset.min(Self::ROOM);
        self.len = len;
    }
}

impl<T: Copy + Default> Clone for AlignedLanes<T> {
    fn clone(&self) -> Self {
        let mut copy = Self::zeros(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

impl<T> Deref for AlignedLanes<T> {
    type Target = [[T; LANES]];

    fn deref(&self) -> &[[T; LANES]] {
        let values = self.values.get(self.start..).unwrap_or_default();
        &values.as_chunks().0[..self.len]
    }
}

impl<T> DerefMut for AlignedLanes<T> {
    fn deref_mut(&mut self) -> &mut [[T; LANES]] {
        let values = self.values.get_mut(self.start..).unwrap_or_default();
        &mut values.as_chunks_mut().0[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_begin_at_a_line_and_copies_do_too() {
        let mut lanes = AlignedLanes::<f64>::default();
        assert!(lanes.is_empty());
        for len in [1, 7, 1000] {
            lanes.reset(len);
            lanes[len - 1][LANES - 1] = len as f64;
            let copy = lanes.clone();
            for lanes in [&lanes, &copy] {
                assert_eq!(lanes.len(), len);
                assert_eq!(lanes.as_ptr() as usize % LINE, 0);
                assert_eq!(lanes[len - 1][LANES - 1], len as f64);
            }
        }
        lanes.reset(2);
        assert_eq!(*lanes, [[0.0; LANES]; 2]);
    }
}

//! The largest sizes that generators and readers accept.

/// The largest number of entries of one array: `2^29`, which is 4 GiB of `f64`.
///
/// Generators and readers refuse a larger array before they allocate it, so that a typing error
/// or a hostile file ends in a message.
pub const MAX_ENTRIES: u64 = 1 << 29;

/// The most classes of one data set.
pub(crate) const MAX_CLASSES: usize = 1000;

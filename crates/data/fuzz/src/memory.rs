//! The memory that a call holds at its peak.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// A single request beyond this fails at once. It is more than any input of these targets can need,
/// so that only a size that was believed too early can ask for it.
const LARGEST: usize = 512 << 20;

/// Bytes live, and the most since the measurement began.
static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static ON: AtomicBool = AtomicBool::new(false);

/// The allocator of every target: the system's, counted.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn grow(size: usize) {
    let live = LIVE.fetch_add(size, Relaxed) + size;
    PEAK.fetch_max(live, Relaxed);
}

// SAFETY: every request goes to `System` with the layout it came with, or is refused with a null
// pointer, as `GlobalAlloc` allows; counting allocates nothing. `realloc` is the default one,
// allocate, copy and free, whose peak is what a system without remapping would see.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() > LARGEST && ON.load(Relaxed) {
            return std::ptr::null_mut();
        }
        grow(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`, which is that of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: every pointer came from `System` with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// The most bytes that `call` holds at a time, beyond those that were held before.
pub fn peak_of(call: impl FnOnce()) -> usize {
    let before = LIVE.load(Relaxed);
    PEAK.store(before, Relaxed);
    ON.store(true, Relaxed);
    call();
    ON.store(false, Relaxed);
    PEAK.load(Relaxed) - before
}

//! Where and how a run executes.

use std::path::Path;

/// Where and how a run executes; nothing here changes its numbers.
pub struct RunOptions<'a> {
    /// Folder that holds run directories, for a configuration without `out`.
    pub parent: &'a Path,
    /// Threads that one step may use.
    pub threads: usize,
    /// Whether a run that reached its horizon leaves its last checkpoint, from which it can be
    /// extended.
    pub keep_checkpoint: bool,
    /// Called with the fraction of the horizon after each chunk of steps; `false` interrupts.
    pub progress: &'a mut dyn FnMut(f64) -> bool,
    /// Called before the first step and after the last one with what is going on and the fraction
    /// of it that is done; `steps` when they begin.
    pub stage: &'a mut dyn FnMut(&str, f64),
    /// Called with which engine was picked, and why, and at the end with what it noted; what begins
    /// with `warning: ` is of the data or weights that runs share, and not repeated for each of many.
    pub announce: &'a mut dyn FnMut(&str),
    /// Called with what a user must know at once, of one run among many too.
    pub warn: &'a mut dyn FnMut(&str),
}

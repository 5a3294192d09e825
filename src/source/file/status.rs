//! What others may ask a source of files, from other threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The state of one source, as of its last look at all files.
#[derive(Debug, Default)]
pub struct Status {
    files: AtomicU64,
    looks: AtomicU64,
    stalled: AtomicBool,
    saved: AtomicBool,
    truncations: AtomicU64,
    hole_bytes: AtomicU64,
}

impl Status {
    /// Files that it follows.
    pub fn files(&self) -> u64 {
        self.files.load(Ordering::Relaxed)
    }

    /// Looks at all files so far.
    pub fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }

    /// Whether a file has unread data and its position stood still for a minute while the sinks accepted.
    pub fn is_stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed)
    }

    /// Whether the checkpoint on disk has everything that is delivered.
    pub fn is_saved(&self) -> bool {
        self.saved.load(Ordering::Relaxed)
    }

    /// Files that were truncated or written anew so far.
    pub fn truncations(&self) -> u64 {
        self.truncations.load(Ordering::Relaxed)
    }

    /// NULs skipped at the beginning of files so far.
    pub fn hole_bytes(&self) -> u64 {
        self.hole_bytes.load(Ordering::Relaxed)
    }

    pub(super) fn looked(&self, files: usize, stalled: bool, saved: bool) {
        self.files.store(files as u64, Ordering::Relaxed);
        self.stalled.store(stalled, Ordering::Relaxed);
        self.saved.store(saved, Ordering::Relaxed);
        self.looks.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn truncated(&self) {
        self.truncations.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn skipped(&self, bytes: u64) {
        self.hole_bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

//! What a run shows to those who watch and steer it from other threads: probes, metrics, reloads. They take nothing from
//! the way of a record and never hold it up.

use std::path::PathBuf;
use std::sync::Arc;

use super::active::Slot;
use super::{Notice, Tell};
use crate::metrics::Metrics;
use crate::source::file;

/// The handles of one run.
pub struct Handles {
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What is in force. Sources with the same layers share one.
    pub policies: Vec<Layered>,
    /// The file of the key ring, if one was named.
    pub ring_file: Option<PathBuf>,
    /// By source: what a file source tells of itself.
    pub files: Vec<Option<Arc<file::Status>>>,
}

/// One policy and where it came from.
pub struct Layered {
    /// Packs and files, the lowest layer first.
    pub names: Vec<PathBuf>,
    /// Where gates look for it between batches.
    pub slot: Arc<Slot>,
}

/// Somebody asked for a reload by a signal. The thread that waits for signals calls this: what takes time belongs to
/// another one.
pub fn reload_asked(_handles: &Arc<Handles>, tell: &Tell) {
    tell(Notice::ReloadAsked);
}

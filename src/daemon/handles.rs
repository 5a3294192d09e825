//! What a run shows to those who watch and steer it from other threads: probes, metrics, reloads. They take nothing from
//! the way of a record and never hold it up.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::active::Slot;
use super::reload::{Outcome, Reload};
use crate::metrics::Metrics;
use crate::source::file;

/// The handles of one run.
pub struct Handles {
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What is in force. Sources with the same layers share one.
    pub policies: Vec<Layered>,
    /// By source, the position of its policy.
    pub policy_of: Vec<usize>,
    /// The file of the key ring, if one was named.
    pub ring_file: Option<PathBuf>,
    /// Whether that file has changed and cannot be used.
    pub ring_refused: AtomicBool,
    /// Whether a stop was asked for.
    pub draining: Arc<AtomicBool>,
    /// By source: what a file source tells of itself.
    pub files: Vec<Option<Arc<file::Status>>>,
    /// Asks for reloads.
    pub reload: Reload,
}

/// One policy and where it came from.
pub struct Layered {
    /// Packs and files, the lowest layer first.
    pub names: Vec<PathBuf>,
    /// Where gates look for it between batches.
    pub slot: Arc<Slot>,
    state: Mutex<PolicyState>,
}

/// How a policy came to be in force.
#[derive(Clone, Debug)]
pub struct PolicyState {
    /// Since when.
    pub loaded_at: SystemTime,
    /// Whether its files could not be used at the start, and the last good copy is in force instead.
    pub kept: bool,
    /// How the last reload ended, if it was refused.
    pub refused: Option<Outcome>,
}

impl Layered {
    /// In force from now on; `kept` if it is the last good copy.
    pub fn new(names: Vec<PathBuf>, slot: Arc<Slot>, kept: bool) -> Layered {
        let state = PolicyState { loaded_at: SystemTime::now(), kept, refused: None };
        Layered { names, slot, state: Mutex::new(state) }
    }

    /// How it came to be in force.
    pub fn state(&self) -> MutexGuard<'_, PolicyState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

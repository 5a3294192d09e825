//! Hot reload of policies and key rings, in a thread of its own: nothing of it is on the way of a record.
//!
//! A signal, a request, a hint of the system or a look at the content every few seconds starts it; what comes close together
//! is one attempt, made when the files have been quiet. Gates find what is new at their next border between two batches.

mod attempt;
mod config;
pub mod last_good;
mod print;
mod watch;

use std::io;
use std::mem::take;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::active::Active;
use super::handles::{Handles, Layered};
use super::{Notice, Tell};
use crate::engine::correlate::Keyring;
use crate::keys;
use crate::limits::{RELOAD_POLL_MS, RELOAD_QUIET_MS, RELOAD_WAIT_MS_MAX};
use crate::pipeline::{Ready, Wake, Waker};
use crate::policies::Part;
use attempt::is_built_in;
pub use attempt::{Outcome, Reloaded};
pub use config::{Change, Written};
pub use print::Print;
use watch::Watch;

/// What one attempt led to.
#[derive(Clone, Debug)]
pub struct Report {
    /// By policy.
    pub policies: Vec<Reloaded>,
    /// The key ring, if its file has changed: why the old one stays, if it does.
    pub ring: Option<Result<(), String>>,
}

/// Asks for reloads, from any thread.
pub struct Reload {
    asked: Mutex<Asked>,
    waker: Waker,
}

#[derive(Default)]
struct Asked {
    any: bool,
    waiting: Vec<Sender<Report>>,
}

/// What the files were when what is in force was made of them.
pub struct Known {
    /// By policy, all its files.
    pub parts: Vec<Vec<Part>>,
    /// The key ring.
    pub ring: Option<Print>,
    /// The configuration.
    pub config: Option<Written>,
    /// Where the last good policies are kept.
    pub data_dir: Option<PathBuf>,
}

impl Reload {
    /// Wakes the thread that waits at the other end.
    pub fn new(waker: Waker) -> Reload {
        Reload { asked: Mutex::default(), waker }
    }

    /// Asks for an attempt and does not wait for it.
    pub fn ask(&self) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).any = true;
        self.waker.nudge();
    }

    /// Asks for an attempt and waits for what it leads to. `None` if that takes too long.
    pub fn ask_and_wait(&self, time: Duration) -> Option<Report> {
        let (answer, answered) = channel();
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).waiting.push(answer);
        self.waker.nudge();
        answered.recv_timeout(time).ok()
    }

    /// The thread looks whether it is to end.
    pub fn nudge(&self) {
        self.waker.nudge();
    }

    fn taken(&self) -> Asked {
        take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Starts the thread that reloads, until a stop is asked for.
///
/// # Errors
/// If the system refuses a thread.
pub fn start(handles: Arc<Handles>, known: Known, wake: Wake, tell: Tell) -> io::Result<()> {
    let mut reloader = Reloader {
        policies: known.parts.iter().map(|parts| attempt::prints(parts)).collect(),
        ring: known.ring,
        config: known.config,
        data_dir: known.data_dir,
        watch: Watch::default(),
        handles,
        tell,
    };
    thread::Builder::new().name("reload".to_owned()).spawn(move || {
        for (layered, parts) in reloader.handles.policies.iter().zip(&known.parts) {
            // What is in force because it was kept needs no keeping.
            if !layered.state().kept {
                reloader.keep(layered, parts);
            }
        }
        reloader.run(&wake);
    })?;
    Ok(())
}

struct Reloader {
    /// By policy, its files as they were at the last attempt.
    policies: Vec<Vec<(PathBuf, Print)>>,
    ring: Option<Print>,
    config: Option<Written>,
    data_dir: Option<PathBuf>,
    watch: Watch,
    handles: Arc<Handles>,
    tell: Tell,
}

/// What has come since the last attempt.
#[derive(Default)]
struct Pending {
    first: Option<Instant>,
    last: Option<Instant>,
    asked: Asked,
}

impl Pending {
    fn note(&mut self, now: Instant) {
        self.first.get_or_insert(now);
        self.last = Some(now);
    }

    /// When the attempt is made: after a while of quiet, and in time where there is none.
    fn due(&self) -> Option<Instant> {
        let quiet = self.last? + Duration::from_millis(RELOAD_QUIET_MS);
        Some(quiet.min(self.first? + Duration::from_millis(RELOAD_WAIT_MS_MAX)))
    }
}

impl Reloader {
    fn run(&mut self, wake: &Wake) {
        let mut pending = Pending::default();
        let mut look = Instant::now();
        loop {
            let now = Instant::now();
            if look <= now {
                look = now + Duration::from_millis(RELOAD_POLL_MS);
                if self.follow() || self.differs() {
                    pending.note(now);
                }
            }
            if pending.due().is_some_and(|due| due <= now) {
                let Pending { asked, .. } = take(&mut pending);
                if asked.any || !asked.waiting.is_empty() || self.differs() {
                    let report = self.attempt();
                    for waiting in asked.waiting {
                        // It may have had no time to wait.
                        let _ = waiting.send(report.clone());
                    }
                }
                self.look_at_config();
                if self.follow() {
                    pending.note(Instant::now());
                }
            }
            let until = pending.due().unwrap_or(look).min(look);
            let time = until.saturating_duration_since(Instant::now());
            match wake.wait_for(self.watch.descriptor(), time, true) {
                Ok(Ready::Stop | Ready::OutputGone) | Err(_) => return,
                Ok(Ready::Input | Ready::Pause) => {}
            }
            let Asked { any, waiting } = self.handles.reload.taken();
            if self.watch.hinted() || any || !waiting.is_empty() {
                pending.note(Instant::now());
            }
            pending.asked.any |= any;
            pending.asked.waiting.extend(waiting);
        }
    }

    /// Watches what belongs to the policies now.
    fn follow(&mut self) -> bool {
        let policies = self.policies.iter().flatten().map(|(path, _)| path.as_path());
        let config = self.config.iter().map(|config| config.path.as_path());
        self.watch.follow(policies.chain(self.handles.ring_file.as_deref()).chain(config))
    }

    /// Whether some file is not what it was at the last attempt.
    fn differs(&self) -> bool {
        let ring = self.handles.ring_file.as_deref().map(Print::of);
        ring != self.ring
            || self.policies.iter().flatten().any(|(path, print)| Print::of(path) != *print)
            || self.config.as_ref().is_some_and(Written::differs)
    }

    fn attempt(&mut self) -> Report {
        let ring = self.changed_ring();
        let handles = Arc::clone(&self.handles);
        let mut policies = Vec::new();
        for (position, layered) in handles.policies.iter().enumerate() {
            policies.push(self.attempt_one(position, layered, ring.as_ref()));
        }
        let ring = ring.map(|ring| ring.map(|_| ()));
        if let Some(ring) = &ring {
            handles.ring_refused.store(ring.is_err(), Ordering::Relaxed);
            let result = if ring.is_ok() { Outcome::Ok } else { Outcome::Invalid };
            handles.metrics.policy.reloads.add(result.name(), 1);
        }
        let report = Report { policies, ring };
        (self.tell)(Notice::Reloaded(report.clone()));
        report
    }

    /// The new ring, if its file has changed.
    fn changed_ring(&mut self) -> Option<Result<Arc<Keyring>, String>> {
        let path = self.handles.ring_file.as_deref()?;
        let print = Print::of(path);
        if self.ring.replace(print) == Some(print) {
            return None;
        }
        let opened = keys::open(Some(path), keys::now());
        Some(opened.map(|opened| Arc::new(opened.ring)).map_err(|error| {
            let hint = error.hint().map_or(String::new(), |hint| format!(" ({hint})"));
            format!("the key ring {}: {error}{hint}", path.display())
        }))
    }

    fn attempt_one(
        &mut self,
        position: usize,
        layered: &Layered,
        ring: Option<&Result<Arc<Keyring>, String>>,
    ) -> Reloaded {
        let Active { policy: active, ring: old_ring } = layered.slot.active();
        let new_ring = ring.and_then(|ring| ring.as_ref().ok());
        let mut reloaded = Reloaded {
            names: layered.names.clone(),
            id: active.id,
            outcome: Outcome::Unchanged,
            errors: Vec::new(),
            warnings: Vec::new(),
        };
        let mut policy = Arc::clone(&active);
        if !is_built_in(&layered.names) {
            let judged = attempt::judge(&layered.names, &active);
            self.policies[position] = judged.prints;
            reloaded.outcome = judged.outcome;
            (reloaded.errors, reloaded.warnings) = (judged.errors, judged.warnings);
            if let Some(new) = judged.policy {
                self.keep_policy(&layered.names, &new, &judged.parts);
                if judged.outcome == Outcome::Ok {
                    policy = new;
                }
            }
        }
        if reloaded.outcome == Outcome::Ok || new_ring.is_some() {
            reloaded.id = policy.id;
            layered.slot.replace(Active { policy, ring: Arc::clone(new_ring.unwrap_or(&old_ring)) });
        }
        let mut state = layered.state();
        state.refused = reloaded.outcome.is_refusal().then_some(reloaded.outcome);
        state.kept &= reloaded.outcome.is_refusal();
        if reloaded.outcome == Outcome::Ok {
            state.loaded_at = SystemTime::now();
            self.handles.metrics.policy.loaded_at.set(keys::now());
        }
        drop(state);
        self.handles.metrics.policy.reloads.add(reloaded.outcome.name(), 1);
        reloaded
    }

    fn keep(&self, layered: &Layered, parts: &[Part]) {
        self.keep_policy(&layered.names, &layered.slot.active().policy, parts);
    }

    fn keep_policy(&self, names: &[PathBuf], policy: &crate::engine::policy::Policy, parts: &[Part]) {
        let Some(data_dir) = &self.data_dir else { return };
        if let Err(error) = last_good::keep(data_dir, names, policy, parts) {
            (self.tell)(Notice::PolicyNotKept(error));
        }
    }

    /// A changed configuration is checked and reported; sources and sinks change with a restart.
    fn look_at_config(&mut self) {
        if let Some(change) = self.config.as_mut().and_then(Written::change) {
            (self.tell)(Notice::ConfigChanged(change));
        }
    }
}

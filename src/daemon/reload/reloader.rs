//! The thread that waits for reasons to reload, and reloads.

use std::mem::take;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use super::attempt::{self, Outcome, Reloaded, is_built_in};
use super::config::Written;
use super::last_good;
use super::print::Print;
use super::watch::Watch;
use super::{Asked, Known, Report};
use crate::daemon::active::Active;
use crate::daemon::handles::{Handles, Layered};
use crate::daemon::{Notice, Tell};
use crate::engine::correlate::Keyring;
use crate::engine::policy::Policy;
use crate::keys;
use crate::limits::{RELOAD_POLL_MS, RELOAD_QUIET_MS, RELOAD_WAIT_MS_MAX};
use crate::pipeline::{Ready, Wake};
use crate::policies::Part;

/// What the thread knows.
pub struct Reloader {
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
    /// Of a run that has begun.
    pub fn new(handles: Arc<Handles>, known: &Known, tell: Tell) -> Reloader {
        Reloader {
            policies: known.parts.iter().map(|parts| attempt::prints(parts)).collect(),
            ring: known.ring,
            config: None,
            data_dir: known.data_dir.clone(),
            watch: Watch::default(),
            handles,
            tell,
        }
    }

    /// Works until a stop is asked for.
    pub fn run(mut self, known: Known, wake: &Wake) {
        self.config = known.config;
        let handles = Arc::clone(&self.handles);
        for (layered, parts) in handles.policies.iter().zip(&known.parts) {
            // What is in force because it was kept needs no keeping.
            if !layered.state().kept {
                self.keep(&layered.names, &layered.slot.active().policy, parts);
            }
        }
        self.wait(wake);
    }

    fn wait(&mut self, wake: &Wake) {
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
                self.keep(&layered.names, &new, &judged.parts);
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

    fn keep(&self, names: &[PathBuf], policy: &Policy, parts: &[Part]) {
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

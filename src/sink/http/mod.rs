//! Newline-delimited JSON by HTTP POST: one request at a time, sent again until the receiver has said what became of it.
//!
//! An attempt has three outcomes. `ok` and `failed` were said by the receiver, or the request never left; `unknown` is a
//! timeout or a lost connection, after which the receiver may or may not have the records. Only a refusal for good ends in
//! a dead letter, which is on disk before the batch is settled; everything else is tried again, the same bytes under the
//! same key, without an end.
//!
//! The thread of this sink owns a runtime for one thread, and nothing outside of this folder knows of it.

mod attempt;
mod body;

pub(super) use attempt::label;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use super::compress::Compression;
use super::credentials::{Access, Credentials};
use super::letters::Letters;
use super::retry::Retry;
use super::{SinkError, SinkEvent, Surroundings};
use crate::limits;
use crate::metrics::LastAttempt;
use crate::pipeline::{Deliveries, Delivery, Waited};
use attempt::Outcome;
use body::Body;

/// One sink with `type: http`.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Where records are posted.
    pub access: Access,
    /// Of the body.
    pub compression: Compression,
    /// Between attempts.
    pub retry: Retry,
    /// Where refused records go.
    pub dead_letter: PathBuf,
}

/// Posts batches to a receiver.
pub struct HttpSink {
    settings: HttpSettings,
    credentials: Credentials,
    letters: Letters,
    runtime: Runtime,
    /// Failed and unknown attempts since the last that was neither.
    in_a_row: u32,
    /// Since when, as it was told.
    troubled: Option<Instant>,
    refusal_told: Option<Instant>,
}

impl HttpSink {
    /// Reads certificates and headers. No connection is made yet.
    ///
    /// # Errors
    /// If one of the files cannot be used.
    pub fn open(settings: HttpSettings) -> Result<HttpSink, SinkError> {
        let credentials = Credentials::load(&settings.access)?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(SinkError::Runtime)?;
        Ok(HttpSink {
            letters: Letters::new(settings.dead_letter.clone()),
            settings,
            credentials,
            runtime,
            in_a_row: 0,
            troubled: None,
            refusal_told: None,
        })
    }

    /// Posts and settles batches until the gates are gone.
    pub(super) fn run(mut self, batches: &Deliveries, around: &Surroundings) -> Result<(), SinkError> {
        loop {
            let waited = batches.wait(None);
            if around.reopen_asked() {
                self.letters.close();
            }
            if waited == Waited::Ended {
                return Ok(());
            }
            let group = batches.up_to(limits::REQUEST_BYTES_MAX);
            if !group.is_empty() {
                self.deliver(group, batches, around);
            }
        }
    }

    /// Returns when the receiver has the group, or has refused it and it is kept as a dead letter.
    fn deliver(&mut self, group: Vec<Delivery>, batches: &Deliveries, around: &Surroundings) {
        let body = Body::of(&group, self.settings.compression);
        let counters = batches.counters();
        loop {
            if let Err(error) = self.credentials.refresh(&self.settings.access) {
                around.tell(SinkEvent::NotReloaded(error));
            }
            let outcome = self.runtime.block_on(attempt::post(&self.settings, &self.credentials, &body));
            let (why, after) = match outcome {
                Outcome::Ok => {
                    counters.attempt(LastAttempt::Ok);
                    self.recovered(around);
                    return group.into_iter().for_each(Delivery::confirm);
                }
                Outcome::Refused(status) => {
                    let is_ours = matches!(status, 401 | 403);
                    counters.attempt(if is_ours { LastAttempt::Unauthorized } else { LastAttempt::Failed });
                    self.recovered(around);
                    return self.keep(status, group, batches, around);
                }
                Outcome::Failed { why, after } => {
                    counters.attempt(LastAttempt::Failed);
                    (why, after)
                }
                Outcome::Unknown { why } => {
                    counters.attempt(LastAttempt::Unknown);
                    (why, None)
                }
            };
            if self.troubled.is_none() {
                self.troubled = Some(Instant::now());
                around.tell(SinkEvent::Unreachable(why));
            }
            std::thread::sleep(self.settings.retry.pause(self.in_a_row, after));
            self.in_a_row = self.in_a_row.saturating_add(1);
        }
    }

    fn recovered(&mut self, around: &Surroundings) {
        self.in_a_row = 0;
        if let Some(since) = self.troubled.take() {
            around.tell(SinkEvent::Reachable(since.elapsed()));
        }
    }

    /// Keeps what was refused for good. A full disk is waited out: a dead letter is all that is left of it.
    fn keep(&mut self, status: u16, group: Vec<Delivery>, batches: &Deliveries, around: &Surroundings) {
        let mut waiting = None;
        let mut pause = Duration::from_millis(limits::DISK_PAUSE_MS_MIN);
        while let Err(error) = self.letters.keep(group.iter().map(Delivery::bytes)) {
            if waiting.is_none() {
                waiting = Some(Instant::now());
                around.tell(SinkEvent::Waiting(self.settings.dead_letter.clone(), error));
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(limits::DISK_PAUSE_MS_MAX));
        }
        if let Some(since) = waiting {
            around.tell(SinkEvent::Resumed(self.settings.dead_letter.clone(), since.elapsed()));
        }
        let pause = Duration::from_secs(limits::REFUSAL_TOLD_SECONDS);
        if self.refusal_told.is_none_or(|told| told.elapsed() >= pause) {
            self.refusal_told = Some(Instant::now());
            around.tell(SinkEvent::Refused(status, self.settings.dead_letter.clone()));
        }
        for delivery in group {
            batches.counters().dead_lettered.add(label(status), delivery.records());
            delivery.settle();
        }
    }
}

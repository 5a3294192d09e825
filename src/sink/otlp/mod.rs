//! OTLP to a receiver by gRPC or HTTP: each request on its own, as it was received, several under way at once. Requests are
//! independent of each other, so they may arrive in another order than they came.
//!
//! Outcomes and retries are those of the HTTP sink, by the table of the OTLP specification. What the receiver refuses for
//! good becomes a dead letter, which is on disk before the batch is settled.

mod attempt;
mod deliver;
mod pace;
mod token;

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::task::{JoinSet, LocalSet};

use super::compress::Compression;
use super::credentials::{Access, Credentials, CredentialsError};
use super::letters::Letters;
use super::retry::Retry;
use super::{SinkError, SinkEvent, Surroundings};
use crate::limits;
use crate::metrics::SinkCounters;
use crate::pipeline::{Deliveries, Waited};
use pace::Pace;
pub use token::OAuth;
use token::Tokens;

/// One sink with `type: otlp`.
#[derive(Clone, Debug)]
pub struct OtlpSettings {
    /// The way to the receiver.
    pub access: Access,
    /// What it speaks.
    pub protocol: Protocol,
    /// Of the message.
    pub compression: Compression,
    /// Where access tokens come from, if it wants any.
    pub oauth: Option<OAuth>,
    /// Between attempts.
    pub retry: Retry,
    /// Where refused records go.
    pub dead_letter: PathBuf,
}

/// How OTLP is carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// gRPC: protobuf only.
    #[default]
    Grpc,
    /// HTTP, protobuf or JSON as it came.
    Http,
}

/// Sends requests to a receiver.
pub struct OtlpSink {
    settings: OtlpSettings,
    credentials: Credentials,
    tokens: Option<Tokens>,
    runtime: Runtime,
}

/// What all deliveries of one sink share.
struct Shared {
    settings: OtlpSettings,
    credentials: RefCell<Credentials>,
    tokens: Option<Tokens>,
    pace: Pace,
    letters: RefCell<Letters>,
    counters: Arc<SinkCounters>,
    around: Surroundings,
    /// Since when the receiver takes nothing, as it was told.
    troubled: Cell<Option<Instant>>,
    refusal_told: Cell<Option<Instant>>,
}

impl OtlpSink {
    /// Reads certificates, headers and secrets. No connection is made yet.
    ///
    /// # Errors
    /// If one of the files cannot be used.
    pub fn open(settings: OtlpSettings) -> Result<OtlpSink, SinkError> {
        let credentials = Credentials::load(&settings.access)?;
        let tokens =
            settings.oauth.clone().map(|oauth| Tokens::load(oauth, settings.access.timeout)).transpose()?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(SinkError::Runtime)?;
        Ok(OtlpSink { settings, credentials, tokens, runtime })
    }

    /// Whether the files that settings name can be used.
    ///
    /// # Errors
    /// If one cannot.
    pub fn check(settings: &OtlpSettings) -> Result<(), CredentialsError> {
        Credentials::load(&settings.access)?;
        let oauth = settings.oauth.clone();
        oauth.map(|oauth| Tokens::load(oauth, settings.access.timeout)).transpose()?;
        Ok(())
    }

    /// Sends and settles requests until the gates are gone.
    pub(super) fn run(self, batches: &Deliveries, around: &Surroundings) -> Result<(), SinkError> {
        let OtlpSink { settings, credentials, tokens, runtime } = self;
        let shared = Rc::new(Shared {
            letters: RefCell::new(Letters::new(settings.dead_letter.clone())),
            pace: Pace::new(settings.retry),
            settings,
            credentials: RefCell::new(credentials),
            tokens,
            counters: Arc::clone(batches.counters()),
            around: around.clone(),
            troubled: Cell::new(None),
            refusal_told: Cell::new(None),
        });
        let bell = Arc::new(Notify::new());
        let ringer = Arc::clone(&bell);
        batches.ring(move || ringer.notify_one());
        LocalSet::new().block_on(&runtime, serve(&shared, batches, &bell))
    }
}

async fn serve(shared: &Rc<Shared>, batches: &Deliveries, bell: &Notify) -> Result<(), SinkError> {
    let mut under_way = JoinSet::new();
    loop {
        let waited = batches.wait(Some(Instant::now()));
        if shared.around.reopen_asked() {
            shared.letters.borrow_mut().close();
        }
        while under_way.len() < limits::EXPORTS_MAX
            && let Some(delivery) = batches.next()
        {
            let shared = Rc::clone(shared);
            under_way.spawn_local(async move { deliver::deliver(&shared, delivery).await });
        }
        if waited == Waited::Ended && under_way.is_empty() {
            return Ok(());
        }
        tokio::select! {
            () = bell.notified() => {}
            Some(ended) = under_way.join_next() => {
                if let Err(error) = ended
                    && let Ok(panic) = error.try_into_panic()
                {
                    std::panic::resume_unwind(panic);
                }
            }
        }
    }
}

impl Shared {
    /// The receiver has said what became of something.
    fn recovered(&self) {
        self.pace.recovered();
        if let Some(since) = self.troubled.take() {
            self.around.tell(SinkEvent::Reachable(since.elapsed()));
        }
    }

    /// It has not.
    fn failed(&self, why: String) {
        if self.troubled.get().is_none() {
            self.troubled.set(Some(Instant::now()));
            self.around.tell(SinkEvent::Unreachable(why));
        }
    }
}

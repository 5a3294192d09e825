//! Where redacted records go. A sink runs in its own thread and takes batches until the last gate lets go of it.

mod compress;
mod credentials;
mod file;
mod http;
mod letters;
mod otlp;
mod retry;
mod stdout;
mod terminal;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::metrics::LastAttempt;
use crate::pipeline::{Deliveries, Waited};
pub use compress::Compression;
pub use credentials::{Access, Credentials, CredentialsError, Http, Tls};
pub use file::{FileSettings, FileSink, Fsync, OutputError, Rotate};
pub use http::{HttpSettings, HttpSink};
pub use otlp::{OAuth, OtlpSettings, OtlpSink, Protocol};
pub use retry::Retry;
pub use stdout::Stdout;
pub use terminal::Style;

/// All the places there are.
pub enum Sink {
    /// Standard output or standard error.
    Stdout(Stdout),
    /// A file.
    File(Box<FileSink>),
    /// A receiver of newline-delimited JSON by HTTP.
    Http(Box<HttpSink>),
    /// A receiver of OTLP.
    Otlp(Box<OtlpSink>),
}

/// A sink that cannot begin or cannot go on. Batches it had not confirmed count as not delivered.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// Nobody reads this standard stream any more, which is how `| head` says that it has enough.
    #[error("{0} is closed")]
    Closed(&'static str),
    /// A standard stream cannot be written.
    #[error("cannot write to {to}: {source}")]
    Write {
        /// Which.
        to: &'static str,
        /// Why.
        source: io::Error,
    },
    /// An output file cannot be opened.
    #[error("cannot write to {}: {source}", path.display())]
    Open {
        /// Where.
        path: PathBuf,
        /// Why.
        source: OutputError,
    },
    /// Headers or certificates cannot be used.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The system refused what waiting for a network needs.
    #[error("cannot start: {0}")]
    Runtime(#[source] io::Error),
    /// An output file could not be made durable, and neither could the one after it.
    #[error("cannot make {} durable: {source}", path.display())]
    Sync {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What a sink tells while it goes on. Each trouble is told once when it begins and once when it is over.
#[derive(Debug)]
pub enum SinkEvent {
    /// The system takes nothing for this file at the moment; the sources wait.
    Waiting(PathBuf, io::Error),
    /// It takes again, after this long.
    Resumed(PathBuf, Duration),
    /// A sync failed: what was not confirmed is written to a new file.
    SyncFailed(PathBuf, io::Error),
    /// The file could not be begun anew and goes on.
    NotRotated(PathBuf, OutputError),
    /// What is under the path now could not be opened; the file that was open goes on.
    NotReopened(PathBuf, OutputError),
    /// The receiver takes nothing at the moment, and why; it is tried again, and the sources wait.
    Unreachable(String),
    /// It takes again, after this long.
    Reachable(Duration),
    /// The receiver refused records for good, with this status; they are kept in this file. Told now and then only.
    Refused(u16, PathBuf),
    /// The same of an OTLP receiver, with a status or the name of a gRPC code.
    RefusedOtlp(&'static str, PathBuf),
    /// Headers or certificates have changed and cannot be used; the old ones stay.
    NotReloaded(CredentialsError),
}

/// What a sink knows of the world around it.
#[derive(Clone)]
pub struct Surroundings {
    reopen: Arc<AtomicBool>,
    tell: Arc<dyn Fn(SinkEvent) + Send + Sync>,
}

impl Surroundings {
    /// With somebody to tell of events.
    pub fn new(tell: Arc<dyn Fn(SinkEvent) + Send + Sync>) -> Surroundings {
        Surroundings { reopen: Arc::default(), tell }
    }

    /// Asks for output files to be opened anew, which happens when the sink is woken.
    pub fn ask_to_reopen(&self) {
        self.reopen.store(true, Ordering::Release);
    }

    fn reopen_asked(&self) -> bool {
        self.reopen.swap(false, Ordering::AcqRel)
    }

    fn tell(&self, event: SinkEvent) {
        (self.tell)(event);
    }
}

impl Sink {
    /// Writes and confirms batches in the order they come.
    ///
    /// # Errors
    /// If it cannot go on.
    pub fn run(self, batches: &Deliveries, around: &Surroundings) -> Result<(), SinkError> {
        match self {
            Sink::Stdout(mut stdout) => {
                while batches.wait(None) != Waited::Ended {
                    while let Some(batch) = batches.next() {
                        let written = stdout.write(batch.bytes());
                        let ended = if written.is_ok() { LastAttempt::Ok } else { LastAttempt::Failed };
                        batches.counters().attempt(ended);
                        written?;
                        batch.confirm();
                    }
                }
                Ok(())
            }
            Sink::File(file) => file.run(batches, around),
            Sink::Http(http) => http.run(batches, around),
            Sink::Otlp(otlp) => otlp.run(batches, around),
        }
    }
}

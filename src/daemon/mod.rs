//! Puts sources, gates and sinks together and runs them: the only place that knows all parts.
//!
//! The filter is [`run`] on a [`Config`] made from flags, the daemon the same on one made from a file. Each source and
//! each sink has a thread of its own with blocking reads and writes; the thread that calls [`run`] waits for signals and
//! for the others to end.

mod active;
pub mod config;
mod endpoints;
mod handles;
mod life;
mod reload;
mod rotation;
mod service;
mod signals;
mod stream;
mod telemetry;

use std::io;
use std::sync::Arc;

pub use active::{Active, Slot};
pub use config::Config;
pub use endpoints::ListenError;
pub use handles::{Handles, Layered, PolicyState};
pub use life::run;
pub use reload::{Change, Outcome, Reload, Reloaded, Report as ReloadReport};
pub use signals::{Signals, ignored_signals};
pub use telemetry::SettingsError as TelemetryError;

use crate::pipeline::Totals;
use crate::sink::{SinkError, SinkEvent};
use crate::source::{End, SourceError, file, otlp};

/// What happened in a run. The run itself goes on after most errors, as `cat` does.
#[derive(Default)]
pub struct Report {
    /// By source. `None` where it had not ended when the time to drain was over.
    pub sources: Vec<Option<SourceReport>>,
    /// By sink: why it was given up, if it was and it was required. `None` as above.
    pub sinks: Vec<Option<Result<(), SinkError>>>,
    /// Whether a signal asked for the end.
    pub stopped: bool,
}

/// What happened in one source.
#[derive(Debug)]
pub struct SourceReport {
    /// How the reading ended.
    pub end: End,
    /// What went through.
    pub totals: Totals,
    /// Replaced spans, per rule of the policy.
    pub counts: Vec<u64>,
    /// Inputs that could not be opened or read.
    pub failed: usize,
    /// Bytes that were read and not redacted, because the end of their line is not known.
    pub abandoned: u64,
}

impl Report {
    /// Whether everything that was read has arrived at every required sink.
    pub fn is_drained(&self) -> bool {
        let arrived = |source: &SourceReport| source.totals.undelivered == 0 && source.abandoned == 0;
        self.sources.iter().all(|source| source.as_ref().is_some_and(arrived))
    }
}

/// What is worth telling while the run goes on.
pub enum Notice {
    /// This many bytes were read.
    Read(u64),
    /// An input failed; the next one is tried.
    Failed(SourceError),
    /// The beginning of an unfinished line of this many bytes was not delivered, because its end is not known.
    Abandoned(u64),
    /// Something happened to the file source of this name.
    Files(Arc<str>, file::Notice),
    /// Something happened to the OTLP source of this name.
    Otlp(Arc<str>, otlp::Notice),
    /// Something happened to the sink of this name.
    Sink(Arc<str>, SinkEvent),
    /// The sink of this name has ended though nobody asked it to; the others go on.
    SinkEnded(Arc<str>, String),
    /// Everything runs, and can be watched and steered by these.
    Started(Arc<Handles>),
    /// A signal asked for the end: reading stops, what was read is delivered.
    Draining,
    /// An attempt to reload policies and keys has ended.
    Reloaded(ReloadReport),
    /// A policy that works cannot be kept for a restart.
    PolicyNotKept(io::Error),
    /// The daemon's own metrics cannot be pushed at the moment, and why; `None` when that is over.
    Telemetry(Option<String>),
    /// The configuration file has changed, which means this.
    ConfigChanged(Change),
}

/// Somebody who is told. Called from all threads.
pub type Tell = Arc<dyn Fn(Notice) + Send + Sync>;

/// A run that could not begin, or that ended in a way it must not.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The system refused a pipe, a descriptor or a thread.
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
    /// The data directory cannot be made.
    #[error("cannot make the data directory {}: {source}", path.display())]
    DataDir {
        /// Where.
        path: std::path::PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file source cannot be made ready.
    #[error(transparent)]
    Files(#[from] file::OpenError),
    /// A listener cannot be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A variable of the environment cannot be used.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// An OTLP source cannot be made ready.
    #[error(transparent)]
    Otlp(#[from] otlp::OpenError),
    /// A sink cannot be opened.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// A bug made a thread panic. Where was printed when it happened.
    #[error("internal error; not everything was delivered")]
    Panicked,
}

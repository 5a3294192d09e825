//! What a run needs, checked and opened: made from flags by the filter, from a file by `redactd run`.
//!
//! A file goes through two representations: [`mod@file`], what was written and where, and [`Config`], what runs.

mod build;
mod environment;
pub mod file;
mod problem;
mod read;
pub mod schema;
pub mod values;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::reload::{Print, Written};
use crate::document::{self, Mistake, SourceText};
use crate::engine::correlate::Keyring;
use crate::engine::policy::{Policy, PolicyErrors};
use crate::engine::redact::Format;
use crate::limits;
use crate::pipeline::{BatchSize, WhenFull};
use crate::policies::Part;
use crate::sink::{FileSettings, HttpSettings, OtlpSettings, Style};
use crate::source::{Origin, file as file_source, otlp as otlp_source};
pub use build::{Loaded, Warning, load, values_in};
pub use problem::ConfigProblem;

/// Everything a run is told beforehand.
pub struct Config {
    /// Where records come from.
    pub sources: Vec<Source>,
    /// Where they go.
    pub sinks: Vec<Sink>,
    /// What is redacted: sources name one of these.
    pub policies: Vec<Layers>,
    /// Keys of the correlation IDs.
    pub ring: Arc<Keyring>,
    /// The file they came from.
    pub ring_file: Option<PathBuf>,
    /// What that file was.
    pub ring_print: Option<Print>,
    /// The configuration as written, if it came from a file.
    pub written: Option<Written>,
    /// Directory of this process alone.
    pub data_dir: Option<PathBuf>,
    /// When batches are sent on.
    pub batch: BatchSize,
    /// How long the end may take after a signal.
    pub drain: Duration,
    /// Listener of probes and metrics.
    pub health: Option<SocketAddr>,
    /// Listener of reload, policy and status.
    pub admin: Option<Admin>,
}

/// One compiled policy and what it was made of.
pub struct Layers {
    /// Packs and files, the lowest first.
    pub names: Vec<PathBuf>,
    /// What they say.
    pub policy: Arc<Policy>,
    /// Every file that belongs to it.
    pub parts: Vec<Part>,
    /// Whether the files cannot be used, and this is the last good copy of what they said.
    pub kept: bool,
}

/// One source.
pub struct Source {
    /// Label in metrics.
    pub name: String,
    /// What it reads.
    pub kind: SourceKind,
    /// Position in [`Config::policies`].
    pub policy: usize,
    /// How lines are read.
    pub format: Format,
    /// Whether JSON objects get a member with the policy id and counts.
    pub remarks: bool,
    /// Longest line in bytes; longer ones are withheld. At most [`limits::LINE_BYTES_MAX`].
    pub line_bytes_max: usize,
}

/// What a source reads.
pub enum SourceKind {
    /// Standard input, or files to their end, in this order as one stream.
    Stream {
        /// What to read.
        origins: Vec<Origin>,
        /// Whether a first signal lets standard input be read to its end.
        drain_input: bool,
    },
    /// Files that others write.
    Files(Box<file_source::Settings>),
    /// OTLP.
    Otlp(Box<otlp_source::Settings>),
}

/// One sink.
pub struct Sink {
    /// Label in metrics.
    pub name: String,
    /// Positions in [`Config::sources`].
    pub inputs: Vec<usize>,
    /// Whether acknowledgements wait for it.
    pub required: bool,
    /// What may wait for it, in bytes.
    pub queue_bytes_max: usize,
    /// What happens beyond that.
    pub when_full: WhenFull,
    /// Where it writes.
    pub kind: SinkKind,
}

/// Where a sink writes.
#[derive(Clone, Debug)]
pub enum SinkKind {
    /// Standard output.
    Stdout(Style),
    /// Standard error.
    Stderr(Style),
    /// A file.
    File(FileSettings),
    /// A receiver of newline-delimited JSON by HTTP.
    Http(Box<HttpSettings>),
    /// A receiver of OTLP.
    Otlp(Box<OtlpSettings>),
}

/// Where reload, policy and status are answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admin {
    /// A Unix socket.
    Socket(PathBuf),
    /// An address of this machine.
    Address(SocketAddr),
}

/// How far a configuration is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The text alone: no file, no variable.
    Text,
    /// All that a start needs.
    Start,
    /// Also what a start would find out by opening outputs.
    Check,
}

/// All that is wrong with a configuration.
#[derive(Debug)]
pub struct ConfigErrors {
    /// In the order of the file.
    pub errors: Vec<Mistake<ConfigProblem>>,
    /// What is wrong with the policies it names.
    pub policies: Vec<PolicyErrors>,
}

impl ConfigErrors {
    /// One thing that is wrong with the file as a whole.
    fn of_file(path: &Path, problem: ConfigProblem) -> ConfigErrors {
        let source = Arc::new(SourceText { name: path.to_string_lossy().into_owned(), text: String::new() });
        let mistake = Mistake { source, span: None, problem, also: None };
        ConfigErrors { errors: vec![mistake], policies: Vec::new() }
    }

    /// All errors as a person reads them, those of policies first. `columns` is the width of the screen.
    pub fn render(&self, color: bool, columns: usize) -> String {
        let mut out = String::new();
        for policy in &self.policies {
            out += &policy.render(color, columns);
        }
        out + &document::render(&self.errors, color, columns)
    }
}

impl Config {
    /// A run of the filter: one stream to standard output.
    pub fn filter(stream: Stream, policy: Arc<Policy>, ring: Arc<Keyring>, style: Style) -> Config {
        Config::streams(vec![(stream, SinkKind::Stdout(style))], policy, ring)
    }

    /// Streams, each to a place of its own.
    pub fn streams(streams: Vec<(Stream, SinkKind)>, policy: Arc<Policy>, ring: Arc<Keyring>) -> Config {
        let name = |position: usize| format!("stream {position}");
        let (mut sources, mut sinks) = (Vec::new(), Vec::new());
        for (position, (stream, kind)) in streams.into_iter().enumerate() {
            sinks.push(Sink {
                name: name(position),
                inputs: vec![position],
                required: true,
                queue_bytes_max: limits::PIPE_QUEUE_BYTES,
                when_full: WhenFull::Block,
                kind,
            });
            sources.push(Source {
                name: name(position),
                kind: SourceKind::Stream { origins: stream.origins, drain_input: true },
                policy: 0,
                format: stream.format,
                remarks: stream.remarks,
                line_bytes_max: stream.line_bytes_max,
            });
        }
        Config {
            sources,
            sinks,
            policies: vec![Layers { names: Vec::new(), policy, parts: Vec::new(), kept: false }],
            ring,
            ring_file: None,
            ring_print: None,
            written: None,
            data_dir: None,
            batch: BatchSize::default(),
            drain: Duration::MAX,
            health: None,
            admin: None,
        }
    }
}

/// One source of a filter.
pub struct Stream {
    /// What to read, in this order, as one stream.
    pub origins: Vec<Origin>,
    /// How lines are read.
    pub format: Format,
    /// Whether JSON objects get a member with the policy id and counts.
    pub remarks: bool,
    /// Longest line in bytes.
    pub line_bytes_max: usize,
}

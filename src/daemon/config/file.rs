//! The configuration as written, key by key, with the place of each part. The types are also what the JSON Schema is
//! made from: their documentation is what an editor shows. `read` fills them, `build` turns
//! them into what runs.

mod otlp;

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Url;
use schemars::JsonSchema;

use super::schema;
use crate::document::At;
use crate::engine::redact::Format;
use crate::pipeline::WhenFull;
use crate::sink::{Compression, Fsync};
use crate::source::file::{Container, ReadFrom};
pub use otlp::{ListenFile, OAuthFile, OtlpSinkFile, OtlpSourceFile, ServerTlsFile};

/// Configuration of `redactd run`: where records come from, what is redacted, where they go.
#[derive(Debug, Default, JsonSchema)]
#[schemars(rename = "redactd", deny_unknown_fields, extend("required" = ["version", "sources", "sinks"]))]
pub struct ConfigFile {
    /// Of the configuration's language: 1.
    #[schemars(with = "schema::Version")]
    pub version: (),
    /// Directory of this process alone, mode 0700: checkpoints, dead letters, the key of file fingerprints.
    #[schemars(with = "Option<schema::Path>")]
    pub data_dir: Option<At<String>>,
    /// Policies, the lowest layer first: `default`, or files. `default` when the key is absent.
    #[schemars(with = "Option<schema::Layers>")]
    pub policy: Option<At<Vec<At<String>>>>,
    /// Key ring of the correlation IDs. Absent: a random key per process, whose IDs do not survive a restart.
    #[schemars(with = "Option<schema::Path>")]
    pub keys: Option<At<String>>,
    /// Where records come from, by name.
    #[schemars(with = "schema::Named<SourceFile>")]
    pub sources: Vec<(At<String>, SourceFile)>,
    /// Names of all sources, also of those that could not be read.
    #[schemars(skip)]
    pub source_names: Vec<String>,
    /// Where records go, by name.
    #[schemars(with = "schema::Named<SinkFile>")]
    pub sinks: Vec<(At<String>, SinkFile)>,
    /// Listener of probes and metrics.
    pub health: Option<HealthFile>,
    /// Listener of reload, policy and status.
    pub admin: Option<AdminFile>,
    /// Bounds.
    #[schemars(with = "Option<LimitsFile>")]
    pub limits: LimitsFile,
}

/// One source.
#[derive(Debug, JsonSchema)]
#[schemars(tag = "type", rename_all = "lowercase")]
pub enum SourceFile {
    /// Files that others write.
    File(Box<FileSourceFile>),
    /// OTLP from SDKs and Collectors.
    Otlp(Box<OtlpSourceFile>),
    /// Standard input of this process.
    Stdin(StdinFile),
}

/// Files that others write.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["include"]))]
pub struct FileSourceFile {
    /// Globs of the files to read. Compressed ones are read for a pattern that ends in `.gz`.
    #[schemars(with = "schema::Texts")]
    pub include: At<Vec<At<String>>>,
    /// Globs of files that are not read though `include` matches.
    #[schemars(with = "Option<schema::Texts>")]
    pub exclude: Vec<At<String>>,
    /// Where files without a checkpoint begin.
    #[schemars(with = "Option<schema::ReadFrom>")]
    pub read_from: ReadFrom,
    /// The line inside a container wrapper.
    #[schemars(with = "Option<schema::Format>")]
    pub format: Format,
    /// What a container runtime wrapped around each line.
    #[schemars(with = "Option<schema::Container>")]
    pub container: Container,
    /// Which lines are one record: `auto` joins PEM blocks.
    #[schemars(with = "Option<schema::Multiline>")]
    pub multiline: MultilineFile,
    /// Its own layers instead of the top-level ones.
    #[schemars(with = "Option<schema::Layers>")]
    pub policy: Option<At<Vec<At<String>>>>,
}

/// Which lines are one record.
#[derive(Debug, Default)]
pub enum MultilineFile {
    /// PEM blocks.
    #[default]
    Auto,
    /// Every line.
    None,
    /// Lines from one that matches to the next.
    Start(At<String>),
}

/// Standard input of this process.
#[derive(Debug, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct StdinFile {
    /// How lines are read.
    #[schemars(with = "Option<schema::Format>")]
    pub format: Format,
    /// Its own layers instead of the top-level ones.
    #[schemars(with = "Option<schema::Layers>")]
    pub policy: Option<At<Vec<At<String>>>>,
}

/// One sink.
#[derive(Debug, JsonSchema)]
#[schemars(tag = "type", rename_all = "lowercase")]
pub enum SinkFile {
    /// A file.
    File(Box<FileSinkFile>),
    /// A receiver of newline-delimited JSON by HTTP.
    Http(Box<HttpSinkFile>),
    /// A receiver of OTLP.
    Otlp(Box<OtlpSinkFile>),
    /// Standard output of this process.
    Stdout(StdoutFile),
}

/// What all sinks share. Its keys stand beside those of the sink.
#[derive(Debug, Default)]
pub struct SharedFile {
    /// Names of sources; `None`: every source.
    pub inputs: Option<At<Vec<At<String>>>>,
    /// Whether acknowledgements wait for it.
    pub required: bool,
    /// What happens when its queue is full.
    pub when_full: WhenFull,
    /// For one attempt.
    pub timeout: Option<At<Duration>>,
    /// Between attempts.
    pub retry: RetryFile,
    /// Where refused records go.
    pub dead_letter: Option<At<String>>,
}

/// Between attempts.
#[derive(Debug, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RetryFile {
    /// Upper end of the first pause; each next one is twice as long.
    #[schemars(with = "Option<schema::Duration>")]
    pub initial: Option<At<Duration>>,
    /// Longest pause.
    #[schemars(with = "Option<schema::Duration>")]
    pub max: Option<At<Duration>>,
}

/// Standard output of this process.
#[derive(Debug, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct StdoutFile {
    /// What all sinks share.
    #[schemars(flatten, with = "schema::Shared")]
    pub shared: SharedFile,
}

/// A file.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["path"]))]
pub struct FileSinkFile {
    /// What all sinks share.
    #[schemars(flatten, with = "schema::Shared")]
    pub shared: SharedFile,
    /// The file, made with mode 0600.
    #[schemars(with = "schema::Path")]
    pub path: At<String>,
    /// When it is renamed to `PATH.1` and begun anew. Absent: never.
    pub rotate: Option<RotateFile>,
    /// `batch`: what is acknowledged is on disk; `never`: it is in the hands of the system.
    #[schemars(with = "Option<schema::Fsync>")]
    pub fsync: Fsync,
}

/// When an output file is begun anew.
#[derive(Debug, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RotateFile {
    /// When it would grow beyond this.
    #[schemars(with = "Option<schema::Size>")]
    pub size: Option<At<usize>>,
    /// When it is this old.
    #[schemars(with = "Option<schema::Duration>")]
    pub every: Option<At<Duration>>,
    /// How many old files stay: `PATH.1` (the newest) to `PATH.keep`.
    #[schemars(with = "Option<schema::Count>")]
    pub keep: Option<At<u32>>,
}

/// A receiver of newline-delimited JSON by HTTP.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["url"]))]
pub struct HttpSinkFile {
    /// What all sinks share.
    #[schemars(flatten, with = "schema::Shared")]
    pub shared: SharedFile,
    /// Where records are posted.
    #[schemars(with = "schema::UrlText")]
    pub url: Option<At<Url>>,
    /// Of the body.
    #[schemars(with = "Option<schema::Compression>")]
    pub compression: Compression,
    /// File with a `NAME: value` per line; read again when it changes.
    #[schemars(with = "Option<schema::Path>")]
    pub headers_file: Option<At<String>>,
    /// Certificates; read again when they change.
    pub tls: Option<TlsFile>,
    /// Whether records may cross the network unencrypted.
    #[schemars(with = "Option<schema::Flag>")]
    pub insecure: bool,
}

/// Certificates of a client.
#[derive(Debug, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TlsFile {
    /// Whom to trust, PEM. Absent: whom the system trusts.
    #[schemars(with = "Option<schema::Path>")]
    pub ca_file: Option<At<String>>,
    /// The client's certificate chain, PEM.
    #[schemars(with = "Option<schema::Path>")]
    pub cert_file: Option<At<String>>,
    /// Its private key, PEM.
    #[schemars(with = "Option<schema::Path>")]
    pub key_file: Option<At<String>>,
}

/// Listener of probes and metrics.
#[derive(Debug, Default, JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["address"]))]
pub struct HealthFile {
    /// IP address and port; any address.
    #[schemars(with = "schema::Address")]
    pub address: Option<At<SocketAddr>>,
}

/// Listener of reload, policy and status: a socket or an address.
#[derive(Debug, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AdminFile {
    /// Path of a Unix socket, made with mode 0600.
    #[schemars(with = "Option<schema::Path>")]
    pub socket: Option<At<String>>,
    /// IP address and port on this machine.
    #[schemars(with = "Option<schema::Address>")]
    pub address: Option<At<SocketAddr>>,
}

/// Bounds.
#[derive(Debug, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LimitsFile {
    /// Longest line; longer ones are withheld.
    #[schemars(with = "Option<schema::Size>")]
    pub line: Option<At<usize>>,
    /// Output size at which a batch is sent on.
    #[schemars(with = "Option<schema::Size>")]
    pub batch: Option<At<usize>>,
    /// Age at which a batch is sent on.
    #[schemars(with = "Option<schema::Duration>")]
    pub batch_age: Option<At<Duration>>,
    /// What may wait for one sink.
    #[schemars(with = "Option<schema::Size>")]
    pub queue: Option<At<usize>>,
    /// How long the end may take after a signal.
    #[schemars(with = "Option<schema::Duration>")]
    pub drain: Option<At<Duration>>,
}

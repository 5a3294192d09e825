//! As written → as run. What needs several keys to judge is judged in [`relations`]; what needs files, in `environment`.

mod otlp;
mod outside;
mod relations;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::super::reload::{Print, Written};
use super::environment::{self, Variables};
use super::file::{ConfigFile, HttpSinkFile, MultilineFile, SharedFile, SinkFile, SourceFile, TlsFile};
use super::problem::ConfigProblem;
use super::read::{self, Read};
use super::{Admin, Config, ConfigErrors, Depth, Layers, Sink, SinkKind, Source, SourceKind};
use crate::document::{self, At, Mistake, Node, SourceText, Syntax, Value};
use crate::engine::correlate::Keyring;
use crate::engine::policy::{Policy, PolicyErrors};
use crate::engine::redact::Format;
use crate::limits;
use crate::pipeline::BatchSize;
use crate::policies::{self, Part};
use crate::sink::{Access, FileSettings, Http, HttpSettings, Retry, Rotate, Style, Tls};
use crate::source::file::{Multiline, Settings};

/// Something that works and that its author may not have meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The file, as named by the caller.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What and why, in one sentence.
    pub message: String,
}

/// A configuration that holds.
pub struct Loaded {
    /// What runs; `None` where the text alone was looked at.
    pub config: Option<Config>,
    /// What its author may not have meant.
    pub warnings: Vec<Warning>,
}

/// Reads and checks the configuration in a file. How it is written says the name: TOML for `*.toml`, else YAML (which JSON
/// is, too).
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load(path: &Path, depth: Depth, variables: Variables<'_>) -> Result<Loaded, ConfigErrors> {
    let text =
        policies::read(path).map_err(|why| ConfigErrors::of_file(path, ConfigProblem::Unreadable(why)))?;
    let name = path.to_string_lossy().into_owned();
    let syntax = Syntax::of(&name);
    let mut source = Arc::new(SourceText { name, text });
    let variables = if depth == Depth::Text { None } else { variables };
    let Read { file, errors } = read::read(&mut source, syntax, variables);
    let readable = !errors.iter().any(|error| error.problem.is_syntax());
    let mut builder =
        Builder { base: base(path), source, errors, policy_errors: Vec::new(), warnings: Vec::new(), depth };
    if readable {
        builder.relations(&file);
    }
    let outside = (readable && depth != Depth::Text).then(|| builder.outside(&file));
    if !builder.errors.is_empty() {
        builder.errors.sort_by_key(|error| error.span.as_ref().map_or(0, |span| span.start));
        return Err(ConfigErrors { errors: builder.errors, policies: builder.policy_errors });
    }
    let mut config = outside.map(|outside| builder.config(&file, outside));
    if let Some(config) = &mut config {
        config.written = Some(Written::of(path));
    }
    Ok(Loaded { config, warnings: builder.warnings })
}

/// Every value of a configuration by its path, as in `sinks.safe.path`; nothing where it cannot be read.
pub fn values_in(path: &Path, variables: Variables<'_>) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let Ok(text) = policies::read(path) else { return values };
    if let Ok(mut node) = document::read(&text, Syntax::of(&path.to_string_lossy())) {
        environment::resolve(&mut node, variables);
        collect(&node, String::new(), &mut values);
    }
    values
}

fn collect(node: &Node, at: String, values: &mut BTreeMap<String, String>) {
    if let Value::Map(members) = &node.value {
        for (key, value) in members {
            let separator = if at.is_empty() { "" } else { "." };
            collect(value, format!("{at}{separator}{}", key.text), values);
        }
        return;
    }
    let mut text = String::new();
    node.write_json(&mut text);
    values.insert(at, text);
}

/// What paths are relative to.
fn base(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    absolute.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// What was read from outside the configuration file.
struct Outside {
    policies: Vec<Layers>,
    /// By source, a position in `policies`.
    policy_of: Vec<usize>,
    ring: Arc<Keyring>,
    ring_print: Option<Print>,
}

struct Builder {
    base: PathBuf,
    source: Arc<SourceText>,
    errors: Vec<Mistake<ConfigProblem>>,
    policy_errors: Vec<PolicyErrors>,
    warnings: Vec<Warning>,
    depth: Depth,
}

impl Builder {
    fn error<T>(&mut self, at: &At<T>, problem: ConfigProblem) {
        let (source, span) = (Arc::clone(&self.source), Some(at.span.clone()));
        self.errors.push(Mistake { source, span, problem, also: None });
    }

    fn warn<T>(&mut self, at: &At<T>, message: impl Into<String>) {
        let line = self.source.line(at.span.start);
        self.warnings.push(Warning { file: self.source.name.clone(), line, message: message.into() });
    }

    /// A path of the configuration.
    fn path(&self, text: &str) -> PathBuf {
        self.base.join(text.strip_prefix("./").unwrap_or(text))
    }

    /// The glob of a pattern that is relative to the configuration file.
    fn glob(&self, pattern: &str) -> String {
        if pattern.starts_with('/') {
            return pattern.to_owned();
        }
        let base = globset::escape(&self.base.to_string_lossy());
        format!("{base}/{}", pattern.strip_prefix("./").unwrap_or(pattern))
    }

    fn config(&self, file: &ConfigFile, outside: Outside) -> Config {
        let limits = &file.limits;
        let batch = BatchSize::default();
        Config {
            sources: file
                .sources
                .iter()
                .zip(&outside.policy_of)
                .map(|((name, source), &policy)| self.source(&name.value, source, policy, file))
                .collect(),
            sinks: file.sinks.iter().filter_map(|(name, sink)| self.sink(&name.value, sink, file)).collect(),
            policies: outside.policies,
            ring: outside.ring,
            ring_print: outside.ring_print,
            written: None,
            ring_file: file.keys.as_ref().map(|keys| self.path(&keys.value)),
            data_dir: file.data_dir.as_ref().map(|dir| self.path(&dir.value)),
            batch: BatchSize {
                bytes_max: limits.batch.as_ref().map_or(batch.bytes_max, |at| at.value),
                age_max: limits.batch_age.as_ref().map_or(batch.age_max, |at| at.value),
            },
            drain: limits
                .drain
                .as_ref()
                .map_or(Duration::from_millis(limits::DRAIN_MS_DEFAULT), |at| at.value),
            health: file.health.as_ref().and_then(|health| health.address.as_ref()).map(address),
            admin: file.admin.as_ref().and_then(|admin| {
                let socket = admin.socket.as_ref().map(|socket| Admin::Socket(self.path(&socket.value)));
                socket.or(admin.address.as_ref().map(|at| Admin::Address(address(at))))
            }),
        }
    }

    fn source(&self, name: &str, source: &SourceFile, policy: usize, file: &ConfigFile) -> Source {
        let line_bytes_max = file.limits.line.as_ref().map_or(limits::LINE_BYTES_DEFAULT, |at| at.value);
        let (kind, format) = match source {
            SourceFile::File(files) => {
                (SourceKind::Files(Box::new(self.file_settings(name, files, file))), files.format)
            }
            SourceFile::Otlp(otlp) => (SourceKind::Otlp(Box::new(self.otlp_source(otlp))), Format::default()),
            SourceFile::Stdin(stdin) => {
                let origins = vec![crate::source::Origin::Stdin];
                (SourceKind::Stream { origins, drain_input: false }, stdin.format)
            }
        };
        Source { name: name.to_owned(), kind, policy, format, remarks: false, line_bytes_max }
    }

    fn file_settings(&self, name: &str, source: &super::file::FileSourceFile, file: &ConfigFile) -> Settings {
        let globs = |patterns: &[At<String>]| patterns.iter().map(|at| self.glob(&at.value)).collect();
        let data_dir = file.data_dir.as_ref().map(|dir| self.path(&dir.value)).unwrap_or_default();
        let mut settings = Settings::new(name, globs(&source.include.value), data_dir);
        // One without a slash is held against a file's name.
        settings.exclude = source
            .exclude
            .iter()
            .map(|at| if at.value.contains('/') { self.glob(&at.value) } else { at.value.clone() })
            .collect();
        settings.read_from = source.read_from;
        settings.container = source.container;
        settings.multiline = match &source.multiline {
            MultilineFile::Auto => Multiline::Auto,
            MultilineFile::None => Multiline::None,
            MultilineFile::Start(pattern) => Multiline::Start(pattern.value.clone()),
        };
        settings.line_bytes_max = file.limits.line.as_ref().map_or(limits::LINE_BYTES_DEFAULT, |at| at.value);
        settings
    }

    fn sink(&self, name: &str, sink: &SinkFile, file: &ConfigFile) -> Option<Sink> {
        let shared = sink.shared();
        let inputs = match &shared.inputs {
            None => (0..file.sources.len()).collect(),
            Some(inputs) => file
                .sources
                .iter()
                .enumerate()
                .filter(|(_, (source, _))| inputs.value.iter().any(|input| input.value == source.value))
                .map(|(position, _)| position)
                .collect(),
        };
        let kind = match sink {
            SinkFile::Http(http) => SinkKind::Http(Box::new(self.http_settings(name, http, file)?)),
            SinkFile::Otlp(otlp) => SinkKind::Otlp(Box::new(self.otlp_sink(name, otlp, file)?)),
            SinkFile::Stdout(_) => SinkKind::Stdout(Style::default()),
            SinkFile::File(file) => SinkKind::File(FileSettings {
                path: self.path(&file.path.value),
                fsync: file.fsync,
                rotate: file.rotate.as_ref().map(|rotate| Rotate {
                    bytes_max: rotate.size.as_ref().map(|at| at.value as u64),
                    age_max: rotate.every.as_ref().map(|at| at.value),
                    keep: rotate.keep.as_ref().map_or(limits::ROTATED_FILES_DEFAULT, |at| at.value),
                }),
            }),
        };
        Some(Sink {
            name: name.to_owned(),
            inputs,
            required: shared.required,
            queue_bytes_max: file.limits.queue.as_ref().map_or(limits::QUEUE_BYTES_DEFAULT, |at| at.value),
            when_full: shared.when_full,
            kind,
        })
    }
}

impl Builder {
    /// `None` where the URL could not be read.
    fn http_settings(&self, name: &str, http: &HttpSinkFile, file: &ConfigFile) -> Option<HttpSettings> {
        let shared = &http.shared;
        Some(HttpSettings {
            access: Access {
                url: http.url.as_ref()?.value.clone(),
                headers_file: http.headers_file.as_ref().map(|at| self.path(&at.value)),
                tls: self.tls(http.tls.as_ref()),
                timeout: timeout(shared),
                http: Http::One,
            },
            compression: http.compression,
            retry: retry(shared),
            dead_letter: self.dead_letter(name, shared, file, "ndjson"),
        })
    }

    fn tls(&self, tls: Option<&TlsFile>) -> Tls {
        let path = |at: &At<String>| self.path(&at.value);
        let identity = tls.and_then(|tls| tls.cert_file.as_ref().zip(tls.key_file.as_ref()));
        Tls {
            ca_file: tls.and_then(|tls| tls.ca_file.as_ref()).map(path),
            identity: identity.map(|(certificate, key)| (path(certificate), path(key))),
        }
    }

    /// Where what a sink's receiver refuses is kept.
    fn dead_letter(&self, name: &str, shared: &SharedFile, file: &ConfigFile, kind: &str) -> PathBuf {
        let path = |at: &At<String>| self.path(&at.value);
        let own = shared.dead_letter.as_ref().map(path);
        own.unwrap_or_else(|| {
            let data = file.data_dir.as_ref().map(path).unwrap_or_default();
            data.join("dead-letters").join(format!("{name}.{kind}"))
        })
    }
}

fn timeout(shared: &SharedFile) -> Duration {
    shared.timeout.as_ref().map_or(Duration::from_millis(limits::ATTEMPT_MS_DEFAULT), |at| at.value)
}

fn retry(shared: &SharedFile) -> Retry {
    let retry = Retry::default();
    let initial = shared.retry.initial.as_ref().map_or(retry.initial, |at| at.value);
    Retry { initial, max: shared.retry.max.as_ref().map_or(retry.max.max(initial), |at| at.value) }
}

fn address(at: &At<SocketAddr>) -> SocketAddr {
    at.value
}

impl SourceFile {
    /// Its own layers.
    pub fn policy(&self) -> Option<&At<Vec<At<String>>>> {
        match self {
            SourceFile::File(files) => files.policy.as_ref(),
            SourceFile::Otlp(otlp) => otlp.policy.as_ref(),
            SourceFile::Stdin(stdin) => stdin.policy.as_ref(),
        }
    }
}

impl SinkFile {
    /// Whether it takes what the source of this name reads.
    pub fn takes(&self, source: &str) -> bool {
        let inputs = self.shared().inputs.as_ref();
        inputs.is_none_or(|inputs| inputs.value.iter().any(|input| input.value == source))
    }

    /// What all sinks share.
    pub fn shared(&self) -> &SharedFile {
        match self {
            SinkFile::File(file) => &file.shared,
            SinkFile::Http(http) => &http.shared,
            SinkFile::Otlp(otlp) => &otlp.shared,
            SinkFile::Stdout(stdout) => &stdout.shared,
        }
    }
}

/// The policy of some layers, and its files; the pack `default` alone needs no file and no test.
fn compile(names: &[PathBuf]) -> (Result<Policy, PolicyErrors>, Vec<Part>) {
    match names {
        [only] if only.as_os_str() == "default" => (Ok(Policy::default_policy()), Vec::new()),
        names => policies::load_with_parts(names),
    }
}

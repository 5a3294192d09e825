//! Text → configuration as written. Reading never stops at an error; what only the environment knows is left open when
//! that is not looked at.

mod otlp;
mod parts;
mod sink;
mod source;

use std::ops::Range;
use std::sync::Arc;

use super::environment::{self, Variables};
use super::file::{AdminFile, ConfigFile, HealthFile, LimitsFile};
use super::problem::ConfigProblem;
use super::values;
use crate::document::{self, At, Key, Mistake, Node, Reader, Shape, SourceText, Syntax, Value, member};
use crate::limits;
use parts::Parts;

/// What a configuration may hold.
pub const FILE: &[&str] =
    &["version", "data_dir", "policy", "keys", "sources", "sinks", "health", "admin", "limits"];
/// What `health` may hold.
pub const HEALTH: &[&str] = &["address"];
/// What `admin` may hold.
pub const ADMIN: &[&str] = &["socket", "address"];
/// What `limits` may hold.
pub const LIMITS: &[&str] = &["line", "batch", "batch_age", "queue", "drain"];
#[cfg(test)]
pub use otlp::{LISTEN, OAUTH, OTLP_SINK, OTLP_SOURCE, SERVER_TLS};
#[cfg(test)]
pub use sink::{FILE_SINK, HTTP_SINK, RETRY, ROTATE, STDOUT_SINK, TLS};
#[cfg(test)]
pub use source::{FILE_SOURCE, STDIN_SOURCE};

/// A configuration as far as it could be read, and what was wrong.
pub struct Read {
    /// As written.
    pub file: ConfigFile,
    /// In the order of the file.
    pub errors: Vec<Mistake<ConfigProblem>>,
}

/// Reads a configuration. `source` is changed: what may be a secret in it is blanked out, for it may be shown.
pub fn read(source: &mut Arc<SourceText>, syntax: Syntax, variables: Variables<'_>) -> Read {
    let original = Arc::clone(source);
    let mut reader = Reader { source: &original, errors: Vec::new() };
    let mut file = ConfigFile::default();
    let mut secrets = Vec::new();
    match document::read(&original.text, syntax) {
        Ok(mut node) => {
            let resolved = environment::resolve(&mut node, variables);
            for (span, problem) in resolved.problems {
                reader.error(span, problem);
            }
            let mut parts = Parts { reader, unknown: resolved.unknown, secrets: Vec::new() };
            file = parts.file(&node);
            secrets = parts.secrets;
            reader = parts.reader;
        }
        Err(error) => reader.error(error.span, Shape::Syntax(error.message)),
    }
    let mut errors = reader.errors;
    errors.sort_by_key(|error| error.span.as_ref().map_or(0, |span| span.start));
    *source = blanked(&original, &secrets);
    for error in &mut errors {
        error.source = Arc::clone(source);
    }
    Read { file, errors }
}

/// The text with `*` for what may be a secret: of the same length, so that all places stay what they are.
fn blanked(source: &Arc<SourceText>, secrets: &[Range<usize>]) -> Arc<SourceText> {
    if secrets.is_empty() {
        return Arc::clone(source);
    }
    let mut bytes = source.text.clone().into_bytes();
    for secret in secrets {
        for byte in bytes.get_mut(secret.clone()).into_iter().flatten() {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b'*';
            }
        }
    }
    // Spans end between characters; should one not, nothing is shown at all.
    let text = String::from_utf8(bytes).unwrap_or_else(|bytes| "*".repeat(bytes.as_bytes().len()));
    Arc::new(SourceText { name: source.name.clone(), text })
}

impl Parts<'_> {
    fn file(&mut self, node: &Node) -> ConfigFile {
        let mut file = ConfigFile::default();
        if node.value == Value::Null {
            self.error(node.span.clone(), ConfigProblem::SaysNothing);
            return file;
        }
        let Some(map) = self.map(node, "a configuration", FILE, &["log", "telemetry"]) else { return file };
        match member(map, "version") {
            None => self.error(node.span.clone(), Shape::VersionMissing),
            Some((_, value)) if value.value == Value::Number("1".to_owned()) => {}
            Some((_, value)) => self.error(value.span.clone(), Shape::Version),
        }
        file.data_dir = self.text(map, "data_dir");
        file.policy = self.texts(map, "policy");
        file.keys = self.text(map, "keys");
        for (name, node) in self.named(map, "sources", "`sources: {in: {type: stdin}}`", node) {
            file.source_names.push(name.value.clone());
            if let Some(source) = self.source(node) {
                file.sources.push((name, source));
            }
        }
        for (name, node) in self.named(map, "sinks", "`sinks: {console: {type: stdout}}`", node) {
            if let Some(sink) = self.sink(node) {
                file.sinks.push((name, sink));
            }
        }
        if let Some((_, node)) = member(map, "health") {
            file.health = self.map(node, "`health`", HEALTH, &[]).map(|map| {
                self.needs(map, "address", "`health`", "`health: {address: 127.0.0.1:8686}`", node);
                HealthFile { address: self.spelt(map, "address", values::address) }
            });
        }
        if let Some((_, node)) = member(map, "admin") {
            file.admin = self.admin(node);
        }
        if let Some((_, node)) = member(map, "limits") {
            file.limits = self.limits(node);
        }
        file
    }

    /// The members of `sources` or `sinks`, each with its name.
    fn named<'n>(
        &mut self,
        map: &'n [(Key, Node)],
        key: &'static str,
        hint: &'static str,
        root: &Node,
    ) -> Vec<(At<String>, &'n Node)> {
        let members = match member(map, key) {
            None => {
                self.error(root.span.clone(), Shape::Missing { key, of: "a configuration", hint });
                return Vec::new();
            }
            Some((at, Node { value: Value::Null, .. })) => {
                self.error(at.span.clone(), Shape::EmptyList(key));
                return Vec::new();
            }
            Some((at, Node { value: Value::Map(members), .. })) if members.is_empty() => {
                self.error(at.span.clone(), Shape::EmptyList(key));
                return Vec::new();
            }
            Some((_, Node { value: Value::Map(members), .. })) => members,
            Some((_, node)) => {
                let of = if key == "sources" { "`sources`" } else { "`sinks`" };
                self.error(node.span.clone(), Shape::NotAMap { of, got: node.kind() });
                return Vec::new();
            }
        };
        if members.len() > limits::CONFIG_COMPONENTS_MAX {
            self.error(members[0].0.span.clone(), ConfigProblem::TooMany(key));
        }
        let mut named: Vec<(At<String>, &Node)> = Vec::new();
        for (name, node) in members {
            let at = At { value: name.text.clone(), span: name.span.clone() };
            if let Some((first, _)) = named.iter().find(|(first, _)| first.value == at.value) {
                let first = first.span.clone();
                self.reader.again(at.span, &first, Shape::KeyTwice(at.value));
                continue;
            }
            if !is_name(&at.value) {
                self.error(at.span.clone(), ConfigProblem::Name(at.value.clone()));
            }
            named.push((at, node));
        }
        named
    }

    fn admin(&mut self, node: &Node) -> Option<AdminFile> {
        let map = self.map(node, "`admin`", ADMIN, &[])?;
        let admin = AdminFile {
            socket: self.text(map, "socket"),
            address: self.spelt(map, "address", values::address),
        };
        match (member(map, "socket"), member(map, "address")) {
            (None, None) => {
                let hint = "`admin: {socket: /run/redactd/admin.sock}`, or `{address: 127.0.0.1:8687}`";
                self.error(node.span.clone(), Shape::Missing { key: "socket", of: "`admin`", hint });
            }
            (Some(_), Some((key, _))) => {
                let what = "stands beside `socket`: one of them is enough";
                self.error(key.span.clone(), ConfigProblem::Together { key: "address", what });
            }
            _ => {}
        }
        if let Some(address) = admin.address.as_ref().filter(|address| !address.value.ip().is_loopback()) {
            self.error(address.span.clone(), ConfigProblem::AdminExposed);
        }
        Some(admin)
    }

    fn limits(&mut self, node: &Node) -> LimitsFile {
        let Some(map) = self.map(node, "`limits`", LIMITS, &[]) else { return LimitsFile::default() };
        LimitsFile {
            line: self.size(map, "line", limits::LINE_BYTES_MIN..=limits::LINE_BYTES_MAX),
            batch: self.size(map, "batch", limits::BATCH_BYTES_LEAST..=limits::BATCH_BYTES_MOST),
            batch_age: self.time(map, "batch_age", limits::BATCH_AGE_MS_LEAST..=limits::BATCH_AGE_MS_MOST),
            queue: self.size(map, "queue", limits::QUEUE_BYTES_MIN..=limits::QUEUE_BYTES_MAX),
            drain: self.time(map, "drain", 0..=limits::DRAIN_MS_MAX),
        }
    }
}

/// Whether a text can name a source or sink: it stands in metrics and names checkpoints.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= 48
        && bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

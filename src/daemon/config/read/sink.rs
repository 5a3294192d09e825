//! Reading one entry of `sinks`.

use reqwest::Url;

use super::super::file::{
    FileSinkFile, HttpSinkFile, RetryFile, RotateFile, SharedFile, SinkFile, StdoutFile, TlsFile,
};
use super::super::problem::ConfigProblem;
use super::super::values;
use super::parts::Parts;
use crate::document::{At, Key, Node, Shape, member};
use crate::limits;
use crate::pipeline::WhenFull;
use crate::sink::{Compression, Fsync};

/// What every sink may hold, and what this one may hold besides.
macro_rules! sink_keys {
    ($($key:literal),* $(,)?) => {
        &["type", "inputs", "required", "when_full", "timeout", "retry", "dead_letter", $($key),*]
    };
}
pub(super) use sink_keys;

/// What a stdout sink may hold.
pub const STDOUT_SINK: &[&str] = sink_keys![];
/// What a file sink may hold.
pub const FILE_SINK: &[&str] = sink_keys!["path", "rotate", "fsync",];
/// What an HTTP sink may hold.
pub const HTTP_SINK: &[&str] = sink_keys!["url", "compression", "headers_file", "tls", "insecure",];
/// What `rotate` may hold.
pub const ROTATE: &[&str] = &["size", "every", "keep"];
/// What `retry` may hold.
pub const RETRY: &[&str] = &["initial", "max"];
/// What `tls` may hold.
pub const TLS: &[&str] = &["ca_file", "cert_file", "key_file"];

const TYPES: &[&str] = &["file", "http", "otlp", "stdout"];
/// Types of later versions.
const LATER: &[&str] = &["kafka", "protected"];
/// Keys of later versions.
const LATER_HTTP: &[&str] = &["oauth2"];

impl Parts<'_> {
    pub(super) fn sink(&mut self, node: &Node) -> Option<SinkFile> {
        match self.kind(node, "sink", TYPES, LATER)?.as_str() {
            "file" => {
                let map = self.map(node, "a file sink", FILE_SINK, &[])?;
                self.needs(map, "path", "a file sink", "`path: /var/log/safe/app.ndjson`", node);
                Some(SinkFile::File(Box::new(FileSinkFile {
                    shared: self.shared(map),
                    path: self
                        .text(map, "path")
                        .unwrap_or(At { value: String::new(), span: node.span.clone() }),
                    rotate: member(map, "rotate").and_then(|(_, node)| self.rotate(node)),
                    fsync: self
                        .word(
                            map,
                            "fsync",
                            &[("batch", Fsync::Batch), ("never", Fsync::Never)],
                            "`batch` or `never`",
                        )
                        .unwrap_or_default(),
                })))
            }
            "http" => self.http(node),
            "otlp" => self.otlp_sink(node),
            _ => {
                let map = self.map(node, "a stdout sink", STDOUT_SINK, &[])?;
                Some(SinkFile::Stdout(StdoutFile { shared: self.shared(map) }))
            }
        }
    }

    fn http(&mut self, node: &Node) -> Option<SinkFile> {
        let map = self.map(node, "an http sink", HTTP_SINK, LATER_HTTP)?;
        self.needs(map, "url", "an http sink", "`url: https://logs.example/ingest`", node);
        let insecure = self.flag(map, "insecure");
        Some(SinkFile::Http(Box::new(HttpSinkFile {
            shared: self.shared(map),
            url: self.receiver(map, "url", insecure),
            compression: self.compression(map),
            headers_file: self.text(map, "headers_file"),
            tls: member(map, "tls").and_then(|(_, node)| self.tls(node)),
            insecure: insecure.unwrap_or_default(),
        })))
    }

    pub(super) fn compression(&mut self, map: &[(Key, Node)]) -> Compression {
        let words = [("none", Compression::None), ("gzip", Compression::Gzip), ("zstd", Compression::Zstd)];
        self.word(map, "compression", &words, "`none`, `gzip` or `zstd`").unwrap_or_default()
    }

    /// A URL to which records may be sent.
    pub(super) fn receiver(
        &mut self,
        map: &[(Key, Node)],
        key: &'static str,
        insecure: Option<bool>,
    ) -> Option<At<Url>> {
        if let Some((_, node)) = member(map, key)
            && self.written(&node.span).contains('@')
        {
            self.secrets.push(node.span.clone());
        }
        let url = self.spelt(map, key, values::url)?;
        if !url.value.username().is_empty() || url.value.password().is_some() {
            self.error(url.span.clone(), ConfigProblem::Userinfo);
        }
        let plain = url.value.scheme() == "http" && !values::is_loopback(&url.value);
        // One that only a variable can answer counts as said.
        if plain && insecure != Some(true) && (insecure.is_some() || member(map, "insecure").is_none()) {
            self.error(url.span.clone(), ConfigProblem::Insecure);
        }
        Some(url)
    }

    pub(super) fn shared(&mut self, map: &[(Key, Node)]) -> SharedFile {
        let when_full = [("block", WhenFull::Block), ("drop_newest", WhenFull::DropNewest)];
        SharedFile {
            inputs: self.texts(map, "inputs"),
            required: self.flag(map, "required").unwrap_or(true),
            when_full: self
                .word(map, "when_full", &when_full, "`block` or `drop_newest`")
                .unwrap_or_default(),
            timeout: self.time(map, "timeout", limits::ATTEMPT_MS_MIN..=limits::ATTEMPT_MS_MAX),
            retry: member(map, "retry").map(|(_, node)| self.retry(node)).unwrap_or_default(),
            dead_letter: self.text(map, "dead_letter"),
        }
    }

    fn retry(&mut self, node: &Node) -> RetryFile {
        let Some(map) = self.map(node, "`retry`", RETRY, &[]) else { return RetryFile::default() };
        let bounds = || limits::RETRY_MS_MIN..=limits::RETRY_MS_MAX;
        let retry =
            RetryFile { initial: self.time(map, "initial", bounds()), max: self.time(map, "max", bounds()) };
        let initial =
            retry.initial.as_ref().map_or(limits::RETRY_INITIAL_MS, |at| at.value.as_millis() as u64);
        if let Some(max) = &retry.max
            && (max.value.as_millis() as u64) < initial
        {
            let what = "is shorter than `initial`";
            self.error(max.span.clone(), ConfigProblem::Together { key: "max", what });
        }
        retry
    }

    fn rotate(&mut self, node: &Node) -> Option<RotateFile> {
        let map = self.map(node, "`rotate`", ROTATE, &[])?;
        if member(map, "size").is_none() && member(map, "every").is_none() {
            let hint = "`rotate: {size: 100MiB, every: 24h, keep: 7}`";
            self.error(node.span.clone(), Shape::Missing { key: "size", of: "`rotate`", hint });
        }
        Some(RotateFile {
            size: self.size(map, "size", limits::ROTATE_BYTES_MIN..=limits::ROTATE_BYTES_MAX),
            every: self.time(map, "every", limits::ROTATE_MS_MIN..=limits::ROTATE_MS_MAX),
            keep: self.count(map, "keep", 1..=limits::ROTATED_FILES_MAX),
        })
    }

    pub(super) fn tls(&mut self, node: &Node) -> Option<TlsFile> {
        let map = self.map(node, "`tls`", TLS, &[])?;
        for (one, other) in [("cert_file", "key_file"), ("key_file", "cert_file")] {
            if let Some((key, _)) = member(map, one)
                && member(map, other).is_none()
            {
                let what = if one == "cert_file" {
                    "needs `key_file` beside it"
                } else {
                    "needs `cert_file` beside it"
                };
                self.error(key.span.clone(), ConfigProblem::Together { key: one, what });
            }
        }
        Some(TlsFile {
            ca_file: self.text(map, "ca_file"),
            cert_file: self.text(map, "cert_file"),
            key_file: self.text(map, "key_file"),
        })
    }
}

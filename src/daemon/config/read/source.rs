//! Reading one entry of `sources`.

use super::super::file::{FileSourceFile, MultilineFile, SourceFile, StdinFile};
use super::super::problem::ConfigProblem;
use super::parts::Parts;
use crate::document::{At, Key, Node, Shape, Value, member, nearest};
use crate::engine::redact::Format;
use crate::source::file::{Container, ReadFrom};

/// What a file source may hold.
pub const FILE_SOURCE: &[&str] =
    &["type", "include", "exclude", "read_from", "format", "container", "multiline", "policy"];
/// What a stdin source may hold.
pub const STDIN_SOURCE: &[&str] = &["type", "format", "policy"];

const TYPES: &[&str] = &["file", "otlp", "stdin"];
/// Types of later versions.
const LATER: &[&str] = &["kafka"];

impl Parts<'_> {
    pub(super) fn source(&mut self, node: &Node) -> Option<SourceFile> {
        match self.kind(node, "source", TYPES, LATER)?.as_str() {
            "file" => {
                let map = self.map(node, "a file source", FILE_SOURCE, &[])?;
                self.needs(map, "include", "a file source", "`include: [/var/log/app/*.log]`", node);
                Some(SourceFile::File(Box::new(FileSourceFile {
                    include: self
                        .texts(map, "include")
                        .unwrap_or(At { value: Vec::new(), span: node.span.clone() }),
                    exclude: self.texts(map, "exclude").map(|texts| texts.value).unwrap_or_default(),
                    read_from: self
                        .word(
                            map,
                            "read_from",
                            &[("beginning", ReadFrom::Beginning), ("end", ReadFrom::End)],
                            "`beginning` or `end`",
                        )
                        .unwrap_or_default(),
                    format: self.format(map),
                    container: self
                        .word(
                            map,
                            "container",
                            &[
                                ("auto", Container::Auto),
                                ("none", Container::None),
                                ("cri", Container::Cri),
                                ("docker", Container::Docker),
                            ],
                            "`auto`, `none`, `cri` or `docker`",
                        )
                        .unwrap_or_default(),
                    multiline: self.multiline(map).unwrap_or_default(),
                    policy: self.texts(map, "policy"),
                })))
            }
            "otlp" => self.otlp_source(node),
            _ => {
                let map = self.map(node, "a stdin source", STDIN_SOURCE, &[])?;
                Some(SourceFile::Stdin(StdinFile {
                    format: self.format(map),
                    policy: self.texts(map, "policy"),
                }))
            }
        }
    }

    /// The `type` of a source or sink.
    pub(super) fn kind(
        &mut self,
        node: &Node,
        of: &'static str,
        known: &'static [&'static str],
        later: &[&str],
    ) -> Option<String> {
        let Value::Map(map) = &node.value else {
            let of = if of == "source" { "a source" } else { "a sink" };
            self.error(node.span.clone(), Shape::NotAMap { of, got: node.kind() });
            return None;
        };
        let (of_a, hint) = if of == "source" {
            ("a source", "`type: file`, `type: otlp` or `type: stdin`")
        } else {
            ("a sink", "`type: file`, `type: http`, `type: otlp` or `type: stdout`")
        };
        self.needs(map, "type", of_a, hint, node)?;
        let name = self.text(map, "type")?;
        if known.contains(&name.value.as_str()) {
            return Some(name.value);
        }
        let written = self.written(&name.span);
        if later.contains(&name.value.as_str()) {
            self.error(name.span, ConfigProblem::LaterType { of, name: written });
        } else {
            let near = nearest(&written, known.iter().copied());
            self.error(name.span, ConfigProblem::UnknownType { of, name: written, near, known });
        }
        None
    }

    fn format(&mut self, map: &[(Key, Node)]) -> Format {
        let words = [
            ("auto", Format::Auto),
            ("json", Format::Json),
            ("text", Format::Text),
            ("logfmt", Format::Logfmt),
        ];
        self.word(map, "format", &words, "`auto`, `json`, `text` or `logfmt`").unwrap_or_default()
    }

    fn multiline(&mut self, map: &[(Key, Node)]) -> Option<MultilineFile> {
        let (_, node) = member(map, "multiline")?;
        if let Value::Map(_) = node.value {
            let inner = self.map(node, "`multiline`", &["start"], &[])?;
            self.needs(inner, "start", "`multiline`", "`multiline: {start: '^\\d{4}-'}`", node)?;
            return self.text(inner, "start").map(MultilineFile::Start);
        }
        let text = self.text(map, "multiline")?;
        match text.value.as_str() {
            "auto" => Some(MultilineFile::Auto),
            "none" => Some(MultilineFile::None),
            _ => {
                let (value, hint) = (self.written(&text.span), "`auto`, `none` or `{start: REGEX}`");
                self.error(text.span, Shape::Value { key: "multiline", value, hint });
                None
            }
        }
    }
}

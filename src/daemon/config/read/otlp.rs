//! Reading OTLP sources and sinks.

use reqwest::Url;
use reqwest::header::HeaderName;

use super::super::file::{
    ListenFile, OAuthFile, OtlpSinkFile, OtlpSourceFile, ServerTlsFile, SinkFile, SourceFile,
};
use super::super::problem::ConfigProblem;
use super::super::values;
use super::parts::Parts;
use super::sink::sink_keys;
use crate::document::{At, Key, Node, Shape, member};
use crate::limits;
use crate::sink::Protocol;

/// What an OTLP source may hold.
pub const OTLP_SOURCE: &[&str] = &[
    "type",
    "grpc",
    "http",
    "tls",
    "bearer_tokens_file",
    "max_request",
    "forward_headers",
    "insecure",
    "policy",
];
/// What `grpc` and `http` of it may hold.
pub const LISTEN: &[&str] = &["address"];
/// What its `tls` may hold.
pub const SERVER_TLS: &[&str] = &["cert_file", "key_file", "client_ca_file"];
/// What an OTLP sink may hold.
pub const OTLP_SINK: &[&str] =
    sink_keys!["protocol", "endpoint", "compression", "headers_file", "tls", "oauth2", "insecure",];
/// What `oauth2` may hold.
pub const OAUTH: &[&str] = &["token_url", "client_id", "client_secret_file", "scopes", "ca_file"];

/// Headers that belong to one request or one connection.
const NOT_FORWARDED: &[&str] = &[
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "grpc-accept-encoding",
    "grpc-encoding",
    "grpc-timeout",
    "host",
    "idempotency-key",
    "te",
    "transfer-encoding",
    "user-agent",
];

impl Parts<'_> {
    pub(super) fn otlp_source(&mut self, node: &Node) -> Option<SourceFile> {
        let map = self.map(node, "an otlp source", OTLP_SOURCE, &[])?;
        if member(map, "grpc").is_none() && member(map, "http").is_none() {
            let hint = "`grpc: {address: 127.0.0.1:4317}` or `http: {address: 127.0.0.1:4318}`";
            self.error(node.span.clone(), Shape::Missing { key: "grpc", of: "an otlp source", hint });
        }
        let insecure = self.flag(map, "insecure");
        // One that only a variable can answer counts as said.
        let plain = member(map, "tls").is_none()
            && insecure != Some(true)
            && (insecure.is_some() || member(map, "insecure").is_none());
        Some(SourceFile::Otlp(Box::new(OtlpSourceFile {
            grpc: self.listen(map, "grpc", "`grpc: {address: 127.0.0.1:4317}`", plain),
            http: self.listen(map, "http", "`http: {address: 127.0.0.1:4318}`", plain),
            tls: member(map, "tls").and_then(|(_, node)| self.server_tls(node)),
            bearer_tokens_file: self.text(map, "bearer_tokens_file"),
            max_request: self.size(
                map,
                "max_request",
                limits::OTLP_REQUEST_BYTES_MIN..=limits::OTLP_REQUEST_BYTES_MAX,
            ),
            forward_headers: self.forward_headers(map),
            insecure: insecure.unwrap_or_default(),
            policy: self.texts(map, "policy"),
        })))
    }

    fn listen(
        &mut self,
        map: &[(Key, Node)],
        key: &'static str,
        hint: &'static str,
        plain: bool,
    ) -> Option<ListenFile> {
        let (_, node) = member(map, key)?;
        let of = if key == "grpc" { "`grpc`" } else { "`http`" };
        let inner = self.map(node, of, LISTEN, &[])?;
        self.needs(inner, "address", of, hint, node);
        let address = self.spelt(inner, "address", values::address);
        if let Some(at) = &address
            && plain
            && !at.value.ip().is_loopback()
        {
            self.error(at.span.clone(), ConfigProblem::ListensInsecurely);
        }
        Some(ListenFile { address })
    }

    fn server_tls(&mut self, node: &Node) -> Option<ServerTlsFile> {
        let map = self.map(node, "`tls`", SERVER_TLS, &[])?;
        let hint = "`tls: {cert_file: ./tls.crt, key_file: ./tls.key}`";
        self.needs(map, "cert_file", "`tls` of a source", hint, node);
        self.needs(map, "key_file", "`tls` of a source", hint, node);
        Some(ServerTlsFile {
            cert_file: self.text(map, "cert_file"),
            key_file: self.text(map, "key_file"),
            client_ca_file: self.text(map, "client_ca_file"),
        })
    }

    fn forward_headers(&mut self, map: &[(Key, Node)]) -> Vec<At<String>> {
        let names = self.texts(map, "forward_headers").map(|texts| texts.value).unwrap_or_default();
        let mut good = Vec::new();
        for mut name in names {
            name.value.make_ascii_lowercase();
            let what = if HeaderName::from_bytes(name.value.as_bytes()).is_err() {
                Some("holds what is no name of a header")
            } else if NOT_FORWARDED.contains(&name.value.as_str()) {
                Some("names a header that belongs to one connection or one request")
            } else if good.len() == limits::FORWARDED_HEADERS_MAX {
                Some("names more headers than are passed on")
            } else {
                None
            };
            match what {
                Some(what) => {
                    self.error(name.span, ConfigProblem::Together { key: "forward_headers", what });
                }
                None => good.push(name),
            }
        }
        good
    }

    pub(super) fn otlp_sink(&mut self, node: &Node) -> Option<SinkFile> {
        let map = self.map(node, "an otlp sink", OTLP_SINK, &[])?;
        self.needs(map, "endpoint", "an otlp sink", "`endpoint: https://collector:4317`", node);
        let insecure = self.flag(map, "insecure");
        let protocols = [("grpc", Protocol::Grpc), ("http", Protocol::Http)];
        Some(SinkFile::Otlp(Box::new(OtlpSinkFile {
            shared: self.shared(map),
            protocol: self.word(map, "protocol", &protocols, "`grpc` or `http`").unwrap_or_default(),
            endpoint: self.receiver(map, "endpoint", insecure),
            compression: self.compression(map),
            headers_file: self.text(map, "headers_file"),
            tls: member(map, "tls").and_then(|(_, node)| self.tls(node)),
            oauth2: member(map, "oauth2").and_then(|(_, node)| self.oauth(node, insecure)),
            insecure: insecure.unwrap_or_default(),
        })))
    }

    fn oauth(&mut self, node: &Node, insecure: Option<bool>) -> Option<OAuthFile> {
        let map = self.map(node, "`oauth2`", OAUTH, &[])?;
        let hint =
            "`oauth2: {token_url: https://idp/token, client_id: redactd, client_secret_file: ./secret}`";
        for key in ["token_url", "client_id", "client_secret_file"] {
            self.needs(map, key, "`oauth2`", hint, node);
        }
        let token_url: Option<At<Url>> = self.receiver(map, "token_url", insecure);
        Some(OAuthFile {
            token_url,
            client_id: self.text(map, "client_id"),
            client_secret_file: self.text(map, "client_secret_file"),
            scopes: self.texts(map, "scopes").map(|texts| texts.value).unwrap_or_default(),
            ca_file: self.text(map, "ca_file"),
        })
    }
}

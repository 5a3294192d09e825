//! The keys of OTLP sources and sinks.

use std::net::SocketAddr;

use reqwest::Url;
use schemars::JsonSchema;

use super::{SharedFile, TlsFile};
use crate::daemon::config::schema;
use crate::document::At;
use crate::sink::{Compression, Protocol};

/// OTLP from SDKs and Collectors: logs, traces and metrics by gRPC and by HTTP, in protobuf.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct OtlpSourceFile {
    /// Listener of OTLP/gRPC.
    pub grpc: Option<ListenFile>,
    /// Listener of OTLP/HTTP.
    pub http: Option<ListenFile>,
    /// Certificates of both listeners; read again when they change.
    pub tls: Option<ServerTlsFile>,
    /// File with a token per line, one of which every request needs; read again when it changes.
    #[schemars(with = "Option<schema::Path>")]
    pub bearer_tokens_file: Option<At<String>>,
    /// One request, before and after decompression; `64MiB` when absent.
    #[schemars(with = "Option<schema::Size>")]
    pub max_request: Option<At<usize>>,
    /// Headers that go on to the sinks with the request.
    #[schemars(with = "Option<schema::Texts>")]
    pub forward_headers: Vec<At<String>>,
    /// Whether records may cross the network unencrypted.
    #[schemars(with = "Option<schema::Flag>")]
    pub insecure: bool,
    /// Its own layers instead of the top-level ones.
    #[schemars(with = "Option<schema::Layers>")]
    pub policy: Option<At<Vec<At<String>>>>,
}

/// Where somebody is listened to.
#[derive(Debug, Default, JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["address"]))]
pub struct ListenFile {
    /// IP address and port.
    #[schemars(with = "schema::Address")]
    pub address: Option<At<SocketAddr>>,
}

/// Certificates of a server.
#[derive(Debug, Default, JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["cert_file", "key_file"]))]
pub struct ServerTlsFile {
    /// Its certificate chain, PEM.
    #[schemars(with = "schema::Path")]
    pub cert_file: Option<At<String>>,
    /// Its private key, PEM.
    #[schemars(with = "schema::Path")]
    pub key_file: Option<At<String>>,
    /// Who may sign certificates of clients, PEM. With it each client needs one.
    #[schemars(with = "Option<schema::Path>")]
    pub client_ca_file: Option<At<String>>,
}

/// A receiver of OTLP.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["endpoint"]))]
pub struct OtlpSinkFile {
    /// What all sinks share.
    #[schemars(flatten, with = "schema::Shared")]
    pub shared: SharedFile,
    /// How it is reached; `grpc` when absent.
    #[schemars(with = "Option<schema::Protocol>")]
    pub protocol: Protocol,
    /// Where it is. Over HTTP `/v1/logs` and the like are put behind it.
    #[schemars(with = "schema::UrlText")]
    pub endpoint: Option<At<Url>>,
    /// Of each request.
    #[schemars(with = "Option<schema::Compression>")]
    pub compression: Compression,
    /// File with a `NAME: value` per line; read again when it changes.
    #[schemars(with = "Option<schema::Path>")]
    pub headers_file: Option<At<String>>,
    /// Certificates; read again when they change.
    pub tls: Option<TlsFile>,
    /// Where access tokens come from.
    pub oauth2: Option<OAuthFile>,
    /// Whether records may cross the network unencrypted.
    #[schemars(with = "Option<schema::Flag>")]
    pub insecure: bool,
}

/// Access tokens by OAuth 2.0 client credentials.
#[derive(Debug, Default, JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["token_url", "client_id", "client_secret_file"]))]
pub struct OAuthFile {
    /// The token endpoint.
    #[schemars(with = "schema::UrlText")]
    pub token_url: Option<At<Url>>,
    /// Who this process is there.
    #[schemars(with = "schema::Path")]
    pub client_id: Option<At<String>>,
    /// File with the secret that proves it; read again when the server refuses it.
    #[schemars(with = "schema::Path")]
    pub client_secret_file: Option<At<String>>,
    /// What the token is to be good for.
    #[schemars(with = "Option<schema::Texts>")]
    pub scopes: Vec<At<String>>,
    /// Whom to trust there, PEM. Absent: whom the system trusts.
    #[schemars(with = "Option<schema::Path>")]
    pub ca_file: Option<At<String>>,
}

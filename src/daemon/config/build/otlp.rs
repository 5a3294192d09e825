//! OTLP sources and sinks as they run.

use super::super::file::{ConfigFile, OtlpSinkFile, OtlpSourceFile, SinkFile, SourceFile};
use super::super::problem::ConfigProblem;
use super::{Builder, retry, timeout};
use crate::document::At;
use crate::limits;
use crate::sink::{Access, Http, OAuth, OtlpSettings, Protocol};
use crate::source::otlp;

impl Builder {
    pub(super) fn otlp_source(&self, source: &OtlpSourceFile) -> otlp::Settings {
        let path = |at: &At<String>| self.path(&at.value);
        otlp::Settings {
            grpc: source.grpc.as_ref().and_then(|listen| listen.address.as_ref()).map(|at| at.value),
            http: source.http.as_ref().and_then(|listen| listen.address.as_ref()).map(|at| at.value),
            tls: source.tls.as_ref().and_then(|tls| {
                Some(otlp::Tls {
                    cert_file: path(tls.cert_file.as_ref()?),
                    key_file: path(tls.key_file.as_ref()?),
                    client_ca_file: tls.client_ca_file.as_ref().map(path),
                })
            }),
            bearer_tokens_file: source.bearer_tokens_file.as_ref().map(path),
            request_bytes_max: source
                .max_request
                .as_ref()
                .map_or(limits::OTLP_REQUEST_BYTES_DEFAULT, |at| at.value),
            forward_headers: source.forward_headers.iter().map(|at| at.value.clone()).collect(),
        }
    }

    /// `None` where a URL or a file could not be read.
    pub(super) fn otlp_sink(
        &self,
        name: &str,
        otlp: &OtlpSinkFile,
        file: &ConfigFile,
    ) -> Option<OtlpSettings> {
        let path = |at: &At<String>| self.path(&at.value);
        let oauth = match &otlp.oauth2 {
            None => None,
            Some(oauth) => Some(OAuth {
                token_url: oauth.token_url.as_ref()?.value.clone(),
                client_id: oauth.client_id.as_ref()?.value.clone(),
                client_secret_file: path(oauth.client_secret_file.as_ref()?),
                scopes: oauth.scopes.iter().map(|at| at.value.clone()).collect(),
                ca_file: oauth.ca_file.as_ref().map(path),
            }),
        };
        Some(OtlpSettings {
            access: Access {
                url: otlp.endpoint.as_ref()?.value.clone(),
                headers_file: otlp.headers_file.as_ref().map(path),
                tls: self.tls(otlp.tls.as_ref()),
                timeout: timeout(&otlp.shared),
                http: match otlp.protocol {
                    Protocol::Grpc => Http::Two,
                    Protocol::Http => Http::One,
                },
            },
            protocol: otlp.protocol,
            compression: otlp.compression,
            oauth,
            retry: retry(&otlp.shared),
            dead_letter: self.dead_letter(name, &otlp.shared, file, "ndjson"),
        })
    }

    /// Lines go where lines are taken, OTLP where OTLP is: nothing translates between them.
    pub(super) fn one_language(&mut self, file: &ConfigFile) {
        for (name, sink) in &file.sinks {
            let wants = matches!(sink, SinkFile::Otlp(_));
            for (source_name, source) in &file.sources {
                let has = matches!(source, SourceFile::Otlp(_));
                if has == wants || !sink.takes(&source_name.value) {
                    continue;
                }
                let name_of_source = source_name.value.clone();
                let problem = if wants {
                    ConfigProblem::LinesToOtlp { name: name_of_source }
                } else {
                    ConfigProblem::OtlpToLines { name: name_of_source }
                };
                let named = sink.shared().inputs.iter().flat_map(|inputs| &inputs.value);
                let at = named.into_iter().find(|input| input.value == source_name.value).unwrap_or(name);
                self.error(at, problem);
            }
        }
    }

    /// Listeners that two would have, and doors that stand open.
    pub(super) fn listeners(&mut self, file: &ConfigFile) {
        let mut seen = Vec::new();
        for (name, source) in &file.sources {
            let SourceFile::Otlp(otlp) = source else { continue };
            for listen in [&otlp.grpc, &otlp.http].into_iter().flatten() {
                let Some(address) = &listen.address else { continue };
                if seen.contains(&address.value) && address.value.port() != 0 {
                    self.error(address, ConfigProblem::Twice("the address"));
                }
                seen.push(address.value);
            }
            let nobody_asked = otlp.bearer_tokens_file.is_none()
                && otlp.tls.as_ref().is_some_and(|tls| tls.client_ca_file.is_none());
            if nobody_asked {
                let message = format!(
                    "whoever reaches the source `{}` can send to it: it asks for neither a client's certificate nor a token",
                    name.value
                );
                self.warn(name, message);
            }
        }
    }
}

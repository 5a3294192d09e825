//! OTLP by name: where each signal goes, how requests are written, and what may be sent again.

use super::Code;
pub use crate::engine::otlp::Signal;

/// How the message of a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Protobuf.
    Protobuf,
    /// The JSON mapping of Protobuf, with OTLP's exceptions.
    Json,
}

impl Encoding {
    /// The media type of requests and answers.
    pub fn media_type(self) -> &'static str {
        match self {
            Encoding::Protobuf => "application/x-protobuf",
            Encoding::Json => "application/json",
        }
    }

    /// The encoding of a `Content-Type`, whatever its parameters.
    pub fn of_media_type(text: &str) -> Option<Encoding> {
        let essence = text.split(';').next().unwrap_or_default().trim();
        [Encoding::Protobuf, Encoding::Json]
            .into_iter()
            .find(|encoding| essence.eq_ignore_ascii_case(encoding.media_type()))
    }
}

/// All signals.
pub const SIGNALS: [Signal; 3] = [Signal::Logs, Signal::Traces, Signal::Metrics];

/// Where a signal is posted over HTTP.
pub fn path(signal: Signal) -> &'static str {
    match signal {
        Signal::Logs => "/v1/logs",
        Signal::Traces => "/v1/traces",
        Signal::Metrics => "/v1/metrics",
    }
}

/// The gRPC method of a signal.
pub fn method(signal: Signal) -> &'static str {
    match signal {
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    }
}

/// Whether what was answered by a gRPC status may be sent again; `delay` is whether the answer says when.
/// <https://opentelemetry.io/docs/specs/otlp/#failures>
pub fn may_retry_grpc(code: Code, delay: bool) -> bool {
    match code {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => true,
        // Without the word that it will pass it may be for ever: a request that is too large.
        Code::ResourceExhausted => delay,
        Code::Ok
        | Code::Unknown
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Unimplemented
        | Code::Internal
        | Code::Unauthenticated => false,
    }
}

/// Whether what was answered by an HTTP status may be sent again.
pub fn may_retry_http(status: u16) -> bool {
    matches!(status, 429 | 502..=504)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_told_by_their_essence() {
        for (text, expected) in [
            ("application/json", Some(Encoding::Json)),
            ("Application/JSON; charset=utf-8", Some(Encoding::Json)),
            ("application/x-protobuf", Some(Encoding::Protobuf)),
            ("application/grpc", None),
            ("text/plain", None),
            ("", None),
        ] {
            assert_eq!(Encoding::of_media_type(text), expected, "{text}");
        }
    }

    #[test]
    fn the_codes_of_the_specification_are_retried_and_no_others() {
        let retried = [1, 4, 10, 11, 14, 15];
        for number in 0..=16 {
            let code = Code::of(number).unwrap();
            assert_eq!(may_retry_grpc(code, false), retried.contains(&number), "{code:?}");
            assert_eq!(may_retry_grpc(code, true), retried.contains(&number) || number == 8, "{code:?}");
        }
        for status in 300..=599 {
            assert_eq!(may_retry_http(status), [429, 502, 503, 504].contains(&status), "{status}");
        }
    }
}

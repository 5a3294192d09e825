//! OTLP requests: what goes in with people in it comes out without, and with everything else as it was. The oracles are the
//! generated types of opentelemetry-proto and its descriptors.

mod agreement;
mod canaries;
mod hostile;
mod messages;

use redactd::engine::otlp::{OtlpError, OtlpReport, Signal};
use redactd::{Redacted, Redactor};

/// Redacts a request in protobuf.
fn protobuf(
    redactor: &mut Redactor,
    signal: Signal,
    request: &[u8],
) -> Result<(Vec<u8>, OtlpReport), OtlpError> {
    let mut out = Redacted::new();
    let report = redactor.redact_otlp_protobuf(signal, request, &mut out)?;
    Ok((out.as_bytes().to_vec(), report))
}

/// Redacts a request in JSON.
fn json(redactor: &mut Redactor, signal: Signal, request: &str) -> Result<(String, OtlpReport), OtlpError> {
    let mut out = Redacted::new();
    let report = redactor.redact_otlp_json(signal, request.as_bytes(), &mut out)?;
    Ok((String::from_utf8(out.as_bytes().to_vec()).unwrap(), report))
}

//! OTLP requests, redacted as they are on the wire: nothing is decoded into types and encoded again. A walker per encoding
//! writes each record on a tape (`redact::tape`), the engine redacts that as it redacts a line, and what
//! changed is carried back into the bytes. What is not replaced is copied: an untouched request comes out as it came in,
//! fields included that are newer than this program.
//!
//! A record that cannot be handled becomes a stub and its siblings stay; only what is no request at all is an error.

mod edits;
mod json;
mod protobuf;
mod record;
mod sites;
mod stub;
mod table;
mod wire;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::redact::{Redacted, Redactor, Withheld};
use crate::limits::{OTLP_RECORDS_MAX, OTLP_REQUEST_BYTES_MAX};

/// What a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// `ExportLogsServiceRequest`.
    Logs,
    /// `ExportTraceServiceRequest`.
    Traces,
    /// `ExportMetricsServiceRequest`.
    Metrics,
}

impl Signal {
    /// As paths and messages name it.
    pub fn name(self) -> &'static str {
        match self {
            Signal::Logs => "logs",
            Signal::Traces => "traces",
            Signal::Metrics => "metrics",
        }
    }
}

/// What happened to one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OtlpReport {
    /// Log records, spans or metrics in it.
    pub records: u64,
    /// Spans of text replaced, resources and scopes included.
    pub spans: u64,
    /// Log records, spans and metrics withheld, by reason in the order of [`Withheld::ALL`]. Each left a stub.
    pub withheld: [u64; Withheld::ALL.len()],
    /// Resources, scopes and other parts around records that were withheld.
    pub withheld_around: u64,
}

/// Why a request is refused whole. Says where and how much, never what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OtlpError {
    /// Around the records, where one that is bad could be withheld alone.
    #[error("no OTLP {} request: not understood from byte {offset} of {bytes} on", signal.name())]
    Undecodable {
        /// What it should have been.
        signal: Signal,
        /// First byte that is not understood.
        offset: usize,
        /// Length of the request.
        bytes: usize,
    },
    /// More records than are worth their overhead.
    #[error("more than {limit} records in one request")]
    TooManyRecords {
        /// [`OTLP_RECORDS_MAX`].
        limit: usize,
    },
    /// Longer than the walkers can count.
    #[error("a request of {bytes} bytes; at most {limit} can be read")]
    TooLong {
        /// Length of the request.
        bytes: usize,
        /// [`OTLP_REQUEST_BYTES_MAX`].
        limit: usize,
    },
    /// A bug.
    #[error("an internal error; the request is withheld")]
    Internal,
}

impl Redactor {
    /// Redacts a request in protobuf and appends it to `out`. On an error nothing is appended.
    ///
    /// # Errors
    /// What is no such request, or has too many records.
    pub fn redact_otlp_protobuf(
        &mut self,
        signal: Signal,
        request: &[u8],
        out: &mut Redacted<Vec<u8>>,
    ) -> Result<OtlpReport, OtlpError> {
        self.redact_otlp(request, out, |redactor, out| protobuf::redact(redactor, signal, request, out))
    }

    /// Redacts a request in JSON and appends it to `out`. On an error nothing is appended.
    ///
    /// # Errors
    /// What is no JSON object, or has too many records.
    pub fn redact_otlp_json(
        &mut self,
        signal: Signal,
        request: &[u8],
        out: &mut Redacted<Vec<u8>>,
    ) -> Result<OtlpReport, OtlpError> {
        self.redact_otlp(request, out, |redactor, out| json::redact(redactor, signal, request, out))
    }

    fn redact_otlp(
        &mut self,
        request: &[u8],
        out: &mut Redacted<Vec<u8>>,
        walk: impl FnOnce(&mut Redactor, &mut Vec<u8>) -> Result<OtlpReport, OtlpError>,
    ) -> Result<OtlpReport, OtlpError> {
        let (bytes, limit) = (request.len(), OTLP_REQUEST_BYTES_MAX);
        if bytes > limit {
            return Err(OtlpError::TooLong { bytes, limit });
        }
        let before = out.len();
        let done = catch_unwind(AssertUnwindSafe(|| walk(self, out.bytes_mut())));
        let result = done.unwrap_or(Err(OtlpError::Internal));
        if result.is_err() {
            out.bytes_mut().truncate(before);
        }
        result
    }
}

/// Counts one more record.
fn count(report: &mut OtlpReport) -> Result<(), OtlpError> {
    report.records += 1;
    match report.records {
        n if n > OTLP_RECORDS_MAX as u64 => Err(OtlpError::TooManyRecords { limit: OTLP_RECORDS_MAX }),
        _ => Ok(()),
    }
}

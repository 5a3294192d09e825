//! An OTLP request through the gate: a batch of its own, sent on at once.

use std::time::Instant;

use sha2::{Digest, Sha256};

use super::{Closed, Gate};
use crate::engine::otlp::OtlpError;
use crate::engine::redact::Redacted;
use crate::pipeline::{Content, Otlp, Position};
use crate::protocol::otlp::Encoding;

/// A redacted request that no sink has yet.
pub struct OtlpRequest {
    about: Otlp,
    bytes: Redacted<Vec<u8>>,
    records: u64,
    spans: u64,
    withheld: u64,
    bytes_read: u64,
    identity: [u8; 16],
    since: Instant,
}

impl OtlpRequest {
    /// The same for the same redacted bytes under the same headers, however often they come.
    pub fn identity(&self) -> [u8; 16] {
        self.identity
    }

    /// Records of it that could not be read: a stub took the place of each.
    pub fn withheld(&self) -> u64 {
        self.withheld
    }

    /// Records in it.
    pub fn records(&self) -> u64 {
        self.records
    }
}

impl Gate {
    /// Redacts a request. It counts as received when it is [`send`](Gate::send)ed.
    ///
    /// # Errors
    /// If it is none, or too large to be redacted.
    pub fn redact(&mut self, raw: &[u8], about: Otlp) -> Result<OtlpRequest, OtlpError> {
        (self.at_border)(&mut self.redactor);
        self.tally.follow(&self.redactor);
        let since = Instant::now();
        let mut bytes = Redacted::with_capacity(raw.len());
        let report = match about.encoding {
            Encoding::Protobuf => self.redactor.redact_otlp_protobuf(about.signal, raw, &mut bytes)?,
            // Nothing here redacts it, so it is none of ours.
            Encoding::Json => {
                let (signal, bytes) = (about.signal, raw.len());
                return Err(OtlpError::Undecodable { signal, offset: 0, bytes });
            }
        };
        let identity = identity(&about, bytes.as_bytes());
        Ok(OtlpRequest {
            about,
            bytes,
            records: report.records,
            spans: report.spans,
            withheld: report.withheld.iter().sum(),
            bytes_read: raw.len() as u64,
            identity,
            since,
        })
    }

    /// Hands a request to the sinks. Its number comes back in [`delivered`](Gate::delivered) or [`lost`](Gate::lost), as
    /// the stream of a position.
    ///
    /// # Errors
    /// If a required sink is gone.
    pub fn send(&mut self, request: OtlpRequest) -> Result<u64, Closed> {
        let OtlpRequest { about, mut bytes, records, spans, withheld, bytes_read, identity, since } = request;
        self.tally.add(&self.redactor);
        self.tally.source.records.add(records);
        self.tally.source.bytes.add(bytes_read);
        self.totals.records += records;
        self.totals.spans += spans;
        self.totals.withheld += withheld;
        self.totals.bytes_in += bytes_read;
        self.totals.bytes_out += bytes.len() as u64;
        bytes.shrink_to_fit();
        self.since = since;
        let number = self.identity.1;
        self.identity.1 += 1;
        let position = Position { stream: number, start: 0, end: 0 };
        self.hand_over(Content::Otlp(about), bytes, records, identity, vec![position])?;
        Ok(number)
    }
}

/// 128 bits of a hash over all that a receiver gets: redacted bytes only, so it may be shown to it.
fn identity(about: &Otlp, bytes: &[u8]) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update([about.signal as u8, about.encoding as u8]);
    for (name, value) in &about.forwarded {
        for part in [name.as_bytes(), value] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    hash.update([0xff]);
    hash.update(bytes);
    let mut identity = [0; 16];
    identity.copy_from_slice(&hash.finalize()[..16]);
    identity
}

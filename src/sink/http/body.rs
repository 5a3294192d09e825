//! The body of a request: lines as newline-delimited JSON, compressed, with a key that is theirs alone.

use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

use crate::pipeline::Delivery;
use crate::sink::compress::{Compression, compressed};

/// A request's body. It stays the same however often it is sent.
pub struct Body {
    /// As it goes over the wire.
    pub bytes: bytes::Bytes,
    /// `Idempotency-Key`: 128 bits of a hash over the batches' identities and their redacted bytes, as a structured field
    /// string.
    pub key: String,
}

impl Body {
    /// Of batches that are sent together.
    pub fn of(group: &[Delivery], compression: Compression) -> Body {
        let mut hash = Sha256::new();
        let mut lines = Vec::new();
        for delivery in group {
            hash.update(delivery.identity());
            hash.update((delivery.bytes().len() as u64).to_be_bytes());
            hash.update(delivery.bytes());
            ndjson(delivery.bytes(), &mut lines);
        }
        let mut key = String::from("\"");
        for byte in &hash.finalize()[..16] {
            key += &format!("{byte:02x}");
        }
        key.push('"');
        Body { bytes: compressed(lines, compression).into(), key }
    }
}

/// Appends each line: a JSON object as it is, everything else as `{"message":"…"}`.
fn ndjson(lines: &[u8], out: &mut Vec<u8>) {
    for line in lines.split_inclusive(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = String::from_utf8_lossy(line);
        let is_object =
            text.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(&text).is_ok();
        if is_object {
            out.extend_from_slice(text.as_bytes());
        } else {
            out.extend_from_slice(b"{\"message\":");
            // A string serializes without fail.
            out.extend_from_slice(serde_json::to_string(&text).unwrap_or_default().as_bytes());
            out.push(b'}');
        }
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_becomes_one_json_object() {
        let mut out = Vec::new();
        ndjson(
            b"{\"a\":1.50,\"a\":2}\r\n  {\"n\":1e400}\ntext \"quoted\"\n[1]\n\n{broken\n\xff\n12\nlast",
            &mut out,
        );
        let expected = "{\"a\":1.50,\"a\":2}\n  {\"n\":1e400}\n{\"message\":\"text \\\"quoted\\\"\"}\n{\"message\":\"[1]\"}\n\
            {\"message\":\"\"}\n{\"message\":\"{broken\"}\n{\"message\":\"\u{fffd}\"}\n{\"message\":\"12\"}\n{\"message\":\"last\"}\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}

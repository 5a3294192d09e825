//! One request, and what became of it.

use std::time::Duration;

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Error, Response};

use super::HttpSettings;
use super::body::Body;
use crate::limits;
use crate::protocol::innermost;
use crate::sink::compress::Compression;
use crate::sink::credentials::Credentials;
use crate::sink::retry::retry_after;

/// What became of one attempt.
#[derive(Debug)]
pub enum Outcome {
    /// The receiver has it.
    Ok,
    /// The receiver will never take it; with the status.
    Refused(u16),
    /// The receiver does not have it, and may take it later.
    Failed {
        /// Without anything of the request or the response.
        why: String,
        /// When to come again, if it said so.
        after: Option<Duration>,
    },
    /// Nobody knows whether the receiver has it.
    Unknown {
        /// Without anything of the request.
        why: String,
    },
}

/// Posts a body.
pub async fn post(settings: &HttpSettings, credentials: &Credentials, body: &Body) -> Outcome {
    let mut request = credentials
        .client()
        .post(settings.access.url.clone())
        .header(CONTENT_TYPE, "application/x-ndjson")
        .header("Idempotency-Key", &body.key);
    if let Some(encoding) = encoding(settings.compression) {
        request = request.header(CONTENT_ENCODING, encoding);
    }
    // After ours: `Content-Type` may be another one.
    let request = request.headers(credentials.headers().clone()).body(body.bytes.clone());
    match request.timeout(settings.access.timeout).send().await {
        Ok(response) => judge(response).await,
        Err(error) => sort(&error),
    }
}

fn encoding(compression: Compression) -> Option<&'static str> {
    match compression {
        Compression::None => None,
        Compression::Gzip => Some("gzip"),
        Compression::Zstd => Some("zstd"),
    }
}

/// What a status means.
async fn judge(mut response: Response) -> Outcome {
    let status = response.status();
    let after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| retry_after(text, jiff::Timestamp::now()));
    // The status has said it all; reading the rest only lets the connection be used again.
    let mut left = limits::RESPONSE_BYTES_MAX;
    while let Ok(Some(chunk)) = response.chunk().await {
        left = left.saturating_sub(chunk.len());
        if left == 0 {
            break;
        }
    }
    match status.as_u16() {
        200..=299 => Outcome::Ok,
        429 | 502..=504 => Outcome::Failed { why: format!("status {}", status.as_u16()), after },
        status => Outcome::Refused(status),
    }
}

/// What an error without a status means: before there was a connection nothing can have arrived.
fn sort(error: &Error) -> Outcome {
    let why = innermost(error);
    if error.is_connect() || error.is_builder() {
        Outcome::Failed { why, after: None }
    } else {
        Outcome::Unknown { why }
    }
}

/// A status as the label of a metric; a closed set.
pub fn label(status: u16) -> &'static str {
    const TOLD_APART: &[(u16, &str)] = &[
        (400, "400"),
        (401, "401"),
        (403, "403"),
        (404, "404"),
        (405, "405"),
        (413, "413"),
        (415, "415"),
        (422, "422"),
        (500, "500"),
    ];
    if let Some((_, label)) = TOLD_APART.iter().find(|(known, _)| *known == status) {
        return label;
    }
    match status {
        300..=399 => "3xx",
        400..=499 => "4xx",
        500..=599 => "5xx",
        _ => "other",
    }
}

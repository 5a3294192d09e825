//! One attempt by either protocol, and what became of it.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use reqwest::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};

use super::token::TokenError;
use super::{OtlpSettings, Protocol};
use crate::limits;
use crate::pipeline::{Delivery, Otlp};
use crate::protocol::grpc::{self, Called, Compressed};
use crate::protocol::otlp::{self, Encoding};
use crate::protocol::{Code, Partial, innermost, partial_success};
use crate::sink::compress::{Compression, compressed};
use crate::sink::credentials::Credentials;
use crate::sink::retry::retry_after;

/// A request as it goes out. It stays the same however often it is sent.
pub struct Message {
    about: Otlp,
    /// Over HTTP compressed; the library for gRPC compresses itself.
    bytes: Bytes,
    key: String,
}

/// What became of one attempt.
#[derive(Debug)]
pub enum Outcome {
    /// The receiver has it, but for some records that it will never take.
    Ok(Partial),
    /// The receiver will never take it; with the label of a metric.
    Refused(&'static str),
    /// The receiver does not know us; with the label of a metric.
    Unauthenticated(&'static str),
    /// Nothing was sent: the server of access tokens does not know us.
    NoToken(TokenError),
    /// The receiver does not have it, and may take it later.
    Failed {
        /// Without anything of the request or the answer.
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

impl Message {
    /// Of a request.
    pub fn of(about: &Otlp, delivery: &Delivery, settings: &OtlpSettings) -> Message {
        let bytes = delivery.bytes().to_vec();
        let bytes = match settings.protocol {
            Protocol::Http => compressed(bytes, settings.compression),
            Protocol::Grpc => bytes,
        };
        let mut key = String::from("\"");
        for byte in delivery.identity() {
            key += &format!("{byte:02x}");
        }
        key.push('"');
        Message { about: about.clone(), bytes: bytes.into(), key }
    }

    fn headers(&self, credentials: &Credentials, token: Option<HeaderValue>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.about.forwarded {
            if let (Ok(name), Ok(value)) =
                (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value))
            {
                headers.append(name, value);
            }
        }
        // What this sink's configuration says goes before what a client said.
        for (name, value) in credentials.headers() {
            headers.insert(name, value.clone());
        }
        if let Some(token) = token {
            headers.insert(AUTHORIZATION, token);
        }
        if let Ok(key) = HeaderValue::from_str(&self.key) {
            headers.insert("idempotency-key", key);
        }
        headers
    }
}

/// Sends it once.
pub async fn send(
    settings: &OtlpSettings,
    client: reqwest::Client,
    headers: HeaderMap,
    message: &Message,
) -> Outcome {
    let sent = async {
        match settings.protocol {
            Protocol::Http => post(settings, client, headers, message).await,
            Protocol::Grpc => call(settings, client, headers, message).await,
        }
    };
    match tokio::time::timeout(settings.access.timeout, sent).await {
        Ok(outcome) => outcome,
        Err(_) => Outcome::Unknown { why: "timeout".to_owned() },
    }
}

/// All headers of an attempt.
pub fn headers(credentials: &Credentials, message: &Message, token: Option<HeaderValue>) -> HeaderMap {
    message.headers(credentials, token)
}

async fn call(
    settings: &OtlpSettings,
    client: reqwest::Client,
    headers: HeaderMap,
    message: &Message,
) -> Outcome {
    let compressed = match settings.compression {
        Compression::None => None,
        Compression::Gzip => Some(Compressed::Gzip),
        Compression::Zstd => Some(Compressed::Zstd),
    };
    let method = otlp::method(message.about.signal);
    let bytes = message.bytes.clone();
    match grpc::call(&client, &settings.access.url, method, headers, bytes, compressed).await {
        Called::Ok(answer) => Outcome::Ok(partial_success(Encoding::Protobuf, &answer)),
        Called::Status { code, after } if otlp::may_retry_grpc(code, after.is_some()) => {
            Outcome::Failed { why: code.name().to_owned(), after }
        }
        Called::Status { code: Code::Unauthenticated, .. } => {
            Outcome::Unauthenticated(Code::Unauthenticated.name())
        }
        Called::Status { code, .. } => Outcome::Refused(code.name()),
        Called::NotSent(why) => Outcome::Failed { why, after: None },
        Called::Unknown(why) => Outcome::Unknown { why },
    }
}

async fn post(
    settings: &OtlpSettings,
    client: reqwest::Client,
    mut headers: HeaderMap,
    message: &Message,
) -> Outcome {
    let mut url = settings.access.url.clone();
    let base = url.path().trim_end_matches('/').to_owned();
    url.set_path(&(base + otlp::path(message.about.signal)));
    let encoding = message.about.encoding;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(encoding.media_type()));
    match settings.compression {
        Compression::None => {}
        Compression::Gzip => drop(headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"))),
        Compression::Zstd => drop(headers.insert(CONTENT_ENCODING, HeaderValue::from_static("zstd"))),
    }
    let response = match client.post(url).headers(headers).body(message.bytes.clone()).send().await {
        Ok(response) => response,
        Err(error) => {
            let why = innermost(&error);
            let left = !(error.is_connect() || error.is_builder());
            return if left { Outcome::Unknown { why } } else { Outcome::Failed { why, after: None } };
        }
    };
    let status = response.status().as_u16();
    let after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| retry_after(text, jiff::Timestamp::now()));
    let answered = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let answered = answered.and_then(Encoding::of_media_type).unwrap_or(encoding);
    match status {
        200..=299 => {
            // The status has said it: an answer that breaks off takes nothing back.
            let body = Limited::new(reqwest::Body::from(response), limits::ANSWER_BYTES_MAX).collect().await;
            let answer = body.map(|body| body.to_bytes()).unwrap_or_default();
            Outcome::Ok(partial_success(answered, &answer))
        }
        status if otlp::may_retry_http(status) => Outcome::Failed { why: format!("status {status}"), after },
        401 => Outcome::Unauthenticated("401"),
        status => Outcome::Refused(crate::sink::http::label(status)),
    }
}

//! What clients hear. Texts are fixed: nothing of a request comes back.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};

use super::inflate::Refused;
use crate::protocol::otlp::Encoding;
use crate::protocol::{Code, Failure};

pub const NO_TOKEN: Failure = Failure::new(Code::Unauthenticated, "a valid bearer token is needed");
pub const NO_PATH: Failure =
    Failure::new(Code::NotFound, "nothing is here: post to /v1/logs, /v1/traces or /v1/metrics");
pub const NO_METHOD: Failure = Failure::new(Code::Unimplemented, "no such method");
pub const NO_TYPE: Failure =
    Failure::new(Code::Unimplemented, "the content type is `application/x-protobuf`");
pub const NO_JSON: Failure =
    Failure::new(Code::Unimplemented, "JSON is not taken by this version: send `application/x-protobuf`");
pub const NO_ENCODING: Failure =
    Failure::new(Code::Unimplemented, "content encodings are `identity`, `gzip` and `zstd`");
pub const NO_REQUEST: Failure =
    Failure::new(Code::InvalidArgument, "the message is no export request of this signal");
pub const TOO_LARGE: Failure =
    Failure::new(Code::ResourceExhausted, "larger, or of more records, than a request may be");
pub const CLOSING: Failure = Failure::later(Code::Unavailable, "shutting down");
pub const FULL: Failure =
    Failure::later(Code::Unavailable, "receivers are slower than clients at the moment");
pub const NOT_YET: Failure = Failure::later(Code::Unavailable, "not delivered yet");
pub const LOST: Failure = Failure::later(Code::Unavailable, "not delivered");

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Failure {
        match refused {
            Refused::TooLarge => Failure::new(Code::ResourceExhausted, "larger than a request may be"),
            Refused::Broken => {
                Failure::new(Code::InvalidArgument, "the body is not what its content encoding says")
            }
            Refused::Busy => Failure::later(Code::Unavailable, "too much is being read at the moment"),
            Refused::Stalled => Failure::new(Code::DeadlineExceeded, "the body came too slowly"),
        }
    }
}

/// A success over HTTP.
pub fn taken(encoding: Encoding, body: Vec<u8>) -> Response<Full<Bytes>> {
    with(StatusCode::OK, encoding, body)
}

/// A failure over HTTP, in the encoding of the request where that is known.
pub fn failed(failure: &Failure, encoding: Option<Encoding>) -> Response<Full<Bytes>> {
    let encoding = encoding.unwrap_or(Encoding::Json);
    let mut response = with(status(failure), encoding, failure.encoded(encoding));
    if let Some(after) = failure.after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
    }
    if failure.code == Code::Unauthenticated {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Another method than POST.
pub fn not_post() -> Response<Full<Bytes>> {
    let mut response = failed(&NO_METHOD, None);
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    response
}

fn with(status: StatusCode, encoding: Encoding, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(encoding.media_type()));
    response
}

fn status(failure: &Failure) -> StatusCode {
    match failure.code {
        Code::InvalidArgument => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::DeadlineExceeded => StatusCode::REQUEST_TIMEOUT,
        Code::ResourceExhausted if failure.after.is_some() => StatusCode::TOO_MANY_REQUESTS,
        Code::ResourceExhausted => StatusCode::PAYLOAD_TOO_LARGE,
        Code::Unimplemented => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

//! OTLP/HTTP: one request, one answer.

use std::rc::Rc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE};
use hyper::{Method, Request, Response};
use tokio::time::Instant;

use super::answers;
use super::body::Watched;
use super::inflate::{Inflate, Refused};
use super::intake::Intake;
use crate::protocol::otlp::{Encoding, SIGNALS, Signal, path};
use crate::protocol::{Failure, response};

/// The answer to a request.
pub async fn answer(intake: &Rc<Intake>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let since = Instant::now();
    let Some(signal) = SIGNALS.into_iter().find(|&signal| path(signal) == request.uri().path()) else {
        return answers::failed(&answers::NO_PATH, None);
    };
    if request.method() != Method::POST {
        return answers::not_post();
    }
    let said = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let encoding = said.and_then(Encoding::of_media_type);
    match take(intake, signal, encoding, request, since).await {
        Ok((encoding, body)) => answers::taken(encoding, body),
        Err(failure) => answers::failed(&failure, encoding),
    }
}

async fn take(
    intake: &Rc<Intake>,
    signal: Signal,
    encoding: Option<Encoding>,
    request: Request<Incoming>,
    since: Instant,
) -> Result<(Encoding, Vec<u8>), Failure> {
    if !intake.allows(request.headers()) {
        return Err(answers::NO_TOKEN);
    }
    let encoding = encoding.ok_or(answers::NO_TYPE)?;
    if encoding == Encoding::Json {
        return Err(answers::NO_JSON);
    }
    intake.room()?;
    let (parts, body) = request.into_parts();
    let bytes_max = intake.settings.request_bytes_max;
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(Refused::TooLarge.into());
    }
    let lease = intake.held.lease();
    let compressed = parts.headers.get(CONTENT_ENCODING).map_or(&b""[..], |value| value.as_bytes());
    let mut inflate = Inflate::new(compressed, bytes_max, lease.clone()).ok_or(answers::NO_ENCODING)?;
    // What comes in is passed on piece by piece: only what comes out of it is held.
    let mut body = Watched::new(body, None);
    let mut left = bytes_max;
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame?.into_data() else { continue };
        left = left.checked_sub(piece.len()).ok_or(Refused::TooLarge)?;
        inflate.piece(&piece)?;
    }
    let message = inflate.end()?;
    let partial = intake.take((signal, encoding), &parts.headers, message, lease, since).await?;
    Ok((encoding, response(encoding, partial, rejected(signal))))
}

/// How the JSON of an answer calls the number of records that were not taken.
fn rejected(signal: Signal) -> &'static str {
    match signal {
        Signal::Logs => "rejectedLogRecords",
        Signal::Traces => "rejectedSpans",
        Signal::Metrics => "rejectedDataPoints",
    }
}

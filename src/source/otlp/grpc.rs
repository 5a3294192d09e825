//! OTLP/gRPC: the export methods of the three signals, and health.

use std::rc::Rc;

use hyper::body::Incoming;
use hyper::{Request, Response};
use tokio::time::Instant;

use super::answers;
use super::body::Watched;
use super::inflate::Refused;
use super::intake::Intake;
use crate::limits;
use crate::protocol::grpc::{Answer, refuse, serve};
use crate::protocol::otlp::{Encoding, SIGNALS, method};
use crate::protocol::{Failure, response};

/// <https://github.com/grpc/grpc/blob/master/doc/health-checking.md>
const HEALTH: &str = "/grpc.health.v1.Health/Check";
/// `status: SERVING`.
const SERVING: [u8; 2] = [0x08, 1];
/// `status: NOT_SERVING`.
const NOT_SERVING: [u8; 2] = [0x08, 2];

/// The answer to a request.
pub async fn answer(intake: &Rc<Intake>, request: Request<Incoming>) -> Response<Answer> {
    let since = Instant::now();
    let asked = request.uri().path();
    if asked == HEALTH {
        let open = intake.is_open();
        let request = request.map(|body| Watched::new(body, None));
        let health = async move { Ok(if open { SERVING } else { NOT_SERVING }.to_vec()) };
        return serve(limits::HEALTH_BYTES_MAX, request, Failure::from, |_, _| health).await;
    }
    let Some(signal) = SIGNALS.into_iter().find(|&signal| method(signal) == asked) else {
        return refuse(&answers::NO_METHOD);
    };
    if !intake.allows(request.headers()) {
        return refuse(&answers::NO_TOKEN);
    }
    if let Err(failure) = intake.room() {
        return refuse(&failure);
    }
    let bytes_max = intake.settings.request_bytes_max;
    let lease = intake.held.lease();
    let counted = lease.clone();
    let request = request.map(|body| Watched::new(body, Some(counted)));
    let intake = Rc::clone(intake);
    serve(bytes_max, request, Failure::from, move |headers, message| async move {
        // Its pieces are counted already; uncompressed it may be more than they were.
        if !lease.grow(message.len()) {
            return Err(Refused::Busy.into());
        }
        let kind = (signal, Encoding::Protobuf);
        let partial = intake.take(kind, &headers, message, lease, since).await?;
        Ok(response(Encoding::Protobuf, partial, ""))
    })
    .await
}

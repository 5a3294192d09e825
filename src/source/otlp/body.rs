//! The body of a request as it comes in: watched for those who send too slowly, and counted against what may be held.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::held::Lease;
use super::inflate::Refused;
use crate::limits;

/// A body that ends when its client is too slow or when too much is being read.
pub struct Watched {
    body: Incoming,
    lease: Option<Arc<Lease>>,
    idle: Pin<Box<Sleep>>,
    /// No piece after this.
    until: Instant,
}

impl Watched {
    /// With a lease that grows with each piece; without one where the caller counts.
    pub fn new(body: Incoming, lease: Option<Arc<Lease>>) -> Watched {
        let now = Instant::now();
        Watched {
            body,
            lease,
            idle: Box::pin(sleep_until(now + Duration::from_millis(limits::BODY_IDLE_MS_MAX))),
            until: now + Duration::from_millis(limits::BODY_MS_MAX),
        }
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Refused;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Refused>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let next = Instant::now() + Duration::from_millis(limits::BODY_IDLE_MS_MAX);
                let until = self.until;
                self.idle.as_mut().reset(next.min(until));
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                let room = self.lease.as_ref().is_none_or(|lease| lease.grow(bytes));
                Poll::Ready(Some(if room { Ok(frame) } else { Err(Refused::Busy) }))
            }
            Poll::Ready(Some(Err(_))) => Poll::Ready(Some(Err(Refused::Stalled))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => self.idle.as_mut().poll(context).map(|()| Some(Err(Refused::Stalled))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

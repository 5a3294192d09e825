//! Connections: how many, how they begin, and how they end.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::intake::Intake;
use super::{Notice, grpc, http};
use crate::limits;

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// gRPC over HTTP/2.
    Grpc,
    /// HTTP/1.1 or HTTP/2.
    Http,
}

type Stop = watch::Receiver<bool>;

impl Wire {
    /// As the configuration calls it.
    pub fn name(self) -> &'static str {
        match self {
            Wire::Grpc => "grpc",
            Wire::Http => "http",
        }
    }

    /// What is offered in a TLS handshake.
    pub fn alpn(self) -> Vec<Vec<u8>> {
        match self {
            Wire::Grpc => vec![b"h2".to_vec()],
            Wire::Http => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        }
    }
}

/// Takes connections until a stop is asked for.
pub async fn accept(wire: Wire, listener: TcpListener, intake: Rc<Intake>, mut stop: Stop) {
    let slots = Arc::new(Semaphore::new(limits::CONNECTIONS_MAX));
    let mut told = false;
    loop {
        let taken = async {
            // Never closed.
            let slot = Arc::clone(&slots).acquire_owned().await.ok();
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            taken = taken => taken,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok((stream, _)) => {
                told = false;
                let (intake, stop) = (Rc::clone(&intake), stop.clone());
                tokio::task::spawn_local(async move {
                    connection(wire, stream, intake, stop).await;
                    drop(slot);
                });
            }
            Err(error) => {
                // Too many open files, most likely: others close theirs.
                if !told {
                    intake.tell(Notice::NotAccepting(error));
                }
                told = true;
                sleep(Duration::from_millis(limits::ACCEPT_PAUSE_MS)).await;
            }
        }
    }
}

async fn connection(wire: Wire, stream: TcpStream, intake: Rc<Intake>, stop: Stop) {
    let head = Duration::from_millis(limits::HEAD_MS_MAX);
    // Answers are small and waited for.
    let _ = stream.set_nodelay(true);
    match intake.certificate(wire) {
        None => {
            let Ok(Some(two)) = timeout(head, speaks_two(wire, &stream)).await else { return };
            serve(wire, two, TokioIo::new(stream), intake, stop).await;
        }
        Some(config) => {
            let Ok(Ok(stream)) = timeout(head, TlsAcceptor::from(config).accept(stream)).await else {
                return;
            };
            let two = wire == Wire::Grpc || stream.get_ref().1.alpn_protocol() == Some(b"h2");
            serve(wire, two, TokioIo::new(stream), intake, stop).await;
        }
    }
}

/// Whether a connection without TLS begins as HTTP/2 does. `None` if it ends before that is known.
async fn speaks_two(wire: Wire, stream: &TcpStream) -> Option<bool> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0";
    let mut begin = [0; PREFACE.len()];
    loop {
        let bytes = stream.peek(&mut begin).await.ok()?;
        if bytes == 0 {
            return None;
        }
        if wire == Wire::Grpc {
            return Some(true);
        }
        if !PREFACE.starts_with(&begin[..bytes]) {
            return Some(false);
        }
        if bytes == PREFACE.len() {
            return Some(true);
        }
        // What was seen stays to be read, so the system says at once that there is something.
        sleep(Duration::from_millis(limits::PEEK_PAUSE_MS)).await;
    }
}

async fn serve<I>(wire: Wire, two: bool, io: I, intake: Rc<Intake>, mut stop: Stop)
where
    I: Read + Write + Unpin + 'static,
{
    // A connection that never asks for anything holds a slot for nothing.
    let asked = Rc::new(Cell::new(false));
    let quiet = Duration::from_millis(limits::PING_MS);
    let idle = async {
        loop {
            sleep(quiet).await;
            if !asked.get() {
                return;
            }
        }
    };
    let seen = Rc::clone(&asked);
    // An end in whatever way concerns the client alone.
    match wire {
        Wire::Grpc => {
            let service = service_fn(move |request: Request<Incoming>| {
                seen.set(true);
                let intake = Rc::clone(&intake);
                async move { Ok::<_, Infallible>(grpc::answer(&intake, request).await) }
            });
            let mut connection = pin!(http2().serve_connection(io, service));
            tokio::select! {
                _ = connection.as_mut() => return,
                () = idle => return,
                _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
            }
            let _ = connection.await;
        }
        Wire::Http => {
            let service = service_fn(move |request: Request<Incoming>| {
                seen.set(true);
                let intake = Rc::clone(&intake);
                async move { Ok::<_, Infallible>(http::answer(&intake, request).await) }
            });
            if two {
                let mut connection = pin!(http2().serve_connection(io, service));
                tokio::select! {
                    _ = connection.as_mut() => return,
                    () = idle => return,
                    _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
                }
                let _ = connection.await;
            } else {
                let mut connection = pin!(http1().serve_connection(io, service));
                tokio::select! {
                    _ = connection.as_mut() => return,
                    () = idle => return,
                    _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
                }
                let _ = connection.await;
            }
        }
    }
}

fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // It runs between two requests, too.
        .header_read_timeout(Duration::from_millis(limits::PING_MS))
        .max_buf_size(limits::READ_BYTES);
    builder
}

fn http2() -> http2::Builder<Local> {
    let mut builder = http2::Builder::new(Local);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits::STREAMS_MAX)
        .max_header_list_size(limits::HEAD_BYTES_MAX as u32)
        .initial_stream_window_size(limits::WINDOW_BYTES)
        .initial_connection_window_size(limits::WINDOW_BYTES)
        .keep_alive_interval(Duration::from_millis(limits::PING_MS));
    builder
}

/// Runs the streams of a connection in the thread of their source.
#[derive(Clone, Copy)]
struct Local;

impl<F: Future + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, future: F) {
        let future: Pin<Box<dyn Future<Output = F::Output>>> = Box::pin(future);
        tokio::task::spawn_local(async move { drop(future.await) });
    }
}

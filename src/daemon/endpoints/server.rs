//! The listeners and what is the same for every request: who may ask, how long it may take, how large it may be.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, ORIGIN};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::text::{self, Format};
use super::{admin, health, metrics};
use crate::daemon::handles::Handles;
use crate::limits::{
    ENDPOINT_BODY_BYTES_MAX, ENDPOINT_BUFFER_BYTES, ENDPOINT_CONNECTION_MS_MAX, ENDPOINT_CONNECTIONS_MAX,
    ENDPOINT_HEADER_MS_MAX, ENDPOINT_HEADERS_MAX,
};

/// Which paths there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Probes and metrics.
    Health,
    /// Reload, policy and status.
    Admin,
}

/// What is answered, before it is a response.
struct Answer {
    status: StatusCode,
    content_type: &'static str,
    text: String,
}

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// Answers on an address until the process ends.
pub async fn serve_tcp(listener: TcpListener, role: Role, handles: Arc<Handles>) {
    let places = Arc::new(Semaphore::new(ENDPOINT_CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let handles = Arc::clone(&handles);
                tokio::spawn(async move {
                    serve(stream, role, handles).await;
                    drop(place);
                });
            }
            // Out of descriptors, for instance: others will be closed.
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Answers on a socket until the process ends. Only this user and root are heard: between the moment a socket has a name
/// and the moment it has a mode, anybody could have connected.
pub async fn serve_unix(listener: UnixListener, role: Role, handles: Arc<Handles>) {
    let places = Arc::new(Semaphore::new(ENDPOINT_CONNECTIONS_MAX));
    let ours = rustix::process::geteuid().as_raw();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                if !stream.peer_cred().is_ok_and(|peer| [0, ours].contains(&peer.uid())) {
                    continue;
                }
                let handles = Arc::clone(&handles);
                tokio::spawn(async move {
                    serve(stream, role, handles).await;
                    drop(place);
                });
            }
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(stream: S, role: Role, handles: Arc<Handles>) {
    let service = service_fn(move |request| {
        let handles = Arc::clone(&handles);
        async move { Ok::<_, Infallible>(respond(role, &request, handles).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(ENDPOINT_HEADER_MS_MAX))
        .max_headers(ENDPOINT_HEADERS_MAX)
        .max_buf_size(ENDPOINT_BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    // What a client does wrong is its own matter.
    let _ = timeout(Duration::from_millis(ENDPOINT_CONNECTION_MS_MAX), connection).await;
}

async fn respond(role: Role, request: &Request<Incoming>, handles: Arc<Handles>) -> Response<Full<Bytes>> {
    let allowed = match (role, request.uri().path()) {
        (Role::Health, "/livez" | "/readyz" | "/metrics") | (Role::Admin, "/policy" | "/status") => {
            Method::GET
        }
        (Role::Admin, "/reload") => Method::POST,
        _ => return finish(plain(StatusCode::NOT_FOUND, "no such path\n")),
    };
    let is_head = allowed == Method::GET && request.method() == Method::HEAD;
    if *request.method() != allowed && !is_head {
        let mut response = finish(plain(StatusCode::METHOD_NOT_ALLOWED, "no such method\n"));
        if let Ok(value) = HeaderValue::from_str(allowed.as_str()) {
            response.headers_mut().insert(ALLOW, value);
        }
        return response;
    }
    if request.body().size_hint().lower() > ENDPOINT_BODY_BYTES_MAX {
        return finish(plain(StatusCode::PAYLOAD_TOO_LARGE, "no body is expected\n"));
    }
    if role == Role::Admin && request.headers().contains_key(ORIGIN) {
        // A page in a browser of this machine is nobody who may ask.
        return finish(plain(StatusCode::FORBIDDEN, "not for pages in a browser\n"));
    }
    finish(match request.uri().path() {
        "/livez" => plain(StatusCode::OK, "ok\n"),
        "/readyz" => {
            let verbose = request.uri().query().is_some_and(is_verbose);
            let (ready, text) = health::readiness(&handles, verbose);
            let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            Answer { status, content_type: TEXT, text }
        }
        "/metrics" => {
            let accept = request.headers().get("accept").and_then(|value| value.to_str().ok());
            let format = Format::accepted(accept);
            let text = text::write(metrics::families(&handles), format);
            Answer { status: StatusCode::OK, content_type: format.content_type(), text }
        }
        "/policy" => json(StatusCode::OK, &admin::policy(&handles)),
        "/status" => json(StatusCode::OK, &admin::status(&handles)),
        _ => reload(handles).await,
    })
}

/// `verbose`, also with a value that does not deny it.
fn is_verbose(query: &str) -> bool {
    query.split('&').any(|part| match part.split_once('=') {
        None => part == "verbose",
        Some((name, value)) => name == "verbose" && !matches!(value, "0" | "false"),
    })
}

async fn reload(handles: Arc<Handles>) -> Answer {
    match tokio::task::spawn_blocking(move || admin::reload(&handles)).await {
        Ok(Some((true, answer))) => json(StatusCode::OK, &answer),
        Ok(Some((false, answer))) => json(StatusCode::UNPROCESSABLE_ENTITY, &answer),
        Ok(None) | Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "the reload takes long: ask /policy\n"),
    }
}

fn plain(status: StatusCode, text: &str) -> Answer {
    Answer { status, content_type: TEXT, text: text.to_owned() }
}

fn json(status: StatusCode, value: &serde_json::Value) -> Answer {
    Answer { status, content_type: JSON, text: format!("{value}\n") }
}

fn finish(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.text)));
    *response.status_mut() = answer.status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    response.headers_mut().insert("cache-control", HeaderValue::from_static("no-store"));
    response
}

/// A listener of the runtime.
///
/// # Errors
/// If the system refuses.
pub fn tcp(listener: std::net::TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

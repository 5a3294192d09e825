//! `redactd health`: asks a running daemon whether it is ready, for probes that can only run a command.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::print;
use super::report::{Exit, Failure};
use crate::limits::{HEALTH_ANSWER_BYTES_MAX, HEALTH_ANSWER_MS_MAX};

/// Ask a running daemon whether it is ready
///
/// Prints what `/readyz` answers. Exit status: 0 ready, 1 not ready, 74 no answer.
#[derive(Args)]
pub struct Health {
    /// Where it listens: `health.address` of its configuration
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8686")]
    address: SocketAddr,
}

/// Asks, and prints the answer.
pub fn run(args: &Health) -> Result<Exit, Failure> {
    let failed = |why: String| {
        Failure::new(Exit::InputOutput, format!("no answer from {}: {why}", args.address))
            .hint("name the `health.address` of the daemon's configuration: `--address 127.0.0.1:8686`")
    };
    let runtime =
        Builder::new_current_thread().enable_all().build().map_err(|error| failed(error.to_string()))?;
    let time = Duration::from_millis(HEALTH_ANSWER_MS_MAX);
    let answer = runtime.block_on(async { timeout(time, ask(args.address)).await });
    let (status, text) = answer
        .map_err(|_| failed(format!("timeout after {} s", time.as_secs())))?
        .map_err(|error| failed(error.to_string()))?;
    match status {
        StatusCode::OK => print(&text, Exit::Done),
        StatusCode::SERVICE_UNAVAILABLE => print(&text, Exit::Findings),
        status => Err(failed(format!("status {}", status.as_u16()))),
    }
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

async fn ask(address: SocketAddr) -> Result<(StatusCode, String), AnyError> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/readyz").header("host", address.to_string()).body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = Limited::new(response.into_body(), HEALTH_ANSWER_BYTES_MAX).collect().await?;
    Ok((status, String::from_utf8_lossy(&body.to_bytes()).into_owned()))
}

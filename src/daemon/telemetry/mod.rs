//! Pushes the daemon's own metrics by OTLP, where the environment says so. One thread of its own; what it cannot deliver is
//! delivered with the next push, because values only grow.

mod message;
mod settings;

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::Builder;
use tokio::time::sleep;

use super::endpoints::metrics;
use super::handles::Handles;
use super::{Notice, Tell};
use message::Times;
pub use settings::{Settings, SettingsError};

/// Pushes until the process ends.
///
/// # Errors
/// If the system refuses a thread or a runtime, or there is no client.
pub fn start(settings: Settings, handles: Arc<Handles>, tell: Tell) -> io::Result<()> {
    let client = client(&settings)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new()
        .name("telemetry".to_owned())
        .spawn(move || runtime.block_on(push(&settings, &client, &handles, &tell)))?;
    Ok(())
}

async fn push(settings: &Settings, client: &Client, handles: &Handles, tell: &Tell) {
    let start = now();
    let mut failing = false;
    loop {
        sleep(settings.interval).await;
        let times = Times { start, now: now() };
        let message = message::request(metrics::families(handles), &settings.resource, times);
        let request = client
            .post(settings.url.clone())
            .headers(settings.headers.clone())
            .header(CONTENT_TYPE, "application/x-protobuf")
            .body(message.encode_to_vec());
        let why = match request.send().await {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("status {}", response.status().as_u16())),
            Err(error) => Some(cause(&error)),
        };
        // Each trouble is told once when it begins and once when it is over.
        if why.is_some() != failing {
            failing = why.is_some();
            tell(Notice::Telemetry(why));
        }
    }
}

/// The innermost cause names neither URL nor headers.
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timeout".to_owned();
    }
    let mut cause = error.source();
    while let Some(next) = cause.and_then(std::error::Error::source) {
        cause = Some(next);
    }
    cause.map_or_else(|| "the request failed".to_owned(), ToString::to_string)
}

fn client(settings: &Settings) -> io::Result<Client> {
    let mut roots = RootCertStore::empty();
    if settings.url.scheme() == "https" {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(settings.timeout)
        .build()
        .map_err(|_| io::Error::other("no HTTP client"))
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

//! OTLP from whoever speaks it: gRPC and HTTP, one listener each.
//!
//! The thread of this source owns a runtime for one thread, and the gate: a request is redacted in the task that read it,
//! and only then leaves for the sinks. Its client hears of it when they have it.

mod answers;
mod body;
mod grpc;
mod held;
mod http;
mod inflate;
mod intake;
mod serve;
mod tls;
mod tokens;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::unix::pipe::Receiver;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::LocalSet;

use super::End;
use crate::pipeline::{Gate, Ready, Wake, Waker};
use intake::Intake;
use serve::Wire;
use tls::Certificates;
use tokens::Tokens;

/// One source with `type: otlp`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where gRPC is served.
    pub grpc: Option<SocketAddr>,
    /// Where HTTP is served.
    pub http: Option<SocketAddr>,
    /// Certificates of both.
    pub tls: Option<Tls>,
    /// File with a token per line; a request needs one of them.
    pub bearer_tokens_file: Option<PathBuf>,
    /// One request, before and after decompression.
    pub request_bytes_max: usize,
    /// Headers that go on to OTLP sinks, in lower case.
    pub forward_headers: Vec<String>,
}

/// Certificates of a server, as files.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The chain, PEM.
    pub cert_file: PathBuf,
    /// Its key, PEM.
    pub key_file: PathBuf,
    /// Who may sign certificates of clients, PEM; with it, each needs one.
    pub client_ca_file: Option<PathBuf>,
}

/// An OTLP source that cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// An address cannot be listened at.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The system refused what waiting for a network needs.
    #[error("cannot start: {0}")]
    Runtime(#[from] io::Error),
}

/// A file of certificates or tokens that cannot be used. Never what stands in it.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is too large to be one.
    #[error("{} is larger than {} bytes", .0.display(), crate::limits::CREDENTIALS_BYTES_MAX)]
    TooLarge(PathBuf),
    /// It holds no certificate, or a broken one.
    #[error("{} holds no PEM certificate", .0.display())]
    Certificate(PathBuf),
    /// It holds no private key, or a broken one.
    #[error("{} holds no PEM private key", .0.display())]
    Key(PathBuf),
    /// Certificate and key do not belong together.
    #[error("the key in {} does not fit the certificate", .0.display())]
    Mismatch(PathBuf),
    /// A line is no token.
    #[error("line {line} of {} is no token: visible ASCII without spaces", path.display())]
    Token {
        /// Which.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// There is no token in it: nobody could send anything.
    #[error("{} holds no token", .0.display())]
    NoToken(PathBuf),
    /// There are too many.
    #[error("{} holds more than {} tokens", .0.display(), crate::limits::BEARER_TOKENS_MAX)]
    TooManyTokens(PathBuf),
}

/// What an OTLP source tells while it goes on.
#[derive(Debug)]
pub enum Notice {
    /// It can be reached there.
    Listening(&'static str, SocketAddr),
    /// Certificates or tokens have changed and cannot be used; the old ones stay. Told once per change.
    NotReloaded(FileError),
    /// A listener takes no connection at the moment.
    NotAccepting(io::Error),
}

/// Somebody who is told.
pub type Tell = Rc<dyn Fn(Notice)>;

/// A source that can be reached and does not answer yet.
pub struct Otlp {
    settings: Settings,
    listeners: Vec<(Wire, TcpListener)>,
    certificates: Option<Certificates>,
    tokens: Option<Tokens>,
    runtime: Runtime,
}

/// Whether the files that settings name can be used.
///
/// # Errors
/// If one cannot.
pub fn check(settings: &Settings) -> Result<(), FileError> {
    settings.tls.as_ref().map(Certificates::load).transpose()?;
    settings.bearer_tokens_file.as_ref().map(|path| Tokens::load(path.clone())).transpose()?;
    Ok(())
}

impl Otlp {
    /// Listens: what connects from now on waits until the source runs.
    ///
    /// # Errors
    /// If an address is taken, or a file cannot be used.
    pub fn open(settings: Settings) -> Result<Otlp, OpenError> {
        let certificates = settings.tls.as_ref().map(Certificates::load).transpose()?;
        let tokens = settings.bearer_tokens_file.clone().map(Tokens::load).transpose()?;
        let mut listeners = Vec::new();
        for (wire, address) in [(Wire::Grpc, settings.grpc), (Wire::Http, settings.http)] {
            let Some(address) = address else { continue };
            let listen = || {
                let listener = TcpListener::bind(address)?;
                listener.set_nonblocking(true)?;
                Ok(listener)
            };
            let listener = listen().map_err(|source| OpenError::Listen { address, source })?;
            listeners.push((wire, listener));
        }
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Otlp { settings, listeners, certificates, tokens, runtime })
    }

    /// Serves until a stop is asked for and all that was taken is settled, or a required sink is gone.
    pub fn run(self, mut gate: Gate, (wake, waker): (&Wake, Waker), tell: Tell) -> (End, Gate) {
        let Otlp { settings, listeners, certificates, tokens, runtime } = self;
        gate.never_block(waker);
        let intake = Rc::new(Intake::new(gate, settings, tokens, certificates, Rc::clone(&tell)));
        let local = LocalSet::new();
        let end = local.block_on(&runtime, async {
            let (stop, stopped) = watch::channel(false);
            for (wire, listener) in listeners {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { continue };
                if let Ok(address) = listener.local_addr() {
                    tell(Notice::Listening(wire.name(), address));
                }
                tokio::task::spawn_local(serve::accept(wire, listener, Rc::clone(&intake), stopped.clone()));
            }
            drop(stopped);
            let end = watch_over(&intake, wake).await;
            intake.close();
            let _ = stop.send(true);
            if end == End::Stopped {
                settle_all(&intake, wake).await;
            }
            // Answers that are ready go out; connections that have nothing to say are closed.
            let rest = Duration::from_millis(crate::limits::LAST_ANSWERS_MS_MAX);
            let _ = tokio::time::timeout(rest, stop.closed()).await;
            end
        });
        drop(local);
        (end, intake.into_gate())
    }
}

/// Passes on what settles, until a stop is asked for or a sink is gone.
async fn watch_over(intake: &Intake, wake: &Wake) -> End {
    let woken = woken(wake);
    loop {
        match wake.wait_for(None, Duration::ZERO, true) {
            Ok(Ready::Stop) => return End::Stopped,
            Ok(Ready::OutputGone) | Err(_) => return End::OutputGone,
            Ok(Ready::Input | Ready::Pause) => {}
        }
        if intake.settle().is_err() {
            return End::OutputGone;
        }
        pause(woken.as_ref().ok()).await;
    }
}

/// Waits until nothing is under way. The time that this may take is the caller's to limit.
async fn settle_all(intake: &Intake, wake: &Wake) {
    let woken = woken(wake);
    loop {
        let gone = matches!(wake.wait_for(None, Duration::ZERO, false), Ok(Ready::OutputGone) | Err(_));
        if intake.settle().is_err() || gone || intake.is_idle() {
            return;
        }
        pause(woken.as_ref().ok()).await;
    }
}

fn woken(wake: &Wake) -> io::Result<Receiver> {
    Receiver::from_owned_fd(wake.descriptor()?)
}

/// Waits for a nudge. Room in the queue of a sink that somebody else's batch has left is found by looking now and then.
async fn pause(woken: Option<&Receiver>) {
    let look = tokio::time::sleep(Duration::from_millis(crate::limits::ROOM_LOOK_MS));
    let Some(woken) = woken else { return look.await };
    tokio::select! {
        () = look => {}
        _ = woken.readable() => while let Ok(1..) = woken.try_read(&mut [0; 64]) {},
    }
}

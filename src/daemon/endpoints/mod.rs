//! What an operator asks the running daemon: probes, metrics, reload, policy, status. One thread of its own answers; it only
//! reads what others count.

mod admin;
mod health;
pub mod metrics;
mod server;
mod text;

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use tokio::runtime::Builder;

use super::config::Admin;
use super::handles::Handles;
use server::Role;

/// What is listened on, opened before anything is read.
pub struct Endpoints {
    health: Option<TcpListener>,
    admin: Option<AdminListener>,
}

enum AdminListener {
    Address(TcpListener),
    Socket(UnixListener, Name),
}

/// The name of a socket. It goes with the run: while this process lives no other one takes it.
pub struct Name(PathBuf);

impl Drop for Name {
    fn drop(&mut self) {
        // Whoever comes next replaces what stays.
        let _ = fs::remove_file(&self.0);
    }
}

/// A listener that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {at}: {source}")]
pub struct ListenError {
    /// Where.
    at: String,
    /// Why.
    source: io::Error,
}

impl Endpoints {
    /// Opens the listeners of a configuration.
    ///
    /// # Errors
    /// If one cannot be opened.
    pub fn open(health: Option<SocketAddr>, admin: Option<&Admin>) -> Result<Endpoints, ListenError> {
        let address = |at: SocketAddr| {
            TcpListener::bind(at).map_err(|source| ListenError { at: at.to_string(), source })
        };
        Ok(Endpoints {
            health: health.map(address).transpose()?,
            admin: match admin {
                None => None,
                Some(Admin::Address(at)) => Some(AdminListener::Address(address(*at)?)),
                Some(Admin::Socket(path)) => {
                    let failed = |source| ListenError { at: path.display().to_string(), source };
                    Some(AdminListener::Socket(socket(path).map_err(failed)?, Name(path.clone())))
                }
            },
        })
    }

    /// Answers in a thread of its own, until the process ends; to be kept until then is the name of its socket.
    ///
    /// # Errors
    /// If the system refuses a thread or a runtime.
    pub fn serve(self, handles: Arc<Handles>) -> io::Result<Option<Name>> {
        if self.health.is_none() && self.admin.is_none() {
            return Ok(None);
        }
        let mut kept = None;
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(2).build()?;
        let _inside = runtime.enter();
        if let Some(health) = self.health {
            runtime.spawn(server::serve_tcp(server::tcp(health)?, Role::Health, Arc::clone(&handles)));
        }
        match self.admin {
            None => {}
            Some(AdminListener::Address(admin)) => {
                runtime.spawn(server::serve_tcp(server::tcp(admin)?, Role::Admin, handles));
            }
            Some(AdminListener::Socket(admin, name)) => {
                kept = Some(name);
                admin.set_nonblocking(true)?;
                let admin = tokio::net::UnixListener::from_std(admin)?;
                runtime.spawn(server::serve_unix(admin, Role::Admin, handles));
            }
        }
        drop(_inside);
        thread::Builder::new()
            .name("endpoints".to_owned())
            .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
        Ok(kept)
    }
}

/// A socket of this user alone. It gets its mode before it gets its name; one that a crash left behind is replaced.
fn socket(path: &Path) -> io::Result<UnixListener> {
    if let Ok(about) = fs::symlink_metadata(path) {
        if !about.file_type().is_socket() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something else has that name"));
        }
        if UnixStream::connect(path).is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens there"));
        }
    }
    let fresh = PathBuf::from(format!("{}.{}", path.display(), std::process::id()));
    let _ = fs::remove_file(&fresh);
    let listener = UnixListener::bind(&fresh)?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600))?;
    fs::rename(&fresh, path)?;
    Ok(listener)
}

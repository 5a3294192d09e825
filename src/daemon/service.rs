//! What the service manager is told (sd_notify(3)): ready, reloading, stopping, and that the program makes progress. One
//! datagram to the socket that it named; without one nothing is told.
//!
//! The watchdog is fed by the thread that waits for signals, and only while every file source goes on looking at its files:
//! a program whose sources hang is to be started anew. Sources that read a stream may wait for ever, and rightly so.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::handles::Handles;
use super::{Notice, Tell};

/// The service manager, if there is one.
pub struct Service {
    notify: Option<Arc<Notify>>,
    /// How often it wants to hear that all is well.
    beat: Option<Duration>,
    next: Instant,
    /// By source, looks at all files as of the last beat.
    looks: Vec<u64>,
}

struct Notify {
    socket: UnixDatagram,
    address: SocketAddr,
}

impl Service {
    /// As the environment says: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`.
    pub fn new(variable: &dyn Fn(&str) -> Option<String>) -> Service {
        let notify = variable("NOTIFY_SOCKET").and_then(|name| Notify::open(&name)).map(Arc::new);
        let ours = variable("WATCHDOG_PID").is_none_or(|pid| pid == std::process::id().to_string());
        let micros = variable("WATCHDOG_USEC").filter(|_| ours).and_then(|micros| micros.parse().ok());
        let beat = micros.filter(|&micros| micros > 0).map(|micros| Duration::from_micros(micros) / 2);
        Service { notify, beat, next: Instant::now(), looks: Vec::new() }
    }

    /// One that nobody listens to.
    pub fn none() -> Service {
        Service::new(&|_| None)
    }

    /// Also tells the service manager what `tell` is told.
    pub fn beside(&self, tell: Tell) -> Tell {
        let Some(notify) = self.notify.clone() else { return tell };
        Arc::new(move |notice| {
            match &notice {
                Notice::Started(_) => notify.send("READY=1\nSTATUS=running"),
                Notice::Draining => notify.send("STOPPING=1\nSTATUS=delivering what was read"),
                Notice::Reloaded(report) => {
                    let valid = report.policies.iter().all(|policy| policy.errors.is_empty());
                    let status =
                        if valid { "running" } else { "running; a policy that is not valid was left out" };
                    notify.send(&format!("READY=1\nSTATUS={status}"));
                }
                _ => {}
            }
            tell(notice);
        })
    }

    /// A reload was asked for.
    pub fn reloading(&self) {
        if let Some(notify) = &self.notify {
            let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
            let micros = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
            notify.send(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
        }
    }

    /// Feeds the watchdog if it is time and there was progress.
    pub fn beat(&mut self, handles: &Handles, draining: bool) {
        let (Some(beat), Some(notify)) = (self.beat, &self.notify) else { return };
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + beat;
        let looks: Vec<u64> = handles.files.iter().flatten().map(|files| files.looks()).collect();
        let moved = |(now, before): (&u64, &u64)| now > before;
        // The first look may take long, and at the end there are none; how long that takes has a bound of its own.
        if draining || self.looks.is_empty() || looks.iter().zip(&self.looks).all(moved) {
            notify.send("WATCHDOG=1");
        }
        self.looks = looks;
    }

    /// When [`beat`](Service::beat) is due, if that is before `until`.
    pub fn due(&self, until: Option<Instant>) -> Option<Instant> {
        let due = self.beat.and(self.notify.as_ref()).map(|_| self.next);
        due.into_iter().chain(until).min()
    }
}

impl Notify {
    /// An absolute path, or the name of an abstract socket after `@`.
    fn open(name: &str) -> Option<Notify> {
        let address = match name.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name),
            None => SocketAddr::from_pathname(name),
        };
        let socket = UnixDatagram::unbound().ok()?;
        // A service manager that does not listen must not hold up anything.
        socket.set_nonblocking(true).ok()?;
        Some(Notify { socket, address: address.ok()? })
    }

    fn send(&self, text: &str) {
        // Nobody is left to hear of it.
        let _ = self.socket.send_to_addr(text.as_bytes(), &self.address);
    }
}

//! Hot reload of policies and key rings, in a thread of its own: nothing of it is on the way of a record.
//!
//! A signal, a request, a hint of the system or a look at the content every few seconds starts it; what comes close together
//! is one attempt, made when the files have been quiet. Gates find what is new at their next border between two batches.

mod attempt;
mod config;
pub mod last_good;
mod print;
mod reloader;
mod watch;

use std::io;
use std::mem::take;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::Tell;
use super::handles::Handles;
use crate::pipeline::{Wake, Waker};
use crate::policies::Part;
pub use attempt::{Outcome, Reloaded};
pub use config::{Change, Written};
pub use print::Print;
use reloader::Reloader;

/// What one attempt led to.
#[derive(Clone, Debug)]
pub struct Report {
    /// By policy.
    pub policies: Vec<Reloaded>,
    /// The key ring, if its file has changed: why the old one stays, if it does.
    pub ring: Option<Result<(), String>>,
}

/// Asks for reloads, from any thread.
pub struct Reload {
    asked: Mutex<Asked>,
    waker: Waker,
}

#[derive(Default)]
struct Asked {
    any: bool,
    waiting: Vec<Sender<Report>>,
}

/// What the files were when what is in force was made of them.
pub struct Known {
    /// By policy, all its files.
    pub parts: Vec<Vec<Part>>,
    /// The key ring.
    pub ring: Option<Print>,
    /// The configuration.
    pub config: Option<Written>,
    /// Where the last good policies are kept.
    pub data_dir: Option<PathBuf>,
}

impl Reload {
    /// Wakes the thread that waits at the other end.
    pub fn new(waker: Waker) -> Reload {
        Reload { asked: Mutex::default(), waker }
    }

    /// Asks for an attempt and does not wait for it.
    pub fn ask(&self) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).any = true;
        self.waker.nudge();
    }

    /// Asks for an attempt and waits for what it leads to. `None` if that takes too long.
    pub fn ask_and_wait(&self, time: Duration) -> Option<Report> {
        let (answer, answered) = channel();
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).waiting.push(answer);
        self.waker.nudge();
        answered.recv_timeout(time).ok()
    }

    /// The thread looks whether it is to end.
    pub fn nudge(&self) {
        self.waker.nudge();
    }

    fn taken(&self) -> Asked {
        take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Starts the thread that reloads, until a stop is asked for.
///
/// # Errors
/// If the system refuses a thread.
pub fn start(handles: Arc<Handles>, known: Known, wake: Wake, tell: Tell) -> io::Result<()> {
    let reloader = Reloader::new(handles, &known, tell);
    thread::Builder::new().name("reload".to_owned()).spawn(move || reloader.run(known, &wake))?;
    Ok(())
}

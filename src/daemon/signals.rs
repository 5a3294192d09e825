//! Signals: the first TERM or INT asks for an orderly end, the second ends the process at once; HUP reloads, USR1 opens
//! output files anew. Handlers only set flags and write a byte; [`run`](super::run) looks when it is woken.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::{flag, low_level};

/// Exit status when a second signal ends the process, by signal. For a filter HUP acts like TERM.
const STATUS: [(i32, i32); 3] = [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 143)];

/// What was asked for from outside, and the pipe that wakes whoever waits for it.
pub struct Signals {
    stop: Arc<AtomicBool>,
    reload: Arc<AtomicBool>,
    reopen: Arc<AtomicBool>,
    read: OwnedFd,
    write: Arc<OwnedFd>,
}

/// Wakes the thread that waits for signals: something else has happened.
#[derive(Clone)]
pub struct Bell(Arc<OwnedFd>);

impl Signals {
    /// Of a filter: INT, TERM and HUP ask for a stop.
    ///
    /// # Errors
    /// If the system refuses a pipe or a handler.
    pub fn filter() -> io::Result<Signals> {
        let signals = Signals::none()?;
        let ignored = ignored_signals();
        STATUS.into_iter().try_for_each(|(signal, status)| signals.stop_on(signal, status, ignored))?;
        Ok(signals)
    }

    /// Of a daemon: INT and TERM ask for a stop, HUP for a reload, USR1 for output files to be opened anew.
    ///
    /// # Errors
    /// If the system refuses a pipe or a handler.
    pub fn daemon() -> io::Result<Signals> {
        let signals = Signals::none()?;
        let ignored = ignored_signals();
        STATUS[..2].iter().try_for_each(|&(signal, status)| signals.stop_on(signal, status, ignored))?;
        for (signal, flag) in [(SIGHUP, &signals.reload), (SIGUSR1, &signals.reopen)] {
            flag::register(signal, Arc::clone(flag))?;
            low_level::pipe::register(signal, signals.descriptor()?)?;
        }
        Ok(signals)
    }

    /// Of a run that no signal reaches.
    ///
    /// # Errors
    /// If the system refuses a pipe.
    pub fn none() -> io::Result<Signals> {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        Ok(Signals {
            stop: Arc::default(),
            reload: Arc::default(),
            reopen: Arc::default(),
            read,
            write: Arc::new(write),
        })
    }

    /// A signal that was ignored when the process began (`nohup`, a background job) stays ignored.
    fn stop_on(&self, signal: i32, status: i32, ignored: u64) -> io::Result<()> {
        if ignored >> (signal - 1) & 1 == 1 {
            return Ok(());
        }
        // Actions run in this order: the second signal finds the flag set and never returns.
        flag::register_conditional_shutdown(signal, status, Arc::clone(&self.stop))?;
        flag::register(signal, Arc::clone(&self.stop))?;
        low_level::pipe::register(signal, self.descriptor()?)?;
        Ok(())
    }

    /// Of its own, for a signal handler.
    fn descriptor(&self) -> io::Result<OwnedFd> {
        self.write.as_fd().try_clone_to_owned()
    }

    /// The flag that a stop sets.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Asks for a stop from another thread, as a signal would.
    pub fn stopper(&self) -> impl FnOnce() + Send + 'static {
        let (stop, bell) = (self.stop_flag(), self.bell());
        move || {
            stop.store(true, Ordering::Release);
            bell.ring();
        }
    }

    /// Whether a stop was asked for.
    pub fn stop_asked(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Whether a reload was asked for since the last look.
    pub fn reload_asked(&self) -> bool {
        self.reload.swap(false, Ordering::AcqRel)
    }

    /// Whether output files are to be opened anew since the last look.
    pub fn reopen_asked(&self) -> bool {
        self.reopen.swap(false, Ordering::AcqRel)
    }

    /// What wakes [`wait`](Signals::wait).
    pub fn bell(&self) -> Bell {
        Bell(Arc::clone(&self.write))
    }

    /// Waits for a signal, the bell, or `until`.
    pub fn wait(&self, until: Option<Instant>) {
        let left = until.map(|until| {
            let left = until.saturating_duration_since(Instant::now());
            Timespec { tv_sec: left.as_secs().min(3600) as i64, tv_nsec: i64::from(left.subsec_nanos()) }
        });
        let mut fds = [PollFd::new(&self.read, PollFlags::IN)];
        if poll(&mut fds, left.as_ref()) == Err(Errno::INTR) {
            return;
        }
        let mut bytes = [0; 64];
        while matches!(rustix::io::read(&self.read, &mut bytes), Ok(64)) {}
    }
}

impl Bell {
    /// Wakes it.
    pub fn ring(&self) {
        // A full pipe wakes as well as one byte more.
        let _ = rustix::io::write(&*self.0, &[0]);
    }
}

/// Bit `n - 1` is set for each signal `n` that this process ignores. Where the system does not tell, none.
pub fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

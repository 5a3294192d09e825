//! Waiting for input without missing that somebody wants us to stop.
//!
//! A read that waits for a quiet application must end when a signal arrives and when a sink fails. Both write a byte
//! into one pipe; the source polls that pipe together with its input, and standard output for a reader that left.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

/// The source's end.
pub struct Wake {
    pipe: OwnedFd,
    stop: Arc<AtomicBool>,
    sink_ended: Arc<AtomicBool>,
    /// Watched for a reader that goes away; only pipes and sockets tell.
    output: Option<OwnedFd>,
}

/// The other end.
#[derive(Clone)]
pub struct Waker {
    pipe: Arc<OwnedFd>,
    stop: Arc<AtomicBool>,
    sink_ended: Arc<AtomicBool>,
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// There is something to read, or the end of it.
    Input,
    /// Nothing to read now (only when asked not to wait for ever), or a nudge.
    Pause,
    /// A stop was asked for, and the caller honours it.
    Stop,
    /// Nobody reads the output any more, or a sink ended.
    OutputGone,
}

impl Wake {
    /// A pair of ends. `output` is the descriptor whose reader may leave, `stop` the flag that asks for a stop; whoever
    /// sets it then calls [`Waker::nudge`].
    pub fn new(output: Option<OwnedFd>, stop: Arc<AtomicBool>) -> io::Result<(Wake, Waker)> {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        let sink_ended = Arc::new(AtomicBool::new(false));
        let waker =
            Waker { pipe: Arc::new(write), stop: Arc::clone(&stop), sink_ended: Arc::clone(&sink_ended) };
        Ok((Wake { pipe: read, stop, sink_ended, output }, waker))
    }

    /// Whether a stop was asked for.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// A descriptor that can be read when [`wait_for`](Wake::wait_for) has something to say: for sources that wait for more
    /// than a poll can tell of.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        self.pipe.try_clone()
    }

    /// Waits until `input` can be read, or something else happens; with `pause_only`, looks and does not wait.
    /// `honour_stop` is false for a source that is to be drained to its end whatever signals say.
    pub fn wait(&self, input: BorrowedFd<'_>, honour_stop: bool, pause_only: bool) -> io::Result<Ready> {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        loop {
            if self.sink_ended.load(Ordering::Acquire) {
                return Ok(Ready::OutputGone);
            }
            if honour_stop && self.stopped() {
                return Ok(Ready::Stop);
            }
            let mut fds = Vec::with_capacity(3);
            fds.push(PollFd::from_borrowed_fd(input, PollFlags::IN));
            fds.push(PollFd::new(&self.pipe, PollFlags::IN));
            if let Some(output) = &self.output {
                // Errors and hang-ups are reported without being asked for.
                fds.push(PollFd::new(output, PollFlags::empty()));
            }
            match poll(&mut fds, pause_only.then_some(&now)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let gone = PollFlags::ERR | PollFlags::HUP;
            if fds.get(2).is_some_and(|output| output.revents().intersects(gone)) {
                return Ok(Ready::OutputGone);
            }
            if !fds[1].revents().is_empty() {
                // The flags say what it was.
                self.empty_pipe();
                continue;
            }
            if !fds[0].revents().is_empty() {
                return Ok(Ready::Input);
            }
            if pause_only {
                return Ok(Ready::Pause);
            }
        }
    }

    /// Waits until `input` can be read, a nudge comes, `time` has passed, or something else happens: for sources that look
    /// after more than one thing.
    pub fn wait_for(
        &self,
        input: Option<BorrowedFd<'_>>,
        time: Duration,
        honour_stop: bool,
    ) -> io::Result<Ready> {
        let time = Timespec { tv_sec: time.as_secs() as i64, tv_nsec: i64::from(time.subsec_nanos()) };
        let mut fds = Vec::with_capacity(2);
        fds.push(PollFd::new(&self.pipe, PollFlags::IN));
        fds.extend(input.map(|input| PollFd::from_borrowed_fd(input, PollFlags::IN)));
        let stop = || honour_stop && self.stopped();
        if !stop() && !self.sink_ended.load(Ordering::Acquire) {
            match poll(&mut fds, Some(&time)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let readable = fds.get(1).is_some_and(|input| !input.revents().is_empty());
        if !fds[0].revents().is_empty() {
            self.empty_pipe();
        }
        Ok(if self.sink_ended.load(Ordering::Acquire) {
            Ready::OutputGone
        } else if stop() {
            Ready::Stop
        } else if readable {
            Ready::Input
        } else {
            Ready::Pause
        })
    }

    fn empty_pipe(&self) {
        let mut bytes = [0; 64];
        while matches!(rustix::io::read(&self.pipe, &mut bytes), Ok(64)) {}
    }
}

impl Waker {
    /// A sink has ended, well or not: nobody will take more batches.
    pub fn sink_ended(&self) {
        self.sink_ended.store(true, Ordering::Release);
        self.nudge();
    }

    /// Ends the source's wait: there is something to look at.
    pub fn nudge(&self) {
        // A full pipe wakes as well as one byte more.
        let _ = rustix::io::write(&*self.pipe, &[0]);
    }

    /// Asks for a stop, as a signal does.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.nudge();
    }
}

//! Standard output, and standard error for what a command says there: plain bytes into a pipe or file, made safe and readable on a terminal.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::SinkError;
use super::terminal::{self, Style};

/// Writes batches to a standard stream, each with as few system calls as it takes.
pub struct Stdout {
    output: OwnedFd,
    /// What messages call it.
    name: &'static str,
    style: Style,
    /// The batch as a terminal sees it; unused when `style` is plain.
    painted: Vec<u8>,
}

impl Stdout {
    /// Standard output of this process.
    pub fn new(style: Style) -> io::Result<Stdout> {
        let output = io::stdout().as_fd().try_clone_to_owned()?;
        Ok(Stdout { output, name: "standard output", style, painted: Vec::new() })
    }

    /// Standard error of this process.
    pub fn error(style: Style) -> io::Result<Stdout> {
        let output = io::stderr().as_fd().try_clone_to_owned()?;
        Ok(Stdout { output, name: "standard error", style, painted: Vec::new() })
    }

    pub(super) fn write(&mut self, lines: &[u8]) -> Result<(), SinkError> {
        if self.style.is_plain() {
            return self.write_all(lines);
        }
        let mut painted = std::mem::take(&mut self.painted);
        painted.clear();
        terminal::paint(lines, self.style, &mut painted);
        let written = self.write_all(&painted);
        self.painted = painted;
        written
    }

    /// Writes everything, also to a descriptor that somebody else has set to non-blocking.
    fn write_all(&self, mut bytes: &[u8]) -> Result<(), SinkError> {
        let failed = |source| SinkError::Write { to: self.name, source };
        while !bytes.is_empty() {
            match rustix::io::write(&self.output, bytes) {
                Ok(0) => return Err(failed(io::ErrorKind::WriteZero.into())),
                Ok(written) => bytes = &bytes[written..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    // A failed wait only means an early next try.
                    let _ = poll(&mut [PollFd::new(&self.output, PollFlags::OUT)], None);
                }
                Err(Errno::PIPE) => return Err(SinkError::Closed(self.name)),
                Err(errno) => return Err(failed(errno.into())),
            }
        }
        Ok(())
    }
}

//! Standard output: plain bytes into a pipe or file, made safe and readable on a terminal.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::SinkError;
use super::terminal::{self, Style};

/// Writes batches to standard output, each with as few system calls as it takes.
pub struct Stdout {
    output: OwnedFd,
    style: Style,
    /// The batch as a terminal sees it; unused when `style` is plain.
    painted: Vec<u8>,
}

impl Stdout {
    /// Standard output of this process.
    pub fn new(style: Style) -> io::Result<Stdout> {
        Ok(Stdout { output: io::stdout().as_fd().try_clone_to_owned()?, style, painted: Vec::new() })
    }

    pub(super) fn write(&mut self, lines: &[u8]) -> Result<(), SinkError> {
        if self.style.is_plain() {
            return write_all(&self.output, lines);
        }
        self.painted.clear();
        terminal::paint(lines, self.style, &mut self.painted);
        write_all(&self.output, &self.painted)
    }
}

/// Writes everything, also to a descriptor that somebody else has set to non-blocking.
fn write_all(output: &OwnedFd, mut bytes: &[u8]) -> Result<(), SinkError> {
    while !bytes.is_empty() {
        match rustix::io::write(output, bytes) {
            Ok(0) => return Err(SinkError::Write(io::ErrorKind::WriteZero.into())),
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                // A failed wait only means an early next try.
                let _ = poll(&mut [PollFd::new(output, PollFlags::OUT)], None);
            }
            Err(Errno::PIPE) => return Err(SinkError::Closed),
            Err(errno) => return Err(SinkError::Write(errno.into())),
        }
    }
    Ok(())
}

//! One thing to read: standard input or a file.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

/// Where an input is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Standard input.
    Stdin,
    /// A file, or anything with a path that can be read like one: a FIFO, a device.
    File(PathBuf),
    /// What is open already: the other end of a program's output.
    Open(Descriptor),
}

/// An open descriptor and what messages call it.
#[derive(Clone, Debug)]
pub struct Descriptor {
    /// Closed when the last copy is gone: then whoever writes to it finds it closed.
    pub descriptor: Arc<OwnedFd>,
    /// `standard output of the command`, for instance.
    pub name: &'static str,
}

impl PartialEq for Descriptor {
    fn eq(&self, other: &Descriptor) -> bool {
        Arc::ptr_eq(&self.descriptor, &other.descriptor)
    }
}

impl Eq for Descriptor {}

/// An open input.
pub struct Input {
    origin: Origin,
    file: File,
    size: Option<u64>,
}

/// What a request to stop does to the reading of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStop {
    /// Read on to its end: whoever writes into our standard input is about to end by the same signal, and its last
    /// lines must not be lost.
    ReadOn,
    /// Take it for the end of the input: a person at a terminal has said everything.
    Finish,
    /// Leave the rest unread, and say so.
    Leave,
}

/// An input that could not be opened or read. Says which and why, never what was in it.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It is not there.
    #[error("no such file")]
    Missing(PathBuf),
    /// It is a directory.
    #[error("is a directory")]
    Directory(PathBuf),
    /// It is also where the output goes: reading it would never end.
    #[error("input file is output file")]
    IsOutput(PathBuf),
    /// Opening it failed.
    #[error("cannot open: {1}")]
    Open(PathBuf, #[source] io::Error),
    /// Reading it failed midway; what was read before is delivered, except an unfinished line.
    #[error("cannot read: {1}")]
    Read(PathBuf, #[source] io::Error),
}

impl Input {
    /// Opens `origin` for reading. Does not block, not even on a FIFO that nobody writes to yet.
    pub fn open(origin: &Origin) -> Result<Input, SourceError> {
        let name = origin.name().to_path_buf();
        let file: File = match origin {
            Origin::Stdin => io::stdin()
                .as_fd()
                .try_clone_to_owned()
                .map_err(|error| SourceError::Open(name.clone(), error))?
                .into(),
            Origin::Open(open) => {
                open.descriptor.try_clone().map_err(|error| SourceError::Open(name.clone(), error))?.into()
            }
            Origin::File(path) => {
                let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
                rustix::fs::open(path, flags, Mode::empty())
                    .map_err(|errno| match errno {
                        Errno::NOENT => SourceError::Missing(name.clone()),
                        errno => SourceError::Open(name.clone(), errno.into()),
                    })?
                    .into()
            }
        };
        let stat = rustix::fs::fstat(&file).map_err(|errno| SourceError::Open(name.clone(), errno.into()))?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind == FileType::Directory {
            return Err(SourceError::Directory(name));
        }
        let regular = kind == FileType::RegularFile;
        if regular && is_stdout(&stat) {
            return Err(SourceError::IsOutput(name));
        }
        let size = regular.then_some(u64::try_from(stat.st_size).unwrap_or(0));
        Ok(Input { origin: origin.clone(), file, size })
    }

    /// Its size in bytes, if it is a regular file.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// What a first signal does to the reading of it.
    pub fn on_stop(&self) -> OnStop {
        match self.origin {
            Origin::File(_) => OnStop::Leave,
            Origin::Open(_) => OnStop::Finish,
            Origin::Stdin if self.file.is_terminal() => OnStop::Finish,
            Origin::Stdin => OnStop::ReadOn,
        }
    }

    /// What to poll.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Reads once. `None`: nothing there after all (a descriptor shared with somebody who set it non-blocking).
    pub fn read(&mut self, space: &mut [u8]) -> Result<Option<usize>, SourceError> {
        loop {
            match rustix::io::read(&self.file, &mut *space) {
                Ok(bytes) => return Ok(Some(bytes)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(None),
                Err(errno) => return Err(self.failed(errno.into())),
            }
        }
    }

    /// An error of this input's.
    pub fn failed(&self, error: io::Error) -> SourceError {
        SourceError::Read(self.origin.name().to_path_buf(), error)
    }
}

impl Origin {
    /// How it is called in messages.
    pub fn name(&self) -> &Path {
        match self {
            Origin::Stdin => Path::new("standard input"),
            Origin::File(path) => path,
            Origin::Open(open) => Path::new(open.name),
        }
    }
}

impl SourceError {
    /// The input's name.
    pub fn path(&self) -> &Path {
        match self {
            SourceError::Missing(path)
            | SourceError::Directory(path)
            | SourceError::IsOutput(path)
            | SourceError::Open(path, _)
            | SourceError::Read(path, _) => path,
        }
    }
}

fn is_stdout(input: &rustix::fs::Stat) -> bool {
    rustix::fs::fstat(rustix::stdio::stdout())
        .is_ok_and(|output| (output.st_dev, output.st_ino) == (input.st_dev, input.st_ino))
}

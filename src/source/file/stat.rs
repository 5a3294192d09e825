//! What the system says about a path, and opening what it said it of.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// The number of a file and that of its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Id {
    pub device: u64,
    pub inode: u64,
}

/// What there is to know without reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub id: Id,
    pub size: u64,
    /// Last write, in nanoseconds since 1970.
    pub modified: i64,
    /// Last change of content or of what is known about it, in nanoseconds since 1970.
    pub changed: i64,
    /// Names that it has.
    pub links: u64,
    pub regular: bool,
    pub directory: bool,
}

impl Stat {
    /// Of what the path leads to, through symlinks.
    pub fn of(path: &Path) -> io::Result<Stat> {
        std::fs::metadata(path).map(|meta| Stat::new(&meta))
    }

    /// Of an open file.
    pub fn of_file(file: &File) -> io::Result<Stat> {
        file.metadata().map(|meta| Stat::new(&meta))
    }

    fn new(meta: &std::fs::Metadata) -> Stat {
        let time = |seconds: i64, nanos: i64| seconds.saturating_mul(1_000_000_000).saturating_add(nanos);
        Stat {
            id: Id { device: meta.dev(), inode: meta.ino() },
            size: meta.len(),
            modified: time(meta.mtime(), meta.mtime_nsec()),
            changed: time(meta.ctime(), meta.ctime_nsec()),
            links: meta.nlink(),
            regular: meta.is_file(),
            directory: meta.is_dir(),
        }
    }
}

/// Opens the regular file that `path` leads to, if it still is `id`: between a look and the opening, anything may have
/// taken its place. Waits for nothing, and changes nothing about a device or a pipe that is there now.
pub(super) fn open(path: &Path, id: Id) -> io::Result<Option<File>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY;
    let opened = match rustix::fs::open(path, flags, Mode::empty()) {
        // A symlink: opened where it leads, if no symlink has been put there meanwhile.
        Err(Errno::LOOP) => rustix::fs::open(std::fs::canonicalize(path)?, flags, Mode::empty()),
        opened => opened,
    };
    let file = File::from(opened?);
    let stat = Stat::of_file(&file)?;
    Ok((stat.id == id && stat.regular).then_some(file))
}

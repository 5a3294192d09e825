//! Hints of the system about changed files (inotify on their directories). A hint only makes a look earlier: where none
//! come, or some are lost, the next look at all files finds the same.
//!
//! It is read when the source waits, by the descriptor that it waits on: no thread, and no queue but the kernel's, which
//! merges repeated writes and says when it overflows.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};

use super::stat::Id;

/// Watched directories.
pub(super) struct Watch {
    inotify: Option<OwnedFd>,
    watched: HashMap<PathBuf, (Id, i32)>,
    paths: HashMap<i32, PathBuf>,
    /// A directory could not be watched, which was not told yet.
    pub failed: Option<io::Error>,
    /// A directory that files were found through cannot be relied on to tell of all changes.
    untold: bool,
}

/// File systems on which the kernel sees every write: statfs(2) has their numbers. On those of a network, in user space or in
/// layers, others may write unseen.
const TELLING: [u32; 5] = [
    0xEF53,      // ext2 to ext4
    0x5846_5342, // XFS
    0x9123_683E, // Btrfs
    0x0102_1994, // tmpfs
    0xF2F5_2010, // F2FS
];

/// What may have changed.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// Files that were written.
    pub written: Vec<PathBuf>,
    /// Something came, went or was renamed, or hints were lost.
    pub all: bool,
}

impl Watch {
    /// Nothing watched yet. Without inotify there are no hints.
    pub fn new() -> Watch {
        let (inotify, failed) = match inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC) {
            Ok(inotify) => (Some(inotify), None),
            Err(errno) => (None, Some(errno.into())),
        };
        Watch { untold: inotify.is_none(), inotify, failed, watched: HashMap::new(), paths: HashMap::new() }
    }

    /// Without hints.
    #[cfg(test)]
    pub fn none() -> Watch {
        Watch { inotify: None, watched: HashMap::new(), paths: HashMap::new(), failed: None, untold: true }
    }

    /// What to wait on.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.inotify.as_ref().map(AsFd::as_fd)
    }

    /// Whether a change of any file that was found would be hinted at.
    pub fn tells(&self) -> bool {
        !self.untold
    }

    /// A file was found that is written elsewhere: it is a symlink.
    pub fn found_link(&mut self) {
        self.untold = true;
    }

    /// Watches the directory that `path` leads to, which is `id`.
    pub fn add(&mut self, path: &Path, id: Id) {
        let Some(inotify) = &self.inotify else { return };
        let telling = rustix::fs::statfs(path).is_ok_and(|about| TELLING.contains(&(about.f_type as u32)));
        let here = std::fs::canonicalize(path).is_ok_and(|real| real == path);
        self.untold |= !telling || !here;
        let known = self.watched.get(path);
        if known.is_some_and(|&(known, _)| known == id) {
            return;
        }
        if let Some(&(_, old)) = known {
            // Another directory has taken its place. The old one may be gone, and its watch with it.
            let _ = inotify::remove_watch(inotify, old);
            self.paths.remove(&old);
        }
        let flags = WatchFlags::MODIFY
            | WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::ATTRIB
            | WatchFlags::ONLYDIR;
        match inotify::add_watch(inotify, path, flags) {
            Ok(watch) => {
                self.watched.insert(path.to_path_buf(), (id, watch));
                self.paths.insert(watch, path.to_path_buf());
            }
            Err(errno) => {
                self.watched.remove(path);
                self.untold = true;
                self.failed.get_or_insert(errno.into());
            }
        }
    }

    /// Takes all hints that have come.
    pub fn hints(&mut self) -> Hints {
        let mut hints = Hints::default();
        let Some(inotify) = &self.inotify else { return hints };
        let mut buffer = [MaybeUninit::uninit(); 16 << 10];
        let mut reader = Reader::new(inotify, &mut buffer);
        while let Ok(event) = reader.next() {
            let directory = self.paths.get(&event.wd());
            match (event.events().contains(ReadFlags::MODIFY), directory, event.file_name()) {
                (true, Some(directory), Some(name)) => {
                    hints.written.push(directory.join(OsStr::from_bytes(name.to_bytes())));
                }
                _ => hints.all = true,
            }
            if event.events().contains(ReadFlags::IGNORED)
                && let Some(path) = self.paths.remove(&event.wd())
            {
                self.watched.remove(&path);
            }
        }
        hints.written.dedup();
        hints
    }
}

#[cfg(test)]
mod tests {
    use super::super::stat::Stat;
    use super::*;
    use std::fs;

    #[test]
    fn writes_name_the_file_and_all_else_asks_for_a_look() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("a.log");
        let mut watch = Watch::new();
        watch.add(scratch.path(), Stat::of(scratch.path()).unwrap().id);
        fs::write(&file, "x").unwrap();
        let hints = watch.hints();
        assert!(hints.all && hints.written == [file.clone()], "{hints:?}");
        fs::OpenOptions::new()
            .append(true)
            .open(&file)
            .and_then(|mut f| io::Write::write_all(&mut f, b"y"))
            .unwrap();
        let hints = watch.hints();
        assert!(!hints.all && hints.written == [file], "{hints:?}");
        let hints = watch.hints();
        assert!(!hints.all && hints.written.is_empty());
        drop(scratch);
        assert!(watch.hints().all);
        assert!(watch.watched.is_empty());
    }
}

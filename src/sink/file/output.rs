//! An output file: appended to in whole pieces, made durable together with its name, cut back to its last whole line when
//! it is opened.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{FlockOperation, OFlags};
use rustix::io::Errno;

/// An open output file. One process has it at a time.
pub struct Output {
    file: File,
    /// End of what was appended whole.
    len: u64,
    /// Bytes after `len` may be there, of a piece that did not fit.
    torn: bool,
    /// Something was appended since the last sync.
    dirty: bool,
    begun: SystemTime,
}

/// Why a file cannot be an output. The path is told by whoever shows it.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The system refused.
    #[error("{0}")]
    System(#[from] io::Error),
    /// A directory, FIFO, socket or device.
    #[error("it is not a regular file")]
    NotAFile,
    /// Another process writes it, or another sink.
    #[error("another process writes it")]
    Locked,
}

impl Output {
    /// Opens `path`, or makes it with mode 0600. What stands behind its last newline is the beginning of a line whose rest
    /// a crash swallowed, and is cut off.
    ///
    /// # Errors
    /// If the system refuses, or it is no regular file, or somebody else has it.
    pub fn open(path: &Path) -> Result<Output, OutputError> {
        let existed = fs::symlink_metadata(path).is_ok();
        // Reading is for the search of the last newline. Without O_NONBLOCK a FIFO would make the open wait.
        let flags = OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(i32::try_from(flags.bits()).unwrap_or(0))
            .open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(OutputError::NotAFile);
        }
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(OutputError::Locked),
            // Some network file systems have no locks.
            Err(Errno::NOTSUP | Errno::NOLCK) => {}
            Err(errno) => return Err(OutputError::System(errno.into())),
        }
        if !existed {
            sync_directory(path)?;
        }
        let mut output = Output {
            len: about.len(),
            torn: false,
            dirty: false,
            begun: about.created().unwrap_or_else(|_| SystemTime::now()),
            file,
        };
        output.cut_back()?;
        if output.len == 0 {
            output.begun = SystemTime::now();
        }
        Ok(output)
    }

    /// Bytes in it.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// When it was begun.
    pub fn begun(&self) -> SystemTime {
        self.begun
    }

    /// Whether nobody would find any more what is appended: the file was deleted.
    pub fn is_deleted(&self) -> bool {
        self.file.metadata().is_ok_and(|about| about.nlink() == 0)
    }

    /// Whether it is the file that has this path now.
    pub fn is_at(&self, path: &Path) -> bool {
        let identity = |about: fs::Metadata| (about.dev(), about.ino());
        self.file
            .metadata()
            .is_ok_and(|ours| fs::metadata(path).is_ok_and(|there| identity(ours) == identity(there)))
    }

    /// Appends all of `lines`, which end in a newline or get one, or nothing.
    ///
    /// # Errors
    /// If the system refuses; what was written of it is taken back, now or before the next piece.
    pub fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let size = self.file.metadata()?.len();
        if self.torn && size > self.len {
            self.file.set_len(self.len)?;
        } else if size < self.len {
            // Somebody truncated it, as `logrotate` does with `copytruncate`.
            self.len = size;
        }
        self.torn = true;
        write_all(&self.file, lines)?;
        let mut written = lines.len() as u64;
        if lines.last().is_some_and(|&last| last != b'\n') {
            write_all(&self.file, b"\n")?;
            written += 1;
        }
        self.len += written;
        self.torn = false;
        self.dirty = true;
        Ok(())
    }

    /// Takes back what a failed [`append`](Output::append) left behind, if there is anything.
    pub fn mend(&mut self) {
        if self.torn && self.file.set_len(self.len).is_ok() {
            self.torn = false;
        }
    }

    /// Waits until all of it is on disk.
    ///
    /// # Errors
    /// If it may not be. The kernel says so once: after an error nothing that this descriptor wrote can be believed.
    pub fn sync(&mut self) -> io::Result<()> {
        if !self.dirty {
            return Ok(());
        }
        #[cfg(debug_assertions)]
        failpoint::sync()?;
        rustix::fs::fdatasync(&self.file)?;
        self.dirty = false;
        Ok(())
    }

    /// The longest beginning that ends in a newline.
    fn cut_back(&mut self) -> io::Result<()> {
        let mut end = self.len;
        let mut block = [0; 8192];
        while end > 0 {
            let start = end.saturating_sub(block.len() as u64);
            let part = &mut block[..(end - start) as usize];
            self.file.seek(SeekFrom::Start(start))?;
            self.file.read_exact(part)?;
            if let Some(newline) = memchr::memrchr(b'\n', part) {
                end = start + newline as u64 + 1;
                break;
            }
            end = start;
        }
        if end < self.len {
            self.file.set_len(end)?;
            self.file.sync_data()?;
            self.len = end;
        }
        Ok(())
    }
}

/// Makes names in the directory of `path` durable: created, renamed, gone.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

fn write_all(file: &File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(file, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// For tests: `REDACTD_FAIL_SYNC=3` makes the third sync of the process fail, `3+` that one and all after it.
#[cfg(debug_assertions)]
mod failpoint {
    use std::io;
    use std::sync::atomic::{AtomicU32, Ordering};

    static SYNCS: AtomicU32 = AtomicU32::new(0);

    pub fn sync() -> io::Result<()> {
        let Ok(which) = std::env::var("REDACTD_FAIL_SYNC") else { return Ok(()) };
        let now = SYNCS.fetch_add(1, Ordering::Relaxed) + 1;
        let (first, rest) = which.strip_suffix('+').map_or((which.as_str(), false), |first| (first, true));
        let first: u32 = first.parse().unwrap_or(u32::MAX);
        if now == first || (rest && now > first) {
            return Err(rustix::io::Errno::IO.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_torn_last_line_is_cut_back_when_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        for (before, after) in [
            ("", ""),
            ("one\n", "one\n"),
            ("one\ntwo", "one\n"),
            ("torn", ""),
            (&format!("one\n{}", "x".repeat(20_000)), "one\n"),
        ] {
            fs::write(&path, before).unwrap();
            let mut output = Output::open(&path).unwrap();
            output.append(b"next\n").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{after}next\n"));
        }
    }

    #[test]
    fn a_new_file_is_private_and_has_one_writer() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let mut output = Output::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert!(matches!(Output::open(&path), Err(OutputError::Locked)));
        output.append(b"no newline").unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap(), output.len()), ("no newline\n".to_owned(), 11));
        assert!(matches!(Output::open(dir.path()), Err(OutputError::System(_))));
        assert!(matches!(Output::open(Path::new("/dev/null")), Err(OutputError::NotAFile)));
        fs::remove_file(&path).unwrap();
        assert!(output.is_deleted());
    }

    #[test]
    fn a_file_that_somebody_truncated_is_appended_to_at_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let mut output = Output::open(&path).unwrap();
        output.append(b"a long first line\n").unwrap();
        File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
        output.append(b"next\n").unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), output.len()), ("next\n", 5));
    }
}

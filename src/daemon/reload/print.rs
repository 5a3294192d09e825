//! Whether files are still what they were: their content, and whether others may write them. Never leaves the process.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::limits::POLICY_BYTES_MAX;

/// What a file is at one moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Print([u8; 32]);

impl Print {
    /// Equal to none that [`of`](Print::of) gives.
    pub const STALE: Print = Print([0; 32]);

    /// Of a file, which need not be there.
    pub fn of(path: &Path) -> Print {
        Print::taken(path, None)
    }

    /// Of a file that said `text` a moment ago; [`STALE`](Print::STALE) if it says something else by now.
    pub fn of_text(path: &Path, text: &str) -> Print {
        Print::taken(path, Some(text.as_bytes()))
    }

    fn taken(path: &Path, known: Option<&[u8]>) -> Print {
        let mut hash = Sha256::new();
        match read(path) {
            Ok((_, bytes)) if known.is_some_and(|known| known != bytes) => return Print::STALE,
            Ok((mode, bytes)) => {
                hash.update(mode.to_be_bytes());
                hash.update(&bytes);
            }
            Err(_) if known.is_some() => return Print::STALE,
            Err(error) => hash.update(error.kind().to_string()),
        }
        Print(hash.finalize().into())
    }
}

/// Mode and content. What is too large for every purpose is cut: it is refused elsewhere, for its size.
fn read(path: &Path) -> std::io::Result<(u32, Vec<u8>)> {
    // A FIFO without a writer would make the open wait.
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let file = File::options().read(true).custom_flags(nonblock).open(path)?;
    let mode = file.metadata()?.mode();
    let mut bytes = Vec::new();
    file.take(POLICY_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok((mode, bytes))
}

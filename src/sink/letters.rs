//! Dead letters: redacted records that the receiver refused for good, as they were, one per line.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use crate::sink::file::{Output, OutputError};

/// The file of one sink. It is made when there is something to keep.
pub struct Letters {
    path: PathBuf,
    output: Option<Output>,
}

impl Letters {
    /// Kept under this path.
    pub fn new(path: PathBuf) -> Letters {
        Letters { path, output: None }
    }

    /// Returns when all of it is on disk.
    ///
    /// # Errors
    /// If it may not be. Tried again, some of it may be there twice.
    pub fn keep<'a>(&mut self, batches: impl Iterator<Item = &'a [u8]>) -> io::Result<()> {
        let kept = self.append(batches);
        if kept.is_err() {
            // After a failed sync the descriptor is not to be believed, and opening cuts back what is torn.
            self.output = None;
        }
        kept
    }

    /// Lets go of the file: the next letter goes to what is under the path then.
    pub fn close(&mut self) {
        self.output = None;
    }

    fn append<'a>(&mut self, mut batches: impl Iterator<Item = &'a [u8]>) -> io::Result<()> {
        let output = match &mut self.output {
            Some(output) => output,
            None => {
                if let Some(directory) = self.path.parent() {
                    make_private(directory)?;
                }
                let output = Output::open(&self.path).map_err(|error| match error {
                    OutputError::System(error) => error,
                    other => io::Error::other(other),
                })?;
                self.output.insert(output)
            }
        };
        batches.try_for_each(|lines| output.append(lines))?;
        output.sync()
    }
}

fn make_private(path: &std::path::Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

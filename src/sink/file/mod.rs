//! A file of redacted lines: one path that never comes from content, appended to, rotated, on disk before anybody is told
//! that it is.
//!
//! All batches that wait are written together and synced once; only then are they confirmed. A full disk is waited out:
//! the queue fills, the sources stop, and all goes on when there is room. After a failed sync nothing that was written
//! through that descriptor is believed any more, for the kernel reports such an error once and then forgets it: what is
//! not confirmed is written again, to a new file, and a second failure ends the sink.

mod output;
mod rotation;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{SinkError, SinkEvent, Surroundings};
use crate::limits;
use crate::metrics::LastAttempt;
use crate::pipeline::{Deliveries, Delivery, Waited};
pub use output::{Output, OutputError};
pub use rotation::Rotate;

/// One sink with `type: file`.
#[derive(Clone, Debug)]
pub struct FileSettings {
    /// Where.
    pub path: PathBuf,
    /// When it is begun anew.
    pub rotate: Option<Rotate>,
    /// When it is on disk.
    pub fsync: Fsync,
}

/// When an output file is on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fsync {
    /// Before batches are confirmed.
    #[default]
    Batch,
    /// When the system thinks fit.
    Never,
}

/// Appends batches to a file.
pub struct FileSink {
    settings: FileSettings,
    output: Output,
}

/// Why a group of batches is not in the file yet.
enum Trouble {
    /// The system takes nothing at the moment.
    Write(io::Error),
    /// What was written may not be there.
    Sync(io::Error),
}

impl FileSink {
    /// Opens the file.
    ///
    /// # Errors
    /// If it cannot be an output.
    pub fn open(settings: FileSettings) -> Result<FileSink, SinkError> {
        let output = Output::open(&settings.path)
            .map_err(|source| SinkError::Open { path: settings.path.clone(), source })?;
        Ok(FileSink { settings, output })
    }

    /// Writes and confirms batches until the gates are gone.
    pub(super) fn run(mut self, batches: &Deliveries, around: &Surroundings) -> Result<(), SinkError> {
        loop {
            let waited = batches.wait(self.due());
            if around.reopen_asked() {
                self.reopen(around);
            }
            if waited == Waited::Ended {
                return Ok(());
            }
            let group = batches.drain();
            if group.is_empty() {
                self.rotate_if_due(0, around);
                continue;
            }
            self.write(&group, batches, around)?;
            group.into_iter().for_each(Delivery::confirm);
        }
    }

    /// When the file is too old though nothing comes.
    fn due(&self) -> Option<Instant> {
        let left = self.settings.rotate.as_ref()?.left(&self.output)?;
        // Never at once: should a rotation fail, it is not tried in a loop.
        Some(Instant::now() + left.max(Duration::from_secs(1)))
    }

    /// Returns when all of the group is where it is to be.
    fn write(
        &mut self,
        group: &[Delivery],
        batches: &Deliveries,
        around: &Surroundings,
    ) -> Result<(), SinkError> {
        let mut next = 0;
        let mut waiting = None;
        let mut pause = Duration::from_millis(limits::DISK_PAUSE_MS_MIN);
        let mut failed_before = false;
        loop {
            let trouble = match self.append(group, &mut next, around) {
                Ok(()) => break,
                Err(trouble) => trouble,
            };
            batches.counters().attempt(LastAttempt::Failed);
            match trouble {
                Trouble::Write(error) => {
                    self.output.mend();
                    if waiting.is_none() {
                        around.tell(SinkEvent::Waiting(self.settings.path.clone(), error));
                        waiting = Some(Instant::now());
                    }
                }
                Trouble::Sync(source) if failed_before => {
                    return Err(SinkError::Sync { path: self.settings.path.clone(), source });
                }
                Trouble::Sync(error) => {
                    failed_before = true;
                    next = 0;
                    around.tell(SinkEvent::SyncFailed(self.settings.path.clone(), error));
                    let replaced = rotation::shift(&self.settings.path, self.keep_all());
                    match replaced
                        .map_err(OutputError::System)
                        .and_then(|()| Output::open(&self.settings.path))
                    {
                        Ok(output) => self.output = output,
                        Err(source) => {
                            return Err(SinkError::Open { path: self.settings.path.clone(), source });
                        }
                    }
                    continue;
                }
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(limits::DISK_PAUSE_MS_MAX));
            if around.reopen_asked() {
                self.reopen(around);
                next = 0;
            }
        }
        batches.counters().attempt(LastAttempt::Ok);
        if let Some(since) = waiting {
            around.tell(SinkEvent::Resumed(self.settings.path.clone(), since.elapsed()));
        }
        Ok(())
    }

    /// Appends the group from `next` on and syncs it. `next` moves on with each batch.
    fn append(&mut self, group: &[Delivery], next: &mut usize, around: &Surroundings) -> Result<(), Trouble> {
        if self.output.is_deleted() {
            // Nobody would ever find it.
            self.reopen(around);
            *next = 0;
        }
        while let Some(delivery) = group.get(*next) {
            if self
                .settings
                .rotate
                .is_some_and(|rotate| rotate.is_due(&self.output, delivery.bytes().len() as u64))
            {
                self.sync()?;
                self.rotate_if_due(delivery.bytes().len() as u64, around);
            }
            self.output.append(delivery.bytes()).map_err(Trouble::Write)?;
            *next += 1;
        }
        self.sync()
    }

    fn sync(&mut self) -> Result<(), Trouble> {
        match self.settings.fsync {
            Fsync::Batch => self.output.sync().map_err(Trouble::Sync),
            Fsync::Never => Ok(()),
        }
    }

    /// Begins the file anew if it is due. Should that fail, the old one is appended to: rotation is never a reason to lose
    /// anything.
    fn rotate_if_due(&mut self, more: u64, around: &Surroundings) {
        let Some(rotate) = self.settings.rotate.filter(|rotate| rotate.is_due(&self.output, more)) else {
            return;
        };
        let path = &self.settings.path;
        let rotated =
            rotation::shift(path, rotate.keep).map_err(OutputError::System).and_then(|()| Output::open(path));
        match rotated {
            Ok(output) => self.output = output,
            Err(error) => around.tell(SinkEvent::NotRotated(path.clone(), error)),
        }
    }

    /// Opens what is under the path now. Should that fail, the old file is appended to. Between groups all is synced;
    /// within one, the caller begins the group anew.
    fn reopen(&mut self, around: &Surroundings) {
        // Our own lock is on the file that is open.
        if self.output.is_at(&self.settings.path) {
            return;
        }
        match Output::open(&self.settings.path) {
            Ok(output) => self.output = output,
            Err(error) => around.tell(SinkEvent::NotReopened(self.settings.path.clone(), error)),
        }
    }

    /// After a failed sync nothing is removed to make room for the file that may be broken.
    fn keep_all(&self) -> u32 {
        limits::ROTATED_FILES_MAX.max(self.settings.rotate.map_or(0, |rotate| rotate.keep))
    }
}

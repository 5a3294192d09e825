//! Files that others write: what a source is told about them, and what can be wrong with that.
//!
//! [`Settings`] is what stands in the configuration, [`Files`] the source at work. Below it `walk` and `watch` find files,
//! `identify` tells which they are, `table` has all of them, `tail` one, and `checkpoint` what must outlast the process.

mod checkpoint;
mod follow;
mod identify;
mod pattern;
mod print;
mod progress;
mod reader;
mod stat;
mod status;
mod table;
mod tail;
mod walk;
mod watch;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::limits;
use crate::source::multiline::{Join, StartError};
pub use follow::Files;
pub use pattern::{PatternError, Patterns};
pub use reader::GzipError;
pub use status::Status;

/// One source with `type: file`. Made by hand with [`Settings::new`] and then changed where a key says otherwise.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The source's name in the configuration; names its checkpoint in `data_dir`.
    pub name: String,
    /// Which files are read: absolute globs. A file whose name ends in `.gz` is read, decompressed, only for the sake of
    /// a pattern that ends in `.gz` itself.
    pub include: Vec<String>,
    /// Which are not, though `include` matches. A glob without a slash is held against the file's name.
    pub exclude: Vec<String>,
    /// Where a file without a checkpoint begins. Files that appear while the source runs are always read whole.
    pub read_from: ReadFrom,
    /// What a container runtime wrapped around each line.
    pub container: Container,
    /// Which lines are joined to one record.
    pub multiline: Multiline,
    /// Longest line and longest joined record in bytes; longer ones are withheld. At most
    /// [`limits::LINE_BYTES_MAX`].
    pub line_bytes_max: usize,
    /// Where checkpoints and the key of the fingerprints are kept. Made with mode 0700 if it is not there.
    pub data_dir: PathBuf,
    /// Files that may be open at once; `None`: half of what the system allows this process.
    pub open_files_max: Option<usize>,
    /// How long things take. No key of the configuration: tests shorten it.
    pub pace: Pace,
}

/// Where a file without a checkpoint begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadFrom {
    /// With its first byte.
    #[default]
    Beginning,
    /// With what is written after the start, or with the line that is unfinished then.
    End,
}

/// What a container runtime wrapped around each line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Container {
    /// Each line says by its shape.
    #[default]
    Auto,
    /// Nothing.
    None,
    /// `TIME STREAM P|F TEXT`, as containerd and CRI-O write it.
    Cri,
    /// `{"log":TEXT,"stream":…,"time":…}`, as Docker's json-file driver writes it.
    Docker,
}

/// Which lines are joined to one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Multiline {
    /// The lines of a PEM block.
    #[default]
    Auto,
    /// None.
    None,
    /// Each line that this regular expression matches begins a record; all others continue one.
    Start(String),
}

/// How long things take.
#[derive(Clone, Debug)]
pub struct Pace {
    /// Between two looks at all files.
    pub poll: Duration,
    /// Between two checkpoints.
    pub checkpoint: Duration,
    /// Silence after which a joined record is over.
    pub record: Duration,
    /// Silence after which a file that no pattern finds any more is let go.
    pub rotated: Duration,
    /// Silence after which a deleted file is let go.
    pub deleted: Duration,
    /// How long a file that looks like a copy of another waits for the other to be truncated.
    pub copy: Duration,
    /// Standstill with unread data after which the source counts as stalled.
    pub stalled: Duration,
}

/// Settings that cannot work.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Nothing would ever be read.
    #[error("`include` has no pattern")]
    NoInclude,
    /// A pattern of `include` or `exclude` is none.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// The expression of `multiline` is none.
    #[error("`multiline`: {0}")]
    Start(#[from] StartError),
}

/// A source that cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its settings cannot work.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The data directory cannot be used.
    #[error("cannot use `{}`: {error}", path.display())]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
}

/// What is worth telling while it runs. None of it shows what files say.
#[derive(Debug)]
pub enum Notice {
    /// A file cannot be opened or read; it is tried again.
    Unreadable(PathBuf, io::Error),
    /// A compressed file is left out.
    Gzip(PathBuf, GzipError),
    /// A file was truncated, or written anew, and is read from its beginning.
    Truncated(PathBuf),
    /// A file begins with so many NULs, left by a writer that went on behind a truncation. They are skipped.
    Hole(PathBuf, u64),
    /// A checkpoint is damaged; the one before counts, or none, and files are read again.
    Damaged(PathBuf),
    /// A checkpoint cannot be written; it is tried again.
    Checkpoint(io::Error),
    /// The system gives no hints about changed files; they are found by looking.
    Unwatched(io::Error),
}

impl Notice {
    fn failed(path: PathBuf, error: io::Error) -> Notice {
        match error.downcast::<GzipError>() {
            Ok(error) => Notice::Gzip(path, error),
            Err(error) => Notice::Unreadable(path, error),
        }
    }
}

impl Settings {
    /// The settings of a source of which only this is said.
    pub fn new(name: &str, include: Vec<String>, data_dir: PathBuf) -> Settings {
        Settings {
            name: name.to_owned(),
            include,
            exclude: Vec::new(),
            read_from: ReadFrom::default(),
            container: Container::default(),
            multiline: Multiline::default(),
            line_bytes_max: limits::LINE_BYTES_DEFAULT,
            data_dir,
            open_files_max: None,
            pace: Pace::default(),
        }
    }

    /// Finds what can be wrong without looking at any file.
    ///
    /// # Errors
    /// If a pattern is none, or `multiline`'s expression.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.join()?;
        self.patterns().map(drop)
    }

    /// Whether this source would read a file of that name: a sink must not write there.
    pub fn covers(&self, path: &Path) -> bool {
        self.patterns().is_ok_and(|patterns| patterns.matches(path))
    }

    fn join(&self) -> Result<Join, SettingsError> {
        Ok(match &self.multiline {
            Multiline::Auto => Join::Keys,
            Multiline::None => Join::Nothing,
            Multiline::Start(pattern) => Join::start(pattern)?,
        })
    }

    fn patterns(&self) -> Result<Patterns, SettingsError> {
        if self.include.is_empty() {
            return Err(SettingsError::NoInclude);
        }
        Ok(Patterns::new(&self.include, &self.exclude)?)
    }
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            poll: Duration::from_millis(limits::POLL_MS),
            checkpoint: Duration::from_millis(limits::CHECKPOINT_MS_MIN),
            record: Duration::from_secs(limits::JOINED_SILENCE_SECONDS),
            rotated: Duration::from_secs(limits::ROTATED_SILENCE_SECONDS),
            deleted: Duration::from_secs(limits::DELETED_SILENCE_SECONDS),
            copy: Duration::from_secs(limits::COPY_SECONDS_MAX),
            stalled: Duration::from_secs(limits::STALLED_SECONDS),
        }
    }
}

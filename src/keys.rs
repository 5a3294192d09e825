//! Key files: who may read them, reading them, writing new ones; and the key of a process that has no file. What their
//! text means is [`ring`]'s business.
//!
//! Errors name neither the path, which their caller knows, nor anything that stands in the file.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::OFlags;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::engine::correlate::Keyring;
use crate::engine::correlate::ring::{self, Entry, RingError, SECRET_BYTES};
use crate::limits::RING_BYTES_MAX;

/// Permission bits that a key file must not have: its group may read it, nobody else may do anything.
const EXPOSED: u32 = 0o027;

/// Why a key file cannot be used.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// Not there, or not ours to read.
    #[error("cannot open: {0}")]
    Open(#[source] io::Error),
    /// A directory, pipe, socket or device.
    #[error("not a regular file")]
    NotAFile,
    /// More people than its owner and a reading group may touch it.
    #[error("mode {0:04o} lets {who} it", who = who(*.0))]
    Exposed(u32),
    /// It could be opened and not read.
    #[error("cannot read: {0}")]
    Read(#[source] io::Error),
    /// Its text is not that of a key file.
    #[error(transparent)]
    Text(#[from] RingError),
    /// A key file is never overwritten.
    #[error("the file exists, and key files are never overwritten")]
    Exists,
    /// It could not be made.
    #[error("cannot write: {0}")]
    Write(#[source] io::Error),
    /// The system gave no random bytes.
    #[error("no random bytes from the system: {0}")]
    Random(getrandom::Error),
}

fn who(mode: u32) -> &'static str {
    if mode & 0o007 != 0 { "anybody use" } else { "its group change" }
}

impl KeyFileError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            KeyFileError::Exposed(_) => Some(
                "`chmod 0400` it, or 0440 for a group that reads it; in Kubernetes give the secret volume `defaultMode: 0440`",
            ),
            KeyFileError::Open(error) if error.kind() == io::ErrorKind::NotFound => {
                Some("make a ring with `redactd keys new -o RING`")
            }
            KeyFileError::NotAFile => Some("put the keys into a file that only this user can read"),
            KeyFileError::Exists => {
                Some("write to a new name, then `mv` it: IDs under a lost key cannot be found again")
            }
            KeyFileError::Text(error) => error.hint(),
            _ => None,
        }
    }

    /// Whether the fault is in writing, not in the keys.
    pub fn is_output(&self) -> bool {
        matches!(self, KeyFileError::Exists | KeyFileError::Write(_) | KeyFileError::Random(_))
    }
}

/// Reads a ring. No key is selected yet.
///
/// # Errors
/// If the file is missing, open to others, too long, a master, or broken.
pub fn read_ring(path: &Path) -> Result<Keyring, KeyFileError> {
    Ok(Keyring::parse(&read(path)?)?)
}

/// Reads a master.
///
/// # Errors
/// As [`read_ring`].
pub fn read_master(path: &Path) -> Result<Zeroizing<[u8; SECRET_BYTES]>, KeyFileError> {
    Ok(ring::parse_master(&read(path)?)?)
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    // A pipe without a writer would make the open wait.
    let nonblock = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let mut file =
        OpenOptions::new().read(true).custom_flags(nonblock).open(path).map_err(KeyFileError::Open)?;
    // Of the open file: what a name stands for may change between two looks.
    let meta = file.metadata().map_err(KeyFileError::Read)?;
    if !meta.is_file() {
        return Err(KeyFileError::NotAFile);
    }
    let mode = meta.permissions().mode() & 0o7777;
    if mode & EXPOSED != 0 {
        return Err(KeyFileError::Exposed(mode));
    }
    if meta.len() > RING_BYTES_MAX as u64 {
        return Err(RingError::TooLong.into());
    }
    // In one piece: a buffer that grows leaves copies behind that nobody wipes.
    let mut text = Zeroizing::new(vec![0; meta.len() as usize]);
    file.read_exact(&mut text).map_err(KeyFileError::Read)?;
    Ok(text)
}

/// The ring that a process works with.
pub struct Opened {
    /// With a key selected.
    pub ring: Keyring,
    /// Why that key is one of this process alone, if it is.
    pub ephemeral: Option<Ephemeral>,
}

/// Why IDs will mean nothing to another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ephemeral {
    /// No key file was named.
    NoFile,
    /// Every key of the ring only recognises IDs.
    VerifyOnly,
    /// No key that makes IDs is valid at this moment.
    NoneValid,
}

impl fmt::Display for Ephemeral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ephemeral::NoFile => "no key file: correlation IDs hold for this run only",
            Ephemeral::VerifyOnly => "the key ring only recognises IDs: new ones hold for this run only",
            Ephemeral::NoneValid => "no key of the ring is valid now: new IDs hold for this run only",
        })
    }
}

/// The ring of `path`, with its newest key that is valid at `now` (seconds since 1970) selected; where there is none, a
/// random key of this process. Identifiers are never replaced by anything computed without a key.
///
/// # Errors
/// As [`read_ring`], and if the system has no random bytes.
pub fn open(path: Option<&Path>, now: i64) -> Result<Opened, KeyFileError> {
    let Some(path) = path else {
        return Ok(Opened { ring: Keyring::ephemeral(&*random()?), ephemeral: Some(Ephemeral::NoFile) });
    };
    let mut ring = read_ring(path)?;
    if ring.select(now).is_some() {
        return Ok(Opened { ring, ephemeral: None });
    }
    let can_make = ring.keys().any(|key| key.can_make());
    ring.add_ephemeral(&*random()?);
    ring.select(now);
    let why = if can_make { Ephemeral::NoneValid } else { Ephemeral::VerifyOnly };
    Ok(Opened { ring, ephemeral: Some(why) })
}

/// The same ring with another key selected, if at `now` (seconds since 1970) another one must make the IDs. As in
/// [`open`], that is a key of this process where no key of the ring is valid.
///
/// # Errors
/// If that key is needed and the system has no random bytes.
pub fn turn(ring: &Keyring, now: i64) -> Result<Option<Keyring>, KeyFileError> {
    let mut turned = ring.share();
    if turned.select(now).is_none() {
        turned.add_ephemeral(&*random()?);
        turned.select(now);
    }
    Ok((turned.selected() != ring.selected()).then_some(turned))
}

/// The time, in seconds since 1970.
pub fn now() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |seconds| -seconds),
    }
}

/// A new key for one machine.
///
/// # Errors
/// If the system has no random bytes.
pub fn new_key() -> Result<Entry, KeyFileError> {
    Ok(Entry::local(&*random()?))
}

/// The secret of a new master.
///
/// # Errors
/// If the system has no random bytes.
pub fn new_master() -> Result<Zeroizing<[u8; SECRET_BYTES]>, KeyFileError> {
    random()
}

fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, KeyFileError> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(&mut bytes[..]).map_err(KeyFileError::Random)?;
    Ok(bytes)
}

/// Makes a key file that only its owner can read, on disk when this returns. If anything fails no file stays.
///
/// # Errors
/// If there is a file of that name, or it cannot be written.
pub fn write_new(path: &Path, text: &str) -> Result<(), KeyFileError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = file.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => KeyFileError::Exists,
        _ => KeyFileError::Write(error),
    })?;
    write_durably(file, path, text).map_err(|error| {
        // Ours, and not whole. Where even this fails the error below says enough.
        let _ = fs::remove_file(path);
        KeyFileError::Write(error)
    })
}

fn write_durably(mut file: File, path: &Path, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // The name is in the directory: without this a power cut can lose it.
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";

    fn file(directory: &tempfile::TempDir, text: &str, mode: u32) -> std::path::PathBuf {
        let path = directory.path().join(format!("{mode:o}-{}", text.len()));
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn modes_that_others_can_use_are_refused() {
        let (directory, text) = (tempfile::tempdir().unwrap(), format!("k3yz - - {KEY}\n"));
        for mode in [0o400, 0o600, 0o440, 0o640, 0o700] {
            assert!(read_ring(&file(&directory, &text, mode)).is_ok(), "{mode:o}");
        }
        for mode in [0o644, 0o604, 0o602, 0o601, 0o660, 0o620, 0o666, 0o777] {
            let error = read_ring(&file(&directory, &text, mode)).err().unwrap();
            assert!(matches!(error, KeyFileError::Exposed(found) if found == mode), "{mode:o}");
            assert!(error.hint().unwrap().contains("defaultMode: 0440"));
        }
    }

    #[test]
    fn what_is_no_file_is_refused_without_waiting() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(read_ring(directory.path()), Err(KeyFileError::NotAFile)));
        let pipe = directory.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert!(matches!(read_ring(&pipe), Err(KeyFileError::NotAFile)));
        assert!(matches!(read_ring(&directory.path().join("none")), Err(KeyFileError::Open(_))));
        let long = file(&directory, &"#".repeat(RING_BYTES_MAX + 1), 0o600);
        assert!(matches!(read_ring(&long), Err(KeyFileError::Text(RingError::TooLong))));
        let empty = file(&directory, "", 0o600);
        assert!(matches!(read_ring(&empty), Err(KeyFileError::Text(RingError::Empty))));
    }

    #[test]
    fn new_files_are_private_and_never_replace_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ring");
        let text = ring::write("", &[new_key().unwrap()]);
        write_new(&path, &text).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert!(matches!(write_new(&path, "x"), Err(KeyFileError::Exists)));
        assert_eq!(fs::read_to_string(&path).unwrap(), *text);
        assert!(read_ring(&path).is_ok());
        let nowhere = directory.path().join("none/ring");
        assert!(matches!(write_new(&nowhere, "x"), Err(KeyFileError::Write(_))));
        let dangling = directory.path().join("link");
        std::os::unix::fs::symlink(directory.path().join("elsewhere"), &dangling).unwrap();
        assert!(matches!(write_new(&dangling, "x"), Err(KeyFileError::Exists)), "links are not followed");
    }

    #[test]
    fn a_process_always_has_a_key() {
        let directory = tempfile::tempdir().unwrap();
        let open = |text: &str| open(Some(&file(&directory, text, 0o600)), 1_772_582_400).unwrap();
        assert_eq!(open(&format!("k3yz - - {KEY}\n")).ephemeral, None);
        let check = &KEY[..43];
        for (text, why) in [
            (format!("k3yz - 2026-03-04T00:00:00Z {KEY}\n"), Ephemeral::NoneValid),
            (format!("k3yz 2026-03-04T00:00:01Z - {KEY}\n# \n"), Ephemeral::NoneValid),
            (format!("k3yz - - {check}=\n"), Ephemeral::VerifyOnly),
        ] {
            let opened = open(&text);
            assert_eq!(opened.ephemeral, Some(why));
            assert!(opened.ring.selected().unwrap().is_ephemeral());
        }
        let (a, b) = (super::open(None, 0).unwrap(), super::open(None, 0).unwrap());
        assert_eq!(a.ephemeral, Some(Ephemeral::NoFile));
        let id = |opened: &Opened| {
            let mut out = Vec::new();
            opened.ring.append_id("x", "opaque", "", b"x", &mut out);
            out
        };
        assert_ne!(id(&a), id(&b), "every process has its own");
    }
}

//! Checkpoints: how far each file was read and delivered, on disk.
//!
//! One JSON file per source. A new one is written beside it and synced, takes its name, and the directory is synced; the
//! one before is kept. What cannot be read counts for nothing: the one before is taken, or none, and files are read again
//! from their start. It holds paths, numbers and keyed fingerprints, nothing of what the files say.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::print::{Key, Print};
use super::stat::Stat;
use crate::limits;
use crate::source::joins::LANES;

const VERSION: u32 = 1;

/// The checkpoint of one source.
pub(super) struct Store {
    directory: PathBuf,
    current: PathBuf,
    previous: PathBuf,
    fresh: PathBuf,
    /// Whether `current` is known to be whole: only then may it take the place of the one before.
    whole: bool,
}

/// One file in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// Where it was last found; for people, and to tell a file that was replaced from one that was moved.
    pub path: String,
    pub device: u64,
    pub inode: u64,
    /// Everything before is delivered.
    pub offset: u64,
    /// By lane, positions behind `offset` up to which records are delivered; absent when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead: Option<[u64; LANES]>,
    /// Its first bytes.
    pub prefix: Print,
    /// The last bytes before `offset`.
    pub tail: Print,
    /// When it was last changed, in milliseconds since 1970.
    pub modified: i64,
    /// When a pattern last found it, in seconds since 1970.
    pub seen: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    files: Vec<Entry>,
}

/// What was found at the start.
pub(super) struct Loaded {
    pub entries: Vec<Entry>,
    /// A checkpoint was there that could not be used.
    pub damaged: Option<PathBuf>,
}

impl Entry {
    /// Of a file of which nothing was read.
    pub fn start(key: &Key, path: &Path, stat: &Stat, now: i64) -> Entry {
        Entry {
            path: path.to_string_lossy().into_owned(),
            device: stat.id.device,
            inode: stat.id.inode,
            offset: 0,
            ahead: None,
            prefix: key.print(0, b""),
            tail: key.print(0, b""),
            modified: stat.modified / 1_000_000,
            seen: now,
        }
    }
}

impl Store {
    /// The checkpoint of the source `name` in `data_dir`, which is made if it is not there.
    pub fn open(data_dir: &Path, name: &str) -> io::Result<Store> {
        let directory = data_dir.join("checkpoints");
        DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        let name = file_name(name);
        let path = |extension: &str| directory.join(format!("{name}.{extension}"));
        let (current, previous, fresh) = (path("json"), path("previous.json"), path("new"));
        Ok(Store { current, previous, fresh, directory, whole: false })
    }

    /// Reads the newest checkpoint that is whole.
    pub fn load(&mut self) -> Loaded {
        let mut damaged = None;
        for path in [&self.current, &self.previous] {
            match read(path) {
                Ok(entries) => {
                    self.whole = damaged.is_none() && path == &self.current;
                    return Loaded { entries, damaged };
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => damaged = damaged.or(Some(path.clone())),
            }
        }
        Loaded { entries: Vec::new(), damaged }
    }

    /// Writes a new checkpoint; on disk when this returns. When it fails the one before is still there.
    pub fn save(&mut self, files: Vec<Entry>) -> io::Result<()> {
        let mut text = serde_json::to_vec(&Document { version: VERSION, files })?;
        text.push(b'\n');
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.fresh)?;
        file.write_all(&text)?;
        file.sync_data()?;
        if self.whole {
            self.keep_previous()?;
        }
        fs::rename(&self.fresh, &self.current)?;
        self.whole = true;
        File::open(&self.directory)?.sync_all()
    }

    /// Keeps the checkpoint that is about to be replaced, under a second name: a crash between the two steps must not set
    /// back positions by one checkpoint. Where the file system has no second names it is renamed.
    fn keep_previous(&mut self) -> io::Result<()> {
        match fs::remove_file(&self.previous) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        if fs::hard_link(&self.current, &self.previous).is_err() {
            self.whole = false;
            fs::rename(&self.current, &self.previous)?;
        }
        Ok(())
    }
}

fn read(path: &Path) -> io::Result<Vec<Entry>> {
    let file = File::open(path)?;
    if file.metadata()?.len() > limits::CHECKPOINT_BYTES_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let document: Document = serde_json::from_slice(&fs::read(path)?)?;
    if document.version == VERSION { Ok(document.files) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// The name of a source as a file name of its own: `%` and two hex digits for whatever might not be one.
fn file_name(source: &str) -> String {
    let mut name = String::new();
    for byte in source.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            _ => name += &format!("%{byte:02x}"),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &Key, offset: u64) -> Entry {
        let (prefix, tail) = (key.print(0, b"prefix"), key.print(0, b"tail"));
        let path = "/v/a.log".to_owned();
        Entry { path, device: 1, inode: 2, offset, ahead: None, prefix, tail, modified: 3, seen: 4 }
    }

    #[test]
    fn a_damaged_checkpoint_falls_back_to_the_one_before_and_then_to_none() {
        let directory = tempfile::tempdir().unwrap();
        let mut store = Store::open(directory.path(), "app/1").unwrap();
        let key = Key::open(directory.path()).unwrap();
        let empty = store.load();
        assert!(empty.entries.is_empty() && empty.damaged.is_none());
        for offset in 1..=3 {
            store.save(vec![entry(&key, offset)]).unwrap();
        }
        assert_eq!(store.load().entries, [entry(&key, 3)]);
        let whole = fs::read(&store.current).unwrap();
        let nul = vec![0; whole.len()];
        let other_version =
            String::from_utf8(whole.clone()).unwrap().replace("\"version\":1", "\"version\":2");
        for damage in [&whole[..whole.len() / 2], &nul, b"", other_version.as_bytes(), b"[]"] {
            fs::write(&store.current, damage).unwrap();
            let loaded = store.load();
            assert_eq!(loaded.entries, [entry(&key, 2)]);
            assert_eq!(loaded.damaged.as_ref(), Some(&store.current));
        }
        store.save(vec![entry(&key, 4)]).unwrap();
        assert_eq!(read(&store.previous).unwrap(), [entry(&key, 2)], "the damaged one took nobody's place");
        for path in [&store.current, &store.previous] {
            fs::write(path, b"{").unwrap();
        }
        assert!(store.load().entries.is_empty());
    }

    #[test]
    fn sources_have_files_of_their_own() {
        assert_eq!(file_name("app-1_x"), "app-1_x");
        assert_eq!(file_name("../é"), "%2e%2e%2f%c3%a9");
    }
}

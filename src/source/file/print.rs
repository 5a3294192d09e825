//! Fingerprints: what a file is known by besides its number on its device, because such numbers are used again.
//!
//! The first bytes tell files apart; the bytes before a position tell whether the file still is what was read. Both are
//! HMACs under a key that never leaves the data directory, so that a checkpoint helps nobody to guess what is in a log.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::limits;

const KEY_BYTES: usize = 32;
const MAC_BYTES: usize = 16;

/// The key of one data directory.
#[derive(Clone)]
pub(super) struct Key(Hmac<Sha256>);

/// The fingerprint of a stretch of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Print {
    /// Where the stretch begins.
    pub start: u64,
    /// Its length; a fingerprint of nothing fits every file.
    pub bytes: u64,
    #[serde(with = "hex")]
    mac: [u8; MAC_BYTES],
}

impl Key {
    /// The key in `directory`; a new one where there is none, or none that could be one. All files are read anew then.
    pub fn open(directory: &Path) -> io::Result<Key> {
        let path = directory.join("fingerprint.key");
        match fs::read(&path).map(Zeroizing::new) {
            Ok(bytes) if bytes.len() == KEY_BYTES => {
                if fs::metadata(&path)?.permissions().mode() & 0o077 != 0 {
                    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
                }
                return Ok(Key::new(&bytes));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(&mut bytes[..]).map_err(io::Error::other)?;
        let fresh = directory.join("fingerprint.key.new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(&bytes[..])?;
        file.sync_all()?;
        fs::rename(&fresh, &path)?;
        File::open(directory)?.sync_all()?;
        Ok(Key::new(&bytes[..]))
    }

    fn new(bytes: &[u8]) -> Key {
        // HMAC takes keys of any length.
        Key(Hmac::new_from_slice(bytes).unwrap_or_else(|_| Hmac::new(&Default::default())))
    }

    /// The fingerprint of `bytes`, which begin at `start`.
    pub fn print(&self, start: u64, bytes: &[u8]) -> Print {
        let mut mac = self.0.clone();
        mac.update(&start.to_le_bytes());
        mac.update(bytes);
        let mut short = [0; MAC_BYTES];
        short.copy_from_slice(&mac.finalize().into_bytes()[..MAC_BYTES]);
        Print { start, bytes: bytes.len() as u64, mac: short }
    }

    /// Whether `bytes`, which begin at `start`, are those of the fingerprint. It is compared with what the same machine
    /// wrote, so nobody learns anything from how long that takes.
    pub fn fits(&self, print: &Print, bytes: &[u8]) -> bool {
        print.bytes == 0 || self.print(print.start, bytes) == *print
    }
}

/// The first bytes of a file, as far as they are known.
#[derive(Clone, Debug)]
pub(super) enum Prefix {
    /// Fewer than [`limits::PREFIX_BYTES`].
    Growing {
        /// Where the first byte is that is not of a hole.
        start: u64,
        bytes: Vec<u8>,
    },
    /// All of them.
    Whole(Print),
}

impl Prefix {
    /// Of a file of which nothing is known.
    pub fn new(start: u64) -> Prefix {
        Prefix::Growing { start, bytes: Vec::new() }
    }

    /// Takes in bytes of the file that begin at `at`, as far as they go on where it ended.
    pub fn see(&mut self, key: &Key, at: u64, bytes: &[u8]) {
        let Prefix::Growing { start, bytes: known } = self else { return };
        let end = *start + known.len() as u64;
        if at > end || at + bytes.len() as u64 <= end {
            return;
        }
        let fresh = &bytes[(end - at) as usize..];
        known.extend_from_slice(&fresh[..fresh.len().min(limits::PREFIX_BYTES - known.len())]);
        if known.len() == limits::PREFIX_BYTES {
            *self = Prefix::Whole(key.print(*start, known));
        }
    }

    /// Whether a file that begins with `first` may begin with this, as far as both go.
    pub fn agrees(&self, key: &Key, first: &[u8]) -> bool {
        match self {
            Prefix::Growing { start, bytes } => {
                let first = first.get(*start as usize..).unwrap_or_default();
                let both = first.len().min(bytes.len());
                both > 0 && first[..both] == bytes[..both]
            }
            Prefix::Whole(print) if print.start == 0 && first.len() >= limits::PREFIX_BYTES => {
                key.fits(print, &first[..limits::PREFIX_BYTES])
            }
            Prefix::Whole(_) => false,
        }
    }

    /// Its fingerprint so far.
    pub fn print(&self, key: &Key) -> Print {
        match self {
            Prefix::Growing { start, bytes } => key.print(*start, bytes),
            Prefix::Whole(print) => *print,
        }
    }
}

/// Reads as much of a stretch as there is.
pub(super) fn read_stretch(file: &File, start: u64, bytes: u64) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; bytes.min(limits::PREFIX_BYTES as u64) as usize];
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], start + filled as u64) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(filled);
    Ok(buffer)
}

mod hex {
    use super::MAC_BYTES;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(mac: &[u8; MAC_BYTES], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&mac.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; MAC_BYTES], D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut mac = [0; MAC_BYTES];
        if text.len() != 2 * MAC_BYTES || !text.is_ascii() {
            return Err(D::Error::custom("not 32 hex digits"));
        }
        for (byte, at) in mac.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(D::Error::custom)?;
        }
        Ok(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_grows_however_it_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let key = Key::open(directory.path()).unwrap();
        let text: Vec<u8> = (0..2000u32).map(|i| i as u8).collect();
        for step in [1, 7, 300, 1500] {
            let mut prefix = Prefix::new(3);
            for at in (0..2000_usize).step_by(step) {
                // Stretches overlap, as they do when an unfinished line is read again.
                let from = at.saturating_sub(5);
                prefix.see(&key, from as u64, &text[from..(at + step).min(2000)]);
            }
            let whole = key.print(3, &text[3..3 + limits::PREFIX_BYTES]);
            assert_eq!(prefix.print(&key), whole, "{step}");
            assert!(key.fits(&whole, &text[3..3 + limits::PREFIX_BYTES]));
            assert!(!key.fits(&whole, &text[4..4 + limits::PREFIX_BYTES]));
        }
    }

    #[test]
    fn the_key_stays_and_is_private_and_a_broken_one_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("fingerprint.key");
        let print = |text: &[u8]| Key::open(directory.path()).unwrap().print(0, text);
        let first = print(b"x");
        assert_eq!(print(b"x"), first);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(print(b"x"), first);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, b"short").unwrap();
        assert_ne!(print(b"x"), first);
    }
}

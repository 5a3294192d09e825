//! The text of key files.
//!
//! A **ring** is ASCII text, one key per line, four columns separated by blanks:
//!
//! ```text
//! ring    = *( line LF )
//! line    = [ key ] [ comment ]
//! key     = kid not-before not-after secret        ; blanks and tabs between and around
//! comment = "#" anything                           ; to the end of the line
//! kid     = 4 of 0-9 a-h j k m n p-t v-z, not beginning with "t" (the mark of keys that die with their process)
//! not-before, not-after = RFC 3339 time | "-"      ; whole seconds; "-" = no bound; before is included, after is not
//! secret  = base64 with padding (RFC 4648, section 4) of
//!           64 bytes: K_id and K_chk; the key makes and recognises IDs
//!           32 bytes: K_chk alone; the key only recognises
//! ```
//!
//! A **master**, from which rings are derived, is one line `redactd-master-1 SECRET` (32 bytes) with comments as above.
//! The two cannot be mistaken for each other: a ring parser refuses a master by name.
//!
//! Messages name lines and columns and never repeat what stands there: it may be a key in the wrong place.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use thiserror::Error;
use zeroize::Zeroizing;

use super::id::Kid;
use crate::limits::{RING_BYTES_MAX, RING_KEYS_MAX};

/// First word of a master's line. The number is the version of the derivation.
const MASTER: &[u8] = b"redactd-master-1";
/// What every version of a master begins with.
const MASTER_ANY: &[u8] = b"redactd-master";

/// Bytes of one HMAC key: the output size of SHA-256, as RFC 2104, section 3, advises.
pub const SECRET_BYTES: usize = 32;

/// Why a key file is refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RingError {
    /// Over [`RING_BYTES_MAX`].
    #[error("the file is longer than {RING_BYTES_MAX} bytes")]
    TooLong,
    /// Over [`RING_KEYS_MAX`].
    #[error("the ring has more than {RING_KEYS_MAX} keys")]
    TooManyKeys,
    /// No line holds a key.
    #[error("the file holds no key")]
    Empty,
    /// A master where a ring is expected.
    #[error("line {line}: this is a master key, not a key ring")]
    Master {
        /// Counted from 1.
        line: usize,
    },
    /// Something else where a master is expected.
    #[error("line {line}: expected a master key")]
    NotMaster {
        /// Counted from 1.
        line: usize,
    },
    /// A line that is no key.
    #[error("line {line}: {fault}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
}

/// What is wrong with one line of a key file.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LineFault {
    /// Not the right number of columns.
    #[error("expected {expected} columns, found {found}")]
    Columns {
        /// As the format asks.
        expected: usize,
        /// As counted.
        found: usize,
    },
    /// The first column.
    #[error("the key id must be four of `0-9a-hjkmnp-tv-z`")]
    Kid,
    /// The first column begins with `t`.
    #[error("key ids that begin with `t` are kept for keys that are not stored")]
    EphemeralKid,
    /// The second or third column.
    #[error("{column} must be `-` or a time such as 2026-03-04T00:00:00Z")]
    Time {
        /// `not-before` or `not-after`.
        column: &'static str,
    },
    /// The key would never be valid.
    #[error("not-after must be later than not-before")]
    NeverValid,
    /// The last column.
    #[error("the secret is not base64 of {0}")]
    Secret(&'static str),
    /// The same kid twice.
    #[error("the key id stands already in line {first}")]
    Duplicate {
        /// The earlier line, counted from 1.
        first: usize,
    },
}

impl RingError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            RingError::Master { .. } => Some(
                "a master belongs where rings are made, not where logs are written; derive a ring from it: \
                 `redactd keys derive --master MASTER --from DAY --epoch 24h --count 3 -o RING`",
            ),
            RingError::Empty => Some("make a ring with `redactd keys new -o RING`"),
            RingError::NotMaster { .. } => Some("make a master with `redactd keys new --master -o MASTER`"),
            RingError::Line { fault: LineFault::Columns { .. }, .. } => {
                Some("a key is `KID NOT-BEFORE NOT-AFTER BASE64`; comments begin with `#`")
            }
            RingError::Line { fault: LineFault::Duplicate { .. }, .. } => {
                Some("an ID names its key by this id: keep one of the two keys")
            }
            RingError::TooLong | RingError::TooManyKeys => Some("drop keys whose logs are gone"),
            RingError::Line { .. } => None,
        }
    }
}

/// The secret of one key of a ring.
pub enum Secret {
    /// Makes and recognises IDs.
    Make {
        /// K_id: what identifiers are computed with.
        id: Zeroizing<[u8; SECRET_BYTES]>,
        /// K_chk: what checks are computed with.
        check: Zeroizing<[u8; SECRET_BYTES]>,
    },
    /// Recognises IDs only.
    Verify {
        /// K_chk.
        check: Zeroizing<[u8; SECRET_BYTES]>,
    },
}

/// One line of a ring.
pub struct Entry {
    /// Its id.
    pub kid: Kid,
    /// First second, since 1970, in which the key makes IDs.
    pub not_before: Option<i64>,
    /// First second in which it makes none any more.
    pub not_after: Option<i64>,
    /// Its key material.
    pub secret: Secret,
}

impl Entry {
    /// A key for one machine from 96 random bytes: no bounds, so that it works whatever a clock says.
    pub fn local(random: &[u8; 96]) -> Entry {
        let (secrets, kid) = random.split_at(2 * SECRET_BYTES);
        let secret = secret_of(secrets).expect("64 bytes are a key of the first kind");
        Entry { kid: Kid::lasting(kid), not_before: None, not_after: None, secret }
    }

    /// Appends the line of this key, newline included.
    fn write(&self, out: &mut String) {
        let mut raw = Zeroizing::new([0; 2 * SECRET_BYTES]);
        let bytes = match &self.secret {
            Secret::Make { id, check } => {
                raw[..SECRET_BYTES].copy_from_slice(&id[..]);
                raw[SECRET_BYTES..].copy_from_slice(&check[..]);
                2 * SECRET_BYTES
            }
            Secret::Verify { check } => {
                raw[..SECRET_BYTES].copy_from_slice(&check[..]);
                SECRET_BYTES
            }
        };
        out.push_str(self.kid.as_str());
        for bound in [self.not_before, self.not_after] {
            out.push(' ');
            out.push_str(&time_text(bound));
        }
        out.push(' ');
        STANDARD.encode_string(&raw[..bytes], out);
        out.push('\n');
    }
}

/// A bound of a validity as rings write it.
pub fn time_text(bound: Option<i64>) -> String {
    match bound.map(Timestamp::from_second) {
        Some(Ok(time)) => time.to_string(),
        _ => "-".to_owned(),
    }
}

/// The text of a ring. `title` becomes comments at its top.
pub fn write(title: &str, entries: &[Entry]) -> Zeroizing<String> {
    // All at once: a string that grows leaves copies of its contents behind.
    let mut out = Zeroizing::new(String::with_capacity(2 * title.len() + 256 + 192 * entries.len()));
    for line in title.lines() {
        out.push_str("# ");
        out.push_str(line);
        out.push('\n');
    }
    out.push_str("# kid not-before not-after secret\n");
    entries.iter().for_each(|entry| entry.write(&mut out));
    out
}

/// The text of a master.
pub fn write_master(title: &str, secret: &[u8; SECRET_BYTES]) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(2 * title.len() + 256));
    for line in title.lines() {
        out.push_str("# ");
        out.push_str(line);
        out.push('\n');
    }
    out.push_str("redactd-master-1 ");
    STANDARD.encode_string(secret, &mut out);
    out.push('\n');
    out
}

/// Reads a ring.
///
/// # Errors
/// The first fault found, by line.
pub fn parse(text: &[u8]) -> Result<Vec<Entry>, RingError> {
    if text.len() > RING_BYTES_MAX {
        return Err(RingError::TooLong);
    }
    let mut entries: Vec<Entry> = Vec::new();
    let mut seen = std::collections::HashMap::new();
    for (line, columns) in lines(text) {
        if columns[0].starts_with(MASTER_ANY) {
            return Err(RingError::Master { line });
        }
        let entry = parse_entry(&columns).map_err(|fault| RingError::Line { line, fault })?;
        if let Some(first) = seen.insert(entry.kid, line) {
            return Err(RingError::Line { line, fault: LineFault::Duplicate { first } });
        }
        if entries.len() == RING_KEYS_MAX {
            return Err(RingError::TooManyKeys);
        }
        entries.push(entry);
    }
    if entries.is_empty() { Err(RingError::Empty) } else { Ok(entries) }
}

/// Reads a master.
///
/// # Errors
/// The first fault found, by line.
pub fn parse_master(text: &[u8]) -> Result<Zeroizing<[u8; SECRET_BYTES]>, RingError> {
    if text.len() > RING_BYTES_MAX {
        return Err(RingError::TooLong);
    }
    let mut found = None;
    for (line, columns) in lines(text) {
        if columns[0] != MASTER || found.is_some() {
            return Err(RingError::NotMaster { line });
        }
        let &[_, secret] = &columns[..] else {
            let fault = LineFault::Columns { expected: 2, found: columns.len() };
            return Err(RingError::Line { line, fault });
        };
        let mut raw = Zeroizing::new([0; DECODED_BYTES_MAX]);
        let fault = RingError::Line { line, fault: LineFault::Secret("32 bytes") };
        match STANDARD.decode_slice(secret, &mut raw[..]) {
            Ok(SECRET_BYTES) => found = Some(half(&raw[..SECRET_BYTES])),
            _ => return Err(fault),
        }
    }
    found.ok_or(RingError::Empty)
}

/// Lines that are not blank, with their numbers and columns.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, Vec<&[u8]>)> {
    text.split(|&b| b == b'\n').enumerate().filter_map(|(i, line)| {
        let key = line.split(|&b| b == b'#').next().unwrap_or_default();
        let columns: Vec<&[u8]> =
            key.split(u8::is_ascii_whitespace).filter(|column| !column.is_empty()).collect();
        (!columns.is_empty()).then_some((i + 1, columns))
    })
}

fn parse_entry(columns: &[&[u8]]) -> Result<Entry, LineFault> {
    let &[kid, not_before, not_after, secret] = columns else {
        return Err(LineFault::Columns { expected: 4, found: columns.len() });
    };
    let kid = Kid::parse(kid).ok_or(LineFault::Kid)?;
    if kid.is_ephemeral() {
        return Err(LineFault::EphemeralKid);
    }
    let not_before = parse_time("not-before", not_before)?;
    let not_after = parse_time("not-after", not_after)?;
    if matches!((not_before, not_after), (Some(from), Some(to)) if to <= from) {
        return Err(LineFault::NeverValid);
    }
    let mut raw = Zeroizing::new([0; DECODED_BYTES_MAX]);
    let secret = STANDARD.decode_slice(secret, &mut raw[..]).ok().and_then(|bytes| secret_of(&raw[..bytes]));
    let secret = secret.ok_or(LineFault::Secret("64 bytes (or 32 to recognise only)"))?;
    Ok(Entry { kid, not_before, not_after, secret })
}

/// Room for a secret, rounded up to what base64 decodes at a time.
const DECODED_BYTES_MAX: usize = 66;

fn parse_time(column: &'static str, text: &[u8]) -> Result<Option<i64>, LineFault> {
    if text == b"-" {
        return Ok(None);
    }
    let time = std::str::from_utf8(text).ok().and_then(|text| text.parse::<Timestamp>().ok());
    time.map(|time| Some(time.as_second())).ok_or(LineFault::Time { column })
}

fn secret_of(bytes: &[u8]) -> Option<Secret> {
    match bytes.len() {
        SECRET_BYTES => Some(Secret::Verify { check: half(bytes) }),
        64 => Some(Secret::Make { id: half(&bytes[..SECRET_BYTES]), check: half(&bytes[SECRET_BYTES..]) }),
        _ => None,
    }
}

fn half(bytes: &[u8]) -> Zeroizing<[u8; SECRET_BYTES]> {
    let mut out = Zeroizing::new([0; SECRET_BYTES]);
    out.copy_from_slice(bytes);
    out
}
